//! The collections and fields that a policy file names, to hold them against those that there are.
//!
//! Guarantees: every name that a key for collections or fields takes is held against them. Does not: know whether the
//! fields that a sharing rule asks for are exposed to policies.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::mistake::{Mistake, place};
use super::word::{Collections, Word, suggestion};

/// All names so far, and where they stand.
#[derive(Debug, Default)]
pub(super) struct Mentions(RefCell<Vec<Mention>>);

#[derive(Debug, Clone)]
struct Mention {
    at: usize,
    name: String,
    of: Of,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Of {
    /// It names a collection.
    Itself,
    /// It names a field of each of these.
    Each(Vec<String>),
    /// It names a field of one collection at least.
    Any,
}

impl Mentions {
    pub(super) fn collection(&self, name: Word<'_>) {
        self.add(name, Of::Itself);
    }

    pub(super) fn field(&self, name: Word<'_>, of: Option<&Collections<'_>>) {
        let of = match of {
            Some(Collections::These(names)) => Of::Each(names.iter().map(|name| name.text.to_owned()).collect()),
            Some(Collections::All) | None => Of::Any,
        };
        self.add(name, of);
    }

    fn add(&self, name: Word<'_>, of: Of) {
        self.0.borrow_mut().push(Mention { at: name.at, name: name.text.to_owned(), of });
    }

    pub(super) fn into_named(self) -> Named {
        Named(self.0.into_inner())
    }
}

/// All that a file names.
#[derive(Debug, Default)]
pub(super) struct Named(Vec<Mention>);

impl Named {
    /// Returns the names in `text` that aren't there. A collection without fields is one that may have any.
    pub(super) fn unknown(&self, text: &str, there: &[(&str, &[&str])]) -> Vec<Mistake> {
        let there: BTreeMap<&str, &[&str]> = there.iter().copied().collect();
        place(text, self.0.iter().filter_map(|mention| Some((mention.at, mention.wrong(&there)?))))
    }
}

impl Mention {
    fn wrong(&self, there: &BTreeMap<&str, &[&str]>) -> Option<String> {
        let name = &self.name;
        let listed = |names: Vec<&str>| match names.as_slice() {
            [] => "there are none yet".to_owned(),
            names => format!("there are `{}`", names.join("`, `")),
        };
        match &self.of {
            Of::Itself if there.contains_key(name.as_str()) => None,
            Of::Itself => {
                let instead = suggestion(name, there.keys(), || listed(there.keys().copied().collect()));
                Some(format!("there is no collection `{name}`: {instead}"))
            }
            Of::Each(collections) => collections.iter().find_map(|collection| {
                let fields = there.get(collection.as_str()).filter(|fields| !fields.is_empty())?;
                if fields.contains(&name.as_str()) {
                    return None;
                }
                let instead = suggestion(name, fields.iter(), || listed(fields.to_vec()));
                Some(format!("`{collection}` has no field `{name}`: {instead}"))
            }),
            Of::Any if there.values().any(|fields| fields.is_empty() || fields.contains(&name.as_str())) => None,
            Of::Any => {
                let all = there.values().flat_map(|fields| fields.iter());
                let instead = suggestion(name, all, || "mend its name".to_owned());
                Some(format!("no collection has a field `{name}`: {instead}"))
            }
        }
    }
}
