//! Events of the host's own that the journal is to keep: log-ins and the like.
//!
//! Guarantees: an event is written as an entry of a read is: into the buffer, or in strict mode onto the disk; `flush`
//! makes it durable. Does not: ask a policy, or check that the event happened. Ids, codes and reasons are kept in the
//! host's own words: put no personal data of customers in.

use std::fmt;
use std::sync::Arc;

use crate::audit::{EntryBuilder, Outcome};
use crate::error::{Error, Impossible, Result};
use crate::format::journal_entry::{MAX_REASON, MAX_TEXT};
use crate::model::{Actor, Grantee};

use crate::vault::core::Core;
use crate::vault::gate::finish;
use crate::vault::state::tenant::TenantCore;

use super::handle::Journal;

/// Longest name of an event, in letters.
const NAME: usize = 64;
/// Longest code, in bytes.
const CODE: usize = 64;
/// Length of the longest prefix of a party's name.
const PARTY_KIND: usize = "group:".len();

/// Something that the host did and the journal is to keep: a log-in, a changed role. Its entry's act is `host_login`,
/// `host_logout`, `host_login_failed`, `host_role_changed`, `host_device_added` or `host_other.<name>`.
///
/// Ids, devices and sessions have at most 1,024 bytes, codes 64, reasons 8 KiB.
///
/// ```
/// use strongroom::vault::HostEvent;
/// # fn example(host: &strongroom::vault::Session) -> strongroom::Result<()> {
/// let sales = strongroom::Actor::new("sales-7").with_role("sales").with_device("laptop-12").with_session("4f1c");
/// let journal = host.journal();
/// journal.record(HostEvent::login(&sales).code("two_factors"))?;
/// journal.record(HostEvent::login_failed(&strongroom::Actor::new("sales-8")).code("wrong_password"))?;
/// journal.record(HostEvent::other("report_printed").by(&sales).reason("monthly"))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HostEvent {
    act: Act,
    actor: Option<Actor>,
    outcome: Outcome,
    code: String,
    reason: Option<String>,
    purpose: Option<String>,
    party: Option<Party>,
}

#[derive(Clone)]
enum Act {
    Known(&'static str),
    Other(String),
}

#[derive(Clone)]
enum Party {
    Actor(String),
    Role(String),
    Group(String),
}

impl HostEvent {
    /// Returns the event that somebody has logged in.
    #[must_use]
    pub fn login(actor: &Actor) -> Self {
        Self::new(Act::Known("host_login")).by(actor)
    }

    /// Returns the event that somebody has logged out.
    #[must_use]
    pub fn logout(actor: &Actor) -> Self {
        Self::new(Act::Known("host_logout")).by(actor)
    }

    /// Returns the event that somebody tried to log in and was refused. The actor's id is the claimed one.
    #[must_use]
    pub fn login_failed(actor: &Actor) -> Self {
        Self::new(Act::Known("host_login_failed")).by(actor).outcome(Outcome::Denied)
    }

    /// Returns the event that `by` has changed an actor's roles.
    #[must_use]
    pub fn role_changed(actor: &str, by: &Actor) -> Self {
        Self::new(Act::Known("host_role_changed")).by(by).party(Grantee::Actor(actor))
    }

    /// Returns the event that somebody uses a new device, which the actor names.
    #[must_use]
    pub fn device_added(actor: &Actor) -> Self {
        Self::new(Act::Known("host_device_added")).by(actor)
    }

    /// Returns an event of another kind, named by 1 to 64 of the letters `a` to `z`, digits and `_`.
    #[must_use]
    pub fn other(name: impl Into<String>) -> Self {
        Self::new(Act::Other(name.into()))
    }

    fn new(act: Act) -> Self {
        let (outcome, code) = (Outcome::Permitted, String::new());
        Self { act, actor: None, outcome, code, reason: None, purpose: None, party: None }
    }

    /// Sets the actor who did it: id, roles, session and device are kept.
    #[must_use]
    pub fn by(mut self, actor: &Actor) -> Self {
        self.actor = Some(actor.clone());
        self
    }

    /// Sets the outcome; permitted unless set.
    #[must_use]
    pub const fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// Sets a short code of the host's own choice.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = code.into();
        self
    }

    /// Sets the reason, in words.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Sets the purpose.
    #[must_use]
    pub fn purpose(mut self, purpose: impl Into<String>) -> Self {
        self.purpose = Some(purpose.into());
        self
    }

    /// Sets another party whom the event concerns.
    #[must_use]
    pub fn party(mut self, party: Grantee<'_>) -> Self {
        self.party = Some(match party {
            Grantee::Actor(name) => Party::Actor(name.to_owned()),
            Grantee::Role(name) => Party::Role(name.to_owned()),
            Grantee::Group(name) => Party::Group(name.to_owned()),
        });
        self
    }

    fn party_name(&self) -> &str {
        match &self.party {
            Some(Party::Actor(name) | Party::Role(name) | Party::Group(name)) => name,
            None => "",
        }
    }

    fn check(&self) -> Result<()> {
        if let Act::Other(name) = &self.act {
            let known = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
            if name.is_empty() || name.len() > NAME || !name.bytes().all(known) {
                return Err(Impossible::EventName.into());
            }
        }
        let actor = self.actor.as_ref();
        let of = |text: Option<&str>| text.map_or(0, str::len);
        for (what, size, limit) in [
            ("id of the actor of a host event", of(actor.map(Actor::id)), MAX_TEXT),
            ("device of a host event", of(actor.and_then(Actor::device)), MAX_TEXT),
            ("session of a host event", of(actor.and_then(Actor::session)), MAX_TEXT),
            ("party of a host event", self.party_name().len(), MAX_TEXT.saturating_sub(PARTY_KIND)),
            ("purpose of a host event", of(self.purpose.as_deref()), MAX_TEXT),
            ("reason of a host event", of(self.reason.as_deref()), MAX_REASON),
            ("code of a host event", self.code.len(), CODE),
        ] {
            if size > limit {
                return Err(Error::TooLarge { what, size, limit });
            }
        }
        Ok(())
    }
}

impl fmt::Debug for HostEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let act = match &self.act {
            Act::Known(act) => act,
            Act::Other(_) => "host_other",
        };
        f.debug_struct("HostEvent").field("act", &act).field("outcome", &self.outcome).finish_non_exhaustive()
    }
}

impl Journal {
    /// Writes an event of the host's into this journal. It is buffered as reads are:
    /// [`Vault::flush`](crate::Vault::flush) makes it durable. No policy is asked; the event names the actor.
    ///
    /// # Errors
    /// [`Error::NotPossible`] and [`Error::TooLarge`] for texts that don't fit (see [`HostEvent`]), and reasons why the
    /// vault can't act now.
    pub fn record(&self, event: HostEvent) -> Result<()> {
        record(&self.core, self.tenant.as_ref(), &event)
    }
}

fn record(core: &Core, tenant: Option<&Arc<TenantCore>>, event: &HostEvent) -> Result<()> {
    core.ready()?;
    event.check()?;
    let now = core.now();
    let mut entry = match &event.act {
        Act::Known(act) => EntryBuilder::named(now, act),
        Act::Other(name) => EntryBuilder::named(now, &format!("host_other.{name}")),
    };
    entry.outcome(event.outcome, &event.code, "");
    if let Some(actor) = &event.actor {
        entry.actor(actor);
    }
    if let Some(purpose) = &event.purpose {
        entry.purpose(purpose);
    }
    if let Some(reason) = &event.reason {
        entry.reason(reason);
    }
    match &event.party {
        Some(Party::Actor(name)) => drop(entry.party(Grantee::Actor(name))),
        Some(Party::Role(name)) => drop(entry.party(Grantee::Role(name))),
        Some(Party::Group(name)) => drop(entry.party(Grantee::Group(name))),
        None => {}
    }
    core.record(tenant, finish(entry)?).map(|_ticket| ())
}
