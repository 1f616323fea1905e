//! Files of CEF lines.

use crate::audit::lines::{Line, LineFormat, file_sink};
use crate::audit::{Event, Head};
use crate::model::Timestamp;

file_sink! {
    /// Appends events to a file in the Common Event Format, one a line ([`Event::to_cef`]), and signed heads as lines whose
    /// signature id is `head`, with the head's text under `strongroomHead`.
    ///
    /// The journal has in full what long lists and texts lose here; a file that says everything is one of
    /// [`JsonLines`](crate::audit::JsonLines), which is like this one in all else. To a log server,
    /// [`Syslog`](crate::audit::Syslog) sends the same lines.
    Cef, CefLines, CefLines
}

/// Lines in CEF.
pub(crate) struct CefLines;

impl LineFormat for CefLines {
    const NAME: &'static str = "Cef";
    const BEGINNINGS: &'static [&'static [u8]] = &[b"CEF:0|Strongroom|strongroom|"];

    fn line(&self, event: &Event) -> String {
        super::line(event)
    }

    fn head(&self, head: &Head) -> String {
        super::head_line(head)
    }

    fn parse(&self, line: &[u8]) -> Option<Line> {
        let line = std::str::from_utf8(line).ok()?;
        let (id, extension) = parts(line)?;
        if id == "head" && value(extension, "strongroomHead").is_some() {
            return Some(Line::Head);
        }
        let millis: i64 = extension.strip_prefix("rt=")?.split(' ').next()?.parse().ok()?;
        Some(Line::Event {
            journal: value(extension, "cs1")?.to_owned(),
            position: value(extension, "cn1")?.parse().ok()?,
            index: value(extension, "cn2")?.parse().ok()?,
            of: value(extension, "strongroomOf")?.parse().ok()?,
            time: millis.checked_mul(1000).map(Timestamp::from_micros),
        })
    }
}

/// Returns the signature id and the extension: what follows the seventh bar that isn't escaped.
fn parts(line: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let bars = line.char_indices().filter_map(|(at, c)| {
        let bar = c == '|' && !escaped;
        escaped = c == '\\' && !escaped;
        bar.then_some(at)
    });
    let bars: Vec<_> = bars.take(7).collect();
    let [_, _, _, fourth, fifth, _, seventh] = bars.as_slice() else { return None };
    Some((line.get(fourth.checked_add(1)?..*fifth)?, line.get(seventh.checked_add(1)?..)?))
}

/// Returns the value of a key; journals and numbers have no blanks. A text that a value quotes can't look like a key: its
/// `=` is escaped.
fn value<'e>(extension: &'e str, key: &str) -> Option<&'e str> {
    extension.split_once(&format!(" {key}="))?.1.split(' ').next()
}

#[cfg(test)]
mod tests;
