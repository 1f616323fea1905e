//! One question, decided.

use std::sync::Arc;

use super::index::{Index, Named, Table};
use super::level::Level;
use super::matching::Asker;
use super::rules::Restriction;
use crate::model::{Action, Facts, FieldSet, Request, Resource};
use crate::policy::{Decision, Denial, Permission, codes};

/// A request, with all that is known about who asks and where.
pub(super) struct Question<'a> {
    pub(super) index: &'a Index,
    pub(super) table: &'a Table,
    pub(super) asker: Asker<'a>,
    pub(super) request: &'a Request<'a>,
    pub(super) facts: &'a dyn Facts,
}

impl<'a> Question<'a> {
    pub(super) fn new(index: &'a Index, request: &'a Request<'a>, facts: &'a dyn Facts) -> Self {
        let table = index.table(request.collection.unwrap_or_default());
        Self { index, table, asker: index.asker(request), request, facts }
    }

    pub(super) fn decide(&self) -> Decision {
        if !self.index.faults.is_empty() {
            return Denial::new(codes::POLICY_INVALID, self.index.faults.join("; ")).into();
        }
        let held_back = self.request.resource.and_then(|resource| self.restriction(resource));
        if let Some(restriction) = held_back {
            let shared = Level::of(self.request.action).zip(self.request.resource);
            let shared = shared.is_none_or(|(level, resource)| self.shared(resource, level).is_some());
            return match self.restricted(&restriction.name) {
                // Whom nothing shares it with is answered as for a record that isn't there.
                Decision::Deny(denial) if !shared => Denial { code: codes::NOT_SHARED.into(), ..denial }.into(),
                decision => decision,
            };
        }
        match (self.request.action, Level::of(self.request.action), self.request.resource) {
            (Action::Create, _, resource) => self.create(resource),
            (_, None, _) => Decision::no_objection(Arc::clone(&self.index.words.no_say)),
            _ if self.request.collection.is_none() => self.not_shared(false),
            (action, Some(level), None) if action.is_bulk() => level.permit(&self.index.words.each),
            (_, Some(level), None) => self.unknown(level),
            (_, Some(level), Some(resource)) => {
                self.shared(resource, level).map_or_else(|| self.not_shared(false), |rule| level.permit(rule))
            }
        }
    }

    /// Returns the first rule that gives so much of a record.
    fn shared(&self, resource: &Resource<'_>, level: Level) -> Option<&'a Arc<str>> {
        let (index, table) = (self.index, self.table);
        if table.default >= Some(level) {
            return Some(&table.default_rule);
        }
        if self.request.is_own() {
            return Some(&index.words.owner);
        }
        if index.managers >= level && self.manages(resource) {
            return Some(&index.words.manager);
        }
        let owners_groups = self.owners_groups(resource);
        let by_rule = table.rules.iter().find(|named| {
            let rule = &named.rule;
            rule.level >= Some(level)
                && self.asker.is_among(&rule.to)
                && rule.which.unmet(resource, owners_groups).is_none()
        });
        if let Some(named) = by_rule {
            return Some(&named.name);
        }
        let id = resource.id.filter(|_| level < Level::Full)?;
        let given = |with| self.facts.share(id, with).is_some_and(|access| Level::from(access) >= level);
        self.asker.grantees().any(given).then_some(&index.words.share)
    }

    /// Decides about a record that doesn't exist, or isn't known yet: what is shared of any record at all.
    fn unknown(&self, level: Level) -> Decision {
        let by_default = (self.table.default >= Some(level)).then_some(&self.table.default_rule);
        let any = by_default.or_else(|| {
            let named = self.table.rules.iter().find(|named| {
                let rule = &named.rule;
                rule.level >= Some(level) && rule.which.is_every_record() && self.asker.is_among(&rule.to)
            });
            named.map(|named| &named.name)
        });
        // Another policy may permit this of any record: it must not tell those that a restriction holds back, which
        // exist, from those that don't.
        let held_back = self.table.restrictions.iter().find(|named| !self.asker.is_among(&named.rule.except));
        match (any, held_back) {
            (Some(rule), None) => level.permit(rule),
            (Some(_), Some(restriction)) => self.restricted(&restriction.name),
            (None, held_back) => self.not_shared(held_back.is_some()),
        }
    }

    fn create(&self, resource: Option<&Resource<'_>>) -> Decision {
        let words = &self.index.words;
        let rule = resource.and_then(|resource| match resource.owner {
            None => (self.table.default >= Some(Level::Write)).then_some(&self.table.default_rule),
            Some(_) if self.request.is_own() => Some(&words.owner),
            Some(_) if self.index.managers == Level::Full && self.manages(resource) => Some(&words.manager),
            Some(_) => None,
        });
        match (rule, self.request.collection) {
            (Some(rule), Some(_)) => Permission::new(Arc::clone(rule)).read(FieldSet::All).write(FieldSet::All).into(),
            _ => {
                let why = format!(
                    "{} by `{}`: a record is created for oneself or for whom one manages, and for nobody only in a \
                     collection with `public_write`",
                    self.place(),
                    self.request.actor.id()
                );
                Denial::not_granted(codes::NOT_OWNER, why).into()
            }
        }
    }

    /// Returns the restriction that holds a record back from the actor.
    pub(super) fn restriction(&self, resource: &Resource<'_>) -> Option<&'a Arc<Named<Restriction>>> {
        let holds = |named: &&Arc<Named<Restriction>>| {
            named.rule.which.unmet(resource, &[]).is_none() && !self.asker.is_among(&named.rule.except)
        };
        self.table.restrictions.iter().find(holds)
    }

    pub(super) fn manages(&self, resource: &Resource<'_>) -> bool {
        resource.owner.is_some_and(|owner| self.index.hierarchy.manages(self.request.actor.id(), owner))
    }

    pub(super) fn owners_groups(&self, resource: &Resource<'_>) -> &'a [String] {
        resource.owner.map(|owner| self.index.groups_of(owner)).unwrap_or_default()
    }

    /// Names the act and the collection, in words.
    pub(super) fn place(&self) -> String {
        match self.request.collection {
            Some(collection) => format!("{} on `{collection}`", self.request.action),
            None => format!("{} without a collection", self.request.action),
        }
    }

    /// Denies alike whether the record exists or not.
    fn not_shared(&self, forbids: bool) -> Decision {
        let why = format!("{}: nothing shares the record with `{}`", self.place(), self.request.actor.id());
        Denial { forbids, ..Denial::not_granted(codes::NOT_SHARED, why) }.into()
    }

    fn restricted(&self, name: &str) -> Decision {
        let why = format!(
            "{}: the restriction `{name}` holds it back from `{}`, who isn't among its exceptions",
            self.place(),
            self.request.actor.id()
        );
        Denial::new(codes::RESTRICTED, why).rule(name.to_owned()).into()
    }
}
