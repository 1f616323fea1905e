//! The journal's files: reading it back, questions, proofs, the host's own events, and dropping its oldest entries.

pub(crate) mod disclosures;
pub(crate) mod evidence;
pub(crate) mod handle;
pub(crate) mod history;
pub(crate) mod host_events;
pub(crate) mod query;
pub(crate) mod retention;

pub use disclosures::{Disclosed, DisclosedTo, Disclosure, DisclosureQuery, DisclosureReport};
pub use handle::Journal;
pub use history::{Change, HistoryPage};
pub use host_events::HostEvent;
pub use query::{JournalCursor, JournalPage, JournalPages, JournalQuery};
pub use retention::{HeldBack, Retention, RetentionPlan, RetentionReport};
