//! From a value to its term.

use super::term::Class;
use super::text::{digits_and_letters, fold, without_blanks};
use super::{NormalizerError, Term};
use crate::crypto::Zeroizing;
use crate::model::{IndexValue, Normalizer};

/// Returns the version of what a normalizer does. A change to it makes terms that old entries don't have, so a schema
/// keeps the version its index was built with, and a new one means a new version of the index.
pub(crate) const fn version(normalizer: &Normalizer) -> u8 {
    match normalizer {
        Normalizer::Exact => 1,
        Normalizer::Text => 1,
        Normalizer::Email => 1,
        Normalizer::Phone { .. } => 1,
        Normalizer::NationalId => 1,
    }
}

/// Checks that this build can do what the normalizer asks.
///
/// # Errors
/// [`NormalizerError`] for a phone region that is unknown, or a build without the feature `phone`.
pub(crate) fn validate(normalizer: &Normalizer) -> Result<(), NormalizerError> {
    match normalizer {
        Normalizer::Exact | Normalizer::Text | Normalizer::Email | Normalizer::NationalId => Ok(()),
        Normalizer::Phone { region } => phone::region(*region).map(|_| ()),
    }
}

/// Returns the term of a value; `None` for one that normalizes to nothing, which is not indexed and never collides.
///
/// Under `Exact` the kind counts: the integer 1, the text `1` and `true` are three terms; the name of a unit variant is
/// the text. The other normalizers are about text, so they take an integer by its decimal digits and a bool as `true` or
/// `false`.
///
/// # Errors
/// As [`validate`].
pub(crate) fn normalize(normalizer: &Normalizer, value: &IndexValue) -> Result<Option<Term>, NormalizerError> {
    if matches!(normalizer, Normalizer::Exact) {
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
    Ok(match normalizer {
        Normalizer::Exact => exact(value),
        Normalizer::Text => term(Class::Text, &fold(text)),
        Normalizer::Email => term(Class::Text, &without_blanks(text)),
        Normalizer::NationalId => term(Class::Text, &digits_and_letters(text)),
        Normalizer::Phone { region } => match phone::normalize(phone::region(*region)?, text) {
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

/// The stand-in without the feature: there is no region, so there is nothing to normalize for.
#[cfg(not(feature = "phone"))]
mod phone {
    use crate::crypto::Zeroizing;
    use crate::index::NormalizerError;

    pub(super) enum Region {}

    pub(super) const fn region(_: [u8; 2]) -> Result<Region, NormalizerError> {
        Err(NormalizerError::PhoneFeature)
    }

    pub(super) const fn normalize(region: Region, _: &str) -> Option<Zeroizing<String>> {
        match region {}
    }
}
