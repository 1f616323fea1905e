//! The layout of the facts that a vault remembers for policies: shares, requests for approval, emergencies,
//! suspensions, a freeze, demands of a new log-in.
//!
//! Guarantees: what is encoded fits a value of the store once it is sealed; every text has a limit, and what decodes
//! keeps to all of them. Does not: know whether a fact holds now.

use serde::{Deserialize, Serialize};

use super::cursor::Reader;
use super::{FormatError, decode, encode};
use crate::crypto::SEAL_OVERHEAD;
use crate::model::{Access, Action, CollectionId, Grantee, RecordId, Timestamp};

/// The layout of facts that is written.
pub(crate) const FACT_VERSION: u8 = 1;
/// The longest id of an actor, or name of a role or group, in a fact, in bytes of UTF-8.
pub(crate) const MAX_PARTY: usize = 256;
/// The longest reason or verdict in a fact, in bytes of UTF-8.
pub(crate) const MAX_WORDS: usize = 1_000;
/// The most things about its act that a request for approval shows.
pub(crate) const MAX_ABOUT: usize = 40;
/// The most bytes of these things, names and texts together.
pub(crate) const MAX_ABOUT_BYTES: usize = 640;
/// The most people who answer one request.
pub(crate) const MAX_ANSWERS: usize = 7;
/// The longest fact before it is sealed, in bytes, so that it fits a value of the store.
pub(crate) const MAX_FACT: usize = 4096 - SEAL_OVERHEAD;

const WHAT: &str = "fact";

/// One fact. No `Debug`: it holds names and the host's own words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fact {
    Share(Share),
    Approval(Approval),
    Emergency(Emergency),
    Suspension(Suspension),
    Freeze(Freeze),
    Demand(Demand),
}

/// A share of a record with somebody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Share {
    pub(crate) collection: CollectionId,
    pub(crate) record: RecordId,
    pub(crate) with: StoredGrantee,
    #[serde(with = "access")]
    pub(crate) access: Access,
    /// The actor who shared it.
    pub(crate) by: String,
    /// The time when it was shared.
    pub(crate) at: Timestamp,
    pub(crate) until: Option<Timestamp>,
}

/// A [`Grantee`], as it is stored.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum StoredGrantee {
    Actor(String),
    Role(String),
    Group(String),
}

/// A request for approval of one act.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Approval {
    pub(crate) actor: String,
    #[serde(with = "action")]
    pub(crate) action: Action,
    pub(crate) collection: Option<CollectionId>,
    pub(crate) record: Option<RecordId>,
    /// The rest that the act is about, as the approvers are shown it: names and texts.
    pub(crate) about: Vec<(String, String)>,
    /// The MAC of all that the act is about.
    pub(crate) bound: [u8; 32],
    pub(crate) reason: String,
    pub(crate) asked: Timestamp,
    pub(crate) until: Timestamp,
    /// The number of approvals that the policy wanted at the request; 0 if that wasn't known.
    pub(crate) wanted: u32,
    pub(crate) answers: Vec<Answer>,
    pub(crate) used: Option<Timestamp>,
}

/// One person's answer to a request for approval.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) actor: String,
    pub(crate) yes: bool,
    pub(crate) at: Timestamp,
}

/// An emergency access that somebody took.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Emergency {
    pub(crate) actor: String,
    pub(crate) reason: String,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) reviewed: Option<Review>,
}

/// Somebody else's findings about an emergency access.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Review {
    pub(crate) by: String,
    pub(crate) at: Timestamp,
    pub(crate) verdict: String,
}

/// A suspension: the actor may do nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Suspension {
    pub(crate) actor: String,
    pub(crate) by: String,
    pub(crate) at: Timestamp,
    pub(crate) reason: String,
}

/// A freeze of the tenant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Freeze {
    pub(crate) extent: Extent,
    pub(crate) by: String,
    pub(crate) at: Timestamp,
    pub(crate) reason: String,
}

/// The extent of a freeze.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Extent {
    ReadOnly,
    Closed,
}

/// A demand that an actor is authenticated anew.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Demand {
    pub(crate) actor: String,
    /// The least strength.
    pub(crate) strength: u8,
    pub(crate) by: String,
    /// The time of the demand; authentication from then or before doesn't count.
    pub(crate) at: Timestamp,
    pub(crate) reason: String,
}

impl Fact {
    /// Returns `version ‖ bincode(fact)`.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, FormatError> {
        self.check()?;
        let mut out = vec![FACT_VERSION];
        out.extend(encode(WHAT, self)?);
        if out.len() > MAX_FACT { Err(invalid("it is too long")) } else { Ok(out) }
    }

    /// Decodes the fact that `bytes` are the whole encoding of.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        if bytes.len() > MAX_FACT {
            return Err(invalid("it is too long"));
        }
        let mut reader = Reader::new(WHAT, bytes);
        reader.version(FACT_VERSION)?;
        let fact: Self = decode(WHAT, reader.rest())?;
        fact.check()?;
        Ok(fact)
    }

    fn check(&self) -> Result<(), FormatError> {
        let (parties, words): (Vec<&str>, Vec<&str>) = match self {
            Self::Share(share) => (vec![share.with.name(), &share.by], Vec::new()),
            Self::Approval(approval) => {
                approval.check()?;
                let answers = approval.answers.iter().map(|answer| answer.actor.as_str());
                (answers.chain([approval.actor.as_str()]).collect(), vec![&approval.reason])
            }
            Self::Emergency(emergency) => match &emergency.reviewed {
                Some(review) => (vec![&emergency.actor, &review.by], vec![&emergency.reason, &review.verdict]),
                None => (vec![&emergency.actor], vec![&emergency.reason]),
            },
            Self::Suspension(suspension) => (vec![&suspension.actor, &suspension.by], vec![&suspension.reason]),
            Self::Freeze(freeze) => (vec![&freeze.by], vec![&freeze.reason]),
            Self::Demand(demand) => (vec![&demand.actor, &demand.by], vec![&demand.reason]),
        };
        if parties.iter().any(|party| party.len() > MAX_PARTY) {
            return Err(invalid("a name in it is over 256 bytes"));
        }
        if words.iter().any(|words| words.len() > MAX_WORDS) {
            return Err(invalid("a text in it is over 1,000 bytes"));
        }
        Ok(())
    }
}

impl Approval {
    fn check(&self) -> Result<(), FormatError> {
        let bytes = self.about.iter().flat_map(|(name, text)| [name.len(), text.len()]).fold(0, usize::saturating_add);
        if self.about.len() > MAX_ABOUT || bytes > MAX_ABOUT_BYTES {
            return Err(invalid("it shows more than 40 things, or over 640 bytes of them"));
        }
        if self.answers.len() > MAX_ANSWERS {
            return Err(invalid("it has more than 7 answers"));
        }
        Ok(())
    }
}

impl StoredGrantee {
    pub(crate) fn as_grantee(&self) -> Grantee<'_> {
        match self {
            Self::Actor(name) => Grantee::Actor(name),
            Self::Role(name) => Grantee::Role(name),
            Self::Group(name) => Grantee::Group(name),
        }
    }

    pub(crate) fn name(&self) -> &str {
        let (Self::Actor(name) | Self::Role(name) | Self::Group(name)) = self;
        name
    }
}

impl From<Grantee<'_>> for StoredGrantee {
    fn from(grantee: Grantee<'_>) -> Self {
        match grantee {
            Grantee::Actor(name) => Self::Actor(name.to_owned()),
            Grantee::Role(name) => Self::Role(name.to_owned()),
            Grantee::Group(name) => Self::Group(name.to_owned()),
        }
    }
}

fn invalid(why: &'static str) -> FormatError {
    FormatError::Invalid { what: WHAT, why }
}

/// An act, stored by its name.
mod action {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::model::Action;

    pub(super) fn serialize<S: Serializer>(action: &Action, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(action.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Action, D::Error> {
        Action::from_name(&String::deserialize(from)?).ok_or_else(|| D::Error::custom("an unknown act"))
    }
}

/// A level of access, stored as 1 or 2.
mod access {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::model::Access;

    pub(super) fn serialize<S: Serializer>(access: &Access, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(if *access == Access::Write { 2 } else { 1 })
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Access, D::Error> {
        match u8::deserialize(from)? {
            1 => Ok(Access::Read),
            2 => Ok(Access::Write),
            _ => Err(D::Error::custom("an unknown level of access")),
        }
    }
}

#[cfg(test)]
mod tests;
