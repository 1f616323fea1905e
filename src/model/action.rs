//! What can be done. Every call of the library asks for one of these.

use std::fmt;

/// An act that a policy is asked about and the journal names.
///
/// ```
/// use strongroom::model::Action;
/// assert_eq!(Action::from_name("break_glass"), Some(Action::BreakGlass));
/// assert!(Action::ALL.iter().all(|action| Action::from_name(action.name()) == Some(*action)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Store a new record.
    Create,
    /// Read one record by its id.
    Read,
    /// Change fields of a record.
    Update,
    /// Remove a record.
    Delete,
    /// Page through a collection, in the order of ids or sorted by a field.
    List,
    /// Look records up by an indexed field.
    Search,
    /// Count records. Counts only those that the actor could list.
    Count,
    /// Take records out in bulk.
    Export,
    /// Read fields of one record that are otherwise masked.
    Unmask,
    /// Share a record with somebody else, or end that.
    Share,
    /// Give a record another owner.
    Transfer,
    /// Destroy a data subject's keys.
    Erase,
    /// Put a data subject under a legal hold, or release it.
    Hold,
    /// Approve or refuse what somebody else asked approval for.
    Approve,
    /// Take emergency access.
    BreakGlass,
    /// Create the vault. Asked of no policy: there is none before it.
    CreateVault,
    /// Create a tenant.
    CreateTenant,
    /// Create a collection or change its schema.
    Define,
    /// Check the vault against its journal.
    Verify,
    /// Replace the policy.
    ChangePolicy,
    /// Make or verify a backup.
    Backup,
    /// Restore from a backup.
    Restore,
    /// Rotate keys.
    RotateKeys,
    /// Read the journal.
    ReadJournal,
    /// Suspend an actor or end that, and reassign what they own.
    Suspend,
    /// Ask who may do what, and why.
    ReviewAccess,
    /// Review an emergency access of somebody else's.
    ReviewEmergency,
    /// Freeze a tenant, read-only or closed, or end that.
    Freeze,
    /// Drop the journal's oldest entries for good.
    Retain,
}

impl Action {
    /// Every act there is.
    pub const ALL: &'static [Self] = &[
        Self::Create,
        Self::Read,
        Self::Update,
        Self::Delete,
        Self::List,
        Self::Search,
        Self::Count,
        Self::Export,
        Self::Unmask,
        Self::Share,
        Self::Transfer,
        Self::Erase,
        Self::Hold,
        Self::Approve,
        Self::BreakGlass,
        Self::CreateVault,
        Self::CreateTenant,
        Self::Define,
        Self::Verify,
        Self::ChangePolicy,
        Self::Backup,
        Self::Restore,
        Self::RotateKeys,
        Self::ReadJournal,
        Self::Suspend,
        Self::ReviewAccess,
        Self::ReviewEmergency,
        Self::Freeze,
        Self::Retain,
    ];

    /// The stable name that the journal and policies use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::List => "list",
            Self::Search => "search",
            Self::Count => "count",
            Self::Export => "export",
            Self::Unmask => "unmask",
            Self::Share => "share",
            Self::Transfer => "transfer",
            Self::Erase => "erase",
            Self::Hold => "hold",
            Self::Approve => "approve",
            Self::BreakGlass => "break_glass",
            Self::CreateVault => "create_vault",
            Self::CreateTenant => "create_tenant",
            Self::Define => "define",
            Self::Verify => "verify",
            Self::ChangePolicy => "change_policy",
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::RotateKeys => "rotate_keys",
            Self::ReadJournal => "read_journal",
            Self::Suspend => "suspend",
            Self::ReviewAccess => "review_access",
            Self::ReviewEmergency => "review_emergency",
            Self::Freeze => "freeze",
            Self::Retain => "retain",
        }
    }

    /// The act of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }

    /// Whether the act is administration rather than work on records.
    #[must_use]
    pub const fn is_administration(self) -> bool {
        matches!(
            self,
            Self::CreateVault
                | Self::CreateTenant
                | Self::Define
                | Self::Verify
                | Self::ChangePolicy
                | Self::Backup
                | Self::Restore
                | Self::RotateKeys
                | Self::ReadJournal
                | Self::Suspend
                | Self::ReviewAccess
                | Self::ReviewEmergency
                | Self::Freeze
                | Self::Retain
        )
    }

    /// Whether the act shows fields of records.
    #[must_use]
    pub const fn reads(self) -> bool {
        matches!(self, Self::Read | Self::List | Self::Search | Self::Export | Self::Unmask | Self::Update)
    }

    /// Whether the act is about many records at once: it is asked about once without a record, then for each.
    #[must_use]
    pub const fn is_bulk(self) -> bool {
        matches!(self, Self::List | Self::Search | Self::Count | Self::Export)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
