//! The question of an act: who wants to do what, where, and all that it is about.
//!
//! Guarantees: what a policy is asked with is what an approval binds. Does not: know the record.

use std::sync::Arc;

use crate::crypto::{Zeroizing, extend_wiped};
use crate::model::{Action, Actor, ApprovalId};

use crate::vault::core::Core;
use crate::vault::handles::{Asking, SessionInner, Who};
use crate::vault::state::standing::Standing;
use crate::vault::state::tenant::TenantCore;

/// Who wants to do what; the part of the policy's question that doesn't depend on the record.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) action: Action,
    pub(crate) tenant: Option<&'a TenantCore>,
    /// The facts of the tenant, or of the vault itself.
    pub(crate) facts: &'a Arc<Standing>,
    pub(crate) collection: Option<&'a str>,
    pub(crate) fields: &'a [&'a str],
    pub(crate) purpose: Option<&'a str>,
    pub(crate) reason: Option<&'a str>,
    pub(crate) rows: Option<u32>,
    pub(crate) approval: Option<ApprovalId>,
    pub(crate) new_owner: Option<&'a str>,
    /// Rows that the act has counted as shown already.
    pub(crate) reserved: u32,
    /// True if the act itself has used its approval up, which counts for it until it ends.
    pub(crate) spent: bool,
    /// The rest that the act is about.
    pub(crate) about: Option<&'a About>,
    /// The request that the act is asked for in, if it isn't to be done.
    pub(crate) asking: Option<&'a Asking>,
    /// Set where it is asked as if enough others had approved.
    pub(crate) as_if_approved: bool,
}

/// The words of an act about itself, beside its question.
#[derive(Clone, Default)]
pub(crate) struct About {
    pub(super) told: Vec<(&'static str, String)>,
    /// The parts that nobody is shown, each with its length before it.
    pub(super) untold: Zeroizing<Vec<u8>>,
    /// Set where the rest gets known only once the approval is used up.
    pub(super) unfinished: bool,
}

impl SessionInner {
    /// Returns the question about an act in the tenant.
    pub(crate) fn question(&self, action: Action) -> Question<'_> {
        Question::new(&self.core, Some(&self.tenant), &self.who, action)
    }
}

impl<'a> Question<'a> {
    /// Asks about an act of the vault itself or, with a tenant, in that tenant.
    pub(super) fn new(core: &'a Core, tenant: Option<&'a Arc<TenantCore>>, who: &'a Who, action: Action) -> Self {
        Self {
            actor: &who.actor,
            action,
            facts: tenant.map_or(&core.facts, |tenant| &tenant.facts),
            tenant: tenant.map(|tenant| &**tenant),
            collection: None,
            fields: &[],
            purpose: who.purpose.as_deref(),
            reason: who.reason.as_deref(),
            rows: None,
            approval: who.approval,
            new_owner: None,
            reserved: 0,
            spent: false,
            about: None,
            asking: who.asking.as_deref(),
            as_if_approved: false,
        }
    }
}

impl About {
    pub(super) fn hide(&mut self, part: &[u8]) {
        extend_wiped(&mut self.untold, &u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        extend_wiped(&mut self.untold, part);
    }
}
