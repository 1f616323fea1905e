//! Creating a vault: built in a directory aside, made durable, then moved into place by one rename.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audit::{EntryBuilder, Frontier, JournalState, Outcome, encode_head_file};
use crate::crypto::{MacKey, fill, sha256};
use crate::error::{Error, NoVault, Result};
use crate::format::marker;
use crate::keys::{FileHome, Home, Keyring, MasterKey};
use crate::model::{Action, Clock, VaultId};
use crate::store::{Batch, CommitError, DirLock, Store, files};

use crate::vault::commit::genesis;
use crate::vault::gate::finish;
use crate::vault::handles::Vault;
use crate::vault::state::policy::InForce;
use crate::vault::upkeep::heads::sign_head;
use crate::vault::upkeep::reserve;

use super::open;
use super::options::{Memory, Place, VaultOptions};

/// Directory of the keyring's files in a vault's directory.
pub(crate) const KEYS: &str = "keys";
/// Directory of the engine's files.
pub(crate) const STORE: &str = "store";
/// File that marks a directory as a vault.
pub(crate) const MARKER: &str = "vault";
/// File with the latest head.
pub(crate) const HEAD: &str = "head";
/// File with a head that covers more than the journal has.
pub(crate) const AHEAD: &str = "head.ahead";

pub(crate) fn create(options: VaultOptions) -> Result<Vault> {
    let master = options.master.clone().ok_or(Error::NoMasterKey)?;
    master.check_new()?;
    // A policy that can't be used is noticed before anything is made.
    InForce::new(Arc::clone(&options.policy), Arc::clone(&options.clock), options.guard)?;
    match options.place.clone() {
        Place::Directory(dir) => in_directory(options, &dir, &master),
        Place::Memory(memory) => in_memory(options, &memory, &master),
    }
}

#[cfg(feature = "sled")]
fn in_directory(options: VaultOptions, dir: &Path, master: &Arc<dyn MasterKey>) -> Result<Vault> {
    use crate::store::SledStore;

    let failed = |error| Error::io("creating the vault's directory", error);
    match fs::read_dir(dir) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(Error::AlreadyExists { path: dir.to_owned() });
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::directory(dir, error)),
    }
    let aside = aside(dir)?;
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(|error| Error::directory(parent, error))?;
    }
    // The directory may be left from a creation that was cut short; the lock tells that from one under way.
    files::create_dir(&aside)
        .or_else(|error| if aside.is_dir() { Ok(()) } else { Err(Error::directory(files::parent(dir), error)) })?;
    let lock = DirLock::acquire(&aside).map_err(|error| open::store_error(error, dir))?;
    clear(&aside)?;

    let id = new_id()?;
    files::write_new(&aside.join(MARKER), marker::text(id).as_bytes()).map_err(failed)?;
    let home = FileHome::create(aside.join(KEYS)).map_err(|error| Error::io("creating the keyring", error))?;
    reserve::make(&aside, options.reserve).map_err(|error| Error::io("reserving space", error))?;
    let store = SledStore::create(&aside.join(STORE), options.cache).map_err(|error| open::store_error(error, dir))?;
    let head = begin(id, Arc::new(home), &store, master, &*options.clock)?;
    store.close().map_err(|error| open::store_error(error, dir))?;
    files::replace(&aside.join(HEAD), head.as_bytes()).map_err(failed)?;
    files::sync_dir(&aside).map_err(failed)?;
    fs::rename(&aside, dir).map_err(failed)?;
    files::sync_dir(files::parent(dir)).map_err(failed)?;
    open::open_locked(options, Box::new(lock))
}

#[cfg(not(feature = "sled"))]
fn in_directory(_options: VaultOptions, dir: &Path, _master: &Arc<dyn MasterKey>) -> Result<Vault> {
    Err(Error::NotAVault { path: dir.to_owned(), why: NoVault::Engine })
}

fn in_memory(options: VaultOptions, memory: &Memory, master: &Arc<dyn MasterKey>) -> Result<Vault> {
    let lock = open::lock_memory(memory)?;
    let mut made = memory.inner.id.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if made.is_some() {
        return Err(Error::AlreadyExists { path: PathBuf::from(open::IN_MEMORY) });
    }
    let id = new_id()?;
    let home: Arc<dyn Home> = Arc::clone(&memory.inner.home) as Arc<dyn Home>;
    let store = memory.inner.store.reopen();
    let head = begin(id, home, &store, master, &*options.clock)?;
    *memory.inner.head.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(head);
    *made = Some(id);
    drop(made);
    open::open_locked(options, Box::new(lock))
}

/// Writes the keyring and the journal's first block. Returns the head file's content.
fn begin(
    id: VaultId,
    home: Arc<dyn Home>,
    store: &dyn Store,
    master: &Arc<dyn MasterKey>,
    clock: &dyn Clock,
) -> Result<String> {
    let keyring = Keyring::create(home, id, Arc::clone(master)).map_err(open::key_error)?;
    let keys = keyring.vault_keys();
    let now = clock.now();
    let mut entry = EntryBuilder::new(now, Action::CreateVault);
    entry.outcome(Outcome::Permitted, "", "");
    let entry = finish(entry)?;
    let state = JournalState {
        epoch: keys.epoch,
        sequence: 1,
        frontier: Frontier::default(),
        ledger_size: 0,
        ledger_hash: sha256(&[]),
        time: now,
    };
    let mut writes = HashMap::new();
    let commit = MacKey::new(&keys.commit);
    let state = genesis(id, keys, &commit, state, &[entry], &mut writes)
        .map_err(|error| Error::io("sealing the journal's first block", error))?;
    let mut batch = Batch::default();
    for (key, value) in writes {
        if let Some(value) = value {
            batch.put(key, value);
        }
    }
    store.commit(&batch, &[]).map_err(|error| match error {
        CommitError::Store(error) => Error::io("writing the journal's first block", error),
        conflict @ CommitError::Conflict { .. } => Error::io("writing the journal's first block", conflict),
    })?;
    encode_head_file(&sign_head(id, &keyring, &state), &state.frontier)
        .map_err(|error| Error::io("writing the head file", error))
}

/// Returns the directory in which a vault is built.
fn aside(dir: &Path) -> Result<PathBuf> {
    let bad = Error::NotAVault { path: dir.to_owned(), why: NoVault::Name };
    let name = dir.file_name().ok_or(bad)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".creating");
    Ok(dir.with_file_name(hidden))
}

/// Removes the files of a creation that was cut short, except for the lock.
fn clear(aside: &Path) -> Result<()> {
    let failed = |error| Error::io("clearing an unfinished vault away", error);
    for entry in fs::read_dir(aside).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.file_name().is_some_and(|name| name == "lock") {
            continue;
        }
        if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }.map_err(failed)?;
    }
    Ok(())
}

fn new_id() -> Result<VaultId> {
    let mut id = [0; 16];
    fill(&mut id).map_err(|error| Error::io("drawing a random id", error))?;
    Ok(VaultId::from_bytes(id))
}
