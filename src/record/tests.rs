//! A collection in miniature: what `vault/` does with the parts of this floor, less keys, policy and store.

mod define;
mod evolution;
mod open;
mod properties;
mod shapes;
mod vectors;
mod withholding;

use std::marker::PhantomData;

use super::decode::Decoded;
use super::evolve::SchemaChange;
use super::*;
use crate::format::{Body, StoredSchema, encode_body};
use crate::model::FieldSet;

struct Collection<T> {
    plan: Plan,
    schema: StoredSchema,
    dictionary: Dictionary,
    changes: Vec<SchemaChange>,
    record: PhantomData<T>,
}

impl<T: Record> Collection<T> {
    fn define() -> Result<Self, RecordError> {
        Self::from(None, &T::schema())
    }

    fn redefine<Old: Record>(old: &Collection<Old>) -> Result<Self, RecordError> {
        Self::from(Some((&old.schema, &old.dictionary)), &T::schema())
    }

    fn from(old: Option<(&StoredSchema, &Dictionary)>, schema: &Schema) -> Result<Self, RecordError> {
        let plan = plan::<T>(schema)?;
        let next = evolve(old, schema, &plan, &|_| 1)?;
        let stored = StoredSchema::decode(&next.schema.encode().unwrap()).unwrap();
        assert!(stored == next.schema);
        let dictionary = Dictionary::decode(&next.dictionary.encode().unwrap()).ok().unwrap();
        Ok(Self { plan, schema: stored, dictionary, changes: next.changes, record: PhantomData })
    }

    fn put(&self, value: &T) -> Result<Vec<u8>, RecordError> {
        let fields = encode(value, self.plan.is_open())?;
        let new = new_fields(&fields, self.plan.is_open(), &self.dictionary)?;
        decode::<T>(&self.plan, new.iter().map(|f| (f.name, f.bytes)), &FieldSet::All)?;
        Ok(self.body(&new))
    }

    fn body(&self, fields: &[StoredField<'_>]) -> Vec<u8> {
        let fields: Vec<_> = fields.iter().map(|field| (field.key, field.bytes)).collect();
        let mut body = Vec::new();
        encode_body(&mut body, b"meta", self.plan.is_open(), &fields).unwrap();
        body
    }

    fn stored<'a>(&'a self, body: &'a [u8]) -> Vec<StoredField<'a>> {
        stored_fields(Body::split(body).unwrap().fields().ok().unwrap(), &self.dictionary).ok().unwrap()
    }

    fn get(&self, body: &[u8], allowed: &FieldSet) -> Result<Decoded<T>, RecordError> {
        let stored = self.stored(body);
        decode(&self.plan, stored.iter().map(|field| (field.name, field.bytes)), allowed)
    }

    fn read(&self, body: &[u8]) -> Result<T, RecordError> {
        self.get(body, &FieldSet::All).map(|decoded| decoded.value)
    }

    fn update(
        &self,
        body: &[u8],
        allowed: &FieldSet,
        change: impl FnOnce(&mut T),
    ) -> Result<(Vec<u8>, Vec<String>), RecordError> {
        let open = self.plan.is_open();
        let stored = self.stored(body);
        let mut shown = self.get(body, allowed)?;
        let before = encode(&shown.value, open)?;
        change(&mut shown.value);
        let after = encode(&shown.value, open)?;
        let next = update(&stored, &before, &after, &shown.withheld, open, &self.dictionary)?;
        decode::<T>(&self.plan, next.fields.iter().map(|f| (f.name, f.bytes)), &FieldSet::All)?;
        Ok((self.body(&next.fields), next.changed))
    }
}

fn only(names: &[&str]) -> FieldSet {
    names.iter().copied().collect()
}

fn error<T>(result: Result<T, RecordError>) -> String {
    result.err().expect("it succeeded").to_string()
}

/// A record of one field, with a schema that says nothing.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty = $example:expr),* $(,)? } $($schema:tt)*) => {
        #[derive(serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
        $(#[$meta])*
        struct $name { $($(#[$field_meta])* $field: $type),* }

        impl Record for $name {
            fn schema() -> Schema {
                Schema::new("things") $($schema)*
            }

            fn example() -> Self {
                Self { $($field: $example),* }
            }
        }
    };
}
use record;
