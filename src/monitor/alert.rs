//! An alert, and where alerts go.

use std::fmt;
use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use serde::Serialize;

use crate::audit::{SinkError, visible};
use crate::model::{TenantId, Timestamp};

use super::response::Response;
use super::rule::{RuleName, Severity};

/// Something that a rule found. `Debug` shows neither names nor the text.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Alert {
    /// Names the alert, also when it is told again because it got much worse, and after a restart.
    pub id: String,
    /// The rule that found it.
    pub rule: RuleName,
    /// The weight of the alert, if it is what it looks like.
    pub severity: Severity,
    /// The tenant; `None` for the vault itself.
    pub tenant: Option<TenantId>,
    /// The actor who did it; `None` where nobody did.
    pub actor: Option<String>,
    /// The time of the act that raised it, or raised it again. An entry that is older than the journal's time by then counts
    /// as of that time.
    pub at: Timestamp,
    /// The finding in words, with the numbers it rests on. It names actors by their ids, and never a field's value.
    pub text: String,
    /// The entries that it rests on, at most 100: positions of blocks in the journal, and numbers in the block. The first
    /// is the one that raised it.
    pub evidence: Vec<(u64, u32)>,
    /// The journal that holds them: `strongroom/<vault id>/<journal id>`.
    pub journal: String,
    /// The number of times that the rule has found it by now; repeats are joined.
    pub count: u64,
    /// The part of the threshold that was reached: 1 just reaches it, 2 is twice as much.
    pub degree: f64,
    /// 0 when it is told first, then counted up each time that it is told again because it got much worse.
    pub update: u32,
    /// Nobody has proved to be the actor: the alert rests on log-ins that failed, which anybody can try under any id. The
    /// monitor does nothing by itself about such an alert.
    pub unproven: bool,
    /// The responses that the monitor gave by itself, and their outcomes.
    pub responses: Vec<Response>,
    /// The reason why the journal couldn't take it, if it couldn't.
    pub unjournalled: Option<String>,
}

impl fmt::Debug for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Alert");
        debug.field("id", &self.id).field("severity", &self.severity).field("tenant", &self.tenant);
        debug.field("count", &self.count).field("update", &self.update).finish_non_exhaustive()
    }
}

impl fmt::Display for Alert {
    /// Returns one line: severity, rule and text, whatever characters the ids in it have.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.severity, self.rule, visible(&self.text))
    }
}

impl Alert {
    /// Returns the alert as one line of JSON, without a line end. What doesn't apply is left out.
    #[must_use]
    pub fn to_json(&self) -> String {
        let line = Line {
            alert: &self.id,
            rule: self.rule.name(),
            severity: self.severity.name(),
            tenant: self.tenant.map(|id| id.to_string()),
            actor: self.actor.as_deref(),
            time: self.at.to_string(),
            text: &self.text,
            journal: &self.journal,
            evidence: &self.evidence,
            count: self.count,
            degree: self.degree,
            update: self.update,
            unproven: self.unproven,
            responses: self.responses.iter().map(ToString::to_string).collect(),
            unjournalled: self.unjournalled.as_deref(),
        };
        // Numbers, texts and lists of them always serialise.
        serde_json::to_string(&line).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Line<'a> {
    alert: &'a str,
    rule: &'a str,
    severity: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a str>,
    time: String,
    text: &'a str,
    journal: &'a str,
    evidence: &'a [(u64, u32)],
    count: u64,
    degree: f64,
    update: u32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unproven: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    responses: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unjournalled: Option<&'a str>,
}

/// A place that alerts are sent to: a pager, a mailbox, a chat. Closures that take an `&Alert` and return a
/// `Result<(), SinkError>` are sinks too.
///
/// Each sink has a thread of its own. An alert that it doesn't take, by an error or a panic, is given to it again, after a
/// pause that grows to a minute; [`Monitor::health`](super::Monitor::health) shows it.
pub trait AlertSink: Send {
    /// Takes an alert.
    ///
    /// # Errors
    /// Whatever went wrong; the same alert is given again.
    fn alert(&mut self, alert: &Alert) -> Result<(), SinkError>;

    /// Returns the name that health reports use.
    fn name(&self) -> String {
        let path = std::any::type_name::<Self>();
        let path = path.split_once('<').map_or(path, |(path, _)| path);
        path.rsplit_once("::").map_or(path, |(_, name)| name).to_owned()
    }
}

impl<F: FnMut(&Alert) -> Result<(), SinkError> + Send> AlertSink for F {
    fn alert(&mut self, alert: &Alert) -> Result<(), SinkError> {
        self(alert)
    }

    fn name(&self) -> String {
        "closure".to_owned()
    }
}

/// Makes a sink that writes each alert as one line of JSON to anything that takes bytes: a file, a pipe, standard error. Each
/// line is flushed.
#[must_use]
pub fn alert_lines<W: Write + Send>(to: W) -> impl AlertSink {
    AlertLines(to)
}

struct AlertLines<W>(W);

impl<W: Write + Send> AlertSink for AlertLines<W> {
    fn alert(&mut self, alert: &Alert) -> Result<(), SinkError> {
        let mut line = alert.to_json();
        line.push('\n');
        self.0.write_all(line.as_bytes())?;
        self.0.flush()?;
        Ok(())
    }
}

/// Makes a sink that puts alerts into a channel of this process, and returns the end where they come out. The channel holds
/// so many alerts that nobody takes (at least 1); then the sink fails until there is room.
#[must_use]
pub fn alert_channel(room: usize) -> (impl AlertSink, Receiver<Alert>) {
    let (sender, receiver) = sync_channel(room.max(1));
    (AlertChannel(sender), receiver)
}

struct AlertChannel(SyncSender<Alert>);

impl AlertSink for AlertChannel {
    fn alert(&mut self, alert: &Alert) -> Result<(), SinkError> {
        self.0.try_send(alert.clone()).map_err(|error| match error {
            TrySendError::Full(_) => SinkError::new("the channel is full: take alerts out of it"),
            TrySendError::Disconnected(_) => SinkError::new("nobody takes alerts out of the channel any more"),
        })
    }
}
