//! The outcome of an act, and the records that it touched.

use crate::model::{Pseudonym, Revision};

/// The outcome of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The act was allowed, and done.
    Permitted,
    /// The policy, or an obligation, refused it.
    Denied,
    /// The act was allowed, and failed.
    Failed,
}

/// A record that an act touched: its data subject's pseudonym, and which of the subject's records it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    pub(crate) pseudonym: Pseudonym,
    pub(crate) number: u32,
    pub(crate) revision: Revision,
}

impl Outcome {
    /// Returns the stable name that events use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permitted => "permitted",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

impl Subject {
    /// Stands for the person; random, and resolved only by the vault.
    #[must_use]
    pub fn pseudonym(&self) -> String {
        self.pseudonym.to_string()
    }

    /// Returns the record's number among the person's, from 0.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Returns the record's revision.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }
}
