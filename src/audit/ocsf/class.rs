//! Which class and activity of OCSF an act is.

use serde_json::{Value, json};

use crate::audit::{Event, Outcome, plain};
use crate::model::Action;

/// The activity that every class has for what it has no other.
pub(super) const OTHER: u8 = 99;
/// The name of the activity of feedback on an alert.
pub(super) const FEEDBACK: &str = "Update";

/// The classes that a record store emits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    EventLog,
    Finding,
    Account,
    Authentication,
    Entity,
    Access,
    Api,
    Datastore,
}

/// A class, and an activity of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind<'e> {
    pub(super) class: Class,
    pub(super) activity: u8,
    pub(super) name: &'e str,
}

impl Class {
    pub(super) fn uid(self) -> u32 {
        match self {
            Self::EventLog => 1008,
            Self::Finding => 2004,
            Self::Account => 3001,
            Self::Authentication => 3002,
            Self::Entity => 3004,
            Self::Access => 3005,
            Self::Api => 6003,
            Self::Datastore => 6005,
        }
    }

    pub(super) fn caption(self) -> &'static str {
        match self {
            Self::EventLog => "Event Log Activity",
            Self::Finding => "Detection Finding",
            Self::Account => "Account Change",
            Self::Authentication => "Authentication",
            Self::Entity => "Entity Management",
            Self::Access => "User Access Management",
            Self::Api => "API Activity",
            Self::Datastore => "Datastore Activity",
        }
    }

    pub(super) fn category(self) -> (u32, &'static str) {
        match self {
            Self::EventLog => (1, "System Activity"),
            Self::Finding => (2, "Findings"),
            Self::Account | Self::Authentication | Self::Entity | Self::Access => (3, "Identity & Access Management"),
            Self::Api | Self::Datastore => (6, "Application Activity"),
        }
    }
}

impl<'e> Kind<'e> {
    pub(super) fn of(event: &'e Event) -> Self {
        match Action::from_name(event.action()) {
            Some(action) => Self::of_act(action, event.code(), event.outcome() == Outcome::Permitted),
            None => Self::of_other(event.action()),
        }
    }

    fn of_act(action: Action, code: &str, done: bool) -> Self {
        use Class::{Access, Account, Datastore, Entity, EventLog};
        let (class, activity, name) = match (action, code) {
            (Action::Create, _) => (Datastore, 6, "Create"),
            (Action::Read | Action::Unmask | Action::Export, _) => (Datastore, 1, "Read"),
            (Action::Update | Action::Transfer, _) => (Datastore, 2, "Update"),
            (Action::Delete | Action::Erase, _) => (Datastore, 7, "Delete"),
            (Action::List, _) => (Datastore, 8, "List"),
            (Action::Search | Action::Count, _) => (Datastore, 4, "Query"),
            (Action::Restore, _) => (Datastore, 5, "Write"),
            (Action::Share | Action::BreakGlass, "ended") => (Access, 2, "Revoke Privileges"),
            (Action::Share | Action::BreakGlass, "listed" | "not_shared") => (Access, OTHER, action.name()),
            // What was refused doesn't say which of the two it would have been.
            (Action::Share | Action::BreakGlass, _) if done => (Access, 1, "Assign Privileges"),
            (Action::Approve, "approved") => (Access, 1, "Assign Privileges"),
            (Action::Share | Action::BreakGlass | Action::Approve | Action::ReviewEmergency, _) => {
                (Access, OTHER, action.name())
            }
            (Action::CreateVault | Action::CreateTenant, _) => (Entity, 1, "Create"),
            (Action::ReviewAccess, _) => (Entity, 2, "Read"),
            (Action::Define | Action::ChangePolicy | Action::RotateKeys, _) => (Entity, 3, "Update"),
            (Action::Freeze, "read_only" | "closed") => (Entity, 12, "Suspend"),
            (Action::Freeze, "unfrozen") => (Entity, 13, "Resume"),
            (Action::Freeze, _) => (Entity, OTHER, action.name()),
            (Action::Suspend, "suspended") => (Account, 5, "Disable"),
            (Action::Suspend, "reinstated") => (Account, 2, "Enable"),
            (Action::Suspend, _) => (Account, OTHER, action.name()),
            (Action::Retain, "planned" | "nothing_dropped") => (EventLog, OTHER, action.name()),
            (Action::Retain, _) => (EventLog, 2, "Delete"),
            (Action::Verify | Action::ReadJournal, _) => (EventLog, OTHER, action.name()),
            (Action::Hold | Action::Backup, _) => (Datastore, OTHER, action.name()),
        };
        Self { class, activity, name }
    }

    /// Returns the class of the host's own events, and of the monitor's.
    fn of_other(name: &'e str) -> Self {
        let (class, activity, name) = match name {
            "alert" => (Class::Finding, 1, "Create"),
            "alert_feedback" => (Class::Finding, 2, FEEDBACK),
            "host_login" | "host_login_failed" => (Class::Authentication, 1, "Logon"),
            "host_logout" => (Class::Authentication, 2, "Logoff"),
            "host_role_changed" => (Class::Access, OTHER, name),
            "host_device_added" => (Class::Account, OTHER, name),
            _ => (Class::Api, OTHER, name),
        };
        Self { class, activity, name }
    }
}

/// Returns the entity that an act of administration changed.
pub(super) fn entity(event: &Event) -> Value {
    let text = |id: Option<String>| id.unwrap_or_else(|| "unknown".to_owned());
    let (uid, kind) = match event.action() {
        "create_vault" => (event.journal().split('/').nth(1).unwrap_or(event.journal()).to_owned(), "Vault"),
        "define" => (text(event.collection().map(|id| id.to_string())), "Collection"),
        "create_tenant" | "freeze" => (text(event.about().or(event.tenant()).map(|id| id.to_string())), "Tenant"),
        "rotate_keys" => ("keys".to_owned(), "Keys"),
        _ => (text(event.new_policy().or(event.policy()).map(|hash| plain::hex(&hash))), "Policy"),
    };
    json!({ "uid": uid, "name": kind.to_lowercase(), "type_id": 99, "type": kind })
}
