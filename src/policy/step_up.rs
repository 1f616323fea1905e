//! Stronger or fresher authentication for what is dangerous.
//!
//! Guarantees: what matches is done by nobody whose authentication is weaker or older. Does not: authenticate anybody; it
//! believes [`Actor::with_authentication`](crate::Actor::with_authentication).

#[cfg(test)]
mod tests;

use std::time::Duration;

use super::applies::{self, Applies};
use super::constraint::{Constraint, constraint, version};
use super::fault::{self, Fault, Faulty};
use super::{Decision, Looked, Obligation, Permission, PolicyVersion};
use crate::model::{Action, Facts, FieldSet, Request};

/// Obliges to authentication of at least some strength and at most some age.
///
/// ```
/// use std::time::Duration;
/// use strongroom::model::Action;
/// use strongroom::policy::{AccessPolicy, Roles, StepUp, all_of};
///
/// let minutes = |n: u64| Duration::from_secs(n * 60);
/// let policy = all_of(Roles::new().role("sales", |r| r.on("customers").read_all().update_all().export()))
///     // Two factors, not older than five minutes, before customers leave the house,
///     .and(StepUp::new(2, minutes(5)).for_acts([Action::Export]).on(["customers"]))
///     // before a bank account is changed,
///     .and(StepUp::new(2, minutes(5)).for_acts([Action::Update]).fields(["iban"]))
///     // and for important customers, within the hour.
///     .and(StepUp::new(2, minutes(60)).on(["customers"]).labelled("vip"));
/// policy.check()?;
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
///
/// It applies to acts that match all that is said; nothing said is every act. Of a list of collections, labels, fields or
/// roles one has to match.
///
/// **Lists.** A row that matches by its label alone, where the actor's authentication doesn't do, is left out.
///
/// **Fields** match an act that names one of them: an update that changes it, an unmasking. Reads, lists, searches and
/// exports show whole records and always match, so say which acts with [`for_acts`](Self::for_acts).
///
/// **Limits.** A record that may not exist counts as labelled, lest the answer tell which ids do.
#[derive(Debug, Clone)]
#[must_use = "it limits nothing until it is part of a policy: `all_of(..).and(..)`"]
pub struct StepUp {
    strength: u8,
    within: Duration,
    applies: Applies,
}

impl StepUp {
    /// Wants this strength, on the host's own scale, and an age of this or less.
    pub fn new(strength: u8, within: Duration) -> Self {
        Self { strength, within, applies: Applies::default() }
    }

    /// Holds for these acts only.
    pub fn for_acts(mut self, acts: impl IntoIterator<Item = Action>) -> Self {
        self.applies.add_acts(acts);
        self
    }

    /// Holds in these collections only.
    pub fn on<S: Into<String>>(mut self, collections: impl IntoIterator<Item = S>) -> Self {
        applies::add(&mut self.applies.collections, collections);
        self
    }

    /// Holds for records with this label only. Said again: with any of the labels.
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        applies::add(&mut self.applies.labels, [label]);
        self
    }

    /// Holds for these fields only.
    pub fn fields<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        applies::add(&mut self.applies.fields, fields);
        self
    }

    /// Holds for actors with this role only. Said again: with any of the roles.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        applies::add(&mut self.applies.roles, [role]);
        self
    }
}

impl Faulty for StepUp {
    const NAME: &'static str = "step up";

    fn faults(&self) -> Vec<Fault> {
        let mut faults = self.applies.faults();
        if self.strength == 0 {
            faults.push(Fault::unsaid(&[fault::STRENGTH], "any authentication is strong enough"));
        }
        if self.within.is_zero() {
            faults.push(Fault::unsaid(&[fault::WITHIN], "it isn't said how old the authentication may be"));
        }
        faults
    }
}

impl Constraint for StepUp {
    fn judge(&self, request: &Request<'_>, _: &dyn Facts) -> Decision {
        if self.applies.why_not(request).is_some() {
            return Decision::no_objection(Self::NAME);
        }
        let everything = Permission::new(Self::NAME).read(FieldSet::All).write(FieldSet::All);
        Decision::Limit(everything.oblige(Obligation::StepUp { strength: self.strength, within: self.within }))
    }

    fn version_of_settings(&self) -> PolicyVersion {
        let mut settings = self.applies.settings();
        settings.push(format!("strength {}", self.strength));
        settings.push(format!("within {} ns", self.within.as_nanos()));
        version(Self::NAME, &settings)
    }

    fn looked(&self, request: &Request<'_>, facts: &dyn Facts, _: &Decision) -> Vec<Looked> {
        if let Some(why) = self.applies.why_not(request) {
            return vec![Looked::new(Self::NAME, false, why.to_string())];
        }
        let has = match request.actor.authentication() {
            None => "the host said nothing of the actor's".to_owned(),
            Some(authentication) => {
                let age = facts.now().as_micros().saturating_sub(authentication.at.as_micros()) / 1_000_000;
                format!("the actor's is of strength {} and {age} seconds old", authentication.strength)
            }
        };
        let why = format!("wants authentication of strength {}, within {:?}; {has}", self.strength, self.within);
        vec![Looked::new(Self::NAME, true, why)]
    }
}

constraint!(StepUp);
