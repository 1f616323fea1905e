//! The `serde` form of ids and times: text in formats for people, such as JSON, and their own bytes or number in others.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn serialize<S: Serializer>(
    text: &impl Display,
    compact: &impl Serialize,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() { serializer.collect_str(text) } else { compact.serialize(serializer) }
}

pub(super) fn deserialize<'de, T: FromStr<Err: Display>, C: Deserialize<'de>, D: Deserializer<'de>>(
    from_compact: impl FnOnce(C) -> T,
    deserializer: D,
) -> Result<T, D::Error> {
    if deserializer.is_human_readable() {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    } else {
        C::deserialize(deserializer).map(from_compact)
    }
}
