//! The committer: one thread that merges waiting requests into one durable commit, with its journal blocks.
//!
//! Guarantees: a write is acknowledged only when the write, its index entries and its journal entries are durable, all
//! in one atomic commit; a request that conflicts leaves the others untouched; a request whose decision is out of date
//! is sent back; caches advance only after success; once a commit has failed, no later one is acknowledged. Does not:
//! wait for sinks, run a policy or any other code of the host's.
//!
//! A write has three shapes: [`Write`] when asked for, `Draft` while it is checked, `Pending` once in the commit.

mod blocks;
mod error;
mod foresee;
mod intake;
mod leaves;
mod merge;
mod pending;
mod reader;
mod tails;
mod thread;
mod write;

pub(crate) use blocks::genesis;
pub(crate) use error::{CommitError, Holder};
pub(crate) use foresee::foresee;
pub(crate) use intake::{COMMITS, Journal, JournalError, Limits, Signal, Ticket};
pub(crate) use leaves::{Leaves, Tips, tip_term};
pub(crate) use pending::terms_of;
pub(crate) use reader::{Blocks, unreadable};
pub(crate) use thread::{Committer, Start};
pub(crate) use write::{Committed, Decided, Job, NewRow, NewTerm, Outcome, Paused, RowChange, Write, WriteJob};
