//! Kills, and what is left after each.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use strongroom::Error;
use strongroom::audit::Verdict;

use crate::crash::check::{Depth, check};
use crate::crash::model::Model;
use crate::crash::tests::amount;
use crate::crash::{office, said, text};
use crate::random::{Random, seed};
use crate::victim::Mode;
use crate::{CHILD, entries, journal};

/// The number of inspections after which the journal's entries are held against the records.
const ENTRIES: usize = 3;
/// The number of vaults that are tormented at once.
const VAULTS: usize = 2;
/// Returns the number of kills of each vault.
fn kills_of_each() -> u64 {
    amount(15, 60)
}
/// The number of kills after which a vault is made anew.
const LIFE: u64 = 25;
/// The longest time until a child is killed, from its start or from the opening of its vault.
const LONGEST: Duration = Duration::from_millis(400);
/// The number of creations of a vault that are killed before one may be finished.
const CREATIONS: usize = 5;
/// The silence after which a child is taken to hang.
const PATIENCE: Duration = Duration::from_secs(60);
const SIGKILL: i32 = 9;

#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    acks: usize,
    /// The number of kills in each mode.
    modes: std::collections::BTreeMap<&'static str, usize>,
    /// The number of kills while an operation was under way.
    amid: usize,
    /// The number of kills before the child had opened the vault, or while it closed it.
    beside: usize,
    events: usize,
}

pub fn kills() -> Result<(), String> {
    let seed = seed();
    println!("kills: STRONGROOM_SEED={seed}");
    let begin = Instant::now();
    let tallies = std::thread::scope(|scope| {
        let torment = |n: usize| move || torment(seed.wrapping_add(n as u64));
        let threads: Vec<_> = (0..VAULTS).map(|n| scope.spawn(torment(n))).collect();
        threads.into_iter().map(|t| t.join().map_err(|_| "it panicked".to_owned())?).collect::<Result<Vec<_>, _>>()
    });
    let tallies = tallies.map_err(|why| format!("seed {seed}: {why}"))?;
    tallies.iter().for_each(|tally| println!("  {tally:?}"));
    println!("  {} kills in {:.0?}", tallies.iter().map(|t| t.kills).sum::<usize>(), begin.elapsed());
    for tally in tallies {
        // Kills that hit nothing would prove nothing.
        if tally.modes.len() < Mode::ALL.len() - 1 || tally.amid < kills_of_each() as usize / 4 || tally.beside == 0 {
            return Err(format!("seed {seed}: the kills missed what they were for: {tally:?}"));
        }
    }
    Ok(())
}

/// Tests the test itself, with an acknowledgement of something that never happened.
pub fn loss_is_noticed() -> Result<(), String> {
    let home = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut place = Place::new(home.path(), 0)?;
    let vault = office::options(&place.dir, &place.key)?.create().map_err(said("creating"))?;
    let tenant = vault.session(office::admin()).unwrap().create_tenant("acme").map_err(said("a tenant"))?;
    tenant.session(office::admin()).unwrap().define::<office::Customer>().map_err(said("defining"))?;
    vault.close().map_err(said("closing"))?;
    for line in ["try 1 vault", "ack 1 -", "try 2 acme/customers/7=0", "ack 2 01900000-0000-7000-8000-000000000000"] {
        place.model.line(line)?;
    }
    match place.inspect() {
        Err(why) if why.contains("lost") => Ok(()),
        other => Err(format!("a lost record went unnoticed: {other:?}")),
    }
}

/// Makes one vault after the other, each killed many times.
fn torment(seed: u64) -> Result<Tally, String> {
    let home = tempfile::tempdir().map_err(|e| e.to_string())?;
    let (mut random, mut tally) = (Random::new(seed, 0), Tally::default());
    let mut place = Place::new(home.path(), 0)?;
    for kill in 0..kills_of_each() {
        if kill > 0 && kill % LIFE == 0 {
            place = Place::new(home.path(), kill)?;
        }
        // In turn, so that none is left out of a short run.
        let mode = match kill * 3 % 10 {
            _ if !place.model.defined() => Mode::Create,
            // As a program would that starts again: it defines what it needs.
            _ if !place.model.complete() => Mode::Administer,
            0..4 => Mode::Write,
            4 | 5 => Mode::Sink,
            6 | 7 => Mode::Administer,
            _ => Mode::Reopen,
        };
        let told = |why: String| format!("kill {kill} of a vault, while it did {mode:?}: {why}");
        place.kill_one(mode, &mut random, &mut tally).map_err(told)?;
        place.inspect().map_err(told)?;
    }
    Ok(tally)
}

/// A vault that lives through many kills, and what it has promised.
pub struct Place {
    pub dir: PathBuf,
    pub key: PathBuf,
    pub model: Model,
    /// The number below which all were used for operations, keys and tenants.
    pub base: u64,
    /// The number of creations that were killed.
    creations: usize,
    inspections: usize,
}

impl Place {
    pub fn new(home: &Path, number: u64) -> Result<Self, String> {
        let (dir, key) = (home.join(format!("vault-{number}")), home.join(format!("key-{number}")));
        office::make_key(&key)?;
        Ok(Self { dir, key, model: Model::default(), base: 1, creations: 0, inspections: 0 })
    }

    /// Chooses fresh numbers for the next child.
    pub fn start_anew(&mut self) {
        self.base = self.base.max(self.model.next_key) + 1_000_000;
    }

    /// Starts a child and kills it.
    fn kill_one(&mut self, mode: Mode, random: &mut Random, tally: &mut Tally) -> Result<(), String> {
        self.start_anew();
        if mode == Mode::Create && self.dir.exists() {
            // Killed once it stood, but before it had a tenant with collections: made anew.
            std::fs::remove_dir_all(&self.dir).map_err(|e| e.to_string())?;
            self.model = Model::default();
        }
        self.creations += usize::from(mode == Mode::Create);
        let mut child = Command::new(std::env::current_exe().map_err(|e| e.to_string())?)
            .args([CHILD, mode.name()])
            .args([&self.dir, &self.key])
            .args([random.next(), self.base].map(|n| n.to_string()))
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| e.to_string())?;
        let lines = listen(&mut child);
        let mut said = Vec::new();
        let mut wait = |count: usize| -> Result<(), String> {
            for _ in 0..count {
                said.push(lines.recv_timeout(PATIENCE).map_err(|_| "the child doesn't do anything".to_owned())?);
            }
            Ok(())
        };
        match mode {
            Mode::Create if self.creations < CREATIONS => {}
            // Before and after each of four acts of administration.
            Mode::Create => wait(8)?,
            _ if random.below(4) == 0 => {}
            _ => {
                wait(1)?;
                if random.below(8) == 0 && mode != Mode::Reopen {
                    self.is_in_use()?;
                }
            }
        }
        std::thread::sleep(LONGEST.mul_f64(random.below(1_000) as f64 / 1_000.0));
        child.kill().map_err(|e| e.to_string())?;
        let status = child.wait().map_err(|e| e.to_string())?;
        said.extend(lines.iter());
        if status.signal() != Some(SIGKILL) {
            return Err(format!("the child ended before it was killed, {status}: {:?}", said.last()));
        }
        let before = self.model.acks;
        // The last line may be cut short.
        said.iter().filter_map(|line| line.strip_suffix('\n')).try_for_each(|line| self.model.line(line))?;
        tally.kills += 1;
        tally.acks += self.model.acks - before;
        *tally.modes.entry(mode.name()).or_default() += 1;
        tally.amid += usize::from(!self.model.pending.is_empty());
        tally.beside += usize::from(said.last().is_none_or(|line| line == "closed\n"));
        if mode == Mode::Sink {
            tally.events += journal::check(&crate::victim::sink_path(&self.dir), &said)?;
        }
        Ok(())
    }

    /// Checks that a living child keeps everybody else out, and that they are told at once.
    fn is_in_use(&self) -> Result<(), String> {
        let begin = Instant::now();
        match office::options(&self.dir, &self.key)?.open() {
            Err(Error::InUse { .. }) if begin.elapsed() < Duration::from_secs(5) => Ok(()),
            Err(error) => Err(format!("in use, and opening it says after {:?}: {}", begin.elapsed(), text(&error))),
            Ok(_) => Err("a vault was opened twice".to_owned()),
        }
    }

    /// Opens the vault, checks it whole and closes it.
    pub fn inspect(&mut self) -> Result<(), String> {
        let vault = match office::options(&self.dir, &self.key)?.open() {
            Err(Error::NotAVault { .. }) if !self.model.vault => return Ok(()),
            opened => opened.map_err(|error| format!("it doesn't open: {}", text(&error)))?,
        };
        let seen = check(&vault, &self.model, Depth::Full)?;
        seen.settle(&mut self.model)?;
        match vault.session(office::admin()).unwrap().verify().map_err(said("verifying"))? {
            Verdict::Intact => {}
            other => return Err(format!("verify says: {other}")),
        }
        self.inspections += 1;
        if self.inspections.is_multiple_of(ENTRIES) {
            entries::check(&vault)?;
        }
        vault.close().map_err(said("closing"))
    }
}

/// Hands on the lines that a child prints, with their ends, until the child is gone.
fn listen(child: &mut Child) -> Receiver<String> {
    let (send, lines) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut out = BufReader::new(out);
            let mut line = String::new();
            while out.read_line(&mut line).is_ok_and(|n| n > 0) {
                if send.send(std::mem::take(&mut line)).is_err() {
                    return;
                }
            }
        });
    }
    lines
}
