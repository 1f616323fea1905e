//! Work beside the calls: the head file, the sinks, the reserve, the lock.

pub(crate) mod heads;
pub(crate) mod lock;
pub(crate) mod positions;
pub(crate) mod reserve;
pub(crate) mod sinks;
