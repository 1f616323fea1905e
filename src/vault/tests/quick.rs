//! Quick and full checks of a whole vault, side by side, after somebody changed the journal's blocks in the store.

use crate::audit::{Head, RewrittenBecause};
use crate::format::place;
use crate::vault::check::verify::{check::Depth, verify};
use crate::vault::core::Core;
use crate::vault::tests::*;

type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// A vault with some blocks, and a head of it kept elsewhere.
struct Subject {
    world: World,
    core: Arc<Core>,
    blocks: Vec<Vec<u8>>,
    head: Head,
}

impl Subject {
    fn new() -> Self {
        let world = World::new();
        let globex = world.vault.session(admin()).unwrap().create_tenant("globex").unwrap();
        globex.session(admin()).unwrap().define::<Customer>().unwrap();
        let theirs = globex.session(boss()).unwrap().collection::<Customer>().unwrap();
        for n in 0..6 {
            world.add("Ann", &format!("a{n}@x.org"));
            theirs.insert(&Customer::new("Bo", &format!("b{n}@x.org"))).unwrap();
        }
        let core = Arc::clone(&world.customers().session().core);
        let head = world.vault.session(admin()).unwrap().head().unwrap();
        world.vault.flush().unwrap();
        let blocks: Vec<_> = stored(&world.memory, Space::Block).into_iter().map(|(_, block)| block).collect();
        assert_eq!((blocks.len() as u64, head.size()), (world.vault.health().journal_blocks, head.size()));
        Self { world, core, blocks, head }
    }

    /// Returns the verdicts of all four checks of the changed store: quick and full, without a head and with one.
    fn checked(&self, changes: &Changes) -> [Verdict; 4] {
        let memory = &self.world.memory;
        let undo: Changes = changes.iter().map(|(key, _)| (key.clone(), store(memory).get(key).unwrap())).collect();
        put(memory, changes);
        let checks = [
            (Depth::Quick, None),
            (Depth::Full, None),
            (Depth::Quick, Some(&self.head)),
            (Depth::Full, Some(&self.head)),
        ];
        let verdicts = checks.map(|(depth, anchor)| verify(&self.core, depth, anchor).unwrap());
        put(memory, &undo);
        verdicts
    }

    /// Returns these verdicts with another block, or none, at each of these positions.
    fn with(&self, blocks: &[(usize, Option<&[u8]>)]) -> [Verdict; 4] {
        let change = |(at, block): &(usize, Option<&[u8]>)| (place::block(*at as u64, 0), block.map(<[u8]>::to_vec));
        self.checked(&blocks.iter().map(change).collect())
    }
}

#[test]
fn block_dropped_exchanged_edited_doubled_or_renumbered_in_the_store_shows_in_quick_and_full_checks() {
    let subject = Subject::new();
    let (blocks, size) = (&subject.blocks, subject.blocks.len());
    assert!(matches!(subject.checked(&Vec::new())[..], [Verdict::Intact, Verdict::Intact, ..]));
    let around = |verdicts: [Verdict; 4], at: usize, what: &str| {
        for verdict in verdicts {
            let Verdict::Rewritten { first, last, .. } = verdict else { panic!("{what} at {at}: {verdict:?}") };
            assert!(first <= at as u64 && at as u64 <= last, "{what} at {at}: {first} to {last}");
        }
    };
    for at in 0..size {
        let block = &blocks[at];
        let last = at + 1 == size;
        for verdict in subject.with(&[(at, None)]) {
            let known = size as u64;
            let cut = Verdict::Truncated { kept: known - 1, known };
            assert_eq!(verdict, if last { cut } else { Verdict::Gap { at: at as u64 } });
        }
        for byte in [1, 10, 25, 30, 50, 81, 82, 113, 114, 140, block.len() - 1] {
            let mut edited = block.clone();
            edited[byte] ^= 4;
            around(subject.with(&[(at, Some(&edited))]), at, "edited");
        }
        let mut doubled = vec![(at + 1, Some(&block[..]))];
        doubled.extend((at + 1..size).map(|from| (from + 1, Some(&blocks[from][..]))));
        around(subject.with(&doubled), at + 1, "doubled");
        if last {
            continue;
        }
        around(subject.with(&[(at, Some(&blocks[at + 1])), (at + 1, Some(block))]), at, "exchanged");
        let mut renumbered: Vec<_> = (at + 1..size).map(|from| (from - 1, Some(&blocks[from][..]))).collect();
        renumbered.push((size - 1, None));
        for verdict in subject.with(&renumbered) {
            let detected = match verdict {
                Verdict::Rewritten { first, .. } => first >= at as u64,
                Verdict::Truncated { kept, known } => (kept, known) == (size as u64 - 1, size as u64),
                _ => false,
            };
            assert!(detected, "renumbered from {at}: {verdict:?}");
        }
    }
    assert!(matches!(subject.checked(&Vec::new())[..], [Verdict::Intact, Verdict::Intact, ..]));
}

#[test]
fn public_quick_check_says_what_the_full_one_does_and_is_written_down() {
    let kept = Kept::default();
    let world = World::with(|options| options.sink(crate::audit::Required(kept.clone())));
    let id = world.add("Ann", "ann@x.org");
    let head = world.vault.session(admin()).unwrap().head().unwrap();
    world.vault.flush().unwrap();
    assert_eq!(world.vault.session(admin()).unwrap().verify_quick().unwrap(), Verdict::Intact);
    world.vault.flush().unwrap();
    let tail = world.vault.health().journal_blocks - head.size();
    assert_eq!(
        world.vault.session(admin()).unwrap().verify_quick_against(&head).unwrap(),
        Verdict::UnanchoredTail(tail)
    );
    put(&world.memory, &[(key_of(&world.customers(), id), None)]);
    let (quick, full) = (world.vault.session(admin()).unwrap().verify_quick().unwrap(), world.verify());
    assert!(matches!(quick, Verdict::RowsDiffer { .. }));
    assert_eq!(quick, full);
    assert!(matches!(world.vault.session(boss()).unwrap().verify_quick(), Err(Error::Denied(_))));
    world.vault.flush().unwrap();
    let codes: Vec<_> = kept.of("verify").iter().map(|event| event.code().to_owned()).collect();
    assert_eq!(codes[1..5], ["intact", "unanchored_tail", "rows_differ", "rows_differ"]);
}

#[test]
fn last_block_of_the_vault_itself_is_held_against_its_commit_key() {
    use crate::audit::{NewBlock, Place, leaf_of, seal_block};
    use crate::vault::upkeep::heads::sign_head;
    // Somebody has every key but the commit key, and makes everything else fit.
    let world = World::new();
    let core = Arc::clone(&world.customers().session().core);
    let _head = world.vault.session(admin()).unwrap().head().unwrap();
    world.vault.close().unwrap();
    let keys = Arc::clone(core.keyring.vault_keys());
    let sealed = store(&world.memory).get(&place::journal_state()).unwrap().unwrap();
    let mut state = crate::audit::JournalState::open(&sealed, &keys.state, core.id).unwrap();
    let size = state.frontier.size();
    let bytes = store(&world.memory).get(&place::block(size - 1, 0)).unwrap().unwrap();
    let header = crate::audit::header_of(&bytes).unwrap();
    assert_eq!(header.tenant, None);
    let place = Place { vault: core.id, epoch: state.epoch, position: size - 1 };
    let entries = crate::audit::open_block(&bytes, &keys.journal, &place).unwrap().entries;
    let new = NewBlock { place, tenant: None, sequence: header.sequence, commit_mac: [1; 32], entries: &entries };
    let forged = seal_block(&keys.journal, &new).unwrap().bytes;
    state.frontier = crate::audit::Frontier::default();
    for position in 0..size - 1 {
        let block = store(&world.memory).get(&crate::format::place::block(position, 0)).unwrap().unwrap();
        state.frontier.append(leaf_of(&block).unwrap());
    }
    state.frontier.append(leaf_of(&forged).unwrap());
    let head = sign_head(core.id, &core.keyring, &state);
    let text = crate::audit::encode_head_file(&head, &state.frontier).unwrap();
    *world.memory.inner.head.lock().unwrap() = Some(text);
    let state = state.seal(&keys.state, core.id).unwrap();
    put(
        &world.memory,
        &[
            (crate::format::place::block(size - 1, 0), Some(forged)),
            (crate::format::place::journal_state(), Some(state)),
        ],
    );
    let world = World::open(&world.memory).unwrap();
    let core = Arc::clone(&world.customers().session().core);
    for depth in [Depth::Quick, Depth::Full] {
        let verdict = verify(&core, depth, None).unwrap();
        let because = RewrittenBecause::Block;
        assert_eq!(verdict, Verdict::Rewritten { first: size - 1, last: size - 1, because });
    }
}
