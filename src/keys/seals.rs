//! Anchor, table and tenant key files: from keys to sealed bytes and back.
//!
//! Guarantees: each is bound to its vault and generation, a key file to its tenant too; plaintext is in buffers that are
//! wiped and never move.

use std::sync::Arc;

use super::tenant::{Changing, LongKeys};
use super::tree::Tree;
use super::{KeyError, MasterKey, MasterKeyError, TenantKeys, VaultKeys, WrapContext};
use crate::crypto::{
    Context, CryptoError, Domain, Key, Label, Role, SALT, Zeroizing, fill, open, role, seal_with_salt,
};
use crate::format::{
    Anchor, FormatError, TABLE, TABLE_VERSION, TENANT_FILE_NAME, TENANT_FILE_VERSION, Table, TableEntry, TenantFile,
    WRAPPED_KEK, sealed_file,
};
use crate::model::{Epoch, TenantId, VaultId};

/// A tenant's entry in the table: the tenant, the generation of its key file, and the key that seals that file.
pub(super) struct Entry {
    pub(super) tenant: TenantId,
    pub(super) generation: u64,
    pub(super) kek: Arc<Key<role::TenantFile>>,
}

/// Returns the anchor that names a generation of the keyring.
pub(super) fn anchor(
    vault: VaultId,
    generation: u64,
    master: &dyn MasterKey,
    kek: &Key<role::Anchor>,
) -> Result<Vec<u8>, KeyError> {
    let id = master.id();
    check_id(&id)?;
    let wrapped = master.wrap(kek.expose(), &WrapContext::keyring(vault, generation))?;
    if wrapped.is_empty() || wrapped.len() > WRAPPED_KEK {
        return Err(KeyError::WrappedLength { length: wrapped.len() });
    }
    Anchor { vault, generation, master_id: &id, wrapped: &wrapped }.encode().map_err(KeyError::Anchor)
}

pub(super) fn check_id(id: &str) -> Result<(), KeyError> {
    let fits = (1..=crate::format::MASTER_ID).contains(&id.len());
    if fits { Ok(()) } else { Err(KeyError::MasterId { length: id.len() }) }
}

/// Returns the generation that an anchor names and the key of its table. Ids are compared before anything is unwrapped.
pub(super) fn open_anchor(
    bytes: &[u8],
    vault: VaultId,
    master: &dyn MasterKey,
) -> Result<(u64, Key<role::Anchor>), KeyError> {
    let anchor = Anchor::decode(bytes).map_err(KeyError::Anchor)?;
    if anchor.vault != vault {
        return Err(KeyError::OtherVault { wanted: vault, found: anchor.vault });
    }
    let given = master.id();
    if given != anchor.master_id {
        return Err(KeyError::WrongMasterKey { wanted: anchor.master_id.to_owned(), given });
    }
    let context = WrapContext::keyring(vault, anchor.generation);
    let kek = Key::filled(|key| master.unwrap(anchor.wrapped, &context, key)).map_err(|error| match error {
        MasterKeyError::Rejected => KeyError::WrongMasterKey { wanted: anchor.master_id.to_owned(), given },
        other => other.into(),
    })?;
    Ok((anchor.generation, kek))
}

/// Returns the table's file.
pub(super) fn table(
    vault: VaultId,
    generation: u64,
    kek: &Key<role::Anchor>,
    keys: &VaultKeys,
    tenants: &[Entry],
    salt: &[u8; SALT],
) -> Result<Vec<u8>, KeyError> {
    let mut plain = Zeroizing::new(Vec::new());
    Table {
        journal: keys.journal.expose(),
        commit: keys.commit.expose(),
        state: keys.state.expose(),
        signing: keys.signing.expose(),
        ledger: keys.ledger.expose(),
        names: keys.names.expose(),
        journal_epoch: keys.epoch,
        tenants: tenants
            .iter()
            .map(|e| TableEntry { tenant: e.tenant, generation: e.generation, kek: e.kek.expose() })
            .collect(),
    }
    .encode(&mut plain)
    .map_err(KeyError::Layout)?;
    seal(kek, Label::Table, &table_context(vault, generation), TABLE_VERSION, &plain, salt)
}

/// Returns the vault's keys and the tenants, from the table's file.
pub(super) fn open_table(
    bytes: &[u8],
    vault: VaultId,
    generation: u64,
    kek: &Key<role::Anchor>,
) -> Result<(VaultKeys, Vec<Entry>), KeyError> {
    let (_, sealed) = sealed_file::decode(TABLE, TABLE_VERSION, bytes).map_err(KeyError::Layout)?;
    let plain = open(kek, Label::Table, &table_context(vault, generation), sealed)?;
    let table = Table::decode(&plain).map_err(KeyError::Layout)?;
    let keys = VaultKeys {
        journal: Key::copied(table.journal),
        commit: Key::copied(table.commit),
        state: Key::copied(table.state),
        signing: Key::copied(table.signing),
        ledger: Key::copied(table.ledger),
        names: Key::copied(table.names),
        epoch: table.journal_epoch,
    };
    let entry =
        |e: &TableEntry<'_>| Entry { tenant: e.tenant, generation: e.generation, kek: Arc::new(Key::copied(e.kek)) };
    Ok((keys, table.tenants.iter().map(entry).collect()))
}

/// Returns a tenant's key file.
pub(super) fn tenant_file(
    vault: VaultId,
    tenant: TenantId,
    long: &LongKeys,
    next: &Changing,
    salt: &[u8; SALT],
) -> Result<Vec<u8>, KeyError> {
    let mut plain = Zeroizing::new(Vec::new());
    TenantFile {
        index: long.index.expose(),
        links: long.links.expose(),
        state: long.state.expose(),
        names: long.names.expose(),
        schema: long.schema.expose(),
        digest: long.digest.expose(),
        sum: long.sum.expose(),
        journal: long.journal.expose(),
        commit: long.commit.expose(),
        ceiling: next.ceiling,
        epochs: next.epochs.iter().map(|(number, tree)| (*number, tree.state())).collect(),
    }
    .encode(&mut plain)
    .map_err(KeyError::Layout)?;
    let context = tenant_context(vault, tenant, next.generation);
    seal(&next.kek, Label::TenantFile, &context, TENANT_FILE_VERSION, &plain, salt)
}

/// Returns a tenant's keys, from the key file that its entry in the table names.
pub(super) fn open_tenant_file(bytes: &[u8], vault: VaultId, entry: &Entry) -> Result<TenantKeys, KeyError> {
    let (_, sealed) = sealed_file::decode(TENANT_FILE_NAME, TENANT_FILE_VERSION, bytes).map_err(KeyError::Layout)?;
    let context = tenant_context(vault, entry.tenant, entry.generation);
    let plain = open(&entry.kek, Label::TenantFile, &context, sealed)?;
    let file = TenantFile::decode(&plain).map_err(KeyError::Layout)?;
    let epochs = file.epochs.iter().map(|(n, state)| (*n, Arc::new(Tree::from_state(Epoch(*n), state))));
    let changing = Changing {
        generation: entry.generation,
        kek: entry.kek.clone(),
        ceiling: file.ceiling,
        epochs: epochs.collect(),
    };
    Ok(TenantKeys::new(entry.tenant, LongKeys::from_file(&file), changing))
}

/// Returns a fresh salt for one seal.
pub(super) fn salt() -> Result<[u8; SALT], CryptoError> {
    let mut salt = [0; SALT];
    fill(&mut salt)?;
    Ok(salt)
}

/// Tells whether the error is a version of a later release, rather than damage.
pub(super) fn is_newer(error: &KeyError) -> bool {
    matches!(error, KeyError::Layout(FormatError::Newer { .. }))
}

fn seal<R: Role>(
    key: &Key<R>,
    label: Label,
    context: &Context,
    version: u8,
    plain: &[u8],
    salt: &[u8; SALT],
) -> Result<Vec<u8>, KeyError> {
    Ok(sealed_file::encode(version, &seal_with_salt(key, label, context, plain, salt)?))
}

fn table_context(vault: VaultId, generation: u64) -> Context {
    Context::new(Domain::Table).bytes(&[TABLE_VERSION]).bytes(vault.as_bytes()).u64(generation)
}

fn tenant_context(vault: VaultId, tenant: TenantId, generation: u64) -> Context {
    let context = Context::new(Domain::TenantFile).bytes(&[TENANT_FILE_VERSION]);
    context.bytes(vault.as_bytes()).bytes(tenant.as_bytes()).u64(generation)
}
