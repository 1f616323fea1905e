//! Opening a vault: the lock, the keys, the store, the journal and its head, the tenants.
//!
//! Guarantees: a wrong key, a foreign directory or a newer format is an error of its own, and leaves everything as it
//! is. If the journal has more blocks than the head file covers, they are adopted if they open and follow from it; if
//! it has fewer, the vault is opened with a notice, and new slots are drawn above the ceiling.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use crate::audit::{AuditError, Frontier, Head, HeadKey, JournalState, decode_head_file, leaf_of};
use crate::crypto::{Label, open as unseal};
use crate::error::{Error, NoVault, Result};
use crate::format::marker::{self, MAX_MARKER};
use crate::format::state::TenantState;
use crate::format::{FormatError, StoredSchema, place};
use crate::keys::{CEILING_BLOCK, FileHome, Home, KeyError, Keyring, TenantKeys};
use crate::model::{CollectionId, TenantId, VaultId};
use crate::record::Dictionary;
use crate::store::{DirLock, Store, StoreError, files};

use crate::vault::commit::{Blocks, Committer, Journal, Signal, Start};
use crate::vault::core::Core;
use crate::vault::handles::Vault;
use crate::vault::standing;
use crate::vault::state::catalog::{Part, open_parts, open_tenant_name};
use crate::vault::state::policy::InForce;
use crate::vault::state::schema::{CollectionCore, layout};
use crate::vault::state::standing::{Owner, Standing};
use crate::vault::state::tenant::{TenantCore, state_context};
use crate::vault::upkeep::heads::{HeadPlace, Upkeep, Work};
use crate::vault::upkeep::lock::{Held, Lock};
use crate::vault::upkeep::positions::Cursors;
use crate::vault::upkeep::reserve::Reserve;
use crate::vault::upkeep::sinks::{attach, supply};

use super::create::{AHEAD, HEAD, KEYS, MARKER, STORE};
use super::options::{Memory, MemoryLock, Place, VaultOptions};
use super::policies;
use super::recount::recount;

/// Path of a vault in memory, in errors.
pub(crate) const IN_MEMORY: &str = "<memory>";

/// Notice given at each opening, for the earlier head still counts.
const SHORT_BEFORE: &str = "the journal was found short of a head, or not to follow from it, when the vault was opened \
    before; `verify` says more";

pub(crate) fn open(options: VaultOptions) -> Result<Vault> {
    if options.master.is_none() {
        return Err(Error::NoMasterKey);
    }
    let held = match &options.place {
        Place::Directory(dir) => {
            let not = |why| Error::NotAVault { path: dir.clone(), why };
            if !dir.is_dir() {
                return Err(not(NoVault::Directory));
            }
            if !dir.join(MARKER).is_file() {
                return Err(not(NoVault::Marker));
            }
            Box::new(DirLock::acquire(dir).map_err(|error| store_error(error, dir))?) as Held
        }
        Place::Memory(memory) => Box::new(lock_memory(memory)?),
    };
    open_locked(options, held)
}

pub(crate) fn lock_memory(memory: &Memory) -> Result<MemoryLock> {
    MemoryLock::acquire(memory).ok_or(Error::InUse { path: PathBuf::from(IN_MEMORY) })
}

pub(crate) fn open_locked(options: VaultOptions, held: Held) -> Result<Vault> {
    let VaultOptions { place, master, policy, sinks, clock, cache, reserve, limits, guard } = options;
    let master = master.ok_or(Error::NoMasterKey)?;
    let policy = Arc::new(InForce::new(policy, Arc::clone(&clock), guard)?);
    // The keys come before the store: with a wrong key the engine must not touch its files.
    let (id, home): (VaultId, Arc<dyn Home>) = match &place {
        Place::Directory(dir) => (identify(dir)?, Arc::new(FileHome::open(dir.join(KEYS)))),
        Place::Memory(memory) => {
            let id = *memory.inner.id.lock().unwrap_or_else(PoisonError::into_inner);
            let none = Error::NotAVault { path: PathBuf::from(IN_MEMORY), why: NoVault::Memory };
            (id.ok_or(none)?, Arc::clone(&memory.inner.home) as Arc<dyn Home>)
        }
    };
    let keyring = Arc::new(Keyring::open(home, id, master).map_err(key_error)?);
    let mut notices = Vec::new();
    // Before the engine, which may need the room.
    let reserve = Arc::new(match &place {
        Place::Directory(dir) => Reserve::open(dir, reserve, &mut notices)?,
        Place::Memory(_) => Reserve::none(),
    });
    let (store, head, ahead, repairs) = open_store(&place, cache)?;
    notices.extend(repairs);

    let stored = store.get(&place::journal_state()).map_err(|error| Error::io("reading the journal's state", error))?;
    let stored =
        stored.ok_or(Error::damaged("the store has no journal: its files are another vault's or were lost"))?;
    let keys = Arc::clone(keyring.vault_keys());
    let state = JournalState::open(&stored, &keys.state, id).map_err(|error| match error {
        AuditError::Format(error) => unreadable("the journal's state", error),
        error => Error::damaged_by("the journal's state doesn't open", error),
    })?;
    let blocks = Blocks {
        vault: id,
        epoch: state.epoch,
        store: Arc::clone(&store),
        keyring: Arc::clone(&keyring),
        keys: Arc::clone(&keys),
    };
    let mut short = compare(&blocks, &state, &head, &ahead, &mut notices)?;
    // Slots that lost commits gave out may still stand in backups.
    if !short && ahead.read()?.is_some() {
        notices.push(SHORT_BEFORE.to_owned());
        short = true;
    }
    let (tenants, unread) = tenants(&*store, &keyring, short, &mut notices)?;
    recount(&blocks, state.frontier.size(), clock.now(), &tenants, &mut notices)?;

    let origin: Arc<str> = HeadKey::of(&keys.signing, id, state.epoch).name().into();
    let signal = Arc::new(Signal::default());
    let journal = Arc::new(Journal::new(limits, state.clone(), Arc::clone(&signal)));
    let cursors = Arc::new(Cursors::new(id, state.epoch, Arc::clone(&store), Arc::clone(&keys)));
    journal.attach(attach(sinks, supply(&origin, &blocks, state.frontier.size(), &cursors, &clock))?);
    let failed = |error| Error::io("starting a thread", error);
    let committer = Committer::start(Start {
        vault: id,
        store: Arc::clone(&store),
        keys,
        origin,
        journal: Arc::clone(&journal),
        policy: Arc::clone(&policy),
        state,
        stored: Some(stored),
    })
    .map_err(failed)?;
    let upkeep = Upkeep::start(Work {
        vault: id,
        keyring: Arc::clone(&keyring),
        journal: Arc::clone(&journal),
        head,
        reserve: Arc::clone(&reserve),
        signal,
        cursors: Arc::clone(&cursors),
        told: AtomicU64::new(u64::MAX),
        trouble: Mutex::new(None),
    })
    .map_err(failed)?;
    let facts = Arc::new(Standing::new(Owner::Vault(Arc::clone(keyring.vault_keys()))));
    if let Err(error) = standing::load(&*store, &facts) {
        // A request for approval that is missing permits nothing.
        notices.push(format!("a request for approval of an act of the vault's can't be read: {error}"));
    }
    let core = Core {
        id,
        store,
        keyring,
        policy,
        journal,
        committer,
        upkeep,
        ahead,
        tenants: Arc::new(RwLock::new(tenants)),
        facts,
        unread,
        reserve,
        retaining: Mutex::new(()),
        scrubs: OnceLock::new(),
        creating: Mutex::new(()),
        governing: Mutex::new(()),
        notices,
        closed: AtomicBool::new(false),
        closing: Mutex::new(()),
        lock: Lock::new(held),
    };
    cursors.begin(&core.journal)?;
    policies::opened_with(&core)?;
    Ok(Vault::new(core))
}

fn identify(dir: &Path) -> Result<VaultId> {
    let bytes = files::read_limited(&dir.join(MARKER), u64::try_from(MAX_MARKER).unwrap_or(u64::MAX))
        .map_err(|error| Error::io("reading the vault's file `vault`", error))?;
    let missing = Error::NotAVault { path: dir.to_owned(), why: NoVault::Marker };
    marker::parse(&bytes.ok_or(missing)?).map_err(|error| match error {
        FormatError::Newer { what, found, known } => Error::Newer { what, found, known },
        FormatError::Invalid { why, .. } => Error::damaged(why),
    })
}

type OpenedStore = (Arc<dyn Store>, HeadPlace, HeadPlace, Vec<String>);

fn open_store(place: &Place, cache: u64) -> Result<OpenedStore> {
    match place {
        #[cfg(feature = "sled")]
        Place::Directory(dir) => {
            let (store, notices) =
                crate::store::SledStore::open(&dir.join(STORE), cache).map_err(|error| store_error(error, dir))?;
            let notices = notices.iter().map(ToString::to_string).collect();
            Ok((Arc::new(store), HeadPlace::File(dir.join(HEAD)), HeadPlace::File(dir.join(AHEAD)), notices))
        }
        #[cfg(not(feature = "sled"))]
        Place::Directory(dir) => {
            let _ = (cache, STORE, HEAD, AHEAD);
            Err(Error::NotAVault { path: dir.clone(), why: NoVault::Engine })
        }
        Place::Memory(memory) => Ok((
            memory.inner.open_store(),
            HeadPlace::Memory(Arc::clone(&memory.inner.head)),
            HeadPlace::Memory(Arc::clone(&memory.inner.ahead)),
            Vec::new(),
        )),
    }
}

/// Compares the journal with the head file. Returns true if the journal has fewer blocks than the head covers.
fn compare(
    blocks: &Blocks,
    state: &JournalState,
    head: &HeadPlace,
    ahead: &HeadPlace,
    notices: &mut Vec<String>,
) -> Result<bool> {
    let text = head.read()?.ok_or(Error::damaged("the file `head` is missing"))?;
    let (known, mut frontier) =
        decode_head_file(&text).map_err(|error| Error::damaged_by("the file `head` can't be read", error))?;
    let key = HeadKey::of(&blocks.keys.signing, blocks.vault, state.epoch);
    known.verify(&key).map_err(|error| Error::damaged_by("the file `head` is not this vault's", error))?;
    let (kept, size) = (state.frontier.size(), known.size());
    if kept < size {
        keep(&known, &frontier, ahead)?;
        notices.push(format!(
            "the journal has {kept} blocks, but the file `head` knows of {size}: the store was set back or has lost its \
             last commits; `verify` says `Truncated`"
        ));
        return Ok(true);
    }
    let begins = match blocks.first() {
        Ok(first) => first,
        Err(Error::Damaged { .. }) => {
            notices.push("where the journal begins can't be read; `verify` says more".to_owned());
            return Ok(false);
        }
        Err(error) => return Err(error),
    };
    for position in size..kept {
        if position < begins {
            // The head file was set back; for dropped blocks the kept hashes count.
            let Some(leaf) = blocks.leaf(position)? else {
                notices.push(format!("the hash of the dropped block {position} is missing; `verify` says more"));
                return Ok(false);
            };
            frontier.append(leaf);
            continue;
        }
        let Some(bytes) = blocks.bytes(position)? else {
            notices.push(format!("block {position} of the journal is missing; `verify` says more"));
            return Ok(false);
        };
        let opened = blocks.open(position, &bytes);
        if let Err(newer @ Error::Newer { .. }) = opened {
            return Err(newer);
        }
        if opened.is_err() {
            notices.push(format!("block {position} of the journal doesn't open; `verify` says more"));
            return Ok(false);
        }
        frontier.append(leaf_of(&bytes).map_err(|error| Error::damaged_by("a journal block", error))?);
    }
    if frontier.root() == state.frontier.root() {
        if kept > size {
            notices.push(format!("adopted {} journal blocks that came after the file `head`", kept - size));
        }
    } else {
        keep(&known, &decode_head_file(&text).map_err(|e| Error::damaged_by("the file `head`", e))?.1, ahead)?;
        notices.push("the journal doesn't follow from the file `head`; `verify` says `Rewritten`".to_owned());
    }
    Ok(false)
}

/// Keeps a head that covers more than the journal has, so that later heads don't hide the loss. An earlier one stays.
fn keep(head: &Head, frontier: &Frontier, ahead: &HeadPlace) -> Result<()> {
    if ahead.read()?.is_some() {
        return Ok(());
    }
    let text = crate::audit::encode_head_file(head, frontier)
        .map_err(|error| Error::damaged_by("the file `head` can't be kept", error))?;
    ahead.write(&text)
}

/// Loads the tenants that open, and tells whether there are others.
fn tenants(
    store: &dyn Store,
    keyring: &Keyring,
    short: bool,
    notices: &mut Vec<String>,
) -> Result<(HashMap<TenantId, Arc<TenantCore>>, bool)> {
    let (mut tenants, mut unread) = (HashMap::new(), false);
    for id in keyring.tenants() {
        let Some(keys) = keyring.tenant(id) else { continue };
        match tenant(store, id, keys, short) {
            Ok(Some(core)) => {
                if short {
                    let above = core.keys.ceiling().saturating_add(CEILING_BLOCK);
                    keyring.raise_ceiling(id, above).map_err(key_error)?;
                }
                tenants.insert(id, Arc::new(core));
            }
            // The tenant's creation was cut short before it was acknowledged.
            Ok(None) => {}
            Err(error @ Error::Damaged { .. }) => {
                notices.push(format!("tenant {id} can't be opened: {error}"));
                unread = true;
            }
            Err(error) => return Err(error),
        }
    }
    Ok((tenants, unread))
}

/// Loads a tenant from the store; `None` if it was never finished.
fn tenant(store: &dyn Store, id: TenantId, keys: Arc<TenantKeys>, short: bool) -> Result<Option<TenantCore>> {
    let get = |key: &[u8]| store.get(key).map_err(|error| Error::io("reading a tenant", error));
    let (name, state) = match (get(&place::tenant_name(id))?, get(&place::tenant_state(id))?) {
        (None, None) => return Ok(None),
        (Some(name), Some(state)) => (name, state),
        _ => return Err(Error::damaged("a tenant's name or state is missing")),
    };
    let name = open_tenant_name(&keys, id, &name)?;
    let mut state = open_state(&keys, id, &state)?;
    if short {
        state.next_slot = state.next_slot.max(keys.ceiling());
    }
    let core = TenantCore::new(id, name, Arc::clone(&keys), state)?;
    let parts = |part| -> Result<HashMap<CollectionId, Vec<u8>>> {
        Ok(open_parts(store, &keys, id, part)?.into_iter().collect())
    };
    let (mut schemas, mut dictionaries) = (parts(Part::Schema)?, parts(Part::Dictionary)?);
    for (collection, name) in parts(Part::Name)? {
        let lost = || Error::damaged("a collection's schema or dictionary is missing");
        let bad = |error| unreadable("a collection's schema or dictionary", error);
        let schema = StoredSchema::decode(&schemas.remove(&collection).ok_or_else(lost)?).map_err(bad)?;
        let dictionary = Dictionary::decode(&dictionaries.remove(&collection).ok_or_else(lost)?).map_err(bad)?;
        let name = String::from_utf8(name).map_err(|_| Error::damaged("a collection's name is not text"))?;
        let layout = layout(&core, collection, 1, schema, dictionary)?;
        core.add_collection(name.clone(), Arc::new(CollectionCore::new(collection, name, layout)));
    }
    if !schemas.is_empty() || !dictionaries.is_empty() {
        return Err(Error::damaged("a collection's name is missing"));
    }
    standing::load(store, &core.facts)?;
    Ok(Some(core))
}

/// Opens a tenant's state.
pub(crate) fn open_state(keys: &TenantKeys, id: TenantId, sealed: &[u8]) -> Result<TenantState> {
    let plain = unseal(keys.sum(), Label::TenantState, &state_context(id), sealed)
        .map_err(|error| Error::damaged_by("a tenant's state doesn't open", error))?;
    TenantState::from_bytes(&plain).map_err(|error| unreadable("a tenant's state", error))
}

/// Returns the error for bytes that can't be parsed: written by a newer release, or damaged.
fn unreadable(what: &'static str, error: FormatError) -> Error {
    match error {
        FormatError::Newer { what, found, known } => Error::Newer { what, found, known },
        invalid @ FormatError::Invalid { .. } => Error::damaged_by(what, invalid),
    }
}

pub(crate) fn store_error(error: StoreError, path: &Path) -> Error {
    match error {
        StoreError::InUse => Error::InUse { path: path.to_owned() },
        StoreError::Corrupt { what } => Error::damaged(what),
        StoreError::Io { source, .. } if is_refused(&source) => Error::directory(path, source),
        error => Error::io("opening the store", error),
    }
}

fn is_refused(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem)
}

pub(crate) fn key_error(error: KeyError) -> Error {
    match error {
        KeyError::Master(error) => Error::MasterKey(error),
        KeyError::WrongMasterKey { wanted, given } => Error::WrongMasterKey { wanted, given },
        KeyError::Anchor(FormatError::Newer { what, found, known })
        | KeyError::Layout(FormatError::Newer { what, found, known }) => Error::Newer { what, found, known },
        error @ (KeyError::Home(_) | KeyError::Crypto(_) | KeyError::OutcomeUnknown(_)) => {
            Error::io("using the keyring", error)
        }
        error => Error::damaged_by("the keyring can't be used", error),
    }
}
