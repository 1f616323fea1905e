//! Mistakes in the settings of policies, in words for code and for files.
//!
//! Guarantees: a setting has one key, and one example of saying it each way, whatever policy has it.

use super::PolicyError;

/// A setting: its key in a file, and an example of saying it in a file and in code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    pub(super) key: &'static str,
    pub(super) in_file: &'static str,
    in_code: &'static str,
}

macro_rules! settings {
    ($($name:ident = $key:literal, $in_file:literal, $in_code:literal;)+) => {
        $(pub(super) const $name: Setting = Setting { key: $key, in_file: $in_file, in_code: $in_code };)+
    };
}

settings! {
    ACTS = "acts", r#"acts = ["export"]"#, ".for_acts([Action::Export])";
    APPROVALS = "approvals", "approvals = 2", "DualControl::new(2)";
    APPROVER = "approver", r#"approver = "manager""#, r#".approvers(["manager"])"#;
    BETWEEN = "between", r#"between = ["08:30-17:00"]"#, ".between((8, 30), (17, 0))";
    CLEARANCE = "clearance", r#"clearance = "level""#, r#".clearance("level")"#;
    CLOSED = "closed", r#"closed = ["2026-12-25"]"#, r#".closed("2026-12-25")"#;
    COLLECTION = "collection", r#"collection = "customers""#, ".on(..)";
    DAYS = "days", r#"days = "monday to friday""#, ".monday_to_friday()";
    EXCEPT_ROLE = "except_role", r#"except_role = "support""#, r#".except_role("support")"#;
    FIELDS = "fields", r#"fields = ["iban"]"#, r#".fields(["iban"])"#;
    LABELLED = "labelled", r#"labelled = "vip""#, r#".labelled("vip")"#;
    LEVELS = "levels", r#"levels = ["internal", "secret"]"#, r#"Labels::levels(["internal", "secret"])"#;
    NAME = "name", r#"name = "the north's customers""#, r#"forbid_if("keep contracts", ..)"#;
    PER_ACT = "per_act", "per_act = 100", ".per_act(100)";
    PER_HOUR = "per_hour", "per_hour = 1000", ".per_hour(1000)";
    PURPOSES = "purposes", r#"purposes = ["support"]"#, r#".on("customers", ["support"])"#;
    REVIEWER = "reviewer", r#"reviewer = "protection""#, r#".reviewers(["protection"])"#;
    ROLE = "role", r#"role = "support""#, r#".role("support")"#;
    STRENGTH = "strength", "strength = 2", "StepUp::new(2, ..)";
    TRUSTED_ROLE = "trusted_role", r#"trusted_role = "officer""#, r#".trusted_role("officer")"#;
    UNIQUE_TRIES = "unique_tries", "unique_tries = 500", ".unique_tries(500)";
    UNLABELLED = "unlabelled", r#"unlabelled = "internal""#, r#".unlabelled("internal")"#;
    UTC_OFFSET = "utc_offset", r#"utc_offset = "+08:00""#, ".utc_offset_minutes(480)";
    WITHIN = "within", r#"within = "5 min""#, "StepUp::new(.., Duration::from_secs(300))";
}

/// A mistake, and the settings that it is in.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) settings: &'static [Setting],
    what: String,
    /// True if saying one of the settings mends it.
    unsaid: bool,
}

/// A policy that knows its mistakes.
pub(super) trait Faulty {
    /// The policy's name.
    const NAME: &'static str;

    /// Returns every mistake.
    fn faults(&self) -> Vec<Fault>;
}

impl Fault {
    /// Returns a mistake in a setting, in words that say what to do.
    pub(super) fn new(setting: &'static Setting, what: impl Into<String>) -> Self {
        Self { settings: std::slice::from_ref(setting), what: what.into(), unsaid: false }
    }

    /// Returns the mistake that one of these settings has to be said, or said otherwise.
    pub(super) fn unsaid(settings: &'static [Setting], what: impl Into<String>) -> Self {
        Self { settings, what: what.into(), unsaid: true }
    }

    /// Returns the mistake in a list of names, if there is one.
    pub(super) fn unnamed<'a>(
        setting: &'static Setting,
        what: &str,
        names: impl IntoIterator<Item = &'a String>,
    ) -> Option<Self> {
        let mut names = names.into_iter().peekable();
        if names.peek().is_none() {
            return Some(Self::new(setting, format!("an empty list of {what}: name one, or leave the list out")));
        }
        let blank = names.any(|name| name.trim().is_empty());
        blank.then(|| Self::new(setting, format!("an empty name among its {what}: name it, or leave it out")))
    }

    /// Says it in the words of a file.
    #[cfg(feature = "policy-file")]
    pub(super) fn in_file(&self) -> String {
        self.said(|setting| setting.in_file)
    }

    fn said(&self, example: impl Fn(&Setting) -> &'static str) -> String {
        let examples: Vec<String> = self.settings.iter().map(|setting| format!("`{}`", example(setting))).collect();
        match (examples.split_last(), self.unsaid) {
            (Some((last, [])), true) => format!("{}: say {last}", self.what),
            (Some((last, rest)), true) => format!("{}: say {} or {last}", self.what, rest.join(", ")),
            _ => self.what.clone(),
        }
    }
}

/// Says every mistake of a policy, for programmers; nothing if it is sound.
pub(super) fn told<P: Faulty>(policy: &P) -> String {
    let each = policy.faults().into_iter().map(|fault| format!("{}: {}", P::NAME, fault.said(|s| s.in_code)));
    each.collect::<Vec<_>>().join("; ")
}

/// # Errors
/// Every mistake of the policy, in one text.
pub(super) fn check<P: Faulty>(policy: &P) -> Result<(), PolicyError> {
    let told = told(policy);
    if told.is_empty() { Ok(()) } else { Err(PolicyError::new(told)) }
}
