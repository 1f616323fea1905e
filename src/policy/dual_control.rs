//! Dual control: some acts need other people's approval.
//!
//! Guarantees: an act it holds for is obliged to so many approvals, whatever permits it; where it names approvers, nobody
//! else approves. Does not: permit anything, or count approvals. The vault counts those of people other than the
//! requester, each once.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use super::applies::list;
use super::constraint::{Constraint, constraint};
use super::fault::{self, Fault, Faulty};
use super::settings::Settings;
use super::{Decision, Denial, Looked, Obligation, Permission, PolicyVersion, codes};
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
/// - Mistakes (no approval at all, no act, ...) are told by [`check`](super::AccessPolicy::check), and a `DualControl` with one
///   denies everything.
#[derive(Debug, Clone)]
pub struct DualControl {
    approvals: u32,
    acts: BTreeSet<Action>,
    collections: BTreeSet<String>,
    labels: BTreeSet<String>,
    approvers: BTreeSet<String>,
    words: OnceLock<Words>,
}

/// Its rules, as the journal names them, and its mistakes.
#[derive(Debug, Clone)]
struct Words {
    rule: Arc<str>,
    faults: String,
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
        Self { words: OnceLock::new(), ..self }
    }

    fn words(&self) -> &Words {
        self.words.get_or_init(|| Words { rule: self.rule().into(), faults: fault::told(self) })
    }

    fn rule(&self) -> String {
        let acts: Vec<&str> = self.acts.iter().map(|act| act.name()).collect();
        format!("dual control: {} for {}", self.approvals, acts.join(", "))
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

impl Faulty for DualControl {
    const NAME: &'static str = "dual control";

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let wanted = usize::try_from(self.approvals).unwrap_or(usize::MAX);
        if wanted == 0 {
            faults.push(Fault::unsaid(&[fault::APPROVALS], "it wants no approval"));
        }
        if wanted > MAX_ANSWERS {
            let what = format!("it wants {wanted} approvals, and a request can have {MAX_ANSWERS}");
            faults.push(Fault::unsaid(&[fault::APPROVALS], what));
        }
        if self.acts.is_empty() {
            faults.push(Fault::unsaid(&[fault::ACTS], "it is for no act"));
        }
        for act in &self.acts {
            if let Some(why) = never_approved(*act) {
                let what = format!("`{act}` can't wait for approvals, since {why}: leave it out");
                faults.push(Fault::new(&fault::ACTS, what));
            } else if act.is_administration() && !self.labels.is_empty() {
                let what =
                    format!("`{act}` is on no record, so on none with a label: give it a dual control of its own");
                faults.push(Fault::new(&fault::ACTS, what));
            }
        }
        for (setting, what, names) in [
            (&fault::COLLECTION, "collections", &self.collections),
            (&fault::LABELLED, "labels", &self.labels),
            (&fault::APPROVER, "approvers", &self.approvers),
        ] {
            faults.extend(Fault::unnamed(setting, what, names).filter(|_| !names.is_empty()));
        }
        faults
    }
}

/// Returns why an act can't wait for approvals; `None` if it can.
const fn never_approved(act: Action) -> Option<&'static str> {
    match act {
        _ if act.can_be_approved() => None,
        Action::Approve => Some("approvals of approving would never end"),
        Action::BreakGlass => Some("emergency access is for when nobody is there to approve"),
        _ => Some("no policy is asked about it"),
    }
}

impl Constraint for DualControl {
    fn judge(&self, request: &Request<'_>, _: &dyn Facts) -> Decision {
        let Words { rule, faults } = self.words();
        if !faults.is_empty() {
            return Denial::new(codes::POLICY_INVALID, faults.clone()).into();
        }
        let approves = request.action == Action::Approve && !self.may_approve(request);
        if !(approves || self.acts.contains(&request.action)) || self.elsewhere(request).is_some() {
            return Decision::no_objection(Arc::clone(rule));
        }
        if approves {
            let roles = list(&self.approvers);
            let why = format!("approve: `{rule}` is for the roles {roles}; `{}` has none of them", request.actor.id());
            let denial = Denial::new(codes::NOT_ALLOWED, why).rule(rule.to_string());
            return denial.for_user("Others have to approve this; you can't.").into();
        }
        let all = Permission::new(Arc::clone(rule)).read(FieldSet::All).write(FieldSet::All);
        Decision::Limit(all.oblige(Obligation::Approvals(self.approvals)))
    }

    fn version_of_settings(&self) -> PolicyVersion {
        let mut settings = Settings::of(Self::NAME);
        settings.text(&self.approvals.to_string());
        settings.list(&self.acts.iter().map(|act| act.name().to_owned()).collect());
        [&self.collections, &self.labels, &self.approvers].into_iter().for_each(|names| settings.list(names));
        settings.version()
    }

    fn looked(&self, request: &Request<'_>, facts: &dyn Facts, _: &Decision) -> Vec<Looked> {
        let Words { rule, faults } = self.words();
        let (applied, why) = match self.elsewhere(request) {
            _ if !faults.is_empty() => (true, faults.clone()),
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
        vec![Looked::new(&**rule, applied, why)]
    }

    /// Returns the roles that approve.
    fn known_roles(&self) -> Vec<String> {
        self.approvers.iter().cloned().collect()
    }
}

constraint!(DualControl);
