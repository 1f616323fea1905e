//! The plaintext of a row's body: metadata, then the record's fields, each by itself.
//!
//! Guarantees: metadata splits off without a look at the fields; fields are borrowed, in strictly ascending order, so
//! none occurs twice. Does not: know what a field's bytes mean.

use super::cursor::{Reader, Writer};
use super::{FormatError, MAX_NAME};

/// The body layout that is written.
pub(crate) const BODY_VERSION: u8 = 1;
/// The longest body, metadata and all, in bytes.
pub(crate) const MAX_BODY: usize = 4 << 20;
/// The most top-level fields of a record.
pub(crate) const MAX_FIELDS: usize = 1024;

const WHAT: &str = "record body";
const CLOSED: u8 = 0;
const OPEN: u8 = 1;
const NUMBER: usize = 2;
const LENGTH: usize = 4;

/// A field's key in a body: its number in the dictionary, or, in an open collection, its own name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FieldKey<'a> {
    Number(u16),
    Name(&'a str),
}

/// A body taken apart as far as its metadata.
pub(crate) struct Body<'a> {
    meta: &'a [u8],
    fields: &'a [u8],
}

impl<'a> Body<'a> {
    /// Splits metadata from fields; neither is decoded yet.
    pub(crate) fn split(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(WHAT, bytes);
        if bytes.len() > MAX_BODY {
            return Err(reader.invalid("it is over 4 MiB"));
        }
        reader.version(BODY_VERSION)?;
        Ok(Self { meta: reader.short()?, fields: reader.rest() })
    }

    /// Returns the encoded metadata.
    pub(crate) fn meta(&self) -> &'a [u8] {
        self.meta
    }

    /// Returns the fields, in ascending order of their keys.
    pub(crate) fn fields(&self) -> Result<Vec<(FieldKey<'a>, &'a [u8])>, FormatError> {
        let mut reader = Reader::new(WHAT, self.fields);
        let open = match reader.u8()? {
            CLOSED => false,
            OPEN => true,
            _ => return Err(reader.invalid("it names its fields in an unknown way")),
        };
        let count = usize::from(reader.u16()?);
        // The smallest field takes six bytes, so a count that lies allocates no more than the body's own size.
        if count > MAX_FIELDS || count.saturating_mul(NUMBER + LENGTH) > reader.rest().len() {
            return Err(reader.invalid("it has too many fields"));
        }
        let mut fields: Vec<(FieldKey<'a>, &'a [u8])> = Vec::with_capacity(count);
        for _ in 0..count {
            let key = if open { FieldKey::Name(name(&mut reader)?) } else { FieldKey::Number(reader.u16()?) };
            if fields.last().is_some_and(|(last, _)| *last >= key) {
                return Err(reader.invalid("its fields are out of order"));
            }
            fields.push((key, reader.long(MAX_BODY)?));
        }
        reader.finish()?;
        Ok(fields)
    }
}

/// Appends a body to `out`, which grows once at most, before any plaintext is in it.
pub(crate) fn encode_body(
    out: &mut Vec<u8>,
    meta: &[u8],
    open: bool,
    fields: &[(FieldKey<'_>, &[u8])],
) -> Result<(), FormatError> {
    let invalid = |why| FormatError::Invalid { what: WHAT, why };
    let length = fields.iter().fold(1 + 2 + 1 + 2 + meta.len(), |sum, (key, bytes)| {
        let key = if let FieldKey::Name(name) = key { name.len() } else { 0 };
        sum.saturating_add(NUMBER + LENGTH).saturating_add(key).saturating_add(bytes.len())
    });
    if length > MAX_BODY {
        return Err(invalid("it is over 4 MiB"));
    }
    if !fields.is_sorted_by(|(a, _), (b, _)| a < b) {
        return Err(invalid("its fields are out of order"));
    }
    let count = u16::try_from(fields.len()).ok().filter(|_| fields.len() <= MAX_FIELDS);
    let count = count.ok_or_else(|| invalid("it has too many fields"))?;

    out.reserve_exact(length);
    let mut writer = Writer::new(out);
    writer.u8(BODY_VERSION).short(WHAT, meta)?.u8(if open { OPEN } else { CLOSED }).u16(count);
    for (key, bytes) in fields {
        match key {
            FieldKey::Number(number) if !open => writer.u16(*number),
            FieldKey::Name(name) if open && name.len() <= MAX_NAME => writer.short(WHAT, name.as_bytes())?,
            _ => return Err(invalid("a field's name doesn't fit")),
        };
        writer.long(WHAT, MAX_BODY, bytes)?;
    }
    Ok(())
}

fn name<'a>(reader: &mut Reader<'a>) -> Result<&'a str, FormatError> {
    let name = reader.short()?;
    if name.len() > MAX_NAME {
        return Err(reader.invalid("a field's name is over 1,024 bytes"));
    }
    str::from_utf8(name).map_err(|_| reader.invalid("a field's name is not text"))
}

#[cfg(test)]
mod tests;
