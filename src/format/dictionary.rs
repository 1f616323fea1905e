//! The layout of a collection's dictionary: the log of (number, name), oldest first.

use super::cursor::Reader;
use super::{FormatError, decode, encode};

/// The dictionary layout that is written.
pub(crate) const DICTIONARY_VERSION: u8 = 1;
/// The most entries of the log, renamed and lost fields included.
pub(crate) const MAX_ENTRIES: usize = 8192;
/// The longest name of a field, in bytes of UTF-8.
pub(crate) const MAX_NAME: usize = 1024;

const WHAT: &str = "dictionary";

/// Returns `version ‖ bincode([(number, name)])`.
pub(crate) fn encode_dictionary(log: &[(u16, String)]) -> Result<Vec<u8>, FormatError> {
    check(log)?;
    let mut out = vec![DICTIONARY_VERSION];
    out.extend(encode(WHAT, &log)?);
    Ok(out)
}

/// Returns the log. The reader checks that its numbers and names make sense.
pub(crate) fn decode_dictionary(bytes: &[u8]) -> Result<Vec<(u16, String)>, FormatError> {
    let mut reader = Reader::new(WHAT, bytes);
    reader.version(DICTIONARY_VERSION)?;
    let log: Vec<(u16, String)> = decode(WHAT, reader.rest())?;
    check(&log)?;
    Ok(log)
}

fn check(log: &[(u16, String)]) -> Result<(), FormatError> {
    let invalid = |why| Err(FormatError::Invalid { what: WHAT, why });
    if log.len() > MAX_ENTRIES {
        return invalid("it has more than 8,192 entries");
    }
    if log.iter().any(|(_, name)| name.len() > MAX_NAME) {
        return invalid("a name is over 1,024 bytes");
    }
    Ok(())
}
