//! Every verdict, reached through the vault.

use crate::audit::{
    Entry, EntryBuilder, Head, JournalState, NewBlock, Outcome, Place, RewrittenBecause, RowFault, RowSet,
};
use crate::audit::{encode_head_file, header_of, leaf_of, seal_block};
use crate::format::place;
use crate::format::row::RawRow;
use crate::keys::CEILING_BLOCK;
use crate::model::{Action, Timestamp};
use crate::vault::VaultSession;
use crate::vault::commit::Blocks;
use crate::vault::tests::*;
use crate::vault::upkeep::heads::sign_head;

/// Returns a vault with a journal of some blocks, each of one act.
fn world() -> World {
    let world = World::new();
    for n in 0..6 {
        world.add(&format!("Customer {n}"), &format!("c{n}@x.org"));
    }
    world.vault.flush().unwrap();
    world
}

fn blocks(world: &World) -> Blocks {
    let core = &world.customers().session().core.clone();
    Blocks {
        vault: core.id,
        epoch: core.journal.latest().unwrap().epoch,
        store: Arc::clone(&core.store),
        keyring: Arc::clone(&core.keyring),
        keys: Arc::clone(core.keyring.vault_keys()),
    }
}

fn size(world: &World) -> u64 {
    world.vault.health().journal_blocks
}

fn head_file(memory: &Memory) -> String {
    memory.inner.head.lock().unwrap().clone().unwrap()
}

fn slots(world: &World) -> Vec<u32> {
    let rows = stored(&world.memory, Space::Row);
    let slot = |(_, row): &Pair| match RawRow::parse(row).unwrap() {
        RawRow::Live(row) => row.head.slot.0,
        RawRow::Tombstone(_) => panic!("nothing was deleted"),
    };
    rows.iter().map(slot).collect()
}

#[test]
fn intact_vault_is_said_to_be_intact_also_against_its_own_head() {
    let world = world();
    let head = world.vault.session(admin()).unwrap().head().unwrap();
    assert_eq!(world.verify(), Verdict::Intact);
    assert!(head.verify(&world.vault.head_key()).is_ok());
    let world = world.reopen();
    let head = Head::parse(&head.to_string()).unwrap();
    // Opening and checking were acts too; the head kept before covers none of their blocks.
    let tail = size(&world) - head.size();
    assert_eq!(world.vault.session(admin()).unwrap().verify_against(&head).unwrap(), Verdict::UnanchoredTail(tail));
    let now = world.vault.session(admin()).unwrap().head().unwrap();
    assert_eq!(world.vault.session(admin()).unwrap().verify_against(&now).unwrap(), Verdict::Intact);
}

#[test]
fn blocks_after_the_head_that_was_brought_are_counted() {
    let world = world();
    let head = world.vault.session(admin()).unwrap().head().unwrap();
    for n in 0..3 {
        world.add("Di", &format!("di{n}@x.org"));
    }
    assert_eq!(world.vault.session(admin()).unwrap().verify_against(&head).unwrap(), Verdict::UnanchoredTail(3));
}

#[test]
fn rows_and_index_entries_that_differ_are_told_apart() {
    let world = world();
    let tenant = world.acme.id();
    for (space, set) in [(Space::Row, RowSet::Records), (Space::Entry, RowSet::Indexes)] {
        let (key, value) = stored(&world.memory, space).remove(0);
        put(&world.memory, &[(key.clone(), None)]);
        match world.verify() {
            Verdict::RowsDiffer { tenant: found, rows, expected, found: count, named } => {
                assert_eq!((found, rows, count), (tenant, set, expected - 1));
                match (set, &named[..]) {
                    (RowSet::Records, [RowFault::Missing { collection, record }]) => {
                        assert_eq!((collection.as_str(), record.as_bytes()), ("customers", key.last_chunk().unwrap()));
                    }
                    (RowSet::Indexes, [RowFault::Misindexed { collection, .. }]) => assert_eq!(collection, "customers"),
                    other => panic!("{other:?}"),
                }
            }
            other => panic!("{other:?}"),
        }
        put(&world.memory, &[(key, Some(value))]);
    }
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn block_removed_from_the_middle_is_a_gap_and_from_the_end_a_cut() {
    let world = world();
    let size = size(&world);
    for at in [0, 1, size / 2, size - 2] {
        let key = place::block(at, 0);
        let value = store(&world.memory).get(&key).unwrap();
        put(&world.memory, &[(key.clone(), None)]);
        assert_eq!(world.verify(), Verdict::Gap { at });
        assert_eq!(World::open(&copy(&world.memory)).unwrap().verify(), Verdict::Gap { at });
        put(&world.memory, &[(key, value)]);
    }
    let world = world.reopen();
    let size = self::size(&world);
    let twin = copy(&world.memory);
    put(&twin, &[(place::block(size - 1, 0), None)]);
    let opened = World::open(&twin).unwrap();
    assert_eq!(opened.verify(), Verdict::Truncated { kept: size - 1, known: size });
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn every_altered_byte_of_a_block_is_noticed() {
    let world = world();
    let at = size(&world) / 2;
    let key = place::block(at, 0);
    let block = store(&world.memory).get(&key).unwrap().unwrap();
    for byte in (0..block.len()).step_by(3) {
        let mut altered = block.clone();
        altered[byte] ^= 0x11;
        put(&world.memory, &[(key.clone(), Some(altered))]);
        match world.vault.session(admin()).unwrap().verify() {
            Ok(Verdict::Rewritten { first, .. }) => assert!(first <= at, "byte {byte}"),
            // The version byte: a newer release may have written the block.
            Err(Error::Newer { .. }) => assert_eq!(byte, 0),
            other => panic!("byte {byte}: {other:?}"),
        }
    }
    for instead in [Vec::new(), block[1..].to_vec(), [&block[..], &[0]].concat()] {
        put(&world.memory, &[(key.clone(), Some(instead))]);
        assert!(matches!(world.verify(), Verdict::Rewritten { .. }));
    }
    put(&world.memory, &[(key, Some(block))]);
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn part_of_a_long_block_under_another_number_is_noticed() {
    let world = world();
    let mut batch = world.session(boss()).batch();
    for n in 0..200 {
        batch.insert(&world.notes(), &Note::new(format!("note {n}"))).unwrap();
    }
    batch.commit().unwrap();
    let parts: Vec<Pair> = stored(&world.memory, Space::Block);
    let at = size(&world) - 1;
    let long = parts.iter().filter(|(key, _)| place::position_of_key(key).unwrap().0 == at).count();
    assert!(long > 2, "{long}");
    for (from, to) in [(long as u32 - 1, long as u32), (long as u32 - 1, 900), (0, 900)] {
        let (key, moved) = (place::block(at, from), place::block(at, to));
        let value = store(&world.memory).get(&key).unwrap();
        put(&world.memory, &[(key.clone(), None), (moved.clone(), value.clone())]);
        assert!(matches!(world.verify(), Verdict::Rewritten { .. }), "{from} to {to}");
        put(&world.memory, &[(key, value), (moved, None)]);
    }
    let single = (place::block(1, 0), place::block(1, 1));
    let value = store(&world.memory).get(&single.0).unwrap();
    put(&world.memory, &[(single.0, None), (single.1, value)]);
    assert!(matches!(world.verify(), Verdict::Rewritten { .. }));
}

#[test]
fn blocks_planted_behind_the_end_or_exchanged_are_noticed() {
    let world = world();
    let size = size(&world);
    let block = |at| store(&world.memory).get(&place::block(at, 0)).unwrap();
    put(&world.memory, &[(place::block(size, 0), block(size - 1))]);
    let because = RewrittenBecause::State;
    assert!(matches!(world.verify(), Verdict::Rewritten { because: found, .. } if found == because));
    put(&world.memory, &[(place::block(size, 0), None)]);
    put(&world.memory, &[(place::block(3, 0), block(4)), (place::block(4, 0), block(3))]);
    assert!(matches!(world.verify(), Verdict::Rewritten { first: 3, .. }), "{:?}", world.verify());
}

fn entry(actor: &str) -> Entry {
    let mut entry = EntryBuilder::new(Timestamp::from_micros(0), Action::Create);
    entry.outcome(Outcome::Permitted, "", "").actor(&Actor::new(actor));
    entry.finish().unwrap()
}

/// Returns the block at a position, written anew by somebody who has the keys.
fn forged(world: &World, position: u64) -> Vec<u8> {
    let blocks = blocks(world);
    let header = header_of(&blocks.bytes(position).unwrap().unwrap()).unwrap();
    let tenant = header.tenant.and_then(|id| blocks.keyring.tenant(id));
    let key = tenant.as_ref().map_or(&blocks.keys.journal, |tenant| tenant.journal());
    let new = NewBlock {
        place: Place { vault: blocks.vault, epoch: blocks.epoch, position },
        tenant: header.tenant,
        sequence: header.sequence,
        commit_mac: header.commit_mac,
        entries: &[entry("somebody else")],
    };
    seal_block(key, &new).unwrap().bytes
}

#[test]
fn block_written_anew_with_the_right_keys_is_noticed() {
    let world = world();
    let at = size(&world) / 2;
    put(&world.memory, &[(place::block(at, 0), Some(forged(&world, at)))]);
    assert!(blocks(&world).open(at, &blocks(&world).bytes(at).unwrap().unwrap()).is_ok());
    match world.verify() {
        Verdict::Rewritten { first, last, because } => {
            assert!(first <= at && at <= last);
            assert!(matches!(because, RewrittenBecause::Head | RewrittenBecause::State));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn whoever_has_every_key_and_rewrites_all_of_it_is_shown_by_a_head_kept_elsewhere() {
    let world = world();
    let kept = world.vault.session(admin()).unwrap().head().unwrap();
    let blocks = blocks(&world);
    world.vault.close().unwrap();
    let at = kept.size() / 2;
    let twin = copy(&world.memory);
    let open = Blocks { store: Arc::new(store(&twin)), ..blocks.clone() };
    put(&twin, &[(place::block(at, 0), Some(forged(&World::open(&copy(&twin)).unwrap(), at)))]);
    let stored = store(&twin).get(&place::journal_state()).unwrap().unwrap();
    let mut state = JournalState::open(&stored, &blocks.keys.state, blocks.vault).unwrap();
    let size = state.frontier.size();
    state.frontier = crate::audit::Frontier::default();
    for position in 0..size {
        state.frontier.append(leaf_of(&open.bytes(position).unwrap().unwrap()).unwrap());
    }
    put(&twin, &[(place::journal_state(), Some(state.seal(&blocks.keys.state, blocks.vault).unwrap()))]);
    let head = sign_head(blocks.vault, &blocks.keyring, &state);
    *twin.inner.head.lock().unwrap() = Some(encode_head_file(&head, &state.frontier).unwrap());

    let world = World::open(&twin).unwrap();
    assert_eq!(world.vault.health().notices, Vec::<String>::new());
    assert_eq!(world.verify(), Verdict::Intact);
    let verdict = world.vault.session(admin()).unwrap().verify_against(&kept).unwrap();
    assert!(matches!(verdict, Verdict::Rewritten { because: RewrittenBecause::Head, .. }), "{verdict:?}");
}

#[test]
fn vault_set_back_below_its_head_says_so_ever_after_and_never_gives_out_a_slot_twice() {
    let world = world();
    world.vault.close().unwrap();
    let old = everything(&world.memory);
    let mut world = World::open(&world.memory).unwrap();
    let kept = size(&world);
    for n in 0..8 {
        world.add("Di", &format!("di{n}@x.org"));
    }
    let lost = slots(&world).into_iter().max().unwrap();
    let outside = world.vault.session(admin()).unwrap().head().unwrap();
    world.vault.close().unwrap();
    let known = Head::parse(&head_file(&world.memory)).unwrap().size();

    set_back(&world.memory, &old);
    world = World::open(&world.memory).unwrap();
    let notices = world.vault.health().notices;
    assert!(notices.iter().any(|notice| notice.contains("Truncated")), "{notices:?}");
    assert!(world.vault.health().journal_short);
    assert_eq!(world.verify(), Verdict::Truncated { kept, known });
    // Opened and closed again without a write, then written to: by then the head file has been overwritten.
    world = world.reopen();
    assert!(!world.vault.health().notices.is_empty());
    assert!(matches!(world.verify(), Verdict::Truncated { known: found, .. } if found == known));
    let new = world.add("Ed", "ed@x.org");
    let slot = slots(&world).into_iter().max().unwrap();
    assert!(slot > lost && slot >= CEILING_BLOCK, "{slot} after {lost}");
    assert_eq!(world.customers().get(new).unwrap().value.name, "Ed");
    assert!(matches!(world.verify(), Verdict::Truncated { known: found, .. } if found == known));
    world = world.reopen();
    // Writes in another tenant must not make the vault forget this one's loss.
    let globex = world.vault.session(admin()).unwrap().create_tenant("globex").unwrap();
    globex.session(admin()).unwrap().define::<Note>().unwrap();
    while size(&world) <= known {
        globex.session(boss()).unwrap().collection().unwrap().insert(&Note::new("x")).unwrap();
    }
    world = world.reopen();
    assert!(!world.vault.health().notices.is_empty() && world.vault.health().journal_short);
    let verdict = world.verify();
    assert!(matches!(verdict, Verdict::Rewritten { because: RewrittenBecause::Head, .. }), "{verdict:?}");
    let verdict = world.vault.session(admin()).unwrap().verify_against(&outside).unwrap();
    assert!(matches!(verdict, Verdict::Rewritten { .. }), "{verdict:?}");
    let before = slots(&world).into_iter().max().unwrap();
    world.add("Fay", "fay@x.org");
    assert!(slots(&world).into_iter().max().unwrap() > before);
}

#[test]
fn vault_set_back_with_its_head_is_shown_by_a_head_kept_elsewhere_alone() {
    let world = world();
    world.vault.close().unwrap();
    let old = copy(&world.memory);
    let world = World::open(&world.memory).unwrap();
    for n in 0..8 {
        world.add("Di", &format!("di{n}@x.org"));
    }
    let head = world.vault.session(admin()).unwrap().head().unwrap();
    let world = World::open(&old).unwrap();
    assert_eq!(world.verify(), Verdict::Intact);
    let verdict = world.vault.session(admin()).unwrap().verify_against(&head).unwrap();
    assert!(matches!(verdict, Verdict::Truncated { known, .. } if known == head.size()), "{verdict:?}");
}

#[test]
fn missing_garbled_or_foreign_head_file_keeps_a_vault_closed_and_is_no_loss() {
    let world = world();
    let other = World::new();
    other.vault.close().unwrap();
    let foreign = head_file(&other.memory);
    world.vault.close().unwrap();
    let memory = &world.memory;
    let (good, content) = (head_file(memory), everything(memory));
    let half = good[..good.len() / 2].to_owned();
    let resigned = good.replacen(&Head::parse(&good).unwrap().size().to_string(), "3", 1);
    for bad in [None, Some(String::new()), Some(half), Some("rubbish\n".to_owned()), Some(foreign), Some(resigned)] {
        *memory.inner.head.lock().unwrap() = bad;
        assert!(matches!(open_options(memory).open(), Err(Error::Damaged { .. })));
        assert!(everything(memory) == content);
    }
    *memory.inner.head.lock().unwrap() = Some(good);
    let world = World::open(memory).unwrap();
    assert_eq!(world.verify(), Verdict::Intact);
    // A head file lost while the vault is open is missed by the check, and written anew at close.
    *memory.inner.head.lock().unwrap() = None;
    assert!(matches!(world.verify(), Verdict::Rewritten { because: RewrittenBecause::Head, .. }));
    assert_eq!(world.reopen().verify(), Verdict::Intact);
}

#[test]
fn head_file_that_lags_is_caught_up_with() {
    let world = world();
    let early = head_file(&world.memory);
    world.vault.close().unwrap();
    let last = Head::parse(&head_file(&world.memory)).unwrap().size();
    let lag = last - Head::parse(&early).unwrap().size();
    assert!(lag > 3, "{lag}");
    *world.memory.inner.head.lock().unwrap() = Some(early);
    let world = World::open(&world.memory).unwrap();
    let notices = world.vault.health().notices;
    assert!(notices.iter().any(|notice| notice.contains(&format!("adopted {lag} "))), "{notices:?}");
    assert!(!world.vault.health().journal_short);
    assert_eq!(world.verify(), Verdict::Intact);
    assert_eq!(world.reopen().vault.health().notices, Vec::<String>::new());
}

#[test]
fn head_of_another_vault_or_one_altered_is_an_error_not_a_verdict() {
    let (world, other) = (world(), World::new());
    let foreign = other.vault.session(admin()).unwrap().head().unwrap();
    assert!(matches!(world.vault.session(admin()).unwrap().verify_against(&foreign), Err(Error::Head(_))));
    let head = world.vault.session(admin()).unwrap().head().unwrap();
    let text = head.to_string().replacen(&format!("\n{}\n", head.size()), &format!("\n{}\n", head.size() + 1), 1);
    let altered = Head::parse(&text).unwrap();
    assert_ne!(altered, head);
    assert!(matches!(world.vault.session(admin()).unwrap().verify_against(&altered), Err(Error::Head(_))));
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn check_that_ends_in_an_error_is_written_down_as_one_that_failed() {
    let kept = Kept::default();
    let world = World::with(|options| options.sink(crate::audit::Required(kept.clone())));
    let head = World::new().vault.session(admin()).unwrap().head().unwrap();
    assert!(matches!(world.vault.session(admin()).unwrap().verify_quick_against(&head), Err(Error::Head(_))));
    let key = place::block(1, 0);
    let mut newer = store(&world.memory).get(&key).unwrap().unwrap();
    newer[0] ^= 0x40;
    put(&world.memory, &[(key, Some(newer))]);
    for check in [VaultSession::verify, VaultSession::verify_quick] {
        assert!(matches!(check(&world.vault.session(admin()).unwrap()), Err(Error::Newer { .. })));
    }
    world.vault.flush().unwrap();
    let told: Vec<_> = kept.of("verify").iter().map(|event| (event.outcome(), event.code().to_owned())).collect();
    assert_eq!(told, vec![(Outcome::Failed, "error".to_owned()); 3]);
    assert!(kept.of("verify").iter().all(|event| event.actor() == Some("root")));
}

#[test]
fn key_of_no_form_in_the_store_is_a_verdict_and_no_error() {
    let world = world();
    let size = size(&world);
    let block = Space::Block as u8;
    let part = |tail: &[u8]| [&place::block(3, 0), tail].concat();
    let keys = [
        (vec![block], 0),
        (vec![block, 0], 0),
        (place::parts_of_block(3), 3),
        (part(&[])[..11].to_vec(), 3),
        (part(&[1]), 3),
        (part(&[0; 40]), 3),
        (vec![block, 0xff], size),
        (vec![block; 200], size),
    ];
    for (key, at) in keys {
        let twin = copy(&world.memory);
        put(&twin, &[(key.clone(), Some(vec![1]))]);
        let twin = World::open(&twin).unwrap();
        for check in [VaultSession::verify, VaultSession::verify_quick] {
            let verdict = check(&twin.vault.session(admin()).unwrap()).unwrap();
            // Checking is an act itself, and makes the journal longer.
            let there = |first| first == at || at == size && first > size;
            assert!(matches!(verdict, Verdict::Rewritten { first, .. } if there(first)), "{key:?}: {verdict:?}");
        }
    }
    for space in [Space::Row, Space::Chunk, Space::Entry, Space::SlotMap, Space::TenantState, Space::TenantName] {
        for key in [vec![space as u8], vec![space as u8, 0xff], [&[space as u8][..], &[7; 15]].concat()] {
            put(&world.memory, &[(key.clone(), Some(vec![1]))]);
            for check in [VaultSession::verify, VaultSession::verify_quick] {
                let verdict = check(&world.vault.session(admin()).unwrap()).unwrap();
                let of_none = matches!(&verdict, Verdict::RowsDiffer { tenant, .. } if *tenant != world.acme.id());
                assert!(of_none, "{key:?}: {verdict:?}");
            }
            put(&world.memory, &[(key, None)]);
        }
    }
    // A key after all keys of a tenant must not make the check loop.
    let behind = [place::tenant_state(world.acme.id()), vec![0xff; 80]].concat();
    put(&world.memory, &[(behind, Some(vec![1]))]);
    let _ends = world.vault.session(admin()).unwrap().verify().unwrap();
}

#[test]
fn verdict_and_its_actor_are_written_down() {
    let kept = Kept::default();
    let world = World::with(|options| options.sink(crate::audit::Required(kept.clone())));
    assert_eq!(world.verify(), Verdict::Intact);
    let (key, _) = stored(&world.memory, Space::CollectionName).remove(0);
    put(&world.memory, &[(key, None)]);
    assert!(matches!(world.verify(), Verdict::RowsDiffer { .. }));
    let refused = world.vault.session(boss()).unwrap().verify();
    assert!(matches!(refused, Err(Error::Denied(_))));
    world.vault.flush().unwrap();
    let seen: Vec<_> =
        kept.of("verify").iter().map(|event| (event.actor().unwrap().to_owned(), event.code().to_owned())).collect();
    let of = |actor: &str, code: &str| (actor.to_owned(), code.to_owned());
    assert_eq!(seen[..2], [of("root", "intact"), of("root", "rows_differ")]);
    assert_eq!((seen.len(), seen[2].0.as_str()), (3, "b"));
    assert_eq!(kept.of("verify")[2].outcome(), Outcome::Denied);
}
