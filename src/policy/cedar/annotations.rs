//! Annotations of a Cedar policy: the fields and obligations of a permit, the words of a forbid.
//!
//! Guarantees: whatever can't be understood is an error, and one that only a later release may know denies. A misspelt
//! obligation must not vanish.

use std::time::Duration;

use super::text::did_you_mean;
use crate::model::{Action, FieldSet};
use crate::policy::{Denial, Obligation, Permission};

const OF_PERMITS: &[&str] = &["read", "write", "reason", "step_up", "approvals", "row_limit", "unique_tries", "notify"];
const OF_FORBIDS: &[&str] = &["code", "for_user"];
const OF_BOTH: &[&str] = &["id", "description"];
/// The beginning of an annotation that obliges to something this release doesn't know.
const UNKNOWN_OBLIGATION: &str = "oblige";

/// The part of a policy beyond its condition.
#[derive(Debug, Clone)]
pub(super) enum Terms {
    Permit(Permission),
    Forbid(Denial),
}

/// A mistake, and the annotation it is in. `None` is the policy as a whole.
pub(super) type Fault = (Option<String>, String);

/// Reads the terms of a permit for these acts.
///
/// # Errors
/// All mistakes found.
pub(super) fn permit<'a>(
    name: &str,
    acts: &[Action],
    annotations: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Terms, Vec<Fault>> {
    let mut faults = Vec::new();
    let (mut read, mut write) = (None, None);
    let mut permission = Permission::new(name);
    for (key, value) in annotations {
        let obligation = match key {
            "read" => fields(value).map(|set| read = Some(set)).map(|()| None),
            "write" => fields(value).map(|set| write = Some(set)).map(|()| None),
            "reason" => alone(value).map(|()| Some(Obligation::Reason)),
            "step_up" => step_up(value).map(Some),
            "approvals" => positive(value, "2").map(|count| Some(Obligation::Approvals(count))),
            "row_limit" => row_limit(value).map(Some),
            "unique_tries" => positive(value, "500").map(|tries| Some(Obligation::UniqueTries(tries))),
            "notify" => filled(value).map(|code| Some(Obligation::Notify(code.to_owned().into()))),
            known if OF_BOTH.contains(&known) => Ok(None),
            unknown if unknown.starts_with(UNKNOWN_OBLIGATION) => {
                Ok(Some(Obligation::Other(format!("@{unknown}({value:?})"))))
            }
            forbids if OF_FORBIDS.contains(&forbids) => Err("belongs to a `forbid`".to_owned()),
            unknown => Err(not_known(unknown, OF_PERMITS)),
        };
        match obligation {
            Ok(obligation) => permission.obligations.extend(obligation),
            Err(why) => faults.push((Some(key.to_owned()), why)),
        }
    }
    let shows = |action: &&Action| action.reads();
    let writes = |action: &&Action| matches!(action, Action::Create | Action::Update);
    for (set, annotation, verb, acts_so) in
        [(&read, "read", "shows", acts.iter().find(shows)), (&write, "write", "lets write", acts.iter().find(writes))]
    {
        if let (None, Some(act)) = (set, acts_so) {
            faults.push((
                None,
                format!(
                    "it permits `{act}` and doesn't say which fields it {verb}: put `@{annotation}(\"name,email\")` before it for \
                     these, `@{annotation}(\"*\")` for all, `@{annotation}(\"\")` for none"
                ),
            ));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let none = FieldSet::none;
    Ok(Terms::Permit(permission.read(read.unwrap_or_else(none)).write(write.unwrap_or_else(none))))
}

/// Reads the terms of a forbid.
///
/// # Errors
/// All mistakes found.
pub(super) fn forbid<'a>(
    name: &str,
    annotations: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Terms, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut denial = Denial::new(name.to_owned(), format!("the Cedar policy `{name}` forbids it"));
    for (key, value) in annotations {
        let fine = match key {
            "code" => filled(value).map(|code| denial.code = code.to_owned().into()),
            "for_user" => filled(value).map(|text| denial.for_user = text.to_owned().into()),
            known if OF_BOTH.contains(&known) => Ok(()),
            permits if OF_PERMITS.contains(&permits) || permits.starts_with(UNKNOWN_OBLIGATION) => {
                Err("belongs to a `permit`: a `forbid` grants nothing".to_owned())
            }
            unknown => Err(not_known(unknown, OF_FORBIDS)),
        };
        if let Err(why) = fine {
            faults.push((Some(key.to_owned()), why));
        }
    }
    if faults.is_empty() { Ok(Terms::Forbid(denial)) } else { Err(faults) }
}

fn not_known(word: &str, known: &[&'static str]) -> String {
    let known = || known.iter().chain(OF_BOTH).copied();
    let close = did_you_mean(word, known());
    let all = known().map(|name| format!("@{name}")).collect::<Vec<_>>().join(", ");
    format!("isn't known{close} Known here are {all}; a remark goes into `@description(\"...\")` or behind `//`")
}

fn fields(list: &str) -> Result<FieldSet, String> {
    match list.trim() {
        "*" => return Ok(FieldSet::All),
        "" => return Ok(FieldSet::none()),
        _ => {}
    }
    let names: Vec<&str> = list.split(',').map(str::trim).collect();
    if names.contains(&"*") {
        return Err("names fields beside `*`, which is all of them: keep one".to_owned());
    }
    if names.contains(&"") {
        return Err("has a field without a name: write it as in \"name,email\"".to_owned());
    }
    Ok(names.into_iter().collect())
}

fn alone(value: &str) -> Result<(), String> {
    if value.is_empty() { Ok(()) } else { Err("takes no value: the reason is the actor's".to_owned()) }
}

fn filled(value: &str) -> Result<&str, String> {
    if value.trim().is_empty() { Err("has no value".to_owned()) } else { Ok(value) }
}

fn positive(number: &str, example: &str) -> Result<u32, String> {
    match number.trim().parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(format!("takes a number from 1 to {}, as in \"{example}\"", u32::MAX)),
    }
}

fn step_up(value: &str) -> Result<Obligation, String> {
    let both = value.split_once(',').and_then(|(strength, seconds)| {
        Some((strength.trim().parse::<u8>().ok()?, seconds.trim().parse::<u32>().ok()?))
    });
    let (strength, seconds) = both.ok_or(
        "takes the least strength of the authentication (0 to 255) and its greatest age in seconds, as in \"2,300\"",
    )?;
    Ok(Obligation::StepUp { strength, within: Duration::from_secs(seconds.into()) })
}

fn row_limit(value: &str) -> Result<Obligation, String> {
    let example = "100,1000\" (by one act, in an hour) or \"100";
    let (per_act, per_hour) = value.split_once(',').map_or((value, None), |(act, hour)| (act, Some(hour)));
    Ok(Obligation::RowLimit {
        per_act: positive(per_act, example)?,
        per_hour: per_hour.map(|hour| positive(hour, example)).transpose()?,
    })
}
