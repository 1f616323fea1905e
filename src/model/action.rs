//! What can be done. Every call of the library asks for one of these.

use std::fmt;

/// An act that a policy is asked about and the journal names.
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
    /// Page through a collection.
    List,
    /// Look records up by an indexed field.
    Search,
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
}

impl Action {
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
            Self::CreateVault => "create_vault",
            Self::CreateTenant => "create_tenant",
            Self::Define => "define",
            Self::Verify => "verify",
            Self::ChangePolicy => "change_policy",
        }
    }

    /// Whether the act is administration rather than work on records.
    #[must_use]
    pub const fn is_administration(self) -> bool {
        matches!(self, Self::CreateVault | Self::CreateTenant | Self::Define | Self::Verify | Self::ChangePolicy)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
