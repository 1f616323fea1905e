//! Changes behind the vault's back are found, and reported as `verify` reports them.

use crate::audit::{RewrittenBecause, RowSet};
use crate::format::place;
use crate::format::row::RawRow;
use crate::model::TenantId;
use crate::vault::tests::scrub::*;

type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = at % bytes.len();
    bytes[at] ^= 1;
    bytes
}

/// Makes the changes below the open vault, runs a scrub, and undoes them.
fn found(world: &World, what: &str, changes: &Changes) -> Verdict {
    let undo: Changes = changes.iter().map(|(key, _)| (key.clone(), store(&world.memory).get(key).unwrap())).collect();
    assert!(undo != *changes, "{what}: changes nothing");
    put(&world.memory, changes);
    let verdict = scrub(world);
    assert_ne!(verdict, Verdict::Intact, "{what}");
    put(&world.memory, &undo);
    verdict
}

fn as_verify_says(world: &World, what: &str, changes: &Changes) -> Verdict {
    // The journal's state moves on with each act, so scrub and `verify` each check a copy of their own.
    let twin = copy(&world.memory);
    put(&twin, changes);
    let twin = World::open(&twin);
    let verdict = found(world, what, changes);
    let opens = |twin: &World| twin.vault.health().notices.iter().all(|notice| !notice.contains("can't be opened"));
    if let Ok(twin) = twin.and_then(|twin| if opens(&twin) { Ok(twin) } else { Err(Error::Closed) }) {
        let theirs = twin.verify();
        // The two may have looked at different numbers of blocks.
        match (&verdict, &theirs) {
            (Verdict::Rewritten { because: one, .. }, Verdict::Rewritten { because: two, .. }) => {
                assert_eq!(one, two, "{what}");
            }
            _ => assert_eq!(
                std::mem::discriminant(&verdict),
                std::mem::discriminant(&theirs),
                "{what}: {verdict:?} {theirs:?}"
            ),
        }
        if let (Verdict::RowsDiffer { .. }, Verdict::RowsDiffer { .. }) = (&verdict, &theirs) {
            assert_eq!(verdict, theirs, "{what}");
        }
    }
    verdict
}

fn differs(verdict: &Verdict, tenant: TenantId, set: RowSet) -> bool {
    matches!(verdict, Verdict::RowsDiffer { tenant: of, rows, .. } if (*of, *rows) == (tenant, set))
}

/// Returns the tenant's pairs in a space.
fn of(world: &World, space: Space, tenant: TenantId) -> Vec<Pair> {
    let all = stored(&world.memory, space);
    all.into_iter().filter(|(key, _)| place::tenant_of_key(key) == Some(tenant)).collect()
}

#[test]
fn each_kind_of_value_altered_removed_or_slipped_in_is_found_at_the_right_tenant() {
    let world = furnished(World::new());
    let globex = world.vault.tenant("globex").unwrap().id();
    let acme = world.acme.id();
    for (tenant, space, set) in [
        (acme, Space::Row, RowSet::Records),
        (globex, Space::Row, RowSet::Records),
        (acme, Space::Chunk, RowSet::Records),
        (acme, Space::Entry, RowSet::Indexes),
        (globex, Space::Entry, RowSet::Indexes),
        (acme, Space::SlotMap, RowSet::Indexes),
        (acme, Space::Schema, RowSet::Records),
        (acme, Space::Dictionary, RowSet::Records),
        (globex, Space::TenantName, RowSet::Records),
        (acme, Space::CollectionName, RowSet::Records),
        (acme, Space::Fact, RowSet::Records),
    ] {
        let all = of(&world, space, tenant);
        for (key, value) in [all.last().unwrap(), all.first().unwrap()].into_iter().take(crate::tests::amount(1, 2)) {
            let verdict = as_verify_says(&world, "removed", &vec![(key.clone(), None)]);
            assert!(differs(&verdict, tenant, set), "{space:?} {verdict:?}");
            for at in [value.len() - 1, 0] {
                let verdict = as_verify_says(&world, "altered", &vec![(key.clone(), Some(flipped(value, at)))]);
                // The end of a row is its list of index entries.
                let links = space == Space::Row && differs(&verdict, tenant, RowSet::Indexes);
                assert!(differs(&verdict, tenant, set) || links, "{space:?} {at} {verdict:?}");
            }
            if space == Space::TenantName {
                // Another key would be another tenant's.
                continue;
            }
            let mut other = key.clone();
            *other.last_mut().unwrap() ^= 0x40;
            let verdict = as_verify_says(&world, "slipped in", &vec![(other, Some(value.clone()))]);
            assert!(differs(&verdict, tenant, set), "{space:?} {verdict:?}");
        }
    }
    assert_eq!(scrub(&world), Verdict::Intact);
}

#[test]
fn row_rolled_back_swapped_or_from_another_tenant_is_found() {
    let world = furnished(World::new());
    let (customers, tenant) = (world.customers(), world.acme.id());
    let globex = world.vault.tenant("globex").unwrap();
    let theirs = stored(&world.memory, Space::Row).into_iter().find(|(key, _)| key[1..17] == *globex.id().as_bytes());
    let ids: Vec<_> = customers.iter(100).map(|found| found.unwrap().id).collect();
    let row = |id| store(&world.memory).get(&key_of(&customers, id)).unwrap().unwrap();
    let before = row(ids[0]);
    customers.update(ids[0], |customer| customer.tier = Some(9)).unwrap();
    for (what, changes) in [
        ("rolled back", vec![(key_of(&customers, ids[0]), Some(before))]),
        (
            "swapped",
            vec![(key_of(&customers, ids[1]), Some(row(ids[2]))), (key_of(&customers, ids[2]), Some(row(ids[1])))],
        ),
        ("foreign", vec![(key_of(&customers, RecordId::from_bytes([7; 16])), theirs.map(|(_, value)| value))]),
    ] {
        let verdict = as_verify_says(&world, what, &changes);
        assert!(differs(&verdict, tenant, RowSet::Records), "{what}: {verdict:?}");
    }
    assert_eq!(scrub(&world), Verdict::Intact);
}

#[test]
fn chunk_that_no_digest_covers_is_found_by_opening_its_row() {
    let world = furnished(World::new());
    let chunks = stored(&world.memory, Space::Chunk);
    assert!(chunks.len() > 1);
    for (key, value) in chunks {
        for changed in [None, Some(flipped(&value, 17)), Some(value[1..].to_vec())] {
            let verdict = as_verify_says(&world, "chunk", &vec![(key.clone(), changed)]);
            assert!(differs(&verdict, world.acme.id(), RowSet::Records), "{verdict:?}");
        }
    }
}

#[test]
fn block_altered_removed_or_put_behind_the_end_is_found() {
    let world = furnished(World::new());
    let size = world.vault.health().journal_blocks;
    for at in [0, 1, size / 2, size - 2] {
        let (key, part) = (place::block(at, 0), store(&world.memory).get(&place::block(at, 0)).unwrap().unwrap());
        assert_eq!(as_verify_says(&world, "gap", &vec![(key.clone(), None)]), Verdict::Gap { at });
        for byte in [1, 30, 90, part.len() - 1] {
            let verdict = as_verify_says(&world, "altered", &vec![(key.clone(), Some(flipped(&part, byte)))]);
            assert!(matches!(verdict, Verdict::Rewritten { first, .. } if first <= at), "{byte}: {verdict:?}");
        }
        let more = vec![(place::block(at, 1), Some(vec![1]))];
        assert!(matches!(as_verify_says(&world, "grown", &more), Verdict::Rewritten { .. }));
    }
    let other = store(&world.memory).get(&place::block(3, 0)).unwrap();
    let verdict = as_verify_says(&world, "behind the end", &vec![(place::block(100_000, 0), other)]);
    assert!(matches!(verdict, Verdict::Gap { at } if at >= size), "{verdict:?}");
    let (key, value) = stored(&world.memory, Space::Changes).remove(2);
    for changed in [None, Some(flipped(&value, 3))] {
        let verdict = as_verify_says(&world, "change list", &vec![(key.clone(), changed)]);
        assert!(matches!(verdict, Verdict::RowsDiffer { rows: RowSet::Indexes, .. }), "{verdict:?}");
    }
    let verdict = found(&world, "beyond", &vec![(place::changes(100_000, 0), Some(value))]);
    assert!(matches!(verdict, Verdict::RowsDiffer { rows: RowSet::Indexes, .. }), "{verdict:?}");
    assert_eq!(scrub(&world), Verdict::Intact);
}

#[test]
fn key_of_no_form_is_found() {
    let world = furnished(World::new());
    for n in 0..250 {
        world.notes().insert(&Note::new(format!("{n}"))).unwrap();
    }
    world.vault.flush().unwrap();
    assert!(world.vault.health().journal_blocks > 256);
    let block = Space::Block as u8;
    for key in [
        vec![block],
        vec![block, 0, 0],
        vec![block, 0, 0, 0, 0, 0, 0, 1],
        place::parts_of_block(3),
        [place::block(3, 0), vec![1]].concat(),
        vec![block, 0xff],
    ] {
        let verdict = as_verify_says(&world, "stray", &vec![(key.clone(), Some(vec![1]))]);
        assert!(matches!(verdict, Verdict::Rewritten { .. }), "{key:?}: {verdict:?}");
    }
    for space in [Space::Row, Space::Chunk, Space::Entry, Space::TenantName, Space::TenantState, Space::Fact] {
        for key in [vec![space as u8], vec![space as u8, 0xff]] {
            let verdict = as_verify_says(&world, "stray", &vec![(key.clone(), Some(vec![1]))]);
            assert!(matches!(verdict, Verdict::RowsDiffer { rows: RowSet::Records, .. }), "{key:?}: {verdict:?}");
        }
    }
    assert_eq!(scrub(&world), Verdict::Intact);
}

#[test]
fn states_and_head_that_were_put_back_are_found() {
    let world = furnished(World::new());
    let old = store(&world.memory).get(&place::tenant_state(world.acme.id())).unwrap();
    world.add("Later", "later@x.org");
    world.vault.flush().unwrap();
    let verdict = found(&world, "state", &vec![(place::tenant_state(world.acme.id()), old)]);
    assert!(differs(&verdict, world.acme.id(), RowSet::Records), "{verdict:?}");
    // A whole tenant set back while the vault was closed, with everything of it.
    let world = world.reopen();
    let before = everything(&world.memory);
    world.customers().iter(1).next().unwrap().unwrap();
    world.add("Last", "last@x.org");
    let world = World::open(&{
        let twin = copy(&world.memory);
        let of_acme = |key: &[u8]| {
            ![Space::Block, Space::JournalState, Space::Changes].iter().any(|space| key[0] == *space as u8)
        };
        let gone = everything(&twin)
            .into_iter()
            .filter(|(key, _)| of_acme(key))
            .map(|(key, _)| (key, None))
            .collect::<Changes>();
        put(&twin, &gone);
        let back = before.iter().filter(|(key, _)| of_acme(key)).map(|(key, value)| (key.clone(), Some(value.clone())));
        put(&twin, &back.collect::<Changes>());
        twin
    })
    .unwrap();
    assert!(differs(&world.verify(), world.acme.id(), RowSet::Records));
    assert!(differs(&scrub(&world), world.acme.id(), RowSet::Records));
    let head = world.memory.inner.head.lock().unwrap().replace("nonsense".to_owned());
    assert!(matches!(scrub(&world), Verdict::Rewritten { because: RewrittenBecause::Head, .. }));
    *world.memory.inner.head.lock().unwrap() = head;
}

#[test]
fn store_that_was_set_back_is_said_to_be_cut() {
    let world = furnished(World::new());
    let before = everything(&world.memory);
    for n in 0..5 {
        world.add("Later", &format!("later{n}@x.org"));
    }
    let world = world.reopen();
    let twin = copy(&world.memory);
    set_back(&twin, &before);
    let twin = World::open(&twin).unwrap();
    assert!(matches!(twin.verify(), Verdict::Truncated { .. }));
    assert!(matches!(scrub(&twin), Verdict::Truncated { .. }));
}

#[test]
fn what_belongs_to_no_tenant_is_found() {
    let world = furnished(World::new());
    let stranger = TenantId::from_bytes([9; 16]);
    for space in [Space::Row, Space::Chunk, Space::Entry, Space::TenantName, Space::TenantState, Space::Fact] {
        let (key, value) = stored(&world.memory, space).remove(0);
        let mut other = place::of_tenant(space, stranger);
        other.extend_from_slice(&key[17..]);
        let verdict = as_verify_says(&world, "stranger", &vec![(other, Some(value))]);
        assert!(differs(&verdict, stranger, RowSet::Records), "{verdict:?}");
    }
}

#[test]
fn faults_of_several_tenants_are_all_shown() {
    let world = furnished(World::new());
    let globex = world.vault.tenant("globex").unwrap().id();
    let mut changes = Changes::new();
    for tenant in [world.acme.id(), globex] {
        let (key, _) = of(&world, Space::Entry, tenant).remove(0);
        changes.push((key, None));
    }
    put(&world.memory, &changes);
    let scrub = world.vault.session(admin()).unwrap().scrub(fast()).unwrap();
    let first = scrub.wait().unwrap().unwrap();
    let found = scrub.progress().found;
    assert_eq!((found.len(), &found[0]), (2, &first));
    assert!(found.iter().any(|verdict| differs(verdict, globex, RowSet::Indexes)));
}

#[test]
fn row_altered_behind_the_cursor_is_left_to_the_next_round_and_ahead_of_it_is_found() {
    let world = furnished(World::new());
    let rows = of(&world, Space::Row, world.acme.id());
    assert!(matches!(RawRow::parse(&rows[1].1), Ok(RawRow::Live(_))));
    for (at, intact) in [(0, true), (rows.len() - 1, false)] {
        let (key, value) = rows[at].clone();
        let mut pass = Pass::new(&core(&world)).unwrap();
        let mut begun = None;
        let verdict = step_by_step(&world, &mut pass, |step, world| {
            // Acme's first rows have been read, its last one hasn't.
            let read =
                inner(world, world.acme.id()).scrubbed.cursor().is_some_and(|cursor| cursor.has_passed(&rows[2].0));
            if begun.is_none() && read {
                begun = Some(step);
                put(&world.memory, &[(key.clone(), None)]);
            }
        });
        assert!(begun.is_some());
        assert_eq!(verdict == Verdict::Intact, intact, "{verdict:?}");
        assert_ne!(scrub(&world), Verdict::Intact);
        put(&world.memory, &[(key, Some(value))]);
    }
}
