//! The one error of the public interface.
//!
//! Guarantees: no message holds a field's value; a full disk is an error of its own, however deep it lies.

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::audit::HeadError;
use crate::keys::MasterKeyError;
use crate::policy::Denial;
use crate::record::RecordError;

pub use impossible::Impossible;

mod impossible;

/// The cause of an error, of any type.
pub(crate) type Source = Box<dyn StdError + Send + Sync>;

/// The error of a call. Messages say what to do; [`source`](StdError::source) gives the cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The vault was closed; open it again.
    #[error("the vault is closed: open it again to go on")]
    Closed,
    /// [`create`](crate::VaultOptions::create) found a vault, or other files, in the directory.
    #[error("{path} is not empty: use `open` for a vault that is there already, or create one in a new directory")]
    AlreadyExists {
        /// The directory.
        path: PathBuf,
    },
    /// [`open`](crate::VaultOptions::open) found no vault.
    #[error("{path} holds no vault ({why}): check the path, or use `create` to make a new vault there")]
    NotAVault {
        /// The directory.
        path: PathBuf,
        /// The reason.
        why: NoVault,
    },
    /// Another process, or another handle in this one, has the vault open.
    #[error(
        "{path} is in use by another process, or opened twice in this one: close it there first, with `vault.close()`, or by dropping the vault with all its sessions and collections"
    )]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// A master key is needed and none was given.
    #[error(
        "no master key: give the vault one with `.master_key(KeyFile::open(..)?)` or `.master_key(Passphrase::new(..))`"
    )]
    NoMasterKey,
    /// The master key is missing, weak or can't be reached.
    #[error("the master key can't be used")]
    MasterKey(#[source] MasterKeyError),
    /// The vault was created with another master key than the one given. For a wrong passphrase both ids are the same.
    #[error("{}", wrong_key(.wanted, .given))]
    WrongMasterKey {
        /// The id of the key that the vault names.
        wanted: String,
        /// The id of the key that was given.
        given: String,
    },
    /// Something was written by a newer release.
    #[error("the {what} has format version {found}, and this release reads up to {known}: use a newer release")]
    Newer {
        /// The kind of thing that was read.
        what: &'static str,
        /// The version that was found.
        found: u8,
        /// The newest version that this release reads.
        known: u8,
    },
    /// The stored bytes contradict themselves, or were altered.
    #[error(
        "the vault is damaged: {what}. Keep a copy of its directory as it is; put back what is missing, or restore from a copy"
    )]
    Damaged {
        /// The contradiction.
        what: &'static str,
        /// The cause, where there is one.
        #[source]
        source: Option<Source>,
    },
    /// The policy said no. Shows what the actor may be told, and under `{:#}` what an administrator is told as well.
    #[error(fmt = denied)]
    Denied(Box<Denial>),
    /// There is no such record.
    #[error("there is no such record")]
    NotFound,
    /// The record was deleted.
    #[error("the record was deleted")]
    Deleted,
    /// The record's data subject was erased; nobody can read it any more.
    #[error("the record was erased")]
    Erased,
    /// The record changed since the revision that the call named, or since the write was prepared.
    #[error("the record changed meanwhile: read it again and decide anew")]
    Conflict,
    /// A unique index has the value already.
    #[error("another record has the same value in the unique field `{field}`{}", in_batch(*write))]
    Duplicate {
        /// The field.
        field: String,
        /// Position among the batch's writes, from 0; `None` for a write by itself.
        write: Option<usize>,
    },
    /// The tenant has no such collection.
    #[error("there is no collection `{name}`{}: create it with `define` of a tenant's session", suggest(.nearest.as_deref()))]
    UnknownCollection {
        /// The name that was asked for.
        name: String,
        /// A collection with a similar name.
        nearest: Option<String>,
    },
    /// The vault has no such tenant.
    #[error("there is no tenant `{name}`: create it with `create_tenant` of a vault's session")]
    UnknownTenant {
        /// The name that was asked for.
        name: String,
    },
    /// The vault has a tenant of this name already.
    #[error("there is a tenant `{name}` already: get it with `vault.tenant`, or choose another name")]
    TenantExists {
        /// The name.
        name: String,
    },
    /// A name is empty or too long.
    #[error("a {what} needs a name of 1 to {limit} bytes")]
    BadName {
        /// The kind of thing that was to be named.
        what: &'static str,
        /// The longest name, in bytes.
        limit: usize,
    },
    /// The field has no index, so it can't be searched.
    #[error(
        "`{field}` has no index, so it can't be searched: add `.index(\"{field}\", ..)` to the schema and define it again"
    )]
    NotIndexed {
        /// The field.
        field: String,
    },
    /// The index is still being built.
    #[error("the index of `{field}` is not built yet: call `define` again to finish it")]
    IndexNotReady {
        /// The field.
        field: String,
    },
    /// `find_unique` was asked for a field whose index is not unique.
    #[error("the index of `{field}` is not unique: use `find`, which returns pages")]
    NotUnique {
        /// The field.
        field: String,
    },
    /// The record, its type or its schema can't be used.
    #[error("{}", .0)]
    Record(RecordError),
    /// A batch was given a collection of another tenant, or of another vault.
    #[error("the collection is another tenant's than the batch: a batch writes to one tenant")]
    OtherTenant,
    /// Something is larger than it may be.
    #[error("the {what} is too large: {size}, at most {limit} is possible")]
    TooLarge {
        /// The kind of thing.
        what: &'static str,
        /// The size, in bytes unless `what` says otherwise.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// A page has no such number of records.
    #[error("a page has 1 to {most} records, not {limit}")]
    BadLimit {
        /// The number that was asked for.
        limit: usize,
        /// The most that a page has.
        most: usize,
    },
    /// The act can't be done, whoever asks: its arguments don't fit, or the matter is over.
    #[error("{}", .0)]
    NotPossible(Impossible),
    /// An audit sink that acts wait for, a required one or a relayed one that is too far behind, has not acknowledged in time;
    /// acts fail until it does.
    #[error("an audit sink that acts wait for doesn't answer (the act was {}): see `vault.health()`", if *.committed { "committed all the same" } else { "not carried out" })]
    AuditUnavailable {
        /// True if the act is durable all the same.
        committed: bool,
    },
    /// An earlier commit failed; the vault takes no more until it is opened again.
    #[error(
        "the vault has stopped because writing failed: free disk space or mend the disk, then close it and open it again"
    )]
    Stopped {
        /// The cause, where it is known.
        #[source]
        source: Option<Source>,
    },
    /// The disk had no room when the vault was opened, and only acts that help out of that are done.
    #[error(
        "the disk has no room: only deleting, erasing, retention, approving, suspending, verifying and reading the journal are done until there is; free disk space, then wait a little or open the vault again: see `vault.health()`"
    )]
    Full,
    /// A file or the store failed.
    #[error("{what} failed")]
    Io {
        /// The step that failed.
        what: &'static str,
        /// The cause.
        #[source]
        source: Source,
    },
    /// A file or the store failed because the disk, or a quota, has no room.
    #[error("{what} failed because the disk has no room: free disk space and try again")]
    DiskFull {
        /// The step that failed.
        what: &'static str,
        /// The cause.
        #[source]
        source: Source,
    },
    /// A directory can't be read or written.
    #[error("the directory {path} can't be used: see to its permissions, and that it is a directory")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// An audit sink can't be attached.
    #[error("an audit sink can't be attached: {why}")]
    Sink {
        /// The fault.
        why: String,
    },
    /// A head that was brought isn't this vault's, or can't be read.
    #[error(
        "the head that was brought can't be used: take one with `head` of a session of the vault and keep it elsewhere"
    )]
    Head(#[source] HeadError),
    /// The policy refuses to be used as it is.
    #[error("the policy can't be used: {why}")]
    Policy {
        /// The fault.
        why: String,
    },
}

/// A reason why a place holds no vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoVault {
    /// There is no such directory.
    #[error("there is no such directory")]
    Directory,
    /// The directory lacks the file `vault`.
    #[error("its file `vault` is missing")]
    Marker,
    /// An empty [`Memory`](crate::Memory), in which no vault was created.
    #[error("no vault was created in it")]
    Memory,
    /// A vault can't be in a path without a name, such as `/` or `..`.
    #[error("a vault's directory needs a name")]
    Name,
    /// The build has no engine for directories.
    #[error("this build has no engine for directories: enable feature `sled`")]
    Engine,
}

/// The result of a public call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn denied(denial: &Denial, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("denied: ").and_then(|()| fmt::Display::fmt(denial, f))
}

pub(crate) fn suggest(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}

fn in_batch(write: Option<usize>) -> String {
    write.map(|write| format!(" (write {write} of the batch, counted from 0)")).unwrap_or_default()
}

fn wrong_key(wanted: &str, given: &str) -> String {
    if wanted == given {
        format!("the master key `{given}` was refused: a wrong passphrase or key, or an anchor that was altered")
    } else {
        format!("the vault is locked with `{wanted}`, but `{given}` was given: use the key it was created with")
    }
}

/// Tells whether an error, or one of its causes, says that there is no room: on the disk, in a quota, or in a file.
pub(crate) fn is_full(error: &(dyn StdError + 'static)) -> bool {
    std::iter::successors(Some(error), |error| (*error).source()).any(|error| {
        let kind = error.downcast_ref().map(io::Error::kind);
        matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge))
    })
}

impl Error {
    /// Returns what an administrator is told: of a denial its code and reason, of any other error its causes as well. Not for
    /// the actor: it may name roles, fields and collections.
    #[must_use]
    pub fn for_admin(&self) -> String {
        let causes = std::iter::successors(self.source(), |cause| (*cause).source());
        causes.fold(format!("{self:#}"), |told, cause| format!("{told}: {cause}"))
    }

    pub(crate) fn damaged(what: &'static str) -> Self {
        Self::Damaged { what, source: None }
    }

    pub(crate) fn damaged_by(what: &'static str, source: impl Into<Source>) -> Self {
        Self::Damaged { what, source: Some(source.into()) }
    }

    pub(crate) fn directory(path: &Path, source: io::Error) -> Self {
        if is_full(&source) {
            return Self::io("writing to a directory", source);
        }
        Self::Directory { path: path.to_owned(), source }
    }

    pub(crate) fn io(what: &'static str, source: impl Into<Source>) -> Self {
        let source = source.into();
        if is_full(&*source) { Self::DiskFull { what, source } } else { Self::Io { what, source } }
    }
}

impl From<RecordError> for Error {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

impl From<Impossible> for Error {
    fn from(why: Impossible) -> Self {
        Self::NotPossible(why)
    }
}

impl From<MasterKeyError> for Error {
    fn from(error: MasterKeyError) -> Self {
        Self::MasterKey(error)
    }
}

#[cfg(test)]
mod tests;
