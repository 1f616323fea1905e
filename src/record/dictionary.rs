//! A collection's dictionary: the numbers of its fields, as an append-only log.
//!
//! Guarantees: a number is for life; a renamed field keeps its number, and its old name is free for a new one. The hash of
//! every length that the log ever had is at hand, for a row is bound to the one that it was written under.

use std::collections::HashMap;

use super::FieldProblem;
use crate::crypto::{Digest, sha256};
use crate::format::{FormatError, MAX_ENTRIES, decode_dictionary, encode_dictionary};

/// The hash of an empty log.
const START: Digest = [0; 32];

/// The log of (number, name), and what follows from it.
#[derive(Clone)]
pub(crate) struct Dictionary {
    log: Vec<(u16, String)>,
    /// The place in the log of each number's current name.
    current: Vec<usize>,
    numbers: HashMap<String, u16>,
    /// The hash of each length.
    hashes: Vec<Digest>,
}

impl Dictionary {
    pub(crate) fn new() -> Self {
        Self { log: Vec::new(), current: Vec::new(), numbers: HashMap::new(), hashes: vec![START] }
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut dictionary = Self::new();
        for (number, name) in decode_dictionary(bytes)? {
            dictionary
                .append(number, name)
                .map_err(|_| FormatError::Invalid { what: "dictionary", why: "a number or name doesn't follow" })?;
        }
        Ok(dictionary)
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, FormatError> {
        encode_dictionary(&self.log)
    }

    /// Returns the number of entries in the log.
    pub(crate) fn len(&self) -> u16 {
        u16::try_from(self.log.len()).unwrap_or(u16::MAX)
    }

    /// Returns the hash of the log's first `len` entries; `None` if it is shorter.
    pub(crate) fn hash_at(&self, len: u16) -> Option<Digest> {
        self.hashes.get(usize::from(len)).copied()
    }

    /// Returns the number of the field with this name now.
    pub(crate) fn number_of(&self, name: &str) -> Option<u16> {
        self.numbers.get(name).copied()
    }

    /// Returns the name that the field with this number has now.
    pub(crate) fn name_of(&self, number: u16) -> Option<&str> {
        let entry = self.log.get(*self.current.get(usize::from(number))?)?;
        Some(&entry.1)
    }

    /// Tells whether the field with this number ever had this name.
    pub(super) fn ever_named(&self, number: u16, name: &str) -> bool {
        self.log.iter().any(|(n, old)| *n == number && old == name)
    }

    /// Gives a name that has none a number.
    pub(super) fn add(&mut self, name: &str) -> Result<(), FieldProblem> {
        let number = u16::try_from(self.current.len()).map_err(|_| FieldProblem::NotDefined)?;
        self.append(number, name.to_owned())
    }

    /// Gives a number another name; the old one is free.
    pub(super) fn rename(&mut self, number: u16, name: &str) -> Result<(), FieldProblem> {
        self.append(number, name.to_owned())
    }

    fn append(&mut self, number: u16, name: String) -> Result<(), FieldProblem> {
        if self.numbers.contains_key(&name) {
            return Err(FieldProblem::Twice);
        }
        if self.log.len() >= MAX_ENTRIES {
            return Err(FieldProblem::NotDefined);
        }
        let (place, next) = (self.log.len(), self.current.len());
        match self.current.get_mut(usize::from(number)) {
            Some(current) => {
                if let Some((_, old)) = self.log.get(*current) {
                    self.numbers.remove(old);
                }
                *current = place;
            }
            None if usize::from(number) == next => self.current.push(place),
            None => return Err(FieldProblem::NotDefined),
        }
        let length = u16::try_from(name.len()).unwrap_or(u16::MAX);
        let last = self.hashes.last().unwrap_or(&START);
        let hash = sha256(&[last, &number.to_be_bytes(), &length.to_be_bytes(), name.as_bytes()]);
        self.hashes.push(hash);
        self.numbers.insert(name.clone(), number);
        self.log.push((number, name));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
