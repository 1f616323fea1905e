//! Over random policies and records, through every call of an actor: no value withheld from them is in anything they
//! get, and no value at all is in an event, an error, a `Debug` or what an administrator is shown.

mod calls;
pub(super) mod people;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::error::Error as _;
use std::fmt::{Debug, Display};

use proptest::prelude::*;
use serde_json::Value as Json;

use crate::audit::Required;
use crate::model::{Action, Clock, Request, Resource};
use crate::policy;
use crate::policy::{
    AccessPolicy, BreakGlass, Grant, Labels, OwnerGrants, Role, RowLimit, Sharing, all_of, any_of, fallback,
};
use crate::record::{Document, RecordError};
use crate::vault::gate::View;
use crate::vault::tests::channels::Hands;
use crate::vault::tests::outputs::people::{DOCUMENT, Defined, Fixture, PERSON, Person};
use crate::vault::tests::swap::Swap;
use crate::vault::tests::*;

/// Number of bytes of a value by which it is recognised anywhere.
const PROBE: usize = 10;
const ACTORS: [&str; 3] = ["a0", "a1", "a2"];

/// Grants of a role, as data.
#[derive(Debug, Clone)]
struct Granted {
    read: u16,
    update: u16,
    unmask: u16,
    documents: u8,
    acts: u8,
    own: bool,
}

/// A policy, as data.
#[derive(Debug, Clone)]
struct Plan {
    roles: [Granted; 2],
    beside: u8,
}

impl Plan {
    fn build(&self) -> Arc<dyn AccessPolicy> {
        let roles = || {
            let admin = Roles::new().role("admin", |r| r.administer().may([Action::ReviewAccess, Action::Suspend]));
            self.roles
                .iter()
                .enumerate()
                .fold(admin, |roles, (n, granted)| roles.role(format!("r{n}"), |role| granted.give(role)))
        };
        let sharing = || {
            Sharing::new()
                .manager("a0", "a1")
                .group("north", ["a2"])
                .rule("vips", |rule| rule.on_any().labelled("vip").to_group("north").read())
        };
        match self.beside {
            0 => Arc::new(roles()),
            1 => Arc::new(all_of(roles()).and(sharing())),
            2 => Arc::new(any_of(roles()).or(OwnerGrants::new().on("people").on("papers"))),
            3 => {
                let seen = Roles::new().role("r0", |r| r.on_any().read(["nick", "email", "a"]));
                Arc::new(fallback(roles()).then(BreakGlass::new(seen).role("r0").reviewers(["r1"])))
            }
            4 => Arc::new(all_of(roles()).and(RowLimit::new().per_act(3).per_hour(400))),
            _ => Arc::new(all_of(roles()).and(Labels::levels(["vip", "top"]).unlabelled("vip"))),
        }
    }
}

impl Granted {
    fn give(&self, role: Role) -> Role {
        let mut role = role;
        for (on, fields) in [("people", PERSON), ("papers", DOCUMENT)] {
            let some = |bits: u16| -> Vec<&str> {
                let bits = if on == "people" { bits } else { bits ^ u16::from(self.documents) };
                let taken: Vec<&str> =
                    fields.iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1).map(|(_, field)| *field).collect();
                if taken.is_empty() { vec![fields[0]] } else { taken }
            };
            let mut grant = role.on(on).read(some(self.read));
            for (bit, give) in [
                (0, Grant::create as fn(Grant) -> Grant),
                (1, Grant::export),
                (2, Grant::share),
                (3, Grant::transfer),
                (4, Grant::approve),
                (5, Grant::delete),
            ] {
                if self.acts >> bit & 1 == 1 {
                    grant = give(grant);
                }
            }
            if self.acts >> 6 & 1 == 1 {
                grant = grant.update(some(self.update));
            }
            if self.acts >> 7 & 1 == 1 {
                grant = grant.unmask(some(self.unmask));
            }
            role = if self.own { grant.own_only().into() } else { grant.into() };
        }
        role
    }
}

fn plan() -> impl Strategy<Value = Plan> {
    // Half of all acts would leave half of all calls refused.
    let acts = (any::<u8>(), any::<u8>()).prop_map(|(a, b)| a | b);
    let granted = (any::<u16>(), any::<u16>(), any::<u16>(), any::<u8>(), acts, prop::bool::weighted(0.3)).prop_map(
        |(read, update, unmask, documents, acts, own)| Granted { read, update, unmask, documents, acts, own },
    );
    ([granted.clone(), granted], 0..6u8).prop_map(|(roles, beside)| Plan { roles, beside })
}

/// A record, as stored.
struct Truth {
    collection: &'static str,
    id: RecordId,
    owner: Option<String>,
    labels: Vec<String>,
    attributes: Vec<(String, String)>,
    fields: BTreeMap<String, HashSet<String>>,
}

/// A vault, everything in it, and what actors were ever told of it.
struct Bench {
    world: World,
    kept: Kept,
    hands: Hands,
    swap: Swap,
    dice: Dice,
    truth: Vec<Truth>,
    /// A part of every value that there ever was.
    probes: HashSet<String>,
    /// A part of every field name that is data.
    names: HashSet<String>,
}

/// Returns the recognisable parts of a value, one from the middle of each of its words.
fn probes(value: &Json) -> HashSet<String> {
    let text = value.to_string().to_lowercase();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= PROBE);
    words.map(|word| word[(word.len() - PROBE) / 2..][..PROBE].to_owned()).collect()
}

/// Returns a record's values by field.
fn json<T: Record>(record: &T) -> BTreeMap<String, Json> {
    match serde_json::to_value(record).unwrap() {
        Json::Object(map) => map.into_iter().collect(),
        other => panic!("{other}"),
    }
}

impl Bench {
    fn new(plan: &Plan, seed: u64) -> Self {
        let (kept, hands) = (Kept::default(), Hands::default());
        let swap = Swap::new(|_| false);
        let world =
            World::with(|options| options.policy(swap.clone()).clock(hands.clone()).sink(Required(kept.clone())));
        world.acme.session(admin()).unwrap().define::<Person>().unwrap();
        world.acme.session(admin()).unwrap().define_as::<Document>(Document::defined()).unwrap();
        let (truth, probes, names) = Default::default();
        let mut bench = Self { world, kept, hands, swap, dice: Dice(seed | 1), truth, probes, names };
        for n in [0, 3] {
            bench.add::<Person>(n);
            bench.add::<Document>(n);
        }
        bench.look();
        let policy = plan.build();
        policy.check().unwrap();
        bench.swap.hold(policy);
        bench
    }

    fn add<T: Fixture>(&mut self, n: usize) {
        let value = self.fresh::<T>();
        let meta = ACTORS.get(n).map_or(NewMeta::new().no_owner(), |owner| NewMeta::new().owner(*owner));
        let meta = if n.is_multiple_of(2) { meta.label("vip") } else { meta };
        self.of::<T>(&Actor::new("all")).insert_with(&value, meta).unwrap();
    }

    fn of<T: Fixture>(&self, actor: &Actor) -> Collection<T> {
        self.world.session(actor.clone()).collection_named(T::COLLECTION).unwrap()
    }

    /// Returns a record of values that occur nowhere else.
    fn fresh<T: Fixture>(&mut self) -> T {
        let value = T::fresh(&mut self.dice);
        self.probes.extend(json(&value).values().flat_map(probes));
        self.names.extend(json(&value).keys().flat_map(|name| probes(&Json::from(name.as_str()))));
        value
    }

    /// Reads all records.
    fn look(&mut self) {
        self.truth.clear();
        self.look_at::<Person>();
        self.look_at::<Document>();
    }

    fn look_at<T: Fixture>(&mut self) {
        for found in self.of::<T>(&Actor::new("all")).list(None, 1_000).unwrap() {
            let fields = json(&found.value);
            let attributes = T::ATTRIBUTES
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), fields.get(*name)?.as_str()?.to_owned())));
            self.truth.push(Truth {
                collection: T::COLLECTION,
                id: found.id,
                owner: found.meta.owner().map(str::to_owned),
                labels: found.meta.labels().to_vec(),
                attributes: attributes.collect(),
                fields: fields.iter().map(|(name, value)| (name.clone(), probes(value))).collect(),
            });
        }
    }

    fn ids(&self, collection: &str) -> Vec<RecordId> {
        self.truth.iter().filter(|row| row.collection == collection).map(|row| row.id).collect()
    }

    /// Returns the values, of all records, that the policy itself lets an actor see by an act.
    fn allowed(&self, actor: &Actor, action: Action, fields: &[&str]) -> HashSet<String> {
        let (now, mut seen) = (self.hands.now(), HashSet::new());
        let session = self.world.session(actor.clone());
        for row in &self.truth {
            let resource = Resource::new().id(row.id).labels(&row.labels).attributes(&row.attributes);
            let resource = Resource { owner: row.owner.as_deref(), ..resource };
            let mut request = Request::new(actor, action, now).on(row.collection).fields(fields).resource(&resource);
            request.tenant = Some(self.world.acme.id());
            let question = session.inner.question(action);
            let view = View::of(&question, None, now);
            let Ok(permission) = policy::ask(&*self.swap.held(), &request, &view) else { continue };
            let unmasked = |name: &str| action != Action::Unmask || fields.contains(&name);
            let readable = row.fields.iter().filter(|(name, _)| permission.read.contains(name) && unmasked(name));
            seen.extend(readable.flat_map(|(_, probes)| probes.iter().cloned()));
        }
        seen
    }

    /// Returns the parts of values that stand in a text.
    fn told<'p>(probes: &'p HashSet<String>, text: &str) -> Vec<&'p String> {
        let text = text.to_lowercase();
        let all = text.as_bytes().windows(PROBE).filter(|window| window.iter().all(u8::is_ascii_alphanumeric));
        all.filter_map(|window| probes.get(std::str::from_utf8(window).ok()?)).collect()
    }

    /// Checks that a text holds no part of a value.
    fn silent(&self, what: &str, text: &str) {
        let told = Self::told(&self.probes, text);
        assert!(told.is_empty(), "{what} tells {told:?}: {text}");
    }

    /// Checks that a text holds neither a part of a value nor a field name that is data.
    fn silent_of_names(&self, what: &str, text: &str) {
        self.silent(what, text);
        let told = Self::told(&self.names, text);
        assert!(told.is_empty(), "{what} tells the name {told:?}: {text}");
    }

    /// Checks what `Debug` and `Display` show.
    fn said(&self, what: &str, thing: &(impl Debug + Display)) {
        self.silent_of_names(what, &format!("{thing:?} {thing:#?} {thing}"));
    }

    fn error(&self, what: &str, error: &Error) {
        let mut text = format!("{error:?} {error:#?} {error}");
        let mut source = error.source();
        while let Some(error) = source {
            text.push_str(&format!(" {error:?} {error}"));
            source = error.source();
        }
        if let Error::Denied(denial) = error {
            text.push_str(&format!("{} {} {} {}", denial.code, denial.rule, denial.for_admin, denial.for_user));
        }
        self.silent(what, &text);
    }

    /// Checks an answer that shows no field.
    fn quiet<T: Debug>(&self, what: &str, answer: Result<T, Error>) -> Option<T> {
        match answer {
            Err(error) => self.error(what, &error),
            Ok(answer) => {
                self.silent(what, &format!("{answer:?} {answer:#?}"));
                return Some(answer);
            }
        }
        None
    }

    /// Checks a value that was shown to an actor who may see this much.
    fn value<T: Fixture>(&self, what: &str, value: &T, allowed: &HashSet<String>) {
        let text = serde_json::to_string(value).unwrap();
        let told: Vec<_> = Self::told(&self.probes, &text).into_iter().filter(|t| !allowed.contains(*t)).collect();
        assert!(told.is_empty(), "{what} shows {told:?}: {text}");
    }

    fn shown<T: Fixture>(
        &self,
        what: &str,
        answer: Result<impl IntoIterator<Item = Found<T>>, Error>,
        allowed: &HashSet<String>,
    ) -> usize {
        let mut count = 0;
        match answer {
            Err(error) => {
                // Other refusals are fine, but a readable record must read back. Not every field can be sorted by.
                let unread = what != "sorted"
                    && matches!(error, Error::Damaged { .. } | Error::Record(RecordError::Read { .. }));
                assert!(!unread, "{what}: {error:?}");
                self.error(what, &error);
            }
            Ok(found) => {
                for found in found {
                    count += 1;
                    self.value(what, &found.value, allowed);
                    let meta = format!("{:?} {:?} {:?}", found.meta, found.meta.owner(), found.meta.labels());
                    self.silent(what, &format!("{found:?} {found:#?} {meta}"));
                    let withheld: BTreeSet<&String> = found.withheld.iter().collect();
                    assert_eq!(withheld.len(), found.withheld.len());
                }
            }
        }
        count
    }

    fn events(&self) {
        self.world.vault.flush().unwrap();
        for event in self.kept.events() {
            self.silent_of_names("an event", &format!("{} {event:?} {event:#?}", event.to_json()));
        }
    }
}

fn actors() -> Vec<Actor> {
    let [a, b, c] = ACTORS.map(Actor::new);
    vec![
        a.with_role("r0"),
        b.with_role("r1").with_attribute("clearance", "top"),
        c.with_role("r0").with_role("r1"),
        admin(),
        Actor::new("x"),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::tests::amount(1, 2), max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_withheld_value_is_in_any_output_of_any_call(plan in plan(), seed in any::<u64>()) {
        let mut bench = Bench::new(&plan, seed);
        let mut shown = HashMap::new();
        for actor in actors() {
            let reads = bench.reads::<Person>(&actor) + bench.reads::<Document>(&actor);
            shown.insert(actor.id().to_owned(), reads);
            bench.writes::<Person>(&actor);
            bench.writes::<Document>(&actor);
            bench.around(&actor);
        }
        // The administrator and the stranger are shown no record.
        prop_assert_eq!((shown["root"], shown["x"]), (0, 0));
        bench.administration();
        bench.events();
    }
}
