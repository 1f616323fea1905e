//! The lines that a required sink must hold after a kill.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::crash::model::Change;
use crate::crash::work::reason;

#[derive(Deserialize)]
struct Line {
    position: Option<u64>,
    index: Option<u32>,
    of: Option<u32>,
    action: Option<String>,
    reason: Option<String>,
    revision_after: Option<u64>,
}

/// Checks that the file holds the entries of every operation that these lines acknowledge, and every block but the last
/// whole. Returns the number of events in the file.
pub fn check(file: &Path, said: &[String]) -> Result<usize, String> {
    let bytes = match std::fs::read(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        other => other.map_err(|e| e.to_string())?,
    };
    let mut writes: BTreeMap<String, usize> = BTreeMap::new();
    let (mut blocks, mut seen, mut events) = (BTreeMap::<u64, u32>::new(), BTreeSet::new(), 0);
    // What follows the last line's end was cut short.
    for line in bytes.split_inclusive(|b| *b == b'\n').filter(|line| line.ends_with(b"\n")) {
        let line: Line = serde_json::from_slice(line).map_err(|error| format!("a line of the sink: {error}"))?;
        let (Some(position), Some(index), Some(of)) = (line.position, line.index, line.of) else { continue };
        events += 1;
        blocks.insert(position, of);
        let write = line.revision_after.is_some()
            && ["create", "update", "delete"].contains(&line.action.as_deref().unwrap_or_default());
        if seen.insert((position, index)) && write {
            *writes.entry(line.reason.unwrap_or_default()).or_default() += 1;
        }
    }
    let order: Vec<u64> = blocks.keys().copied().collect();
    for position in order.iter().rev().skip(1) {
        // Blocks without entries (of steps of a definition, say) aren't there at all.
        if !(0..blocks[position]).all(|index| seen.contains(&(*position, index))) {
            return Err(format!("the sink's file holds later blocks, and not all of block {position}"));
        }
    }
    let mut tried: BTreeMap<&str, usize> = BTreeMap::new();
    for line in said {
        let mut words = line.trim_end().split(' ');
        match (words.next(), words.next()) {
            (Some("try"), Some(op)) => {
                let records = words.filter(|word| matches!(word.parse(), Ok(Change::Record(..))));
                tried.insert(op, records.count());
            }
            (Some("ack"), Some(op)) => {
                let wanted = tried.get(op).copied().unwrap_or(0);
                let reason = reason(op.parse().map_err(|_| format!("not an operation: {op}"))?);
                let found = writes.get(&reason).copied().unwrap_or(0);
                if found < wanted {
                    return Err(format!(
                        "operation {op} was acknowledged, and the sink holds {found} of {wanted} entries"
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(events)
}
