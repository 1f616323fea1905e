//! Checks of a vault against its journal, at once or in the background, and the vault's health.

pub(crate) mod diagnose;
pub(crate) mod scrub;
pub(crate) mod verify;

pub use diagnose::Health;
pub use scrub::{Scrub, ScrubOptions, ScrubPhase, ScrubProgress};
