//! Values of indexed fields: those that are stored, and those that are searched.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use super::FieldProblem;
use super::msgpack;
use crate::model::IndexValue;

/// A value to look records up by: text, a whole number or a bool. An enum's variant is looked up by its name.
///
/// ```
/// # use strongroom::record::SearchValue;
/// let email: SearchValue = "Info@Example.com".into();
/// let age: SearchValue = 42.into();
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SearchValue(IndexValue);

impl SearchValue {
    pub(crate) fn into_index_value(self) -> IndexValue {
        self.0
    }
}

impl fmt::Debug for SearchValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SearchValue(..)")
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident),+ $(,)?) => {
        $(impl From<$type> for SearchValue {
            fn from(value: $type) -> Self {
                Self(IndexValue::$variant(value.into()))
            }
        })+
    };
}

from! {
    &str => Text, &String => Text, String => Text, bool => Bool, i8 => Integer, i16 => Integer, i32 => Integer,
    i64 => Integer, u8 => Integer, u16 => Integer, u32 => Integer, u64 => Integer,
}

/// The kind of values in an indexed field. Variants of enums are stored as the text of their names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Text,
    Integer,
    Bool,
}

impl Holds {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "whole numbers",
            Self::Bool => "bools",
        }
    }

    pub(super) const fn can_be(self, value: &IndexValue) -> bool {
        matches!(
            (self, value),
            (Self::Text, IndexValue::Text(_))
                | (Self::Integer, IndexValue::Integer(_))
                | (Self::Bool, IndexValue::Bool(_))
        )
    }
}

/// Returns the value to index of a field's encoding; `None` for nothing. An enum's variant without data is stored,
/// and looked up, as the text of its name.
///
/// # Errors
/// [`FieldProblem::NotIndexable`] for what isn't text, a whole number of 64 bits or a bool.
pub(crate) fn index_value(encoded: &[u8]) -> Result<Option<IndexValue>, FieldProblem> {
    match msgpack::read(PhantomData::<Indexed>, encoded, 1) {
        Ok(Indexed(value)) => Ok(value),
        Err(FieldProblem::Damaged) => Err(FieldProblem::Damaged),
        Err(_) => Err(FieldProblem::NotIndexable),
    }
}

struct Indexed(Option<IndexValue>);

impl<'de> Deserialize<'de> for Indexed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Scalar).map(Self)
    }
}

struct Scalar;

impl Visitor<'_> for Scalar {
    type Value = Option<IndexValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a whole number or a bool")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(IndexValue::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(IndexValue::Integer(value.into())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(IndexValue::Integer(value.into())))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(IndexValue::Text(value.to_owned())))
    }
}
