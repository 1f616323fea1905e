//! A journal as one actor may use it.
//!
//! Guarantees: the policy is asked about [`Action::ReadJournal`], and the question's entry is written before the answer
//! is given. Does not: read the journal.

use std::fmt;
use std::sync::Arc;

use crate::audit::Subject;
use crate::error::{Error, Impossible, Result};
use crate::model::{Action, CollectionId, Grantee, Pseudonym, RecordId, Revision, Timestamp};

use crate::vault::commit::Ticket;
use crate::vault::core::Core;
use crate::vault::gate::{Act, Permit};
use crate::vault::handles::{Session, SessionInner, VaultSession, Who};
use crate::vault::state::tenant::TenantCore;

use super::query::{Known, Walker, known};

/// Longest id of an actor that can be asked about, in bytes: as much as an entry can hold for another party.
const ACTOR: usize = 1_000;

/// The journal of a tenant, or of the vault itself, as one actor may use it: entries, disclosures, evidence, and the
/// host's own events, and the history of records. [`Session::journal`] and [`VaultSession::journal`] return it.
#[derive(Clone)]
pub struct Journal {
    pub(crate) core: Arc<Core>,
    /// Tenant that the journal belongs to; `None` for the vault's own.
    pub(crate) tenant: Option<Arc<TenantCore>>,
    who: Arc<Who>,
}

/// The person or record in a question, as the caller named it.
#[derive(Clone)]
pub(crate) enum About {
    Pseudonym(String),
    Record(String, RecordId),
}

/// The person or record in a question, once found.
#[derive(Clone, Copy)]
pub(crate) struct Meant {
    pub(crate) pseudonym: Pseudonym,
    /// The record, if the caller named one.
    pub(crate) record: Option<(CollectionId, RecordId, Known)>,
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pseudonym(pseudonym) => f.write_str(pseudonym),
            Self::Record(collection, record) => write!(f, "{collection} {record}"),
        }
    }
}

impl Meant {
    /// Returns the data subject as the question's entry names it. Revision 0 stands for no record.
    fn subject(&self) -> Subject {
        let none = Subject { pseudonym: self.pseudonym, number: 0, revision: Revision::new(0) };
        self.record.map_or(none, |(.., known)| known.subject())
    }
}

impl Session {
    /// Returns the tenant's journal, as the session's actor may use it.
    #[must_use]
    pub fn journal(&self) -> Journal {
        let (core, tenant) = (Arc::clone(&self.inner.core), Some(Arc::clone(&self.inner.tenant)));
        Journal { core, tenant, who: Arc::new(self.inner.who.clone()) }
    }
}

impl VaultSession {
    /// Returns the vault's own journal, of acts outside of tenants, as the session's actor may use it.
    #[must_use]
    pub fn journal(&self) -> Journal {
        Journal { core: Arc::clone(&self.core), tenant: None, who: Arc::clone(&self.who) }
    }
}

impl Journal {
    /// Returns the session in the tenant, if the journal is a tenant's.
    pub(crate) fn session(&self) -> Option<SessionInner> {
        let (core, tenant) = (Arc::clone(&self.core), Arc::clone(self.tenant.as_ref()?));
        Some(SessionInner { core, tenant, who: Who::clone(&self.who) })
    }

    /// Begins the act of reading the journal.
    pub(crate) fn act(&self) -> Act<'_> {
        Act::new(&self.core, self.tenant.as_ref(), &self.who, Action::ReadJournal)
    }

    /// Returns a walker over the owner's part of the journal, as it is now.
    pub(crate) fn walker(&self) -> Result<Walker> {
        Walker::new(&self.core, self.tenant.as_ref().map(|tenant| tenant.id))
    }

    /// Finds the person or record in a question. Writes it down if it can't be found.
    pub(crate) fn meant(&self, act: &Act<'_>, about: &About) -> Result<Meant> {
        let (collection, found) = match about {
            About::Pseudonym(text) => {
                let pseudonym = text.parse().map_err(|_| Impossible::NoPseudonym.into());
                return pseudonym.map(|pseudonym| Meant { pseudonym, record: None });
            }
            About::Record(collection, record) => {
                let Some(tenant) = &self.tenant else {
                    return Err(Impossible::RecordOfVault.into());
                };
                match tenant.collection(collection) {
                    Err(error) => (None, Err(error)),
                    Ok(collection) => {
                        let found = known(&self.core, tenant, &collection, *record);
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
        let mut entry = act.failed(code);
        if let Some(collection) = collection {
            entry.collection(collection);
        }
        act.record(entry)?;
        found
    }

    /// Writes down the question, and the number of entries or people in the answer.
    pub(crate) fn note(
        act: &Act<'_>,
        permit: &Permit,
        what: &str,
        actor: Option<&str>,
        meant: Option<Meant>,
        rows: usize,
    ) -> Result<Ticket> {
        let mut entry = act.coded(permit, what);
        if let Some(meant) = meant {
            if let Some((collection, ..)) = meant.record {
                entry.collection(collection);
            }
            entry.subjects(&[meant.subject()]);
        }
        entry.rows(u32::try_from(rows).unwrap_or(u32::MAX));
        if let Some(actor) = actor {
            entry.party(Grantee::Actor(actor));
        }
        act.record_under(permit.approval(), entry)
    }
}

/// Checks the length of an actor's id in a question.
pub(crate) fn check_actor(actor: Option<&str>) -> Result<()> {
    match actor {
        Some(actor) if actor.is_empty() || actor.len() > ACTOR => {
            Err(Error::BadName { what: "actor who is asked about", limit: ACTOR })
        }
        _ => Ok(()),
    }
}

/// Checks the times in a question: swapped times must not look like an empty answer.
pub(crate) fn check_times(from: Option<Timestamp>, until: Option<Timestamp>) -> Result<()> {
    match (from, until) {
        (Some(from), Some(until)) if until < from => Err(Impossible::TurnedTimes.into()),
        _ => Ok(()),
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("actor", &self.who.actor.id()).finish_non_exhaustive()
    }
}
