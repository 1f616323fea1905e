//! Obligations in words.

use std::time::Duration;

use crate::policy::Obligation;

/// Returns the conditions in some obligations, sorted, each once.
pub(super) fn conditions(obligations: &[Obligation]) -> Vec<String> {
    let mut all: Vec<String> = obligations.iter().filter_map(condition).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Says what has to be so; `None` for an obligation that holds nobody up.
pub(super) fn condition(obligation: &Obligation) -> Option<String> {
    Some(match obligation {
        Obligation::Reason => "a reason is given".to_owned(),
        Obligation::StepUp { strength, within } => {
            format!("authenticated with strength {strength} or more in the last {}", duration(*within))
        }
        Obligation::Approvals(1) => "somebody else approves".to_owned(),
        Obligation::Approvals(count) => format!("{count} others approve"),
        Obligation::RowLimit { per_act, per_hour: None } => format!("at most {per_act} rows at once"),
        Obligation::RowLimit { per_act, per_hour: Some(hour) } => {
            format!("at most {per_act} rows at once and {hour} in an hour")
        }
        Obligation::UniqueTries(tries) => format!("at most {tries} unique values tried in an hour"),
        Obligation::Notify(_) => return None,
        Obligation::Other(name) => format!("`{name}`, which this release doesn't know"),
    })
}

/// Says any obligation, for an explanation.
pub(super) fn obligation(obligation: &Obligation) -> String {
    match obligation {
        Obligation::Notify(code) => format!("the journal entry carries `{code}`"),
        other => condition(other).unwrap_or_default(),
    }
}

fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let unit = |count: u64, one: &str| if count == 1 { one.to_owned() } else { format!("{count} {one}s") };
    match seconds {
        0 => format!("{duration:?}"),
        _ if seconds.is_multiple_of(3600) => unit(seconds / 3600, "hour"),
        _ if seconds.is_multiple_of(60) => unit(seconds / 60, "minute"),
        _ => unit(seconds, "second"),
    }
}
