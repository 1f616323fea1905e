//! Dual control: some acts need other people's approval.
//!
//! Guarantees: an act it holds for is obliged to so many approvals, whatever permits it; where it names approvers, nobody
//! else approves. Does not: permit anything, or count approvals. The vault counts those of people other than the
//! requester, each once.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use super::settings::Settings;
use super::{
    AccessPolicy, Decision, Denial, Explanation, Looked, Obligation, Permission, PolicyError, PolicyVersion, Scope,
    codes,
};
use crate::format::fact::MAX_ANSWERS;
use crate::model::{Action, Facts, FieldSet, Request};

/// Obliges some acts to the approval of other people.
///
/// It permits nothing, so put it beside what does:
///
/// ```
/// use strongroom::Actor;
/// use strongroom::model::{Action, Facts, NoFacts, Request, Resource, Timestamp};
/// use strongroom::policy::{AccessPolicy, DualControl, Roles, all_of};
///
/// let roles = Roles::new().role("sales", |r| r.on("customers").read_all().delete());
/// // Two managers have to agree before a customer of the label "vip" is deleted or taken out in bulk.
/// let two = DualControl::new(2)
///     .for_acts([Action::Delete, Action::Export])
///     .on(["customers"])
///     .labelled("vip")
///     .approvers(["manager"]);
/// let policy = all_of(roles).and(two);
/// policy.check()?;
///
/// /// A vault where so many have approved.
/// struct Approved(u32);
/// impl Facts for Approved {
///     fn now(&self) -> Timestamp {
///         Timestamp::from_micros(0)
///     }
///     fn approvals(&self, _: &Request<'_>) -> u32 {
///         self.0
///     }
/// }
///
/// let sales = Actor::new("sales-7").with_role("sales");
/// let vip = ["vip".to_owned()];
/// let vip = Resource::new().owner("sales-7").labels(&vip);
/// let delete = Request::new(&sales, Action::Delete, Timestamp::from_micros(0)).on("customers").resource(&vip);
/// let explained = policy.explain(&delete, &Approved(1)).to_string();
/// assert!(explained.contains("wants 2 approvals by others; there is 1"));
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
///
/// It holds for an act that is one of [`for_acts`](Self::for_acts), in one of the collections of [`on`](Self::on) (every
/// one, and outside of any, if none is named), on a record with one of the labels of [`labelled`](Self::labelled) (every
/// record, if none is named).
///
/// - With labels, an act on many records is obliged record by record: a list without approval lacks those with the label,
///   and an export too. Asking for one record that doesn't exist is obliged as if it had the label.
/// - An update is asked about with the labels before and after, so taking the label off needs the approval as well.
/// - **Approving** ([`Action::Approve`]) is forbidden to whoever has no role of [`approvers`](Self::approvers), where what
///   is to be approved is in these collections and has the label. To permit it is for roles: grant `Approve` to the
///   approvers there. Without approvers it forbids nobody.
///
/// # Limits
///
/// - At most 7 approvals. Approving, taking emergency access and creating the vault can't wait for any, and are refused as
///   mistakes ([`Action::can_be_approved`]).
/// - Who asks to approve is told by the collection and the record, not by the act that is to be approved. So two
///   `DualControl` on the same records with different approvers let only those approve who are approvers of both.
/// - In an [`any_of`](super::any_of) with others it holds for what any of them permits.
/// - Mistakes (no approval at all, no act, ...) are told by [`check`](AccessPolicy::check), and a `DualControl` with one
///   denies everything.
#[derive(Debug, Clone)]
pub struct DualControl {
    approvals: u32,
    acts: BTreeSet<Action>,
    collections: BTreeSet<String>,
    labels: BTreeSet<String>,
    approvers: BTreeSet<String>,
    words: OnceLock<Words>,
    version: OnceLock<PolicyVersion>,
}

/// Its rules, as the journal names them, and its mistakes.
#[derive(Debug, Clone)]
struct Words {
    rule: Arc<str>,
    faults: Vec<String>,
}

impl DualControl {
    /// Wants so many approvals by people other than who asks, for no act yet: say [`for_acts`](Self::for_acts).
    #[must_use]
    pub fn new(approvals: u32) -> Self {
        Self {
            approvals,
            acts: BTreeSet::new(),
            collections: BTreeSet::new(),
            labels: BTreeSet::new(),
            approvers: BTreeSet::new(),
            words: OnceLock::new(),
            version: OnceLock::new(),
        }
    }

    /// Holds for these acts.
    #[must_use]
    pub fn for_acts(self, acts: impl IntoIterator<Item = Action>) -> Self {
        self.say(|this| this.acts.extend(acts))
    }

    /// Holds in these collections.
    #[must_use]
    pub fn on<S: Into<String>>(self, collections: impl IntoIterator<Item = S>) -> Self {
        self.say(|this| this.collections.extend(collections.into_iter().map(Into::into)))
    }

    /// Holds for records with this label. Say it again for records with another.
    #[must_use]
    pub fn labelled(self, label: impl Into<String>) -> Self {
        self.say(|this| {
            this.labels.insert(label.into());
        })
    }

    /// Forbids to approve to whoever has none of these roles.
    #[must_use]
    pub fn approvers<S: Into<String>>(self, roles: impl IntoIterator<Item = S>) -> Self {
        self.say(|this| this.approvers.extend(roles.into_iter().map(Into::into)))
    }

    fn say(mut self, what: impl FnOnce(&mut Self)) -> Self {
        what(&mut self);
        Self { words: OnceLock::new(), version: OnceLock::new(), ..self }
    }

    fn words(&self) -> &Words {
        self.words.get_or_init(|| Words { rule: self.rule().into(), faults: self.faults() })
    }

    fn rule(&self) -> String {
        let acts: Vec<&str> = self.acts.iter().map(|act| act.name()).collect();
        format!("dual control: {} for {}", self.approvals, acts.join(", "))
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.approvals == 0 {
            faults.push("a `DualControl` wants 0 approvals: say how many, at least 1, or leave it out".to_owned());
        }
        if usize::try_from(self.approvals).is_ok_and(|wanted| wanted > MAX_ANSWERS) {
            faults.push(format!(
                "a `DualControl` wants {} approvals, and a request can have {MAX_ANSWERS}: say fewer",
                self.approvals
            ));
        }
        if self.acts.is_empty() {
            faults.push("a `DualControl` is for no act: say `for_acts`".to_owned());
        }
        let never = self.acts.iter().filter_map(|act| Some((act, never_approved(*act)?)));
        faults.extend(never.map(|(act, why)| format!("a `DualControl` is for `{act}`, but {why}: leave it out")));
        if let Some(act) = self.acts.iter().find(|act| act.is_administration() && !self.labels.is_empty()) {
            faults.push(format!(
                "a `DualControl` is for `{act}` on records with a label, but that act is on no record: give it a \
                 `DualControl` of its own, without `labelled`"
            ));
        }
        for (what, names) in [("collection", &self.collections), ("label", &self.labels), ("role", &self.approvers)] {
            if names.iter().any(|name| name.trim().is_empty()) {
                faults.push(format!("a `DualControl` names a {what} without a name: name it"));
            }
        }
        faults
    }

    /// Says why it doesn't hold for what the request is about; `None` if it does.
    fn elsewhere(&self, request: &Request<'_>) -> Option<&'static str> {
        let within = || request.collection.is_some_and(|name| self.collections.contains(name));
        if !self.collections.is_empty() && !within() {
            return Some("it holds in other collections");
        }
        if self.labels.is_empty() {
            return None;
        }
        match request.resource {
            Some(resource) => {
                let labelled = resource.labels.iter().any(|label| self.labels.contains(label));
                (!labelled).then_some("the record has none of its labels")
            }
            None if request.action.is_bulk() => Some("each record is decided by itself"),
            None => None,
        }
    }

    fn may_approve(&self, request: &Request<'_>) -> bool {
        self.approvers.is_empty() || request.actor.roles().iter().any(|role| self.approvers.contains(role))
    }
}

/// Returns why an act can't wait for approvals; `None` if it can.
pub(super) const fn never_approved(act: Action) -> Option<&'static str> {
    match act {
        _ if act.can_be_approved() => None,
        Action::Approve => Some("approvals of approving would never end"),
        Action::BreakGlass => Some("emergency access is for when nobody is there to approve"),
        _ => Some("no policy is asked about it"),
    }
}

impl AccessPolicy for DualControl {
    fn decide(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
        let Words { rule, faults } = self.words();
        if !faults.is_empty() {
            return Ok(Denial::new(codes::POLICY_INVALID, faults.join("; ")).into());
        }
        let approves = request.action == Action::Approve && !self.may_approve(request);
        if !(approves || self.acts.contains(&request.action)) || self.elsewhere(request).is_some() {
            return Ok(Decision::no_objection(Arc::clone(rule)));
        }
        if approves {
            let roles: Vec<&str> = self.approvers.iter().map(String::as_str).collect();
            let roles = roles.join("`, `");
            let why =
                format!("approve: `{rule}` is for the roles `{roles}`; `{}` has none of them", request.actor.id());
            let denial = Denial::new(codes::NOT_ALLOWED, why).rule(rule.to_string());
            return Ok(denial.for_user("Others have to approve this; you can't.").into());
        }
        let all = Permission::new(Arc::clone(rule)).read(FieldSet::All).write(FieldSet::All);
        Ok(Decision::Limit(all.oblige(Obligation::Approvals(self.approvals))))
    }

    fn scope(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Scope, PolicyError> {
        Ok(Scope::NoOpinion)
    }

    fn version(&self) -> PolicyVersion {
        *self.version.get_or_init(|| {
            let mut settings = Settings::of("dual control");
            settings.text(&self.approvals.to_string());
            settings.list(&self.acts.iter().map(|act| act.name().to_owned()).collect());
            [&self.collections, &self.labels, &self.approvers].into_iter().for_each(|names| settings.list(names));
            settings.version()
        })
    }

    /// # Errors
    /// Every mistake found, in one text.
    fn check(&self) -> Result<(), PolicyError> {
        let faults = &self.words().faults;
        if faults.is_empty() { Ok(()) } else { Err(PolicyError::new(faults.join("; "))) }
    }

    fn explain(&self, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
        let Words { rule, faults } = self.words();
        let explanation = Explanation::of("dual control", self.decide(request, facts));
        let (applied, why) = match self.elsewhere(request) {
            _ if !faults.is_empty() => (true, faults.join("; ")),
            None if request.action == Action::Approve && !self.may_approve(request) => {
                (true, "the actor has no role that approves this".to_owned())
            }
            _ if request.action == Action::Approve => (false, "the actor may be one who approves".to_owned()),
            _ if !self.acts.contains(&request.action) => (false, "it is for other acts".to_owned()),
            Some(elsewhere) => (false, elsewhere.to_owned()),
            None => {
                let given = facts.approvals(request);
                let are = if given == 1 { "is" } else { "are" };
                (true, format!("it wants {} approvals by others; there {are} {given}", self.approvals))
            }
        };
        explanation.looked_at([Looked::new(&**rule, applied, why)])
    }

    /// Returns the roles that approve.
    fn roles(&self) -> Vec<String> {
        self.approvers.iter().cloned().collect()
    }
}
