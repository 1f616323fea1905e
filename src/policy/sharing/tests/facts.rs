//! The facts that a vault would remember, for tests of policies.

use crate::model::{Access, Facts, Grantee, RecordId, Request, Timestamp};

/// Shares, approvals and emergencies.
#[derive(Debug, Clone, Default)]
pub(in crate::policy) struct Remembered {
    /// Collection, record, grantee (`actor x`, `role x`, `group x`), access.
    pub(in crate::policy) shares: Vec<(String, RecordId, String, Access)>,
    pub(in crate::policy) approvals: u32,
    pub(in crate::policy) emergencies: Vec<String>,
}

impl Remembered {
    pub(in crate::policy) fn share(mut self, on: &str, record: u8, with: &str, access: Access) -> Self {
        self.shares.push((on.to_owned(), record_id(record), with.to_owned(), access));
        self
    }

    pub(in crate::policy) fn emergency(mut self, actor: &str) -> Self {
        self.emergencies.push(actor.to_owned());
        self
    }
}

pub(in crate::policy) fn record_id(number: u8) -> RecordId {
    RecordId::from_bytes([number; 16])
}

fn named(with: Grantee<'_>) -> String {
    match with {
        Grantee::Actor(id) => format!("actor {id}"),
        Grantee::Role(role) => format!("role {role}"),
        Grantee::Group(group) => format!("group {group}"),
    }
}

impl Facts for Remembered {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn share(&self, record: RecordId, with: Grantee<'_>) -> Option<Access> {
        let with = named(with);
        self.shares.iter().filter(|(_, id, to, _)| *id == record && *to == with).map(|share| share.3).max()
    }

    fn shared_with(&self, collection: &str, with: Grantee<'_>) -> Vec<RecordId> {
        let with = named(with);
        self.shares.iter().filter(|(on, _, to, _)| on == collection && *to == with).map(|share| share.1).collect()
    }

    fn approvals(&self, _: &Request<'_>) -> u32 {
        self.approvals
    }

    fn emergency(&self, actor: &str) -> Option<Timestamp> {
        self.emergencies.iter().any(|known| known == actor).then_some(Timestamp::from_micros(3_600_000_000))
    }
}
