//! The acts: every call of the library asks for one of these.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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
    /// Storing a new record.
    Create = "create",
    /// Reading one record by its id.
    Read = "read",
    /// Changing fields of a record.
    Update = "update",
    /// Removing a record.
    Delete = "delete",
    /// Paging through a collection, in the order of ids or sorted by a field.
    List = "list",
    /// Looking records up by an indexed field.
    Search = "search",
    /// Counting records: only those that the actor could list.
    Count = "count",
    /// Taking records out in bulk.
    Export = "export",
    /// Reading fields of one record that are otherwise masked.
    Unmask = "unmask",
    /// Sharing a record with somebody else, or ending that.
    Share = "share",
    /// Giving a record another owner.
    Transfer = "transfer",
    /// Destroying a data subject's keys.
    Erase = "erase",
    /// Putting a data subject under a legal hold, or releasing it.
    Hold = "hold",
    /// Approving or refusing what somebody else asked approval for.
    Approve = "approve",
    /// Taking emergency access.
    BreakGlass = "break_glass",
    /// Creating the vault. No policy is asked: there is none before the vault.
    CreateVault = "create_vault",
    /// Creating a tenant.
    CreateTenant = "create_tenant",
    /// Creating a collection or changing its schema.
    Define = "define",
    /// Checking the vault against its journal.
    Verify = "verify",
    /// Replacing the policy.
    ChangePolicy = "change_policy",
    /// Making or verifying a backup.
    Backup = "backup",
    /// Restoring from a backup.
    Restore = "restore",
    /// Rotating keys.
    RotateKeys = "rotate_keys",
    /// Reading the journal.
    ReadJournal = "read_journal",
    /// Suspending an actor or ending that, and reassigning what the actor owns.
    Suspend = "suspend",
    /// Asking who may do what, and why.
    ReviewAccess = "review_access",
    /// Reviewing somebody else's emergency access.
    ReviewEmergency = "review_emergency",
    /// Freezing a tenant, read-only or closed, or ending that.
    Freeze = "freeze",
    /// Dropping the journal's oldest entries for good.
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

    /// Tells whether others can approve the act before it is done. Not approving itself, not emergency access, which is for
    /// when nobody is there, and not creating the vault, before which there is nobody.
    #[must_use]
    pub const fn can_be_approved(self) -> bool {
        !matches!(self, Self::Approve | Self::BreakGlass | Self::CreateVault)
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

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        Self::from_name(&name).ok_or_else(|| de::Error::custom("an act that this release doesn't know"))
    }
}
