//! The model: the records that the vault should hold, and its answers.

use std::collections::{BTreeMap, BTreeSet};

use super::types::{Customer, EMAILS, NAMES, paper};
use crate::error::{Error, Result};
use crate::model::{CollectionId, RecordId, Revision};
use crate::record::Document;
use crate::vault::Page;

/// One tenant.
#[derive(Default)]
pub(super) struct Model {
    pub(super) customers: Rows,
    pub(super) papers: Papers,
    /// True if the later type is defined.
    pub(super) evolved: bool,
}

/// The customers that there are and were.
#[derive(Default, Clone)]
pub(super) struct Rows {
    live: BTreeMap<RecordId, (Customer, Revision)>,
    gone: BTreeSet<RecordId>,
    /// In the order they were made.
    order: Vec<RecordId>,
}

/// The expected outcome of an update, before a revision is asked for: `None` for a record that isn't there.
pub(super) type Due = Option<Result<Option<Customer>, &'static str>>;

impl Rows {
    pub(super) fn nth(&self, n: usize) -> Option<RecordId> {
        self.order.get(n % (self.order.len() + 1)).copied()
    }

    pub(super) fn value(&self, id: RecordId) -> Option<&Customer> {
        self.live.get(&id).map(|(customer, _)| customer)
    }

    pub(super) fn revision(&self, id: RecordId) -> Option<Revision> {
        self.live.get(&id).map(|(_, revision)| *revision)
    }

    /// True if the record is there; `None` if it never was.
    pub(super) fn known(&self, id: RecordId) -> Option<bool> {
        if self.live.contains_key(&id) { Some(true) } else { self.gone.contains(&id).then_some(false) }
    }

    pub(super) fn ids(&self) -> Vec<RecordId> {
        self.live.keys().copied().collect()
    }

    pub(super) fn with_email(&self, kind: Option<u8>) -> Option<RecordId> {
        kind?;
        self.live.iter().find(|(_, (customer, _))| email(customer) == kind).map(|(id, _)| *id)
    }

    pub(super) fn with_name(&self, kind: Option<u8>) -> Vec<RecordId> {
        self.that(|customer| kind.is_some() && name(customer) == kind)
    }

    pub(super) fn with_name_and_level(&self, kind: Option<u8>, level: u8) -> Vec<RecordId> {
        self.that(|customer| kind.is_some() && name(customer) == kind && customer.level == level)
    }

    fn that(&self, wanted: impl Fn(&Customer) -> bool) -> Vec<RecordId> {
        self.live.iter().filter(|(_, (customer, _))| wanted(customer)).map(|(id, _)| *id).collect()
    }

    /// Holds an insert's outcome against what was due.
    pub(super) fn insert(&mut self, outcome: Result<RecordId>, value: Customer) {
        match (outcome, self.taken(&value, None)) {
            (Ok(id), false) => self.add(id, value),
            (Err(Error::Duplicate { field, .. }), true) => assert_eq!(field, "email"),
            (outcome, taken) => panic!("{outcome:?}, with the address taken: {taken}"),
        }
    }

    pub(super) fn try_insert(&mut self, id: RecordId, value: Customer) -> Result<(), &'static str> {
        if self.taken(&value, None) {
            return Err("email");
        }
        self.add(id, value);
        Ok(())
    }

    pub(super) fn update(&self, id: RecordId, change: impl FnOnce(&mut Customer)) -> Due {
        let (before, _) = self.live.get(&id)?;
        let mut after = before.clone();
        change(&mut after);
        if after == *before {
            return Some(Ok(None));
        }
        Some(if self.taken(&after, Some(id)) { Err("email") } else { Ok(Some(after)) })
    }

    pub(super) fn try_update(&mut self, id: RecordId, change: impl FnOnce(&mut Customer)) -> Result<(), &'static str> {
        if let Some(Some(after)) = self.update(id, change).transpose()? {
            self.store(id, after);
        }
        Ok(())
    }

    /// Holds an update's outcome against what was due.
    pub(super) fn settle(&mut self, id: RecordId, at: Option<Revision>, due: Due, outcome: Result<Revision>) {
        let Some(due) = due else {
            assert!(self.refused(id, &outcome), "{outcome:?}");
            return;
        };
        let present = self.revision(id);
        match (outcome, due) {
            (Err(Error::Conflict), _) if at.is_some() && at != present => {}
            (outcome, _) if at.is_some() && at != present => panic!("{outcome:?} at another revision"),
            (Ok(revision), Ok(None)) => assert_eq!(Some(revision), present),
            (Ok(revision), Ok(Some(after))) => {
                self.store(id, after);
                assert_eq!(Some(revision), self.revision(id));
            }
            (Err(Error::Duplicate { field, .. }), Err(due)) => assert_eq!(field, due),
            (outcome, due) => panic!("{outcome:?}, but {due:?} was due"),
        }
    }

    pub(super) fn delete(&mut self, id: RecordId, outcome: Result<()>) {
        if self.expects(id, &outcome) {
            self.remove(id);
        }
    }

    pub(super) fn got(&self, id: RecordId, found: Result<(Customer, Revision)>) {
        match self.live.get(&id) {
            Some(held) => assert_eq!(found.as_ref().ok(), Some(held)),
            None => assert!(self.refused(id, &found), "{found:?}"),
        }
    }

    /// Tells whether the record is there, as the outcome has to say.
    pub(super) fn expects<T: std::fmt::Debug>(&self, id: RecordId, outcome: &Result<T>) -> bool {
        let there = self.live.contains_key(&id);
        assert!(if there { outcome.is_ok() } else { self.refused(id, outcome) }, "{outcome:?}");
        there
    }

    pub(super) fn remove(&mut self, id: RecordId) {
        self.live.remove(&id);
        self.gone.insert(id);
    }

    pub(super) fn compare(&self, found: impl Iterator<Item = (RecordId, Customer, Revision)>) {
        let found: Vec<_> = found.collect();
        let held: Vec<_> = self.live.iter().map(|(id, (value, revision))| (*id, value.clone(), *revision)).collect();
        assert_eq!(found, held);
    }

    fn refused<T>(&self, id: RecordId, outcome: &Result<T>) -> bool {
        match outcome {
            Err(Error::Deleted) => self.gone.contains(&id),
            Err(Error::NotFound) => self.known(id).is_none(),
            _ => false,
        }
    }

    fn add(&mut self, id: RecordId, value: Customer) {
        assert_eq!(self.known(id), None, "an id was given out twice");
        self.live.insert(id, (value, Revision::FIRST));
        self.order.push(id);
    }

    fn store(&mut self, id: RecordId, value: Customer) {
        if let Some((held, revision)) = self.live.get_mut(&id) {
            *held = value;
            *revision = revision.next().unwrap();
        }
    }

    /// Tells whether another record has the address.
    fn taken(&self, value: &Customer, except: Option<RecordId>) -> bool {
        let kind = email(value);
        kind.is_some() && self.live.iter().any(|(id, (held, _))| Some(*id) != except && email(held) == kind)
    }
}

/// Documents about customers: whom each is about, and its tag.
#[derive(Default)]
pub(super) struct Papers(BTreeMap<RecordId, (RecordId, u8)>);

impl Papers {
    pub(super) fn insert(&mut self, known: Option<bool>, about: RecordId, tag: u8, outcome: Result<RecordId>) {
        match (outcome, known) {
            (Ok(id), Some(true)) => self.add(id, about, tag),
            (Err(Error::Deleted), Some(false)) | (Err(Error::NotFound), None) => {}
            (outcome, known) => panic!("{outcome:?}, known: {known:?}"),
        }
    }

    pub(super) fn add(&mut self, id: RecordId, about: RecordId, tag: u8) {
        assert!(self.0.insert(id, (about, tag)).is_none(), "an id was given out twice");
    }

    pub(super) fn nth(&self, n: usize) -> Option<RecordId> {
        self.0.keys().nth(n % (self.0.len() + 1)).copied()
    }

    pub(super) fn remove(&mut self, id: RecordId) {
        self.0.remove(&id);
    }

    pub(super) fn compare(&self, found: impl Iterator<Item = (RecordId, Option<(CollectionId, RecordId)>, Document)>) {
        let found: Vec<_> = found.map(|(id, about, value)| (id, about.map(|about| about.1), value)).collect();
        let held: Vec<_> = self.0.iter().map(|(id, (about, tag))| (*id, Some(*about), paper(*tag))).collect();
        assert!(found == held);
    }
}

/// Returns the ids of all pages, which are full but for the last.
pub(super) fn pages<T>(limit: usize, mut page: impl FnMut(Option<RecordId>) -> Result<Page<T>>) -> Vec<RecordId> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = page(after).unwrap();
        assert!(page.items.len() == limit || page.next.is_none());
        ids.extend(page.items.iter().map(|found| found.id));
        after = page.next;
        if after.is_none() {
            return ids;
        }
    }
}

fn email(customer: &Customer) -> Option<u8> {
    EMAILS.iter().find(|(email, _)| *email == customer.email.as_deref()).and_then(|(_, kind)| *kind)
}

fn name(customer: &Customer) -> Option<u8> {
    NAMES.iter().find(|(name, _)| *name == customer.name).and_then(|(_, kind)| *kind)
}
