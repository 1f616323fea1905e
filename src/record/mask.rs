//! Masks: substitutes for values, for those who may not see these.
//!
//! Guarantees: a mask shows only characters of the text, never more than two thirds of them, and `****` for the others,
//! however many (a year stands alone, and a range is as wide as hides a third of the digits); a text that isn't what the
//! mask is for shows as `****`; no text makes a mask fail. [`Mask::Fixed`] and [`Mask::Custom`] show what they were told to.
//! Doesn't: keep the value from those who know enough else. What is left of a short or a common value can be guessed, and
//! that less shows of a short one tells that it is short.

mod contact;
mod kind;
mod parts;
mod person;
mod range;
#[cfg(test)]
mod tests;
mod year;

use std::marker::PhantomData;
use std::panic::catch_unwind;

pub use kind::MaskKind;

use parts::ends;

use super::buffer::Buffer;
use super::msgpack::{self, MAX_DEPTH};
use super::{FieldProblem, Value};

/// A substitute for the value of a withheld field.
///
/// There is one for each usual kind of data ([`email`](Self::email), [`phone`](Self::phone) and so on), and there are
/// general ones. All but [`Fixed`](Self::Fixed) and [`range`](Self::range) act on text; an `Option` that is `None` stays
/// `None`. What is hidden shows as `****`, however long it is, and so does all of a text that isn't what the mask is for.
///
/// Characters are Unicode scalar values: of a letter with an accent of its own, the accent may be left out.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Mask {
    /// The last characters: `****5678`. Never more than two thirds of the text.
    KeepLast(usize),
    /// The first and the last characters: `138****5678`. Never more than two thirds of the text, the last ones first.
    KeepEnds {
        /// The number of characters shown at the start.
        first: usize,
        /// The number of characters shown at the end.
        last: usize,
    },
    /// For one kind of data. Made by [`Mask::email`] and its like.
    Kind(MaskKind),
    /// The same value for every record. For fields of any type; it must read back as the field's.
    Fixed(Value),
    /// A function of your own. If it panics, the read fails and the value is kept back.
    Custom(fn(&str) -> String),
}

impl Mask {
    /// Masks a text, to try the mask out; `None` if that fails, or the mask is fixed on something other than text.
    #[must_use]
    pub fn preview(&self, text: &str) -> Option<String> {
        match self {
            Self::Fixed(value) => value.as_text().map(str::to_owned),
            _ => self.shown(text).ok(),
        }
    }

    /// Returns the mask's description in a stored schema.
    pub(crate) fn description(&self) -> String {
        match self {
            Self::KeepLast(last) => format!("keep last {last}"),
            Self::KeepEnds { first, last } => format!("keep first {first}, last {last}"),
            Self::Kind(kind) => kind.description(),
            Self::Fixed(_) => "fixed".to_owned(),
            Self::Custom(_) => "custom".to_owned(),
        }
    }

    /// Returns the encoding of what is shown for the encoded value; `None` for nothing.
    pub(super) fn apply(&self, encoded: &[u8]) -> Result<Option<Buffer>, FieldProblem> {
        if let Self::Fixed(value) = self {
            return msgpack::encoded(value).map(Some);
        }
        if let Some(step) = self.step() {
            let number: Option<range::Number<'_>> = msgpack::read(PhantomData, encoded, MAX_DEPTH)?;
            return number.map(|number| msgpack::encoded(&range::of(number, step)?)).transpose();
        }
        let text: Option<&str> = msgpack::read(PhantomData, encoded, MAX_DEPTH)?;
        text.map(|text| msgpack::encoded(&self.shown(text)?)).transpose()
    }

    fn shown(&self, text: &str) -> Result<String, FieldProblem> {
        Ok(match self {
            Self::KeepLast(last) => ends(text, 0, *last),
            Self::KeepEnds { first, last } => ends(text, *first, *last),
            Self::Kind(kind) => kind.shown(text)?,
            Self::Custom(mask) => {
                let mask = *mask;
                catch_unwind(|| mask(text)).map_err(|_| FieldProblem::Refused)?
            }
            Self::Fixed(_) => return Err(FieldProblem::Refused),
        })
    }
}
