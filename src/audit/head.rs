//! Signed heads: what to keep elsewhere, so that nobody can rewrite or shorten the journal unseen.
//!
//! Guarantees: a head that verifies was signed by its key, whole. Does not: say that it is the newest, or that the journal
//! agrees with it; verification does.

use std::fmt;
use std::str::FromStr;

use crate::crypto::{Key, public_key, role, sha256, sign, verify_signature};
use crate::format::FormatError;
use crate::format::head::{self as layout, ED25519, Signature};
use crate::model::{JournalEpochId, Timestamp, VaultId};

use super::Frontier;

pub(crate) use crate::format::head::HeadBody;

/// A signed statement of the journal's size and root hash, as text.
///
/// Keep heads where someone who can write the vault's directory can't: `vault.verify` holds the journal against one. The
/// form is a checkpoint (<https://c2sp.org/tlog-checkpoint>), which tools and witnesses of transparency logs read.
/// [`Display`](fmt::Display) gives the text; [`Head::parse`] takes it, or the content of a vault's `head` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    text: String,
    signed: usize,
    body: HeadBody,
    signatures: Vec<Signature>,
}

/// The key that a journal's heads are checked with: a name and an Ed25519 public key.
///
/// Its text, by [`Display`](fmt::Display) and [`FromStr`], is `<name>+<key id>+<base64>`, as <https://c2sp.org/signed-note>
/// tools take it. Keep it with the heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadKey {
    name: String,
    public: [u8; 32],
}

/// The reason why a head is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// The text is not a head, or not a key of heads.
    #[error("this is not a journal head or a key of one: {why}")]
    Malformed {
        /// The fault, in words.
        why: &'static str,
    },
    /// The head is of another vault, or of the journal before a restore.
    #[error("this head is of {found}, not of {expected}: bring a head of the journal that is to be checked")]
    OtherJournal {
        /// The head's origin.
        found: String,
        /// The origin it was held against.
        expected: String,
    },
    /// No signature of this key, or one that is wrong.
    #[error(
        "the head isn't signed by {key}, or was altered: it proves nothing; use an unaltered copy and the right key"
    )]
    Signature {
        /// The key, as text.
        key: String,
    },
    /// The head states less than where the check began.
    #[error("the head covers fewer blocks than the check skipped: check the journal from its beginning")]
    NotCovered,
    /// The `head` file's hashes don't give its root.
    #[error("the head file's hashes don't give the root it states: the file is damaged")]
    Frontier,
}

impl Head {
    /// Reads a head's text, or a `head` file's. Doesn't check the signature: see [`Head::verify`].
    ///
    /// # Errors
    /// [`HeadError::Malformed`] for anything else, or over 128 KiB.
    pub fn parse(text: &str) -> Result<Self, HeadError> {
        Self::from_note(layout::parse(text)?)
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// [`HeadError::OtherJournal`] if the key is another journal's, [`HeadError::Signature`] if it didn't sign this.
    pub fn verify(&self, key: &HeadKey) -> Result<(), HeadError> {
        if key.name != self.origin() {
            return Err(HeadError::OtherJournal { found: self.origin(), expected: key.name.clone() });
        }
        let id = key.id();
        let signed = self.text.get(..self.signed).unwrap_or_default().as_bytes();
        let mut ours = self.signatures.iter().filter(|signature| signature.key_id == id).peekable();
        let any = ours.peek().is_some();
        if any && ours.all(|signature| key.signed(signed, signature)) {
            Ok(())
        } else {
            Err(HeadError::Signature { key: key.to_string() })
        }
    }

    /// Returns the name of the journal: `strongroom/<vault id>/<journal id>`. A restored vault has a new journal id.
    #[must_use]
    pub fn origin(&self) -> String {
        layout::origin(self.body.vault, self.body.epoch)
    }

    /// Returns the id of the vault.
    #[must_use]
    pub fn vault(&self) -> VaultId {
        self.body.vault
    }

    /// Blocks in the journal.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.body.size
    }

    /// Returns the root hash of the tree over them (RFC 6962).
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        self.body.root
    }

    /// Erasures in the ledger.
    #[must_use]
    pub fn ledger_size(&self) -> u64 {
        self.body.ledger_size
    }

    /// Returns the ledger's hash.
    #[must_use]
    pub fn ledger_hash(&self) -> [u8; 32] {
        self.body.ledger_hash
    }

    /// Returns the time of signing.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.body.time
    }

    /// Signs a head.
    pub(crate) fn sign(signing_key: &Key<role::Signing>, body: HeadBody) -> Self {
        let key = HeadKey::of(signing_key, body.vault, body.epoch);
        let signed = layout::body_text(&body);
        let signature = Signature { key_id: key.id(), bytes: sign(signing_key, signed.as_bytes()).to_vec() };
        let text = layout::note_text(&signed, &key.name, &signature);
        Self { text, signed: signed.len(), body, signatures: vec![signature] }
    }

    pub(crate) fn body(&self) -> &HeadBody {
        &self.body
    }

    fn from_note(note: layout::Note<'_>) -> Result<Self, HeadError> {
        Ok(Self { text: note.text.to_owned(), signed: note.signed.len(), body: note.body, signatures: note.signatures })
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Head {
    type Err = HeadError;

    fn from_str(text: &str) -> Result<Self, HeadError> {
        Self::parse(text)
    }
}

impl HeadKey {
    /// Returns the key's name: the origin of the journal whose heads it signs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the Ed25519 public key (RFC 8032).
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.public
    }

    pub(crate) fn of(key: &Key<role::Signing>, vault: VaultId, epoch: JournalEpochId) -> Self {
        Self { name: layout::origin(vault, epoch), public: public_key(key) }
    }

    fn signed(&self, text: &[u8], signature: &Signature) -> bool {
        let bytes = signature.bytes.as_slice().try_into();
        bytes.is_ok_and(|bytes| verify_signature(&self.public, text, bytes))
    }

    fn id(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = sha256(&[self.name.as_bytes(), b"\n", &[ED25519], &self.public]);
        [a, b, c, d]
    }
}

impl fmt::Display for HeadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&layout::key_text(&self.name, self.id(), &self.public))
    }
}

impl FromStr for HeadKey {
    type Err = HeadError;

    fn from_str(text: &str) -> Result<Self, HeadError> {
        let (name, id, public) = layout::parse_key(text.trim())?;
        let key = Self { name: name.to_owned(), public };
        if key.id() == id { Ok(key) } else { Err(HeadError::Malformed { why: "the key's id doesn't fit the key" }) }
    }
}

impl From<FormatError> for HeadError {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::Invalid { why, .. } => Self::Malformed { why },
            FormatError::Newer { .. } => Self::Malformed { why: "it has a newer format: use a newer release" },
        }
    }
}

/// Writes the content of a `head` file.
///
/// # Errors
/// [`HeadError::Frontier`] if the frontier isn't the head's.
pub(crate) fn encode_head_file(head: &Head, frontier: &Frontier) -> Result<String, HeadError> {
    fits(head, frontier)?;
    Ok(layout::file_text(&head.text, frontier.hashes()))
}

/// Reads head and frontier from a `head` file, without checking the signature.
///
/// # Errors
/// [`HeadError::Malformed`] for torn or foreign content, [`HeadError::Frontier`] if the two don't agree.
pub(crate) fn decode_head_file(content: &[u8]) -> Result<(Head, Frontier), HeadError> {
    let text = std::str::from_utf8(content).map_err(|_| HeadError::Malformed { why: "it is not UTF-8" })?;
    let mut note = layout::parse(text)?;
    let hashes = note.frontier.take().ok_or(HeadError::Malformed { why: "the tree's hashes are missing" })?;
    let head = Head::from_note(note)?;
    let frontier = Frontier::from_parts(head.size(), hashes)?;
    fits(&head, &frontier)?;
    Ok((head, frontier))
}

fn fits(head: &Head, frontier: &Frontier) -> Result<(), HeadError> {
    if (frontier.size(), frontier.root()) == (head.size(), head.root()) { Ok(()) } else { Err(HeadError::Frontier) }
}

#[cfg(test)]
mod tests;
