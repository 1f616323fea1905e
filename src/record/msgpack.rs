//! MessagePack with names, by `rmp-serde`: the only place that names it.
//!
//! Guarantees: [`read`] checks the whole structure first (one value, nothing after it, every length within the bytes,
//! nested no deeper than said), so no bytes make it recurse or allocate without bound. Errors are kinds; the texts of
//! `rmp-serde` and of types are dropped, for they can quote a value.

use std::io::Write;

use serde::Serialize;
use serde::de::DeserializeSeed;

use super::FieldProblem;
use super::buffer::Buffer;
use super::strict::Strict;
use super::value::TOO_DEEP;
use crate::format::MAX_BODY;

/// The deepest nesting of lists, maps and structs within a field.
pub(super) const MAX_DEPTH: usize = 128;
/// The encoding of nothing.
pub(super) const NIL: &[u8] = &[0xc0];

/// The error for a value that could not be written.
pub(super) enum WriteProblem {
    TooLarge,
    Field(FieldProblem),
}

/// Appends the encoding of `value`, nested at most `depth` deep, to `out`.
pub(super) fn write<T: Serialize + ?Sized>(value: &T, depth: usize, out: &mut Buffer) -> Result<(), WriteProblem> {
    use rmp_serde::encode::Error;
    let start = out.len();
    let mut serializer = rmp_serde::Serializer::new(&mut *out).with_struct_map().with_human_readable();
    value.serialize(&mut serializer).map_err(|error| match error {
        // The buffer fails for one reason only.
        Error::InvalidValueWrite(_) => WriteProblem::TooLarge,
        Error::Syntax(text) if text == TOO_DEEP => WriteProblem::Field(FieldProblem::TooDeep),
        Error::DepthLimitExceeded => WriteProblem::Field(FieldProblem::TooDeep),
        _ => WriteProblem::Field(FieldProblem::Refused),
    })?;
    check(out.as_slice().get(start..).unwrap_or_default(), depth).map_err(WriteProblem::Field)
}

/// Returns the encoding of a value by itself.
pub(super) fn encoded<T: Serialize>(value: &T) -> Result<Buffer, FieldProblem> {
    let mut out = Buffer::new(MAX_BODY);
    write(value, MAX_DEPTH, &mut out).map_err(|_| FieldProblem::Refused)?;
    Ok(out)
}

/// Reads the one value that `bytes` are, nested at most `depth` deep.
pub(super) fn read<'de, S: DeserializeSeed<'de>>(
    seed: S,
    bytes: &'de [u8],
    depth: usize,
) -> Result<S::Value, FieldProblem> {
    check(bytes, depth)?;
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes).with_human_readable();
    seed.deserialize(Strict(&mut deserializer)).map_err(|error| kind(&error))
}

/// Reads as [`read`] does, from bytes that don't live as long as the value's lifetime.
pub(super) fn read_copied<'de, S: DeserializeSeed<'de>>(
    seed: S,
    bytes: &[u8],
    depth: usize,
) -> Result<S::Value, FieldProblem> {
    check(bytes, depth)?;
    let mut deserializer = rmp_serde::Deserializer::new(bytes).with_human_readable();
    seed.deserialize(Strict(&mut deserializer)).map_err(|error| kind(&error))
}

/// Checks that `bytes` are one whole value, nested at most `depth` deep. Never recurses.
pub(super) fn check(bytes: &[u8], depth: usize) -> Result<(), FieldProblem> {
    let (children, mut rest) = head(bytes)?;
    let Some(children) = children else {
        return if rest.is_empty() { Ok(()) } else { Err(FieldProblem::Damaged) };
    };
    let depth = depth.min(MAX_DEPTH);
    let mut left = [0u64; MAX_DEPTH];
    let mut level = 0;
    *left.get_mut(..depth).and_then(<[u64]>::first_mut).ok_or(FieldProblem::TooDeep)? = children;
    loop {
        let open = left.get_mut(level).ok_or(FieldProblem::TooDeep)?;
        if *open == 0 {
            match level.checked_sub(1) {
                Some(outer) => level = outer,
                None => return if rest.is_empty() { Ok(()) } else { Err(FieldProblem::Damaged) },
            }
            continue;
        }
        *open -= 1;
        let (children, after) = head(rest)?;
        rest = after;
        if let Some(children) = children {
            level += 1;
            *left.get_mut(..depth).and_then(|l| l.get_mut(level)).ok_or(FieldProblem::TooDeep)? = children;
        }
    }
}

/// Splits off one value's head and, but for lists and maps, its data. Returns the number of values that a list or map
/// holds, and the bytes that follow.
fn head(bytes: &[u8]) -> Result<(Option<u64>, &[u8]), FieldProblem> {
    let (marker, rest) = bytes.split_first().ok_or(FieldProblem::Damaged)?;
    let (skip, rest) = match *marker {
        0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => return Ok((None, rest)),
        m @ 0x80..=0x8f => return Ok((Some(u64::from(m & 0x0f) * 2), rest)),
        m @ 0x90..=0x9f => return Ok((Some(u64::from(m & 0x0f)), rest)),
        m @ 0xa0..=0xbf => (u64::from(m & 0x1f), rest),
        0xc4 | 0xd9 => length::<1>(rest)?,
        0xc5 | 0xda => length::<2>(rest)?,
        0xc6 | 0xdb => length::<4>(rest)?,
        0xc7 => extension(length::<1>(rest)?),
        0xc8 => extension(length::<2>(rest)?),
        0xc9 => extension(length::<4>(rest)?),
        0xcc | 0xd0 => (1, rest),
        0xcd | 0xd1 | 0xd4 => (2, rest),
        0xd5 => (3, rest),
        0xca | 0xce | 0xd2 => (4, rest),
        0xd6 => (5, rest),
        0xcb | 0xcf | 0xd3 => (8, rest),
        0xd7 => (9, rest),
        0xd8 => (17, rest),
        0xdc => return length::<2>(rest).map(|(n, rest)| (Some(n), rest)),
        0xdd => return length::<4>(rest).map(|(n, rest)| (Some(n), rest)),
        0xde => return length::<2>(rest).map(|(n, rest)| (Some(n * 2), rest)),
        0xdf => return length::<4>(rest).map(|(n, rest)| (Some(n * 2), rest)),
        0xc1 => return Err(FieldProblem::Damaged),
    };
    let skip = usize::try_from(skip).map_err(|_| FieldProblem::Damaged)?;
    Ok((None, rest.get(skip..).ok_or(FieldProblem::Damaged)?))
}

fn length<const N: usize>(rest: &[u8]) -> Result<(u64, &[u8]), FieldProblem> {
    let (bytes, rest) = rest.split_first_chunk::<N>().ok_or(FieldProblem::Damaged)?;
    Ok((bytes.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)), rest))
}

/// Adds the type byte that stands before an extension's data.
const fn extension((length, rest): (u64, &[u8])) -> (u64, &[u8]) {
    (length + 1, rest)
}

fn kind(error: &rmp_serde::decode::Error) -> FieldProblem {
    use rmp_serde::decode::Error;
    match error {
        Error::InvalidMarkerRead(_) | Error::InvalidDataRead(_) | Error::Utf8Error(_) => FieldProblem::Damaged,
        Error::DepthLimitExceeded => FieldProblem::TooDeep,
        Error::TypeMismatch(_) | Error::OutOfRange | Error::LengthMismatch(_) => FieldProblem::WrongType,
        // serde tells its kinds apart by their wording alone once they have passed another crate's error.
        Error::Syntax(text) => match text.as_str() {
            TOO_DEEP => FieldProblem::TooDeep,
            t if t.starts_with("missing field") => FieldProblem::PartMissing,
            t if t.starts_with("unknown variant") => FieldProblem::UnknownVariant,
            t if t.starts_with("invalid type") || t.starts_with("invalid length") => FieldProblem::WrongType,
            t if t.starts_with("data did not match any variant") => FieldProblem::WrongType,
            t if t.starts_with("duplicate field") => FieldProblem::Twice,
            _ => FieldProblem::Refused,
        },
        _ => FieldProblem::Refused,
    }
}

/// Writes all of `bytes`; only the buffer's limit can stand against it.
pub(super) fn append(bytes: &[u8], out: &mut Buffer) -> Result<(), WriteProblem> {
    out.write_all(bytes).map_err(|_| WriteProblem::TooLarge)
}
