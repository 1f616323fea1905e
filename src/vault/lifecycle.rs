//! lifecycle

pub(crate) mod create;
pub(crate) mod open;
pub(crate) mod options;
pub(crate) mod recount;
