//! bincode 2.0, for what is ours and versioned: big-endian, variable-length integers, always with a limit, trailing
//! bytes refused. The only place that names it.

use bincode::config::{BigEndian, Configuration, Varint};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::FormatError;

/// What bincode encodes is at most this long; the decoder allocates no more.
const LIMIT: usize = 1 << 20;

const CONFIG: Configuration<BigEndian, Varint, bincode::config::Limit<LIMIT>> =
    bincode::config::standard().with_big_endian().with_variable_int_encoding().with_limit::<LIMIT>();

/// The encoding of `value`.
pub(crate) fn encode<T: Serialize>(what: &'static str, value: &T) -> Result<Vec<u8>, FormatError> {
    let bytes = bincode::serde::encode_to_vec(value, CONFIG)
        .map_err(|_| FormatError::Invalid { what, why: "it can't be encoded" })?;
    if bytes.len() > LIMIT {
        return Err(FormatError::Invalid { what, why: "it is over 1 MiB" });
    }
    Ok(bytes)
}

/// The value that `bytes` are the whole encoding of.
pub(crate) fn decode<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, FormatError> {
    let (value, used) = bincode::serde::decode_from_slice(bytes, CONFIG)
        .map_err(|_| FormatError::Invalid { what, why: "it can't be decoded" })?;
    if used == bytes.len() { Ok(value) } else { Err(FormatError::Invalid { what, why: "bytes are left over" }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailing_bytes_and_lying_lengths_are_refused() {
        let mut bytes = encode("test", &("name", 7u32)).unwrap();
        assert_eq!(decode::<(String, u32)>("test", &bytes), Ok(("name".to_owned(), 7)));
        bytes.push(0);
        assert!(decode::<(String, u32)>("test", &bytes).is_err());
        assert!(decode::<Vec<u8>>("test", &[253, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]).is_err());
    }
}
