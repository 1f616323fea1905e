//! Reading the store a page at a time.

use crate::error::{Error, Result};
use crate::store::{Pair, Store};

/// Number of values read from the store at once.
const PAGE: usize = 512;

/// The pairs under a prefix, in key order. Ends after the first error.
pub(crate) struct Pages<'a> {
    store: &'a dyn Store,
    prefix: Vec<u8>,
    after: Option<Vec<u8>>,
    page: std::vec::IntoIter<Pair>,
    ended: bool,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(store: &'a dyn Store, prefix: Vec<u8>) -> Self {
        Self { store, prefix, after: None, page: Vec::new().into_iter(), ended: false }
    }
}

impl Iterator for Pages<'_> {
    type Item = Result<Pair>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(pair) = self.page.next() {
            return Some(Ok(pair));
        }
        if self.ended {
            return None;
        }
        match self.store.scan(&self.prefix, self.after.as_deref(), PAGE) {
            Ok(page) => {
                self.ended = page.len() < PAGE;
                self.after = page.last().map(|(key, _)| key.clone());
                self.page = page.into_iter();
                self.page.next().map(Ok)
            }
            Err(error) => {
                self.ended = true;
                Some(Err(Error::io("reading the vault", error)))
            }
        }
    }
}
