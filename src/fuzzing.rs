//! For fuzzing: every decoder, and the vault's whole interface, as a function of bytes. Only with the feature `fuzzing`,
//! and no part of what semantic versioning covers.
//!
//! Guarantees: each function takes any bytes, and panics only when something is wrong: a decoder that panics, or one
//! whose encoder doesn't give back what it read; a vault that doesn't do what a map would. `fuzz/README.md` says how to
//! run them; the corpora there are replayed by the tests.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a harness tells")]

mod journal;
mod keys;
mod policies;
mod records;
mod rows;
mod vault;

#[cfg(test)]
mod tests;

macro_rules! targets {
    ($($(#[$doc:meta])* $name:ident => $path:path;)+) => {
        $(
            $(#[$doc])*
            pub fn $name(bytes: &[u8]) {
                $path(bytes);
            }
        )+

        /// All of them, by name.
        pub const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $name)),+];
    };
}

targets! {
    /// The file `vault`.
    vault_marker => keys::vault_marker;
    /// The text of a key file.
    key_file => keys::key_file;
    /// The wrapped key that a key file or a passphrase gives to the anchor.
    wrapped_key => keys::wrapped_key;
    /// The anchor.
    anchor => keys::anchor;
    /// The keyring table and tenant key files, from outside their seals.
    sealed_file => keys::sealed_file;
    /// The keyring table.
    table => keys::table;
    /// A tenant's key file.
    tenant_file => keys::tenant_file;
    /// The state of a key tree of as many levels as the first byte says.
    tree_state => keys::tree_state;
    /// A row or tombstone, sealed.
    row => rows::row;
    /// A tombstone, opened.
    tombstone => rows::tombstone;
    /// The section of a row's links, sealed.
    links_section => rows::links_section;
    /// As many links as the first byte says, opened.
    links => rows::links;
    /// An index entry, opened.
    index_entry => rows::index_entry;
    /// A value of the slot map, opened.
    slot_entry => rows::slot_entry;
    /// A fact that is remembered for policies, opened.
    fact => rows::fact;
    /// A tenant's state, opened.
    tenant_state => rows::tenant_state;
    /// The parts of something that was split, cut where the first two bytes say.
    parts => rows::parts;
    /// Keys of the store.
    place => rows::place;
    /// The plaintext of a row's body.
    body => records::body;
    /// A record's metadata.
    meta => records::meta;
    /// A collection's dictionary.
    dictionary => records::dictionary;
    /// A collection's schema.
    schema => records::schema;
    /// The fields of a body, read as a type with fields of many kinds.
    record => records::record;
    /// The fields of a body, read as a `Document`.
    document => records::document;
    /// A policy file. Without the feature `policy-file` it takes everything.
    policy_file => policies::policy_file;
    /// A text, under every normalizer.
    normalize => records::normalize;
    /// A block of the journal, sealed.
    block => journal::block;
    /// An entry of the journal.
    journal_entry => journal::entry;
    /// The state of the journal.
    journal_state => journal::state;
    /// A head, or a `head` file.
    head => journal::head;
    /// The key of heads.
    head_key => journal::head_key;
    /// An evidence bundle.
    evidence => journal::evidence;
    /// Calls of the whole interface, against a map that does the same.
    vault => vault::run;
}
