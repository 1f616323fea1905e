//! Commits that Strongroom wrote, read back from its store once the vault is closed: one by one, so that raw sled can
//! write the same keys, in number and size, in the same batches.
//!
//! The key spaces and what a commit is made of are in `src/format/FORMAT.md`. A commit of one tenant has one journal block
//! and, if it changed rows, a list of them at the same position; with them go the rows, their index entries, the tenant's
//! state and the journal's. Index entries don't say whose they are: random keys of the same size, under the same prefix,
//! stand for them.

use std::collections::{BTreeMap, HashSet};

use crate::Outcome;
use crate::data::Random;

pub type Pair = (Vec<u8>, Vec<u8>);

/// A record's id, as it stands in keys.
pub type Id = [u8; 16];

const ROW: u8 = 0x01;
const CHUNK: u8 = 0x02;
const ENTRY: u8 = 0x03;
const BLOCK: u8 = 0x05;
const CHANGES: u8 = 0x06;
const TENANT_STATE: u8 = 0x07;
const JOURNAL_STATE: u8 = 0x08;

/// One commit.
pub struct Commit {
    pub rows: Vec<Row>,
    /// Block, list of changes, states.
    pub rest: Vec<Pair>,
}

/// A row, and its index entries.
pub struct Row {
    pub row: Pair,
    pub others: Vec<Pair>,
}

/// A stretch of the journal.
pub struct Recording {
    /// The pairs that were written before the first row: the tenant, its collection.
    pub setup: Vec<Pair>,
    pub commits: Vec<Commit>,
}

/// The rows that are there already, and the end of the journal.
#[derive(Default)]
pub struct Known {
    pub rows: HashSet<Id>,
    pub end: u64,
}

impl Recording {
    /// Reads what was committed since `known`, which is brought up to date. A new row has `indexes` entries.
    pub fn read(db: &sled::Db, known: &mut Known, indexes: usize) -> Outcome<Self> {
        if db.scan_prefix([CHUNK]).next().is_some() {
            return Err("a row has chunks, which aren't recorded: use smaller records".into());
        }
        let blocks = parts(db, BLOCK, known.end)?;
        let changes = parts(db, CHANGES, known.end)?;
        let end = blocks.last_key_value().map_or(known.end, |(position, _)| position + 1);
        let tenant_state = only(db, TENANT_STATE)?;
        let journal_state = only(db, JOURNAL_STATE)?;
        let entry = db.scan_prefix([ENTRY]).next().transpose()?;
        let mut random = Random(end);

        let mut setup = Vec::new();
        let mut commits = Vec::new();
        for (position, block) in blocks {
            let listed = changes.get(&position);
            if listed.is_none() && known.rows.is_empty() {
                setup.extend(block);
                continue;
            }
            let mut commit = Commit { rows: Vec::new(), rest: block };
            for (key, list) in listed.into_iter().flatten() {
                for place in list.chunks_exact(32) {
                    let id = place[16..].try_into()?;
                    let tenant = &tenant_state.0[1..];
                    let key = [&[ROW], tenant, place].concat();
                    let value = db.get(&key)?.ok_or("a row in a list of changes isn't there")?.to_vec();
                    let entries = if known.rows.insert(id) { indexes } else { 0 };
                    let others = (0..entries).filter_map(|_| entry.as_ref().map(|entry| alike(entry, &mut random)));
                    commit.rows.push(Row { others: others.collect(), row: (key, value) });
                }
                commit.rest.push((key.clone(), list.clone()));
            }
            commit.rest.push(tenant_state.clone());
            // It holds a hash for each bit that is set in the journal's size.
            let (then, now) = ((position + 1).count_ones() as usize, end.count_ones() as usize);
            let length = journal_state.1.len() - 32 * now + 32 * then;
            commit.rest.push((journal_state.0.clone(), vec![0x5a; length]));
            commits.push(commit);
        }
        if known.end == 0 {
            for pair in db.range([TENANT_STATE]..) {
                let (key, value) = pair?;
                setup.push((key.to_vec(), value.to_vec()));
            }
        }
        known.end = end;
        Ok(Self { setup, commits })
    }

    /// Cuts the commits where the first `count` rows are complete.
    pub fn split(commits: &mut Vec<Commit>, count: usize) -> Outcome<Vec<Commit>> {
        let mut rows = 0;
        let whole = commits.iter().take_while(|commit| {
            let more = rows < count;
            rows += commit.rows.len();
            more
        });
        let whole = whole.count();
        let rest = commits.split_off(whole.min(commits.len()));
        let part = std::mem::replace(commits, rest);
        let found: usize = part.iter().map(|commit| commit.rows.len()).sum();
        if found == count { Ok(part) } else { Err(format!("{found} rows were recorded instead of {count}").into()) }
    }
}

/// Returns the values under `space`, from a journal position on, by position.
fn parts(db: &sled::Db, space: u8, from: u64) -> Outcome<BTreeMap<u64, Vec<Pair>>> {
    let mut found: BTreeMap<u64, Vec<Pair>> = BTreeMap::new();
    let begin = [&[space][..], &from.to_be_bytes()].concat();
    for pair in db.range(begin..vec![space + 1]) {
        let (key, value) = pair?;
        let position = u64::from_be_bytes(key.get(1..9).ok_or("a key is too short")?.try_into()?);
        found.entry(position).or_default().push((key.to_vec(), value.to_vec()));
    }
    Ok(found)
}

/// Returns the one value of a space.
fn only(db: &sled::Db, space: u8) -> Outcome<Pair> {
    let (key, value) = db.scan_prefix([space]).next().ok_or("the vault has no tenant")??;
    Ok((key.to_vec(), value.to_vec()))
}

fn alike((key, value): &(sled::IVec, sled::IVec), random: &mut Random) -> Pair {
    let (mut key, mut value) = (key.to_vec(), value.to_vec());
    random.fill(&mut key[17..]);
    random.fill(&mut value);
    (key, value)
}

/// Counts the keys that a store holds, and the bytes of keys and values, by key space.
pub fn census(db: &sled::Db) -> Outcome<BTreeMap<u8, (u64, u64)>> {
    let mut spaces: BTreeMap<u8, (u64, u64)> = BTreeMap::new();
    for pair in db.iter() {
        let (key, value) = pair?;
        let (count, bytes) = spaces.entry(key.first().copied().unwrap_or(0)).or_default();
        *count += 1;
        *bytes += (key.len() + value.len()) as u64;
    }
    Ok(spaces)
}

/// Tells in words what one store holds more than the other; nothing but a state's few bytes may differ.
pub fn compare(ours: &BTreeMap<u8, (u64, u64)>, raw: &BTreeMap<u8, (u64, u64)>) -> Result<(), String> {
    for space in ours.keys().chain(raw.keys()) {
        let get = |all: &BTreeMap<u8, (u64, u64)>| all.get(space).copied().unwrap_or_default();
        let ((our_count, our_bytes), (count, bytes)) = (get(ours), get(raw));
        if our_count != count || our_bytes.abs_diff(bytes) * 500 > bytes.max(1_000_000) {
            return Err(format!(
                "in key space {space:#04x} Strongroom has {our_count} keys and {our_bytes} bytes, raw sled {count} keys and {bytes} bytes"
            ));
        }
    }
    Ok(())
}
