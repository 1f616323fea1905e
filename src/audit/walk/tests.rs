//! Every verdict, on journals in memory.

mod exhaustive;
mod later;

use super::*;
use crate::audit::{Entry, EntryBuilder, HeadBody, NewBlock, Outcome, RowFault, RowSet, leaf_of, seal_block};
use crate::model::{Action, RecordId, Timestamp};

pub(super) const VAULT: VaultId = VaultId::from_bytes([1; 16]);
pub(super) const EPOCH: JournalEpochId = JournalEpochId::from_bytes([2; 16]);

pub(super) fn key() -> Key<role::Journal> {
    Key::copied(&[3; 32])
}

pub(super) fn signing() -> Key<role::Signing> {
    Key::copied(&[4; 32])
}

pub(super) fn head_key() -> HeadKey {
    HeadKey::of(&signing(), VAULT, EPOCH)
}

fn entry(text: &str) -> Entry {
    let mut builder = EntryBuilder::new(Timestamp::from_micros(1), Action::Read);
    builder.outcome(Outcome::Permitted, "", "").reason(text);
    builder.finish().unwrap()
}

pub(super) fn tenant(number: u8) -> Option<TenantId> {
    (number > 0).then(|| TenantId::from_bytes([number; 16]))
}

fn block(position: u64, number: u8, sequence: u64, text: &str) -> Vec<u8> {
    let place = Place { vault: VAULT, epoch: EPOCH, position };
    let entries = [entry(text)];
    let new = NewBlock { place, tenant: tenant(number), sequence, commit_mac: [number; 32], entries: &entries };
    seal_block(&key(), &new).unwrap().bytes
}

/// Blocks of the vault and two tenants, in turn.
pub(super) fn journal(size: u64) -> Vec<(u64, Vec<u8>)> {
    (0..size).map(|position| (position, block(position, (position % 3) as u8, position / 3 + 1, "original"))).collect()
}

pub(super) fn tree(blocks: &[(u64, Vec<u8>)]) -> Frontier {
    let mut tree = Frontier::default();
    blocks.iter().for_each(|(_, bytes)| tree.append(leaf_of(bytes).unwrap()));
    tree
}

pub(super) fn head(tree: &Frontier) -> Head {
    Head::sign(
        &signing(),
        HeadBody {
            vault: VAULT,
            epoch: EPOCH,
            size: tree.size(),
            root: tree.root(),
            ledger_size: 0,
            ledger_hash: [0; 32],
            time: Timestamp::from_micros(0),
        },
    )
}

fn check(blocks: &[(u64, Vec<u8>)], stored: &Frontier, beside: Option<&Head>, anchor: Option<&Head>) -> Verdict {
    let key = head_key();
    let claims =
        Claims { vault: VAULT, epoch: EPOCH, start: Frontier::default(), stored, beside, anchor, head_key: &key };
    run(Walk::new(claims).unwrap(), blocks)
}

pub(super) fn run(mut walk: Walk<'_>, blocks: &[(u64, Vec<u8>)]) -> Verdict {
    for (position, bytes) in blocks {
        if let Err(verdict) = walk.block(*position, bytes, Some(&key())) {
            return verdict;
        }
    }
    walk.finish()
}

#[test]
fn whole_journal_is_intact_and_its_tips_are_the_last_blocks() {
    for size in 0..10 {
        let blocks = journal(size);
        let tree = tree(&blocks);
        assert_eq!(check(&blocks, &tree, None, None), Verdict::Intact);
        assert_eq!(check(&blocks, &tree, Some(&head(&tree)), Some(&head(&tree))), Verdict::Intact);
    }
    let (blocks, head_key) = (journal(7), head_key());
    let stored = tree(&blocks);
    let claims = Claims {
        vault: VAULT,
        epoch: EPOCH,
        start: Frontier::default(),
        stored: &stored,
        beside: None,
        anchor: None,
        head_key: &head_key,
    };
    let mut walk = Walk::new(claims).unwrap();
    for (position, bytes) in &blocks {
        let opened = walk.block(*position, bytes, Some(&key())).unwrap().unwrap();
        assert_eq!(opened.entries, [entry("original")]);
    }
    assert_eq!(walk.tips()[&tenant(0)], Tip { position: 6, sequence: 3, commit_mac: [0; 32] });
    assert_eq!(walk.tips()[&tenant(2)], Tip { position: 5, sequence: 2, commit_mac: [2; 32] });
    assert_eq!(walk.tree(), &stored);
}

#[test]
fn head_file_that_lags_is_no_complaint_and_a_callers_head_leaves_an_unanchored_tail() {
    let blocks = journal(9);
    let stored = tree(&blocks);
    let early = head(&tree(&blocks[..6]));
    assert_eq!(check(&blocks, &stored, Some(&early), None), Verdict::Intact);
    assert_eq!(check(&blocks, &stored, None, Some(&early)), Verdict::UnanchoredTail(3));
    assert_eq!(check(&blocks, &stored, None, Some(&head(&Frontier::default()))), Verdict::UnanchoredTail(9));
}

#[test]
fn missing_block_is_a_gap_wherever_it_was() {
    for at in 0..8 {
        let mut blocks = journal(9);
        let stored = tree(&blocks);
        blocks.remove(at);
        assert_eq!(check(&blocks, &stored, None, None), Verdict::Gap { at: at as u64 });
    }
}

#[test]
fn missing_end_is_truncated_by_state_or_head() {
    let blocks = journal(9);
    let (short, stored) = (tree(&blocks[..7]), tree(&blocks));
    let truncated = Verdict::Truncated { kept: 7, known: 9 };
    assert_eq!(check(&blocks[..7], &stored, None, None), truncated);
    // The state was set back with the blocks: only a head can tell.
    assert_eq!(check(&blocks[..7], &short, None, None), Verdict::Intact);
    assert_eq!(check(&blocks[..7], &short, Some(&head(&stored)), None), truncated);
    assert_eq!(check(&blocks[..7], &short, None, Some(&head(&stored))), truncated);
    assert_eq!(check(&[], &Frontier::default(), None, Some(&head(&stored))), Verdict::Truncated { kept: 0, known: 9 });
}

#[test]
fn block_written_anew_with_the_right_key_is_found_by_state_and_head() {
    let mut blocks = journal(9);
    let stored = tree(&blocks);
    let (early, late) = (head(&tree(&blocks[..3])), head(&tree(&blocks[..8])));
    blocks[4].1 = block(4, 1, 2, "another story");
    let by = |last, first, because| Verdict::Rewritten { first, last, because };
    assert_eq!(check(&blocks, &stored, None, None), by(8, 0, RewrittenBecause::State));
    assert_eq!(check(&blocks, &stored, Some(&early), None), by(8, 3, RewrittenBecause::State));
    // State and blocks rewritten together: a head covers it, an earlier one can't.
    let forged = tree(&blocks);
    assert_eq!(check(&blocks, &forged, None, Some(&late)), by(7, 0, RewrittenBecause::Head));
    assert_eq!(check(&blocks, &forged, Some(&early), Some(&late)), by(7, 3, RewrittenBecause::Head));
    assert_eq!(check(&blocks, &forged, None, Some(&early)), Verdict::UnanchoredTail(6));
}

#[test]
fn altered_moved_or_planted_block_is_rewritten() {
    let blocks = journal(9);
    let stored = tree(&blocks);
    let rewritten = |blocks: &[(u64, Vec<u8>)], at: u64, wanted: RewrittenBecause| {
        let verdict = check(blocks, &stored, None, None);
        assert_eq!(verdict, Verdict::Rewritten { first: at, last: at, because: wanted });
    };
    for at in [0, 20, 60, 90, 200] {
        let mut altered = blocks.clone();
        altered[4].1[at] ^= 1;
        let verdict = check(&altered, &stored, None, None);
        assert!(matches!(verdict, Verdict::Rewritten { first: 4, last: 4, .. }), "{at}: {verdict:?}");
    }
    let mut cut = blocks.clone();
    cut[4].1.pop();
    rewritten(&cut, 4, RewrittenBecause::Block);
    let mut swapped = blocks.clone();
    (swapped[4].0, swapped[7].0) = (7, 4);
    swapped.swap(4, 7);
    rewritten(&swapped, 4, RewrittenBecause::Sequence);
    let mut same_place_twice = blocks.clone();
    same_place_twice.insert(5, blocks[4].clone());
    rewritten(&same_place_twice, 5, RewrittenBecause::Block);
    let mut planted = blocks.clone();
    planted.push((9, block(9, 0, 4, "planted")));
    rewritten(&planted, 9, RewrittenBecause::State);
    let mut skipped = blocks;
    skipped[5].1 = block(5, 2, 3, "out of turn");
    rewritten(&skipped, 5, RewrittenBecause::Sequence);
}

#[test]
fn block_whose_key_is_gone_is_still_held_against_the_tree() {
    let mut blocks = journal(3);
    let stored = tree(&blocks);
    let head_key = head_key();
    let mut verdicts = Vec::new();
    for flip in [0, 1] {
        let last = blocks[1].1.len() - 1;
        blocks[1].1[last] ^= flip;
        let claims = Claims {
            vault: VAULT,
            epoch: EPOCH,
            start: Frontier::default(),
            stored: &stored,
            beside: None,
            anchor: None,
            head_key: &head_key,
        };
        let mut walk = Walk::new(claims).unwrap();
        let found = blocks.iter().try_for_each(|(position, bytes)| walk.block(*position, bytes, None).map(drop));
        verdicts.push(found.err().unwrap_or_else(|| walk.finish()));
    }
    assert_eq!(verdicts[0], Verdict::Intact);
    assert!(matches!(verdicts[1], Verdict::Rewritten { because: RewrittenBecause::State, .. }));
}

#[test]
fn tail_is_walked_from_the_head_files_frontier() {
    let blocks = journal(9);
    let (start, stored) = (tree(&blocks[..4]), tree(&blocks));
    let (beside, head_key) = (head(&start), head_key());
    let claims = |start: &Frontier, anchor| Claims {
        vault: VAULT,
        epoch: EPOCH,
        start: start.clone(),
        stored: &stored,
        beside: Some(&beside),
        anchor,
        head_key: &head_key,
    };
    assert_eq!(run(Walk::new(claims(&start, None)).unwrap(), &blocks[4..]), Verdict::Intact);
    let mut other = Frontier::default();
    (0..4).for_each(|n| other.append([n; 32]));
    let verdict = run(Walk::new(claims(&other, None)).unwrap(), &blocks[4..]);
    assert!(matches!(verdict, Verdict::Rewritten { because: RewrittenBecause::Head, .. }), "{verdict:?}");
    let early = head(&tree(&blocks[..2]));
    assert_eq!(Walk::new(claims(&start, Some(&early))).err(), Some(HeadError::NotCovered));
}

#[test]
fn head_of_another_journal_or_signed_by_another_key_is_refused_before_the_walk() {
    let blocks = journal(2);
    let stored = tree(&blocks);
    let good = head(&stored);
    let start = |anchor: &Head, key: &HeadKey, epoch| {
        let start = Frontier::default();
        Walk::new(Claims {
            vault: VAULT,
            epoch,
            start,
            stored: &stored,
            beside: None,
            anchor: Some(anchor),
            head_key: key,
        })
        .err()
    };
    assert_eq!(start(&good, &head_key(), EPOCH), None);
    let stranger = HeadKey::of(&Key::copied(&[9; 32]), VAULT, EPOCH);
    assert!(matches!(start(&good, &stranger, EPOCH), Some(HeadError::Signature { .. })));
    let other = JournalEpochId::from_bytes([8; 16]);
    assert!(matches!(
        start(&good, &HeadKey::of(&signing(), VAULT, other), other),
        Some(HeadError::OtherJournal { .. })
    ));
    assert!(matches!(start(&good, &head_key(), other), Some(HeadError::OtherJournal { .. })));
}

fn missing(number: u8) -> RowFault {
    RowFault::Missing { collection: "customers".to_owned(), record: RecordId::from_bytes([number; 16]) }
}

fn differ(named: Vec<RowFault>) -> Verdict {
    let tenant = TenantId::from_bytes([1; 16]);
    Verdict::RowsDiffer { tenant, rows: RowSet::Records, expected: 2, found: 1, named }
}

#[test]
fn verdict_names_some_records_and_counts_the_others() {
    assert!(differ(Vec::new()).to_string().contains("nothing tells which"));
    let one = differ(vec![missing(1)]).to_string();
    assert!(one.contains("back: record 01010101-") && one.contains("of `customers` is missing. Stop"), "{one}");
    let many = differ((1..=7).map(missing).collect()).to_string();
    assert!(many.contains("05050505-") && !many.contains("06060606-") && many.contains("; and 2 more. Stop"), "{many}");
    let (collection, record) = ("customers".to_owned(), RecordId::from_bytes([3; 16]));
    let (found, expected) = (crate::model::Revision::new(2), crate::model::Revision::new(5));
    let back = RowFault::RolledBack { collection, record, found, expected }.to_string();
    assert!(back.contains("revision 5 to 2"), "{back}");
}

#[test]
fn every_verdict_says_what_to_do() {
    let verdicts = [
        Verdict::Intact,
        differ(Vec::new()),
        differ(vec![missing(1)]),
        Verdict::Rewritten { first: 1, last: 2, because: RewrittenBecause::Head },
        Verdict::Gap { at: 3 },
        Verdict::Truncated { kept: 7, known: 9 },
        Verdict::UnanchoredTail(3),
    ];
    for verdict in verdicts {
        let text = verdict.to_string();
        assert!(["keep", "kept", "restore", "look"].iter().any(|word| text.contains(word)), "{text}");
    }
}
