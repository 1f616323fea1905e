//! The checks that `define` makes of a type and its schema.
//!
//! Guarantees: a plan exists only for a type that reads back what it writes, whose schema names fields that it has, and of
//! whose fields each can be withheld, alone and together with all others.

mod check;
mod withhold;

use super::decode::decode;
use super::plan::Plan;
use super::shape::Shape;
use super::{Record, RecordError, Schema, encode};
use crate::model::FieldSet;

/// Checks a type against its schema.
///
/// # Errors
/// Each says what to change in the type or the schema.
pub(crate) fn plan<T: Record>(schema: &Schema) -> Result<Plan, RecordError> {
    check::names(schema)?;
    let example = T::example();
    let fields = encode(&example, schema.is_open())?;
    let mut plan = Plan::new(schema, &fields);
    if schema.is_open() {
        withhold::open::<T>(&plan, schema, &fields)?;
        return Ok(plan);
    }
    check::mentions(schema, &plan)?;
    check::all_present::<T>(schema, &mut plan, &fields)?;
    let shape = Shape::of(&example)?;
    for place in 0..plan.fields().len() {
        withhold::closed::<T>(&mut plan, place, schema, &fields, &shape)?;
    }
    // Alone each can be withheld; a type's own code could still object to two at once.
    decode::<T>(&plan, fields.iter(), &FieldSet::none())?;
    check::indexes(schema, &mut plan, &shape)?;
    Ok(plan)
}
