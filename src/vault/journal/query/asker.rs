//! Who asks the journal: their permit, the entry of what they ask, the ticket for the answer.
//!
//! Guarantees: the policy is asked about [`Action::ReadJournal`], and what is asked is in the journal before the answer is
//! given. Does not: read the journal.

use std::sync::Arc;

use crate::audit::{Outcome, Subject};
use crate::error::{Error, Result};
use crate::model::{Action, Actor, CollectionId, Grantee, Pseudonym, RecordId, Revision, Timestamp};
use crate::vault::core::Core;
use crate::vault::gate::entries;
use crate::vault::gate::{Permit, Question};
use crate::vault::commit::intake::Ticket;
use crate::vault::state::tenant::TenantCore;

use crate::vault::journal::query::subject::{Known, known};
use crate::vault::journal::query::walk::Walker;

/// The longest id of an actor that can be asked about, in bytes: what an entry can name as another party.
const ACTOR: usize = 1_000;

/// Somebody who asks.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) core: &'a Arc<Core>,
    /// `None`: the vault's own journal is asked.
    pub(crate) tenant: Option<&'a Arc<TenantCore>>,
    pub(crate) actor: &'a Actor,
    pub(crate) purpose: Option<&'a str>,
    pub(crate) because: Option<&'a str>,
}

/// Whom a question is about, as it is asked.
#[derive(Clone)]
pub(crate) enum About {
    Pseudonym(String),
    Record(String, RecordId),
}

/// Whom a question is about, found out.
#[derive(Clone, Copy)]
pub(crate) struct Meant {
    pub(crate) pseudonym: Pseudonym,
    /// The record, where it is one.
    pub(crate) record: Option<(CollectionId, RecordId, Known)>,
}

impl Meant {
    /// How the entry of the question names them. Revision 0 stands for none.
    fn subject(&self) -> Subject {
        let none = Subject { pseudonym: self.pseudonym, number: 0, revision: Revision::new(0) };
        self.record.map_or(none, |(.., known)| known.subject())
    }
}

impl<'a> Asker<'a> {
    pub(crate) const fn new(
        core: &'a Arc<Core>,
        tenant: Option<&'a Arc<TenantCore>>,
        actor: &'a Actor,
    ) -> Self {
        Self { core, tenant, actor, purpose: None, because: None }
    }

    pub(crate) fn admitted(&self) -> Result<Permit> {
        self.core.ready()?;
        let question = self.question();
        self.core.gate.permit(&question).map_err(|denial| {
            match entries::denied(&self.core.gate, &question, None, &denial) {
                Ok(entry) => self.core.denied(self.tenant, entry, true, denial),
                Err(error) => error,
            }
        })
    }

    /// The part of the journal that is asked, as it is now.
    pub(crate) fn walker(&self) -> Result<Walker> {
        Walker::new(self.core, self.tenant.map(|tenant| tenant.id))
    }

    /// Finds out whom a question is about. What can't be found is written down.
    pub(crate) fn meant(&self, about: &About) -> Result<Meant> {
        let (collection, found) = match about {
            About::Pseudonym(text) => {
                let pseudonym = text.parse().map_err(|_| {
                    let why =
                        "a data subject is named by its pseudonym: see `Metadata::pseudonym`, `Subject::pseudonym`";
                    Error::NotPossible { what: "question about a data subject", why }
                });
                return pseudonym.map(|pseudonym| Meant { pseudonym, record: None });
            }
            About::Record(collection, record) => {
                let Some(tenant) = self.tenant else {
                    let why = "the vault's own journal names no records: ask the tenant's";
                    return Err(Error::NotPossible { what: "question about a record", why });
                };
                match tenant.collection(collection) {
                    Err(error) => (None, Err(error)),
                    Ok(collection) => {
                        let found = known(self.core, tenant, &collection, *record);
                        let meant = |known: Known| Meant {
                            pseudonym: known.pseudonym,
                            record: Some((collection.id, *record, known)),
                        };
                        (Some(collection.id), found.map(meant))
                    }
                }
            }
        };
        let code = match &found {
            Ok(_) => return found,
            Err(Error::UnknownCollection { .. }) => "unknown_collection",
            Err(Error::NotFound) => "not_found",
            Err(Error::Erased) => "erased",
            Err(_) => "unreadable",
        };
        let entry = entries::failed(&self.core.gate, &self.question(), collection, code)?;
        self.core.record(self.tenant, entry)?;
        found
    }

    /// Checks the id of an actor who is asked about.
    pub(crate) fn check_actor(actor: Option<&str>) -> Result<()> {
        match actor {
            Some(actor) if actor.is_empty() || actor.len() > ACTOR => {
                Err(Error::BadName { what: "actor who is asked about", limit: ACTOR })
            }
            _ => Ok(()),
        }
    }

    /// Checks the times that are asked about: an empty answer must not come of a slip.
    pub(crate) fn check_times(from: Option<Timestamp>, until: Option<Timestamp>) -> Result<()> {
        match (from, until) {
            (Some(from), Some(until)) if until < from => Err(Error::NotPossible {
                what: "question about these times",
                why: "they end before they begin: give `between` the earlier one first",
            }),
            _ => Ok(()),
        }
    }

    /// Writes down what was asked, and how many rows the answer has: entries, or people.
    pub(crate) fn note(
        &self,
        permit: &Permit,
        what: &str,
        actor: Option<&str>,
        meant: Option<Meant>,
        rows: usize,
    ) -> Result<Ticket> {
        // An alarm that the policy obliges to goes before what it was.
        let code = if permit.notify().is_empty() { what } else { permit.notify() };
        let collection = meant.and_then(|meant| meant.record.map(|(collection, ..)| collection));
        let outcome = (Outcome::Permitted, code, permit.rule());
        let question = self.question();
        let mut entry = entries::under(&self.core.gate, &question, collection, outcome, permit.version());
        if let Some(meant) = meant {
            entry.subjects(&[meant.subject()]);
        }
        entry.rows(u32::try_from(rows).unwrap_or(u32::MAX));
        if let Some(actor) = actor {
            entry.party(Grantee::Actor(actor));
        }
        self.core.record(self.tenant, entries::finish(entry)?)
    }

    fn question(&self) -> Question<'_> {
        let question = Question::new(self.actor, Action::ReadJournal, self.tenant.map(Arc::as_ref));
        Question { purpose: self.purpose, reason: self.because, ..question }
    }
}
