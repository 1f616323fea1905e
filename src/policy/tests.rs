//! Properties of any policy, on random roles, limits, compositions and records.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::{Action, Actor, Facts, FieldSet, RecordId, Request, Resource, Timestamp};

const ROLES: [&str; 4] = ["a", "b", "c", "d"];
const COLLECTIONS: [&str; 2] = ["x", "y"];
const FIELDS: [&str; 3] = ["f", "g", "h"];
const LABELS: [&str; 3] = ["low", "high", "vip"];

struct Now(i64, u32);

impl Facts for Now {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0)
    }

    fn rows_in_last_hour(&self, _: &str) -> u32 {
        self.1
    }
}

/// A policy that a failing case can show.
trait Part: AccessPolicy + std::fmt::Debug {}

impl<P: AccessPolicy + std::fmt::Debug> Part for P {}

/// A condition that a failing case can show.
struct Forbids(u8, Box<dyn AccessPolicy>);

impl AccessPolicy for Forbids {
    fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
        self.1.decide(request, facts)
    }

    access::as_within!(self, self.1);

    fn version(&self) -> PolicyVersion {
        self.1.version()
    }
}

impl std::fmt::Debug for Forbids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "forbid_if(some acts, {:#b})", self.0)
    }
}

/// One grant, as data.
#[derive(Debug, Clone)]
struct Granted {
    role: usize,
    on: Option<usize>,
    acts: u16,
    fields: u8,
    own: bool,
}

/// Roles, as data. A role inherits only from those after it.
#[derive(Debug, Clone)]
struct Table {
    grants: Vec<Granted>,
    inherits: Vec<(usize, usize)>,
    administers: u8,
    without: Option<usize>,
}

impl Table {
    fn roles(&self) -> Roles {
        let mut roles = Roles::new();
        for (number, name) in ROLES.iter().enumerate().filter(|(number, _)| Some(*number) != self.without) {
            roles = roles.role(*name, |mut role| {
                if self.administers & 1 << number != 0 {
                    role = role.administer();
                }
                for (heir, parent) in &self.inherits {
                    if *heir == number && heir < parent && Some(*parent) != self.without {
                        role = role.inherits(ROLES[*parent]);
                    }
                }
                self.grants.iter().filter(|grant| grant.role == number).fold(role, |role, grant| grant.give(role))
            });
        }
        roles
    }
}

impl Granted {
    fn give(&self, role: Role) -> Role {
        let mut grant = match self.on {
            Some(collection) => role.on(COLLECTIONS[collection]),
            None => role.on_any(),
        };
        let fields = || some(&FIELDS, self.fields | 1);
        let acts = self.acts | 1;
        for (number, give) in [
            (0, Grant::delete as fn(Grant) -> Grant),
            (1, Grant::create),
            (2, Grant::export),
            (3, Grant::share),
            (4, Grant::erase),
            (5, Grant::approve),
        ] {
            if acts & 1 << number != 0 {
                grant = give(grant);
            }
        }
        if acts & 1 << 6 != 0 {
            grant = grant.read(fields());
        }
        if acts & 1 << 7 != 0 {
            grant = grant.update(fields());
        }
        if acts & 1 << 8 != 0 {
            grant = grant.unmask(fields());
        }
        if self.own { grant.own_only().into() } else { grant.into() }
    }
}

fn some(names: &[&'static str], bits: u8) -> Vec<&'static str> {
    names.iter().enumerate().filter(|(number, _)| bits & 1 << number != 0).map(|(_, name)| *name).collect()
}

/// A question, as data.
#[derive(Debug, Clone)]
struct Asked {
    roles: u8,
    action: usize,
    on: Option<usize>,
    fields: u8,
    /// Owner and labels, where there is a record.
    record: Option<(Option<bool>, u8)>,
    attributes: u8,
    at: i64,
    shown: u32,
}

impl Asked {
    fn ask<T>(&self, answer: impl FnOnce(&Request<'_>, &dyn Facts) -> T) -> T {
        let mut actor = some(&ROLES, self.roles).into_iter().fold(Actor::new("anna"), Actor::with_role);
        if self.attributes & 1 != 0 {
            actor = actor.with_attribute("clearance", if self.attributes & 2 != 0 { "high" } else { "low" });
        }
        if self.attributes & 4 != 0 {
            actor = actor.with_authentication(self.attributes & 3, Timestamp::from_micros(self.at - 1_000_000));
        }
        let fields = some(&FIELDS, self.fields);
        let (owner, labels) = self.record.unwrap_or_default();
        let labels: Vec<String> = some(&LABELS, labels).into_iter().map(str::to_owned).collect();
        let owner = owner.map(|own| if own { "anna" } else { "bert" });
        let resource = Resource { owner, ..Resource::new().id(RecordId::from_bytes([7; 16])).labels(&labels) };
        let mut request = Request::new(&actor, Action::ALL[self.action % Action::ALL.len()], Now(self.at, 0).now());
        request = request.fields(&fields);
        request.collection = self.on.map(|number| COLLECTIONS[number]);
        request.resource = self.record.is_some().then_some(&resource);
        request.purpose = (self.attributes & 8 != 0).then_some("support");
        answer(&request, &Now(self.at, self.shown))
    }
}

fn table() -> impl Strategy<Value = Table> {
    let grant = (0..4usize, prop::option::of(0..2usize), any::<u16>(), any::<u8>(), any::<bool>());
    let grant = grant.prop_map(|(role, on, acts, fields, own)| Granted { role, on, acts, fields, own });
    let inherits = prop::collection::vec((0..4usize, 0..4usize), 0..4);
    (prop::collection::vec(grant, 0..10), inherits, any::<u8>()).prop_map(|(grants, inherits, administers)| Table {
        grants,
        inherits,
        administers,
        without: None,
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    // Half of all questions are about the acts that grants know most of.
    let action = prop_oneof![0..9usize, 0..Action::ALL.len()];
    let record = prop::option::weighted(0.8, (prop::option::of(any::<bool>()), any::<u8>()));
    let on = prop::option::weighted(0.9, 0..2usize);
    (1..16u8, action, on, any::<u8>(), record, any::<u8>(), 0..10_000i64, 0..10u32).prop_map(
        |(roles, action, on, fields, record, attributes, minutes, shown)| Asked {
            roles,
            action,
            on,
            fields: if fields & 8 == 0 { 0 } else { fields },
            record,
            attributes,
            at: minutes * 60_000_000,
            shown,
        },
    )
}

/// A policy that only forbids or limits.
fn constraint() -> impl Strategy<Value = Arc<dyn Part>> {
    (0..8u8, any::<u8>()).prop_map(|(kind, bits)| -> Arc<dyn Part> {
        let acts = || Action::ALL.iter().copied().enumerate().filter(|(n, _)| bits >> (n % 8) & 1 != 0).map(|(_, a)| a);
        match kind {
            0 => Arc::new(Labels::levels(["low", "high"]).unlabelled(if bits & 1 == 0 { "low" } else { "high" })),
            1 => Arc::new(Labels::levels(["low", "high"]).on([COLLECTIONS[usize::from(bits & 1)]])),
            2 => Arc::new(Purpose::new().on(COLLECTIONS[usize::from(bits & 1)], ["support"])),
            3 => Arc::new(StepUp::new(bits & 3 | 1, Duration::from_secs(5)).for_acts(acts())),
            4 => Arc::new(StepUp::new(2, Duration::from_secs(5)).labelled("vip").fields(["g"])),
            5 => Arc::new(RowLimit::new().per_act(u32::from(bits)).per_hour(5)),
            6 => Arc::new(WorkingHours::new().monday_to_friday().between((8, 0), (18, 0)).except_role("a")),
            _ => {
                let some = move |request: &Request<'_>, _: &dyn Facts| bits & 1 << (request.action as u8 % 8) != 0;
                Arc::new(Forbids(bits, forbid_if("some acts", some)))
            }
        }
    })
}

fn policies() -> impl Strategy<Value = Vec<Arc<dyn Part>>> {
    let roles = table().prop_map(|table| Arc::new(table.roles()) as Arc<dyn Part>);
    prop::collection::vec(prop_oneof![2 => roles, 1 => constraint()], 1..5)
}

fn compose(kind: u8, mut parts: impl Iterator<Item = Arc<dyn Part>>) -> Box<dyn AccessPolicy> {
    let first = parts.next().unwrap();
    match kind {
        0 => Box::new(parts.fold(all_of(first), AllOf::and)),
        1 => Box::new(parts.fold(any_of(first), AnyOf::or)),
        _ => Box::new(parts.fold(fallback(first), Fallback::then)),
    }
}

/// Returns what the vault would make of it: the fields to read and to write, if it is permitted.
fn granted(policy: &dyn AccessPolicy, asked: &Asked) -> Option<(FieldSet, FieldSet)> {
    let guard = Guard { deadline: Duration::from_secs(60) };
    let permission = asked.ask(|request, facts| guard.decide(policy, request, facts)).ok()?;
    Some((permission.read, permission.write))
}

fn is_within(narrow: &Option<(FieldSet, FieldSet)>, wide: &Option<(FieldSet, FieldSet)>) -> bool {
    match (narrow, wide) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(narrow), Some(wide)) => narrow.0.is_subset(&wide.0) && narrow.1.is_subset(&wide.1),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::tests::amount(100, 400)))]

    #[test]
    fn another_limit_never_widens_any_composition(
        parts in policies(), more in constraint(), kind in 0..3u8, asked in asked(), place in any::<prop::sample::Index>(),
    ) {
        let before = granted(&compose(kind, parts.iter().cloned()), &asked);
        let mut with = parts;
        with.insert(place.index(with.len() + 1), more);
        let after = granted(&compose(kind, with.into_iter()), &asked);
        prop_assert!(is_within(&after, &before), "{before:?} {after:?}");
    }

    #[test]
    fn limits_alone_permit_nothing(
        parts in prop::collection::vec(constraint(), 1..4), kind in 0..3u8, asked in asked(),
    ) {
        prop_assert_eq!(granted(&compose(kind, parts.into_iter()), &asked), None);
    }

    #[test]
    fn taking_a_grant_or_a_role_away_never_widens(
        table in table(), asked in asked(), grant in any::<prop::sample::Index>(), role in 0..4usize,
    ) {
        table.roles().check().unwrap();
        let before = granted(&table.roles(), &asked);
        if !table.grants.is_empty() {
            let mut fewer = table.clone();
            fewer.grants.remove(grant.index(fewer.grants.len()));
            let after = granted(&fewer.roles(), &asked);
            prop_assert!(is_within(&after, &before), "{before:?} {after:?}");
        }
        let without = Table { without: Some(role), ..table.clone() };
        let after = granted(&without.roles(), &asked);
        prop_assert!(is_within(&after, &before), "{before:?} {after:?}");
        let mut of_actor = asked.clone();
        of_actor.roles &= !(1 << role);
        let after = granted(&table.roles(), &of_actor);
        prop_assert!(is_within(&after, &before), "{before:?} {after:?}");
    }

    #[test]
    fn keeping_roles_apart_never_widens(table in table(), asked in asked(), apart in 1..16u8) {
        let before = granted(&table.roles(), &asked);
        let after = granted(&table.roles().separate(some(&ROLES, apart)), &asked);
        prop_assert!(is_within(&after, &before), "{before:?} {after:?}");
    }

    #[test]
    fn order_in_a_composition_changes_nothing(
        (parts, shuffled) in policies().prop_flat_map(|parts| {
            let numbers: Vec<usize> = (0..parts.len()).collect();
            (Just(parts), Just(numbers).prop_shuffle())
        }),
        kind in 0..2u8, asked in asked(),
    ) {
        let other = compose(kind, shuffled.iter().map(|number| parts[*number].clone()));
        let one = compose(kind, parts.into_iter());
        prop_assert_eq!(granted(&one, &asked), granted(&other, &asked));
        let code = |policy: &dyn AccessPolicy| match asked.ask(|request, facts| policy.decide(request, facts)).unwrap() {
            Decision::Deny(denial) => denial.code.into_owned(),
            Decision::Permit(_) => "permit".to_owned(),
            Decision::Limit(_) => "limit".to_owned(),
        };
        prop_assert_eq!(code(&one), code(&other));
        prop_assert_eq!(one.version(), other.version());
    }

    #[test]
    fn scope_holds_every_row_that_is_shown(
        parts in policies(), kind in 0..3u8, asked in asked(), bulk in 0..4usize,
    ) {
        let bulk = [Action::List, Action::Search, Action::Count, Action::Export][bulk];
        let number = Action::ALL.iter().position(|action| *action == bulk).unwrap();
        let row = Asked { action: number, on: asked.on.or(Some(0)), record: asked.record.or(Some((None, 0))), ..asked };
        let policy = compose(kind, parts.into_iter());
        let whole = Asked { record: None, ..row.clone() };
        let scope = whole.ask(|request, facts| policy.scope(request, facts)).unwrap();
        let owner = row.record.and_then(|(owner, _)| owner).map(|own| if own { "anna" } else { "bert" });
        let in_scope = match &scope {
            Scope::All => true,
            Scope::Nothing | Scope::NoOpinion => false,
            Scope::Any(filters) => filters.iter().any(|filter| *filter == Filter::Owner(owner.unwrap_or("").to_owned())),
        };
        if granted(&policy, &row).is_some() {
            prop_assert!(in_scope, "{scope:?}");
            prop_assert!(granted(&policy, &whole).is_some(), "a row is shown of a list that isn't permitted");
        }
    }

    #[test]
    fn explanation_comes_to_the_same_decision_and_names_what_is_missing(table in table(), asked in asked()) {
        let roles = table.roles();
        let (decision, explanation) =
            asked.ask(|request, facts| (roles.decide(request, facts).unwrap(), roles.explain(request, facts)));
        prop_assert_eq!(explanation.decision.unwrap(), decision.clone());
        prop_assert!(!(decision.is_permit() && explanation.missing.is_some()));
        if !decision.is_permit() && asked.on.is_some() {
            prop_assert!(explanation.missing.is_some());
        }
    }
}
