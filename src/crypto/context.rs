//! The one encoder of what a seal is bound to (its AAD).
//!
//! Guarantees: canonical and injective. Each part is `BE32(length) ‖ bytes`, the first part names the kind of thing.

use super::SUITE;

/// The kind of thing that is sealed; the first part of every context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Domain {
    Anchor,
    Table,
    TenantFile,
    Body,
    DataKey,
    Index,
    IndexEntry,
    Links,
    Tombstone,
    SlotMap,
    TenantState,
    TenantName,
    CollectionName,
    Schema,
    Dictionary,
    Fact,
    Share,
    Suspension,
    Block,
    JournalState,
    PolicyText,
    Freeze,
    Demand,
    JournalBase,
    JournalTip,
    SinkCursor,
    Scrub,
    ScrubbedTenant,
}

impl Domain {
    const fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Anchor => b"anchor",
            Self::Table => b"table",
            Self::TenantFile => b"tenant file",
            Self::Body => b"body",
            Self::DataKey => b"data key",
            Self::Index => b"index",
            Self::IndexEntry => b"index entry",
            Self::Links => b"links",
            Self::Tombstone => b"tombstone",
            Self::SlotMap => b"slot map",
            Self::TenantState => b"tenant state",
            Self::TenantName => b"tenant name",
            Self::CollectionName => b"collection name",
            Self::Schema => b"schema",
            Self::Dictionary => b"dictionary",
            Self::Fact => b"fact",
            Self::Share => b"share",
            Self::Suspension => b"suspension",
            Self::Block => b"block",
            Self::JournalState => b"journal state",
            Self::PolicyText => b"policy text",
            Self::Freeze => b"freeze",
            Self::Demand => b"demand",
            Self::JournalBase => b"journal base",
            Self::JournalTip => b"journal tip",
            Self::SinkCursor => b"sink cursor",
            Self::Scrub => b"scrub",
            Self::ScrubbedTenant => b"scrubbed tenant",
        }
    }
}

/// What a seal is bound to: a list of parts, each length-prefixed, the domain and the suite first.
///
/// Every row needs two, so the usual sizes are kept without an allocation.
pub(crate) struct Context {
    small: [u8; SMALL],
    length: usize,
    /// All of it, once it doesn't fit.
    large: Vec<u8>,
}

const SMALL: usize = 192;

impl Context {
    pub(crate) fn new(domain: Domain) -> Self {
        Self { small: [0; SMALL], length: 0, large: Vec::new() }.bytes(domain.as_bytes()).bytes(&[SUITE])
    }

    /// Adds bytes. Parts are at most `u32::MAX` long; nothing here comes near.
    pub(crate) fn bytes(mut self, part: &[u8]) -> Self {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        self.append(&length.to_be_bytes());
        self.append(part);
        self
    }

    pub(crate) fn u16(self, part: u16) -> Self {
        self.bytes(&part.to_be_bytes())
    }

    pub(crate) fn u32(self, part: u32) -> Self {
        self.bytes(&part.to_be_bytes())
    }

    pub(crate) fn u64(self, part: u64) -> Self {
        self.bytes(&part.to_be_bytes())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        if self.large.is_empty() { self.small.get(..self.length).unwrap_or_default() } else { &self.large }
    }

    fn append(&mut self, bytes: &[u8]) {
        let end = self.length.saturating_add(bytes.len());
        match self.small.get_mut(self.length..end) {
            Some(room) if self.large.is_empty() => {
                room.copy_from_slice(bytes);
                self.length = end;
            }
            _ => {
                if self.large.is_empty() {
                    self.large.extend_from_slice(self.small.get(..self.length).unwrap_or_default());
                }
                self.large.extend_from_slice(bytes);
            }
        }
    }
}
