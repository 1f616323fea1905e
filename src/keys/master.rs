//! Sources of the key over all keys: the trait, and the two that are built in.

mod error;
mod key_file;
#[cfg(feature = "passphrase")]
mod passphrase;

pub use error::MasterKeyError;
pub use key_file::KeyFile;
#[cfg(feature = "passphrase")]
pub use passphrase::Passphrase;

#[cfg(test)]
pub(super) use key_file::text as key_file_text;

use std::fmt;

use crate::crypto::{Context, Domain};
use crate::model::VaultId;

/// The source of a vault's topmost key: a [`KeyFile`], a [`Passphrase`](crate::Passphrase), or your own, for an HSM or
/// a key management service.
///
/// A source never hands the key out. It wraps a 32-byte key of the vault and unwraps it again, and must authenticate
/// both the wrapped bytes and the context. A source that is down answers with [`MasterKeyError::Unavailable`]; the
/// vault then reports that and never falls back to another key.
pub trait MasterKey: Send + Sync {
    /// Names the key, so that another vault's is an error of its own. It is stored in the clear: 1 to 255 bytes, such as
    /// `key-file:<32 hexadecimal digits>`, `passphrase` or `kms:<the key's name>`.
    fn id(&self) -> String;

    /// Checks, before a vault is created under this key, that it is good enough.
    ///
    /// # Errors
    /// [`MasterKeyError::Weak`], or whatever else speaks against using it for something new.
    fn check_new(&self) -> Result<(), MasterKeyError> {
        Ok(())
    }

    /// Wraps `key`, bound to `context`, into at most 4,096 bytes.
    ///
    /// # Errors
    /// [`MasterKeyError::Unavailable`] when the source can't be reached.
    fn wrap(&self, key: &[u8; 32], context: &WrapContext) -> Result<Vec<u8>, MasterKeyError>;

    /// Unwraps into `key`, in place, what [`wrap`](Self::wrap) gave for the same context.
    ///
    /// # Errors
    /// [`MasterKeyError::Rejected`] for a wrong key, another context or altered bytes, without telling these apart;
    /// [`MasterKeyError::Unavailable`] when the source can't be reached.
    fn unwrap(&self, wrapped: &[u8], context: &WrapContext, key: &mut [u8; 32]) -> Result<(), MasterKeyError>;
}

/// The context of a wrap: the purpose, and the vault. Bind all of [`as_bytes`](Self::as_bytes).
#[non_exhaustive]
pub struct WrapContext {
    vault: VaultId,
    generation: u64,
    context: Context,
}

impl WrapContext {
    /// Returns the context of the keyring's topmost key in one generation of one vault's keyring.
    pub(crate) fn keyring(vault: VaultId, generation: u64) -> Self {
        let context = Context::new(Domain::Anchor).bytes(PURPOSE.as_bytes()).bytes(vault.as_bytes()).u64(generation);
        Self { vault, generation, context }
    }

    /// Returns the purpose of the wrapped key: `keyring`, for now always.
    #[must_use]
    pub const fn purpose(&self) -> &str {
        PURPOSE
    }

    /// Returns the vault that the key is wrapped for.
    #[must_use]
    pub const fn vault(&self) -> VaultId {
        self.vault
    }

    /// Returns the change of the vault's keyring that the key is wrapped for, counted from 1.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns the whole context in one canonical encoding, below 128 bytes: use it as a KMS's encryption context or as
    /// additional authenticated data.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.context.as_bytes()
    }

    pub(super) const fn context(&self) -> &Context {
        &self.context
    }
}

impl fmt::Debug for WrapContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrapContext")
            .field("purpose", &PURPOSE)
            .field("vault", &self.vault)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

const PURPOSE: &str = "keyring";
