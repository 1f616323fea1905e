//! Saying what a role allows.

use crate::model::FieldSet;

/// What a role allows, as it is being said. [`Roles::role`](super::Roles::role) hands it out.
#[derive(Debug, Clone)]
#[must_use = "return it from the closure"]
pub struct Role {
    administer: bool,
    rules: Vec<Rule>,
}

/// What a role allows in one collection, as it is being said.
#[derive(Debug, Clone)]
#[must_use = "return it from the closure"]
pub struct Grant {
    role: Role,
    rule: Rule,
}

/// A finished grant.
#[derive(Debug, Clone, Default)]
pub(super) struct Rule {
    /// `None` is every collection.
    pub(super) collection: Option<String>,
    pub(super) create: Option<FieldSet>,
    pub(super) read: Option<FieldSet>,
    pub(super) update: Option<FieldSet>,
    pub(super) delete: bool,
    pub(super) own_only: bool,
    created_twice: bool,
}

impl Role {
    pub(super) const fn new() -> Self {
        Self { administer: false, rules: Vec::new() }
    }

    /// Allows to create tenants, define collections, verify the vault and change the policy. It shows no record.
    pub fn administer(mut self) -> Self {
        self.administer = true;
        self
    }

    /// Begins a grant on the collection of this name.
    pub fn on(self, collection: impl Into<String>) -> Grant {
        Grant { role: self, rule: Rule { collection: Some(collection.into()), ..Rule::default() } }
    }

    /// Begins a grant on every collection, those of the future included. It adds to the grants that name one.
    pub fn on_any(self) -> Grant {
        Grant { role: self, rule: Rule::default() }
    }

    pub(super) const fn administers(&self) -> bool {
        self.administer
    }

    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The mistakes in it, in words.
    pub(super) fn faults(&self, name: &str) -> Vec<String> {
        let mut faults = Vec::new();
        if name.trim().is_empty() {
            faults.push("a role has no name".to_owned());
        }
        for rule in &self.rules {
            let place = match rule.collection.as_deref() {
                Some(collection) if collection.trim().is_empty() => {
                    faults.push(format!(
                        "role `{name}` has a grant on a collection without a name: say `on_any` for all"
                    ));
                    continue;
                }
                Some(collection) => format!("on `{collection}`"),
                None => "on any collection".to_owned(),
            };
            let sets = [&rule.create, &rule.read, &rule.update];
            if !rule.delete && sets.iter().all(|set| set.is_none()) {
                faults.push(format!("role `{name}` is granted nothing {place}: say what, such as `read_all`"));
            }
            for set in sets.into_iter().flatten() {
                match set {
                    FieldSet::Only(names) if names.is_empty() => {
                        faults.push(format!("role `{name}` has an empty list of fields {place}"));
                    }
                    FieldSet::Only(names) if names.iter().any(|field| field.trim().is_empty()) => {
                        faults.push(format!("role `{name}` has a field without a name {place}"));
                    }
                    _ => {}
                }
            }
            if rule.created_twice {
                faults.push(format!(
                    "role `{name}` has both `create`, with every field, and `create_with` {place}: keep one"
                ));
            }
        }
        faults
    }
}

impl Grant {
    /// Allows to create records, with every field. See [`create_with`](Self::create_with) for some.
    pub fn create(mut self) -> Self {
        self.rule.created_twice |= matches!(self.rule.create, Some(FieldSet::Only(_)));
        self.rule.create = Some(FieldSet::All);
        self
    }

    /// Allows to create records with these fields and no others.
    pub fn create_with<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        self.rule.created_twice |= matches!(self.rule.create, Some(FieldSet::All));
        super::add(&mut self.rule.create, Some(&fields.into_iter().collect()));
        self
    }

    /// Allows to read these fields, and to list and search. All other fields are withheld.
    pub fn read<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        super::add(&mut self.rule.read, Some(&fields.into_iter().collect()));
        self
    }

    /// Allows to read every field, those of the future included, and to list and search.
    pub fn read_all(mut self) -> Self {
        self.rule.read = Some(FieldSet::All);
        self
    }

    /// Allows to change these fields.
    pub fn update<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        super::add(&mut self.rule.update, Some(&fields.into_iter().collect()));
        self
    }

    /// Allows to change every field, those of the future included.
    pub fn update_all(mut self) -> Self {
        self.rule.update = Some(FieldSet::All);
        self
    }

    /// Allows to delete records.
    pub fn delete(mut self) -> Self {
        self.rule.delete = true;
        self
    }

    /// Limits this grant, and no other, to records that the actor owns.
    pub fn own_only(mut self) -> Self {
        self.rule.own_only = true;
        self
    }

    /// Ends this grant and begins another, on the collection of this name. It may be the same collection.
    pub fn on(self, collection: impl Into<String>) -> Self {
        Role::from(self).on(collection)
    }

    /// Ends this grant and begins another, on every collection.
    pub fn on_any(self) -> Self {
        Role::from(self).on_any()
    }

    /// Ends this grant and allows administration too: see [`Role::administer`].
    pub fn administer(self) -> Role {
        Role::from(self).administer()
    }
}

impl From<Grant> for Role {
    fn from(grant: Grant) -> Self {
        let Grant { mut role, rule } = grant;
        role.rules.push(rule);
        role
    }
}
