//! Explanations why a record is shared with somebody, or isn't: every rule that was looked at.

use super::decide::Question;
use super::index::Named;
use super::level::Level;
use super::rules::SharingRule;
use crate::model::{Action, Grantee, Resource};
use crate::policy::{Decision, Explanation, Looked, PolicyError, codes};

impl Question<'_> {
    pub(super) fn explain(&self, decision: Result<Decision, PolicyError>) -> Explanation {
        let missing = match &decision {
            Ok(Decision::Deny(denial)) if denial.code != codes::POLICY_INVALID => Some(self.missing(denial.forbids)),
            _ => None,
        };
        let explanation = Explanation::of("sharing", decision);
        if !self.index.faults.is_empty() {
            let faults = self.index.faults.iter();
            return explanation.looked_at(faults.map(|fault| Looked::new("settings", true, fault.as_str())));
        }
        let explanation = explanation.looked_at(self.restrictions());
        let explanation = match (Level::of(self.request.action), self.request.resource) {
            (None, _) if self.request.action != Action::Create => {
                explanation.looked_at([Looked::new("sharing", false, "whose record it is doesn't matter to this act")])
            }
            (_, None) if self.request.action.is_bulk() => {
                explanation.looked_at([Looked::new("sharing", true, "each record is decided by itself")])
            }
            (level, resource) => explanation.looked_at(self.grants(level.unwrap_or(Level::Full), resource)),
        };
        match missing {
            Some(missing) => explanation.missing(missing),
            None => explanation,
        }
    }

    fn restrictions(&self) -> impl Iterator<Item = Looked> {
        self.table.restrictions.iter().map(|named| {
            let unmet = self.request.resource.and_then(|resource| named.rule.which.unmet(resource, &[]));
            let excepted = self.asker.is_among(&named.rule.except);
            let (applied, why) = match (excepted, self.request.resource, unmet) {
                (true, ..) => (false, "the actor is excepted".to_owned()),
                (_, _, Some(unmet)) => (false, unmet.to_string()),
                (_, Some(_), None) => (true, "it holds the record back from the actor".to_owned()),
                (_, None, None) => (false, "it may hold some records back from the actor".to_owned()),
            };
            Looked::new(format!("restriction {}", named.name), applied, why)
        })
    }

    fn grants(&self, level: Level, resource: Option<&Resource<'_>>) -> Vec<Looked> {
        let enough = |given: Level| given >= level;
        let gives = |given: Level| {
            let short = if enough(given) { "" } else { ", and the act asks for more" };
            format!("it gives: {}{short}", given.name())
        };
        let mut looked = Vec::new();
        let default = self.table.default;
        let why = default.map_or_else(|| "it gives nothing".to_owned(), gives);
        looked.push(Looked::new(&*self.table.default_rule, default.is_some_and(enough), why));
        let Some(resource) = resource else {
            looked.extend(self.table.rules.iter().map(|named| {
                let which = &named.rule.which;
                let reach = self.reach(named, level);
                let all = which.is_every_record();
                let why = reach.or((!all).then(|| "it isn't about every record".to_owned()));
                let applied = why.is_none();
                Looked::new(format!("rule {}", named.name), applied, why.unwrap_or_else(|| "it applies".to_owned()))
            }));
            let none = "the record isn't known, so neither is its owner, nor with whom it is shared";
            looked.push(Looked::new("owner, manager, share", false, none));
            return looked;
        };
        let owner =
            resource.owner.map_or_else(|| "nobody owns it".to_owned(), |owner| format!("its owner is `{owner}`"));
        looked.push(Looked::new("owner", self.request.is_own(), owner.as_str()));
        let manages = self.manages(resource);
        let why = match manages {
            true => gives(self.index.managers),
            false => format!("{owner}, whom the actor doesn't manage"),
        };
        looked.push(Looked::new("manager", manages && enough(self.index.managers), why));
        if self.request.action == Action::Create {
            return looked;
        }
        let groups = self.owners_groups(resource);
        looked.extend(self.table.rules.iter().map(|named| {
            let unmet = named.rule.which.unmet(resource, groups).map(|unmet| unmet.to_string());
            let why = self.reach(named, level).or(unmet);
            let applied = why.is_none();
            Looked::new(format!("rule {}", named.name), applied, why.unwrap_or_else(|| "it applies".to_owned()))
        }));
        looked.extend(self.asker.grantees().map(|with| {
            let given = resource.id.and_then(|id| self.facts.share(id, with)).map(Level::from);
            let why = given.map_or_else(|| "the record isn't shared with them".to_owned(), gives);
            Looked::new(format!("share with {}", said(with)), given.is_some_and(enough), why)
        }));
        looked
    }

    /// Says why a rule gives the actor too little of any record.
    fn reach(&self, named: &Named<SharingRule>, level: Level) -> Option<String> {
        match named.rule.level {
            _ if !self.asker.is_among(&named.rule.to) => Some("it isn't for the actor".to_owned()),
            Some(given) if given < level => Some(format!("it gives: {}, and the act asks for more", given.name())),
            _ => None,
        }
    }

    /// Says the least that would have to change.
    fn missing(&self, forbidden: bool) -> String {
        let actor = self.request.actor.id();
        let level = match (Level::of(self.request.action), self.request.action) {
            (_, Action::Create) => return format!("an owner of the new record who is `{actor}` or reports to them"),
            (None, _) | (Some(Level::Read), _) => Level::Read,
            (Some(level), _) => level,
        };
        if self.request.collection.is_none() {
            return "a collection in the request".to_owned();
        }
        let resource = self.request.resource;
        if let Some(restriction) = resource.and_then(|resource| self.restriction(resource)) {
            return format!("an exception for `{actor}` from the restriction `{}`", restriction.name);
        }
        if forbidden {
            return format!("an exception for `{actor}` from every restriction on the collection");
        }
        if level == Level::Full {
            return format!(
                "owning the record, or managing its owner: transfer it to `{actor}`, or let the owner do it"
            );
        }
        let groups = resource.map(|resource| self.owners_groups(resource)).unwrap_or_default();
        let about = |named: &&std::sync::Arc<Named<SharingRule>>| match resource {
            Some(resource) => named.rule.which.unmet(resource, groups).is_none(),
            None => named.rule.which.is_every_record(),
        };
        let mut rules: Vec<_> = self.table.rules.iter().filter(about).collect();
        // A rule that is for the actor already is nearer than one that isn't.
        rules.sort_by_key(|named| !self.asker.is_among(&named.rule.to));
        match rules.first() {
            Some(named) if self.asker.is_among(&named.rule.to) => {
                format!("`write` in the rule `{}`, which lets `{actor}` only read it", named.name)
            }
            Some(named) if named.rule.level >= Some(level) => {
                format!("`{actor}` among those whom the rule `{}` is for; or a share with them", named.name)
            }
            _ => format!("a share of the record with `{actor}`, one of their groups or roles, to {}", level.name()),
        }
    }
}

fn said(with: Grantee<'_>) -> String {
    match with {
        Grantee::Actor(id) => format!("the actor `{id}`"),
        Grantee::Role(role) => format!("the role `{role}`"),
        Grantee::Group(group) => format!("the group `{group}`"),
    }
}
