//! Collections: from a session to the records of one type.

use std::sync::Arc;

use crate::error::Result;
use crate::record::Record;

use crate::vault::handles::{Collection, Session};

use super::plan::plan;

impl Session {
    /// Returns the collection of type `T`, by the name in its schema. Reads nothing; only checks.
    ///
    /// # Errors
    /// [`Error::UnknownCollection`](crate::Error::UnknownCollection) if it was never defined in this tenant;
    /// [`Error::Record`](crate::Error::Record) if the type and the defined schema don't match.
    pub fn collection<T: Record + 'static>(&self) -> Result<Collection<T>> {
        self.collection_named(T::schema().collection())
    }

    /// Returns the collection of this name, for types that several collections share, such as
    /// [`Document`](crate::Document).
    ///
    /// # Errors
    /// As [`collection`](Self::collection).
    pub fn collection_named<T: Record + 'static>(&self, name: &str) -> Result<Collection<T>> {
        self.inner.core.ready()?;
        let collection = self.inner.tenant.collection(name)?;
        plan::<T>(&collection.layout())?;
        Ok(Collection::new(Arc::clone(&self.inner), collection))
    }
}
