//! The shape of a value: its type as serde shows it, whether the value says anything, and the empty value of the type.

use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, SerializeTupleStruct, Serializer,
};

use super::RecordError;
use super::error::Failure;

/// A value's type as far as serde shows it, and whether the value says anything.
pub(super) enum Shape {
    /// `None`, `()` or a struct without fields.
    Nothing,
    Some(Box<Shape>),
    Bool,
    Char,
    /// An enum's variant, and whether it is without data.
    Variant {
        unit: bool,
    },
    Int {
        zero: bool,
    },
    /// A whole number of 128 bits.
    Wide {
        zero: bool,
    },
    Float {
        zero: bool,
    },
    Text {
        empty: bool,
    },
    Bytes {
        empty: bool,
    },
    List {
        empty: bool,
    },
    Tuple(Vec<Shape>),
    /// Values by key, as far as keys are text. Structs with `#[serde(flatten)]` are maps too.
    Map(Vec<(Option<String>, Shape)>),
    Struct(Vec<(&'static str, Shape)>),
}

impl Shape {
    pub(super) fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, RecordError> {
        value.serialize(Tracer).map_err(|failure| failure.0)
    }

    /// Returns the shape of a struct's field.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        let Self::Struct(fields) = self else { return None };
        fields.iter().find(|(field, _)| *field == name).map(|(_, shape)| shape)
    }

    /// Tells whether the value says nothing, so that nobody takes it for a real one. `keyed` lets maps keep keys.
    pub(super) fn is_empty(&self, keyed: bool) -> bool {
        match self {
            Self::Nothing => true,
            Self::Some(inner) => inner.is_empty(keyed),
            Self::Bool | Self::Char | Self::Variant { .. } => false,
            Self::Int { zero: empty }
            | Self::Wide { zero: empty }
            | Self::Float { zero: empty }
            | Self::Text { empty }
            | Self::Bytes { empty }
            | Self::List { empty } => *empty,
            Self::Tuple(items) => items.iter().all(|item| item.is_empty(keyed)),
            Self::Map(entries) => entries.iter().all(|(_, shape)| keyed && shape.is_empty(keyed)),
            Self::Struct(fields) => fields.iter().all(|(_, shape)| shape.is_empty(keyed)),
        }
    }

    /// Returns the shape within `Option`s.
    pub(super) fn inner(&self) -> &Self {
        if let Self::Some(inner) = self { inner.inner() } else { self }
    }

    /// Finds what has no empty value and isn't within an `Option`, a list or a map.
    pub(super) fn never_empty(&self) -> Option<&'static str> {
        match self {
            Self::Bool => Some("a bool"),
            Self::Char => Some("a character"),
            Self::Variant { .. } => Some("an enum"),
            Self::Tuple(items) => items.iter().find_map(Self::never_empty),
            Self::Struct(fields) => fields.iter().find_map(|(_, shape)| shape.never_empty()),
            _ => None,
        }
    }
}

/// A shape, written as the empty value of its type; `keyed` keeps the keys of maps.
#[derive(Clone, Copy)]
pub(super) struct Empty<'a> {
    pub(super) shape: &'a Shape,
    pub(super) keyed: bool,
}

impl Serialize for Empty<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keyed = self.keyed;
        let empty = |shape| Empty { shape, keyed };
        match self.shape {
            Shape::Nothing | Shape::Some(_) => serializer.serialize_unit(),
            Shape::Bool | Shape::Char | Shape::Variant { .. } => Err(S::Error::custom("there is no empty one")),
            Shape::Int { .. } => serializer.serialize_u64(0),
            Shape::Wide { .. } => serializer.serialize_u128(0),
            Shape::Float { .. } => serializer.serialize_f64(0.0),
            Shape::Text { .. } => serializer.serialize_str(""),
            Shape::Bytes { .. } => serializer.serialize_bytes(&[]),
            Shape::List { .. } => serializer.collect_seq([(); 0]),
            Shape::Map(entries) => {
                let kept = entries.iter().take(if keyed { entries.len() } else { 0 });
                serializer.collect_map(kept.map(|(key, shape)| (key, empty(shape))))
            }
            Shape::Tuple(items) => serializer.collect_seq(items.iter().map(empty)),
            Shape::Struct(fields) => serializer.collect_map(fields.iter().map(|(name, shape)| (name, empty(shape)))),
        }
    }
}

struct Tracer;

macro_rules! leaf {
    ($($method:ident($value:ident: $type:ty) => $shape:expr;)+) => {
        $(fn $method(self, $value: $type) -> Result<Shape, Failure> {
            Ok($shape)
        })+
    };
}

impl Serializer for Tracer {
    type Ok = Shape;
    type Error = Failure;
    type SerializeSeq = Items;
    type SerializeTuple = Parts;
    type SerializeTupleStruct = Parts;
    type SerializeTupleVariant = Skip;
    type SerializeMap = Entries;
    type SerializeStruct = Named;
    type SerializeStructVariant = Skip;

    leaf! {
        serialize_bool(_v: bool) => Shape::Bool;
        serialize_i8(v: i8) => Shape::Int { zero: v == 0 };
        serialize_i16(v: i16) => Shape::Int { zero: v == 0 };
        serialize_i32(v: i32) => Shape::Int { zero: v == 0 };
        serialize_i64(v: i64) => Shape::Int { zero: v == 0 };
        serialize_u8(v: u8) => Shape::Int { zero: v == 0 };
        serialize_u16(v: u16) => Shape::Int { zero: v == 0 };
        serialize_u32(v: u32) => Shape::Int { zero: v == 0 };
        serialize_u64(v: u64) => Shape::Int { zero: v == 0 };
        serialize_i128(v: i128) => Shape::Wide { zero: v == 0 };
        serialize_u128(v: u128) => Shape::Wide { zero: v == 0 };
        serialize_f32(v: f32) => Shape::Float { zero: v == 0.0 };
        serialize_f64(v: f64) => Shape::Float { zero: v == 0.0 };
        serialize_char(_v: char) => Shape::Char;
        serialize_str(v: &str) => Shape::Text { empty: v.is_empty() };
        serialize_bytes(v: &[u8]) => Shape::Bytes { empty: v.is_empty() };
        serialize_unit_struct(_v: &'static str) => Shape::Nothing;
    }

    fn serialize_none(self) -> Result<Shape, Failure> {
        Ok(Shape::Nothing)
    }

    fn serialize_unit(self) -> Result<Shape, Failure> {
        Ok(Shape::Nothing)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Shape, Failure> {
        value.serialize(self).map(|inner| Shape::Some(Box::new(inner)))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<Shape, Failure> {
        Ok(Shape::Variant { unit: true })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Shape, Failure> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Shape, Failure> {
        Ok(Shape::Variant { unit: false })
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Failure> {
        Ok(Items { empty: true })
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts, Failure> {
        Ok(Parts(Vec::new()))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts, Failure> {
        Ok(Parts(Vec::new()))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Skip, Failure> {
        Ok(Skip)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries, Failure> {
        Ok(Entries(Vec::new()))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Named, Failure> {
        Ok(Named(Vec::new()))
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Skip, Failure> {
        Ok(Skip)
    }
}

struct Items {
    empty: bool,
}

impl SerializeSeq for Items {
    type Ok = Shape;
    type Error = Failure;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Failure> {
        self.empty = false;
        Ok(())
    }

    fn end(self) -> Result<Shape, Failure> {
        Ok(Shape::List { empty: self.empty })
    }
}

struct Entries(Vec<(Option<String>, Shape)>);

impl SerializeMap for Entries {
    type Ok = Shape;
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failure> {
        let key = serde_json::to_value(key).ok().and_then(|key| key.as_str().map(str::to_owned));
        self.0.push((key, Shape::Nothing));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        let shape = value.serialize(Tracer)?;
        if let Some(entry) = self.0.last_mut() {
            entry.1 = shape;
        }
        Ok(())
    }

    fn end(self) -> Result<Shape, Failure> {
        Ok(Shape::Map(self.0))
    }
}

struct Parts(Vec<Shape>);

impl SerializeTuple for Parts {
    type Ok = Shape;
    type Error = Failure;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.0.push(value.serialize(Tracer)?);
        Ok(())
    }

    fn end(self) -> Result<Shape, Failure> {
        Ok(Shape::Tuple(self.0))
    }
}

impl SerializeTupleStruct for Parts {
    type Ok = Shape;
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        SerializeTuple::serialize_element(self, value)
    }

    fn end(self) -> Result<Shape, Failure> {
        SerializeTuple::end(self)
    }
}

struct Named(Vec<(&'static str, Shape)>);

impl SerializeStruct for Named {
    type Ok = Shape;
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Failure> {
        self.0.push((name, value.serialize(Tracer)?));
        Ok(())
    }

    fn end(self) -> Result<Shape, Failure> {
        Ok(Shape::Struct(self.0))
    }
}

/// The data of an enum, which is passed over: that it is an enum is all that counts.
struct Skip;

impl serde::ser::SerializeTupleVariant for Skip {
    type Ok = Shape;
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Failure> {
        Ok(())
    }

    fn end(self) -> Result<Shape, Failure> {
        Ok(Shape::Variant { unit: false })
    }
}

impl serde::ser::SerializeStructVariant for Skip {
    type Ok = Shape;
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, _: &T) -> Result<(), Failure> {
        Ok(())
    }

    fn end(self) -> Result<Shape, Failure> {
        Ok(Shape::Variant { unit: false })
    }
}
