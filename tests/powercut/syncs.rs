//! Counts the syncs that a durable write costs: one, the journal, an index and a relayed sink included.
//!
//! A commit syncs by `fdatasync`, on one thread. The engine's own flusher calls `fsync` on the same file besides, every half
//! second whether or not there is anything to flush (sled 0.34.7, `flusher.rs`): those aren't the inserts'.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use libtest_mimic::{Failed, Trial};
use strongroom::audit::{JsonLines, Relayed};

use crate::CHILD;
use crate::crash::office::{self, Customer};
use crate::crash::said;
use crate::crash::work::{customers, say};
use crate::machine::record::record;
use crate::machine::trace::{Act, SyncCall};

/// The time between two syncs of the engine's flusher, in milliseconds.
const FLUSHER: u128 = 500;
/// The number of inserts that are counted.
const INSERTS: u64 = 100;
const BEGIN: &str = "begin";
const END: &str = "end";

pub fn trials() -> Vec<Trial> {
    vec![Trial::test("durable_insert_costs_one_sync_journal_included", || one_sync().map_err(Failed::from))]
}

/// Inserts as the child does, one record after the other.
pub fn insert(dir: &Path, key: &Path) -> Result<(), String> {
    let sink = JsonLines::append(dir.join("audit.jsonl")).map_err(|error| format!("the sink: {error}"))?;
    let options = office::options(&dir.join("vault"), key)?.sink(Relayed(sink));
    let vault = options.create().map_err(said("creating the vault"))?;
    let acme = vault.session(office::admin()).unwrap().create_tenant("acme").map_err(said("a tenant"))?;
    acme.session(office::admin()).unwrap().define::<Customer>().map_err(said("a collection"))?;
    let session = acme.session(office::clerk()).map_err(said("a session"))?;
    let customers = customers(&session)?;
    say(BEGIN);
    for key in 0..INSERTS {
        customers.insert(&Customer::new(key, 0)).map_err(said("inserting"))?;
    }
    say(END);
    vault.close().map_err(said("closing"))
}

fn one_sync() -> Result<(), String> {
    let home = tempfile::tempdir().map_err(|e| e.to_string())?;
    let (key, disk) = (home.path().join("master.key"), home.path().join("disk"));
    office::make_key(&key)?;
    std::fs::create_dir(&disk).map_err(|e| e.to_string())?;
    let mut child = Command::new(std::env::current_exe().map_err(|e| e.to_string())?);
    child.args([CHILD, "inserts"]).args([&disk, &key]);
    let begun = Instant::now();
    let trace = record(&child, &disk)?;
    let ticks = begun.elapsed().as_millis() / FLUSHER + 1;
    let said =
        |line: &str| trace.events.iter().position(|event| matches!(&event.act, Act::Ack(ack) if ack.trim() == line));
    let (Some(begin), Some(end)) = (said(BEGIN), said(END)) else {
        return Err("the child didn't come to its end".into());
    };
    let syncs: Vec<&SyncCall> = trace.events[begin..end]
        .iter()
        .filter_map(|event| match &event.act {
            Act::Sync(call) => Some(call),
            _ => None,
        })
        .collect();
    let (of_store, others): (Vec<_>, Vec<_>) = syncs.into_iter().partition(|sync| sync.path.ends_with("store/db"));
    // The others are of the `head` file, which is replaced once a second, and of the sink's.
    let (ours, flusher): (Vec<_>, Vec<_>) = of_store.into_iter().partition(|sync| sync.data_only);
    println!(
        "{INSERTS} inserts: {} syncs of the store, {} by the engine's flusher, {} of other files",
        ours.len(),
        flusher.len(),
        others.len()
    );
    if ours.len() as u64 != INSERTS {
        return Err(format!("{INSERTS} inserts, one after the other, cost {} syncs of the store", ours.len()));
    }
    let committer = ours[0].thread;
    if ours.iter().any(|sync| sync.thread != committer) || flusher.iter().any(|sync| sync.thread == committer) {
        return Err("syncs of inserts aren't all of the committer's thread, or it makes others".into());
    }
    let flushers: BTreeSet<u32> = flusher.iter().map(|sync| sync.thread).collect();
    if flushers.len() > 1 || flusher.len() as u128 > ticks {
        return Err(format!("{} more syncs of the store, by {} threads", flusher.len(), flushers.len()));
    }
    Ok(())
}
