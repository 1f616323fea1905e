//! A record into its fields, each encoded by itself.

use std::ops::Range;

use serde::Serialize;
use serde::ser::{Impossible, SerializeMap, SerializeStruct, Serializer};

use super::buffer::Buffer;
use super::error::Failure;
use super::msgpack::{self, MAX_DEPTH, WriteProblem};
use super::value::MAX_NESTING;
use super::{FieldProblem, RecordError};
use crate::format::{MAX_BODY, MAX_FIELDS, MAX_NAME};

/// A record's fields in the order its type writes them: names, and the encoding of each value. Wiped on drop.
pub(crate) struct Fields {
    buffer: Buffer,
    entries: Vec<Entry>,
    skipped: Vec<&'static str>,
}

struct Entry {
    name: Name,
    bytes: Range<usize>,
}

enum Name {
    Declared(&'static str),
    /// A name that is data, in the buffer.
    Own(Range<usize>),
}

impl Fields {
    /// Returns the fields.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        self.entries.iter().map(|entry| (self.name(&entry.name), self.bytes(&entry.bytes)))
    }

    /// Returns one field's encoding. Tries `near` first: two encodings of one type have a field at the same place.
    pub(crate) fn get(&self, name: &str, near: usize) -> Option<&[u8]> {
        let is = |entry: &&Entry| self.name(&entry.name) == name;
        let entry = self.entries.get(near).filter(is).or_else(|| self.entries.iter().find(is))?;
        Some(self.bytes(&entry.bytes))
    }

    /// Returns the number of fields.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns the fields that the type has and left out of this record.
    pub(super) fn skipped(&self) -> &[&'static str] {
        &self.skipped
    }

    /// Returns the error for a record whose field `last`, of `bytes` bytes or more, has no room left.
    fn too_large(&self, last: &str, bytes: usize) -> Failure {
        let sizes = self.iter().map(|(name, value)| (name, value.len()));
        let (field, bytes) = sizes.chain([(last, bytes)]).max_by_key(|(_, bytes)| *bytes).unwrap_or_default();
        Failure(RecordError::TooLarge { field: field.to_owned(), bytes })
    }

    fn name<'a>(&'a self, name: &'a Name) -> &'a str {
        match name {
            Name::Declared(name) => name,
            Name::Own(range) => str::from_utf8(self.bytes(range)).unwrap_or_default(),
        }
    }

    fn bytes(&self, range: &Range<usize>) -> &[u8] {
        self.buffer.as_slice().get(range.clone()).unwrap_or_default()
    }
}

/// Encodes a record's fields. `open` says whether the record names them itself.
///
/// # Errors
/// For a type that isn't a struct with named fields (or, open, a map), and for values over the limits.
pub(crate) fn encode<T: Serialize>(value: &T, open: bool) -> Result<Fields, RecordError> {
    let mut fields = Fields { buffer: Buffer::new(MAX_BODY), entries: Vec::with_capacity(16), skipped: Vec::new() };
    value.serialize(Top { fields: &mut fields, open }).map_err(|failure| failure.0)?;
    Ok(fields)
}

struct Top<'a> {
    fields: &'a mut Fields,
    open: bool,
}

impl Top<'_> {
    fn push<V: Serialize + ?Sized>(&mut self, name: Name, value: &V) -> Result<(), Failure> {
        if self.fields.entries.len() >= MAX_FIELDS {
            return Err(Failure(RecordError::TooManyFields));
        }
        check_name(self.fields.name(&name))?;
        let start = self.fields.buffer.len();
        let depth = if self.open { MAX_NESTING } else { MAX_DEPTH };
        match msgpack::write(value, depth, &mut self.fields.buffer) {
            Ok(()) => {}
            Err(WriteProblem::TooLarge) => {
                return Err(self.fields.too_large(self.fields.name(&name), MAX_BODY.saturating_sub(start)));
            }
            Err(WriteProblem::Field(problem)) => return Err(Failure::write(self.fields.name(&name), problem)),
        }
        let bytes = start..self.fields.buffer.len();
        self.fields.entries.push(Entry { name, bytes });
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), Failure> {
    if name.len() <= MAX_NAME {
        return Ok(());
    }
    let start: String = name.chars().take(32).collect();
    Err(Failure::write(&start, FieldProblem::NameTooLong))
}

impl SerializeStruct for Top<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_field<V: Serialize + ?Sized>(&mut self, name: &'static str, value: &V) -> Result<(), Failure> {
        self.push(Name::Declared(name), value)
    }

    fn skip_field(&mut self, name: &'static str) -> Result<(), Failure> {
        self.fields.skipped.push(name);
        Ok(())
    }

    fn end(self) -> Result<(), Failure> {
        Ok(())
    }
}

/// A map's entries; the key waits in the buffer for its value.
struct TopMap<'a> {
    top: Top<'a>,
    key: Option<Range<usize>>,
}

impl SerializeMap for TopMap<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_key<K: Serialize + ?Sized>(&mut self, key: &K) -> Result<(), Failure> {
        let start = self.top.fields.buffer.len();
        key.serialize(KeyText(self.top.fields))?;
        self.key = Some(start..self.top.fields.buffer.len());
        Ok(())
    }

    fn serialize_value<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), Failure> {
        let name = self.key.take().ok_or(Failure(RecordError::Refused))?;
        self.top.push(Name::Own(name), value)
    }

    fn end(self) -> Result<(), Failure> {
        Ok(())
    }
}

const WRAP: &str = "make it a struct with named fields that has this as one of them";
const FLATTEN: &str = "take `#[serde(flatten)]` away and give what it flattens a field of its own; records that name their \
                       own fields are `Document`s, or types whose schema is `Schema::open(..)`";
const NAMES: &str = "its schema is `Schema::open(..)`, which is for `Document`s and other maps from text; use \
                     `Schema::new(..)` for a struct";

macro_rules! refuse {
    ($($method:ident($($arg:ident: $type:ty),*) -> $ok:ty = $found:literal;)+) => {
        $(fn $method(self, $($arg: $type),*) -> Result<$ok, Failure> {
            $(let _ = $arg;)*
            Err(Self::refusal($found))
        })+
    };
}

macro_rules! refuse_all_but {
    () => {
        type Ok = ();
        type Error = Failure;
        type SerializeSeq = Impossible<(), Failure>;
        type SerializeTuple = Impossible<(), Failure>;
        type SerializeTupleStruct = Impossible<(), Failure>;
        type SerializeTupleVariant = Impossible<(), Failure>;
        type SerializeStructVariant = Impossible<(), Failure>;

        refuse! {
            serialize_bool(v: bool) -> () = "a bool";
            serialize_i8(v: i8) -> () = "a number";
            serialize_i16(v: i16) -> () = "a number";
            serialize_i32(v: i32) -> () = "a number";
            serialize_i64(v: i64) -> () = "a number";
            serialize_i128(v: i128) -> () = "a number";
            serialize_u8(v: u8) -> () = "a number";
            serialize_u16(v: u16) -> () = "a number";
            serialize_u32(v: u32) -> () = "a number";
            serialize_u64(v: u64) -> () = "a number";
            serialize_u128(v: u128) -> () = "a number";
            serialize_f32(v: f32) -> () = "a number";
            serialize_f64(v: f64) -> () = "a number";
            serialize_char(v: char) -> () = "a character";
            serialize_bytes(v: &[u8]) -> () = "bytes";
            serialize_none() -> () = "an `Option`";
            serialize_unit() -> () = "`()`";
            serialize_unit_struct(name: &'static str) -> () = "a struct without fields";
            serialize_unit_variant(name: &'static str, index: u32, variant: &'static str) -> () = "an enum";
            serialize_seq(len: Option<usize>) -> Self::SerializeSeq = "a list";
            serialize_tuple(len: usize) -> Self::SerializeTuple = "a tuple";
            serialize_tuple_struct(name: &'static str, len: usize) -> Self::SerializeTupleStruct = "a tuple struct";
            serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
                -> Self::SerializeTupleVariant = "an enum";
            serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
                -> Self::SerializeStructVariant = "an enum";
        }

        fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), Failure> {
            Err(Self::refusal("an `Option`"))
        }

        fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, _: &T) -> Result<(), Failure> {
            Err(Self::refusal("a tuple struct"))
        }

        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<(), Failure> {
            Err(Self::refusal("an enum"))
        }
    };
}

impl Top<'_> {
    const fn refusal(found: &'static str) -> Failure {
        Failure::shape(found, WRAP)
    }
}

impl<'a> Serializer for Top<'a> {
    type SerializeMap = TopMap<'a>;
    type SerializeStruct = Self;

    refuse_all_but!();

    fn serialize_str(self, _: &str) -> Result<(), Failure> {
        Err(Self::refusal("text"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<TopMap<'a>, Failure> {
        if self.open { Ok(TopMap { top: self, key: None }) } else { Err(Failure::shape("a map", FLATTEN)) }
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Failure> {
        if self.open { Err(Failure::shape("a struct with named fields", NAMES)) } else { Ok(self) }
    }
}

/// A key that is text, on its way into the buffer.
struct KeyText<'a>(&'a mut Fields);

impl KeyText<'_> {
    const fn refusal(_: &'static str) -> Failure {
        Failure::shape("a map whose keys aren't text", "use text as keys")
    }
}

impl Serializer for KeyText<'_> {
    type SerializeMap = Impossible<(), Failure>;
    type SerializeStruct = Impossible<(), Failure>;

    refuse_all_but!();

    fn serialize_str(self, text: &str) -> Result<(), Failure> {
        check_name(text)?;
        let room = MAX_BODY.saturating_sub(self.0.buffer.len());
        msgpack::append(text.as_bytes(), &mut self.0.buffer).map_err(|_| self.0.too_large(text, room))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Failure> {
        Err(Self::refusal("a map"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Failure> {
        Err(Self::refusal("a struct"))
    }
}
