//! A record's links: the places of its index entries. The section after a row's body.
//!
//! Layout of the section: `count u16 ‖ sealed`, nothing after a count of 0. The sealed plaintext is `count` times
//! `index u16 ‖ index version u16 ‖ value key, 32 bytes ‖ position u64`, strictly ascending by index and version.
//! The plaintext holds keys: its buffers are the caller's, who wipes them.

use super::{FormatError, Reader, Writer};

/// The most entries of a record: 24 indexes, twice while an index is being built anew.
pub(crate) const MAX_LINKS: usize = 48;
/// Bytes of one link's plaintext.
pub(crate) const LINK: usize = 2 + 2 + 32 + 8;

const WHAT: &str = "list of index links";
const TOO_MANY: &str = "there are more than 48";

/// One link. Holds a key: no `Debug`.
#[derive(Clone, Copy)]
pub(crate) struct RawLink<'a> {
    pub(crate) index: u16,
    pub(crate) version: u16,
    pub(crate) value_key: &'a [u8; 32],
    pub(crate) position: u64,
}

/// Takes a section apart: the number of links, and the seal over them.
pub(crate) fn split(section: &[u8]) -> Result<(usize, &[u8]), FormatError> {
    let mut reader = Reader::new(WHAT, section);
    let count = usize::from(reader.u16()?);
    if count > MAX_LINKS {
        return Err(reader.invalid(TOO_MANY));
    }
    let sealed = reader.rest();
    if (count == 0) != sealed.is_empty() {
        return Err(reader.invalid("its count and its seal don't agree"));
    }
    Ok((count, sealed))
}

/// Puts a section together; `count` is at most [`MAX_LINKS`] and `sealed` is empty if and only if it is 0.
pub(crate) fn join(count: usize, sealed: &[u8]) -> Result<Vec<u8>, FormatError> {
    let number = u16::try_from(count).map_err(|_| invalid(TOO_MANY))?;
    let mut section = Vec::with_capacity(sealed.len().saturating_add(2));
    Writer::new(&mut section).u16(number).bytes(sealed);
    split(&section)?;
    Ok(section)
}

/// Writes the plaintext into `out`, which has room for [`LINK`] bytes each.
///
/// # Errors
/// [`FormatError::Invalid`] if there are too many, or they are not strictly ascending by index and version.
pub(crate) fn encode(links: &[RawLink<'_>], out: &mut Vec<u8>) -> Result<(), FormatError> {
    check(links)?;
    let mut writer = Writer::new(out);
    for link in links {
        writer.u16(link.index).u16(link.version).bytes(link.value_key).u64(link.position);
    }
    Ok(())
}

/// Returns the links of a plaintext that must hold exactly `count`.
pub(crate) fn decode(count: usize, plaintext: &[u8]) -> Result<Vec<RawLink<'_>>, FormatError> {
    if count > MAX_LINKS {
        return Err(invalid(TOO_MANY));
    }
    let mut reader = Reader::new(WHAT, plaintext);
    let mut links = Vec::with_capacity(count);
    for _ in 0..count {
        links.push(RawLink {
            index: reader.u16()?,
            version: reader.u16()?,
            value_key: reader.array()?,
            position: reader.u64()?,
        });
    }
    reader.finish()?;
    check(&links)?;
    Ok(links)
}

fn check(links: &[RawLink<'_>]) -> Result<(), FormatError> {
    if links.len() > MAX_LINKS {
        return Err(invalid(TOO_MANY));
    }
    if links.is_sorted_by(|a, b| (a.index, a.version) < (b.index, b.version)) {
        Ok(())
    } else {
        Err(invalid("it is out of order or names an index twice"))
    }
}

const fn invalid(why: &'static str) -> FormatError {
    FormatError::Invalid { what: WHAT, why }
}

#[cfg(test)]
mod tests;
