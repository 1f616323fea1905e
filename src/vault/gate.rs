//! The one door between sealed rows and plaintext, and the one place where an act is decided, refused and written down.
//!
//! Guarantees: bodies are sealed and opened here and nowhere else. An opened row shows its metadata; its fields come out
//! only against a [`Permit`], which only a policy's decision makes, and a [`Ticket`](crate::vault::commit::Ticket), which
//! only the journal makes. A permit names the act, the record and its revision, and is consumed by its use. An [`Act`] that
//! is dropped half-way is written down as failed. Upkeep gets what it needs, never plaintext.

mod about;
mod act;
mod ask;
mod bars;
mod end;
mod exposed;
mod found;
mod opened;
mod permit;
mod question;
mod request;
mod reserved;
mod sealing;
mod spend;
mod view;

pub(crate) use about::{COLLECTION, FIELD};
pub(crate) use act::Act;
pub(crate) use ask::Inquired;
pub(crate) use end::{finish, retry_until_committed, subject, subject_of};
pub(crate) use exposed::Exposed;
pub use found::{Found, Metadata, NewMeta, Page};
pub(crate) use opened::{Opened, SortKey};
pub(crate) use permit::Permit;
pub(crate) use question::{About, Question};
pub(crate) use request::is_open;
pub(crate) use reserved::Reserved;
pub(crate) use sealing::{Draw, Edited, Target};
#[cfg(test)]
pub(crate) use view::View;
