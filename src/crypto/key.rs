//! A secret key that knows what it is for.

use std::fmt;
use std::marker::PhantomData;

use zeroize::Zeroizing;

use super::{CryptoError, random};

/// Bytes of every key.
pub(crate) const KEY: usize = 32;

/// The purpose of a key. One role's key can't be passed where another's is wanted.
pub(crate) trait Role: 'static {
    /// The role's name, for `Debug`.
    const NAME: &'static str;
}

/// 32 secret bytes in one role: on the heap, filled in place, wiped on drop, never printed.
pub(crate) struct Key<R: Role> {
    bytes: Box<Zeroizing<[u8; KEY]>>,
    role: PhantomData<fn() -> R>,
}

impl<R: Role> Key<R> {
    /// Returns a key of zeros that `fill` has turned into a real one.
    pub(crate) fn filled<E>(fill: impl FnOnce(&mut [u8; KEY]) -> Result<(), E>) -> Result<Self, E> {
        let mut key = Self { bytes: Box::new(Zeroizing::new([0; KEY])), role: PhantomData };
        fill(&mut key.bytes)?;
        Ok(key)
    }

    /// Returns a fresh key from the system's random generator.
    pub(crate) fn random() -> Result<Self, CryptoError> {
        Self::filled(|bytes| random::fill(bytes))
    }

    /// Returns a copy of 32 bytes as a key; the caller wipes the original.
    pub(crate) fn copied(bytes: &[u8; KEY]) -> Self {
        let mut key = Self { bytes: Box::new(Zeroizing::new([0; KEY])), role: PhantomData };
        key.bytes.copy_from_slice(bytes);
        key
    }

    /// Returns the bytes. Look for the callers of this when reviewing where keys go.
    pub(crate) fn expose(&self) -> &[u8; KEY] {
        &self.bytes
    }
}

impl<R: Role> fmt::Debug for Key<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key<{}>([REDACTED])", R::NAME)
    }
}

/// The roles.
pub(crate) mod role {
    use super::Role;

    macro_rules! roles {
        ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
            $(
                $(#[$doc])*
                pub(crate) enum $name {}
                impl Role for $name {
                    const NAME: &'static str = stringify!($name);
                }
            )+
        };
    }

    roles! {
        /// The content of a key file, or of the key that a passphrase stretches to.
        Master,
        /// KEK_g: the key that the anchor holds, which seals the keyring table.
        Anchor,
        /// The key that seals one tenant's key file.
        TenantFile,
        /// A node of a punctured key tree.
        Node,
        /// A leaf of the tree: the key that wraps the data keys of one data subject.
        Slot,
        /// The key that seals one body, once.
        Data,
        /// A tenant's index key.
        Index,
        /// One version of one index.
        IndexVersion,
        /// One normalized value in one index.
        Value,
        /// The key that seals the list of a row's index entries.
        Links,
        /// The key that seals tombstones, slot map and facts, and from which the ids of some of these are derived.
        State,
        /// The key that seals the names of tenants and collections.
        Names,
        /// The key that seals schemas and dictionaries.
        Schema,
        /// The key of the MACs over the terms of a digest.
        Digest,
        /// The key that seals the sums of the digests; no auditor is given it.
        Sum,
        /// The key that seals the blocks of a tenant's journal, or the vault's.
        Journal,
        /// The key of the MAC over position and digests in each block.
        Commit,
        /// The key that the salts of one block's entry hashes are derived from.
        EntrySalt,
        /// The key that signs heads.
        Signing,
        /// The key that seals the state of the vault's journal.
        VaultState,
        /// The key of the MACs over the ledger of erasures.
        Ledger,
    }
}
