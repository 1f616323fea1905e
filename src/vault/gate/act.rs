//! One act of one actor: what it is about, and what the policy decides of it. See [`end`](super::end) for its ends.
//!
//! Guarantees: a refusal is written down and turned into an error in one call. Does not: say what an act does.

use std::cell::Cell;
use std::sync::Arc;

use crate::error::{Impossible, Result};
use crate::format::Meta;
use crate::model::Action;
use crate::policy::Denial;

use crate::vault::commit::Decided;
use crate::vault::core::Core;
use crate::vault::handles::{SessionInner, VaultSession, Who};
use crate::vault::state::schema::CollectionCore;
use crate::vault::state::standing::Standing;
use crate::vault::state::tenant::TenantCore;

use super::exposed::Exposed;
use super::opened::Opened;
use super::permit::Permit;
use super::question::{About, Question};

/// One act of one actor, until it is written down.
pub(crate) struct Act<'a> {
    pub(crate) core: &'a Core,
    pub(crate) tenant: Option<&'a Arc<TenantCore>>,
    pub(super) collection: Option<&'a Arc<CollectionCore>>,
    pub(super) asked: Question<'a>,
    /// The rest that it is about, where it is asked for or done under an approval.
    pub(crate) about: About,
    /// The number of approvals that the policy wants, where the act is asked for and wants any.
    pub(super) wanted: Cell<Option<u32>>,
    /// Ground of the act's decisions, from the first since the act was last written down.
    pub(super) decided: Cell<Option<Decided>>,
    pub(super) written: Cell<Written>,
}

/// The state of an act's entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    No,
    /// It stands in a change that isn't committed yet.
    WithCommit,
    Yes,
}

impl SessionInner {
    /// Begins an act in the tenant.
    pub(crate) fn act(&self, action: Action) -> Act<'_> {
        Act::new(&self.core, Some(&self.tenant), &self.who, action)
    }
}

impl VaultSession {
    /// Begins an act of the vault itself.
    pub(crate) fn act(&self, action: Action) -> Act<'_> {
        Act::new(&self.core, None, &self.who, action)
    }
}

/// Subject of an act.
impl<'a> Act<'a> {
    pub(crate) fn new(core: &'a Core, tenant: Option<&'a Arc<TenantCore>>, who: &'a Who, action: Action) -> Self {
        Self::of(core, tenant, None, Question::new(core, tenant, who, action))
    }

    /// Begins another act of the same actor in the same place.
    pub(crate) fn like(&self, action: Action) -> Self {
        Self::of(self.core, self.tenant, self.collection, Question { action, ..self.asked })
    }

    fn of(
        core: &'a Core,
        tenant: Option<&'a Arc<TenantCore>>,
        collection: Option<&'a Arc<CollectionCore>>,
        asked: Question<'a>,
    ) -> Self {
        let (about, wanted, decided) = (About::default(), Cell::new(None), Cell::new(None));
        Self { core, tenant, collection, asked, about, wanted, decided, written: Cell::new(Written::No) }
    }

    /// Says in which collection.
    pub(crate) fn on(mut self, collection: &'a Arc<CollectionCore>) -> Self {
        self.collection = Some(collection);
        self.asked.collection = Some(&collection.name);
        self
    }

    /// Names a collection that may not be there.
    pub(crate) fn named(mut self, collection: Option<&'a str>) -> Self {
        self.asked.collection = collection;
        self
    }

    /// Names the fields that the act reads or changes.
    pub(crate) fn fields(mut self, fields: &'a [&'a str]) -> Self {
        self.asked.fields = fields;
        self
    }

    /// Says how many rows the act shows at most.
    pub(crate) fn rows(mut self, most: usize) -> Self {
        self.asked.rows = u32::try_from(most).ok();
        self
    }

    /// Names the owner that a record is to get.
    pub(crate) fn new_owner(mut self, owner: Option<&'a str>) -> Self {
        self.asked.new_owner = owner;
        self
    }

    /// Gives a reason of the act's own, in place of the session's.
    pub(crate) fn reason(mut self, reason: &'a str) -> Self {
        self.asked.reason = Some(reason);
        self
    }

    /// Says whether the act itself has used its approval up, which counts for it until it ends.
    pub(crate) fn spent(mut self, spent: bool) -> Self {
        self.asked.spent = spent;
        self
    }

    /// Says how many rows the act has counted as shown already.
    pub(crate) fn reserved(&mut self, rows: u32) {
        self.asked.reserved = rows;
    }

    pub(crate) const fn asked(&self) -> &Question<'a> {
        &self.asked
    }

    /// Returns the whole question, with what the act is about.
    pub(crate) fn question(&self) -> Question<'_> {
        Question { about: Some(&self.about), ..self.asked }
    }

    /// Returns what is remembered where the act is done.
    pub(super) const fn facts(&self) -> &'a Arc<Standing> {
        self.asked.facts
    }

    pub(super) const fn collection(&self) -> Option<&'a Arc<CollectionCore>> {
        self.collection
    }
}

/// Decisions. A refusal is written down.
impl Act<'_> {
    /// Asks the policy, with no record at hand.
    ///
    /// # Errors
    /// [`Error::Denied`], and reasons why the vault can't act now.
    pub(crate) fn permit(&self) -> Result<Permit> {
        self.core.ready()?;
        let permit = self.decide(None).map_err(|denial| self.refuse(denial))?;
        self.given(permit, None)
    }

    /// Asks the policy as if others had approved, for what only looks at what an act will do. It uses no approval up, and is
    /// done where the act itself is only asked for.
    ///
    /// # Errors
    /// As [`permit`](Self::permit).
    pub(crate) fn permit_to_plan(&self) -> Result<Permit> {
        self.core.ready()?;
        let question = Question { approval: None, as_if_approved: true, ..self.asked };
        self.core.policy.ask(&question).map_err(|denial| self.refuse(denial))
    }

    /// Asks the policy about this record.
    ///
    /// # Errors
    /// As [`permit`](Self::permit).
    pub(crate) fn permit_on(&self, row: &Opened) -> Result<Permit> {
        let permit = self.decide(Some(row)).map_err(|denial| self.refuse_on(Some(row), denial))?;
        self.given(permit, Some(row))
    }

    /// Asks the policy about this record, as far as it will have this metadata and these attributes then.
    ///
    /// # Errors
    /// As [`permit`](Self::permit).
    pub(crate) fn permit_after(&self, row: &Opened, meta: &Meta, exposed: &Exposed) -> Result<Permit> {
        let permit = self.settled(|question| self.core.policy.ask_after(question, row, meta, exposed));
        self.given(permit.map_err(|denial| self.refuse_on(Some(row), denial))?, Some(row))
    }

    /// Asks the policy about a new record with this metadata and these attributes.
    ///
    /// # Errors
    /// As [`permit`](Self::permit).
    pub(crate) fn permit_new(&self, meta: &Meta, exposed: &Exposed) -> Result<Permit> {
        self.given(self.decide_new(meta, exposed)?, None)
    }

    /// Asks the policy about a new record, before what else there is to be checked; [`given`](Self::given) goes on from there.
    ///
    /// # Errors
    /// As [`permit`](Self::permit).
    pub(crate) fn decide_new(&self, meta: &Meta, exposed: &Exposed) -> Result<Permit> {
        let permit = self.settled(|question| self.core.policy.ask_new(question, meta, exposed));
        permit.map_err(|denial| self.refuse(denial))
    }

    /// Asks the policy about one of many rows, or about none. A refusal is the caller's to write down.
    pub(crate) fn decide(&self, row: Option<&Opened>) -> Result<Permit, Denial> {
        self.settled(|question| match row {
            Some(row) => self.core.policy.ask_on(question, row),
            None => self.core.policy.ask(question),
        })
    }

    /// Refuses an actor who may do nothing now, where the act needs no permit.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub(crate) fn admit(&self) -> Result<()> {
        self.core.ready()?;
        if self.asked.asking.is_some() {
            return Err(self.fail("not_asked", Impossible::NeedsNoApproval.into()));
        }
        self.unbarred()
    }

    /// Refuses an actor who may do nothing now.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub(crate) fn unbarred(&self) -> Result<()> {
        self.asked.barred().map_err(|denial| self.refuse(denial))
    }

    /// Asks once; an act that is only asked for, once more as if others had approved it, for a permit that is of no use.
    fn settled(&self, ask: impl Fn(&Question<'_>) -> Result<Permit, Denial>) -> Result<Permit, Denial> {
        let question = self.question();
        let permit = match (ask(&question), question.asking) {
            (permit, None) => permit?,
            (Ok(permit), Some(_)) => permit.useless(),
            (Err(_), Some(_)) => {
                let permit = ask(&Question { as_if_approved: true, ..question })?;
                self.wanted.set(self.wanted.get().max(Some(permit.approvals_wanted())));
                permit.useless()
            }
        };
        if self.decided.get().is_none() {
            self.decided.set(Some(permit.decided()));
        }
        Ok(permit)
    }

    /// Ends an act that is only asked for.
    pub(crate) fn given(&self, permit: Permit, row: Option<&Opened>) -> Result<Permit> {
        match self.asked.asking {
            None => Ok(permit),
            Some(asking) => Err(self.ask_for(asking, row)),
        }
    }
}
