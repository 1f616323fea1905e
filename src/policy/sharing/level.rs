//! Levels of access to a record: those that an act asks for, and that a share gives.

use crate::model::{Access, Action, FieldSet};
use crate::policy::{Decision, Permission};
use std::sync::Arc;

/// A level of access to a record. Each level holds those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy) enum Level {
    /// To see it: read, list, search, count, export, unmask.
    Read,
    /// To change it as well.
    Write,
    /// To delete it, share it and give it away as well.
    Full,
}

impl Level {
    /// Returns the level that an act asks for on a record that exists; `None` if whose record it is doesn't matter to the act.
    pub(in crate::policy) const fn of(action: Action) -> Option<Self> {
        match action {
            Action::Read | Action::List | Action::Search | Action::Count | Action::Export | Action::Unmask => {
                Some(Self::Read)
            }
            Action::Update => Some(Self::Write),
            Action::Delete | Action::Share | Action::Transfer => Some(Self::Full),
            Action::Create
            | Action::Erase
            | Action::Hold
            | Action::Approve
            | Action::BreakGlass
            | Action::CreateVault
            | Action::CreateTenant
            | Action::Define
            | Action::Verify
            | Action::ChangePolicy
            | Action::Backup
            | Action::Restore
            | Action::RotateKeys
            | Action::ReadJournal
            | Action::Suspend
            | Action::ReviewAccess
            | Action::ReviewEmergency
            | Action::Freeze
            | Action::Retain => None,
        }
    }

    pub(in crate::policy) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Full => "everything",
        }
    }

    /// Returns the permission that goes with it: every field.
    pub(in crate::policy) fn permit(self, rule: &Arc<str>) -> Decision {
        let write = if self >= Self::Write { FieldSet::All } else { FieldSet::none() };
        Permission::new(Arc::clone(rule)).read(FieldSet::All).write(write).into()
    }
}

impl From<Access> for Level {
    fn from(access: Access) -> Self {
        match access {
            Access::Read => Self::Read,
            Access::Write => Self::Write,
        }
    }
}
