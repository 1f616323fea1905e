mod cases;
pub(in crate::policy) mod facts;
mod properties;
mod reading;
mod texts;

use super::*;
use crate::model::{Access, Action, Actor, Resource, Timestamp};
use crate::policy::Denial;
use facts::{Remembered, record_id};

/// A CRM of two teams, one above the other's manager.
fn crm() -> Sharing {
    Sharing::new()
        .private("customers")
        .public_read("products")
        .public_write("leads")
        .manager("sales-7", "boss-1")
        .manager("sales-8", "boss-1")
        .manager("boss-1", "head")
        .group("north", ["sales-7", "boss-1"])
        .group("south", ["sales-8"])
        .group_attribute("team")
        .rule("south sees north's", |r| r.on("customers").owned_by_group("north").to_group("south").read())
        .rule("vip desk", |r| r.on("customers").labelled("vip").to_role("vip desk").write())
        .rule("west", |r| r.on("customers").on("orders").attribute("region", "west").to_actor("sales-9").read())
        .rule("auditors", |r| r.on_any().all_records().to_role("auditor").read())
        .restrict("litigation", |r| {
            r.on("customers").labelled("litigation").except_role("legal").except_actor("head").except_group("board")
        })
}

/// Who asks: `id/team role role`.
fn actor(text: &str) -> Actor {
    let (who, roles) = text.split_once(' ').unwrap_or((text, ""));
    let (id, team) = who.split_once('/').unwrap_or((who, ""));
    let actor = roles.split_whitespace().fold(Actor::new(id), |actor, role| actor.with_role(role.replace('_', " ")));
    if team.is_empty() { actor } else { actor.with_attribute("team", team) }
}

/// A record: `number owner label label field=value`; `-` is nobody. Nothing at all is a record that isn't known.
fn ask<T>(who: &Actor, action: Action, on: &str, record: &str, answer: impl FnOnce(&Request<'_>) -> T) -> T {
    let mut words = record.split_whitespace();
    let id = words.next().filter(|number| *number != "new").map(|number| record_id(number.parse().unwrap()));
    let owner = words.next().filter(|owner| *owner != "-");
    let (attributes, labels): (Vec<&str>, Vec<&str>) = words.partition(|word| word.contains('='));
    let labels: Vec<String> = labels.into_iter().map(str::to_owned).collect();
    let attributes: Vec<(String, String)> = attributes
        .into_iter()
        .filter_map(|word| word.split_once('='))
        .map(|(f, v)| (f.to_owned(), v.to_owned()))
        .collect();
    let resource = Resource { id, owner, labels: &labels, attributes: &attributes, ..Resource::new() };
    let request = Request {
        collection: Some(on).filter(|name| !name.is_empty()),
        resource: (!record.is_empty()).then_some(&resource),
        ..Request::new(who, action, Timestamp::from_micros(0))
    };
    answer(&request)
}

/// `permit, by …`, `permit to write, by …`, `no objection`, or the denial's code, with `!` if it forbids.
fn said(decision: &Decision) -> String {
    match decision {
        Decision::Permit(permission) => {
            assert!(permission.read == crate::model::FieldSet::All && permission.obligations.is_empty());
            let write = if permission.write.is_empty() { "" } else { " to write" };
            format!("permit{write}, by {}", permission.rule)
        }
        Decision::Limit(_) => "no objection".to_owned(),
        Decision::Deny(Denial { code, forbids, .. }) => format!("{code}{}", if *forbids { "!" } else { "" }),
    }
}
