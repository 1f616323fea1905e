//! From a value to its term.

use super::term::Class;
use super::text::{digits_and_letters, fold, without_blanks};
use super::{NormaliserError, Term};
use crate::crypto::Zeroizing;
use crate::model::{IndexValue, Normaliser};

/// The version of what a normaliser does. A change to it makes terms that old entries don't have, so a schema keeps the
/// version its index was built with, and a new one means a new version of the index.
pub(crate) const fn version(normaliser: &Normaliser) -> u8 {
    match normaliser {
        Normaliser::Exact => 1,
        Normaliser::Text => 1,
        Normaliser::Email => 1,
        Normaliser::Phone { .. } => 1,
        Normaliser::NationalId => 1,
    }
}

/// Whether this build can do what the normaliser asks.
///
/// # Errors
/// [`NormaliserError`] for a phone region that is unknown, or a build without the feature `phone`.
pub(crate) fn validate(normaliser: &Normaliser) -> Result<(), NormaliserError> {
    match normaliser {
        Normaliser::Exact | Normaliser::Text | Normaliser::Email | Normaliser::NationalId => Ok(()),
        Normaliser::Phone { region } => phone::region(*region).map(|_| ()),
    }
}

/// The term of a value; `None` for one that normalises to nothing, which is not indexed and never collides.
///
/// Under `Exact` the kind counts: the integer 1, the text `1` and `true` are three terms; the name of a unit variant is
/// the text. The other normalisers are about text, so they take an integer by its decimal digits and a bool as `true` or
/// `false`.
///
/// # Errors
/// As [`validate`].
pub(crate) fn normalise(normaliser: &Normaliser, value: &IndexValue) -> Result<Option<Term>, NormaliserError> {
    if matches!(normaliser, Normaliser::Exact) {
        return Ok(exact(value));
    }
    let written;
    let text = match value {
        IndexValue::Text(text) => text.as_str(),
        IndexValue::Integer(number) => {
            written = Zeroizing::new(number.to_string());
            written.as_str()
        }
        IndexValue::Bool(true) => "true",
        IndexValue::Bool(false) => "false",
    };
    Ok(match normaliser {
        Normaliser::Exact => exact(value),
        Normaliser::Text => term(Class::Text, &fold(text)),
        Normaliser::Email => term(Class::Text, &without_blanks(text)),
        Normaliser::NationalId => term(Class::Text, &digits_and_letters(text)),
        Normaliser::Phone { region } => match phone::normalise(phone::region(*region)?, text) {
            Some(number) => term(Class::Text, &number),
            None => term(Class::Unparsed, &fold(text)),
        },
    })
}

fn exact(value: &IndexValue) -> Option<Term> {
    match value {
        IndexValue::Text(text) => term(Class::Text, text),
        IndexValue::Integer(number) => {
            let sortable = Zeroizing::new((number ^ i128::MIN).to_be_bytes());
            Some(Term::new(Class::Integer, &*sortable))
        }
        IndexValue::Bool(value) => Some(Term::new(Class::Bool, &[u8::from(*value)])),
    }
}

fn term(class: Class, text: &str) -> Option<Term> {
    (!text.is_empty()).then(|| Term::new(class, text.as_bytes()))
}

#[cfg(feature = "phone")]
use super::phone;

/// Without the feature there is no region, so there is nothing to normalise for.
#[cfg(not(feature = "phone"))]
mod phone {
    use crate::crypto::Zeroizing;
    use crate::index::NormaliserError;

    pub(super) enum Region {}

    pub(super) const fn region(_: [u8; 2]) -> Result<Region, NormaliserError> {
        Err(NormaliserError::PhoneFeature)
    }

    pub(super) const fn normalise(region: Region, _: &str) -> Option<Zeroizing<String>> {
        match region {}
    }
}
