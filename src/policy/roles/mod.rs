//! Roles: per role and collection, what may be done, with which fields, and whether on one's own records only.
//!
//! Guarantees: what no grant allows is denied; roles only add up, there is nothing that takes away; contradictory roles
//! deny everything. Does not: know which collections and fields exist, so a misspelt one allows nothing and isn't noticed.

mod build;
mod canonical;
mod table;

#[cfg(test)]
mod tests;

pub use build::{Grant, Role};

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, OnceLock};

use super::{AccessPolicy, Decision, Denial, Permission, PolicyError, PolicyVersion, Scope, codes};
use crate::model::{Action, Facts, FieldSet, Request};
use table::{Rights, Table};

/// A policy of roles.
///
/// ```
/// use strongroom::policy::{AccessPolicy, Roles};
///
/// let policy = Roles::new()
///     // Creates tenants, collections and policies; sees no customer.
///     .role("admin", |r| r.administer())
///     // Own customers, of which only the tier changes; every order, read only.
///     .role("sales", |r| {
///         r.on("customers").create().read(["name", "email", "tier"]).update(["tier"]).own_only()
///          .on("orders").read_all()
///     })
///     // Everybody's name and phone number, to return calls; and their own customers' address.
///     .role("support", |r| r.on("customers").read(["name", "phone"]).on("customers").read(["address"]).own_only())
///     // Looks into every collection, those of the future included.
///     .role("protection", |r| r.on_any().read_all());
/// policy.check()?;
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
///
/// **Adding up.** An actor may do what any of their roles allows; the fields are those of all their roles together. A
/// role the policy doesn't know allows nothing. `own_only` holds for its own grant alone: `support` above reads every
/// name, and the address of their own customers.
///
/// **Own** records are those whose owner is the actor's id. A record must be created for oneself where creating is
/// `own_only`, and can't be given away by an update that is. An actor with an empty id owns nothing.
///
/// **Reading** a collection allows to list and search it too; searching by a field needs that field to be readable, or
/// the answer would tell what it holds. To change a field through `update` the actor must be able to read it as well.
///
/// **Mistakes** (an empty name, a role said twice, a grant that allows nothing) are told by [`check`](Self::check), which
/// opening a vault asks for. A vault that is given such roles nevertheless denies everything.
///
/// Deciding takes well under a microsecond for the usual handful of roles and fields.
#[derive(Debug, Clone, Default)]
pub struct Roles {
    roles: BTreeMap<String, Table>,
    faults: Vec<String>,
    version: OnceLock<PolicyVersion>,
}

impl Roles {
    /// No role: everything is denied.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a role and says what it allows.
    #[must_use]
    pub fn role<R: Into<Role>>(mut self, name: impl Into<String>, rules: impl FnOnce(Role) -> R) -> Self {
        let name = name.into();
        let role = rules(Role::new()).into();
        self.faults.extend(role.faults(&name));
        match self.roles.entry(name) {
            Entry::Occupied(said) => {
                self.faults.push(format!("role `{}` is said twice: say all it allows in one place", said.key()));
            }
            Entry::Vacant(free) => {
                let table = Table::new(free.key(), role);
                free.insert(table);
            }
        }
        self.version = OnceLock::new();
        self
    }

    fn of<'a>(&'a self, request: &'a Request<'_>) -> impl Iterator<Item = &'a Table> + Clone {
        request.actor.roles().iter().filter_map(|name| self.roles.get(name))
    }

    fn administer(&self, request: &Request<'_>) -> Decision {
        match self.of(request).find(|table| table.administers()) {
            Some(table) => Permission::new(table.rule().clone()).into(),
            None => self.not_allowed(request, None),
        }
    }

    fn work(&self, request: &Request<'_>, collection: &str) -> Decision {
        let own = is_own(request);
        let rights = self.of(request).filter_map(|table| table.rights(collection, own));
        let Some(sum) = Sum::of(request.action, rights) else {
            return self.not_allowed(request, Some(collection));
        };
        let (set, code, verb) = match request.action {
            Action::Search => (&sum.read, codes::FIELD_NOT_READABLE, "search by"),
            Action::Create | Action::Update => (&sum.write, codes::FIELD_NOT_WRITABLE, "write"),
            _ => return sum.permission().into(),
        };
        match request.fields.iter().find(|field| !set.contains(field)) {
            None => sum.permission().into(),
            Some(field) => Denial::not_granted(
                code,
                format!(
                    "{} of `{collection}`: {} may not {verb} the field `{field}`{}",
                    request.action,
                    said(request),
                    if own { "" } else { " of records that aren't the actor's own" }
                ),
            )
            .into(),
        }
    }

    fn not_allowed(&self, request: &Request<'_>, collection: Option<&str>) -> Decision {
        if self.of(request).next().is_none() {
            let known: Vec<&str> = self.roles.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { format!("`{}`", known.join("`, `")) };
            let why =
                format!("{}: {} is not among the policy's roles, which are: {known}", request.action, said(request));
            return Denial::not_granted(codes::NO_ROLE, why).into();
        }
        let place = collection.map(|name| format!(" on `{name}`")).unwrap_or_default();
        let own = collection.is_some_and(|collection| {
            Sum::of(request.action, self.of(request).filter_map(|table| table.rights(collection, true))).is_some()
        });
        let (code, which) =
            if own { (codes::NOT_OWNER, ", but for the actor's own records") } else { (codes::NOT_ALLOWED, "") };
        Denial::not_granted(code, format!("no grant to {} allows {}{place}{which}", said(request), request.action))
            .into()
    }
}

impl AccessPolicy for Roles {
    fn decide(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
        Ok(match (self.faults.is_empty(), request.collection) {
            (false, _) => Denial::new(codes::POLICY_INVALID, self.faults.join("; ")).into(),
            (true, _) if request.action.is_administration() => self.administer(request),
            (true, Some(collection)) => self.work(request, collection),
            (true, None) => self.not_allowed(request, None),
        })
    }

    fn scope(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Scope, PolicyError> {
        let Some(collection) = request.collection.filter(|_| self.faults.is_empty()) else {
            return Ok(Scope::Nothing);
        };
        let shows = |own| {
            Sum::of(Action::Search, self.of(request).filter_map(|table| table.rights(collection, own)))
                .is_some_and(|sum| request.fields.iter().all(|field| sum.read.contains(field)))
        };
        Ok(match (shows(false), shows(true)) {
            (true, _) => Scope::All,
            (false, true) => Scope::owned(request.actor.id()),
            (false, false) => Scope::Nothing,
        })
    }

    /// SHA-256 of the roles in one fixed form: the order in which they and their grants were said doesn't count.
    fn version(&self) -> PolicyVersion {
        *self.version.get_or_init(|| canonical::version(&self.roles, !self.faults.is_empty()))
    }

    /// # Errors
    /// Every mistake found, in one text.
    fn check(&self) -> Result<(), PolicyError> {
        if self.faults.is_empty() { Ok(()) } else { Err(PolicyError::new(self.faults.join("; "))) }
    }
}

/// What the actor's roles allow together, for one act.
struct Sum<'a> {
    rule: &'a Arc<str>,
    read: FieldSet,
    write: FieldSet,
}

impl<'a> Sum<'a> {
    /// `None` if the act isn't allowed at all.
    fn of(action: Action, rights: impl Iterator<Item = &'a Rights>) -> Option<Self> {
        let mut rule = None;
        let mut read: Option<FieldSet> = None;
        let mut write: Option<FieldSet> = None;
        let reads = matches!(action, Action::Read | Action::List | Action::Search | Action::Update);
        for rights in rights {
            if rule.is_none() && rights.allow(action) {
                rule = Some(&rights.rule);
            }
            if reads {
                add(&mut read, rights.read.as_ref());
            }
            add(&mut write, rights.writes(action));
        }
        let or_none = |set: Option<FieldSet>| set.unwrap_or(FieldSet::none());
        rule.map(|rule| Self { rule, read: or_none(read), write: or_none(write) })
    }

    fn permission(self) -> Permission {
        Permission::new(self.rule.clone()).read(self.read).write(self.write)
    }
}

fn add(sum: &mut Option<FieldSet>, fields: Option<&FieldSet>) {
    match (sum.as_mut(), fields) {
        (_, None) => {}
        (None, Some(fields)) => *sum = Some(fields.clone()),
        (Some(so_far), Some(fields)) => *so_far = so_far.union(fields),
    }
}

/// Whether grants for own records count. An act on many asks first, without a row, whether there is anything to look at.
fn is_own(request: &Request<'_>) -> bool {
    match request.resource {
        Some(_) => request.is_own(),
        None => request.action.is_bulk(),
    }
}

/// The actor's roles, for an administrator.
fn said(request: &Request<'_>) -> String {
    match request.actor.roles() {
        [] => "an actor without a role".to_owned(),
        roles => format!("`{}`", roles.join("`, `")),
    }
}
