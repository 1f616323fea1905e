//! A sink that sends events to a log server: syslog, over UDP, TCP or a unix socket.
//!
//! Guarantees: every message is one of RFC 5424, whatever texts it carries, and says by numbers which event it is; a server
//! that hangs is an error after the timeout; what a broken connection may have lost is sent again, as far as it is kept
//! (1 MiB). Does not: encrypt (see [`Syslog`]), or learn what the server did with a message: the protocol has no answer.

use std::collections::VecDeque;
use std::io;
#[cfg(unix)]
use std::path::PathBuf;
use std::time::Duration;

use super::{AuditSink, Event, Head, Held, SinkError};

use link::{Dialling, Link, Target};
use message::{Envelope, Item, Number};

pub use message::{Facility, SyslogBody};

mod link;
mod message;

/// A datagram to a log server is at most this long unless set: what RFC 5424 (6.1) says that receivers should take.
const UDP_LIMIT: usize = 2_048;
/// The least that a limit is set to: about what RFC 5424 says that receivers must take, and what a message that is cut fits in.
const LEAST: usize = 512;
/// The most that UDP carries, over IPv4 (RFC 768 and 791).
const UDP_MOST: usize = 65_507;
/// A datagram to a unix socket is at most this long unless set.
#[cfg(unix)]
const UNIX_LIMIT: usize = 64_000;
/// A message on a stream is at most this long unless set.
const STREAM_LIMIT: usize = 1 << 20;
/// Of what was acknowledged, so much is kept to be sent again after a connection broke.
const TAIL: usize = 1 << 20;
/// The number of messages that are made and written at once.
const AT_ONCE: usize = 16;
/// The longest timeout.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// Connecting, looking the name up included, and writing each take at most this long unless set.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A sink that sends events and heads to a log server, each as one message of RFC 5424.
///
/// ```
/// use strongroom::audit::{Syslog, SyslogBody};
/// let sink = Syslog::tcp("127.0.0.1:601").app_name("crm").body(SyslogBody::Cef);
/// ```
///
/// # What a message says
///
/// Its time is the event's, its `MSGID` the act, its severity goes by the outcome (permitted 6, administration 5, denied 4,
/// failed 3, alerts 4 to 1). The structured data `strongroom@32473` hold `journal`, `position`, `index` and `of`, which name
/// the event for life, `action`, `outcome`, and as far as there are any `actor`, `tenant`, `code`, `rule`, `collection`,
/// `party`, `session`, `device`, `purpose`, `rows` and `subjects` (their number); control characters in them show as `\u000a`.
/// The rest is in the [body](SyslogBody), which begins with a byte order mark as RFC 5424 has it, unless
/// [told otherwise](Self::without_bom).
///
/// # What an acknowledgement means
///
/// - UDP (RFC 5426): the datagrams were handed to the network. Any may be lost, and none is missed but by its numbers. Fit
///   for a relay on the same machine; elsewhere use TCP.
/// - TCP (RFC 6587, octet counting) and unix streams: the messages were written to the connection. If it breaks, the last
///   MiB is sent again first; what was beyond that, and on its way when the server fell, is lost to it.
/// - Unix datagrams: the messages are in the receiving socket's queue.
///
/// No transport says that the server has *stored* anything: where that is asked for, attach a file as well. A sink of this
/// kind keeps nothing, so after a restart the vault's own cursor says where to go on. A message may come twice; its numbers
/// say so.
///
/// Signed heads go the same ways. One that was handed to UDP counts for nothing when the journal is to be
/// [shortened](crate::VaultSession::plan_retention): nobody may have it. One that was written to a stream or a socket's queue counts
/// as kept, though only this machine's system has acknowledged it, not the server.
///
/// # Encryption
///
/// There is none here. Events hold names of actors and reasons in the clear: send them over a network through a relay on
/// this machine (rsyslog, syslog-ng, Vector) that speaks TLS (RFC 5425), never as they are.
///
/// # Limits
///
/// A message over the [limit](Self::message_limit) goes without its body, and its structured data say `cut="body"`. If that
/// isn't enough, long values are cut (`…`) and the last ones left out, and they say `cut="body,values"`. The journal has
/// the whole of it. Many servers have limits of their own (rsyslog 8 KiB, `maxMessageSize`).
pub struct Syslog {
    target: Target,
    envelope: Envelope,
    timeout: Duration,
    limit: usize,
    link: Option<Link>,
    dialling: Option<Dialling>,
    tail: VecDeque<Sent>,
}

/// A message that was written to a connection.
struct Sent {
    number: Option<Number>,
    message: Vec<u8>,
}

impl Syslog {
    /// Sends to a server's UDP port, such as `logs.example.com:514`. The name is looked up at each connection.
    #[must_use]
    pub fn udp(server: impl Into<String>) -> Self {
        Self::new(Target::Udp(server.into()), UDP_LIMIT)
    }

    /// Sends to a server's TCP port, such as `127.0.0.1:601`. The name is looked up at each connection.
    #[must_use]
    pub fn tcp(server: impl Into<String>) -> Self {
        Self::new(Target::Tcp(server.into()), STREAM_LIMIT)
    }

    /// Sends to a unix socket on this machine, such as `/dev/log`: datagrams, or a stream with octet counting if it is of
    /// that kind.
    #[cfg(unix)]
    #[must_use]
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self::new(Target::Unix(path.into()), UNIX_LIMIT)
    }

    fn new(target: Target, limit: usize) -> Self {
        let (envelope, timeout) = (Envelope::new(), TIMEOUT);
        Self { target, envelope, timeout, limit, link: None, dialling: None, tail: VecDeque::new() }
    }

    /// Sets the facility; [`Facility::Audit`] unless set.
    #[must_use]
    pub fn facility(mut self, facility: Facility) -> Self {
        self.envelope.facility = facility;
        self
    }

    /// Sets the name of this machine: at most 255 visible ASCII characters, others become `_`. Unless set it is the system's,
    /// where that is known.
    #[must_use]
    pub fn hostname(mut self, name: impl AsRef<str>) -> Self {
        self.envelope.hostname = message::name(name.as_ref(), 255);
        self
    }

    /// Sets the name of the application, `strongroom` unless set: at most 48 visible ASCII characters, others become `_`.
    #[must_use]
    pub fn app_name(mut self, name: impl AsRef<str>) -> Self {
        self.envelope.app_name = message::name(name.as_ref(), 48);
        self
    }

    /// Sets the number in the name of the structured data: your organisation's own, from IANA's list of private enterprise
    /// numbers. Unless set it is 32473, which RFC 5612 keeps for examples.
    #[must_use]
    pub fn enterprise_number(mut self, number: u32) -> Self {
        self.envelope.enterprise = number;
        self
    }

    /// Sets what messages say besides their structured data; JSON unless set.
    #[must_use]
    pub fn body(mut self, body: SyslogBody) -> Self {
        self.envelope.body = body;
        self
    }

    /// Leaves out the byte order mark before the body, for servers that take it for text.
    #[must_use]
    pub fn without_bom(mut self) -> Self {
        self.envelope.bom = false;
        self
    }

    /// Sets how long connecting and writing may each take; 3 seconds unless set, a day at
    /// most. A required sink's deadline should be longer.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        // The system takes no timeout of nothing.
        self.timeout = timeout.clamp(Duration::from_millis(1), LONGEST);
        self
    }

    /// Sets how long a message may be, in bytes: from 512, for UDP to 65,507. Unless set it is 2,048 for UDP, 64,000 for unix
    /// datagrams and 1 MiB for streams.
    #[must_use]
    pub fn message_limit(mut self, bytes: usize) -> Self {
        let most = if matches!(self.target, Target::Udp(_)) { UDP_MOST } else { usize::MAX };
        self.limit = bytes.clamp(LEAST, most);
        self
    }

    fn send(&mut self, items: &[Item<'_>]) -> Result<(), SinkError> {
        self.connect()?;
        let new: Vec<&Item<'_>> = items.iter().filter(|item| !self.holds(item)).collect();
        for some in new.chunks(AT_ONCE) {
            let messages = self.send_some(some)?;
            if self.target.is_told_of_loss() {
                let numbers = some.iter().map(|item| item.number());
                self.tail.extend(numbers.zip(messages).map(|(number, message)| Sent { number, message }));
            }
        }
        // Only now: until they are acknowledged, all of them are needed if the connection breaks.
        let mut bytes: usize = self.tail.iter().map(|sent| sent.message.len()).sum();
        while bytes > TAIL {
            let Some(first) = self.tail.pop_front() else { break };
            bytes = bytes.saturating_sub(first.message.len());
        }
        Ok(())
    }

    fn send_some(&mut self, items: &[&Item<'_>]) -> Result<Vec<Vec<u8>>, SinkError> {
        loop {
            let messages: Vec<_> = items.iter().map(|item| self.envelope.message(item, self.limit)).collect();
            match self.write(|link, timeout| link.send(messages.iter(), timeout)) {
                Ok(()) => return Ok(messages),
                // The system has a limit of its own for datagrams: learn it.
                Err(error) if link::is_too_long(&error) && self.limit > LEAST => {
                    self.limit = (self.limit / 2).max(LEAST);
                    self.connect()?;
                }
                Err(error) => return Err(self.failed("written to", error)),
            }
        }
    }

    /// Makes a connection that stands, as far as that can be told. On a new one, what the last may have lost goes first.
    fn connect(&mut self) -> Result<(), SinkError> {
        if self.link.as_mut().is_some_and(|link| !link.is_closed()) {
            return Ok(());
        }
        self.link = None;
        // One at a time: looking a name up, or a unix socket with a full queue, can hang beyond any timeout.
        let dialling = match self.dialling.take() {
            Some(dialling) => dialling,
            None => Dialling::start(&self.target, self.timeout).map_err(|error| self.failed("connected to", error))?,
        };
        match dialling.wait(self.timeout) {
            Ok(link) => self.link = Some(link.map_err(|error| self.failed("connected to", error))?),
            Err(dialling) => {
                self.dialling = Some(dialling);
                return Err(self.failed("connected to", io::ErrorKind::TimedOut.into()));
            }
        }
        let tail = std::mem::take(&mut self.tail);
        let sent = self.write(|link, timeout| link.send(tail.iter().map(|sent| &sent.message), timeout));
        self.tail = tail;
        sent.map_err(|error| self.failed("written to", error))
    }

    /// Does something with the connection, and gives it up if that fails.
    fn write(&mut self, act: impl FnOnce(&mut Link, Duration) -> io::Result<()>) -> io::Result<()> {
        let timeout = self.timeout;
        let done = self.link.as_mut().map_or(Err(io::ErrorKind::NotConnected.into()), |link| act(link, timeout));
        if done.is_err() {
            self.link = None;
        }
        done
    }

    /// Tells whether the item was written before an error, since when it was written again with the tail.
    fn holds(&self, item: &Item<'_>) -> bool {
        let last = self.tail.iter().rev().find_map(|sent| sent.number.as_ref());
        item.number().zip(last).is_some_and(|((journal, place), last)| *journal == *last.0 && place <= last.1)
    }

    fn failed(&self, done: &str, error: io::Error) -> SinkError {
        SinkError::with_source(format!("the log server at {} can't be {done}", self.target), error)
    }
}

impl AuditSink for Syslog {
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
        let items: Vec<_> = events.iter().map(Item::Event).collect();
        self.send(&items)
    }

    fn last(&mut self, _: &str) -> Result<Held, SinkError> {
        Ok(Held::Unknown)
    }

    fn anchor(&mut self, head: &Head) -> Result<(), SinkError> {
        self.send(&[Item::Head(head)])
    }

    fn keeps_heads(&self) -> bool {
        // As text a head goes without its signature.
        self.target.is_told_of_loss() && self.envelope.body != SyslogBody::Text
    }

    fn name(&self) -> String {
        format!("Syslog({})", self.target)
    }
}

#[cfg(test)]
mod tests;
