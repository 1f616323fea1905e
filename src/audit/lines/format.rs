//! The form of a sink's lines.

use crate::audit::{Event, Head};
use crate::model::Timestamp;

/// What lines look like. A line has no line end in it.
pub(crate) trait LineFormat: Send {
    /// What health reports call the sink, before the path in brackets.
    const NAME: &'static str;
    /// How its lines begin. A file that ends with a line that begins otherwise is somebody else's, and refused.
    const BEGINNINGS: &'static [&'static [u8]];

    /// The line of an event. It says the event's journal, position, index, and of how many.
    fn line(&self, event: &Event) -> String;

    /// The line of a signed head.
    fn head(&self, head: &Head) -> String;

    /// What a whole line says, given without its line end. `None` if it isn't one of this format.
    fn parse(&self, line: &[u8]) -> Option<Line>;
}

/// What a line says.
pub(crate) enum Line {
    Event { journal: String, position: u64, index: u32, of: u32, time: Option<Timestamp> },
    Head,
}
