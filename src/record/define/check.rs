//! Checks of a schema by itself, and against its type and the type's example.

use std::collections::BTreeSet;

use super::super::decode::{asked_fields, decode, twice};
use super::super::msgpack::NIL;
use super::super::plan::{Alias, Plan};
use super::super::search::Holds;
use super::super::shape::Shape;
use super::super::{Fields, MAX_INDEXES, Record, RecordError, Schema};
use crate::format::{MAX_FIELDS, MAX_NAME};
use crate::model::{FieldSet, Normalizer};

/// The longest name of a collection, in bytes of UTF-8.
const MAX_COLLECTION_NAME: usize = 255;

/// Checks the schema by itself.
pub(super) fn names(schema: &Schema) -> Result<(), RecordError> {
    let refuse = |text: String| Err(schema.problem(text));
    if schema.collection().is_empty() || schema.collection().len() > MAX_COLLECTION_NAME {
        return refuse(format!("a collection's name has 1 to {MAX_COLLECTION_NAME} bytes"));
    }
    if schema.fields().len() > MAX_FIELDS {
        return refuse(format!("it mentions more than {MAX_FIELDS} fields"));
    }
    if schema.indexes().len().saturating_add(usize::from(schema.indexes_owner())) > MAX_INDEXES {
        return refuse(format!("it has more than {MAX_INDEXES} indexes"));
    }
    let mut indexed = BTreeSet::new();
    for index in schema.indexes() {
        if index.field.len() > MAX_NAME {
            return refuse(format!("it mentions a field whose name is over {MAX_NAME} bytes"));
        }
        if !indexed.insert(&index.field) {
            return refuse(format!("field `{}` has two indexes; keep one `index` or `unique`", index.field));
        }
    }
    let mut before = BTreeSet::new();
    for field in schema.fields() {
        let name = &field.name;
        if name.len() > MAX_NAME || field.was.iter().any(|old| old.len() > MAX_NAME) {
            return refuse(format!("it mentions a field whose name is over {MAX_NAME} bytes"));
        }
        if schema.is_open() && field.mask.is_some() {
            return refuse(format!(
                "field `{name}` has a mask, and fields of an open collection are left out when they are withheld; take \
                 the mask away"
            ));
        }
        if schema.is_open() && !field.was.is_empty() {
            return refuse(format!(
                "field `{name}` says `.was(..)`, and records of an open collection name their fields themselves; rename \
                 it in the records"
            ));
        }
        for old in &field.was {
            if old == name || !before.insert(old) {
                return refuse(format!("`.was(\"{old}\")` of field `{name}` names itself or is said twice"));
            }
        }
    }
    Ok(())
}

/// Checks that every field that the schema mentions is one of the type's.
pub(super) fn mentions(schema: &Schema, plan: &Plan) -> Result<(), RecordError> {
    let mentioned = schema.fields().iter().map(|f| &f.name).chain(schema.indexes().iter().map(|i| &i.field));
    match mentioned.into_iter().find(|name| !plan.has(name)) {
        None => Ok(()),
        Some(name) => Err(schema.problem(format!("it mentions a field that isn't there: {}", plan.unknown(name)))),
    }
}

/// Checks that the example has every field that the type reads, and that the type reads every field of the example.
pub(super) fn all_present<T: Record>(schema: &Schema, plan: &mut Plan, fields: &Fields) -> Result<(), RecordError> {
    let refuse = |text: String| Err(schema.problem(text));
    if let Some(name) = fields.skipped().first() {
        return refuse(format!(
            "`example()` gives field `{name}` a value that `skip_serializing_if` leaves out; give it one that is written"
        ));
    }
    let asked = asked_fields::<T>().unwrap_or_default();
    if !asked.is_empty()
        && let Some(name) = plan.names().find(|name| !asked.contains(name))
    {
        return refuse(format!(
            "field `{name}` is written but never read: take `skip_deserializing` or `tag` away, or let `rename` give it \
             one name for both ways"
        ));
    }
    for name in asked {
        if plan.has(name) {
            continue;
        }
        let Some(field) = alias_of::<T>(plan, fields, name) else {
            return refuse(format!(
                "field `{name}` is read but never written: take `skip_serializing` away, or let `rename` give it one \
                 name for both ways"
            ));
        };
        plan.add_alias(Alias { name: (*name).to_owned(), field });
    }
    decode::<T>(plan, fields.iter(), &FieldSet::All).map(|_| ())
}

/// Checks that indexed fields, and those that policies see, hold values that can be indexed.
pub(super) fn indexes(schema: &Schema, plan: &mut Plan, shape: &Shape) -> Result<(), RecordError> {
    for field in schema.fields().iter().filter(|field| field.attribute) {
        holds(schema, shape, &field.name, ["an attribute", "be an attribute"])?;
    }
    for index in schema.indexes() {
        let name = &index.field;
        let holds = holds(schema, shape, name, ["indexed", "be indexed"])?;
        if holds != Holds::Text && index.normalizer != Normalizer::Exact {
            return Err(
                schema.problem(format!("field `{name}` holds {}, which only `Normalizer::Exact` is for", holds.text()))
            );
        }
        plan.set_holds(name, holds);
    }
    Ok(())
}

fn holds(schema: &Schema, shape: &Shape, name: &str, [is, be]: [&str; 2]) -> Result<Holds, RecordError> {
    match shape.field(name).map(Shape::inner) {
        Some(Shape::Text { .. } | Shape::Char | Shape::Variant { unit: true }) => Ok(Holds::Text),
        Some(Shape::Int { .. }) => Ok(Holds::Integer),
        Some(Shape::Bool) => Ok(Holds::Bool),
        Some(Shape::Nothing) => {
            Err(schema
                .problem(format!("field `{name}` is {is}, so `example()` must give it `Some(..)` and not `None`")))
        }
        _ => Err(schema.problem(format!(
            "field `{name}` can't {be}: text, whole numbers up to 64 bits, bools, enums without data, and `Option` \
                 of these can"
        ))),
    }
}

/// Returns the name of the field that `name` is an alias of; `None` if it is a field of its own.
fn alias_of<T: Record>(plan: &mut Plan, fields: &Fields, name: &'static str) -> Option<String> {
    plan.add(name);
    let both = decode::<T>(plan, fields.iter().chain([(name, NIL)]), &FieldSet::All);
    plan.remove_last();
    both.err().as_ref().and_then(twice).map(str::to_owned)
}
