//! Policy files, and the mistakes in them.

mod docs;
mod mistakes;
mod reload;
mod sections;
mod templates;
mod texts;

use super::*;
use crate::model::{Action, FieldSet, Request, Resource, Timestamp};
use crate::policy::{Denial, Permission};

struct Now;

impl Facts for Now {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }
}

/// A file with these sections and roles `a` and `b`.
fn with(sections: &str) -> PolicyFile {
    let text = format!("version = 1\n[roles.a]\n[roles.b]\n{sections}\n");
    PolicyFile::parse(&text).unwrap_or_else(|error| panic!("{error}"))
}

/// A file in which role `a` may do everything with `customers`, and with these sections.
fn free(sections: &str) -> PolicyFile {
    with(&format!(
        "[[roles.a.on]]\ncollection = [\"customers\", \"notes\"]\ncreate = true\nread = \"all\"\nupdate = \"all\"\n\
         acts = [\"delete\", \"export\", \"share\", \"transfer\", \"erase\", \"hold\", \"approve\"]\n{sections}"
    ))
}

/// Asks a policy for somebody with these roles.
fn ask(
    policy: &PolicyFile,
    roles: &str,
    action: Action,
    resource: Option<&Resource<'_>>,
) -> Result<Permission, Denial> {
    asked(policy, &roles.split_whitespace().fold(Actor::new("ann"), Actor::with_role), action, resource, |request| {
        request
    })
}

fn asked<'a>(
    policy: &PolicyFile,
    actor: &'a Actor,
    action: Action,
    resource: Option<&'a Resource<'a>>,
    change: impl FnOnce(Request<'a>) -> Request<'a>,
) -> Result<Permission, Denial> {
    let request = Request { resource, collection: Some("customers"), ..Request::new(actor, action, Now.now()) };
    let request = change(request);
    let request = if request.action.is_administration() { Request { collection: None, ..request } } else { request };
    let guard = crate::policy::Guard { deadline: std::time::Duration::from_secs(5) };
    guard.decide(policy, &request, &Now)
}

fn fields(names: &str) -> FieldSet {
    names.split_whitespace().collect()
}
