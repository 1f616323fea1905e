//! Random policies and stores: the rows that the vault shows by a scope are those that the policy permits one by one.

mod plan;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use crate::model::{Access, Clock, Facts, FieldSet, Grantee, Request, Resource, Timestamp};
use crate::policy;
use crate::policy::{AccessPolicy, Denial, Permission};
use crate::vault::tests::channels::Hands;
use crate::vault::tests::equal::plan::plan;
use crate::vault::tests::swap::Swap;
use crate::vault::tests::*;

const PEOPLE: [&str; 4] = ["p0", "p1", "p2", "p3"];
const ROLES: [&str; 3] = ["r0", "r1", "r2"];
const LABELS: [&str; 3] = ["low", "high", "vip"];
const REGIONS: [&str; 3] = ["north", "North", "south"];
const KINDS: [&str; 2] = ["lead", "client"];
const NAMES: [&str; 3] = ["ann", "bo", "cy"];
const FIELDS: [&str; 4] = ["name", "region", "kind", "note"];

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Row {
    name: String,
    region: String,
    kind: String,
    note: String,
}

impl Record for Row {
    fn schema() -> Schema {
        Schema::new("rows").field("region", |f| f.attribute()).field("kind", |f| f.attribute())
    }

    fn example() -> Self {
        Self { name: "ann".into(), region: "north".into(), kind: "lead".into(), note: "n".into() }
    }
}

/// A step in a store's life. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Step {
    Insert { owner: Option<usize>, labels: u8, region: usize, kind: usize, name: usize },
    Transfer { which: usize, owner: Option<usize> },
    Move { which: usize, region: usize },
    Delete { which: usize },
    Share { which: usize, with: (u8, usize), write: bool, ends: bool },
    Unshare { which: usize, with: (u8, usize) },
    BreakGlass { who: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let owner = || prop::option::weighted(0.85, 0..4usize);
    let with = || (0..3u8, 0..4usize);
    prop_oneof![
        8 => (owner(), 0..8u8, 0..3usize, 0..2usize, 0..3usize)
            .prop_map(|(owner, labels, region, kind, name)| Step::Insert { owner, labels, region, kind, name }),
        2 => (0..50usize, owner()).prop_map(|(which, owner)| Step::Transfer { which, owner }),
        2 => (0..50usize, 0..3usize).prop_map(|(which, region)| Step::Move { which, region }),
        1 => (0..50usize).prop_map(|which| Step::Delete { which }),
        4 => (0..50usize, with(), any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(which, with, write, ends)| Step::Share { which, with, write, ends }),
        1 => (0..50usize, with()).prop_map(|(which, with)| Step::Unshare { which, with }),
        1 => (0..4usize).prop_map(|who| Step::BreakGlass { who }),
    ]
}

/// Returns the grantee of a share, from data.
fn grantee(with: (u8, usize)) -> Grantee<'static> {
    match with.0 {
        0 => Grantee::Actor(PEOPLE[with.1]),
        1 => Grantee::Role(ROLES[with.1 % 3]),
        _ => Grantee::Group(plan::GROUPS[with.1 % 2]),
    }
}

/// A record, as the model knows it.
#[derive(Debug, Clone)]
struct Known {
    id: RecordId,
    owner: Option<&'static str>,
    labels: Vec<String>,
    attributes: Vec<(String, String)>,
    name: &'static str,
}

/// The state that the vault should have, kept by hand.
#[derive(Default)]
struct Model {
    rows: BTreeMap<RecordId, Known>,
    shares: BTreeMap<(RecordId, Grantee<'static>), (Access, Option<Timestamp>)>,
    emergencies: BTreeSet<&'static str>,
    now: i64,
}

impl Facts for Model {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now)
    }

    fn share(&self, record: RecordId, with: Grantee<'_>) -> Option<Access> {
        let found = self.shares.iter().find(|((id, to), _)| *id == record && *to == with)?.1;
        found.1.is_none_or(|until| until > self.now()).then_some(found.0)
    }

    fn shared_with(&self, collection: &str, with: Grantee<'_>) -> Vec<RecordId> {
        let ids = self.shares.keys().map(|(id, _)| *id).collect::<BTreeSet<_>>();
        ids.into_iter().filter(|id| collection == "rows" && self.share(*id, with).is_some()).collect()
    }

    fn emergency(&self, actor: &str) -> Option<Timestamp> {
        self.emergencies.contains(actor).then(|| Timestamp::from_micros(self.now + 1))
    }
}

/// A vault, and its model.
struct Bench {
    world: World,
    swap: Swap,
    hands: Hands,
    model: Model,
}

impl Bench {
    /// Makes a vault. `indexed` says whether there are indexes on the region and on owners.
    fn new(indexed: (bool, bool)) -> Self {
        let (swap, hands) = (Swap::new(|request| request.action.is_administration()), Hands::default());
        let world = World::with(|options| options.policy(swap.clone()).clock(hands.clone()));
        let mut schema = Row::schema().index("name", Normalizer::Text);
        if indexed.0 {
            schema = schema.index("region", Normalizer::Text);
        }
        if indexed.1 {
            schema = schema.index_owner();
        }
        world.acme.session(admin()).unwrap().define_as::<Row>(schema).unwrap();
        Self { world, swap, hands, model: Model::default() }
    }

    fn of(&self, actor: &Actor) -> Collection<Row> {
        self.world.session(actor.clone()).collection().unwrap()
    }

    fn pick(&self, which: usize) -> Option<RecordId> {
        let ids: Vec<RecordId> = self.model.rows.keys().copied().collect();
        ids.get(which % ids.len().max(1)).copied()
    }

    fn take(&mut self, step: &Step) {
        let all = self.of(&Actor::new("all"));
        match *step {
            Step::Insert { owner, labels, region, kind, name } => {
                let (region, kind, name) = (REGIONS[region], KINDS[kind], NAMES[name]);
                let labels = plan::some(&LABELS, labels);
                let meta = NewMeta::new();
                let meta = owner.map_or(meta.clone().no_owner(), |owner| meta.owner(PEOPLE[owner]));
                let meta = labels.iter().fold(meta, |meta, label| meta.label(*label));
                let [name_of, region_of, kind_of] = [name, region, kind].map(str::to_owned);
                let row = Row { name: name_of, region: region_of, kind: kind_of, note: "n".into() };
                let id = all.insert_with(&row, meta).unwrap();
                let attributes = [("region", region), ("kind", kind)].map(|(a, b)| (a.to_owned(), b.to_owned()));
                let owner = owner.map(|owner| PEOPLE[owner]);
                let labels = labels.into_iter().map(str::to_owned).collect();
                self.model.rows.insert(id, Known { id, owner, labels, attributes: attributes.into(), name });
            }
            Step::Transfer { which, owner } => {
                if let Some(id) = self.pick(which) {
                    let owner = owner.map(|owner| PEOPLE[owner]);
                    all.transfer(id, owner).unwrap();
                    self.model.rows.get_mut(&id).unwrap().owner = owner;
                }
            }
            Step::Move { which, region } => {
                if let Some(id) = self.pick(which) {
                    all.update(id, |row| REGIONS[region].clone_into(&mut row.region)).unwrap();
                    self.model.rows.get_mut(&id).unwrap().attributes[0].1 = REGIONS[region].to_owned();
                }
            }
            Step::Delete { which } => {
                if let Some(id) = self.pick(which) {
                    all.delete(id).unwrap();
                    self.model.rows.remove(&id);
                    self.model.shares.retain(|(of, _), _| *of != id);
                }
            }
            Step::Share { which, with, write, ends } => {
                if let Some(id) = self.pick(which) {
                    let access = if write { Access::Write } else { Access::Read };
                    let until = ends.then(|| Timestamp::from_micros(self.hands.now().as_micros() + 1_000_000));
                    all.share(id, grantee(with), access, until).unwrap();
                    self.model.shares.insert((id, grantee(with)), (access, until));
                }
            }
            Step::Unshare { which, with } => {
                if let Some(id) = self.pick(which) {
                    let had = all.unshare(id, grantee(with)).unwrap();
                    assert_eq!(self.model.shares.remove(&(id, grantee(with))).is_some(), had);
                }
            }
            Step::BreakGlass { who } => {
                let session = self.world.session(Actor::new(PEOPLE[who]));
                let taken = session.because("why").break_glass(Duration::from_secs(3600)).is_ok();
                assert_eq!(taken, self.model.emergencies.insert(PEOPLE[who]), "one by each");
            }
        }
    }

    /// Returns the policy's own answer about an act, on one row or on none.
    fn asked(&self, actor: &Actor, action: Action, fields: &[&str], row: Option<&Known>) -> Result<Permission, Denial> {
        let mut request = Request::new(actor, action, self.hands.now()).on("rows").fields(fields);
        request.tenant = Some(self.world.acme.id());
        let known = row.map(|row| Resource {
            owner: row.owner,
            ..Resource::new().id(row.id).labels(&row.labels).attributes(&row.attributes)
        });
        request.resource = known.as_ref();
        policy::ask(&*self.swap.held(), &request, &self.model)
    }

    /// Returns the rows that the policy permits an act on, one by one, with the readable fields of each.
    fn permitted(&self, actor: &Actor, action: Action, fields: &[&str]) -> Vec<(&Known, FieldSet)> {
        let each = self.model.rows.values();
        let each = each.filter_map(|row| Some((row, self.asked(actor, action, fields, Some(row)).ok()?.read)));
        each.filter(|(_, read)| fields.iter().all(|field| read.contains(field))).collect()
    }

    /// Compares an answer with what the policy permits.
    fn same<T>(
        &self,
        actor: &Actor,
        (action, fields): (Action, &[&str]),
        answer: Result<T, Error>,
        holds: impl FnOnce(T, Vec<(&Known, FieldSet)>) -> Result<(), TestCaseError>,
    ) -> Result<(), TestCaseError> {
        let permitted = self.permitted(actor, action, fields);
        match (self.asked(actor, action, fields, None), answer) {
            (Ok(_), Ok(answer)) => holds(answer, permitted),
            (Err(denial), Err(Error::Denied(told))) => {
                prop_assert_eq!(&denial, &*told);
                prop_assert!(permitted.is_empty(), "{} is denied as a whole, and {:?} isn't", action, permitted);
                Ok(())
            }
            (asked, answer) => {
                prop_assert!(false, "{action} by {actor:?}: {asked:?}, but {:?}", answer.err());
                Ok(())
            }
        }
    }

    fn hold_against(&self, actor: &Actor, size: usize) -> Result<(), TestCaseError> {
        let rows = self.of(actor);
        let (list, export, count, search) = (Action::List, Action::Export, Action::Count, Action::Search);
        self.same(actor, (list, &[]), pages(size, |after| rows.list(after, size)), |found, all| equal(&found, &all))?;
        self.same(actor, (list, &[]), rows.iter(size).collect(), |found: Vec<_>, all| equal(&found, &all))?;
        let exported = pages(size, |after| rows.export(after, size));
        self.same(actor, (export, &[]), exported, |found, all| equal(&found, &all))?;
        self.same(actor, (count, &[]), rows.count(), |count, all| {
            prop_assert_eq!(count, all.len() as u64);
            Ok(())
        })?;
        for name in NAMES {
            let found = pages(size, |after| rows.find("name", name.to_uppercase(), after, size));
            self.same(actor, (search, &["name"]), found, |found, all| {
                equal(&found, &all.into_iter().filter(|(row, _)| row.name == name).collect::<Vec<_>>())
            })?;
        }
        for (field, down) in [("name", false), ("region", true), ("note", false)] {
            let fields = [field];
            self.same(actor, (list, &fields), rows.sorted(field, down, size), |found, mut all| {
                let key = |row: &Known| match field {
                    "name" => row.name.to_owned(),
                    "region" => row.attributes[0].1.to_lowercase(),
                    _ => String::new(),
                };
                all.sort_by(|(a, _), (b, _)| {
                    let order = key(a).cmp(&key(b));
                    (if down { order.reverse() } else { order }).then(a.id.cmp(&b.id))
                });
                all.truncate(size);
                equal(&found, &all)
            })?;
        }
        for row in self.model.rows.values() {
            let (found, asked) = (rows.get(row.id), self.asked(actor, Action::Read, &[], Some(row)));
            match (found, asked) {
                (Ok(found), Ok(permission)) => equal(&[found], &[(row, permission.read)])?,
                (Err(Error::Denied(told)), Err(denial)) => prop_assert_eq!(&*told, &denial),
                (found, asked) => prop_assert!(false, "{found:?} {asked:?}"),
            }
        }
        Ok(())
    }
}

/// Returns all records of all pages, and checks that each page but the last is full, and the last says that it is.
fn pages(size: usize, page: impl Fn(Option<RecordId>) -> Result<Page<Row>, Error>) -> Result<Vec<Found<Row>>, Error> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = page(after)?;
        assert!(page.next.is_none() || page.items.len() == size, "a page that isn't full is the last");
        assert!(after.is_none() || !page.items.is_empty(), "a page says that there is another only if there is");
        after = page.next;
        all.extend(page.items);
        if after.is_none() {
            return Ok(all);
        }
    }
}

fn equal(found: &[Found<Row>], permitted: &[(&Known, FieldSet)]) -> Result<(), TestCaseError> {
    let ids: Vec<RecordId> = found.iter().map(|found| found.id).collect();
    let wanted: Vec<RecordId> = permitted.iter().map(|(row, _)| row.id).collect();
    prop_assert_eq!(ids, wanted);
    for (found, (row, read)) in found.iter().zip(permitted) {
        prop_assert_eq!(found.meta.owner(), row.owner);
        for field in FIELDS {
            prop_assert_eq!(found.is_withheld(field), !read.contains(field), "{}", field);
        }
        prop_assert!(!read.contains("name") || found.value.name == row.name);
    }
    Ok(())
}

/// Returns an actor with roles, clearance and group from bits.
fn actor(who: usize, bits: u8) -> Actor {
    let actor = plan::some(&ROLES, bits).into_iter().fold(Actor::new(PEOPLE[who]), Actor::with_role);
    let actor = match bits >> 3 & 3 {
        0 => actor,
        1 => actor.with_attribute("clearance", "low"),
        _ => actor.with_attribute("clearance", "high"),
    };
    if bits >> 5 & 1 == 1 { actor.with_attribute("team", plan::GROUPS[0]) } else { actor }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::tests::amount(6, 24), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_scope_leads_to_is_what_the_policy_permits_of_every_row_by_itself(
        indexed in any::<(bool, bool)>(),
        steps in prop::collection::vec(step(), 5..45),
        plans in prop::collection::vec(plan(), 4),
        actors in prop::collection::vec((0..4usize, 1..64u8), 3),
        size in 1..6usize,
    ) {
        let mut bench = Bench::new(indexed);
        steps.iter().for_each(|step| bench.take(step));
        // Some shares are over now.
        bench.hands.forward(2);
        bench.model.now = bench.hands.now().as_micros();
        for plan in &plans {
            let policy: Arc<dyn AccessPolicy> = Arc::from(plan.build());
            policy.check().unwrap();
            bench.swap.hold(policy);
            for (who, bits) in &actors {
                bench.hold_against(&actor(*who, *bits), size).map_err(|error| {
                    TestCaseError::fail(format!("{error}\n{plan:#?}\n{:?}", bench.model.rows))
                })?;
            }
        }
    }
}

/// The random policies above do permit some rows and deny others, by each kind of policy.
#[test]
fn random_policies_permit_some_rows_of_a_store_and_not_others() {
    let mut bench = Bench::new((true, true));
    let insert = |owner, labels, region, kind| Step::Insert { owner, labels, region, kind, name: 0 };
    for n in 0..12u8 {
        let number = usize::from(n);
        bench.take(&insert(Some(number % 4), n & 7, number % 3, number % 2));
    }
    bench.take(&Step::Share { which: 1, with: (0, 0), write: false, ends: false });
    bench.take(&Step::BreakGlass { who: 0 });
    bench.model.now = bench.hands.now().as_micros();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut none, mut some, mut every) = (0, 0, 0);
    for _ in 0..400 {
        let plan = plan().new_tree(&mut runner).unwrap();
        let policy = proptest::strategy::ValueTree::current(&plan).build();
        policy.check().unwrap();
        bench.swap.hold(Arc::from(policy));
        match bench.permitted(&actor(0, 0b11_0011), Action::List, &[]).len() {
            0 => none += 1,
            12 => every += 1,
            _ => some += 1,
        }
    }
    assert!(none > 40 && some > 80 && every > 20, "{none} {some} {every}");
}
