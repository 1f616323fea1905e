//! What stands in for a value in front of those who may not see it.

use std::marker::PhantomData;
use std::panic::catch_unwind;

use super::buffer::Buffer;
use super::msgpack::{self, MAX_DEPTH};
use super::{FieldProblem, Value};
use crate::format::MAX_BODY;

/// What stands in for the hidden part. Always as long, so it doesn't tell how much is hidden.
const HIDDEN: &str = "****";

/// What is shown of a withheld field.
///
/// [`KeepLast`](Self::KeepLast), [`KeepEnds`](Self::KeepEnds) and [`Custom`](Self::Custom) act on text; an `Option` that is
/// `None` stays `None`. What is hidden shows as `****`, however long it is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Mask {
    /// The last characters: `****5678`. Never more than two thirds of the text.
    KeepLast(usize),
    /// The first and the last characters: `138****5678`. Never more than two thirds of the text, the last ones first.
    KeepEnds {
        /// How many at the start.
        first: usize,
        /// How many at the end.
        last: usize,
    },
    /// The same value for every record. For fields of any type; it must read back as the field's.
    Fixed(Value),
    /// A function of your own. If it panics, the read fails and the value is kept back.
    Custom(fn(&str) -> String),
}

impl Mask {
    /// What a stored schema calls it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::KeepLast(last) => format!("keep last {last}"),
            Self::KeepEnds { first, last } => format!("keep first {first}, last {last}"),
            Self::Fixed(_) => "fixed".to_owned(),
            Self::Custom(_) => "custom".to_owned(),
        }
    }

    /// The encoding of what is shown for the encoded value; `None` for nothing.
    pub(super) fn apply(&self, encoded: &[u8]) -> Result<Option<Buffer>, FieldProblem> {
        if let Self::Fixed(value) = self {
            return encode(value).map(Some);
        }
        let text: Option<&str> = msgpack::read(PhantomData, encoded, MAX_DEPTH)?;
        text.map(|text| encode(&self.shown(text)?)).transpose()
    }

    fn shown(&self, text: &str) -> Result<String, FieldProblem> {
        Ok(match self {
            Self::KeepLast(last) => ends(text, 0, *last),
            Self::KeepEnds { first, last } => ends(text, *first, *last),
            Self::Custom(mask) => {
                let mask = *mask;
                catch_unwind(|| mask(text)).map_err(|_| FieldProblem::Refused)?
            }
            Self::Fixed(_) => return Err(FieldProblem::Refused),
        })
    }
}

fn encode<T: serde::Serialize>(value: &T) -> Result<Buffer, FieldProblem> {
    let mut out = Buffer::new(MAX_BODY);
    msgpack::write(value, MAX_DEPTH, &mut out).map_err(|_| FieldProblem::Refused)?;
    Ok(out)
}

fn ends(text: &str, first: usize, last: usize) -> String {
    let length = text.chars().count();
    let most = length.saturating_mul(2) / 3;
    let last = last.min(most);
    let first = first.min(most - last);
    let start: String = text.chars().take(first).collect();
    let end: String = text.chars().skip(length - last).collect();
    format!("{start}{HIDDEN}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(mask: &Mask, text: &str) -> String {
        let mut encoded = Buffer::new(MAX_BODY);
        assert!(msgpack::write(text, MAX_DEPTH, &mut encoded).is_ok());
        let masked = mask.apply(encoded.as_slice()).unwrap().unwrap();
        msgpack::read(PhantomData::<String>, masked.as_slice(), MAX_DEPTH).unwrap()
    }

    #[test]
    fn masks_show_the_ends_and_never_more_than_two_thirds() {
        assert_eq!(shown(&Mask::KeepLast(4), "13812345678"), "****5678");
        assert_eq!(shown(&Mask::KeepEnds { first: 3, last: 4 }, "13812345678"), "138****5678");
        assert_eq!(shown(&Mask::KeepEnds { first: 3, last: 4 }, "1381234567"), "13****4567");
        assert_eq!(shown(&Mask::KeepLast(4), "1234"), "****34");
        assert_eq!(shown(&Mask::KeepLast(4), "1"), "****");
        assert_eq!(shown(&Mask::KeepLast(usize::MAX), ""), "****");
        assert_eq!(shown(&Mask::KeepEnds { first: usize::MAX, last: 1 }, "日本語文字列"), "日本語****列");
    }

    #[test]
    fn mask_on_none_shows_none_and_on_anything_else_fails_without_showing_it() {
        assert!(Mask::KeepLast(4).apply(msgpack::NIL).unwrap().is_none());
        assert_eq!(Mask::KeepLast(4).apply(&[42]).err(), Some(FieldProblem::WrongType));
        assert_eq!(Mask::Custom(|_| panic!("no")).apply(b"\xa1x").err(), Some(FieldProblem::Refused));
    }

    #[test]
    fn fixed_mask_shows_the_same_for_every_value() {
        let mask = Mask::Fixed(Value::Bool(false));
        for encoded in [&[0xc0][..], &[0xc3], b"\xa1x"] {
            assert_eq!(mask.apply(encoded).unwrap().unwrap().as_slice(), [0xc2]);
        }
    }
}
