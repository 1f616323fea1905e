//! Errors of the keyring.

use std::error::Error;

use super::{HomeError, MasterKeyError};
use crate::crypto::CryptoError;
use crate::format::FormatError;
use crate::model::{TenantId, VaultId};

/// An error of the keyring.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum KeyError {
    /// The master key's own error.
    #[error(transparent)]
    Master(#[from] MasterKeyError),
    /// The vault names another master key; or, where both ids are the same, the key failed to authenticate.
    #[error(
        "this vault was created under the master key `{wanted}`, but `{given}` was given: \
         open it with the key file or passphrase it was created with"
    )]
    WrongMasterKey { wanted: String, given: String },
    /// A `MasterKey` whose id is empty or too long.
    #[error("the master key's id has {length} bytes; give it an id of 1 to 255 bytes")]
    MasterId { length: usize },
    /// A `MasterKey` whose `wrap` answered with nothing, or with too much.
    #[error("the master key wrapped the keyring's key into {length} bytes; 1 to 4,096 are allowed")]
    WrappedLength { length: usize },
    /// A keyring without an anchor.
    #[error("there is no keyring here: its anchor is missing. Is this the vault's directory?")]
    NoAnchor,
    /// A keyring where `create` was to make one.
    #[error("there is a keyring here already")]
    Exists,
    /// Files of a keyring, without an anchor, where `create` was to make one.
    #[error(
        "files of a keyring are here, but no anchor: a creation that was interrupted, or a vault whose anchor is lost. \
         If nothing here is needed, remove the directory; else restore the anchor"
    )]
    Leftovers,
    /// An anchor that doesn't decode.
    #[error("the anchor of the keyring can't be read")]
    Anchor(#[source] FormatError),
    /// An anchor of another vault.
    #[error("this keyring belongs to the vault {found}, not to {wanted}: put the right keyring back")]
    OtherVault { wanted: VaultId, found: VaultId },
    /// An authentic or newer file of the keyring that doesn't decode.
    #[error("a file of the keyring can't be read")]
    Layout(#[source] FormatError),
    /// Both copies of a file are missing or damaged.
    #[error("both copies of the keyring's `{name}` are missing or damaged: restore the keyring from a copy of its own")]
    Lost { name: String, source: Option<Box<dyn Error + Send + Sync>> },
    /// A failure of the files' home.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// A change of which nobody knows yet whether it was made.
    #[error(
        "it is not known whether the change of the keyring was made: its storage failed at the last step. \
         The keyring finds out before its next change, or when the vault is opened again"
    )]
    OutcomeUnknown(#[source] HomeError),
    /// An anchor that somebody else wrote.
    #[error("the anchor was changed by another program: close this vault and open it again")]
    AnchorChanged,
    /// A tenant that `add_tenant` was to make and that is there.
    #[error("the tenant {0} has keys already")]
    TenantExists(TenantId),
    /// A tenant that the keyring doesn't have.
    #[error("the keyring has no tenant {0}")]
    UnknownTenant(TenantId),
    /// A limit that was reached.
    #[error("the keyring can't hold more {what}: at most {limit}")]
    Full { what: &'static str, limit: u64 },
    /// A slot that was punctured.
    #[error("the key of this data subject was erased")]
    Erased,
    /// A row of an epoch that the key file doesn't have.
    #[error("the tenant has no key epoch {0}")]
    UnknownEpoch(u32),
    /// A failure of the primitives: no randomness, or an impossible length.
    #[error("a key could not be made or used")]
    Crypto(#[from] CryptoError),
}
