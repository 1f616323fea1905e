//! An open vault's state in memory, and its form in the store.

pub(crate) mod catalog;
pub(crate) mod policy;
pub(crate) mod probes;
pub(crate) mod rows;
pub(crate) mod scanned;
pub(crate) mod schema;
pub(crate) mod seals;
pub(crate) mod shown;
pub(crate) mod standing;
pub(crate) mod tenant;
pub(crate) mod terms;
