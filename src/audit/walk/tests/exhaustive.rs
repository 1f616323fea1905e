//! Journals of 1,000 entries (200 in the short form), with every block and entry dropped, exchanged, edited, doubled and renumbered, and cut
//! everywhere; each verdict with its position.

use super::*;
use super::{EPOCH, VAULT, head, head_key, key, tenant};
use crate::audit::{Entry, EntryBuilder, NewBlock, Outcome, leaf_of, seal_block};
use crate::format::block::{HASH, HEADER};
use crate::model::{Action, Timestamp};

/// The entries of each journal.
fn in_all() -> usize {
    crate::tests::amount(200, 1_000)
}

/// A journal, and what is known of each of its beginnings.
struct Journal {
    each: usize,
    blocks: Vec<Vec<u8>>,
    leaves: Vec<Digest>,
    /// The tree of the first so many blocks, and each tenant's last one among them.
    trees: Vec<Frontier>,
    tips: Vec<BTreeMap<Option<TenantId>, Tip>>,
    whole: Head,
    head_key: HeadKey,
}

fn entry(number: usize) -> Entry {
    let mut builder = EntryBuilder::new(Timestamp::from_micros(1), Action::Read);
    builder.outcome(Outcome::Permitted, "", "").reason(&format!("entry {number}"));
    builder.finish().unwrap()
}

/// Whose block it is: two of the vault's, two of one tenant's, two of another's, and so on.
fn owner(position: usize) -> Option<TenantId> {
    tenant((position / 2 % 3) as u8)
}

fn seal(position: usize, entries: &[Entry]) -> Vec<u8> {
    let before = (0..position).filter(|at| owner(*at) == owner(position)).count();
    let new = NewBlock {
        place: Place { vault: VAULT, epoch: EPOCH, position: position as u64 },
        tenant: owner(position),
        sequence: before as u64 + 1,
        commit_mac: [position as u8; 32],
        entries,
    };
    seal_block(&key(), &new).unwrap().bytes
}

/// The keys that a check is made with.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Keys {
    /// Every block is opened, as a full check does.
    With,
    /// Nothing is opened, as by a quick one.
    Without,
}

impl Journal {
    fn new(each: usize) -> Self {
        let size = in_all() / each;
        let blocks: Vec<_> = (0..size).map(|at| seal(at, &Self::entries(each, at))).collect();
        let leaves: Vec<_> = blocks.iter().map(|bytes| leaf_of(bytes).unwrap()).collect();
        let (mut trees, mut tips) = (vec![Frontier::default()], vec![BTreeMap::new()]);
        for (position, bytes) in blocks.iter().enumerate() {
            let mut tree = trees[position].clone();
            tree.append(leaves[position]);
            trees.push(tree);
            let header = header_of(bytes).unwrap();
            let tip = Tip { position: position as u64, sequence: header.sequence, commit_mac: header.commit_mac };
            let mut last = tips[position].clone();
            last.insert(header.tenant, tip);
            tips.push(last);
        }
        let whole = head(&trees[size]);
        Self { each, blocks, leaves, trees, tips, whole, head_key: head_key() }
    }

    fn entries(each: usize, position: usize) -> Vec<Entry> {
        (position * each..(position + 1) * each).map(entry).collect()
    }

    fn size(&self) -> usize {
        self.blocks.len()
    }

    fn claims<'a>(&'a self, stored: &'a Frontier, beside: Option<&'a Head>, anchor: Option<&'a Head>) -> Claims<'a> {
        let (vault, epoch, start) = (VAULT, EPOCH, Frontier::default());
        Claims { vault, epoch, start, stored, beside, anchor, head_key: &self.head_key }
    }

    /// A walk that has taken the first `at` blocks, which are as they were.
    fn walked<'a>(&'a self, at: usize, claims: Claims<'a>) -> Walk<'a> {
        let mut walk = Walk::new(claims).unwrap();
        let skip = at.saturating_sub(2);
        (walk.tree, walk.tips) = (self.trees[skip].clone(), self.tips[skip].clone());
        for position in skip..at {
            walk.block(position as u64, &self.blocks[position], None).unwrap();
        }
        walk
    }

    /// Returns the verdict of a check where, instead of the blocks from `at` on, these come, and then those from `rest` on,
    /// as they were but for their places.
    fn verdict(&self, mut walk: Walk<'_>, keys: Keys, instead: &[(usize, &[u8])], rest: usize) -> Verdict {
        let opening = key();
        let opening = (keys == Keys::With).then_some(&opening);
        for (position, bytes) in instead {
            if let Err(verdict) = walk.block(*position as u64, bytes, opening) {
                return verdict;
            }
        }
        let place = instead.last().map_or(walk.tree.size(), |(position, _)| *position as u64 + 1);
        // The first ones and the last are walked through; between them only their leaves count, there being no head.
        let same_place = place == rest as u64;
        for (place, (position, bytes)) in (place..).zip(self.blocks.iter().enumerate().skip(rest)) {
            let between = same_place && position >= rest + 3 && position + 2 < self.size();
            if between {
                walk.tree.append(self.leaves[position]);
                if position + 3 == self.size() {
                    walk.tips.clone_from(&self.tips[position + 1]);
                }
            } else if let Err(verdict) = walk.block(place, bytes, opening) {
                return verdict;
            }
        }
        walk.finish()
    }

    /// [`verdict`](Self::verdict) with state and head file as they were: against a head kept outside, and without one.
    fn both(&self, keys: Keys, at: usize, instead: &[(usize, &[u8])], rest: usize) -> Verdict {
        let stored = &self.trees[self.size()];
        let verdicts = [Some(&self.whole), None].map(|anchor| {
            let walk = self.walked(at, self.claims(stored, Some(&self.whole), anchor));
            self.verdict(walk, keys, instead, rest)
        });
        assert_eq!(verdicts[0], verdicts[1], "at {at}");
        let [verdict, _] = verdicts;
        verdict
    }
}

fn here(at: usize, because: RewrittenBecause) -> Verdict {
    Verdict::Rewritten { first: at as u64, last: at as u64, because }
}

/// Returns the verdict that the root alone allows.
fn somewhere(journal: &Journal) -> Verdict {
    Verdict::Rewritten { first: 0, last: journal.size() as u64 - 1, because: RewrittenBecause::Head }
}

fn truncated(kept: usize, known: usize) -> Verdict {
    Verdict::Truncated { kept: kept as u64, known: known as u64 }
}

fn sizes() -> [Journal; 2] {
    [1, 8].map(Journal::new)
}

#[test]
fn journals_are_intact_before_anything_is_done_to_them() {
    for journal in sizes() {
        assert_eq!(journal.size() * journal.each, in_all());
        for keys in [Keys::With, Keys::Without] {
            for at in [0, 1, journal.size() / 2, journal.size()] {
                assert_eq!(journal.both(keys, at, &[], at), Verdict::Intact);
            }
        }
    }
}

#[test]
fn every_block_dropped_leaves_a_gap_there() {
    for journal in sizes() {
        let size = journal.size();
        for at in 0..size {
            let wanted = if at + 1 < size { Verdict::Gap { at: at as u64 } } else { truncated(at, size) };
            for keys in [Keys::With, Keys::Without] {
                let stored = &journal.trees[size];
                let walk = journal.walked(at, journal.claims(stored, Some(&journal.whole), Some(&journal.whole)));
                let next = journal.blocks.get(at + 1).map(|bytes| (at + 1, &bytes[..]));
                let rest = (at + 2).min(size);
                assert_eq!(journal.verdict(walk, keys, next.as_slice(), rest), wanted, "{at} {keys:?}");
            }
        }
    }
}

#[test]
fn every_block_dropped_with_those_behind_it_renumbered_is_detected_there_or_at_its_tenants_next() {
    for journal in sizes() {
        let size = journal.size();
        for at in 0..size {
            // By the seal, which binds the place, at once; by the count where the tenant's next block has come to stand.
            let next = (at + 1..size).find(|next| owner(*next) == owner(at));
            let by_count = next.map_or(truncated(size - 1, size), |next| here(next - 1, RewrittenBecause::Sequence));
            let by_seal = match next {
                _ if at + 1 == size => truncated(size - 1, size),
                Some(next) if next == at + 1 => here(at, RewrittenBecause::Sequence),
                _ => here(at, RewrittenBecause::Block),
            };
            assert_eq!(journal.both(Keys::With, at, &[], at + 1), by_seal, "{at}");
            assert_eq!(journal.both(Keys::Without, at, &[], at + 1), by_count, "{at}");
        }
    }
}

#[test]
fn every_block_doubled_is_detected_behind_it() {
    for journal in sizes() {
        let size = journal.size();
        for at in 0..size {
            let because = if at + 1 == size { RewrittenBecause::State } else { RewrittenBecause::Sequence };
            for keys in [Keys::With, Keys::Without] {
                let again = [(at, &journal.blocks[at][..]), (at + 1, &journal.blocks[at][..])];
                assert_eq!(journal.both(keys, at, &again, at + 1), here(at + 1, because), "{at} {keys:?}");
            }
        }
    }
}

#[test]
fn every_block_exchanged_with_its_neighbour_is_detected_there_or_by_the_root() {
    for journal in sizes() {
        for at in 0..journal.size() - 1 {
            let exchanged = [(at, &journal.blocks[at + 1][..]), (at + 1, &journal.blocks[at][..])];
            let with = journal.both(Keys::With, at, &exchanged, at + 2);
            let without = journal.both(Keys::Without, at, &exchanged, at + 2);
            if owner(at) == owner(at + 1) {
                assert_eq!(
                    (with, without),
                    (here(at, RewrittenBecause::Sequence), here(at, RewrittenBecause::Sequence))
                );
            } else {
                assert_eq!((with, without), (here(at, RewrittenBecause::Block), somewhere(&journal)), "{at}");
            }
        }
    }
}

#[test]
fn every_block_with_an_edited_byte_in_any_part_is_detected_there_or_by_the_root() {
    for journal in sizes() {
        let size = journal.size();
        for at in 0..size {
            let block = &journal.blocks[at];
            let hashes = HEADER..HEADER + HASH * journal.each;
            // Version, suite, tenant, count, epoch, number of entries, MAC, length; the hashes; salt, seal and tag.
            let header = [0, 1, 5, 25, 30, 45, 60, HEADER - 1];
            let rest = [hashes.start, hashes.end - 1, hashes.end, hashes.end + 40, block.len() - 1];
            let bytes = [&header[..], &rest].concat();
            for (number, byte) in bytes.iter().copied().enumerate() {
                let mut edited = block.clone();
                edited[byte] ^= 1 << (at % 8);
                let full = journal.both(Keys::With, at, &[(at, &edited)], at + 1);
                assert!(
                    matches!(full, Verdict::Rewritten { first, last, .. } if (first, last) == (at as u64, at as u64))
                );
                // What isn't read without a key shows in the root. The journal of many blocks has each part tried in turn.
                if journal.each == 1 && number != at % bytes.len() {
                    continue;
                }
                let quick = journal.both(Keys::Without, at, &[(at, &edited)], at + 1);
                let unread = byte == 1 || (46..78).contains(&byte) || byte >= HEADER;
                let first_of_its_kind = header_of(block).unwrap().sequence == 1 && (2..18).contains(&byte);
                match quick {
                    Verdict::Rewritten { first, last, .. } if (first, last) == (at as u64, at as u64) => {
                        assert!(!unread, "{at} {byte}");
                    }
                    quick if unread => assert_eq!(quick, somewhere(&journal), "{at} {byte}"),
                    // A first block under another's name: its tenant's second one is a first one then, or the root tells.
                    quick => {
                        assert!(first_of_its_kind, "{at} {byte}: {quick:?}");
                        assert!(matches!(quick, Verdict::Rewritten { .. }), "{at} {byte}: {quick:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn every_edited_byte_of_every_block_is_detected_there() {
    let journal = Journal::new(8);
    let stored = &journal.trees[journal.size()];
    for at in 0..journal.size() {
        let walk = journal.walked(at, journal.claims(stored, Some(&journal.whole), Some(&journal.whole)));
        let mut edited = journal.blocks[at].clone();
        for byte in 0..edited.len() {
            edited[byte] ^= 1 << (byte % 8);
            match walk.clone().block(at as u64, &edited, Some(&key())) {
                Err(Verdict::Rewritten { first, last, .. }) => assert_eq!((first, last), (at as u64, at as u64)),
                other => panic!("block {at}, byte {byte}: {:?}", other.err()),
            }
            edited[byte] ^= 1 << (byte % 8);
        }
        for end in 0..edited.len() {
            let cut = walk.clone().block(at as u64, &edited[..end], Some(&key()));
            assert_eq!(cut.err(), Some(here(at, RewrittenBecause::Block)), "block {at}, cut at {end}");
        }
    }
}

/// By somebody who has the journal's key, and puts everything in order behind it.
#[test]
fn every_entry_dropped_exchanged_or_edited_in_a_block_sealed_anew_is_detected_by_the_root() {
    for journal in sizes() {
        for number in 0..in_all() {
            let (at, index) = (number / journal.each, number % journal.each);
            let entries = Journal::entries(journal.each, at);
            let mut dropped = entries.clone();
            dropped.remove(index);
            let mut edited = entries.clone();
            edited[index] = entry(in_all() + number);
            let mut forged = vec![edited];
            if journal.each > 1 {
                let mut exchanged = entries;
                exchanged.swap(index, (index + 1) % journal.each);
                forged.extend([dropped, exchanged]);
            } else if number % 10 == 0 {
                forged.push(dropped);
            }
            for entries in forged {
                let block = seal(at, &entries);
                if journal.each > 1 || number % 8 == 0 {
                    let verdict = journal.both(Keys::Without, at, &[(at, &block)], at + 1);
                    assert_eq!(verdict, somewhere(&journal), "{number}");
                }
                // The state forged to fit as well, and no head file: an outside head alone is left.
                let mut stored = journal.trees[at].clone();
                stored.append(leaf_of(&block).unwrap());
                journal.leaves[at + 1..].iter().for_each(|leaf| stored.append(*leaf));
                let walk = journal.walked(at, journal.claims(&stored, None, Some(&journal.whole)));
                let verdict = journal.verdict(walk, Keys::With, &[(at, &block)], at + 1);
                assert_eq!(verdict, somewhere(&journal), "{number}");
            }
        }
    }
}

#[test]
fn every_truncation_is_detected_by_a_head_kept_outside_and_without_one_unless_all_was_set_back() {
    for journal in sizes() {
        let size = journal.size();
        let (stored, whole) = (&journal.trees[size], &journal.whole);
        for kept in 0..size {
            let (early, old) = (&journal.trees[kept], head(&journal.trees[kept]));
            let check = |state, beside, anchor| journal.walked(kept, journal.claims(state, beside, anchor)).finish();
            // Only the blocks; the state, too; the head file, too.
            for (state, beside) in [(stored, whole), (early, whole), (stored, &old), (early, &old)] {
                assert_eq!(check(state, Some(beside), Some(whole)), truncated(kept, size));
            }
            for (state, beside) in [(stored, whole), (early, whole), (stored, &old)] {
                assert_eq!(check(state, Some(beside), None), truncated(kept, size));
            }
            // Set back whole, it is a vault that had no more yet; nothing but a head kept outside tells.
            assert_eq!(check(early, Some(&old), None), Verdict::Intact);
            // An older copy of the state alone has too many blocks.
            for anchor in [Some(whole), None] {
                let walk = journal.walked(kept, journal.claims(early, Some(&old), anchor));
                let verdict = journal.verdict(walk, Keys::Without, &[], kept);
                assert_eq!(verdict, here(kept, RewrittenBecause::State));
            }
        }
    }
}
