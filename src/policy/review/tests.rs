//! Answers, reviews and their changes, of a small CRM and of random roles.

mod answers;
mod random;
mod reviews;

use super::questions::PROBE;
use super::*;
use crate::model::{Facts, FieldSet, Grantee, NoFacts, RecordId, Request, Timestamp};
use crate::policy::{
    AccessPolicy, Decision, Denial, Filter, Obligation, Permission, PolicyError, PolicyVersion, Scope, codes,
};

/// The policy of a small CRM.
///
/// - `sales` sees names of all customers, and more of their own, which they change, the tier after a step-up; they list
///   their own.
/// - `manager` does all of that with every customer, exports if somebody else approves, and erases for a reason.
/// - `auditor` reviews access and reads the journal; nobody sells and audits.
struct Crm {
    version: u8,
}

const FIELDS: [&str; 4] = ["name", "email", "phone", "tier"];

fn some(fields: &[&str]) -> FieldSet {
    fields.iter().copied().collect()
}

impl Crm {
    fn sales(request: &Request<'_>) -> Option<Permission> {
        let permission = Permission::new("sales on customers");
        let own = request.is_own() || (request.action.is_bulk() && request.resource.is_none());
        Some(match (request.action, own) {
            (Action::Create, true) => permission.write(FieldSet::All),
            (Action::Read, false) => permission.read(some(&["name"])),
            (Action::Read | Action::List, true) => permission.read(some(&["name", "email", "tier"])),
            (Action::Update, true) => {
                let permission = permission.read(some(&["name", "email", "tier"])).write(some(&["email", "tier"]));
                let step_up = Obligation::StepUp { strength: 2, within: std::time::Duration::from_secs(900) };
                if request.fields.contains(&"tier") { permission.oblige(step_up) } else { permission }
            }
            _ => return None,
        })
    }

    fn manager(request: &Request<'_>) -> Option<Permission> {
        let permission = Permission::new("manager on customers");
        Some(match request.action {
            Action::Create => permission.write(FieldSet::All),
            Action::Read | Action::List | Action::Search | Action::Count => permission.read(FieldSet::All),
            Action::Update => permission.read(FieldSet::All).write(FieldSet::All),
            Action::Export => permission
                .read(some(&["name", "email"]))
                .oblige(Obligation::Approvals(1))
                .oblige(Obligation::RowLimit { per_act: 100, per_hour: Some(500) })
                .oblige(Obligation::Notify("export".into())),
            Action::Erase => permission.oblige(Obligation::Reason),
            _ => return None,
        })
    }
}

impl AccessPolicy for Crm {
    fn decide(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
        let has = |role| request.actor.has_role(role);
        let audit = [Action::ReviewAccess, Action::ReadJournal].contains(&request.action);
        let permission = match request.collection {
            None if has("auditor") && audit => Some(Permission::new("auditor")),
            Some("customers") if has("manager") => Self::manager(request),
            Some("customers") if has("sales") => Self::sales(request),
            _ => None,
        };
        let denial = || Denial::not_granted(codes::NOT_ALLOWED, "nothing grants it").into();
        Ok(permission.map_or_else(denial, Decision::Permit))
    }

    fn scope(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Scope, PolicyError> {
        let all = request.actor.has_role("manager");
        Ok(if all { Scope::All } else { Scope::owned(request.actor.id()) })
    }

    fn version(&self) -> PolicyVersion {
        PolicyVersion::of(&format!("crm, {}", self.version))
    }

    fn explain(&self, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
        let decision = self.decide(request, facts);
        let granted = decision.as_ref().is_ok_and(Decision::is_permit);
        let looked = crate::policy::Looked::new("crm", granted, "what the CRM says");
        let explanation = Explanation::of("crm", decision).looked_at([looked]);
        if granted { explanation } else { explanation.missing(format!("a role with {}", request.action)) }
    }

    fn roles(&self) -> Vec<String> {
        ["sales", "manager", "auditor", "intern"].map(str::to_owned).to_vec()
    }

    fn conflicts(&self, actor: &Actor) -> Vec<String> {
        let both = actor.has_role("auditor") && actor.has_role("sales");
        if both { vec!["whoever sells doesn't audit".to_owned()] } else { Vec::new() }
    }
}

/// The facts of a quiet office.
struct Office;

impl Facts for Office {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_795_348_134_000_042)
    }
}

fn staff() -> Vec<Actor> {
    vec![
        Actor::new("zoe").with_role("sales").with_role("auditor"),
        Actor::new("ann").with_role("sales"),
        Actor::new("max").with_role("manager"),
        Actor::new("eve").with_role("slaes"),
    ]
}

const CUSTOMERS: (&str, &[&str]) = ("customers", &FIELDS);
const COLLECTIONS: [(&str, &[&str]); 2] = [("orders", &["total"]), CUSTOMERS];

/// The rights to do this in the customers, as `records: fields if conditions`.
fn to(rights: &[Right], act: Action) -> Vec<String> {
    let of = rights.iter().filter(|right| right.act == act && right.collection.as_deref() == Some("customers"));
    let said = |right: &Right| {
        let only = if right.conditions.is_empty() { "" } else { " if " };
        format!("{}: {}{only}{}", right.extent, right.fields.join(", "), right.conditions.join(" and "))
    };
    of.map(said).collect()
}
