//! The layouts of master keys: the text of a key file, and the wrapped bytes that key file and passphrase give
//! to the anchor.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::{FormatError, Reader, Writer};

/// The longest key file, in bytes.
pub(crate) const KEY_FILE: usize = 4096;
/// A key file's payload: the key, then four bytes of checksum.
pub(crate) const KEY_FILE_PAYLOAD: usize = 32 + 4;
/// Bytes of a wrapped key: salt, masked key, tag.
pub(crate) const WRAP: usize = 88;

/// The version that a key file's line names.
pub(crate) const KEY_FILE_VERSION: u32 = 1;

const WORD: &str = "strongroom-key-";
const PAYLOAD_TEXT: usize = 48;
const WRAPPED_VERSION: u8 = 1;
const BY_KEY_FILE: &str = "key wrapped by a key file";
const BY_PASSPHRASE: &str = "key wrapped by a passphrase";

/// The comment of a new key file, before its key.
const COMMENT: &str = "\
# Strongroom master key. Whoever has this file can read the vaults made with it.
# Without it they can't be opened, by anyone: keep a copy in a safe place, apart from the vaults and their backups.
";

/// A fault of a text that is not a key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyFileFault {
    /// A text of which no line begins like a key.
    Foreign,
    /// A key of a later version.
    Newer(u32),
    /// A line that begins like a key, but the key is not whole.
    Damaged,
}

/// Appends the text of a key file: comment lines, then `strongroom-key-1 <base64url of key and checksum>`.
pub(crate) fn encode_key_file(payload: &[u8; KEY_FILE_PAYLOAD], out: &mut Vec<u8>) -> Result<(), FormatError> {
    out.reserve_exact(KEY_FILE);
    Writer::new(out).bytes(COMMENT.as_bytes()).bytes(format!("{WORD}{KEY_FILE_VERSION} ").as_bytes());
    let at = out.len();
    out.resize(at.saturating_add(PAYLOAD_TEXT), b' ');
    let place = out.get_mut(at..).unwrap_or_default();
    Base64UrlUnpadded::encode(payload, place)
        .map_err(|_| FormatError::Invalid { what: "key file", why: "its key has the wrong length" })?;
    out.push(b'\n');
    Ok(())
}

/// Fills `payload` from the text of a key file. Blank lines, and lines that begin with `#`, are passed over.
pub(crate) fn decode_key_file(text: &[u8], payload: &mut [u8; KEY_FILE_PAYLOAD]) -> Result<(), KeyFileFault> {
    let mut lines =
        text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty() && !l.starts_with(b"#"));
    let line = lines.next().and_then(|l| l.strip_prefix(WORD.as_bytes())).ok_or(KeyFileFault::Foreign)?;
    let mut words = line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
    let version = words.next().and_then(|w| std::str::from_utf8(w).ok()).and_then(|w| w.parse::<u32>().ok());
    match version {
        Some(KEY_FILE_VERSION) => {}
        Some(newer) if newer > KEY_FILE_VERSION => return Err(KeyFileFault::Newer(newer)),
        _ => return Err(KeyFileFault::Damaged),
    }
    match (words.next(), words.next(), lines.next()) {
        (Some(key), None, None) if key.len() == PAYLOAD_TEXT => {
            Base64UrlUnpadded::decode(key, payload).map_err(|_| KeyFileFault::Damaged)?;
            Ok(())
        }
        _ => Err(KeyFileFault::Damaged),
    }
}

/// Returns `version ‖ wrap`.
pub(crate) fn encode_by_key_file(wrap: &[u8; WRAP]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + WRAP);
    Writer::new(&mut out).u8(WRAPPED_VERSION).bytes(wrap);
    out
}

pub(crate) fn decode_by_key_file(bytes: &[u8]) -> Result<&[u8; WRAP], FormatError> {
    let mut reader = Reader::new(BY_KEY_FILE, bytes);
    reader.version(WRAPPED_VERSION)?;
    let wrap = reader.array()?;
    reader.finish()?;
    Ok(wrap)
}

/// Parameters of Argon2id (RFC 9106) within bounds, for new vaults and for what an anchor asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StretchCost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl StretchCost {
    /// The least and the most memory. The least is OWASP's for Argon2id with two passes.
    pub(crate) const MEMORY_KIB: std::ops::RangeInclusive<u32> = 19 * 1024..=1024 * 1024;
    /// The fewest and the most passes.
    pub(crate) const PASSES: std::ops::RangeInclusive<u32> = 2..=16;
    /// The fewest and the most lanes.
    pub(crate) const LANES: std::ops::RangeInclusive<u32> = 1..=16;

    /// The second recommendation of RFC 9106, with one lane: 64 MiB, 3 passes.
    pub(crate) const DEFAULT: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    pub(crate) fn new(memory_kib: u32, passes: u32, lanes: u32) -> Option<Self> {
        (Self::MEMORY_KIB.contains(&memory_kib) && Self::PASSES.contains(&passes) && Self::LANES.contains(&lanes))
            .then_some(Self { memory_kib, passes, lanes })
    }

    pub(crate) const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    pub(crate) const fn passes(self) -> u32 {
        self.passes
    }

    pub(crate) const fn lanes(self) -> u32 {
        self.lanes
    }
}

/// The wrapped key that a passphrase gives to the anchor.
pub(crate) struct ByPassphrase<'a> {
    pub(crate) cost: StretchCost,
    pub(crate) salt: &'a [u8; 16],
    pub(crate) wrap: &'a [u8; WRAP],
}

impl<'a> ByPassphrase<'a> {
    /// Returns `version ‖ memory in KiB ‖ passes ‖ lanes ‖ salt ‖ wrap`.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1 + 3 * 4 + 16 + WRAP);
        Writer::new(&mut out)
            .u8(WRAPPED_VERSION)
            .u32(self.cost.memory_kib)
            .u32(self.cost.passes)
            .u32(self.cost.lanes)
            .bytes(self.salt)
            .bytes(self.wrap);
        out
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(BY_PASSPHRASE, bytes);
        reader.version(WRAPPED_VERSION)?;
        let cost = StretchCost::new(reader.u32()?, reader.u32()?, reader.u32()?)
            .ok_or_else(|| reader.invalid("it asks for more memory or time, or less, than any release would"))?;
        let (salt, wrap) = (reader.array()?, reader.array()?);
        reader.finish()?;
        Ok(Self { cost, salt, wrap })
    }
}

#[cfg(test)]
mod tests;
