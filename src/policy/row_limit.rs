//! A limit to how many rows are shown, and to how many unique values are tried.
//!
//! Guarantees: who it applies to is shown no more rows by an act, nor in any hour, than it says. Does not: count; the vault
//! does, and tells by [`Facts::rows_in_last_hour`].

#[cfg(test)]
mod tests;

use super::applies::{self, Applies};
use super::constraint::{Constraint, constraint, version};
use super::fault::{self, Fault, Faulty};
use super::{Decision, Looked, Obligation, Permission, PolicyVersion};
use crate::model::{Action, Facts, FieldSet, Request};

/// Limits how many rows an actor is shown, by one act and in any hour, and how many unique values they try.
///
/// ```
/// use strongroom::policy::{AccessPolicy, Roles, RowLimit, all_of};
///
/// let policy = all_of(Roles::new()
///     .role("support", |r| r.on("customers").read(["name", "phone"]))
///     .role("sales manager", |r| r.on("customers").read_all().export()))
///     // Nobody copies the customers page by page,
///     .and(RowLimit::new().per_act(1_000).per_hour(5_000).on(["customers"]))
///     // and support, who need one at a time, see far fewer.
///     .and(RowLimit::new().per_act(20).per_hour(200).role("support"));
/// policy.check()?;
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
///
/// It applies to the acts that show records: read, list, search, export, unmask, and update, which shows the record it
/// changes. A count shows none. Of several limits every one holds.
///
/// [`unique_tries`](Self::unique_tries) is about what a write that is refused tells: creating and updating.
///
/// **Limits.** The hour counts all the rows an actor was shown, by whatever act and in whatever collection, so a limit that
/// is for one collection is used up by another's rows too.
#[derive(Debug, Clone, Default)]
#[must_use = "it limits nothing until it is part of a policy: `all_of(..).and(..)`"]
pub struct RowLimit {
    per_act: Option<u32>,
    per_hour: Option<u32>,
    unique_tries: Option<u32>,
    applies: Applies,
}

impl RowLimit {
    /// Limits nothing yet: say [`per_act`](Self::per_act), [`per_hour`](Self::per_hour) or
    /// [`unique_tries`](Self::unique_tries).
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits the rows of one act.
    pub fn per_act(mut self, rows: u32) -> Self {
        self.per_act = Some(rows);
        self
    }

    /// Limits the rows that one actor is shown in any hour.
    pub fn per_hour(mut self, rows: u32) -> Self {
        self.per_hour = Some(rows);
        self
    }

    /// Limits the distinct values of unique fields that one actor tries to store in any hour, in place of
    /// [`200`](Obligation::DEFAULT_UNIQUE_TRIES): each tells whether another record has it.
    pub fn unique_tries(mut self, values: u32) -> Self {
        self.unique_tries = Some(values);
        self
    }

    /// Holds for actors with this role only. Said again: with any of the roles.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        applies::add(&mut self.applies.roles, [role]);
        self
    }

    /// Holds in these collections only.
    pub fn on<S: Into<String>>(mut self, collections: impl IntoIterator<Item = S>) -> Self {
        applies::add(&mut self.applies.collections, collections);
        self
    }
}

impl RowLimit {
    fn limits_rows(&self, request: &Request<'_>) -> bool {
        request.action.reads() && (self.per_act.is_some() || self.per_hour.is_some())
    }

    fn tries(&self, request: &Request<'_>) -> Option<u32> {
        self.unique_tries.filter(|_| matches!(request.action, Action::Create | Action::Update))
    }
}

impl Faulty for RowLimit {
    const NAME: &'static str = "row limit";

    fn faults(&self) -> Vec<Fault> {
        let mut faults = self.applies.faults();
        let said = [self.per_act, self.per_hour, self.unique_tries];
        if said == [None; 3] {
            faults.push(Fault::unsaid(&[fault::PER_ACT, fault::PER_HOUR, fault::UNIQUE_TRIES], "it limits nothing"));
        }
        for (setting, said) in [&fault::PER_ACT, &fault::PER_HOUR, &fault::UNIQUE_TRIES].into_iter().zip(said) {
            let what = "0 would let nobody do anything: say 1 or more, or forbid it";
            faults.extend(said.filter(|most| *most == 0).map(|_| Fault::new(setting, what)));
        }
        faults
    }
}

impl Constraint for RowLimit {
    fn judge(&self, request: &Request<'_>, _: &dyn Facts) -> Decision {
        let mut limit = Permission::new(Self::NAME).read(FieldSet::All).write(FieldSet::All);
        if self.applies.why_not(request).is_none() {
            let rows = Obligation::RowLimit { per_act: self.per_act.unwrap_or(u32::MAX), per_hour: self.per_hour };
            limit.obligations.extend(self.limits_rows(request).then_some(rows));
            limit.obligations.extend(self.tries(request).map(Obligation::UniqueTries));
        }
        Decision::Limit(limit)
    }

    fn version_of_settings(&self) -> PolicyVersion {
        let mut settings = self.applies.settings();
        settings.extend(self.per_act.map(|rows| format!("per act {rows}")));
        settings.extend(self.per_hour.map(|rows| format!("per hour {rows}")));
        settings.extend(self.unique_tries.map(|values| format!("unique tries {values}")));
        version(Self::NAME, &settings)
    }

    fn looked(&self, request: &Request<'_>, facts: &dyn Facts, _: &Decision) -> Vec<Looked> {
        let (rows, tries) = (self.limits_rows(request), self.tries(request));
        let (applies, why) = if !rows && tries.is_none() {
            (false, format!("it limits nothing of {}", request.action))
        } else if let Some(why) = self.applies.why_not(request) {
            (false, why.to_string())
        } else if let (false, Some(tries)) = (rows, tries) {
            (true, format!("allows to try {tries} distinct unique values in an hour"))
        } else {
            let of = |most: Option<u32>| most.map_or_else(|| "any number".to_owned(), |rows| rows.to_string());
            let shown = facts.rows_in_last_hour(request.actor.id());
            let (act, hour) = (of(self.per_act), of(self.per_hour));
            (true, format!("allows {act} rows by one act and {hour} in an hour, in which the actor was shown {shown}"))
        };
        vec![Looked::new(Self::NAME, applies, why)]
    }
}

constraint!(RowLimit);
