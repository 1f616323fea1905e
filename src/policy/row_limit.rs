//! A limit to how many rows are shown.
//!
//! Guarantees: who it applies to is shown no more rows by an act, nor in any hour, than it says. Does not: count; the vault
//! does, and tells by [`Facts::rows_in_last_hour`].

#[cfg(test)]
mod tests;

use super::applies::{self, Applies};
use super::constraint::{Constraint, constraint};
use super::{Decision, Looked, Obligation, Permission};
use crate::model::{Facts, FieldSet, Request};

/// Limits how many rows an actor is shown, by one act and in any hour.
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
/// **Limits.** The hour counts all the rows an actor was shown, by whatever act and in whatever collection, so a limit that
/// is for one collection is used up by another's rows too.
#[derive(Debug, Clone, Default)]
#[must_use = "it limits nothing until it is part of a policy: `all_of(..).and(..)`"]
pub struct RowLimit {
    per_act: Option<u32>,
    per_hour: Option<u32>,
    applies: Applies,
}

impl RowLimit {
    /// No limit yet: say [`per_act`](Self::per_act), [`per_hour`](Self::per_hour), or both.
    pub fn new() -> Self {
        Self::default()
    }

    /// At most so many rows by one act.
    pub fn per_act(mut self, rows: u32) -> Self {
        self.per_act = Some(rows);
        self
    }

    /// At most so many rows to one actor in any hour.
    pub fn per_hour(mut self, rows: u32) -> Self {
        self.per_hour = Some(rows);
        self
    }

    /// For actors with this role only. Said again: with any of the roles.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        applies::add(&mut self.applies.roles, [role]);
        self
    }

    /// In these collections only.
    pub fn on<S: Into<String>>(mut self, collections: impl IntoIterator<Item = S>) -> Self {
        applies::add(&mut self.applies.collections, collections);
        self
    }
}

impl Constraint for RowLimit {
    const NAME: &'static str = "row limit";

    fn judge(&self, request: &Request<'_>, _: &dyn Facts) -> Decision {
        if !request.action.reads() || self.applies.why_not(request).is_some() {
            return Decision::no_objection(Self::NAME);
        }
        let limit = Obligation::RowLimit { per_act: self.per_act.unwrap_or(u32::MAX), per_hour: self.per_hour };
        let everything = Permission::new(Self::NAME).read(FieldSet::All).write(FieldSet::All);
        Decision::Limit(everything.oblige(limit))
    }

    fn settings(&self) -> Vec<String> {
        let mut settings = self.applies.settings();
        settings.extend(self.per_act.map(|rows| format!("per act {rows}")));
        settings.extend(self.per_hour.map(|rows| format!("per hour {rows}")));
        settings
    }

    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = self.applies.mistakes(Self::NAME);
        if self.per_act.is_none() && self.per_hour.is_none() {
            mistakes.push("row limit: it limits nothing: say `per_act`, `per_hour`, or both".to_owned());
        }
        if [self.per_act, self.per_hour].contains(&Some(0)) {
            mistakes
                .push("row limit: 0 rows would show nothing to anybody: say 1 or more, or use `forbid_if`".to_owned());
        }
        mistakes
    }

    fn looked(&self, request: &Request<'_>, facts: &dyn Facts, _: &Decision) -> Vec<Looked> {
        let (applies, why) = if !request.action.reads() {
            (false, format!("{} shows no rows", request.action))
        } else if let Some(why) = self.applies.why_not(request) {
            (false, why.to_string())
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
