//! The responder: it answers alerts by itself.
//!
//! Guarantees: it does only what the rules were told to, by the public calls, so the host's policy decides and the journal
//! tells. It suspends neither itself nor those who are to be left alone, nor asks them for a new log-in, and does so to no
//! more actors in an hour than it may. It does nothing about alerts that rest on log-ins that failed. What was refused or
//! failed is part of the alert. Does not: loosen a freeze, or undo anything.

use std::collections::{HashSet, VecDeque};

use crate::error::Error;
use crate::model::{Actor, TenantId, Timestamp};
use crate::vault::{Freeze, Session, Tenant, Vault};

use super::alert::Alert;
use super::local::HOUR;
use super::response::{Respond, Response, ResponseOutcome};

/// The most actors that are suspended, or asked for a new log-in, in an hour.
pub(super) const PER_HOUR: usize = 5;

/// The responder, with its limits.
pub(super) struct Responder {
    pub(super) actor: Option<Actor>,
    pub(super) spared: HashSet<String>,
    pub(super) per_hour: usize,
    /// The actors to whom something was done within the hour, and when first.
    lately: VecDeque<(Timestamp, (TenantId, String))>,
}

impl Responder {
    pub(super) fn new() -> Self {
        Self { actor: None, spared: HashSet::new(), per_hour: PER_HOUR, lately: VecDeque::new() }
    }

    /// Does what is to be done about an alert.
    pub(super) fn answer(&mut self, vault: &Vault, alert: &Alert, what: &[Respond]) -> Vec<Response> {
        let each = |respond: &Respond| Response { respond: *respond, outcome: self.one(vault, alert, *respond) };
        what.iter().map(each).collect()
    }

    fn one(&mut self, vault: &Vault, alert: &Alert, respond: Respond) -> ResponseOutcome {
        let not = |why: &str| ResponseOutcome::NotTried(why.to_owned());
        let Some(responder) = self.actor.clone() else {
            return not("the monitor was given no responder: see `Monitor::responder`");
        };
        let Some(tenant) = alert.tenant.and_then(|id| vault.tenants().into_iter().find(|tenant| tenant.id() == id))
        else {
            return not("the alert is of no tenant");
        };
        if alert.unproven {
            return not("it takes log-ins that failed to make it out, which anybody can try under any id");
        }
        let now = vault.now();
        // The text may be longer than a reason may be.
        let reason = format!("alert {}", alert.id);
        let done = match respond {
            Respond::FreezeTenant(extent) => return freeze(&tenant, extent, &reason, &responder),
            Respond::StepUp(_) | Respond::SuspendActor => self.may(alert, tenant.id(), &responder, now),
        };
        let actor = match done {
            Ok(actor) => actor,
            Err(why) => return ResponseOutcome::NotTried(why),
        };
        let done = match respond {
            Respond::StepUp(strength) => session(&tenant, &responder, &reason)
                .and_then(|s| s.require_step_up(&actor, strength))
                .map(|()| ResponseOutcome::Done),
            _ => session(&tenant, &responder, &reason).and_then(|s| s.suspend(&actor)).map(|new| match new {
                true => ResponseOutcome::Done,
                false => ResponseOutcome::Already,
            }),
        };
        match done {
            // It holds; only a sink didn't say in time that it has it.
            Ok(ResponseOutcome::Done) | Err(Error::AuditUnavailable { committed: true }) => {
                let place = (tenant.id(), actor);
                if self.lately.iter().all(|(_, known)| *known != place) {
                    self.lately.push_back((now, place));
                }
                ResponseOutcome::Done
            }
            Ok(outcome) => outcome,
            Err(error) => failed(&error),
        }
    }

    /// Returns the actor whom the alert is about, if something may be done to them.
    fn may(&mut self, alert: &Alert, tenant: TenantId, responder: &Actor, now: Timestamp) -> Result<String, String> {
        let Some(actor) = &alert.actor else { return Err("nobody in particular did it".to_owned()) };
        if actor == responder.id() {
            return Err("nothing is done to the responder".to_owned());
        }
        if self.spared.contains(actor) {
            return Err("they are among those never suspended".to_owned());
        }
        let old = |at: &Timestamp| !(-HOUR..HOUR).contains(&now.as_micros().saturating_sub(at.as_micros()));
        self.lately.retain(|(at, _)| !old(at));
        let of_tenant: Vec<&String> =
            self.lately.iter().filter(|(_, (of, _))| *of == tenant).map(|(_, (_, known))| known).collect();
        if !of_tenant.contains(&actor) && of_tenant.len() >= self.per_hour {
            return Err(format!(
                "{} actors of the tenant were suspended or asked for a new log-in within the hour",
                of_tenant.len()
            ));
        }
        Ok(actor.clone())
    }
}

fn freeze(tenant: &Tenant, extent: Freeze, reason: &str, responder: &Actor) -> ResponseOutcome {
    let done = session(tenant, responder, reason).and_then(|session| match session.frozen()? {
        Some(frozen) if frozen.extent >= extent => Ok(false),
        _ => session.freeze(extent),
    });
    match done {
        Ok(true) | Err(Error::AuditUnavailable { committed: true }) => ResponseOutcome::Done,
        Ok(false) => ResponseOutcome::Already,
        Err(error) => failed(&error),
    }
}

/// Begins a session of the responder, for this reason.
fn session(tenant: &Tenant, responder: &Actor, reason: &str) -> Result<Session, Error> {
    Ok(tenant.session(responder.clone())?.because(reason))
}

fn failed(error: &Error) -> ResponseOutcome {
    ResponseOutcome::Failed(describe(error))
}

/// Returns an error and its causes in one line.
pub(super) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
