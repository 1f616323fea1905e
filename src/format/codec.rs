//! bincode 2.0, for versioned layouts: big-endian, variable-length integers, always with a limit, trailing
//! bytes refused. The only place that names it.

use bincode::config::{BigEndian, Configuration, Varint};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::FormatError;

/// The longest encoding, in bytes; the decoder allocates no more.
const LIMIT: usize = 1 << 20;

const CONFIG: Configuration<BigEndian, Varint, bincode::config::Limit<LIMIT>> =
    bincode::config::standard().with_big_endian().with_variable_int_encoding().with_limit::<LIMIT>();

/// Returns the encoding of `value`.
pub(crate) fn encode<T: Serialize>(what: &'static str, value: &T) -> Result<Vec<u8>, FormatError> {
    let bytes = bincode::serde::encode_to_vec(value, CONFIG)
        .map_err(|_| FormatError::Invalid { what, why: "it can't be encoded" })?;
    if bytes.len() > LIMIT {
        return Err(FormatError::Invalid { what, why: "it is over 1 MiB" });
    }
    Ok(bytes)
}

/// Decodes the value that `bytes` are the whole encoding of.
pub(crate) fn decode<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, FormatError> {
    let (value, used) = bincode::serde::decode_from_slice(bytes, CONFIG)
        .map_err(|_| FormatError::Invalid { what, why: "it can't be decoded" })?;
    if used == bytes.len() { Ok(value) } else { Err(FormatError::Invalid { what, why: "bytes are left over" }) }
}

#[cfg(test)]
mod tests;
