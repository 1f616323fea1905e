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
    /// A `MasterKey` whose id doesn't fit.
    #[error("the master key's id has {length} bytes; give it an id of 1 to 255 bytes")]
    MasterId { length: usize },
    /// A `MasterKey` whose `wrap` answered with nothing, or with too much.
    #[error("the master key wrapped the keyring's key into {length} bytes; 1 to 4,096 are allowed")]
    WrappedLength { length: usize },
    /// No anchor.
    #[error("there is no keyring here: its anchor is missing. Is this the vault's directory?")]
    NoAnchor,
    /// `create` over an existing keyring.
    #[error("there is a keyring here already")]
    Exists,
    /// `create` where files of a keyring are, without an anchor.
    #[error(
        "files of a keyring are here, but no anchor: a creation that was interrupted, or a vault whose anchor is lost. \
         If nothing here is needed, remove the directory; else restore the anchor"
    )]
    Leftovers,
    /// The anchor's bytes.
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
    /// The files' home failed.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// Nobody knows yet whether a change was made.
    #[error(
        "it is not known whether the change of the keyring was made: its storage failed at the last step. \
         The keyring finds out before its next change, or when the vault is opened again"
    )]
    OutcomeUnknown(#[source] HomeError),
    /// Somebody else wrote the anchor.
    #[error("the anchor was changed by another program: close this vault and open it again")]
    AnchorChanged,
    /// `add_tenant` of one that is there.
    #[error("the tenant {0} has keys already")]
    TenantExists(TenantId),
    /// No such tenant.
    #[error("the keyring has no tenant {0}")]
    UnknownTenant(TenantId),
    /// A limit.
    #[error("the keyring can't hold more {what}: at most {limit}")]
    Full { what: &'static str, limit: u64 },
    /// The slot was punctured.
    #[error("the key of this data subject was erased")]
    Erased,
    /// A row of an epoch that the key file doesn't have.
    #[error("the tenant has no key epoch {0}")]
    UnknownEpoch(u32),
    /// The primitives failed: no randomness, or an impossible length.
    #[error("a key could not be made or used")]
    Crypto(#[from] CryptoError),
}
