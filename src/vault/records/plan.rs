//! The plan of a type in a collection: how its fields are encoded, masked and read.

use std::sync::Arc;

use crate::error::Result;
use crate::format::StoredKey;
use crate::record::{self, Mask, Plan, Record, RecordError};

use crate::vault::state::schema::CompiledSchema;

/// Returns the plan of a type for a collection.
///
/// # Errors
/// [`Error::Record`] if type and collection don't match.
pub(crate) fn plan<T: Record + 'static>(layout: &CompiledSchema) -> Result<Arc<Plan>> {
    layout.plan::<T, Plan>(|| {
        let plan = record::plan::<T>(&T::schema())?;
        if plan.is_open() != layout.schema.open {
            return Err(RecordError::Schema {
                collection: T::schema().collection().to_owned(),
                problem: "the collection was defined with a type of the other kind (a struct, or a `Document`)"
                    .to_owned(),
            }
            .into());
        }
        let schema = T::schema();
        for rule in &layout.schema.fields {
            let StoredKey::Number(number) = rule.field else { continue };
            let name = layout.dictionary.name_of(number).unwrap_or_default();
            let masked = schema.rule(name).and_then(|field| field.mask.as_ref()).map(Mask::description);
            if plan.has(name) && masked != rule.mask {
                return Err(RecordError::Schema {
                    collection: schema.collection().to_owned(),
                    problem: format!("the mask of `{name}` isn't the one that was defined: call `define` with this version of the type"),
                }
                .into());
            }
        }
        if let Some(field) = plan.names().find(|name| layout.dictionary.number_of(name).is_none()) {
            let problem = record::FieldProblem::NotDefined;
            return Err(RecordError::Write { field: field.to_owned(), problem }.into());
        }
        Ok(plan)
    })
}
