//! The acts: every call of the library asks for one of these.

use std::fmt;

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// An act that a policy is asked about and the journal names.
        ///
        /// ```
        /// use strongroom::model::Action;
        /// assert_eq!(Action::from_name("break_glass"), Some(Action::BreakGlass));
        /// assert!(Action::ALL.iter().all(|action| Action::from_name(action.name()) == Some(*action)));
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Action { $($(#[$doc])* $variant),+ }

        impl Action {
            /// Every act there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the stable name that the journal and policies use.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

actions! {
    /// Store a new record.
    Create = "create",
    /// Read one record by its id.
    Read = "read",
    /// Change fields of a record.
    Update = "update",
    /// Remove a record.
    Delete = "delete",
    /// Page through a collection, in the order of ids or sorted by a field.
    List = "list",
    /// Look records up by an indexed field.
    Search = "search",
    /// Count records. Counts only those that the actor could list.
    Count = "count",
    /// Take records out in bulk.
    Export = "export",
    /// Read fields of one record that are otherwise masked.
    Unmask = "unmask",
    /// Share a record with somebody else, or end that.
    Share = "share",
    /// Give a record another owner.
    Transfer = "transfer",
    /// Destroy a data subject's keys.
    Erase = "erase",
    /// Put a data subject under a legal hold, or release it.
    Hold = "hold",
    /// Approve or refuse what somebody else asked approval for.
    Approve = "approve",
    /// Take emergency access.
    BreakGlass = "break_glass",
    /// Create the vault. Asked of no policy: there is none before it.
    CreateVault = "create_vault",
    /// Create a tenant.
    CreateTenant = "create_tenant",
    /// Create a collection or change its schema.
    Define = "define",
    /// Check the vault against its journal.
    Verify = "verify",
    /// Replace the policy.
    ChangePolicy = "change_policy",
    /// Make or verify a backup.
    Backup = "backup",
    /// Restore from a backup.
    Restore = "restore",
    /// Rotate keys.
    RotateKeys = "rotate_keys",
    /// Read the journal.
    ReadJournal = "read_journal",
    /// Suspend an actor or end that, and reassign what they own.
    Suspend = "suspend",
    /// Ask who may do what, and why.
    ReviewAccess = "review_access",
    /// Review an emergency access of somebody else's.
    ReviewEmergency = "review_emergency",
    /// Freeze a tenant, read-only or closed, or end that.
    Freeze = "freeze",
    /// Drop the journal's oldest entries for good.
    Retain = "retain",
}

impl Action {
    /// Returns the act of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }

    /// Tells whether the act is administration rather than work on records.
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

    /// Tells whether the act shows fields of records.
    #[must_use]
    pub const fn reads(self) -> bool {
        matches!(self, Self::Read | Self::List | Self::Search | Self::Export | Self::Unmask | Self::Update)
    }

    /// Tells whether the act is about many records at once: the policy is asked once without a record, then for each.
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
