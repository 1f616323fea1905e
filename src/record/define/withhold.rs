//! The choice of each field's substitute: its mask, else leaving it out, else the empty value of its type. Each is tried on
//! the example, and what the type makes of it must say nothing: a default that looks like a real value is refused.

use super::super::decode::decode;
use super::super::msgpack::{self, NIL};
use super::super::plan::{Plan, Substitute};
use super::super::shape::{Empty, Shape};
use super::super::{Fields, Mask, Record, RecordError, Schema, encode};

/// Encodings that say nothing.
const EMPTY: [&[u8]; 6] = [NIL, &[0xa0], &[0x90], &[0x80], &[0x00], &[0xc4, 0x00]];

/// Chooses the substitute of the field at `place`.
pub(super) fn closed<T: Record>(
    plan: &mut Plan,
    place: usize,
    schema: &Schema,
    fields: &Fields,
    shape: &Shape,
) -> Result<(), RecordError> {
    let Some(name) = plan.fields().get(place).map(|field| field.name.clone()) else { return Ok(()) };
    if let Some(mask) = schema.rule(&name).and_then(|field| field.mask.clone()) {
        return masked::<T>(plan, place, schema, fields, &name, mask);
    }
    let shape = shape.field(&name);
    let mut candidates = vec![(Substitute::Nothing, false), (Substitute::Constant(NIL.to_vec()), false)];
    let never_empty = shape.and_then(Shape::never_empty);
    if let (None, Some(shape)) = (never_empty, shape) {
        for keyed in [false, true] {
            candidates.extend(
                msgpack::encoded(&Empty { shape, keyed })
                    .map(|empty| (Substitute::Constant(empty.as_slice().to_vec()), keyed)),
            );
        }
    }
    for (substitute, keyed) in candidates {
        plan.set_substitute(place, substitute);
        if let Ok(shown) = shown::<T>(plan, fields, &name)
            && shown.field(&name).is_none_or(|shape| shape.is_empty(keyed))
        {
            return Ok(());
        }
    }
    let why = match never_empty {
        Some(kind) => format!("it is or holds {kind}, which has no value that says nothing"),
        None => "neither leaving it out nor an empty value reads back as one that says nothing".to_owned(),
    };
    Err(schema.problem(format!(
        "field `{name}` can't be withheld from those who may not see it: {why}. Make it an `Option`, or say what \
             stands in for it: `.field(\"{name}\", |f| f.mask(Mask::Fixed(..)))`"
    )))
}

/// Checks that each field of an open type's example can be left out.
pub(super) fn open<T: Record>(plan: &Plan, schema: &Schema, fields: &Fields) -> Result<(), RecordError> {
    for (name, _) in fields.iter() {
        let allowed = fields.iter().map(|(other, _)| other).filter(|other| *other != name).collect();
        let left = decode::<T>(plan, fields.iter(), &allowed).and_then(|decoded| encode(&decoded.value, true));
        if !left.is_ok_and(|left| left.get(name, 0).is_none_or(|bytes| EMPTY.contains(&bytes))) {
            return Err(schema.problem(format!(
                "field `{name}` can't be left out for those who may not see it; make it an `Option`"
            )));
        }
    }
    Ok(())
}

fn masked<T: Record>(
    plan: &mut Plan,
    place: usize,
    schema: &Schema,
    fields: &Fields,
    name: &str,
    mask: Mask,
) -> Result<(), RecordError> {
    let refuse = |text: &str| Err(schema.problem(format!("field `{name}` has a mask {text}")));
    let value = fields.get(name, place).unwrap_or(NIL);
    let fixed = matches!(mask, Mask::Fixed(_));
    if !fixed && value == NIL {
        return refuse("that `example()` must try: give it `Some(..)` there, and not `None`");
    }
    if mask.step() == Some(0) {
        return refuse(
            "that is a range with a step of 0: give it the size that ranges shall have, as in `Mask::range(10)`",
        );
    }
    let Ok(Some(masked)) = mask.apply(value) else {
        return refuse(match mask.step() {
            None => "that failed on the example: masks act on text; for other types use `Mask::Fixed` or an `Option`",
            Some(_) => {
                "that failed on the example: a range stands in for a number of up to 64 bits, or for text that is one"
            }
        });
    };
    if !fixed && value.len() > 1 && masked.as_slice() == value {
        return refuse("that shows the example as it is");
    }
    let step = mask.step();
    let constant = || Substitute::Constant(masked.as_slice().to_vec());
    plan.set_substitute(place, if fixed { constant() } else { Substitute::Mask(mask) });
    if shown::<T>(plan, fields, name).is_err() {
        return refuse(match step {
            None => "whose result doesn't read back as the field's type; use `Mask::Fixed` with a value that does",
            Some(_) => {
                "that is a range, and ranges are text: any number that stood in for a number would pass for a real one. \
                 Make the field a `String`, a `Value`, or an untagged enum of number and text"
            }
        });
    }
    Ok(())
}

/// Returns the shape of the example as it is shown with one field withheld.
fn shown<T: Record>(plan: &Plan, fields: &Fields, hidden: &str) -> Result<Shape, RecordError> {
    let decoded = decode::<T>(plan, fields.iter(), &plan.all_but(hidden))?;
    Shape::of(&decoded.value)
}
