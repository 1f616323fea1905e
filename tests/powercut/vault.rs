//! A vault under power cuts: whatever the disk holds, it opens, and all that was acknowledged is there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use strongroom::audit::Verdict;
use strongroom::{Error, Vault};

use crate::CHILD;
use crate::crash::check::{Depth, Seen, check};
use crate::crash::model::{Change, Model};
use crate::crash::tests::amount;
use crate::crash::work::{Teller, Worker, customers, say};
use crate::crash::{office, said, text};
use crate::machine::random::{Random, seed};
use crate::machine::record::record;
use crate::machine::replay::{Boundary, Replay, Report};
use crate::machine::trace::{SyncCall, Trace};

/// The number of vaults: small ones are opened and checked faster, so there are several.
fn recordings() -> u64 {
    amount(2, 6)
}
/// The number of times that each vault is opened.
const ROUNDS: usize = 3;
const THREADS: usize = 2;
/// The number of images after which another child opens the vault, and the power is cut while it recovers and works.
const AGAIN: usize = 100;
/// The least number of cuts, each in three variants where something is unsynced.
fn cuts() -> usize {
    amount(150, 1_000)
}
/// Of so many cuts one is shown.
fn one_in() -> usize {
    amount(2, 1)
}
/// The number of images after which the vault is checked whole.
const FULL: usize = 16;
/// The number of images after which only `verify` is added to the quick check.
const VERIFIED: usize = 4;

pub fn trials() -> Vec<Trial> {
    let trial = |name: &str, test: fn() -> Result<(), String>| Trial::test(name, move || test().map_err(Failed::from));
    vec![
        trial("nothing_acknowledged_is_lost_and_every_open_succeeds_after_a_power_cut", nothing_is_lost),
        trial("vault_without_its_data_syncs_is_caught_losing_acknowledged_writes", unsynced),
    ]
}

/// Lives as the child does: the life of a small vault in `dir`.
pub fn live(dir: &Path, key: &Path, seed: u64, rounds: usize) -> Result<(), String> {
    let teller = Teller::new(1);
    let place = dir.join("vault");
    let mut vault = teller
        .administer(Change::Vault, || office::options(&place, key)?.create().map_err(said("creating the vault")))?;
    let acme = teller.create_tenant(&vault, "acme")?;
    teller.define(&acme)?;
    drop(acme);
    let mut first_key = 1;
    for round in 0..rounds {
        if round > 0 {
            vault = office::options(&place, key)?.open().map_err(said("opening again"))?;
        }
        if round == rounds / 3 {
            let globex = teller.create_tenant(&vault, "globex")?;
            teller.define(&globex)?;
        }
        if round == rounds / 2 {
            teller.define_city(&vault.tenant("acme").map_err(said("the tenant"))?)?;
        }
        let mut random = Random::new(seed, round as u64);
        let threads = 1 + round % 2;
        std::thread::scope(|scope| {
            let mut working = Vec::new();
            for n in 0..threads {
                let random = Random::new(random.next(), 0);
                let mut worker = Worker::new(&teller, &vault, first_key + n as u64, threads as u64, random)?;
                working.push(scope.spawn(move || (0..30 / threads).try_for_each(|_| worker.step())));
            }
            working.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a worker panicked".to_owned())?)
        })?;
        first_key += 1_000;
        if round % 3 == 1 {
            match vault
                .session(office::admin())
                .map_err(said("beginning a session"))?
                .verify()
                .map_err(said("verifying"))?
            {
                Verdict::Intact => {}
                other => return Err(format!("verify says {other} without any power cut")),
            }
        }
        vault.close().map_err(said("closing"))?;
        say("closed");
    }
    Ok(())
}

/// Lives as the child of a second life: opens what a power cut left, works a little and closes it.
pub fn live_again(dir: &Path, key: &Path, seed: u64) -> Result<(), String> {
    let teller = Teller::new(1_000_000);
    let vault = office::options(&dir.join("vault"), key)?.open().map_err(said("opening after a power cut"))?;
    let mut worker = Worker::new(&teller, &vault, 1_000_000, 1, Random::new(seed, 0))?;
    if worker.has_desk() {
        (0..4).try_for_each(|_| worker.step())?;
    }
    vault.close().map_err(said("closing"))
}

struct Recording {
    key: PathBuf,
    trace: Trace,
    seed: u64,
    home: tempfile::TempDir,
}

fn recording(seed: u64, rounds: usize) -> Result<Recording, String> {
    let home = tempfile::tempdir().map_err(|e| e.to_string())?;
    let (key, disk) = (home.path().join("master.key"), home.path().join("disk"));
    office::make_key(&key)?;
    std::fs::create_dir(&disk).map_err(|e| e.to_string())?;
    let child = child("vault", &disk, &key, [seed.to_string(), rounds.to_string()])?;
    let trace = record(&child, &disk)?;
    Ok(Recording { key, trace, seed, home })
}

fn child<const N: usize>(mode: &str, disk: &Path, key: &Path, rest: [String; N]) -> Result<Command, String> {
    let mut child = Command::new(std::env::current_exe().map_err(|e| e.to_string())?);
    child.args([CHILD, mode]).args([disk, key]).args(rest);
    Ok(child)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?
        } else {
            std::fs::copy(entry.path(), to).map(drop)?
        }
    }
    Ok(())
}

fn nothing_is_lost() -> Result<(), String> {
    let seed = seed();
    println!("vault power cuts: STRONGROOM_SEED={seed}");
    let begin = Instant::now();
    let next = AtomicU64::new(0);
    let replay = || -> Result<Vec<(Report, usize, Times)>, String> {
        let mut reports = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= recordings() {
                return Ok(reports);
            }
            let recording = recording(seed.wrapping_add(n), ROUNDS)?;
            let (mut checker, mut again) = (Checker::new(&recording.key, Model::default()), Vec::new());
            let replay = Replay::new(&recording.trace, recording.seed).shard(0, one_in()).stop_after(5);
            let report = replay.run(|place, boundary| {
                if (checker.images + 1) % AGAIN != 0 {
                    return checker.check(place, boundary).map(drop);
                }
                let disk = recording.home.path().join(format!("disk-{}", checker.images));
                copy(place, &disk).map_err(|e| e.to_string())?;
                let seen = checker.check(place, boundary)?;
                let mut model = checker.model.clone();
                seen.settle(&mut model)?;
                again.push((disk, model));
                Ok(())
            })?;
            reports.push((report, checker.model.acks, checker.times));
            for (disk, model) in again.into_iter().filter(|(_, model)| model.vault) {
                let (key, seed) = (&recording.key, seed.wrapping_add(n));
                let child = child("vault-again", &disk, key, [seed.to_string()])?;
                let trace = record(&child, &disk)?;
                let mut checker = Checker::new(key, model);
                let replay = Replay::new(&trace, seed).shard(0, one_in()).stop_after(5);
                let report = replay.run(|place, boundary| {
                    checker.check(place, boundary).map(drop).map_err(|why| format!("of a vault opened anew: {why}"))
                })?;
                reports.push((report, checker.model.acks, checker.times));
            }
        }
    };
    let reports = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(replay)).collect();
        let joined = threads.into_iter().map(|t| t.join().map_err(|_| "a replay panicked".to_owned())?);
        joined.collect::<Result<Vec<_>, _>>()
    })?;
    let (mut images, mut boundaries, mut acks, mut failures) = (0, 0, 0, Vec::new());
    let (mut recordings, mut times) = (0, Times::default());
    for (report, acknowledged, took) in reports.iter().flatten() {
        recordings += 1;
        images += report.images;
        boundaries += report.boundaries;
        acks += acknowledged;
        times.add(took);
        failures.extend(report.failures.iter().map(ToString::to_string));
    }
    println!("  {recordings} recordings, {acks} acknowledgements, {boundaries} cuts, {images} images");
    println!("  in {:.0?}, summed up over {THREADS} threads {times:.0?}", begin.elapsed());
    if !failures.is_empty() {
        return Err(format!("seed {seed}: {} failures:\n{}", failures.len(), failures.join("\n")));
    }
    if boundaries < cuts() || images < 2 * cuts() {
        return Err(format!("only {boundaries} cuts and {images} images: record more"));
    }
    Ok(())
}

fn unsynced() -> Result<(), String> {
    let seed = seed();
    println!("vault power cuts without syncs: STRONGROOM_SEED={seed}");
    let recording = recording(seed, 2)?;
    let of_store = |sync: &SyncCall| sync.data_only && sync.path.ends_with("store/db");
    let mut checker = Checker::new(&recording.key, Model::default());
    let replay = Replay::new(&recording.trace, recording.seed).ignore_syncs(of_store).stop_after(3);
    let report = replay.run(|place, boundary| checker.check(place, boundary).map(drop))?;
    let lost = report.failures.iter().filter(|failure| failure.why.contains("lost") || failure.why.contains("is back"));
    if lost.count() == 0 {
        return Err(format!("{} images, and no loss was noticed: {:?}", report.images, report.failures));
    }
    Ok(())
}

/// The time that each part of a replay takes.
#[derive(Debug, Default)]
struct Times {
    open: Duration,
    check: Duration,
    write: Duration,
    verify: Duration,
    close: Duration,
}

impl Times {
    fn add(&mut self, other: &Self) {
        self.open += other.open;
        self.check += other.check;
        self.write += other.write;
        self.verify += other.verify;
        self.close += other.close;
    }
}

struct Checker<'r> {
    key: &'r Path,
    model: Model,
    /// The number of lines that the model holds.
    lines: usize,
    images: usize,
    times: Times,
}

impl<'r> Checker<'r> {
    fn new(key: &'r Path, model: Model) -> Self {
        Self { key, model, lines: 0, images: 0, times: Times::default() }
    }

    fn check(&mut self, place: &Path, boundary: &Boundary<'_>) -> Result<Seen, String> {
        for line in &boundary.acks[self.lines..] {
            self.model.line(line)?;
        }
        self.lines = boundary.acks.len();
        self.images += 1;
        let (dir, key) = (place.join("vault"), self.key);
        let mut lap = Lap(Instant::now());
        let opened = match office::options(&dir, key)?.open() {
            Err(Error::NotAVault { .. }) if !self.model.vault => {
                let made = office::options(&dir, key)?.create().map_err(said("creating it once more"))?;
                made.close().map_err(said("closing"))?;
                return Ok(Seen::default());
            }
            opened => opened,
        };
        let vault = opened.map_err(|error| format!("it doesn't open: {}", text(&error)))?;
        lap.to(&mut self.times.open);
        let full = self.images.is_multiple_of(FULL) || boundary.last;
        let seen = check(&vault, &self.model, if full { Depth::Full } else { Depth::Quick })?;
        lap.to(&mut self.times.check);
        let written = self.write(&vault)?;
        lap.to(&mut self.times.write);
        if full || self.images.is_multiple_of(VERIFIED) {
            intact(&vault)?;
        }
        lap.to(&mut self.times.verify);
        vault.close().map_err(said("closing"))?;
        drop(vault);
        lap.to(&mut self.times.close);
        if full {
            let vault = office::options(&dir, key)?.open().map_err(said("opening it once more"))?;
            intact(&vault)?;
            if let Some(id) = written {
                let tenant = vault.tenant("acme").map_err(said("the tenant"))?;
                let session = tenant.session(office::clerk()).map_err(said("a session"))?;
                customers(&session)?.get(id).map_err(said("reading what was written after the cut"))?;
            }
            vault.close().map_err(said("closing once more"))?;
        }
        Ok(seen)
    }

    /// Writes one more record, where there is a collection for it.
    fn write(&self, vault: &Vault) -> Result<Option<strongroom::RecordId>, String> {
        let customers_of_acme = ("acme".to_owned(), "customers".to_owned(), String::new());
        if !self.model.defined.contains(&customers_of_acme) {
            return Ok(None);
        }
        let tenant = vault.tenant("acme").map_err(said("the tenant"))?;
        let session = tenant.session(office::clerk()).map_err(said("a session"))?;
        let new = office::Customer::new(u64::MAX / 2, 0);
        customers(&session)?.insert(&new).map(Some).map_err(said("writing after the cut"))
    }
}

struct Lap(Instant);

impl Lap {
    fn to(&mut self, total: &mut Duration) {
        *total += self.0.elapsed();
        self.0 = Instant::now();
    }
}

fn intact(vault: &Vault) -> Result<(), String> {
    match vault.session(office::admin()).map_err(said("beginning a session"))?.verify().map_err(said("verifying"))? {
        Verdict::Intact => Ok(()),
        other => Err(format!("verify says: {other}")),
    }
}
