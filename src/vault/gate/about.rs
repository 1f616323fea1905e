//! The subject of an act: all that an approval of it binds, and what of that those who approve it are shown.
//!
//! Guarantees: one encoding, of who does what where, of the record and its revision, and of all that the act says itself; its
//! MAC is under a key that goes with the data subject where there is a record, and salted with the approval's id. An act
//! whose encoding differs is another act. Values of records are bound and never shown. Does not: know whether an act has
//! said all that it is about; each says it where it begins.

use crate::crypto::{Context, Domain, Label, Mac, Zeroizing, expand_raw, same};
use crate::format::fact::{Approval, MAX_ABOUT, MAX_ABOUT_BYTES};
use crate::model::{Action, ApprovalId, IndexValue};
use crate::record::SearchValue;

use crate::vault::state::schema::CollectionCore;

use super::act::Act;
use super::opened::Opened;
use super::question::Question;
use super::sealing::Edited;

/// A longer text is cut where it is shown, not where it is bound.
const LONGEST: usize = 512;
/// The name of how many things there was no room to show, and the room for it.
const MORE: &str = "more";
const ROOM_FOR_MORE: usize = 8;

impl Act<'_> {
    /// Says what the act is about: a name, and a text for whoever approves it.
    pub(crate) fn told(mut self, what: &'static str, text: impl ToString) -> Self {
        if self.binds() {
            self.about.told.push((what, text.to_string()));
        }
        self
    }

    /// Says what the act is about, where there is such a thing.
    pub(crate) fn told_any(self, what: &'static str, text: Option<impl ToString>) -> Self {
        text.into_iter().fold(self, |act, text| act.told(what, text))
    }

    /// Says what the act is about that nobody is to be shown.
    pub(crate) fn untold(mut self, part: &[u8]) -> Self {
        if self.binds() {
            self.about.hide(part);
        }
        self
    }

    /// Says which value the act looks for.
    pub(crate) fn seeking(self, value: &SearchValue) -> Self {
        if !self.binds() {
            return self;
        }
        match value.clone().into_index_value() {
            IndexValue::Text(text) => self.untold(b"text").untold(Zeroizing::new(text).as_bytes()),
            IndexValue::Integer(number) => self.untold(b"number").untold(&number.to_be_bytes()),
            IndexValue::Bool(value) => self.untold(b"bool").untold(&[u8::from(value)]),
        }
    }

    /// Says which values the act writes into these fields; one without a value is removed.
    pub(crate) fn writing(mut self, edited: &Edited<'_>, names: &[&str]) -> Self {
        if self.binds() {
            for name in names {
                let value = edited.fields.iter().find(|field| field.name == *name).map(|field| field.bytes);
                self.about.hide(name.as_bytes());
                self.about.hide(&[u8::from(value.is_some())]);
                self.about.hide(value.unwrap_or_default());
            }
        }
        self
    }

    /// Says that the rest of what the act is about gets known only once its approval is used up.
    pub(crate) fn unfinished(mut self) -> Self {
        self.about.unfinished = true;
        self
    }

    /// Returns whether anybody wants to know what the act is about.
    pub(crate) fn binds(&self) -> bool {
        self.asked().approval.is_some() || self.asked().asking.is_some()
    }
}

impl Question<'_> {
    /// Returns whether an approval is for this very act.
    pub(super) fn is_approved_by(&self, id: ApprovalId, approval: &Approval, row: Option<&Opened>) -> bool {
        if approval.actor != self.actor.id() || approval.action != self.action {
            return false;
        }
        if self.about.is_some_and(|about| about.unfinished) {
            let known = |(name, text): &(&str, String)| {
                approval.about.iter().any(|(other, same)| other == name && *same == cut(text.clone()))
            };
            return row.is_some_and(|row| approval.record == Some(row.record()))
                && self.statement(row).iter().all(known);
        }
        self.bound(id, row).is_some_and(|mac| same(&mac, &approval.bound))
    }

    /// Returns the MAC of all that the act is about; `None` where its key can't be had.
    pub(crate) fn bound(&self, id: ApprovalId, row: Option<&Opened>) -> Option<Mac> {
        let row = self.row(row);
        let statement = self.statement(row);
        let mut context = Context::new(Domain::ApprovedAct)
            .bytes(self.tenant.map_or(&[0; 16], |tenant| tenant.id.as_bytes()))
            .bytes(id.as_bytes())
            .bytes(self.actor.id().as_bytes())
            .bytes(self.action.name().as_bytes())
            .bytes(self.collection.unwrap_or_default().as_bytes())
            .bytes(row.map(Opened::record).as_ref().map_or(&[], |record| record.as_bytes()))
            .u32(u32::try_from(statement.len()).ok()?);
        for (name, text) in &statement {
            context = context.bytes(name.as_bytes()).bytes(text.as_bytes());
        }
        let untold = self.about.map_or(&[][..], |about| &about.untold);
        let (info, mut mac) = ([context.as_bytes(), untold], Mac::default());
        match (row, self.tenant) {
            (Some(row), Some(tenant)) => {
                let slot = tenant.keys.slot_key(row.head().epoch, row.head().slot).ok()?;
                expand_raw(&slot, Label::Approved, &info, &mut mac).ok()?;
            }
            _ => self.facts.owner.expand(Label::Approved, &info, &mut mac).ok()?,
        }
        Some(mac)
    }

    /// Returns what approvers are shown of it: as much as there is room for, and how many things there was none for. Names
    /// of fields are user data where records name their own, so these are counted.
    pub(super) fn shown(&self, row: Option<&Opened>, collection: Option<&CollectionCore>) -> Vec<(String, String)> {
        let mut statement = self.statement(self.row(row));
        if let (None, Some(name)) = (collection, self.collection) {
            statement.insert(0, (COLLECTION, name.to_owned()));
        }
        if collection.is_some_and(|collection| collection.layout().schema.open) {
            let all = statement.len();
            statement.retain(|(name, _)| *name != FIELD);
            let fields = all.saturating_sub(statement.len());
            statement.extend((fields > 0).then(|| ("fields", fields.to_string())));
        }
        let mut room = MAX_ABOUT_BYTES.saturating_sub(ROOM_FOR_MORE);
        let mut more = 0usize;
        let mut shown = Vec::new();
        for (name, text) in statement {
            let text = cut(text);
            match room.checked_sub(name.len().saturating_add(text.len())) {
                Some(left) if shown.len() < MAX_ABOUT.saturating_sub(1) => {
                    room = left;
                    shown.push((name.to_owned(), text));
                }
                _ => more = more.saturating_add(1),
            }
        }
        shown.extend((more > 0).then(|| (MORE.to_owned(), more.to_string())));
        shown
    }

    /// Returns what the act is about but for what nobody is shown, the weightiest first.
    fn statement(&self, row: Option<&Opened>) -> Vec<(&'static str, String)> {
        let mut statement = self.about.map_or_else(Vec::new, |about| about.told.clone());
        if self.action == Action::Transfer {
            statement.push(match self.new_owner {
                Some(owner) => ("new owner", owner.to_owned()),
                None => ("no owner", String::new()),
            });
        }
        if let Some(row) = row {
            statement.push(("revision", row.head().revision.get().to_string()));
        }
        statement.extend(self.purpose.map(|purpose| ("purpose", purpose.to_owned())));
        statement.extend(self.rows.map(|rows| ("rows", rows.to_string())));
        statement.extend(self.fields.iter().map(|field| (FIELD, (*field).to_owned())));
        statement
    }

    /// A list is asked about as a whole; each of its rows is approved with it.
    fn row<'r>(&self, row: Option<&'r Opened>) -> Option<&'r Opened> {
        row.filter(|_| !self.action.is_bulk())
    }
}

/// The name of a collection that an act only names.
pub(crate) const COLLECTION: &str = "collection";
/// The name of each field that an act is about.
pub(crate) const FIELD: &str = "field";

fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        let end = (0..=LONGEST.saturating_sub(3)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}
