//! Strongroom's side: a vault with one tenant and one collection, and what is timed on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use strongroom::{Collection, KeyFile, RecordId, Vault, VaultOptions};

use crate::Outcome;
use crate::clock::{Stopwatch, Took};
use crate::data::{COLLECTION, Customer, Tier, admin, roles, sales, schema};
use crate::raw::settle;

const TENANT: &str = "acme";

/// The place of a vault and its key.
pub struct Home {
    dir: PathBuf,
    cache: u64,
}

/// An open vault.
pub struct Open {
    vault: Vault,
    pub customers: Collection<Customer>,
}

impl Home {
    pub fn new(dir: PathBuf, cache: u64) -> Self {
        Self { dir, cache }
    }

    /// Makes an empty vault with the collection defined, whatever was there.
    pub fn create(&self, indexes: usize) -> Outcome<Open> {
        let _ = fs::remove_dir_all(&self.dir);
        fs::create_dir_all(&self.dir)?;
        KeyFile::create(self.key())?;
        let vault = self.options()?.create()?;
        let tenant = vault.session(admin())?.create_tenant(TENANT)?;
        tenant.session(admin())?.define_as::<Customer>(schema(indexes))?;
        Open::new(vault)
    }

    pub fn open(&self) -> Outcome<Open> {
        Open::new(self.options()?.open()?)
    }

    /// Measures the opening of the vault, key file included.
    pub fn time_open(&self) -> Outcome<Took> {
        let watch = Stopwatch::start();
        let vault = self.options()?.open()?;
        let took = watch.stop();
        Open::new(vault)?.close(self)?;
        Ok(took)
    }

    /// Returns the engine's directory.
    pub fn store(&self) -> PathBuf {
        self.dir.join("vault").join("store")
    }

    fn key(&self) -> PathBuf {
        self.dir.join("master.key")
    }

    fn options(&self) -> Outcome<VaultOptions> {
        let options = Vault::options(self.dir.join("vault")).cache_bytes(self.cache).policy(roles());
        Ok(options.master_key(KeyFile::open(self.key())?))
    }
}

impl Open {
    fn new(vault: Vault) -> Outcome<Self> {
        let customers = vault.tenant(TENANT)?.session(sales())?.collection_named::<Customer>(COLLECTION)?;
        Ok(Self { vault, customers })
    }

    pub fn close(self, home: &Home) -> Outcome<()> {
        self.vault.close()?;
        drop(self);
        let store: &Path = &home.store();
        settle(store)
    }

    /// Stores all of them as fast as they go.
    pub fn import(&self, values: Vec<Customer>) -> Outcome<Took> {
        let (count, mut failed) = (values.len(), None);
        let watch = Stopwatch::start();
        let stored = self.customers.import(values, |_, outcome| {
            if let Err(error) = outcome {
                failed = Some(error);
            }
        })?;
        let took = watch.stop();
        match failed {
            None if stored == count => Ok(took),
            None => Err("the import lost records".into()),
            Some(error) => Err(error.into()),
        }
    }

    /// Stores each by itself, durably, with so many threads.
    pub fn insert(&self, values: &[Customer], threads: usize) -> Outcome<Took> {
        share(values, threads, |customer| self.customers.insert(customer).map(drop))
    }

    /// Changes one field of each, durably, with so many threads.
    pub fn update(&self, ids: &[RecordId], threads: usize) -> Outcome<Took> {
        let change = |customer: &mut Customer| {
            customer.tier = Some(if customer.tier == Some(Tier::Gold) { Tier::Silver } else { Tier::Gold });
        };
        share(ids, threads, |id| self.customers.update(*id, change).map(drop))
    }

    /// Reads everything with so many callers, a thousand at a time. Returns how many records were decoded.
    pub fn list(&self, callers: usize) -> Outcome<(Took, usize)> {
        let counted = AtomicUsize::new(0);
        let everyone: Vec<()> = vec![(); callers];
        let took = share(&everyone, callers, |()| {
            for found in self.customers.iter(1000) {
                std::hint::black_box(found?.value);
                counted.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        })?;
        Ok((took, counted.load(Ordering::Relaxed)))
    }
}

/// Deals the items out to threads that start together. Returns how long they took.
fn share<T: Sync>(items: &[T], threads: usize, each: impl Fn(&T) -> strongroom::Result<()> + Sync) -> Outcome<Took> {
    let next = AtomicUsize::new(0);
    let ready = Barrier::new(threads + 1);
    let work = || -> strongroom::Result<()> {
        ready.wait();
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            each(item)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        ready.wait();
        let watch = Stopwatch::start();
        for worker in workers {
            worker.join().map_err(|_| "a thread panicked")??;
        }
        Ok(watch.stop())
    })
}
