//! upkeep

pub(crate) mod heads;
pub(crate) mod positions;
pub(crate) mod reserve;
pub(crate) mod sinks;
