//! Questions about a policy: who can do this, what can they do, why not, and a review of all access with what changed.
//!
//! ```
//! use strongroom::Actor;
//! use strongroom::model::{Action, NoFacts};
//! use strongroom::policy::Roles;
//! use strongroom::policy::review::Questions;
//!
//! let roles = Roles::new()
//!     .role("sales", |r| r.on("customers").read(["name", "email"]).own_only())
//!     .role("protection", |r| r.on("customers").read_all());
//! let staff = [Actor::new("sales-7").with_role("sales"), Actor::new("officer").with_role("protection")];
//! let questions = Questions::new(&roles, &NoFacts);
//!
//! // Who reads any customer?
//! let who = questions.who_can(&staff, Action::Read, "customers", None);
//! assert!(who[0].0 == "officer" && who[0].1.is_permitted());
//! assert!(who[1].0 == "sales-7" && who[1].1.code() == Some("not_owner"));
//!
//! // The same for everybody and every field, as a table.
//! let customers = [("customers", &["name", "email", "notes"][..])];
//! let review = questions.review(&staff, &customers);
//! println!("{review}");
//!
//! // A month later: which access is new?
//! let promoted = [Actor::new("sales-7").with_role("sales").with_role("protection")];
//! let given = questions.review(&promoted, &customers).without(&review);
//! assert!(given.rights.iter().any(|right| right.act == Action::Read && right.fields == ["notes"]));
//! ```
//!
//! Guarantees: an answer is what the vault's guard would say to the questions that the act asks, in their order; an error, a
//! panic and a late answer of the policy are denials with their codes. What needs a reason, a stronger authentication,
//! approvals or rows that are left is told apart from what is denied. Does not: know every record. A collection is asked
//! about with a record of the actor's own and one of somebody else's, neither shared nor labelled; rules that look at labels,
//! attributes, shares or an owner's place in the company are asked about the [samples](Questions::sample) that the caller
//! adds. Rules that depend on the time are asked at one time only.

mod answer;
mod build;
mod course;
mod explain;
mod json;
mod questions;
mod report;
mod rights;
mod show;
mod table;
mod told;
mod words;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use json::ReviewError;
pub use questions::Questions;
pub use report::AccessReview;
pub use rights::{Extent, Right};

pub(crate) use report::days_before;

use super::Explanation;
use crate::model::{Action, Actor, Resource};

impl Questions<'_> {
    /// Tells, for each of these actors, whether they may do this to the record, or without one to any record of the
    /// collection; by id. A new record is the actor's own unless one is given. An act on many without a record is asked
    /// about as a whole: somebody who lists only their own may list.
    #[must_use]
    pub fn who_can(
        &self,
        actors: &[Actor],
        action: Action,
        collection: &str,
        record: Option<&Resource<'_>>,
    ) -> Vec<(String, Answer)> {
        let each =
            actors.iter().map(|actor| (actor.id().to_owned(), self.ask(actor, action, Some(collection), record, &[])));
        let mut all: Vec<_> = each.collect();
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all
    }

    /// Returns the actor's rights in these collections, each with its fields.
    #[must_use]
    pub fn what_can(&self, actor: &Actor, collections: &[(&str, &[&str])]) -> Vec<Right> {
        build::in_collections(self, actor, collections).into_iter().collect()
    }

    /// Returns every act on records, and whether the actor may do it to this record, or to one of which nothing is known.
    #[must_use]
    pub fn actions_on(&self, actor: &Actor, collection: &str, record: Option<&Resource<'_>>) -> Vec<(Action, Answer)> {
        let acts = Action::ALL.iter().filter(|action| !action.is_administration());
        acts.map(|action| (*action, self.ask(actor, *action, Some(collection), record, &[]))).collect()
    }

    /// Explains why the act may or may not be done: every rule that was looked at, what the guard adds to it, and of a denial
    /// because nothing is granted the nearest missing grant. `None` as the collection is for administration.
    ///
    /// Not for the actor: it names roles, fields and collections.
    #[must_use]
    pub fn explain(
        &self,
        actor: &Actor,
        action: Action,
        collection: Option<&str>,
        record: Option<&Resource<'_>>,
        fields: &[&str],
    ) -> Explanation {
        explain::explain(self, actor, action, collection, record, fields)
    }

    /// Reviews everybody's access to every field of these collections. See [`AccessReview`].
    #[must_use]
    pub fn review(&self, actors: &[Actor], collections: &[(&str, &[&str])]) -> AccessReview {
        build::review(self, actors, collections)
    }
}
