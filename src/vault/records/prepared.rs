//! A prepared write, with all that is needed to decide it again when it is committed later.
//!
//! Guarantees: a later decision is made on the record as it is then, which must still be at the revision that the write
//! was prepared for; the entry carries the time of that decision.

use std::sync::Arc;

use crate::audit::EntryBuilder;
use crate::error::{Error, Result};
use crate::format::Meta;
use crate::model::{Action, RecordId, Revision};
use crate::policy::{Denial, codes};

use crate::vault::commit::Write;
use crate::vault::gate::{About, Act, Exposed, Opened, Permit, retry_until_committed};
use crate::vault::handles::SessionInner;
use crate::vault::records::duplicate;
use crate::vault::records::read::{self, Stored};
use crate::vault::state::schema::CollectionCore;

/// Adds data subject, fields and revisions of a write to its entry.
pub(crate) type Describe = Box<dyn Fn(&mut EntryBuilder) + Send + Sync>;

/// A write that is prepared.
pub(crate) struct Prepared {
    pub(crate) write: Write,
    pub(crate) action: Action,
    pub(crate) collection: Arc<CollectionCore>,
    pub(crate) record: RecordId,
    /// Revision that the write changes; `None` for a new record.
    pub(crate) before: Option<Revision>,
    /// Fields that the write sets, if the decision names them.
    pub(crate) fields: Vec<String>,
    /// Owner that the write gives the record, if it does.
    pub(crate) new_owner: Option<String>,
    /// The record after the write, if the policy decides on that too.
    pub(crate) after: Option<(Meta, Exposed)>,
    /// Stored record that a new record is about, which the actor must be able to read.
    pub(crate) about: Option<(Arc<CollectionCore>, RecordId)>,
    /// Rest of the subject of the act, for the approval that the write rests on.
    pub(crate) told: About,
    /// True if the approval was used up before the record was shown.
    pub(crate) spent: bool,
    pub(crate) describe: Describe,
}

impl Prepared {
    /// Decides the write again and makes its entry anew.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Conflict`] if the record is now at another revision.
    pub(crate) fn decide_again(&mut self, session: &SessionInner) -> Result<()> {
        if let Some((of, id)) = &self.about {
            let act = session.act(Action::Read).on(of);
            // The entry of the write covers this read.
            let allowed = match read::stored(session, of, &of.layout(), *id)? {
                Stored::Row(row) => act.decide(Some(&row.1)).map_err(|denial| act.refuse_on(Some(&row.1), denial)),
                Stored::Gone(_) => Err(act.fail("conflict", Error::Conflict)),
            };
            act.told_elsewhere();
            allowed?;
        }
        let Self { write, action, collection, record, before, fields, new_owner, after, told, spent, describe, .. } =
            self;
        let names: Vec<&str> = fields.iter().map(String::as_str).collect();
        let asked: &[&str] = if before.is_some() { &names } else { &[] };
        let mut act = session.act(*action).on(collection).fields(asked).new_owner(new_owner.as_deref()).spent(*spent);
        act.about = told.clone();
        let permit = match (before, &after) {
            (None, Some((meta, exposed))) => act.permit_new(meta, exposed)?,
            (None, None) => act.permit()?,
            (Some(before), after) => {
                if *action == Action::Update {
                    act.reserved(1);
                }
                let row = match read::stored(session, collection, &collection.layout(), *record)? {
                    Stored::Row(row) if row.1.head().revision == *before => row.1,
                    Stored::Row(row) => return Err(act.fail_on(Some(&row.1), "conflict", Error::Conflict)),
                    Stored::Gone(_) => return Err(act.fail("conflict", Error::Conflict)),
                };
                let permit = act.permit_on(&row)?;
                writable(&act, Some(&row), &permit, &names)?;
                match after {
                    Some((meta, exposed)) => act.permit_after(&row, meta, exposed)?,
                    None => permit,
                }
            }
        };
        writable(&act, None, &permit, &names)?;
        let mut entry = act.entry(&permit);
        describe(&mut entry);
        write.entries.clear();
        write.decided = None;
        act.hand_over(entry, write)
    }

    /// Writes down that the write has failed.
    pub(crate) fn fail(&self, session: &SessionInner, code: &str) -> Result<()> {
        let act = session.act(self.action).on(&self.collection);
        let mut entry = act.failed(code);
        (self.describe)(&mut entry);
        act.record(entry).map(|_ticket| ())
    }
}

/// Refuses a write of fields that the permit doesn't allow to be written.
pub(crate) fn writable(act: &Act<'_>, row: Option<&Opened>, permit: &Permit, fields: &[&str]) -> Result<()> {
    match fields.iter().find(|field| !permit.write().contains(field)) {
        Some(field) => Err(not_writable(act, row, field)),
        None => Ok(()),
    }
}

/// Returns the refusal to write a field.
pub(crate) fn not_writable(act: &Act<'_>, row: Option<&Opened>, field: &str) -> Error {
    let denial = Denial::new(codes::FIELD_NOT_WRITABLE, format!("field `{field}` may not be written"))
        .for_user(format!("You may not write the field `{field}`."));
    act.refuse_fields(row, &[field], denial)
}

/// Prepares one write, again and again until it is committed; a write that changes nothing is done at once.
pub(crate) fn commit<R>(
    session: &SessionInner,
    action: Action,
    mut prepare: impl FnMut() -> Result<(Option<Prepared>, R)>,
) -> Result<R> {
    let prepare = || {
        let (prepared, answer) = prepare()?;
        let write = prepared.map(|prepared| prepared.write).unwrap_or_default();
        Ok((write, answer))
    };
    retry_until_committed(&session.core, Some(&session.tenant), prepare, |holder| {
        duplicate::told(session, action, None, &holder)
    })
}
