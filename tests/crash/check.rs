//! Holds a vault against a model of what was promised.

use std::collections::{BTreeMap, BTreeSet};

use strongroom::{Collection, Error, Found, Record, RecordId, Session, Vault};

use super::model::{Change, Held, Kind, Model, Place};
use super::office::{Customer, Note, clerk};
use super::work::{customers, notes};
use super::{said, text};

/// The live records that a vault was found to hold, tenants and definitions.
#[derive(Default)]
pub struct Seen {
    records: BTreeMap<Place, (RecordId, u32)>,
    tenants: BTreeSet<String>,
    defined: BTreeSet<(String, String, String)>,
}

/// The extent of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Every record is read; those that were deleted, and what the indexes find, for the latest operations only.
    Quick,
    /// Everything.
    Full,
}

/// Checks that all that was acknowledged is there, and what wasn't is there whole or not at all.
pub fn check(vault: &Vault, model: &Model, depth: Depth) -> Result<Seen, String> {
    for notice in vault.health().notices {
        // Everything else says that something is wrong.
        if !["adopted ", "removed ", "set the unreadable snapshot "].iter().any(|fine| notice.starts_with(fine)) {
            return Err(format!("the vault says while opening: {notice}"));
        }
    }
    let seen = look(vault, model, depth)?;
    if let Some(tenant) = model.tenants.difference(&seen.tenants).next() {
        return Err(format!("tenant {tenant} was acknowledged and is lost"));
    }
    if let Some((tenant, collection, field)) = model.defined.difference(&seen.defined).next() {
        return Err(format!("{tenant}/{collection} with {field:?} was acknowledged and is lost"));
    }
    let mut open = BTreeSet::new();
    for (op, changes) in &model.pending {
        let done: Vec<bool> = changes.iter().map(|change| seen.has(change)).collect();
        if done.contains(&true) && done.contains(&false) {
            return Err(format!("operation {op} is there in part: {changes:?}, {done:?}"));
        }
        open.extend(changes.iter().filter_map(|c| if let Change::Record(place, _) = c { Some(place) } else { None }));
    }
    for (place, held) in &model.records {
        let found = seen.records.get(place);
        if let Some((id, _)) = found
            && *id != held.id
        {
            return Err(format!("{place} has another id"));
        }
        let version = found.map(|(_, version)| *version);
        if version == held.version || seen.tried(model, place, version) {
            continue;
        }
        return Err(match held.version {
            Some(expected) => format!("{place} was acknowledged at version {expected} and is at {version:?}: lost"),
            None => format!("{place} was acknowledged as deleted and is back"),
        });
    }
    for place in seen.records.keys() {
        if !model.records.contains_key(place) && !open.contains(place) {
            return Err(format!("{place} is there, and nobody wrote it"));
        }
    }
    Ok(seen)
}

impl Seen {
    /// Tells whether a change that was tried is there.
    fn has(&self, change: &Change) -> bool {
        match change {
            Change::Vault => true,
            Change::Tenant(name) => self.tenants.contains(name),
            Change::Define(tenant, collection, field) => {
                self.defined.contains(&(tenant.clone(), collection.clone(), field.clone()))
            }
            Change::Record(place, version) => self.records.get(place).map(|(_, version)| *version) == *version,
        }
    }

    /// Tells whether an operation under way would leave the record like this.
    fn tried(&self, model: &Model, place: &Place, version: Option<u32>) -> bool {
        let wanted = Change::Record(place.clone(), version);
        model.pending.values().any(|changes| changes.contains(&wanted))
    }

    /// Settles what wasn't acknowledged: from now on the model holds what was found.
    pub fn settle(&self, model: &mut Model) -> Result<(), String> {
        for (_, changes) in std::mem::take(&mut model.pending) {
            for change in changes {
                if !self.has(&change) {
                    continue;
                }
                let id = match &change {
                    Change::Record(place, _) => {
                        let there = self.records.get(place).map(|(id, _)| *id);
                        there.or_else(|| model.records.get(place).map(|held| held.id))
                    }
                    _ => None,
                };
                // A record that was never acknowledged, and of whose deletion it wasn't either: it isn't there.
                if id.is_some() || !matches!(change, Change::Record(..)) {
                    model.happened(change, id)?;
                }
            }
        }
        Ok(())
    }
}

fn look(vault: &Vault, model: &Model, depth: Depth) -> Result<Seen, String> {
    let mut seen = Seen::default();
    for tenant in vault.tenants() {
        let name = tenant.name().to_owned();
        let session = tenant.session(clerk()).map_err(said("a session"))?;
        let look = Look { model, depth, tenant: &name, session: &session };
        for collection in tenant.collections() {
            match Kind::ALL.into_iter().find(|kind| kind.name() == collection) {
                Some(Kind::Customers) => look.customers(&mut seen)?,
                Some(Kind::Notes) => look.notes(&mut seen)?,
                None => return Err(format!("nobody defined {name}/{collection}")),
            }
        }
        seen.tenants.insert(name);
    }
    Ok(seen)
}

/// Tells whether a field has an index that is complete: a definition that was cut short leaves one that isn't, or none.
pub fn indexed<T: Record + 'static>(all: &Collection<T>, field: &str) -> Result<bool, String> {
    let none: strongroom::record::SearchValue = if field == "key" { 0_u64.into() } else { "nobody@example.com".into() };
    match all.find(field, none, None, 1) {
        Ok(_) => Ok(true),
        Err(Error::NotIndexed { .. } | Error::IndexNotReady { .. }) => Ok(false),
        Err(error) => Err(format!("searching by {field}: {}", text(&error))),
    }
}

struct Look<'a> {
    model: &'a Model,
    depth: Depth,
    tenant: &'a str,
    session: &'a Session,
}

impl Look<'_> {
    fn customers(&self, seen: &mut Seen) -> Result<(), String> {
        let all = customers(self.session)?;
        self.read(
            &all,
            Kind::Customers,
            seen,
            |c| (c.key, c.version),
            |found| found.value == Customer::new(found.value.key, found.value.version),
        )?;
        if !indexed(&all, "email")? || !indexed(&all, "name")? {
            return Ok(());
        }
        seen.defined.insert((self.tenant.to_owned(), "customers".to_owned(), String::new()));
        let city = indexed(&all, "city")?;
        if city {
            seen.defined.insert((self.tenant.to_owned(), "customers".to_owned(), "city".to_owned()));
        }
        let chosen = self.chosen(seen, Kind::Customers);
        for (place, id, version) in &chosen {
            let expected = Customer::email(place.key, *version);
            let by_email = all.find_unique("email", expected.to_uppercase()).map_err(said("searching"))?;
            if by_email.map(|found| found.id) != Some(*id) {
                return Err(format!("{place} isn't found by its e-mail address"));
            }
            if let Some(before) = version.checked_sub(2) {
                let old = Customer::email(place.key, before);
                if all.find_unique("email", old).map_err(said("searching"))?.is_some() {
                    return Err(format!("{place} is still found by its old e-mail address"));
                }
            }
        }
        let name: fn(u64, u32) -> &'static str = |key, _| Customer::name(key);
        let fields = [("name", name), ("city", Customer::city)];
        for (field, of) in fields.into_iter().take(if city { 2 } else { 1 }) {
            let values: BTreeSet<&str> = chosen.iter().map(|(place, _, version)| of(place.key, *version)).collect();
            for value in values {
                let found = all.find(field, value, None, 1_000).map_err(said("searching"))?;
                let found: BTreeSet<RecordId> = found.items.iter().map(|found| found.id).collect();
                let expected = seen.records.iter().filter(|(place, (_, version))| {
                    (place.kind, &*place.tenant) == (Kind::Customers, self.tenant) && of(place.key, *version) == value
                });
                if found != expected.map(|(_, (id, _))| *id).collect() {
                    return Err(format!("searching {}/customers by {field} finds others than it should", self.tenant));
                }
            }
        }
        Ok(())
    }

    fn notes(&self, seen: &mut Seen) -> Result<(), String> {
        let all = notes(self.session)?;
        self.read(
            &all,
            Kind::Notes,
            seen,
            |n| (n.key, n.version),
            |found| {
                let note = &found.value;
                let of = Place { tenant: self.tenant.to_owned(), kind: Kind::Customers, key: note.customer };
                let about = found.meta.about().map(|(_, record)| record);
                // Of a note that wasn't acknowledged the customer may not be known either.
                let known = self.model.records.get(&of).is_none_or(|held| about == Some(held.id));
                known && about.is_some() && *note == Note::new(note.key, note.version, note.customer)
            },
        )?;
        if !indexed(&all, "key")? {
            return Ok(());
        }
        seen.defined.insert((self.tenant.to_owned(), "notes".to_owned(), String::new()));
        for (place, id, _) in self.chosen(seen, Kind::Notes) {
            if all.find_unique("key", place.key).map_err(said("searching"))?.map(|found| found.id) != Some(id) {
                return Err(format!("{place} isn't found by its key"));
            }
        }
        Ok(())
    }

    /// Reads every record of a collection.
    fn read<T: Record + 'static>(
        &self,
        all: &Collection<T>,
        kind: Kind,
        seen: &mut Seen,
        number: impl Fn(&T) -> (u64, u32),
        right: impl Fn(&Found<T>) -> bool,
    ) -> Result<(), String> {
        for found in all.iter(500) {
            let found = found.map_err(said(format!("listing {}/{}", self.tenant, kind.name())))?;
            let (key, version) = number(&found.value);
            let place = Place { tenant: self.tenant.to_owned(), kind, key };
            if !right(&found) {
                return Err(format!("{place} at version {version} has a content that nobody wrote"));
            }
            if found.revision.get() != u64::from(version) + 1 {
                return Err(format!("{place} at version {version} is at revision {}", found.revision.get()));
            }
            if seen.records.insert(place.clone(), (found.id, version)).is_some() {
                return Err(format!("{place} is there twice"));
            }
        }
        let of = |place: &Place| place.tenant == self.tenant && place.kind == kind;
        let deleted = |place: &Place, held: &Held| -> Result<(), String> {
            if held.version.is_some() || seen.records.contains_key(place) {
                return Ok(());
            }
            match all.get(held.id) {
                Err(Error::Deleted) => Ok(()),
                Err(error) => Err(format!("{place} was deleted, and reading it says: {}", text(&error))),
                Ok(_) => Err(format!("{place} was deleted and is read all the same")),
            }
        };
        match self.depth {
            Depth::Full => self.model.records.iter().filter(|(p, _)| of(p)).try_for_each(|(p, held)| deleted(p, held)),
            Depth::Quick => {
                let latest = self.model.latest.iter().filter(|place| of(place));
                latest.filter_map(|p| self.model.records.get_key_value(p)).try_for_each(|(p, held)| deleted(p, held))
            }
        }
    }

    /// Returns the records that are looked for in the indexes.
    fn chosen(&self, seen: &Seen, kind: Kind) -> Vec<(Place, RecordId, u32)> {
        let of = seen.records.iter().filter(|(place, _)| place.tenant == self.tenant && place.kind == kind);
        let latest = |place: &Place| self.depth == Depth::Full || self.model.latest.contains(place);
        of.filter(|(place, _)| latest(place)).map(|(place, (id, version))| (place.clone(), *id, *version)).collect()
    }
}
