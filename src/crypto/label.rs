//! The one table of KDF labels.

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// The purpose of a derivation. No label is the beginning of another.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Label { $($(#[$doc])* $name),+ }

        impl Label {
            pub(crate) const fn as_bytes(self) -> &'static [u8] {
                match self { $(Self::$name => concat!("strongroom/v1/", $text).as_bytes()),+ }
            }

            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

labels! {
    /// The child of a key tree's node.
    Tree = "tree",
    /// A key file's public id.
    KeyFileId = "key-file-id",
    /// The wrap of KEK_g by a master key.
    MasterWrap = "master-wrap",
    /// The seal of the keyring table by KEK_g.
    Table = "table",
    /// The seal of a tenant's key file by the tenant's KEK.
    TenantFile = "key-ring-of-tenant",
    /// The wrap of a data key by a slot key.
    DataKey = "data-key",
    /// An index's own key.
    IndexVersion = "index-version",
    /// An index entry.
    IndexEntry = "index-entry",
    /// A row's links.
    Links = "links",
    /// A tombstone of a row.
    Tombstone = "tombstone",
    /// An entry of the slot map.
    SlotMap = "slot-map",
    /// A tenant's state.
    TenantState = "tenant-state",
    /// A name of a tenant or a collection.
    Name = "name",
    /// A schema.
    Schema = "schema",
    /// A dictionary.
    Dictionary = "dictionary",
    /// A fact that is remembered for policies.
    Fact = "fact",
    /// The id of a share or a suspension.
    FactId = "id-of-fact",
    /// The MAC of an act that others approve.
    Approved = "act-approved",
    /// A journal block.
    Block = "block",
    /// The state of the vault's journal.
    JournalState = "journal-state",
    /// The text of a policy.
    PolicyText = "policy-text",
    /// The beginning of a journal whose oldest blocks were dropped, and the tips before it.
    JournalBase = "journal-base",
    /// A sink's place in the journal.
    SinkCursor = "sink-cursor",
    /// A scrub's progress.
    Scrub = "scrub",
}

#[cfg(test)]
mod tests {
    use super::Label;

    #[test]
    fn no_label_is_the_beginning_of_another() {
        for a in Label::ALL {
            for b in Label::ALL {
                assert!(a == b || !b.as_bytes().starts_with(a.as_bytes()), "{a:?} begins {b:?}");
            }
        }
    }
}
