mod deciding;
mod loading;
mod told;

use std::collections::BTreeSet;

use super::*;
use crate::model::{Access, Actor, ApprovalId, Grantee, NoFacts, RecordId, Resource, TenantId, Timestamp};
use crate::policy::{AllOf, Filter, Obligation, Roles, all_of, any_of, forbid_if};

/// 2026-11-22T11:48:54Z, a Sunday.
const NOW: Timestamp = Timestamp::from_micros(1_795_348_134_000_000);

const CRM: &str = r#"
// Sales see their own customers, and change their tier.
@id("sales: own customers")
@read("name,email,tier")
@write("tier")
permit (
    principal in Strongroom::Role::"sales",
    action in [Strongroom::Action::"view", Strongroom::Action::"create", Strongroom::Action::"update"],
    resource in Strongroom::Collection::"customers"
) when { context.own };

@id("support: with a reason")
@read("name,phone")
@reason
permit (
    principal in Strongroom::Role::"support",
    action in Strongroom::Action::"view",
    resource in Strongroom::Collection::"customers"
);

@id("admin") @step_up("2,300")
permit (principal in Strongroom::Role::"admin", action in Strongroom::Action::"administer", resource);

@id("contracts stay")
@code("contract")
@for_user("A customer under contract can't be deleted.")
forbid (principal, action == Strongroom::Action::"delete", resource is Strongroom::Record)
when { resource.labels.contains("contract") };

@id("boss deletes")
permit (principal in Strongroom::Role::"boss", action == Strongroom::Action::"delete", resource is Strongroom::Record)
when { resource.is_known };
"#;

fn crm() -> Cedar {
    Cedar::new(CRM).unwrap()
}

/// A vault with an approval, a share, an emergency and many rows shown.
struct Busy;

impl Facts for Busy {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn share(&self, _: RecordId, with: Grantee<'_>) -> Option<Access> {
        match with {
            Grantee::Role("support") => Some(Access::Write),
            Grantee::Actor("anna") => Some(Access::Read),
            _ => None,
        }
    }

    fn approvals(&self, _: &Request<'_>) -> u32 {
        2
    }

    fn emergency(&self, actor: &str) -> Option<Timestamp> {
        (actor == "anna").then_some(NOW)
    }

    fn rows_in_last_hour(&self, _: &str) -> u32 {
        700
    }
}

struct AtNow;

impl Facts for AtNow {
    fn now(&self) -> Timestamp {
        NOW
    }
}

fn sales() -> Actor {
    Actor::new("sales-7").with_role("sales")
}

fn id() -> RecordId {
    RecordId::from_bytes(*b"0123456789abcdef")
}

fn ask<'a>(actor: &'a Actor, action: Action) -> Request<'a> {
    Request::new(actor, action, NOW).on("customers")
}

fn fields(names: &str) -> crate::model::FieldSet {
    names.split_whitespace().collect()
}

fn permitted(policy: &dyn AccessPolicy, request: &Request<'_>) -> Permission {
    match policy.decide(request, &AtNow) {
        Ok(Decision::Permit(permission)) => permission,
        other => panic!("{other:?}"),
    }
}

fn denied(policy: &dyn AccessPolicy, request: &Request<'_>) -> Denial {
    match policy.decide(request, &AtNow) {
        Ok(Decision::Deny(denial)) => denial,
        other => panic!("{other:?}"),
    }
}

/// Returns what is wrong with some policies.
fn fault(policies: &str) -> String {
    source(&Cedar::new(policies).unwrap_err())
}

fn source(error: &PolicyError) -> String {
    std::error::Error::source(error).unwrap().to_string()
}

/// The error of deciding.
fn failed(policy: &dyn AccessPolicy, request: &Request<'_>) -> String {
    source(&policy.decide(request, &Busy).unwrap_err())
}

/// Tells whether `permit (principal, action, resource) when { condition }` permits.
fn holds(condition: &str, request: &Request<'_>, facts: &dyn Facts) -> bool {
    let policy = format!("@read(\"*\") @write(\"*\") permit (principal, action, resource) when {{ {condition} }};");
    match Cedar::new(&policy).unwrap().decide(request, facts) {
        Ok(decision) => decision.is_permit(),
        Err(error) => panic!("{condition}: {}", source(&error)),
    }
}
