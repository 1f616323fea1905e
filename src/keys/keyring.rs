//! The keyring: opening it, and changing it one generation at a time.
//!
//! Guarantees: a change is written under new names, in two copies, synced and read back; then the anchor is swapped,
//! which is the commit. When the swap's outcome is unknown, the anchor is read again, and written again, before anything
//! else. Memory follows only what is committed. Does not: guard against a second process; the vault's lock does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::seals::{self, Entry};
use super::tenant::{Changing, LongKeys};
use super::{Home, HomeError, KeyError, MasterKey, TenantKeys, VaultKeys, files};
use crate::crypto::Key;
use crate::format::{TABLE_FILE, TENANT_FILE, TENANTS};
use crate::model::{Slot, TenantId, VaultId};

/// All keys of one open vault.
pub(crate) struct Keyring {
    home: Arc<dyn Home>,
    vault: VaultId,
    master: Arc<dyn MasterKey>,
    keys: Arc<VaultKeys>,
    tenants: RwLock<BTreeMap<TenantId, Arc<TenantKeys>>>,
    writer: Mutex<Writer>,
}

/// The state of the one writer.
struct Writer {
    /// The anchor as it was last seen or written; `None` before a vault's first.
    anchor: Option<Vec<u8>>,
    generation: u64,
    /// True if files of other generations may lie around.
    strays: bool,
    /// A change whose swap failed, so that nobody knows whether it was made.
    pending: Option<Pending>,
}

/// A change that lacks only its commit.
struct Pending {
    anchor: Vec<u8>,
    generation: u64,
    tenant: Option<(Arc<TenantKeys>, Changing)>,
}

impl Keyring {
    /// Returns a new keyring with fresh keys and no tenants.
    ///
    /// # Errors
    /// [`KeyError::Exists`], [`KeyError::Leftovers`], whatever [`MasterKey::check_new`] says, and failures of home or
    /// master key, after which there is no keyring, or, for [`KeyError::OutcomeUnknown`], perhaps a whole one.
    pub(crate) fn create(home: Arc<dyn Home>, vault: VaultId, master: Arc<dyn MasterKey>) -> Result<Self, KeyError> {
        if home.read_anchor()?.is_some() {
            return Err(KeyError::Exists);
        }
        if home.list()?.iter().any(|name| files::is_ours(name)) {
            return Err(KeyError::Leftovers);
        }
        seals::check_id(&master.id())?;
        master.check_new()?;
        let keyring = Self {
            home,
            vault,
            master,
            keys: Arc::new(VaultKeys::random()?),
            tenants: RwLock::default(),
            writer: Mutex::new(Writer { anchor: None, generation: 0, strays: false, pending: None }),
        };
        keyring.change(&mut keyring.writer(), None)?;
        Ok(keyring)
    }

    /// Opens what the anchor names, repairs copies that are missing or damaged, and removes other generations.
    ///
    /// # Errors
    /// [`KeyError::NoAnchor`], [`KeyError::Anchor`], [`KeyError::OtherVault`], [`KeyError::WrongMasterKey`],
    /// [`KeyError::Lost`], and failures of home or master key.
    pub(crate) fn open(home: Arc<dyn Home>, vault: VaultId, master: Arc<dyn MasterKey>) -> Result<Self, KeyError> {
        let anchor = home.read_anchor()?.ok_or(KeyError::NoAnchor)?;
        let (generation, kek) = seals::open_anchor(&anchor, vault, &*master)?;
        let (keys, entries) = files::load(&*home, &files::table(generation), TABLE_FILE, |bytes| {
            seals::open_table(bytes, vault, generation, &kek)
        })?;
        let mut tenants = BTreeMap::new();
        for entry in entries {
            let name = files::tenant(entry.tenant, entry.generation);
            let tenant =
                files::load(&*home, &name, TENANT_FILE, |bytes| seals::open_tenant_file(bytes, vault, &entry))?;
            tenants.insert(entry.tenant, Arc::new(tenant));
        }
        let keyring = Self {
            home,
            vault,
            master,
            keys: Arc::new(keys),
            tenants: RwLock::new(tenants),
            writer: Mutex::new(Writer { anchor: Some(anchor), generation, strays: false, pending: None }),
        };
        let mut writer = keyring.writer();
        if !keyring.strays(&writer)?.is_empty() {
            // A change was cut short. Its anchor may be visible and not yet durable: write it again before the
            // generation goes that an older anchor would need.
            if let Some(anchor) = &writer.anchor {
                keyring.home.swap_anchor(Some(anchor), anchor)?;
            }
            writer.strays = true;
            keyring.sweep(&mut writer)?;
        }
        drop(writer);
        Ok(keyring)
    }

    /// Returns the vault's own keys.
    pub(crate) fn vault_keys(&self) -> &Arc<VaultKeys> {
        &self.keys
    }

    /// Returns the tenants, in the order of their ids.
    pub(crate) fn tenants(&self) -> Vec<TenantId> {
        self.all().into_iter().map(|tenant| tenant.id()).collect()
    }

    /// Returns a tenant's keys.
    pub(crate) fn tenant(&self, id: TenantId) -> Option<Arc<TenantKeys>> {
        self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Makes a tenant's keys, once and for all.
    ///
    /// # Errors
    /// [`KeyError::TenantExists`], [`KeyError::Full`], and failures of home or master key.
    pub(crate) fn add_tenant(&self, id: TenantId) -> Result<Arc<TenantKeys>, KeyError> {
        let mut writer = self.ready()?;
        if self.tenant(id).is_some() {
            return Err(KeyError::TenantExists(id));
        }
        if self.all().len() >= TENANTS {
            return Err(KeyError::Full { what: "tenants", limit: u64::try_from(TENANTS).unwrap_or(u64::MAX) });
        }
        let first = Changing::first(next(&writer)?)?;
        let tenant = Arc::new(TenantKeys::new(id, LongKeys::random()?, first.clone()));
        self.change(&mut writer, Some((tenant.clone(), first)))?;
        Ok(tenant)
    }

    /// Raises a tenant's slot ceiling; one that is as high already stays.
    ///
    /// # Errors
    /// [`KeyError::UnknownTenant`], and failures of home or master key.
    pub(crate) fn raise_ceiling(&self, id: TenantId, to: u32) -> Result<(), KeyError> {
        let mut writer = self.ready()?;
        let tenant = self.tenant(id).ok_or(KeyError::UnknownTenant(id))?;
        let now = tenant.changing();
        if now.ceiling >= to {
            return Ok(());
        }
        let raised = Changing { ceiling: to, ..now.renewed(next(&writer)?)? };
        self.change(&mut writer, Some((tenant, raised)))
    }

    /// Erases slots, in every epoch, in one generation. Slots that are erased already stay so.
    ///
    /// # Errors
    /// [`KeyError::UnknownTenant`], [`KeyError::Full`], and failures of home or master key. Nothing is erased then;
    /// after [`KeyError::OutcomeUnknown`] it may be: call again.
    #[cfg_attr(not(test), expect(dead_code, reason = "erasure is its caller"))]
    pub(crate) fn puncture(&self, id: TenantId, slots: &[Slot]) -> Result<(), KeyError> {
        let mut writer = self.ready()?;
        let tenant = self.tenant(id).ok_or(KeyError::UnknownTenant(id))?;
        let punctured = tenant.changing().punctured(slots)?;
        let Some(punctured) = punctured else { return Ok(()) };
        let punctured = punctured.renewed(next(&writer)?)?;
        self.change(&mut writer, Some((tenant, punctured)))
    }

    fn all(&self) -> Vec<Arc<TenantKeys>> {
        self.tenants.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the writer, once it is known what the last change came to and nothing is in the way of the next.
    fn ready(&self) -> Result<MutexGuard<'_, Writer>, KeyError> {
        let mut writer = self.writer();
        self.settle(&mut writer)?;
        self.sweep(&mut writer)?;
        Ok(writer)
    }

    /// Writes the next generation, with a tenant as given, and commits it.
    fn change(&self, writer: &mut Writer, tenant: Option<(Arc<TenantKeys>, Changing)>) -> Result<(), KeyError> {
        let generation = next(writer)?;
        let kek = Key::random()?;
        // First, because it is the step that fails when a key service is down; nothing has been written then.
        let anchor = seals::anchor(self.vault, generation, &*self.master, &kek)?;
        let mut entries: BTreeMap<TenantId, Entry> = BTreeMap::new();
        let old = self.all().into_iter().map(|t| (t.id(), t.changing()));
        for (id, changing) in old.chain(tenant.iter().map(|(t, next)| (t.id(), next.clone()))) {
            let entry = Entry { tenant: id, generation: changing.generation, kek: changing.kek };
            entries.insert(id, entry);
        }
        let entries: Vec<Entry> = entries.into_values().collect();
        let table = seals::table(self.vault, generation, &kek, &self.keys, &entries, &seals::salt()?)?;

        writer.strays = true;
        if let Some((keys, next)) = &tenant {
            let file = seals::tenant_file(self.vault, keys.id(), &keys.long, next, &seals::salt()?)?;
            files::write(&*self.home, &files::tenant(keys.id(), next.generation), &file)?;
        }
        files::write(&*self.home, &files::table(generation), &table)?;
        let pending = Pending { anchor, generation, tenant };
        match self.home.swap_anchor(writer.anchor.as_deref(), &pending.anchor) {
            Ok(()) => {
                self.take_over(writer, pending);
                Ok(())
            }
            Err(error) => {
                writer.pending = Some(pending);
                match self.settle(writer) {
                    Ok(()) if writer.generation == generation => Ok(()),
                    Ok(()) => Err(error.into()),
                    Err(KeyError::AnchorChanged) => Err(KeyError::AnchorChanged),
                    Err(_) => Err(KeyError::OutcomeUnknown(error)),
                }
            }
        }
    }

    /// Finds out whether a change whose swap failed was made, and makes what it finds durable by writing it again.
    fn settle(&self, writer: &mut Writer) -> Result<(), KeyError> {
        let Some(pending) = &writer.pending else { return Ok(()) };
        let found = self.home.read_anchor()?;
        let made = found.as_ref() == Some(&pending.anchor);
        if !made && found != writer.anchor {
            return Err(KeyError::AnchorChanged);
        }
        if let Some(found) = &found {
            self.home.swap_anchor(Some(found), found)?;
        }
        if let Some(pending) = writer.pending.take()
            && made
        {
            self.take_over(writer, pending);
        }
        Ok(())
    }

    /// Takes a committed change into memory, then removes what it replaced.
    fn take_over(&self, writer: &mut Writer, made: Pending) {
        let mut replaced = Vec::new();
        if writer.anchor.is_some() {
            replaced.push(files::table(writer.generation));
        }
        if let Some((tenant, next)) = made.tenant {
            let (id, before) = (tenant.id(), tenant.changing().generation);
            if before != next.generation {
                replaced.push(files::tenant(id, before));
            }
            tenant.take_over(next);
            self.tenants.write().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert(tenant);
        }
        (writer.anchor, writer.generation) = (Some(made.anchor), made.generation);
        // The change is made whether or not the old files go now; the next change, or opening, insists that they do.
        writer.strays = replaced.iter().try_for_each(|stem| files::remove(&*self.home, stem)).is_err();
    }

    /// Removes files of other generations, if there may be any.
    fn sweep(&self, writer: &mut Writer) -> Result<(), HomeError> {
        if writer.strays {
            self.strays(writer)?.iter().try_for_each(|name| self.home.remove(name))?;
            writer.strays = false;
        }
        Ok(())
    }

    fn strays(&self, writer: &Writer) -> Result<Vec<String>, HomeError> {
        let tenants = self.all();
        let stems = tenants.iter().map(|t| files::tenant(t.id(), t.changing().generation));
        files::strays(&*self.home, stems.chain([files::table(writer.generation)]))
    }
}

fn next(writer: &Writer) -> Result<u64, KeyError> {
    writer.generation.checked_add(1).ok_or(KeyError::Full { what: "generations", limit: u64::MAX })
}
