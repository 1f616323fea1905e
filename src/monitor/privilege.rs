//! Changes of who may do what, as far as they are remembered.
//!
//! Guarantees: bounded memory. Does not: know what a change allowed: the journal doesn't say.

use std::collections::VecDeque;

use crate::model::{Action, TenantId, Timestamp};

use super::act::{Act, Spot};

/// The most changes that are remembered.
const CHANGES: usize = 512;
/// Ten records shared with one party are as good as a role.
const MANY_SHARES: usize = 10;

/// The codes of acts of sharing that share nothing.
const NO_SHARE: [&str; 3] = ["ended", "not_shared", "listed"];

/// The latest changes.
#[derive(Default)]
pub(super) struct Changes(VecDeque<Change>);

/// One of them.
#[derive(Clone)]
pub(super) struct Change {
    pub(super) at: Timestamp,
    pub(super) spot: Spot,
    tenant: Option<TenantId>,
    /// The name of the act.
    pub(super) name: String,
    /// The actor who made it.
    pub(super) by: String,
    /// The party whom it favours: `actor:sales-7`, `role:support`.
    party: Option<String>,
}

impl Changes {
    pub(super) fn take(&mut self, act: &Act) {
        let of_interest = matches!(act.action, Some(Action::ChangePolicy | Action::Share | Action::Define))
            || act.name == "host_role_changed";
        let begins = act.action != Some(Action::Share) || !NO_SHARE.contains(&act.code.as_str());
        if !act.done() || !of_interest || !begins {
            return;
        }
        if self.0.len() >= CHANGES {
            // Many shares push out shares, and no change of policy or role.
            let share = self.0.iter().position(|change| change.name == Action::Share.name());
            self.0.remove(share.unwrap_or_default());
        }
        self.0.push_back(Change {
            at: act.at,
            spot: act.spot,
            tenant: act.tenant,
            name: act.name.clone(),
            by: act.actor.clone().unwrap_or_default(),
            party: act.party.clone(),
        });
    }

    /// Returns the changes of the last `micros` that favour the actor of this act: those they made themselves, and those
    /// that name them. Shares count only when there are many.
    pub(super) fn favouring(&self, act: &Act, micros: i64) -> Vec<&Change> {
        let Some(actor) = act.actor.as_deref() else { return Vec::new() };
        let named =
            |change: &Change| change.party.as_deref().and_then(|party| party.strip_prefix("actor:")) == Some(actor);
        let lately = |change: &&Change| {
            let since = act.at.as_micros().saturating_sub(change.at.as_micros());
            since <= micros && change.spot != act.spot
        };
        let here = |change: &&Change| change.tenant.is_none() || change.tenant == act.tenant;
        let mine = self.0.iter().filter(lately).filter(here);
        let (shares, others): (Vec<_>, Vec<_>) = mine.partition(|change| change.name == Action::Share.name());
        let mut found: Vec<&Change> = others.into_iter().filter(|change| change.by == actor || named(change)).collect();
        let shares: Vec<&Change> = shares.into_iter().filter(|change| named(change)).collect();
        if shares.len() >= MANY_SHARES {
            found.extend(shares);
        }
        found
    }
}
