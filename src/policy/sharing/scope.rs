//! The rows that a list has to look at.

use std::collections::BTreeSet;

use super::decide::Question;
use super::index::Said;
use crate::model::RecordId;
use crate::policy::{Filter, Scope};

impl Question<'_> {
    /// Returns every record that may be read, and perhaps more: a rule that asks for several things is narrowed by one of them.
    pub(super) fn scope(&self, said: &Said) -> Scope {
        let Some(collection) = self.request.collection.filter(|_| self.index.faults.is_empty()) else {
            return Scope::Nothing;
        };
        if self.table.default.is_some() {
            return Scope::All;
        }
        let actor = self.request.actor.id();
        let mut owners: BTreeSet<&str> = self.index.hierarchy.reports(actor).iter().map(String::as_str).collect();
        owners.extend(Some(actor).filter(|id| !id.is_empty()));
        let mut attributes: BTreeSet<(&str, &str)> = BTreeSet::new();
        for named in self.table.rules.iter().filter(|named| self.asker.is_among(&named.rule.to)) {
            let which = &named.rule.which;
            match which.attributes.first() {
                _ if !which.groups.is_empty() => owners.extend(said.in_all(&which.groups).map(String::as_str)),
                Some((field, value)) => {
                    attributes.insert((field, value));
                }
                // No index finds labels.
                None => return Scope::All,
            }
        }
        let records: BTreeSet<RecordId> =
            self.asker.grantees().flat_map(|with| self.facts.shared_with(collection, with)).collect();
        let owners = owners.into_iter().map(|owner| Filter::Owner(owner.to_owned()));
        let attributes = attributes
            .into_iter()
            .map(|(field, value)| Filter::Attribute { field: field.to_owned(), value: value.to_owned() });
        let filters: Vec<Filter> = owners.chain(attributes).chain(records.into_iter().map(Filter::Record)).collect();
        if filters.is_empty() { Scope::Nothing } else { Scope::Any(filters) }
    }
}
