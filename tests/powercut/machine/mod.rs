//! Records a program's writes and syncs, and builds every disk image that a power cut could leave.

pub mod disk;
pub mod random;
pub mod record;
pub mod replay;
pub mod strace;
pub mod trace;
mod tracer;
