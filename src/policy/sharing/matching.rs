//! The records and the people that a rule is about.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::{Actor, Grantee, Resource};

/// Some records: those that meet all of this.
#[derive(Debug, Clone, Default)]
pub(in crate::policy) struct Criteria {
    pub(in crate::policy) collections: BTreeSet<String>,
    pub(in crate::policy) everywhere: bool,
    pub(in crate::policy) all_records: bool,
    /// Listed groups that the owner is in.
    pub(in crate::policy) groups: BTreeSet<String>,
    pub(in crate::policy) labels: BTreeSet<String>,
    pub(in crate::policy) attributes: BTreeSet<(String, String)>,
}

/// Some people: any of these.
#[derive(Debug, Clone, Default)]
pub(super) struct People {
    pub(super) actors: BTreeSet<String>,
    pub(super) roles: BTreeSet<String>,
    pub(super) groups: BTreeSet<String>,
}

/// A criterion that a record doesn't meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unmet<'a> {
    Group(&'a str),
    Label(&'a str),
    Attribute(&'a str, &'a str),
}

/// The actor who asks, with the groups they are in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) actor: &'a Actor,
    /// The groups that list them.
    pub(super) listed: &'a [String],
    /// The group that their session says they are in.
    pub(super) by_attribute: Option<&'a str>,
}

impl Criteria {
    /// Tells whether all records of the collection are meant.
    pub(super) fn is_every_record(&self) -> bool {
        self.groups.is_empty() && self.labels.is_empty() && self.attributes.is_empty()
    }

    /// Returns the first criterion that a record doesn't meet, by an owner who is listed in these groups.
    pub(super) fn unmet(&self, resource: &Resource<'_>, owners_groups: &[String]) -> Option<Unmet<'_>> {
        let group = self.groups.iter().find(|group| !owners_groups.contains(group)).map(|group| Unmet::Group(group));
        group
            .or_else(|| self.labels.iter().find(|label| !resource.has_label(label)).map(|label| Unmet::Label(label)))
            .or_else(|| {
                let differs = |(field, value): &&(String, String)| resource.attribute(field) != Some(value.as_str());
                self.attributes.iter().find(differs).map(|(field, value)| Unmet::Attribute(field, value))
            })
    }

    pub(super) fn faults(&self, which: &str) -> Vec<String> {
        let mut faults = Vec::new();
        if self.collections.is_empty() && !self.everywhere {
            faults.push(format!("{which} is about no collection: say `on`, or `on_any` for all"));
        }
        if self.collections.iter().any(|name| name.trim().is_empty()) {
            faults.push(format!("{which} is on a collection without a name: say `on_any` for all"));
        }
        if self.is_every_record() && !self.all_records {
            faults.push(format!("{which} doesn't say which records: say `all_records` if all of them are meant"));
        }
        if !self.is_every_record() && self.all_records {
            faults.push(format!("{which} is about all records and about some: take `all_records` away, or the rest"));
        }
        let blank = |text: &String| text.trim().is_empty();
        if self.groups.iter().chain(&self.labels).chain(self.attributes.iter().map(|(field, _)| field)).any(blank) {
            faults.push(format!("{which} asks for a group, a label or a field without a name: name it"));
        }
        let mut fields = self.attributes.iter().map(|(field, _)| field);
        let mut before = fields.next();
        for field in fields {
            if before == Some(field) {
                faults
                    .push(format!("{which} wants two values of the field `{field}` at once: write two, one for each"));
            }
            before = Some(field);
        }
        faults
    }
}

impl People {
    pub(super) fn is_empty(&self) -> bool {
        self.actors.is_empty() && self.roles.is_empty() && self.groups.is_empty()
    }

    pub(super) fn has_blank(&self) -> bool {
        [&self.actors, &self.roles, &self.groups].into_iter().flatten().any(|name| name.trim().is_empty())
    }
}

impl Asker<'_> {
    pub(super) fn is_among(&self, people: &People) -> bool {
        people.actors.contains(self.actor.id())
            || self.actor.roles().iter().any(|role| people.roles.contains(role))
            || (!people.groups.is_empty() && self.groups().any(|group| people.groups.contains(group)))
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = &str> {
        self.listed.iter().map(String::as_str).chain(self.by_attribute)
    }

    /// Returns all that records can be shared with and that mean this actor.
    pub(super) fn grantees(&self) -> impl Iterator<Item = Grantee<'_>> {
        let actor = Some(self.actor.id()).filter(|id| !id.is_empty()).map(Grantee::Actor);
        let roles = self.actor.roles().iter().map(|role| Grantee::Role(role));
        actor.into_iter().chain(self.groups().map(Grantee::Group)).chain(roles)
    }
}

impl fmt::Display for Unmet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(group) => write!(f, "its owner isn't listed in the group `{group}`"),
            Self::Label(label) => write!(f, "it hasn't the label `{label}`"),
            Self::Attribute(field, value) => write!(f, "its `{field}` isn't `{value}`, or isn't exposed"),
        }
    }
}
