//! A sink that appends to a file: one JSON object a line.

use serde::Deserialize;

use super::lines::{Line, LineFormat, file_sink};
use super::{Event, Head};

file_sink! {
    /// Appends events to a file, one JSON object a line ([`Event::to_json`]), and signed heads as `{"head": …}`.
    ///
    /// A new file is readable to its owner only. It may serve several vaults one after the other, as each line names its
    /// journal, but one at a time. Started on an empty file that has no earlier ones beside it, it gets the journal from its
    /// beginning. [`FileOptions`](super::FileOptions) tells how to begin a new file now and then.
    JsonLines, Json, Json
}

/// Lines in JSON.
pub(super) struct Json;

impl LineFormat for Json {
    const NAME: &'static str = "JsonLines";
    const BEGINNINGS: &'static [&'static [u8]] = &[b"{\"position\":", b"{\"head\":"];

    fn line(&self, event: &Event) -> String {
        event.to_json()
    }

    fn head(&self, head: &Head) -> String {
        serde_json::json!({ "head": head.to_string() }).to_string()
    }

    fn parse(&self, line: &[u8]) -> Option<Line> {
        let seen: Seen = serde_json::from_slice(line).ok()?;
        match (seen.position, seen.index, seen.of, seen.journal, seen.head) {
            (Some(position), Some(index), Some(of), Some(journal), None) => {
                let time = seen.time.as_deref().and_then(|time| time.parse().ok());
                Some(Line::Event { journal, position, index, of, time })
            }
            (None, None, None, None, Some(_)) => Some(Line::Head),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Seen {
    position: Option<u64>,
    index: Option<u32>,
    of: Option<u32>,
    journal: Option<String>,
    time: Option<String>,
    head: Option<String>,
}
