//! The questions that an act asks a policy, in the order in which the vault asks them.
//!
//! Guarantees: what is permitted here is what the vault would do, given the same request and facts; nothing panics,
//! whatever the policy does. Does not: look at values, duplicates or holds, for which an act can still fail.

use crate::model::{Action, Facts, FieldSet, Request, Resource};
use crate::policy::{AccessPolicy, Denial, Filter, Guard, Permission, Scope, codes};

/// One act, as it would be asked about. The request names the record and the fields.
pub(super) struct Course<'a> {
    pub(super) guard: Guard,
    pub(super) policy: &'a dyn AccessPolicy,
    pub(super) facts: &'a dyn Facts,
    pub(super) request: Request<'a>,
    pub(super) suspended: bool,
}

/// Something on the way, for explanations.
pub(super) enum Seen<'s> {
    /// The policy was asked this, and the guard made this of its answer.
    Asked(&'s Request<'s>, &'s Result<Permission, Denial>),
    /// These rows are looked at.
    Scope(&'s Result<Scope, Denial>),
    /// The guard refuses for a reason of its own.
    Refused(&'s Denial),
}

type See<'s> = &'s mut dyn FnMut(Seen<'_>);

impl Course<'_> {
    /// Returns what the act may do in the end.
    ///
    /// # Errors
    /// The first denial on the way.
    pub(super) fn run(&self, see: See<'_>) -> Result<Permission, Denial> {
        let permission = self.steps(see);
        if let Err(denial) = &permission {
            see(Seen::Refused(denial));
        }
        permission
    }

    fn steps(&self, see: See<'_>) -> Result<Permission, Denial> {
        if self.suspended {
            let why = format!("`{}` is suspended, whatever the policy says", self.request.actor.id());
            return Err(Denial::new(codes::SUSPENDED, why));
        }
        let request = self.request;
        let unnamed = Request { fields: &[], ..request };
        let named = request.fields;
        match request.action {
            action if action.is_bulk() => {
                let whole = self.decide(&Request { resource: None, ..request }, see)?;
                let scope = self.guard.scope(self.policy, &Request { resource: None, ..request }, self.facts);
                see(Seen::Scope(&scope));
                let scope = scope?;
                let Some(record) = request.resource else { return Ok(whole) };
                if !admits(&scope, record) {
                    let why = format!("{action}: the record isn't among those that the policy's scope looks at");
                    return Err(Denial::not_granted(codes::NOT_ALLOWED, why));
                }
                self.readable(self.decide(&request, see)?, named)
            }
            Action::Read => self.readable(self.decide(&unnamed, see)?, named),
            Action::Unmask => self.readable(self.decide(&request, see)?, named),
            Action::Create => self.writable(self.decide(&unnamed, see)?, named),
            Action::Update => {
                // First what is shown to whoever changes it, then whether these fields may change.
                let shown = self.decide(&unnamed, see)?;
                let shown = self.writable(self.readable(shown, named)?, named)?;
                if named.is_empty() {
                    return Ok(shown);
                }
                let changed = self.writable(self.decide(&request, see)?, named)?;
                Ok(Permission { read: shown.read, ..changed })
            }
            _ => self.decide(&request, see),
        }
    }

    fn decide(&self, request: &Request<'_>, see: See<'_>) -> Result<Permission, Denial> {
        let answer = self.guard.decide(self.policy, request, self.facts);
        see(Seen::Asked(request, &answer));
        answer
    }

    fn readable(&self, permission: Permission, fields: &[&str]) -> Result<Permission, Denial> {
        match lacking(&permission.read, fields) {
            None => Ok(permission),
            Some(field) => Err(self.field(codes::FIELD_NOT_READABLE, "show", field, &permission)),
        }
    }

    fn writable(&self, permission: Permission, fields: &[&str]) -> Result<Permission, Denial> {
        match lacking(&permission.write, fields) {
            None => Ok(permission),
            Some(field) => Err(self.field(codes::FIELD_NOT_WRITABLE, "let write", field, &permission)),
        }
    }

    fn field(&self, code: &'static str, verb: &str, field: &str, permission: &Permission) -> Denial {
        let why = format!("{}: `{}` doesn't {verb} the field `{field}`", self.request.action, permission.rule);
        Denial::not_granted(code, why).rule(permission.rule.to_string())
    }
}

fn lacking<'f>(set: &FieldSet, fields: &[&'f str]) -> Option<&'f str> {
    fields.iter().copied().find(|field| !set.contains(field))
}

fn admits(scope: &Scope, record: &Resource<'_>) -> bool {
    match scope {
        Scope::All => true,
        Scope::Nothing | Scope::NoOpinion => false,
        Scope::Any(filters) => filters.iter().any(|filter| match filter {
            Filter::Owner(owner) => record.owner == Some(owner.as_str()),
            Filter::Record(id) => record.id == Some(*id),
            Filter::Attribute { field, value } => record.attribute(field) == Some(value.as_str()),
        }),
    }
}
