//! One message of RFC 5424.
//!
//! Guarantees: whatever an event holds, a message is one line that follows the RFC's grammar, and fits its limit.

use std::borrow::Cow;
use std::fmt::Write;

use crate::audit::grade::Grade;
use crate::audit::plain::{self, shortened, visible};
use crate::audit::{Event, Head, cef, ocsf};
use crate::model::Timestamp;

/// The bytes that values keep at most when a message has to be cut.
const CUT_VALUE: usize = 96;
/// The longest name of an act in `MSGID`, in characters.
const MSGID: usize = 32;
/// The byte order mark before a text in UTF-8.
const BOM: &str = "\u{feff}";

/// The part of the host that a message is of: RFC 5424, table 1, as far as it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum Facility {
    /// Programs of users.
    User = 1,
    /// Services.
    Daemon = 3,
    /// Security and authorisation.
    Auth = 4,
    /// Security and authorisation, for the eyes of few.
    AuthPriv = 10,
    /// Logs of audits.
    Audit = 13,
    /// Logs of alerts.
    Alert = 14,
    /// For local use, 0.
    Local0 = 16,
    /// For local use, 1.
    Local1 = 17,
    /// For local use, 2.
    Local2 = 18,
    /// For local use, 3.
    Local3 = 19,
    /// For local use, 4.
    Local4 = 20,
    /// For local use, 5.
    Local5 = 21,
    /// For local use, 6.
    Local6 = 22,
    /// For local use, 7.
    Local7 = 23,
}

/// The text of a message beside its structured data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SyslogBody {
    /// The whole event as JSON ([`Event::to_json`]).
    #[default]
    Json,
    /// The event in the Common Event Format ([`Event::to_cef`]).
    Cef,
    /// The whole event in the Open Cybersecurity Schema Framework ([`Event::to_ocsf`]).
    Ocsf,
    /// A few words for people to read.
    Text,
}

/// The subject of a message.
pub(super) enum Item<'e> {
    Event(&'e Event),
    Head(&'e Head),
}

/// An event's journal, and its position and index.
pub(super) type Number = (String, (u64, u32));

/// The parts that all messages of a sink share.
pub(super) struct Envelope {
    pub(super) facility: Facility,
    pub(super) hostname: String,
    pub(super) app_name: String,
    pub(super) enterprise: u32,
    pub(super) body: SyslogBody,
    pub(super) bom: bool,
    process: u32,
}

impl Item<'_> {
    /// Returns the number that tells the event from every other; a head has none.
    pub(super) fn number(&self) -> Option<Number> {
        match self {
            Self::Event(event) => Some((event.journal().to_owned(), (event.position(), event.index()))),
            Self::Head(_) => None,
        }
    }

    fn time(&self) -> Timestamp {
        match self {
            Self::Event(event) => event.time(),
            Self::Head(head) => head.time(),
        }
    }

    /// Returns the parameters, the most important ones first: they are cut from the end.
    fn params(&self) -> Vec<(&'static str, String)> {
        let event = match self {
            Self::Event(event) => event,
            Self::Head(head) => {
                return vec![
                    ("journal", head.origin()),
                    ("size", head.size().to_string()),
                    ("root", plain::hex(&head.root())),
                ];
            }
        };
        let mut params = vec![
            ("journal", event.journal().to_owned()),
            ("position", event.position().to_string()),
            ("index", event.index().to_string()),
            ("of", event.of().to_string()),
            ("action", event.action().to_owned()),
            ("outcome", event.outcome().name().to_owned()),
        ];
        let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let rest = [
            ("actor", event.actor().map(str::to_owned)),
            ("tenant", event.tenant().map(|id| id.to_string())),
            ("code", text(Some(event.code()))),
            ("rule", text(Some(event.rule()))),
            ("collection", event.collection().map(|id| id.to_string())),
            ("party", event.party().map(str::to_owned)),
            ("rows", event.rows().map(|rows| rows.to_string())),
            ("subjects", Some(event.subjects().len()).filter(|count| *count > 0).map(|count| count.to_string())),
            ("session", event.session().map(str::to_owned)),
            ("device", event.device().map(str::to_owned)),
            ("purpose", event.purpose().map(str::to_owned)),
        ];
        params.extend(rest.into_iter().filter_map(|(name, value)| Some((name, value?))));
        params
    }
}

impl Envelope {
    pub(super) fn new() -> Self {
        Self {
            facility: Facility::Audit,
            hostname: name(&this_machine(), 255),
            app_name: "strongroom".to_owned(),
            enterprise: 32_473,
            body: SyslogBody::Json,
            bom: true,
            process: std::process::id(),
        }
    }

    /// Returns the message: whole if it fits the limit, else without its body, else with less in its structured data too.
    pub(super) fn message(&self, item: &Item<'_>, limit: usize) -> Vec<u8> {
        let mut message = self.header(item);
        let begin = message.len();
        let mut params = item.params();
        self.data(&mut message, &params, None);
        let _ = write!(message, " {}{}", if self.bom { BOM } else { "" }, self.text(item));
        if message.len() <= limit {
            return message.into_bytes();
        }
        message.truncate(begin);
        self.data(&mut message, &params, Some("body"));
        for (_, value) in &mut params {
            *value = shortened(value, CUT_VALUE).into_owned();
        }
        while message.len() > limit {
            message.truncate(begin);
            self.data(&mut message, &params, Some("body,values"));
            if params.pop().is_none() {
                break;
            }
        }
        message.into_bytes()
    }

    /// Returns `<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID `.
    fn header(&self, item: &Item<'_>) -> String {
        let (severity, id) = match item {
            Item::Event(event) => (Grade::of(event).syslog(), name(event.action(), MSGID)),
            Item::Head(_) => (Grade::Notable.syslog(), "head".to_owned()),
        };
        let priority = self.facility as u32 * 8 + u32::from(severity);
        let (host, app, process) = (&self.hostname, &self.app_name, self.process);
        let time = if ocsf::is_rfc_3339(item.time()) { item.time().to_string() } else { "-".to_owned() };
        format!("<{priority}>1 {time} {host} {app} {process} {id} ")
    }

    /// Writes the structured data: one element.
    fn data(&self, message: &mut String, params: &[(&'static str, String)], cut: Option<&str>) {
        let _ = write!(message, "[strongroom@{}", self.enterprise);
        // First, so that nothing that follows can be missed for being cut.
        let cut = cut.map(|what| ("cut", Cow::Borrowed(what)));
        let params = params.iter().map(|(name, value)| (*name, visible(value)));
        for (name, value) in cut.into_iter().chain(params) {
            let _ = write!(message, " {name}=\"");
            for c in value.chars() {
                if matches!(c, '"' | '\\' | ']') {
                    message.push('\\');
                }
                message.push(c);
            }
            message.push('"');
        }
        message.push(']');
    }

    fn text(&self, item: &Item<'_>) -> String {
        match (self.body, item) {
            (SyslogBody::Json, Item::Event(event)) => plain::json(event.to_json()),
            (SyslogBody::Json, Item::Head(head)) => {
                plain::json(serde_json::json!({ "head": head.to_string() }).to_string())
            }
            (SyslogBody::Cef, Item::Event(event)) => cef::line(event),
            (SyslogBody::Cef, Item::Head(head)) => cef::head_line(head),
            (SyslogBody::Ocsf, Item::Event(event)) => ocsf::line(event),
            (SyslogBody::Ocsf, Item::Head(head)) => ocsf::head_line(head),
            (SyslogBody::Text, Item::Event(event)) => words(event),
            (SyslogBody::Text, Item::Head(head)) => format!("head of {} blocks signed", head.size()),
        }
    }
}

/// Returns words such as `sales-7: read denied (no_rule), because "ticket 4711"`.
fn words(event: &Event) -> String {
    let who = event.actor().map_or(Cow::Borrowed("the vault"), visible);
    let mut words = format!("{who}: {} {}", visible(event.action()), event.outcome().name());
    if !event.code().is_empty() {
        let _ = write!(words, " ({})", visible(event.code()));
    }
    if let Some(rows) = event.rows() {
        let _ = write!(words, ", {rows} rows");
    }
    if let Some(reason) = event.reason() {
        let _ = write!(words, ", because \"{}\"", visible(reason));
    }
    words
}

/// Returns a name for the header: visible ASCII (33 to 126), at most so many; `-` if there is none.
pub(super) fn name(text: &str, most: usize) -> String {
    let fit = |c: char| if c.is_ascii_graphic() { c } else { '_' };
    let name: String = text.chars().take(most).map(fit).collect();
    if name.is_empty() { "-".to_owned() } else { name }
}

/// Returns this machine's name, where the system tells it in a file.
fn this_machine() -> String {
    let name =
        std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::fs::read_to_string("/etc/hostname"));
    name.unwrap_or_default().trim().to_owned()
}
