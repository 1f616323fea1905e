//! check

pub(crate) mod scrub;
pub(crate) mod verify;
