//! Fields into a record, without those that are withheld.

use std::cell::Cell;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::buffer::Buffer;
use super::error::Failure;
use super::msgpack::{self, MAX_DEPTH, NIL};
use super::plan::{Plan, Substitute};
use super::value::MAX_NESTING;
use super::{FieldProblem, RecordError};
use crate::model::{FieldNames, FieldSet};

/// A record, and the names of the fields that it doesn't show.
pub(crate) struct Decoded<T> {
    pub(crate) value: T,
    /// The fields that aren't allowed; of a closed type all of them, whether this record has them or not.
    pub(crate) withheld: Vec<String>,
}

/// Returns the record that the stored fields make, by their current names, with the fields that aren't allowed masked,
/// left out or empty, as `plan` says. Their bytes are shown to masks and to nothing else. Fields that the type has lost
/// are skipped.
///
/// # Errors
/// [`RecordError::Read`] names the field that can't be read; [`RecordError::Mask`] the one whose mask failed.
pub(crate) fn decode<'a, T: DeserializeOwned>(
    plan: &'a Plan,
    fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    allowed: &FieldSet,
) -> Result<Decoded<T>, RecordError> {
    let mut withheld = Vec::new();
    let permitted = match allowed {
        FieldSet::All => None,
        FieldSet::Only(names) if plan.is_open() => Some(Permitted::Names(names)),
        FieldSet::Only(_) => {
            let permitted: Vec<bool> = plan.fields().iter().map(|field| allowed.contains(&field.name)).collect();
            let hidden = plan.fields().iter().zip(&permitted).filter(|(_, permitted)| !**permitted);
            withheld.extend(hidden.map(|(field, _)| field.name.clone()));
            Some(Permitted::Places(permitted))
        }
    };
    let mut access = Access {
        plan,
        stored: fields.into_iter(),
        permitted,
        near: 0,
        next_constant: 0,
        name: "",
        bytes: Bytes::Stored(&[]),
        withheld: &mut withheld,
    };
    let value = T::deserialize(Source(&mut access)).map_err(|failure| failure.0)?;
    // A visitor may stop early; the names of what it didn't ask for are wanted all the same.
    while access.advance().map_err(|failure| failure.0)? {}
    Ok(Decoded { value, withheld })
}

/// Returns the names of a struct's fields, aliases among them, as its `Deserialize` asks for them.
pub(super) fn asked_fields<T: DeserializeOwned>() -> Option<&'static [&'static str]> {
    let asked = Cell::new(None);
    drop(T::deserialize(Probe(&asked)));
    asked.get()
}

enum Permitted<'a> {
    /// The permission of each field, by place in the plan.
    Places(Vec<bool>),
    Names(&'a FieldNames),
}

enum Bytes<'a> {
    Stored(&'a [u8]),
    Masked(Buffer),
}

struct Access<'a, 'w, I> {
    plan: &'a Plan,
    stored: I,
    permitted: Option<Permitted<'w>>,
    /// The place in the plan where the next stored field probably is.
    near: usize,
    /// The next of the plan's fields to look at for a constant substitute.
    next_constant: usize,
    name: &'a str,
    bytes: Bytes<'a>,
    withheld: &'w mut Vec<String>,
}

impl<'a, I: Iterator<Item = (&'a str, &'a [u8])>> Access<'a, '_, I> {
    /// Finds the next field to hand over.
    fn advance(&mut self) -> Result<bool, Failure> {
        for (name, bytes) in self.stored.by_ref() {
            match &self.permitted {
                Some(Permitted::Names(names)) => {
                    if !names.contains(name) {
                        self.withheld.push(name.to_owned());
                        continue;
                    }
                }
                _ if self.plan.is_open() => {}
                permitted => {
                    let Some((place, field)) = self.plan.locate(name, self.near) else { continue };
                    self.near = place + 1;
                    if let Some(Permitted::Places(places)) = permitted
                        && places.get(place) != Some(&true)
                    {
                        let Substitute::Mask(mask) = &field.substitute else { continue };
                        let masked = mask.apply(bytes);
                        let masked = masked.map_err(|_| Failure(RecordError::Mask { field: field.name.clone() }))?;
                        (self.name, self.bytes) = (&field.name, masked.map_or(Bytes::Stored(NIL), Bytes::Masked));
                        return Ok(true);
                    }
                }
            }
            (self.name, self.bytes) = (name, Bytes::Stored(bytes));
            return Ok(true);
        }
        let Some(Permitted::Places(places)) = &self.permitted else { return Ok(false) };
        while let (Some(field), Some(permitted)) =
            (self.plan.fields().get(self.next_constant), places.get(self.next_constant))
        {
            self.next_constant += 1;
            if let (false, Substitute::Constant(bytes)) = (*permitted, &field.substitute) {
                (self.name, self.bytes) = (&field.name, Bytes::Stored(bytes));
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl<'a, I: Iterator<Item = (&'a str, &'a [u8])>> MapAccess<'a> for &mut Access<'a, '_, I> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        if !self.advance()? {
            return Ok(None);
        }
        let name: StrDeserializer<'_, Failure> = self.name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let depth = if self.plan.is_open() { MAX_NESTING } else { MAX_DEPTH };
        match &self.bytes {
            Bytes::Stored(bytes) => msgpack::read(seed, bytes, depth).map_err(|why| Failure::read(self.name, why)),
            Bytes::Masked(masked) => msgpack::read_copied(seed, masked.as_slice(), depth)
                .map_err(|_| Failure(RecordError::Mask { field: self.name.to_owned() })),
        }
    }
}

/// The fields, served as a struct or a map, whatever is asked for.
struct Source<'s, A>(&'s mut A);

impl<'de, 's, A> Deserializer<'de> for Source<'s, A>
where
    &'s mut A: MapAccess<'de, Error = Failure>,
{
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_map(self.0)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A deserializer that notes which fields a struct asks for, and gives it none.
struct Probe<'c>(&'c Cell<Option<&'static [&'static str]>>);

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Failure> {
        Err(Failure(RecordError::Refused))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Failure> {
        self.0.set(Some(fields));
        Err(Failure(RecordError::Refused))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Reads from the error of an alias the field that it is another name of.
pub(super) fn twice(error: &RecordError) -> Option<&str> {
    match error {
        RecordError::Read { field, problem: FieldProblem::Twice } => Some(field),
        _ => None,
    }
}
