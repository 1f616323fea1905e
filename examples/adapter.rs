//! Another policy engine in a vault: rules whose conditions are written in CEL, the Common Expression Language.
//!
//! The adapter is the first half; docs/policy-adapter.md says why it does what it does. Run it:
//! cargo run --example adapter

use std::collections::HashMap;
use std::error::Error as _;

use cel::{Context, Program, Value};
use serde::{Deserialize, Serialize};
use strongroom::model::{Action, Facts, FieldSet, Request};
use strongroom::policy::{
    AccessPolicy, AnyOf, Decision, Denial, Explanation, Looked, Obligation, Permission, PolicyError, PolicyVersion,
    Roles, Scope, any_of, codes,
};
use strongroom::{Actor, Error, Memory, NewMeta, Record, Schema, Tenant, Vault};

/// One rule as its author writes it.
struct Rule {
    name: &'static str,
    effect: Effect,
    acts: &'static [Action],
    when: &'static str,
}

enum Effect {
    Permit { read: &'static [&'static str], write: &'static [&'static str], reason: bool },
    Forbid { for_user: &'static str },
}

/// A rule that can be asked. Each is a policy of its own, so that `any_of` does what is the same for every engine: fields
/// add up, a permit with an unmet obligation doesn't count, a forbid overrides.
struct CelRule {
    rule: Rule,
    condition: Program,
}

/// The names that a condition may use. A misspelt name would be an error in every decision; it is told once, when
/// loading.
const NAMES: [&str; 5] = ["actor", "resource", "own", "purpose", "hour"];

/// Puts the rules beside another policy. Without any they permit nothing.
fn cel(beside: impl AccessPolicy + 'static, rules: impl IntoIterator<Item = Rule>) -> Result<AnyOf, PolicyError> {
    let mut all = any_of(beside);
    for rule in rules {
        let condition = Program::compile(rule.when).map_err(|error| fault(&rule, &error.to_string()))?;
        // The engine gives them in no order; the message is to be the same each time.
        if let Some(name) = condition.references().variables().into_iter().filter(|name| !NAMES.contains(name)).min() {
            return Err(fault(&rule, &format!("there is no `{name}`; there are {}", NAMES.join(", "))));
        }
        all = all.or(CelRule { rule, condition });
    }
    Ok(all)
}

fn fault(rule: &Rule, why: &str) -> PolicyError {
    PolicyError::new(format!("rule `{}`: {why}", rule.name))
}

impl CelRule {
    /// Asks the condition about the request, put in the engine's words. Texts go in as values and are never pasted into
    /// the condition.
    fn holds(&self, request: &Request<'_>) -> Result<bool, PolicyError> {
        let text = |value: &str| Value::from(value);
        // Attributes stand by themselves: one called `id` must not pass for the actor's own.
        let attributes: HashMap<&str, Value> =
            request.actor.attributes().map(|(name, value)| (name, text(value))).collect();
        let actor = HashMap::from([
            ("id", text(request.actor.id())),
            ("roles", request.actor.roles().to_vec().into()),
            ("attributes", attributes.into()),
        ]);
        // What isn't known isn't there, so that a condition has to ask `has` first. An empty text could equal another.
        let mut resource = HashMap::from([("known", Value::Bool(request.resource.is_some()))]);
        if let Some(known) = request.resource {
            let exposed = known.attributes.iter().map(|(name, value)| (name.as_str(), text(value)));
            resource.insert("attributes", exposed.collect::<HashMap<_, _>>().into());
            resource.insert("labels", known.labels.to_vec().into());
            resource.extend(known.owner.map(|owner| ("owner", text(owner))));
        }
        // A list asks once before it knows any row: "own" says yes then, and each row is asked about by itself.
        let own = if request.resource.is_some() { request.is_own() } else { request.action.is_bulk() };
        let hour = request.time.as_micros().div_euclid(3_600_000_000).rem_euclid(24);

        let mut context = Context::default();
        context.add_variable_from_value("actor", actor);
        context.add_variable_from_value("resource", resource);
        context.add_variable_from_value("own", own);
        context.add_variable_from_value("purpose", request.purpose.unwrap_or_default());
        context.add_variable_from_value("hour", hour);
        match self.condition.execute(&context) {
            Ok(Value::Bool(holds)) => Ok(holds),
            // The engine's own words may quote values, and this goes into the journal.
            Ok(_) => Err(fault(&self.rule, "its condition is neither true nor false")),
            Err(_) => Err(fault(&self.rule, "its condition failed: ask `has(...)` for what may be missing")),
        }
    }

    fn denial(&self, request: &Request<'_>, code: &'static str, why: &str) -> Decision {
        Denial::not_granted(code, format!("{}: rule `{}`: {why}", request.action, self.rule.name)).into()
    }
}

impl AccessPolicy for CelRule {
    fn decide(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
        // An error goes up as one: an engine that treats it as "doesn't apply" drops a forbid silently.
        let applies = self.rule.acts.contains(&request.action) && self.holds(request)?;
        Ok(match &self.rule.effect {
            Effect::Forbid { for_user } if applies => {
                Denial::new(self.rule.name, format!("rule `{}` forbids it", self.rule.name)).for_user(*for_user).into()
            }
            // Nothing against it, and nothing granted either.
            Effect::Forbid { .. } => Decision::no_objection(self.rule.name),
            Effect::Permit { .. } if !applies => self.denial(request, codes::NOT_ALLOWED, "doesn't apply"),
            Effect::Permit { read, write, reason } => {
                let (read, write): (FieldSet, FieldSet) =
                    (read.iter().copied().collect(), write.iter().copied().collect());
                let writes = matches!(request.action, Action::Create | Action::Update);
                let (set, code) =
                    if writes { (&write, codes::FIELD_NOT_WRITABLE) } else { (&read, codes::FIELD_NOT_READABLE) };
                // A search by a field tells what it holds.
                if let Some(field) = request.fields.iter().find(|field| !set.contains(field)) {
                    return Ok(self.denial(request, code, &format!("not with the field `{field}`")));
                }
                let permission = Permission::new(self.rule.name).read(read).write(write);
                if *reason { permission.oblige(Obligation::Reason).into() } else { permission.into() }
            }
        })
    }

    /// Returns no fewer rows than may be shown. A forbid has no say, or it would turn the others' rows into all.
    fn scope(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Scope, PolicyError> {
        Ok(if matches!(self.rule.effect, Effect::Permit { .. }) { Scope::All } else { Scope::NoOpinion })
    }

    /// Returns a version that follows from all that decides, the adapter's own version included.
    fn version(&self) -> PolicyVersion {
        let Rule { name, effect, acts, when } = &self.rule;
        let effect = match effect {
            Effect::Permit { read, write, reason } => format!("permit {read:?} {write:?} {reason}"),
            Effect::Forbid { for_user } => format!("forbid {for_user:?}"),
        };
        PolicyVersion::of("cel adapter, 1").with(name).with(when).with(&format!("{acts:?}")).with(&effect)
    }

    fn explain(&self, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
        let decision = self.decide(request, facts);
        let applied = decision.as_ref().is_ok_and(|decision| decision.is_permit() || decision.forbids());
        let why = format!(
            "{} when {}",
            if applied { "holds:" } else { "doesn't hold, or not for this act:" },
            self.rule.when
        );
        Explanation::of("cel", decision).looked_at([Looked::new(self.rule.name, applied, why)])
    }
}

// From here on: a CRM that uses it.

#[derive(Serialize, Deserialize)]
struct Customer {
    name: String,
    email: String,
    phone: String,
}

impl Record for Customer {
    fn schema() -> Schema {
        Schema::new("customers").index("name", strongroom::Normalizer::Text)
    }

    fn example() -> Self {
        Self { name: "Ada".into(), email: "ada@example.com".into(), phone: "+61 491 570 156".into() }
    }
}

const VIEW: &[Action] = &[Action::Read, Action::List, Action::Search];

fn rules() -> [Rule; 4] {
    let all = &["name", "email", "phone"];
    [
        Rule {
            name: "sales: own customers",
            effect: Effect::Permit { read: all, write: all, reason: false },
            acts: &[Action::Read, Action::List, Action::Search, Action::Create, Action::Update],
            when: "'sales' in actor.roles && own",
        },
        Rule {
            name: "sales: colleagues of one region",
            effect: Effect::Permit { read: &["name"], write: &[], reason: false },
            acts: VIEW,
            when: "'sales' in actor.roles && has(actor.attributes.region) && (!resource.known || actor.attributes.region in resource.labels)",
        },
        Rule {
            name: "support: to call back",
            effect: Effect::Permit { read: &["name", "phone"], write: &[], reason: true },
            acts: VIEW,
            when: "'support' in actor.roles && purpose == 'call back'",
        },
        Rule {
            name: "the press stays with its owner",
            effect: Effect::Forbid { for_user: "Ask the owner." },
            acts: VIEW,
            when: "resource.known && 'press' in resource.labels && !own",
        },
    ]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let admin = Actor::new("admin-1").with_role("admin");
    let administration = || Roles::new().role("admin", |r| r.administer());
    let vault = Vault::in_memory(&Memory::new()).policy(cel(administration(), rules())?).create()?;
    let acme = vault.session(admin.clone())?.create_tenant("acme")?;
    acme.session(admin.clone())?.define::<Customer>()?;

    let anna = Actor::new("anna").with_role("sales").with_attribute("region", "north");
    let bert = Actor::new("bert").with_role("sales").with_attribute("region", "north");
    let sam = Actor::new("sam").with_role("support");
    let customers = acme.session(anna.clone())?.collection::<Customer>()?;
    for (name, label) in [("Ada", "north"), ("Grace", "south"), ("Herald", "press")] {
        let customer =
            Customer { name: name.into(), email: format!("{name}@example.com"), phone: "+61 491 570 156".into() };
        customers.insert_with(&customer, NewMeta::new().label(label))?;
    }

    show(&acme, &anna, None)?;
    show(&acme, &bert, None)?;
    show(&acme, &sam, None)?;
    show(&acme, &sam, Some("ticket 7"))?;

    // Mistakes are told when loading, and what only shows while deciding denies.
    let mut broken = rules();
    broken[3].when = "known && 'press' in labels";
    println!(
        "{}",
        cel(administration(), broken).err().and_then(|error| Some(error.source()?.to_string())).ok_or("loaded")?
    );
    let mut broken = rules();
    broken[3].when = "'press' in resource.labels";
    vault.session(admin.clone())?.set_policy(cel(administration(), broken)?)?;
    show(&acme, &anna, None)?;
    Ok(vault.close()?)
}

/// Shows what one actor sees of everybody's customers.
fn show(acme: &Tenant, actor: &Actor, reason: Option<&str>) -> Result<(), Box<dyn std::error::Error>> {
    let session = acme.session(actor.clone())?.for_purpose("call back");
    let session = if let Some(reason) = reason { session.because(reason) } else { session };
    println!("{}{}:", actor.id(), if reason.is_some() { ", with a reason" } else { "" });
    match session.collection::<Customer>()?.list(None, 10) {
        Ok(page) => {
            for found in page.items {
                let hide =
                    |field: &str, value: &str| if found.is_withheld(field) { "-".to_owned() } else { value.to_owned() };
                let Customer { name, email, phone } = &found.value;
                println!("  {:8} {:20} {}", hide("name", name), hide("email", email), hide("phone", phone));
            }
        }
        Err(Error::Denied(denial)) => println!("  denied, {}: {}", denial.code, denial.for_admin),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
