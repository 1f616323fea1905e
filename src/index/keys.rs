//! Keys of an index, of a value in it, and the store keys of that value's entries.
//!
//! `HKDF-Expand(tenant's index key, label ‖ context of collection, index and version)` is the index version's key; HMAC
//! under it of a term is the value's key; HMAC under that of the position is where an entry is stored.

use crate::crypto::{Context, CryptoError, Domain, Key, Label, Mac, MacKey, Zeroizing, expand, mac, role};
use crate::index::Term;
use crate::model::CollectionId;

/// One version of one index, and the key that makes its value keys. Holds a key: no `Debug`.
pub(crate) struct IndexKeys {
    collection: CollectionId,
    index: u16,
    version: u16,
    values: MacKey,
}

/// The place of an entry, which its seal is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntryPlace {
    pub(crate) collection: CollectionId,
    pub(crate) index: u16,
    pub(crate) version: u16,
    pub(crate) position: u64,
}

impl IndexKeys {
    /// Returns the keys of one version of one index, from its tenant's index key.
    pub(crate) fn derive(
        tenant: &Key<role::Index>,
        collection: CollectionId,
        index: u16,
        version: u16,
    ) -> Result<Self, CryptoError> {
        let context = Context::new(Domain::Index).bytes(collection.as_bytes()).u16(index).u16(version);
        let key: Key<role::IndexVersion> = expand(tenant, Label::IndexVersion, &[context.as_bytes()])?;
        Ok(Self { collection, index, version, values: MacKey::new(&key) })
    }

    /// Returns the key of all entries of one value.
    pub(crate) fn value_key(&self, term: &Term) -> Key<role::Value> {
        let tag = Zeroizing::new(self.values.mac(&[term.as_bytes()]));
        Key::copied(&tag)
    }

    /// Returns the place of an entry of this index.
    pub(crate) const fn place(&self, position: u64) -> EntryPlace {
        EntryPlace { collection: self.collection, index: self.index, version: self.version, position }
    }

    /// Returns the number of the index in its collection.
    pub(crate) const fn index(&self) -> u16 {
        self.index
    }

    /// Returns the version of the index.
    pub(crate) const fn version(&self) -> u16 {
        self.version
    }
}

/// Returns the store key of a value's entry at a position.
pub(crate) fn entry_key(value: &Key<role::Value>, position: u64) -> Mac {
    mac(value, &[&position.to_be_bytes()])
}

impl EntryPlace {
    pub(super) fn context(&self) -> Context {
        Context::new(Domain::IndexEntry)
            .bytes(self.collection.as_bytes())
            .u16(self.index)
            .u16(self.version)
            .u64(self.position)
    }
}
