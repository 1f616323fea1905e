//! Questions about access to a tenant, asked of the policy in force or of another one.
//!
//! Guarantees: an administrator needs [`Action::ReviewAccess`], and each question is in the journal before its answer is
//! given, with the data subject of the record it is about; what is asked is what the gate would ask, with the record's real
//! metadata; no field of a record is looked at. Does not: write down an act of the actor who is asked about, use up an
//! approval or a row limit, or undo anything.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::model::{Action, Actor, RecordId, Timestamp};
use crate::policy::review::{AccessReview, Answer, Questions, Right, days_before};
use crate::policy::{AccessPolicy, Explanation, Looked};

use crate::vault::admin::usage;
use crate::vault::core::Core;
use crate::vault::gate::{Act, FIELD, Inquired, Opened, Permit, Question, subject_of};
use crate::vault::handles::{Session, SessionInner};
use crate::vault::records::{Stored, stored};
use crate::vault::state::schema::CollectionCore;

/// The name of the fields that a collection's schema doesn't name.
const ANY_OTHER: &str = "*";

/// Questions about access to a tenant: [`Session::inquire`] begins them.
///
/// The actor who asks must be allowed [`Action::ReviewAccess`]. What they ask isn't an act of the actor it is about.
///
/// ```
/// # use strongroom::{Actor, Result, vault::Session};
/// use strongroom::model::Action;
/// use strongroom::policy::danger;
/// use strongroom::policy::review::Answer;
///
/// /// Who else could list customers if everything were open?
/// fn difference(admin: &Session, staff: &[Actor]) -> Result<usize> {
///     let now = admin.inquire().who_can(staff, Action::List, "customers", None)?;
///     let open = admin.inquire().of_policy(&danger::AllowAll).who_can(staff, Action::List, "customers", None)?;
///     let can = |answers: &[(String, Answer)]| answers.iter().filter(|(_, answer)| answer.is_permitted()).count();
///     Ok(can(&open) - can(&now))
/// }
/// ```
#[derive(Clone)]
pub struct Inquiry<'a> {
    session: Arc<SessionInner>,
    policy: Option<&'a dyn AccessPolicy>,
    purpose: Option<&'a str>,
    reason: Option<&'a str>,
    time: Option<Timestamp>,
    suspended: BTreeSet<String>,
}

/// A record that is asked about, as far as there is one.
struct Found {
    row: Option<Box<Opened>>,
    /// The reason why there is none.
    gone: Option<&'static str>,
}

impl Session {
    /// Begins questions about access, for an administrator: who may do what, and why; about another policy, purpose or time.
    #[must_use]
    pub fn inquire<'a>(&self) -> Inquiry<'a> {
        let session = Arc::clone(&self.inner);
        Inquiry { session, policy: None, purpose: None, reason: None, time: None, suspended: BTreeSet::new() }
    }
}

impl<'a> Inquiry<'a> {
    /// Asks this policy instead of the one in force: a past one, read back from its text
    /// ([`Vault::past_policies`](crate::VaultSession::past_policies)), or one that is being tried out.
    #[must_use]
    pub const fn of_policy(mut self, policy: &'a dyn AccessPolicy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Asks as if the actors had declared this purpose.
    #[must_use]
    pub const fn if_purpose(mut self, purpose: &'a str) -> Self {
        self.purpose = Some(purpose);
        self
    }

    /// Asks as if the actors had given this reason.
    #[must_use]
    pub const fn if_reason(mut self, reason: &'a str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Asks as if it were this time, for rules such as working hours.
    #[must_use]
    pub const fn if_time(mut self, time: Timestamp) -> Self {
        self.time = Some(time);
        self
    }

    /// Asks as if these actors, by id, were suspended.
    #[must_use]
    pub fn if_suspended<S: Into<String>>(mut self, actors: impl IntoIterator<Item = S>) -> Self {
        self.suspended.extend(actors.into_iter().map(Into::into));
        self
    }

    /// Reviews everybody's access to every field of every collection; roles not used by any permitted act in this tenant, or of the
    /// vault itself, in so many days; and conflicts of duties. The journal is read back for these days.
    ///
    /// Access that needs a purpose is left out unless one is said: where the policy asks for purposes, review once for each, with
    /// [`if_purpose`](Self::if_purpose). A collection is asked about with a record of the actor's own and one of a
    /// stranger's, so what managers, shares, labels or attributes open isn't shown: [`actions_on`](Self::actions_on) and
    /// [`who_can`](Self::who_can) ask about a record that there is.
    ///
    /// An act uses the role that its rule begins with, as those of [`Roles`](crate::policy::Roles) do, else every role of
    /// its actor. In a collection whose records name their own fields, `*` stands for those that the schema doesn't name.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Damaged`] for a journal that can't be read back, and reasons why the vault can't act now.
    pub fn review(&self, actors: &[Actor], unused_for_days: u32) -> Result<AccessReview> {
        let act = self.about("review", None, None, actors).told("days", unused_for_days);
        let permit = act.permit()?;
        let review =
            self.asking(self.anybody(), None, |questions| self.collections(|there| questions.review(actors, there)))?;
        let roles: BTreeSet<String> = review.actors.values().flatten().chain(&review.roles).cloned().collect();
        // Buffered entries are of acts that have happened.
        self.core().flush()?;
        // Uses are what happened, whatever time is supposed for the policy's rules.
        let mut review = review;
        review.time = self.core().now();
        let used =
            usage::last_used(self.core(), self.session.tenant.id, &roles, days_before(review.time, unused_for_days))?;
        let review = review.of_tenant(self.session.tenant.name.as_str()).with_role_usage(&used, unused_for_days);
        self.note(act, &permit, "review", &Found::nothing())?;
        Ok(review)
    }

    /// Explains why an act may or may not be done: every rule that was looked at, what the guard adds, and of a default denial the
    /// nearest missing grant. `fields` are those that the act reads or changes; without a collection it is an act of
    /// administration. It is asked without a purpose and a reason: say the actor's by [`if_purpose`](Self::if_purpose) and
    /// [`if_reason`](Self::if_reason).
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::UnknownCollection`], and reasons why the vault can't act now.
    pub fn explain<'c>(
        &self,
        who: &Actor,
        action: Action,
        collection: impl Into<Option<&'c str>>,
        record: Option<RecordId>,
        fields: &[&str],
    ) -> Result<Explanation> {
        let collection = collection.into();
        let act = self.about("explain", collection, record, std::slice::from_ref(who)).told("act", action);
        let act = fields.iter().fold(act, |act, field| act.told(FIELD, field));
        let found = self.found(act, "explain", collection, record)?;
        let question = Question { action, collection, fields, ..self.question(who) };
        let explanation = self.asking(question, found.row.as_deref(), |questions| {
            let record = questions.asked_record();
            questions.explain(who, action, collection, record, fields)
        })?;
        let gone = found.gone.map(|what| Looked::new("record", true, what));
        Ok(explanation.looked_at(gone))
    }

    /// Tells, for each of these actors, whether they may do this to the record, or without one to any record of the
    /// collection.
    ///
    /// # Errors
    /// As [`explain`](Self::explain).
    pub fn who_can(
        &self,
        actors: &[Actor],
        action: Action,
        collection: &str,
        record: Option<RecordId>,
    ) -> Result<Vec<(String, Answer)>> {
        let act = self.about("who_can", Some(collection), record, actors).told("act", action);
        let found = self.found(act, "who_can", Some(collection), record)?;
        let question = Question { action, collection: Some(collection), ..self.anybody() };
        self.asking(question, found.row.as_deref(), |questions| {
            questions.who_can(actors, action, collection, questions.asked_record())
        })
    }

    /// Returns the actor's rights in every collection of the tenant, each with its fields.
    ///
    /// # Errors
    /// [`Error::Denied`], and reasons why the vault can't act now.
    pub fn what_can(&self, who: &Actor) -> Result<Vec<Right>> {
        let act = self.about("what_can", None, None, std::slice::from_ref(who));
        let permit = act.permit()?;
        self.note(act, &permit, "what_can", &Found::nothing())?;
        self.asking(self.question(who), None, |questions| self.collections(|there| questions.what_can(who, there)))
    }

    /// Returns every act on records, and whether the actor may do it to this record. A record that isn't there is asked
    /// about as the gate does: as one that nothing is known of.
    ///
    /// # Errors
    /// As [`explain`](Self::explain).
    pub fn actions_on(&self, who: &Actor, collection: &str, record: RecordId) -> Result<Vec<(Action, Answer)>> {
        let act = self.about("actions_on", Some(collection), Some(record), std::slice::from_ref(who));
        let found = self.found(act, "actions_on", Some(collection), Some(record))?;
        let question = Question { collection: Some(collection), ..self.question(who) };
        self.asking(question, found.row.as_deref(), |questions| {
            questions.actions_on(who, collection, questions.asked_record())
        })
    }

    /// Asks as the gate would.
    fn asking<R>(
        &self,
        question: Question<'_>,
        row: Option<&Opened>,
        ask: impl FnOnce(&Questions<'_>) -> R,
    ) -> Result<R> {
        let answer = self.core().policy.inquire(&question, row, |Inquired { policy, guard, request, facts }| {
            let questions = Questions::within(guard, self.policy.unwrap_or(policy), facts).like(request);
            let table = self.session.tenant.facts.read();
            let suspended: Vec<String> = table.suspensions().map(|s| s.actor.clone()).collect();
            let questions = questions.suspended(suspended.into_iter().chain(self.suspended.iter().cloned()));
            ask(&match self.time {
                Some(time) => questions.at_time(time),
                None => questions,
            })
        });
        answer.map_err(|denial| self.act(None).refuse_on(row, denial))
    }

    fn core(&self) -> &Arc<Core> {
        &self.session.core
    }

    fn question<'q>(&'q self, who: &'q Actor) -> Question<'q> {
        // Whoever asks says which act.
        let question = self.session.question(Action::ReviewAccess);
        Question { actor: who, purpose: self.purpose, reason: self.reason, approval: None, ..question }
    }

    /// Asks about many: the actor is each of them in turn.
    fn anybody(&self) -> Question<'_> {
        self.question(&self.session.who.actor)
    }

    /// Begins the administrator's own act.
    fn act<'q>(&'q self, collection: Option<&'q str>) -> Act<'q> {
        self.session.act(Action::ReviewAccess).named(collection)
    }

    /// Begins the administrator's own act, and says what is asked, for whoever approves it.
    fn about<'q>(
        &'q self,
        what: &'static str,
        collection: Option<&'q str>,
        record: Option<RecordId>,
        actors: &[Actor],
    ) -> Act<'q> {
        let Self { policy, purpose, reason, time, suspended, .. } = self;
        let act = self.act(collection).told("what", what).told_any("record", record);
        let act = act.told_any("policy", policy.map(AccessPolicy::version)).told_any("if purpose", *purpose);
        let act = act.told_any("if reason", *reason).told_any("if time", *time);
        let act = suspended.iter().fold(act, |act, actor| act.told("if suspended", actor));
        actors.iter().fold(act, |act, actor| act.told("actor", actor.id()).untold(format!("{actor:?}").as_bytes()))
    }

    /// Finds what the question is about; written down before it is answered.
    fn found(&self, act: Act<'_>, what: &str, collection: Option<&str>, record: Option<RecordId>) -> Result<Found> {
        let permit = act.permit()?;
        let known = match collection.map(|name| self.session.tenant.collection(name)).transpose() {
            Ok(known) => known,
            Err(error) => return Err(act.fail("unknown_collection", error)),
        };
        let found = match (&known, record) {
            (Some(collection), Some(id)) => self.load(collection, id)?,
            _ => Found::nothing(),
        };
        match &known {
            Some(collection) => self.note(act.on(collection), &permit, what, &found)?,
            None => self.note(act, &permit, what, &found)?,
        }
        Ok(found)
    }

    fn load(&self, collection: &Arc<CollectionCore>, id: RecordId) -> Result<Found> {
        Ok(match stored(&self.session, collection, &collection.layout(), id)? {
            Stored::Row(row) => Found { row: Some(Box::new(row.1)), gone: None },
            Stored::Gone(Error::Deleted) => Found { row: None, gone: Some("it was deleted") },
            Stored::Gone(Error::Erased) => Found { row: None, gone: Some("it was erased") },
            Stored::Gone(_) => Found { row: None, gone: Some("there is none of this id") },
        })
    }

    fn note(&self, act: Act<'_>, permit: &Permit, what: &str, found: &Found) -> Result<()> {
        let mut entry = act.coded(permit, what);
        if let Some(row) = &found.row {
            entry.subjects(&[subject_of(row)]);
        }
        act.record_under(permit.approval(), entry).map(|_ticket| ())
    }

    /// Hands out the tenant's collections with their fields.
    fn collections<R>(&self, ask: impl FnOnce(&[(&str, &[&str])]) -> R) -> R {
        let layouts = self.session.tenant.collections().into_iter().map(|known| (known.name.clone(), known.layout()));
        let layouts: Vec<_> = layouts.collect();
        let fields = layouts.iter().map(|(_, layout)| layout.fields().chain(layout.schema.open.then_some(ANY_OTHER)));
        let fields: Vec<Vec<&str>> = fields.map(Iterator::collect).collect();
        let there = layouts.iter().zip(&fields).map(|((name, _), fields)| (name.as_str(), fields.as_slice()));
        ask(&there.collect::<Vec<_>>())
    }
}

impl Found {
    const fn nothing() -> Self {
        Self { row: None, gone: None }
    }
}

impl fmt::Debug for Inquiry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inquiry").field("admin", &self.session.actor()).finish_non_exhaustive()
    }
}
