//! The form of a sink's lines.

use crate::audit::{Event, Head};
use crate::model::Timestamp;

/// A format of lines. A line has no line end in it.
pub(crate) trait LineFormat: Send {
    /// The name of the sink in health reports, before the path in brackets.
    const NAME: &'static str;
    /// The beginnings of its lines. A file that ends with a line that begins otherwise is somebody else's, and refused.
    const BEGINNINGS: &'static [&'static [u8]];

    /// Returns the line of an event. It holds the event's journal, position, index, and of how many.
    fn line(&self, event: &Event) -> String;

    /// Returns the line of a signed head.
    fn head(&self, head: &Head) -> String;

    /// Reads a whole line, given without its line end. Returns `None` if it isn't one of this format.
    fn parse(&self, line: &[u8]) -> Option<Line>;
}

/// The content of a line.
pub(crate) enum Line {
    Event { journal: String, position: u64, index: u32, of: u32, time: Option<Timestamp> },
    Head,
}
