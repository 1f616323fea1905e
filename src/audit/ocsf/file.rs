//! Files of OCSF lines.

use serde::Deserialize;

use crate::audit::lines::{Line, LineFormat, file_sink};
use crate::audit::{Event, Head};
use crate::model::Timestamp;

file_sink! {
    /// Appends events to a file in the Open Cybersecurity Schema Framework 1.8.0, one JSON object a line
    /// ([`Event::to_ocsf`]), and signed heads as Event Log Activity with the head's text under `unmapped.head`.
    ///
    /// In all else it is like [`JsonLines`](crate::audit::JsonLines). To a log server, [`Syslog`](crate::audit::Syslog) sends
    /// the same lines.
    Ocsf, OcsfLines, OcsfLines
}

/// Lines in OCSF.
pub(crate) struct OcsfLines;

impl LineFormat for OcsfLines {
    const NAME: &'static str = "Ocsf";
    const BEGINNINGS: &'static [&'static [u8]] = &[b"{\"class_uid\":"];

    fn line(&self, event: &Event) -> String {
        super::line(event)
    }

    fn head(&self, head: &Head) -> String {
        super::head_line(head)
    }

    fn parse(&self, line: &[u8]) -> Option<Line> {
        let Seen { time, metadata, unmapped } = serde_json::from_slice(line).ok()?;
        match (metadata.sequence, unmapped.of, unmapped.head) {
            (Some(position), Some(of), None) => Some(Line::Event {
                journal: metadata.log_name,
                position,
                index: metadata.uid.rsplit('/').next()?.parse().ok()?,
                of,
                time: time.checked_mul(1000).map(Timestamp::from_micros),
            }),
            (None, None, Some(_)) => Some(Line::Head),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Seen {
    time: i64,
    metadata: Metadata,
    unmapped: Unmapped,
}

#[derive(Deserialize)]
struct Metadata {
    uid: String,
    log_name: String,
    sequence: Option<u64>,
}

#[derive(Deserialize)]
struct Unmapped {
    of: Option<u32>,
    head: Option<String>,
}

#[cfg(test)]
mod tests;
