//! What an actor may do in one collection, field by field.

use super::answer::{ActAnswers, CollectionAnswers};
use super::data::{FieldReview, Right};
use super::{Asker, CollectionFields};
use crate::model::{Action, FieldSet};
use crate::policy::Permission;

/// The acts that are asked about once for each field, as the vault does.
struct ByField {
    search: Vec<ActAnswers>,
    update: Vec<ActAnswers>,
    unmask: Vec<ActAnswers>,
}

pub(super) fn what_can(asker: &Asker<'_, '_>, collection: &CollectionFields) -> CollectionAnswers {
    let name = &collection.name;
    let each = |action| -> Vec<ActAnswers> {
        collection.fields.iter().map(|field| asker.probe(action, name, &[field.as_str()])).collect()
    };
    let by_field = ByField { search: each(Action::Search), update: each(Action::Update), unmask: each(Action::Unmask) };
    let acts = Action::ALL.iter().filter(|action| !action.is_administration() || **action == Action::Define);
    let acts: Vec<ActAnswers> = acts
        .map(|action| match action {
            // Never asked about without a field.
            Action::Search => widest(&by_field.search).unwrap_or_else(|| asker.probe(*action, name, &[])),
            Action::Unmask => widest(&by_field.unmask).unwrap_or_else(|| asker.probe(*action, name, &[])),
            _ => asker.probe(*action, name, &[]),
        })
        .collect();
    let fields = collection.fields.iter().enumerate().map(|(place, field)| review(field, place, &acts, &by_field));
    CollectionAnswers { collection: name.clone(), fields: fields.collect(), acts }
}

fn review(field: &str, place: usize, acts: &[ActAnswers], by_field: &ByField) -> FieldReview {
    let by = |action: Action, set: fn(&Permission) -> &FieldSet| {
        acts.iter().find(|answers| answers.action == action).map(|answers| answers.right_to(field, set))
    };
    // Whatever shows the field counts; a search by any field shows those that it may.
    let shown = [Action::Read, Action::List, Action::Update].into_iter().filter_map(|action| by(action, read));
    let found = by_field.search.iter().map(|answers| answers.right_to(field, read));
    let own = |all: &[ActAnswers]| all.get(place).map(ActAnswers::right).unwrap_or_default();
    FieldReview {
        field: field.to_owned(),
        read: shown.chain(found).fold(Right::default(), Right::wider),
        write: own(&by_field.update),
        create: by(Action::Create, write).unwrap_or_default(),
        search: own(&by_field.search),
        export: by(Action::Export, read).unwrap_or_default(),
        unmask: own(&by_field.unmask),
    }
}

/// For each kind of record, the answer that allows most.
fn widest(answers: &[ActAnswers]) -> Option<ActAnswers> {
    let best = |pick: &dyn Fn(&ActAnswers) -> Option<super::Answer>| {
        let all = answers.iter().filter_map(pick);
        all.reduce(|best, next| if next.extent().grade() > best.extent().grade() { next } else { best })
    };
    let mut widest = answers.first()?.clone();
    widest.unknown = best(&|answers| Some(answers.unknown.clone()))?;
    widest.own = best(&|answers| Some(answers.own.clone()))?;
    widest.others = best(&|answers| Some(answers.others.clone()))?;
    for (place, (_, answer)) in widest.samples.iter_mut().enumerate() {
        *answer = best(&|answers| answers.samples.get(place).map(|(_, answer)| answer.clone()))?;
    }
    Some(widest)
}

fn read(permission: &Permission) -> &FieldSet {
    &permission.read
}

fn write(permission: &Permission) -> &FieldSet {
    &permission.write
}
