//! Everything else that is stored: slot map, change lists, schemas, dictionaries, names, states.

use crate::audit::RewrittenBecause;
use crate::vault::tests::tampering::*;

/// Returns a vault that has something in every space, and its earlier content.
fn rich() -> (Victim, Vec<Pair>) {
    let (mut victim, [a, b, _]) = Victim::new();
    let notes = victim.world.notes();
    let about = |id| NewMeta::new().about("customers", id);
    notes.insert_with(&Note::new("one"), about(a)).unwrap();
    victim.world.vault.flush().unwrap();
    let before = everything(&victim.world.memory);
    notes.insert_with(&Note::new("two"), about(a)).unwrap();
    victim.change(b, "Bo Moon", "moon@x.org");
    victim
        .world
        .acme
        .session(admin())
        .unwrap()
        .define_as::<Customer>(Customer::schema().index("tier", Normalizer::Exact))
        .unwrap();
    victim.world.vault.flush().unwrap();
    (victim, before)
}

const SPACES: [Space; 7] = [
    Space::SlotMap,
    Space::Changes,
    Space::TenantState,
    Space::TenantName,
    Space::CollectionName,
    Space::Schema,
    Space::Dictionary,
];

#[test]
fn altered_removed_or_older_state_of_a_tenant_is_noticed() {
    let (victim, before) = rich();
    let mut older = 0;
    for space in SPACES {
        let all = stored(&victim.world.memory, space);
        assert!(!all.is_empty(), "{space:?}");
        // The first few stand for the others.
        for (key, value) in all.iter().take(crate::tests::amount(2, 4)) {
            for at in [0, value.len() / 2, value.len() - 1] {
                closed(&victim, &format!("{space:?}, byte {at}"), &vec![(key.clone(), Some(flipped(value, at, 8)))]);
            }
            closed(&victim, &format!("{space:?} removed"), &vec![(key.clone(), None)]);
            closed(&victim, &format!("{space:?} cut"), &vec![(key.clone(), Some(value[1..].to_vec()))]);
            closed(&victim, &format!("{space:?} emptied"), &vec![(key.clone(), Some(Vec::new()))]);
        }
        for (key, value) in before.iter().filter(|pair| pair.0[0] == space as u8 && !all.contains(pair)) {
            closed(&victim, &format!("{space:?} set back"), &vec![(key.clone(), Some(value.clone()))]);
            older += 1;
        }
    }
    // At least the slot's head, both tenants' states and the schema have an older value.
    assert!(older >= 3, "{older}");
}

/// Asks, as [`Victim::noticed`] does, about values that the committer rewrites: below an open copy, and a closed one.
fn closed(victim: &Victim, what: &str, changes: &Changes) {
    let open = World::open(&copy(&victim.world.memory)).unwrap();
    put(&open.memory, changes);
    victim.ask(what, &open);
    drop(open);
    let twin = copy(&victim.world.memory);
    put(&twin, changes);
    victim.noticed_when_opened(what, &twin);
}

#[test]
fn planted_and_exchanged_state_is_noticed() {
    let (victim, _) = rich();
    for space in SPACES {
        let all = stored(&victim.world.memory, space);
        let (key, value) = all[0].clone();
        let last = key.len() - 1;
        closed(&victim, &format!("{space:?} planted"), &vec![(flipped(&key, last, 0x40), Some(value.clone()))]);
        if let Some((other, theirs)) = all.iter().skip(1).find(|(_, theirs)| *theirs != value) {
            let exchanged = vec![(key.clone(), Some(theirs.clone())), (other.clone(), Some(value.clone()))];
            closed(&victim, &format!("{space:?} exchanged"), &exchanged);
        }
    }
    let extra = place::collection_part(Space::Schema, victim.world.acme.id(), victim.world.notes().core().id, 1);
    closed(&victim, "a further part of a schema", &vec![(extra, Some(vec![1]))]);
}

#[test]
fn tenant_set_back_whole_is_noticed() {
    let (victim, before) = rich();
    let acme = *victim.world.acme.id().as_bytes();
    let of_acme = |pairs: &[Pair]| -> Vec<Pair> {
        pairs.iter().filter(|(key, _)| key.len() > 16 && key[1..17] == acme).cloned().collect()
    };
    let mut changes: Changes =
        of_acme(&everything(&victim.world.memory)).into_iter().map(|(key, _)| (key, None)).collect();
    let then = of_acme(&before);
    assert!(then.iter().any(|(key, _)| key[0] == Space::TenantState as u8));
    changes.retain(|(key, _)| !then.iter().any(|(old, _)| old == key));
    changes.extend(then.into_iter().map(|(key, value)| (key, Some(value))));
    closed(&victim, "rows, entries, schemas and state of a tenant", &changes);
}

#[test]
fn tenant_whose_state_is_gone_is_not_created_a_second_time() {
    let (victim, _) = rich();
    let twin = copy(&victim.world.memory);
    put(&twin, &[(place::tenant_state(victim.world.acme.id()), None)]);
    let vault = open_options(&twin).open().unwrap();
    assert!(vault.health().notices.iter().any(|notice| notice.contains("can't be opened")));
    assert!(matches!(vault.tenant("acme"), Err(Error::Damaged { .. })));
    let again = vault.session(admin()).unwrap().create_tenant("acme");
    assert!(matches!(again, Err(Error::Damaged { .. })), "{again:?}");
    assert!(matches!(vault.session(admin()).unwrap().verify(), Ok(Verdict::RowsDiffer { .. })));
    // The other tenant still works.
    let globex = vault.tenant("globex").unwrap().session(boss()).unwrap().collection::<Customer>().unwrap();
    assert_eq!(globex.list(None, 10).unwrap().items.len(), 1);
}

#[test]
fn altered_removed_or_older_state_of_the_journal_stops_the_vault_or_keeps_it_closed() {
    let (victim, before) = rich();
    let key = place::journal_state();
    let memory = &victim.world.memory;
    let value = store(memory).get(&key).unwrap().unwrap();
    let old = before.into_iter().find(|pair| pair.0 == key).unwrap().1;
    assert!(old != value);
    let altered = (0..value.len()).step_by(17).map(|at| Some(flipped(&value, at, 1)));
    for instead in altered.chain([None, Some(Vec::new()), Some(value[1..].to_vec()), Some(old.clone())]) {
        let twin = copy(memory);
        let open = World::open(&twin).unwrap();
        put(&twin, &[(key.clone(), instead.clone())]);
        let because = RewrittenBecause::State;
        assert!(matches!(open.verify(), Verdict::Rewritten { because: found, .. } if found == because));
        // The next commit finds a store that somebody else wrote to.
        let inserted = open.customers().insert(&Customer::new("Di", "di@x.org"));
        assert!(matches!(inserted, Err(Error::Damaged { .. } | Error::Stopped { .. })), "{inserted:?}");
        let stopped = open.acme.session(boss());
        assert!(matches!(stopped, Err(Error::Stopped { .. })), "{stopped:?}");

        let twin = copy(memory);
        put(&twin, &[(key.clone(), instead.clone())]);
        if instead.as_ref() == Some(&old) {
            victim.noticed_when_opened("an older state of the journal", &twin);
        } else {
            assert!(matches!(open_options(&twin).open(), Err(Error::Damaged { .. } | Error::Newer { .. })));
        }
        // The attempts lost nothing.
        put(&twin, &[(key.clone(), Some(value.clone()))]);
        assert_eq!(World::open(&twin).unwrap().customers().list(None, 10).unwrap().items.len(), 3);
    }
}
