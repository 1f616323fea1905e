//! A policy's yes.

use std::sync::Arc;
use std::time::Instant;

use crate::error::{Error, Result};
use crate::model::{ApprovalId, FieldSet, RecordId, Revision};
use crate::policy::{Obligation, PolicyVersion};

use crate::vault::commit::Decided;

use super::opened::Opened;

/// A policy's yes: to one act, on one record and revision (or on none), for these fields.
pub(crate) struct Permit {
    pub(super) record: Option<(RecordId, Revision)>,
    pub(super) read: FieldSet,
    pub(super) write: FieldSet,
    pub(super) rule: Arc<str>,
    pub(super) obligations: Vec<Obligation>,
    /// The policy that decided; another may be in force by the time the act is written down.
    pub(super) version: PolicyVersion,
    /// Number of changes of the tenant's facts before the decision, and the time of the decision.
    pub(super) facts: u64,
    pub(super) at: Instant,
    /// The approval that the yes rests on, until it is used up.
    pub(super) approval: Option<ApprovalId>,
}

impl Permit {
    pub(crate) const fn read(&self) -> &FieldSet {
        &self.read
    }

    pub(crate) const fn write(&self) -> &FieldSet {
        &self.write
    }

    pub(crate) fn rule(&self) -> &str {
        &self.rule
    }

    pub(crate) const fn version(&self) -> PolicyVersion {
        self.version
    }

    /// Returns what the yes rests on, for the committer to compare.
    pub(crate) const fn decided(&self) -> Decided {
        Decided { policy: self.version, facts: self.facts, at: Some(self.at) }
    }

    /// Returns the code that the journal entry is to carry; empty if there is none.
    pub(crate) fn notify(&self) -> &str {
        self.obligations
            .iter()
            .find_map(|obligation| match obligation {
                Obligation::Notify(code) => Some(code.as_ref()),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// Returns how many people have to approve the act.
    pub(super) fn approvals_wanted(&self) -> u32 {
        let wanted = |obligation: &Obligation| match obligation {
            Obligation::Approvals(wanted) => *wanted,
            _ => 0,
        };
        self.obligations.iter().map(wanted).max().unwrap_or(0)
    }

    /// Returns the same yes, of no use: to an act that is only asked for.
    pub(super) fn useless(self) -> Self {
        Self { approval: Some(ApprovalId::from_bytes([0; 16])), ..self }
    }

    /// Returns how many rows the act may show, and how many the actor may be shown in an hour.
    pub(crate) fn row_limit(&self) -> (u32, Option<u32>) {
        self.obligations.iter().fold((u32::MAX, None), |(act, hour), obligation| match obligation {
            Obligation::RowLimit { per_act, per_hour } => {
                (act.min(*per_act), [hour, *per_hour].into_iter().flatten().min())
            }
            _ => (act, hour),
        })
    }

    /// Returns how many distinct unique values the actor may try in an hour.
    pub(crate) fn unique_tries(&self) -> usize {
        let said = self.obligations.iter().filter_map(|obligation| match obligation {
            Obligation::UniqueTries(tries) => Some(*tries),
            _ => None,
        });
        usize::try_from(said.min().unwrap_or(Obligation::DEFAULT_UNIQUE_TRIES)).unwrap_or(usize::MAX)
    }

    /// Narrows the permit to these fields.
    pub(crate) fn only(mut self, fields: &[&str]) -> Self {
        self.read = fields.iter().copied().filter(|field| self.read.contains(field)).collect();
        self
    }

    /// Returns the same yes for the upkeep of one row: to seal it anew, with other metadata, and to show none of its
    /// fields. This permit must be for the row as it is, or for an act that isn't about one record.
    pub(crate) fn maintenance(&self, row: &Opened) -> Result<Self> {
        let record = Some((row.record(), row.head().revision));
        if self.record.is_some() && self.record != record {
            return Err(Error::damaged("a permit for another record or revision was used"));
        }
        Ok(Self {
            record,
            read: FieldSet::none(),
            write: FieldSet::none(),
            rule: Arc::clone(&self.rule),
            obligations: self.obligations.clone(),
            ..*self
        })
    }

    /// Returns the approval that has to be used up before the permit can be used.
    pub(crate) const fn approval(&self) -> Option<ApprovalId> {
        self.approval
    }

    /// Says that the approval is used up: durably, or in the commit that the permit's use goes into.
    pub(crate) const fn approval_is_spent(&mut self) {
        self.approval = None;
    }
}
