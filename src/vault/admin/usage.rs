//! When roles were last used, from the journal.
//!
//! Guarantees: every permitted act of the tenant and of the vault itself counts that is in the journal and whose time is in
//! the days asked about. Does not: count acts in other tenants, or look further back than the first block that ends more
//! than an hour before those days; a clock that was set back by more than that can hide earlier acts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::audit;
use crate::audit::{Event, Outcome};
use crate::error::Result;
use crate::model::{Action, TenantId, Timestamp};

use crate::vault::commit::unreadable;
use crate::vault::core::Core;

/// Longest time by which blocks may be out of order, in microseconds.
const OUT_OF_ORDER: i64 = 3_600_000_000;

/// The time of the last use of each of these roles since then.
pub(crate) fn last_used(
    core: &Core,
    tenant: TenantId,
    roles: &BTreeSet<String>,
    since: Timestamp,
) -> Result<BTreeMap<String, Timestamp>> {
    let (blocks, size) = core.blocks()?;
    let journal: Arc<str> = "".into();
    let mut used: BTreeMap<String, Timestamp> = BTreeMap::new();
    // What the host has recorded is no act under the policy.
    let act = |event: &&Event| Action::from_name(event.action()).is_some();
    for position in (0..size).rev() {
        // What was trimmed was before the days that the journal is kept for.
        let Some(bytes) = blocks.bytes(position)? else { break };
        let owner = audit::header_of(&bytes).map_err(unreadable)?.tenant;
        if owner.is_some_and(|owner| owner != tenant) {
            continue;
        }
        let (owner, opened) = blocks.open(position, &bytes)?;
        let events = audit::events(&journal, owner, position, opened.entries);
        let used_now = |event: &&Event| event.outcome() == Outcome::Permitted && event.time() >= since;
        for event in events.iter().filter(act).filter(used_now) {
            for role in used_by(event, roles) {
                let known = used.entry(role.to_owned()).or_insert_with(|| event.time());
                *known = event.time().max(*known);
            }
        }
        let newest = events.iter().map(Event::time).max();
        let too_old = |newest: Timestamp| newest.as_micros().saturating_add(OUT_OF_ORDER) < since.as_micros();
        if newest.is_some_and(too_old) {
            break;
        }
    }
    Ok(used)
}

/// The roles that an act used: the one whose rule it was, where the rule says so and the actor has it, else all of the
/// actor's; the rule's own besides, where they have it through another.
fn used_by<'e>(event: &'e Event, known: &'e BTreeSet<String>) -> BTreeSet<&'e str> {
    let held = event.roles();
    let begins = |role: &&str| {
        let rest = event.rule().strip_prefix(*role);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')))
    };
    let all = held.iter().copied().chain(known.iter().map(String::as_str)).filter(|role| !role.is_empty());
    match all.filter(begins).max_by_key(|role| role.len()) {
        Some(role) if held.contains(&role) => BTreeSet::from([role]),
        inherited => held.into_iter().chain(inherited).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{EntryBuilder, events};
    use crate::model::Actor;

    #[test]
    fn act_uses_the_role_whose_rule_it_was_or_all_of_the_actors() {
        let known: BTreeSet<String> = ["employee", "sales"].into_iter().map(str::to_owned).collect();
        for (rule, roles, used) in [
            ("sales on customers", &["sales", "support"][..], &["sales"][..]),
            ("sales manager on customers", &["sales", "sales manager"], &["sales manager"]),
            ("salesperson on any", &["sales", "support"], &["sales", "support"]),
            ("sales-lead on any", &["sales", "sales-lead"], &["sales-lead"]),
            ("employee on customers", &["support", "clerk"], &["clerk", "employee", "support"]),
            ("sales", &["sales", "support"], &["sales"]),
            ("", &["sales", ""], &["", "sales"]),
        ] {
            let mut entry = EntryBuilder::new(Timestamp::from_micros(0), Action::Read);
            let actor = roles.iter().fold(Actor::new("a"), |actor, role| actor.with_role(*role));
            entry.outcome(Outcome::Permitted, "", rule).actor(&actor);
            let event = events(&"".into(), None, 0, vec![entry.finish().unwrap()]).remove(0);
            assert_eq!(used_by(&event, &known).into_iter().collect::<Vec<_>>(), used, "{rule}");
        }
    }
}
