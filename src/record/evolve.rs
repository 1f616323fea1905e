//! From one stored schema and dictionary to the next.
//!
//! Guarantees: the dictionary only grows; a field keeps its number; an index's id is never used for another field, and what
//! changes how its entries look is a new version of it. Says what changed, in names.

use std::fmt;

use super::plan::Plan;
use super::{Classification, Dictionary, Field, RecordError, Schema};
use crate::format::{
    IndexState, MAX_LISTED_INDEXES, StoredClassification, StoredIndex, StoredKey, StoredRule, StoredSchema,
};
use crate::model::Normalizer;

/// A collection's next schema and dictionary.
pub(crate) struct Evolution {
    pub(crate) schema: StoredSchema,
    pub(crate) dictionary: Dictionary,
    /// The differences; none if the schema is as it was.
    pub(crate) changes: Vec<SchemaChange>,
}

/// One difference between two schemas, for the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SchemaChange {
    FieldAdded(String),
    /// A field that the type has lost; records keep it.
    FieldLost(String),
    FieldRenamed {
        from: String,
        to: String,
    },
    /// A field whose classification, mask or old names changed.
    RuleChanged(String),
    /// A field whose value policies see from now on.
    FieldExposed(String),
    FieldHidden(String),
    IndexAdded(String),
    IndexChanged(String),
    IndexDropped(String),
}

impl fmt::Display for SchemaChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FieldAdded(field) => write!(f, "field {field} added"),
            Self::FieldLost(field) => write!(f, "field {field} lost"),
            Self::FieldRenamed { from, to } => write!(f, "field {from} renamed to {to}"),
            Self::RuleChanged(field) => write!(f, "rule of field {field} changed"),
            Self::FieldExposed(field) => write!(f, "field {field} exposed to policies"),
            Self::FieldHidden(field) => write!(f, "field {field} hidden from policies"),
            Self::IndexAdded(field) => write!(f, "index on {field} added"),
            Self::IndexChanged(field) => write!(f, "index on {field} changed"),
            Self::IndexDropped(field) => write!(f, "index on {field} dropped"),
        }
    }
}

/// Returns the next schema and dictionary; `old` is `None` for a new collection. `version_of` gives a normalizer's
/// version.
///
/// New indexes, and new versions of changed ones, are [`IndexState::Building`]; the version that they replace stays as it
/// is until [`StoredSchema::set_ready`]. Dropped ones are [`IndexState::Retired`].
///
/// # Errors
/// [`RecordError::Schema`] for a rename that comes too late, and for a closed collection made open or back.
pub(crate) fn evolve(
    old: Option<(&StoredSchema, &Dictionary)>,
    schema: &Schema,
    plan: &Plan,
    version_of: &dyn Fn(&Normalizer) -> u16,
) -> Result<Evolution, RecordError> {
    let mut next = Next {
        schema,
        dictionary: old.map_or_else(Dictionary::new, |(_, dictionary)| dictionary.clone()),
        changes: Vec::new(),
    };
    let before = old.map(|(stored, _)| stored);
    if before.is_some_and(|stored| stored.open != schema.is_open()) {
        return Err(
            schema.problem("the collection is there already, and a closed one can't become open, nor the reverse")
        );
    }
    if !schema.is_open() {
        next.rename()?;
        next.add(plan)?;
        next.check_aliases(plan)?;
    }
    let fields = next.fields(plan)?;
    next.compare_fields(before.map_or(&[], |stored| &stored.fields), &fields);
    let (indexes, next_index) = next.indexes(before, version_of)?;
    let stored = StoredSchema { open: schema.is_open(), fields, indexes, next_index };
    Ok(Evolution { schema: stored, dictionary: next.dictionary, changes: next.changes })
}

impl StoredSchema {
    /// Notes that a version of an index is complete; the versions before it are retired.
    pub(crate) fn set_ready(&mut self, id: u16, version: u16) {
        for index in self.indexes.iter_mut().filter(|index| index.id == id) {
            if index.version == version && index.state == IndexState::Building {
                index.state = IndexState::Ready;
            } else if index.version < version {
                index.state = IndexState::Retired;
            }
        }
    }
}

struct Next<'a> {
    schema: &'a Schema,
    dictionary: Dictionary,
    changes: Vec<SchemaChange>,
}

impl Next<'_> {
    fn rename(&mut self) -> Result<(), RecordError> {
        for field in self.schema.fields() {
            let name = &field.name;
            if let Some(number) = self.dictionary.number_of(name) {
                let clash = field
                    .was
                    .iter()
                    .find(|old| self.dictionary.number_of(old).is_some() && !self.dictionary.ever_named(number, old));
                if let Some(old) = clash {
                    return Err(self.schema.problem(format!(
                        "field `{name}` can't take over from `{old}`: records may hold both already, for the collection \
                         was defined with `{name}` before. Move the values in your own code, or use a new name"
                    )));
                }
                continue;
            }
            let known: Vec<_> =
                field.was.iter().filter_map(|old| Some((old, self.dictionary.number_of(old)?))).collect();
            match known.as_slice() {
                [] => {}
                [(old, number)] => {
                    self.changes.push(SchemaChange::FieldRenamed { from: (*old).clone(), to: name.clone() });
                    self.dictionary.rename(*number, name).map_err(|_| self.full())?;
                }
                _ => {
                    return Err(self.schema.problem(format!(
                        "field `{name}` was two fields that records hold now; say `.was(..)` of one of them"
                    )));
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, plan: &Plan) -> Result<(), RecordError> {
        for name in plan.names() {
            if self.dictionary.number_of(name).is_none() {
                self.dictionary.add(name).map_err(|_| self.full())?;
            }
        }
        Ok(())
    }

    /// Refuses an alias that would let a type go on under a new number while its old values stay under the old one,
    /// unread.
    fn check_aliases(&self, plan: &Plan) -> Result<(), RecordError> {
        let stored = plan.aliases().iter().find(|alias| self.dictionary.number_of(&alias.name).is_some());
        match stored {
            None => Ok(()),
            Some(alias) => Err(self.schema.problem(format!(
                "records hold field `{0}`, which `{1}` has as `#[serde(alias)]`; say `.field(\"{1}\", |f| \
                 f.was(\"{0}\"))` instead",
                alias.name, alias.field
            ))),
        }
    }

    fn fields(&self, plan: &Plan) -> Result<Vec<StoredRule>, RecordError> {
        if self.schema.is_open() {
            return self.schema.fields().iter().map(|field| self.rule(&field.name, Some(field))).collect();
        }
        plan.names().map(|name| self.rule(name, self.schema.rule(name))).collect()
    }

    fn rule(&self, name: &str, field: Option<&Field>) -> Result<StoredRule, RecordError> {
        Ok(StoredRule {
            field: self.key(name)?,
            classification: stored(field.map_or(Classification::Personal, |field| field.classification)),
            was: field.map(|field| field.was.clone()).unwrap_or_default(),
            mask: field.and_then(|field| field.mask.as_ref()).map(super::Mask::description),
            attribute: field.is_some_and(|field| field.attribute),
        })
    }

    fn key(&self, name: &str) -> Result<StoredKey, RecordError> {
        if self.schema.is_open() {
            return Ok(StoredKey::Name(name.to_owned()));
        }
        let number = self.dictionary.number_of(name);
        number.map(StoredKey::Number).ok_or_else(|| self.schema.problem(format!("there is no field `{name}`")))
    }

    fn name(&self, key: &StoredKey) -> String {
        match key {
            StoredKey::Name(name) => name.clone(),
            StoredKey::Owner => "the owner".to_owned(),
            StoredKey::Number(number) => self.dictionary.name_of(*number).unwrap_or_default().to_owned(),
        }
    }

    fn compare_fields(&mut self, before: &[StoredRule], after: &[StoredRule]) {
        let in_list = |list: &[StoredRule], key: &StoredKey| list.iter().find(|rule| rule.field == *key).cloned();
        for rule in after {
            let name = || self.name(&rule.field);
            let old = in_list(before, &rule.field);
            let changes = [
                old.is_none().then(|| SchemaChange::FieldAdded(name())),
                old.as_ref()
                    .is_some_and(|old| StoredRule { attribute: rule.attribute, ..old.clone() } != *rule)
                    .then(|| SchemaChange::RuleChanged(name())),
                match (old.is_some_and(|old| old.attribute), rule.attribute) {
                    (false, true) => Some(SchemaChange::FieldExposed(name())),
                    (true, false) => Some(SchemaChange::FieldHidden(name())),
                    _ => None,
                },
            ];
            self.changes.extend(changes.into_iter().flatten());
        }
        for rule in before {
            if in_list(after, &rule.field).is_none() {
                self.changes.push(SchemaChange::FieldLost(self.name(&rule.field)));
                if rule.attribute {
                    self.changes.push(SchemaChange::FieldHidden(self.name(&rule.field)));
                }
            }
        }
    }

    fn indexes(
        &mut self,
        before: Option<&StoredSchema>,
        version_of: &dyn Fn(&Normalizer) -> u16,
    ) -> Result<(Vec<StoredIndex>, u16), RecordError> {
        let mut listed = before.map_or_else(Vec::new, |stored| stored.indexes.clone());
        let mut next_index = before.map_or(0, |stored| stored.next_index);
        let mut wanted = Vec::new();
        let mut all = Vec::new();
        for index in self.schema.indexes() {
            all.push(building(self.key(&index.field)?, index.unique, &index.normalizer, version_of));
        }
        if self.schema.indexes_owner() {
            all.push(building(StoredKey::Owner, false, &Normalizer::Exact, version_of));
        }
        for new in all {
            wanted.push(new.field.clone());
            let versions: Vec<&StoredIndex> = listed.iter().filter(|i| i.field == new.field).collect();
            let live = |i: &&&StoredIndex| i.state != IndexState::Retired;
            if versions.iter().rev().find(live).is_some_and(|latest| same(latest, &new)) {
                continue;
            }
            self.changes.push(match versions.iter().any(|i| i.state != IndexState::Retired) {
                true => SchemaChange::IndexChanged(self.name(&new.field)),
                false => SchemaChange::IndexAdded(self.name(&new.field)),
            });
            let again = versions.iter().any(|i| i.state == IndexState::Ready && same(i, &new));
            let (id, version) = match versions.last() {
                Some(latest) => (latest.id, latest.version.checked_add(1)),
                None => (next_index, Some(1)),
            };
            if versions.is_empty() {
                next_index = next_index.checked_add(1).ok_or_else(|| self.full())?;
            }
            // A version that was still being built is replaced; the one that answers meanwhile stays.
            for old in listed.iter_mut().filter(|i| i.field == new.field && i.state == IndexState::Building) {
                old.state = IndexState::Retired;
            }
            if !again {
                listed.push(StoredIndex { id, version: version.ok_or_else(|| self.full())?, ..new });
            }
        }
        let mut dropped = Vec::new();
        for old in listed.iter_mut().filter(|i| i.state != IndexState::Retired && !wanted.contains(&i.field)) {
            old.state = IndexState::Retired;
            if !dropped.contains(&old.field) {
                dropped.push(old.field.clone());
            }
        }
        self.changes.extend(dropped.iter().map(|key| SchemaChange::IndexDropped(self.name(key))).collect::<Vec<_>>());
        if listed.len() > MAX_LISTED_INDEXES {
            return Err(self.full());
        }
        Ok((listed, next_index))
    }

    fn full(&self) -> RecordError {
        self.schema.problem("the collection has had too many fields or index versions; start a new collection")
    }
}

fn building(
    field: StoredKey,
    unique: bool,
    normalizer: &Normalizer,
    version_of: &dyn Fn(&Normalizer) -> u16,
) -> StoredIndex {
    StoredIndex {
        id: 0,
        version: 0,
        field,
        unique,
        normalizer: normalizer.clone(),
        normalizer_version: version_of(normalizer),
        state: IndexState::Building,
    }
}

fn same(a: &StoredIndex, b: &StoredIndex) -> bool {
    (a.unique, &a.normalizer, a.normalizer_version) == (b.unique, &b.normalizer, b.normalizer_version)
}

const fn stored(classification: Classification) -> StoredClassification {
    match classification {
        Classification::Public => StoredClassification::Public,
        Classification::Internal => StoredClassification::Internal,
        Classification::Personal => StoredClassification::Personal,
        Classification::Sensitive => StoredClassification::Sensitive,
    }
}
