//! Bars to an actor before any policy is asked: a suspension, the tenant's freeze, a demanded log-in.

use crate::format::fact::{Demand, Extent};
use crate::model::{Action, Actor, Authentication};
use crate::policy::{Denial, codes};

use crate::vault::standing::Freeze;
use crate::vault::state::tenant::TenantCore;

use super::question::Question;

impl Question<'_> {
    /// Refuses an actor who may do nothing in the tenant now: suspended, stopped by a freeze, or due for a new log-in.
    pub(crate) fn barred(&self) -> Result<(), Denial> {
        let Question { tenant: Some(tenant), actor, action, .. } = *self else { return Ok(()) };
        if tenant.facts.is_suspended(actor.id()) {
            let why = format!("`{}` is suspended: see `session.reinstate`", actor.id());
            return Err(Denial::new(codes::SUSPENDED, why));
        }
        frozen(tenant, action)?;
        demanded(tenant, actor)
    }
}

fn frozen(tenant: &TenantCore, action: Action) -> Result<(), Denial> {
    let table = tenant.facts.read();
    if let Some(freeze) = table.freeze()
        && !goes_on(freeze.extent.into(), action)
    {
        let extent = match freeze.extent {
            Extent::ReadOnly => "frozen, read-only",
            Extent::Closed => "frozen and closed",
        };
        let why = format!("`{action}`: the tenant is {extent}: see `session.frozen` and `session.unfreeze`");
        return Err(
            Denial::new(codes::FROZEN, why).for_user("This is stopped for the time being. Ask your administrator.")
        );
    }
    Ok(())
}

fn demanded(tenant: &TenantCore, actor: &Actor) -> Result<(), Denial> {
    let table = tenant.facts.read();
    if let Some(demand) = table.demand(actor.id())
        && !actor.authentication().is_some_and(|authentication| meets(authentication, demand))
    {
        let why = format!(
            "`{}` has to be authenticated anew, with strength {} or more (see `session.require_step_up` and \
             `Actor::with_authentication`)",
            actor.id(),
            demand.strength
        );
        let user = "Prove once more who you are, in the stronger way, and try again.";
        return Err(Denial::new(codes::STEP_UP_REQUIRED, why).for_user(user));
    }
    Ok(())
}

fn meets(authentication: Authentication, demand: &Demand) -> bool {
    authentication.strength >= demand.strength && authentication.at > demand.at
}

/// Tells whether an act goes on while the tenant is frozen.
const fn goes_on(extent: Freeze, action: Action) -> bool {
    match action {
        // An approval does nothing for acts that don't go on.
        Action::Approve
        | Action::Verify
        | Action::ReadJournal
        | Action::Suspend
        | Action::Freeze
        | Action::ReviewAccess
        | Action::ReviewEmergency
        | Action::Hold
        | Action::Backup
        | Action::Retain
        | Action::RotateKeys => true,
        action => matches!(extent, Freeze::ReadOnly) && shows(action),
    }
}

/// Tells whether an act shows records and changes none.
const fn shows(action: Action) -> bool {
    matches!(action, Action::Read | Action::List | Action::Search | Action::Count | Action::Export | Action::Unmask)
}
