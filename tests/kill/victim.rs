//! The child: works on a vault until it is killed, or until something fails.

use std::path::Path;

use strongroom::audit::{JsonLines, Required};
use strongroom::{Error, Vault};

use crate::crash::check::indexed;
use crate::crash::model::Change;
use crate::crash::office;
use crate::crash::work::{Teller, Worker, customers, notes, say};
use crate::crash::{said, text};
use crate::random::Random;

/// A number of keys that no worker uses up.
const KEYS: u64 = 10_000;

/// The number of operations of which, after a failure, one at least is a write.
const STEPS: usize = 50;
/// The advice of a vault that can't write any more.
pub const ADVICE: &str = "the vault has stopped because writing failed: free disk space";

/// The work of a child besides writing records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing: two threads write.
    Write,
    /// Nothing else, but a sink has to acknowledge.
    Sink,
    /// Making tenants, defining collections, adding indexes.
    Administer,
    /// Closing and opening the vault all the time.
    Reopen,
    /// Making the vault.
    Create,
    /// Making the vault, if there is none, and writing until that fails. Nobody kills the child.
    Fill,
}

impl Mode {
    pub const ALL: [Self; 6] = [Self::Write, Self::Sink, Self::Administer, Self::Reopen, Self::Create, Self::Fill];

    pub fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Sink => "sink",
            Self::Administer => "administer",
            Self::Reopen => "reopen",
            Self::Create => "create",
            Self::Fill => "fill",
        }
    }
}

/// Works as a child does. `base` is the first number that no operation, key or tenant had yet.
pub fn work(mode: &str, dir: &Path, key: &Path, seed: u64, mut base: u64) -> Result<(), String> {
    let mode = Mode::ALL.into_iter().find(|m| m.name() == mode).ok_or_else(|| format!("no mode {mode}"))?;
    let (teller, mut random) = (Teller::new(base), Random::new(seed, base));
    if mode == Mode::Create {
        let vault = teller
            .administer(Change::Vault, || office::options(dir, key)?.create().map_err(said("creating the vault")))?;
        teller.define(&teller.create_tenant(&vault, "acme")?)?;
        return write(&teller, &vault, base, &mut random, usize::MAX);
    }
    if mode == Mode::Fill {
        return fill(&teller, dir, key, base, &mut random);
    }
    loop {
        let mut options = office::options(dir, key)?;
        if mode == Mode::Sink {
            let sink = JsonLines::append(sink_path(dir)).map_err(|error| format!("the sink: {}", text(&error)))?;
            options = options.sink(Required(sink));
        }
        let vault = options.open().map_err(said("opening"))?;
        say("opened");
        match mode {
            Mode::Administer => administer(&teller, &vault, &mut base, &mut random)?,
            Mode::Reopen => {
                let mut worker = Worker::new(&teller, &vault, base, 1, Random::new(random.next(), 0))?;
                (0..random.below(12)).try_for_each(|_| worker.step())?;
            }
            _ => write(&teller, &vault, base, &mut random, usize::MAX)?,
        }
        base += KEYS;
        vault.close().map_err(said("closing"))?;
        say("closed");
    }
}

/// Writes with two threads; `steps` operations each.
fn write(teller: &Teller, vault: &Vault, base: u64, random: &mut Random, steps: usize) -> Result<(), String> {
    std::thread::scope(|scope| {
        let mut working = Vec::new();
        for n in 0..2 {
            let mut worker = Worker::new(teller, vault, base + n, 2, Random::new(random.next(), 0))?;
            working.push(scope.spawn(move || (0..steps).try_for_each(|_| worker.step())));
        }
        working.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a worker panicked".to_owned())?)
    })
}

fn administer(teller: &Teller, vault: &Vault, base: &mut u64, random: &mut Random) -> Result<(), String> {
    for tenant in vault.tenants() {
        let session = tenant.session(office::clerk()).map_err(said("a session"))?;
        // A definition that a kill cut short is made again. (Without the city, it would take that index away.)
        let ready = tenant.collections().len() == 2
            && indexed(&customers(&session)?, "email")?
            && indexed(&customers(&session)?, "name")?
            && indexed(&notes(&session)?, "key")?;
        if !ready {
            teller.define(&tenant)?;
        }
        if !indexed(&customers(&session)?, "city")? {
            teller.define_city(&tenant)?;
        }
    }
    if vault.tenants().len() < 6 {
        let name = format!("tenant-{base}-{}", random.below(1_000_000));
        let tenant = teller.create_tenant(vault, &name)?;
        teller.define(&tenant)?;
        let mut worker = Worker::new(teller, vault, *base, 1, Random::new(random.next(), 0))?;
        *base += KEYS;
        (0..10).try_for_each(|_| worker.step())?;
        teller.define_city(&tenant)?;
    }
    write(teller, vault, *base, random, 5)
}

fn fill(teller: &Teller, dir: &Path, key: &Path, base: u64, random: &mut Random) -> Result<(), String> {
    let vault = if dir.exists() {
        office::options(dir, key)?.open().map_err(said("opening"))?
    } else {
        teller.administer(Change::Vault, || office::options(dir, key)?.create().map_err(said("creating")))?
    };
    let mut work = || -> Result<(), String> {
        let tenant = match vault.tenants().pop() {
            Some(tenant) => tenant,
            None => teller.create_tenant(&vault, "acme")?,
        };
        teller.define(&tenant)?;
        let mut worker = Worker::new(teller, &vault, base, 1, Random::new(random.next(), 0))?;
        loop {
            worker.step()?;
        }
    };
    let failed = work();
    // The engine writes in the background too, and a read may be the first to hear of it; a write surely does.
    let stopped = (0..STEPS).find_map(|_| work().err().filter(|why| why.contains(ADVICE)));
    // Whatever is tried now says the same, at once, and so does closing.
    let health = vault.health().stopped;
    let again = vault.flush();
    let closed = vault.close();
    match (&failed, stopped, health, &again, &closed) {
        (Err(why), Some(_), true, Err(Error::Stopped { .. }), Err(Error::Stopped { .. })) => Err(why.clone()),
        (_, stopped, ..) => {
            Err(format!("oddly: {failed:?}, then {stopped:?}, stopped {health}, then {again:?}, closing {closed:?}"))
        }
    }
}

pub fn sink_path(dir: &Path) -> std::path::PathBuf {
    dir.with_extension("jsonl")
}
