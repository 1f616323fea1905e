//! Changes of the keyring under power cuts, among writes of the same vault: whatever the disk holds afterwards, an
//! acknowledged tenant or erasure of a slot stays, and everything else still opens.
//!
//! No public call punctures, so this test stands here; the machinery is that of `tests/powercut`. Needs `strace`.

#[path = "../../../tests/powercut/machine/mod.rs"]
#[allow(dead_code, unreachable_pub, clippy::too_many_arguments, reason = "shared with a test that uses all of it")]
mod machine;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use machine::random::Random;
use machine::record::record;
use machine::replay::{Boundary, Replay, Report};
use machine::trace::{Act, SyncCall, Trace};

use crate::keys::KeyError;
use crate::model::Slot;
use crate::vault::tests::*;

/// Variable that names the directory to the child: this same test, started by itself.
const CHILD: &str = "STRONGROOM_TEST_POWER_CUT_CHILD";
/// Number of images after which the vault is checked whole, and changed once more.
const WHOLE: usize = 8;

#[test]
fn tenants_and_punctures_that_were_acknowledged_survive_a_power_cut() {
    if let Some(dir) = std::env::var_os(CHILD) {
        return live(&PathBuf::from(dir));
    }
    let seed = machine::random::seed();
    println!("keyring power cuts: STRONGROOM_SEED={seed}");
    let trace = recorded("tenants_and_punctures_that_were_acknowledged_survive_a_power_cut");
    assert!(trace.syncs() > 200, "only {} syncs", trace.syncs());

    let report = replay(&trace, seed, 0, crate::tests::amount(8, 2), |_| false);
    assert!(report.failures.is_empty(), "{} of {}: {:#?}", report.failures.len(), report.images, report.failures);
    println!("  {} cuts, {} images", report.boundaries, report.images);

    // The planted failures. Without the directory's syncs of the last two punctures, these are undone, or the old
    // anchor is there with the zeros that were written over it.
    let directory = |sync: &SyncCall| sync.path.ends_with("keys");
    let from = ordinals(&trace, directory).into_iter().rev().nth(9).unwrap();
    let report = replay(&trace, seed, from, 1, |sync| directory(sync));
    let lost = |why: &str| why.contains("is back") || why.contains("doesn't open");
    assert!(report.failures.iter().any(|failure| lost(&failure.why)), "{:#?}", report.failures);
    // Without the anchor's own syncs nothing opens any more.
    let anchor = |sync: &SyncCall| sync.path.ends_with("keys/anchor.new");
    let from = ordinals(&trace, anchor).into_iter().next_back().unwrap();
    let report = replay(&trace, seed, from, 1, |sync| anchor(sync));
    assert!(report.failures.iter().any(|failure| failure.why.contains("doesn't open")), "{:#?}", report.failures);
}

/// Returns the numbers of a trace's syncs for which `which` holds.
fn ordinals(trace: &Trace, which: impl Fn(&SyncCall) -> bool) -> Vec<usize> {
    let syncs = trace.events.iter().filter_map(|e| if let Act::Sync(sync) = &e.act { Some(sync) } else { None });
    syncs.enumerate().filter(|(_, sync)| which(sync)).map(|(n, _)| n).collect()
}

fn recorded(test: &str) -> Trace {
    let disk = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    let name = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
    child.args(["--exact", &name, "--nocapture"]).env(CHILD, disk.path());
    let trace = record(&child, disk.path()).unwrap();
    assert!(trace.acks() > 100, "the child did nothing: is it still called {name}?");
    trace
}

/// Skips some of the syncs from this one on, and checks the images of every so manieth cut from there on; which ones
/// depends on the seed, so that each gets its turn.
fn replay(trace: &Trace, seed: u64, from: usize, every: usize, skip: impl Fn(&SyncCall) -> bool) -> Report {
    let (mut promised, mut lines, mut images, at) = (Promised::default(), 0, 0, Cell::new(0));
    let skip = |sync: &SyncCall| at.replace(at.get() + 1) >= from && skip(sync);
    let check = |place: &Path, boundary: &Boundary<'_>| {
        boundary.acks[lines..].iter().for_each(|line| promised.line(line));
        (lines, images) = (boundary.acks.len(), images + 1);
        promised.check(&place.join("vault"), images % WHOLE == 0 || boundary.last)
    };
    let first = usize::try_from(seed % every as u64).unwrap();
    Replay::new(trace, seed).ignore_syncs(skip).from(from).shard(first, every).stop_after(20).run(check).unwrap()
}

fn options(dir: &Path) -> VaultOptions {
    Vault::options(dir).master_key(Unlocked).policy(roles()).cache_bytes(1 << 20)
}

fn customer(number: u32) -> Customer {
    Customer::new(&format!("customer {number}"), &format!("c{number}@example.com"))
}

/// Runs as the child. It prints each change before it makes it, and again afterwards.
fn live(dir: &Path) {
    // The harness has begun a line.
    println!();
    let dir = dir.join("vault");
    let mut vault = options(&dir).create().unwrap();
    println!("ack vault");
    let mut random = Random::new(7, 0);
    let mut there: Vec<(String, RecordId, u32)> = Vec::new();
    let mut number = 0;
    for round in 0..9 {
        if round % 3 == 0 {
            let tenant = format!("tenant{round}");
            println!("try tenant {tenant}");
            let made = vault.session(admin()).unwrap().create_tenant(&tenant).unwrap();
            made.session(admin()).unwrap().define::<Customer>().unwrap();
            println!("ack tenant {tenant}");
        }
        if round == 5 {
            vault.close().unwrap();
            vault = options(&dir).open().unwrap();
        }
        for _ in 0..4 {
            let tenants = vault.tenants();
            let tenant = &tenants[random.below(tenants.len())];
            let session = tenant.session(boss()).unwrap();
            let customers = session.collection::<Customer>().unwrap();
            number += 1;
            println!("try insert {number}");
            let id = customers.insert(&customer(number)).unwrap();
            let slot = slot_of(&session, &customers, id);
            println!("ack insert {number} {} {id} {slot}", tenant.name());
            there.push((tenant.name().to_owned(), id, slot));
        }
        // The row first, since `verify` doesn't know yet that a row may lack its key.
        let (tenant, ..) = there[random.below(there.len())].clone();
        let session = vault.tenant(&tenant).unwrap().session(boss()).unwrap();
        let customers = session.collection::<Customer>().unwrap();
        let mut slots = Vec::new();
        for _ in 0..1 + round % 2 {
            let Some(at) = there.iter().position(|(of, ..)| *of == tenant) else { continue };
            let (_, id, slot) = there.remove(at);
            println!("try delete {id}");
            customers.delete(id).unwrap();
            println!("ack delete {id}");
            slots.push(slot);
        }
        let text: Vec<String> = slots.iter().map(u32::to_string).collect();
        println!("try puncture {tenant} {}", text.join(" "));
        let slots: Vec<Slot> = slots.into_iter().map(Slot).collect();
        session.inner.core.keyring.puncture(session.inner.tenant.id, &slots).unwrap();
        println!("ack puncture {tenant} {}", text.join(" "));
    }
    vault.close().unwrap();
}

fn slot_of(session: &Session, customers: &Collection<Customer>, id: RecordId) -> u32 {
    let core = customers.core();
    match crate::vault::records::read::stored(&session.inner, core, &core.layout(), id) {
        Ok(crate::vault::records::read::Stored::Row(row)) => row.1.head().slot.0,
        _ => panic!("no row"),
    }
}

/// The changes that the child has acknowledged, and those that it had begun.
#[derive(Default)]
struct Promised {
    vault: bool,
    /// Slots of each tenant, and whether they are erased.
    tenants: BTreeMap<String, BTreeMap<u32, bool>>,
    /// Number and tenant of each record, unless it may be deleted.
    live: BTreeMap<RecordId, (u32, String)>,
    deleted: Vec<(RecordId, String)>,
    pending: Option<(String, Vec<u32>)>,
}

impl Promised {
    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let slots = |words: &[&str]| words.iter().map(|word| word.parse().unwrap()).collect::<Vec<u32>>();
        match words[..] {
            ["ack", "vault"] => self.vault = true,
            ["ack", "tenant", name] => drop(self.tenants.insert(name.to_owned(), BTreeMap::new())),
            ["ack", "insert", number, tenant, id, slot] => {
                self.live.insert(id.parse().unwrap(), (number.parse().unwrap(), tenant.to_owned()));
                self.tenants.get_mut(tenant).unwrap().insert(slot.parse().unwrap(), false);
            }
            ["try", "delete", id] => {
                let id = id.parse().unwrap();
                let (_, tenant) = self.live.remove(&id).unwrap();
                self.deleted.push((id, tenant));
            }
            ["try", "puncture", tenant, ref rest @ ..] => self.pending = Some((tenant.to_owned(), slots(rest))),
            ["ack", "puncture", tenant, ref rest @ ..] => {
                self.pending = None;
                let of = self.tenants.get_mut(tenant).unwrap();
                of.extend(slots(rest).into_iter().map(|slot| (slot, true)));
            }
            _ => {}
        }
    }

    fn check(&self, dir: &Path, whole: bool) -> Result<(), String> {
        let vault = match options(dir).open() {
            Err(Error::NotAVault { .. }) if !self.vault => return Ok(()),
            opened => opened.map_err(|error| format!("it doesn't open: {error:?}"))?,
        };
        self.content(&vault)?;
        if !whole {
            return vault.close().map_err(|error| format!("closing: {error:?}"));
        }
        self.whole(&vault)?;
        // One more change, whatever was found.
        vault.session(admin()).unwrap().create_tenant("one more").map_err(|e| format!("one more tenant: {e:?}"))?;
        vault.close().map_err(|error| format!("closing: {error:?}"))?;
        let vault = options(dir).open().map_err(|error| format!("it doesn't open again: {error:?}"))?;
        vault.tenant("one more").map_err(|error| format!("{error:?}"))?;
        self.content(&vault)?;
        self.whole(&vault)?;
        vault.close().map_err(|error| format!("closing again: {error:?}"))?;
        // No files of other generations are kept.
        let files = std::fs::read_dir(dir.join("keys")).map_err(|e| e.to_string())?.count();
        let least = 1 + 2 + 2 * (self.tenants.len() + 1);
        // A tenant being created may have its keys already.
        if files == least || files == least + 2 { Ok(()) } else { Err(format!("{files} files of keys, not {least}")) }
    }

    fn content(&self, vault: &Vault) -> Result<(), String> {
        for (name, slots) in &self.tenants {
            let tenant = vault.tenant(name).map_err(|_| format!("{name} was acknowledged and is lost"))?;
            let session = tenant.session(boss()).unwrap();
            let keys = &session.inner.tenant.keys;
            let is_erased = |slot: u32| match keys.slot_key(keys.current_epoch(), Slot(slot)) {
                Ok(_) => Ok(false),
                Err(KeyError::Erased) => Ok(true),
                Err(error) => Err(format!("slot {slot} of {name}: {error}")),
            };
            let pending = match &self.pending {
                Some((of, pending)) if of == name => &pending[..],
                _ => &[],
            };
            for (slot, erased) in slots.iter().filter(|(slot, _)| !pending.contains(slot)) {
                match (erased, is_erased(*slot)?) {
                    (true, false) => return Err(format!("slot {slot} of {name} was erased and is back")),
                    (false, true) => return Err(format!("slot {slot} of {name} is gone, and nobody erased it")),
                    _ => {}
                }
            }
            let of_pending = pending.iter().map(|slot| is_erased(*slot)).collect::<Result<Vec<_>, _>>()?;
            if of_pending.contains(&true) && of_pending.contains(&false) {
                return Err(format!("slots {pending:?} of {name} were erased in part: {of_pending:?}"));
            }
            let customers = session.collection::<Customer>().map_err(|error| format!("{error:?}"))?;
            for (id, (number, _)) in self.live.iter().filter(|(_, (_, of))| of == name) {
                match customers.get(*id) {
                    Ok(found) if found.value == customer(*number) => {}
                    other => return Err(format!("customer {number} of {name} is lost: {other:?}")),
                }
            }
            // Whether the last record was deleted isn't known.
            let deleted = self.deleted.iter().rev().skip(1).filter(|(_, of)| of == name);
            for (id, _) in deleted {
                match customers.get(*id) {
                    Err(Error::Deleted) => {}
                    other => return Err(format!("a deletion in {name} was undone: {other:?}")),
                }
            }
        }
        Ok(())
    }

    fn whole(&self, vault: &Vault) -> Result<(), String> {
        match vault.session(admin()).unwrap().verify() {
            Ok(Verdict::Intact) => Ok(()),
            other => Err(format!("verify says {other:?}")),
        }
    }
}
