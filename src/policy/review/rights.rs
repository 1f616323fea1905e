//! Rights as flat rows, and the sets of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::Action;

/// One right: who may do what, where, with which fields, on which records, and why.
///
/// Some acts stand for more than themselves: [`Action::Read`] is for fields that the actor sees by whatever act on one
/// record shows them, and [`Action::Search`] for those that they may search by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Right {
    /// The actor's id.
    pub actor: String,
    /// The collection; `None` for acts outside collections: administration, approving, emergency access.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// The act.
    pub act: Action,
    /// The records.
    pub extent: Extent,
    /// Everything that must hold, in words; empty if nothing has to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// The fields that the act shows, takes out, searches by or writes, sorted; empty for an act that touches none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The rule that permits it.
    pub why: String,
}

/// The records that a right is to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Extent {
    /// Everybody's; for an act that is on no record, the act itself.
    Any,
    /// The actor's own.
    Own,
    /// Those of others.
    Others,
    /// The [sample](super::Questions::sample) of this name.
    Sample(String),
}

impl Right {
    /// Splits the right into those to one field of one kind of record.
    fn apart(&self) -> impl Iterator<Item = Self> {
        let kinds = match &self.extent {
            Extent::Any if self.collection.is_some() => vec![Extent::Own, Extent::Others],
            other => vec![other.clone()],
        };
        let fields = self.fields.iter().map(|field| vec![field.clone()]);
        let fields: Vec<_> = if self.fields.is_empty() { vec![Vec::new()] } else { fields.collect() };
        kinds.into_iter().flat_map(move |extent| {
            let each = fields.clone().into_iter();
            each.map(move |fields| Self { extent: extent.clone(), fields, ..self.clone() }).collect::<Vec<_>>()
        })
    }
}

/// Puts rights together that differ in their fields, or in being to the actor's own records and to others'.
pub(super) fn together(rights: impl IntoIterator<Item = Right>) -> BTreeSet<Right> {
    let parts: BTreeSet<Right> = rights.into_iter().flat_map(|right| right.apart().collect::<Vec<_>>()).collect();
    let mut fields: BTreeMap<Right, BTreeSet<String>> = BTreeMap::new();
    for part in &parts {
        let mut right = part.clone();
        let other = match part.extent {
            Extent::Own => Some(Extent::Others),
            Extent::Others => Some(Extent::Own),
            _ => None,
        };
        if other.is_some_and(|extent| parts.contains(&Right { extent, ..part.clone() })) {
            right.extent = Extent::Any;
        }
        let of = std::mem::take(&mut right.fields);
        fields.entry(right).or_default().extend(of);
    }
    fields.into_iter().map(|(right, fields)| Right { fields: fields.into_iter().collect(), ..right }).collect()
}

/// Returns the rights that aren't among the others, whatever rule gives them there.
pub(super) fn without(rights: &BTreeSet<Right>, others: &BTreeSet<Right>) -> BTreeSet<Right> {
    let known: BTreeSet<Right> = others.iter().flat_map(Right::apart).map(unexplained).collect();
    together(rights.iter().flat_map(Right::apart).filter(|right| !known.contains(&unexplained(right.clone()))))
}

/// Returns the right without the rule that gives it.
pub(super) fn unexplained(right: Right) -> Right {
    Right { why: String::new(), ..right }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any record"),
            Self::Own => f.write_str("own records"),
            Self::Others => f.write_str("others' records"),
            Self::Sample(name) => write!(f, "`{name}`"),
        }
    }
}
