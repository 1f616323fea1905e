//! journal

pub(crate) mod disclosures;
pub(crate) mod evidence;
pub(crate) mod query;
pub(crate) mod retention;
pub(crate) mod usage;
