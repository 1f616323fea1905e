//! A signed head of the journal, as text: a checkpoint (<https://c2sp.org/tlog-checkpoint>) in a signed note
//! (<https://c2sp.org/signed-note>); the form of its key; and the `head` file.
//!
//! Guarantees: [`parse`] takes one canonical spelling of everything that is ours; lines of other signers are let stand.
//! Does not: check a signature.

use base64ct::{Base64, Encoding};

use super::FormatError;
use crate::model::{JournalEpochId, Timestamp, VaultId};

const WHAT: &str = "journal head";

/// The longest head or `head` file, in bytes: room for 16 signatures of other kinds.
pub(crate) const MAX_HEAD: usize = 128 * 1024;
/// The signature type of Ed25519 in a signed note.
pub(crate) const ED25519: u8 = 1;

const PREFIX: &str = "strongroom/";
const DASH: &str = "\u{2014} ";

/// The statement of a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeadBody {
    pub(crate) vault: VaultId,
    pub(crate) epoch: JournalEpochId,
    /// Blocks in the journal.
    pub(crate) size: u64,
    pub(crate) root: [u8; 32],
    /// The number of erasures in the ledger, and the ledger's hash.
    pub(crate) ledger_size: u64,
    pub(crate) ledger_hash: [u8; 32],
    pub(crate) time: Timestamp,
}

/// A signature by a key that has the journal's name. One of Ed25519 has 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) key_id: [u8; 4],
    pub(crate) bytes: Vec<u8>,
}

/// A signed note taken apart.
pub(crate) struct Note<'a> {
    /// The note, without what a `head` file has after it.
    pub(crate) text: &'a str,
    /// The signed part.
    pub(crate) signed: &'a str,
    pub(crate) body: HeadBody,
    pub(crate) signatures: Vec<Signature>,
    /// The hashes that follow in a `head` file.
    pub(crate) frontier: Option<Vec<[u8; 32]>>,
}

/// Returns the first line of a journal's heads, and the name of its key.
pub(crate) fn origin(vault: VaultId, epoch: JournalEpochId) -> String {
    format!("{PREFIX}{vault}/{epoch}")
}

/// Returns the text that is signed.
pub(crate) fn body_text(body: &HeadBody) -> String {
    format!(
        "{}\n{}\n{}\nledger {} {}\ntime {}\n",
        origin(body.vault, body.epoch),
        body.size,
        Base64::encode_string(&body.root),
        body.ledger_size,
        Base64::encode_string(&body.ledger_hash),
        body.time,
    )
}

/// Returns a note: the signed text, a blank line, the signature's line.
pub(crate) fn note_text(signed: &str, name: &str, signature: &Signature) -> String {
    let both = [signature.key_id.as_slice(), &signature.bytes].concat();
    format!("{signed}\n{DASH}{name} {}\n", Base64::encode_string(&both))
}

/// Returns a `head` file: the note, a blank line, the hashes of the tree's right edge, a line each.
pub(crate) fn file_text(note: &str, frontier: &[[u8; 32]]) -> String {
    let mut text = format!("{note}\n");
    for hash in frontier {
        text.push_str(&Base64::encode_string(hash));
        text.push('\n');
    }
    text
}

/// Takes a note or a `head` file apart.
pub(crate) fn parse(text: &str) -> Result<Note<'_>, FormatError> {
    if text.len() > MAX_HEAD {
        return Err(invalid("it is over 128 KiB"));
    }
    if text.chars().any(|c| c < ' ' && c != '\n') {
        return Err(invalid("it has control characters; copy it as it is, with plain line ends"));
    }
    let (signed, rest) =
        text.split_once("\n\n").ok_or_else(|| invalid("the blank line before the signatures is missing"))?;
    let signed = text.get(..=signed.len()).unwrap_or_default();
    let (lines, frontier) = match rest.split_once("\n\n") {
        Some((lines, frontier)) => {
            (text.get(signed.len() + 1..=signed.len() + 1 + lines.len()).unwrap_or_default(), Some(frontier))
        }
        None => (rest, None),
    };
    let body = parse_body(signed)?;
    let signatures = parse_signatures(lines, &origin(body.vault, body.epoch))?;
    let note = text.get(..signed.len() + 1 + lines.len()).unwrap_or_default();
    let frontier = frontier.map(parse_frontier).transpose()?;
    Ok(Note { text: note, signed, body, signatures, frontier })
}

/// Returns the form of a key: `<name>+<key id, hex>+<base64 of type and key>`.
pub(crate) fn key_text(name: &str, key_id: [u8; 4], public: &[u8; 32]) -> String {
    let typed = [&[ED25519], public.as_slice()].concat();
    format!("{name}+{:08x}+{}", u32::from_be_bytes(key_id), Base64::encode_string(&typed))
}

/// Returns name, key id and key of what [`key_text`] wrote.
pub(crate) fn parse_key(text: &str) -> Result<(&str, [u8; 4], [u8; 32]), FormatError> {
    let bad = || FormatError::Invalid { what: "head key", why: "expected <name>+<8 hexadecimal digits>+<base64>" };
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(bad());
    };
    let typed = decode::<33>(key).ok_or_else(bad)?;
    let (kind, public) = typed.split_first_chunk::<1>().ok_or_else(bad)?;
    let public = <[u8; 32]>::try_from(public).map_err(|_| bad())?;
    let key_id = u32::from_str_radix(id, 16).map_err(|_| bad())?.to_be_bytes();
    let canonical = !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control());
    if *kind == [ED25519] && canonical && key_text(name, key_id, &public) == text {
        Ok((name, key_id, public))
    } else {
        Err(bad())
    }
}

fn parse_body(signed: &str) -> Result<HeadBody, FormatError> {
    let mut lines = signed.lines();
    let mut line = || lines.next().ok_or_else(|| invalid("a line is missing"));
    let (vault, epoch) = line()?
        .strip_prefix(PREFIX)
        .and_then(|ids| ids.split_once('/'))
        .and_then(|(vault, epoch)| Some((vault.parse().ok()?, epoch.parse().ok()?)))
        .ok_or_else(|| invalid("its first line doesn't name a vault and a journal"))?;
    let size = number(line()?)?;
    let root = hash(line()?)?;
    let (ledger_size, ledger_hash) = line()?
        .strip_prefix("ledger ")
        .and_then(|ledger| ledger.split_once(' '))
        .ok_or_else(|| invalid("the line of the ledger is missing"))?;
    let body = HeadBody {
        vault,
        epoch,
        size,
        root,
        ledger_size: number(ledger_size)?,
        ledger_hash: hash(ledger_hash)?,
        time: line()?
            .strip_prefix("time ")
            .and_then(|time| time.parse().ok())
            .ok_or_else(|| invalid("the line of the time is missing"))?,
    };
    // Lines that a later release may add are signed too, and don't matter here.
    if signed.starts_with(&body_text(&body)) { Ok(body) } else { Err(invalid("a line is not in its one spelling")) }
}

/// Returns the signatures of this name's keys among the lines of signatures.
pub(crate) fn parse_signatures(lines: &str, name: &str) -> Result<Vec<Signature>, FormatError> {
    if !lines.ends_with('\n') {
        return Err(invalid("its last line is torn"));
    }
    let mut found = Vec::new();
    for line in lines.lines() {
        let (signer, signature) = line
            .strip_prefix(DASH)
            .and_then(|line| line.split_once(' '))
            .ok_or_else(|| invalid("a line of a signature is not one"))?;
        // Whatever another signer's line holds is theirs.
        if let Some(both) = Base64::decode_vec(signature).ok().filter(|_| signer == name)
            && let Some((key_id, bytes)) = both.split_first_chunk()
        {
            found.push(Signature { key_id: *key_id, bytes: bytes.to_vec() });
        }
    }
    Ok(found)
}

fn parse_frontier(lines: &str) -> Result<Vec<[u8; 32]>, FormatError> {
    if !lines.is_empty() && !lines.ends_with('\n') {
        return Err(invalid("its last line is torn"));
    }
    let hashes = lines.lines().take(65).map(hash).collect::<Result<Vec<_>, _>>()?;
    if hashes.len() > 64 { Err(invalid("it has too many hashes")) } else { Ok(hashes) }
}

fn number(text: &str) -> Result<u64, FormatError> {
    text.parse().map_err(|_| invalid("a size is not a decimal number"))
}

fn hash(text: &str) -> Result<[u8; 32], FormatError> {
    decode(text).ok_or_else(|| invalid("a hash is not 32 bytes of base64"))
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    (Base64::decode(text, &mut bytes).ok()?.len() == N).then_some(bytes)
}

const fn invalid(why: &'static str) -> FormatError {
    FormatError::Invalid { what: WHAT, why }
}

#[cfg(test)]
mod tests;
