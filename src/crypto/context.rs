//! The one encoder of a seal's context, its AAD.
//!
//! Guarantees: canonical and injective. Each part is `BE32(length) ‖ bytes`, the first part names the kind of thing.

use super::SUITE;

macro_rules! domains {
    ($($name:ident = $text:literal),+ $(,)?) => {
        /// The kind of thing that is sealed; the first part of every context.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Domain { $($name),+ }

        impl Domain {
            pub(crate) const fn as_bytes(self) -> &'static [u8] {
                match self { $(Self::$name => $text.as_bytes()),+ }
            }

            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

domains! {
    Anchor = "anchor",
    Table = "table",
    TenantFile = "tenant file",
    Body = "body",
    DataKey = "data key",
    Index = "index",
    IndexEntry = "index entry",
    Links = "links",
    Tombstone = "tombstone",
    SlotMap = "slot map",
    TenantState = "tenant state",
    TenantName = "tenant name",
    CollectionName = "collection name",
    Schema = "schema",
    Dictionary = "dictionary",
    Fact = "fact",
    Share = "share",
    Suspension = "suspension",
    Block = "block",
    JournalState = "journal state",
    PolicyText = "policy text",
    Freeze = "freeze",
    Demand = "demand",
    ApprovedAct = "approved act",
    JournalBase = "journal base",
    JournalTip = "journal tip",
    SinkCursor = "sink cursor",
    Scrub = "scrub",
    ScrubbedTenant = "scrubbed tenant",
}

/// The context that a seal is bound to: parts, each length-prefixed, the domain and the suite first.
///
/// Every row needs two, so the usual sizes are kept without an allocation.
pub(crate) struct Context {
    small: [u8; SMALL],
    length: usize,
    /// The whole context, once it doesn't fit.
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
