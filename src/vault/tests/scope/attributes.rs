//! Fields that the schema exposes to policies.

use crate::audit::{Outcome, Required};
use crate::policy::codes;
use crate::record::{Document, FieldProblem, RecordError};
use crate::vault::tests::scope::*;

fn all(region: &str) -> Vec<(String, String)> {
    pairs(&[("region", region), ("seats", "-5"), ("active", "true"), ("kind", "Client")])
}

#[test]
fn policy_sees_the_exposed_fields_on_every_act_and_no_other() {
    let (_world, policy, accounts) = ruled();
    let id = accounts.insert(&Account::new("Ann", "north")).unwrap();
    accounts.get(id).unwrap();
    accounts.list(None, 10).unwrap();
    accounts.find("name", "ann", None, 10).unwrap();
    accounts.update(id, |account| account.name = "Bo".into()).unwrap();
    accounts.transfer(id, Some("c")).unwrap();
    accounts.delete(id).unwrap();
    let told = policy.told();
    let acts: Vec<Action> = told.iter().map(|told| told.action).collect();
    use Action::{Create, Delete, List, Read, Search, Transfer, Update};
    assert_eq!(acts, [Create, Read, List, Search, Update, Update, Transfer, Delete]);
    assert!(told.iter().all(|told| told.attributes == all("north")), "{told:?}");
}

#[test]
fn field_without_a_value_is_no_attribute() {
    let (_world, policy, accounts) = ruled();
    let bare = Account { region: None, active: None, kind: None, ..Account::new("Ann", "") };
    let empty = Account::new("Bo", "");
    let ids = [&bare, &empty].map(|account| accounts.insert(account).unwrap());
    for id in ids {
        accounts.get(id).unwrap();
    }
    let told: Vec<_> = policy.told().into_iter().map(|told| told.attributes).collect();
    assert_eq!(told, [pairs(&[("seats", "-5")]), all(""), pairs(&[("seats", "-5")]), all("")]);
}

#[test]
fn every_act_on_a_record_can_be_denied_by_its_attributes() {
    let (world, policy, accounts) = ruled();
    let north = accounts.insert(&Account::new("Ann", "north")).unwrap();
    let south = accounts.insert(&Account::new("Ann", "south")).unwrap();
    policy.permit(is("north"));
    accounts.get(north).unwrap();
    assert!(denied(accounts.get(south)));
    assert!(denied(accounts.update(south, |_| {})));
    assert!(denied(accounts.transfer(south, None)));
    assert!(denied(accounts.delete(south)));
    assert!(denied(accounts.insert(&Account::new("Bo", "south"))));
    let mut batch = world.session(boss()).batch();
    assert!(denied(batch.insert(&accounts, &Account::new("Bo", "south"))));
    assert!(denied(batch.transfer(&accounts, south, None)));
    for page in [accounts.list(None, 10), accounts.find("name", "ann", None, 10)] {
        assert_eq!(page.unwrap().items.iter().map(|found| found.id).collect::<Vec<_>>(), [north]);
    }
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn update_is_decided_on_the_record_as_it_was_and_as_it_will_be() {
    let (world, policy, accounts) = ruled();
    let id = accounts.insert(&Account::new("Ann", "north")).unwrap();
    policy.permit(is("north"));
    let south = |account: &mut Account| account.region = Some("south".into());
    assert!(denied(accounts.update(id, south)));
    assert!(denied(accounts.update(id, |account| account.region = None)));
    let found = accounts.get(id).unwrap();
    assert!(denied(accounts.replace(id, found.revision, &Account::new("Ann", "south"))));
    assert!(denied(world.session(boss()).batch().update(&accounts, id, south)));
    assert_eq!(accounts.get(id).unwrap().value, Account::new("Ann", "north"));
    policy.told();
    policy.permit(|_| true);
    accounts.update(id, south).unwrap();
    let asked: Vec<_> = policy.told().into_iter().map(|told| (told.attributes, told.fields)).collect();
    let changed = vec!["region".to_owned()];
    assert_eq!(asked, [(all("north"), vec![]), (all("north"), changed.clone()), (all("south"), changed)]);
    // An update that leaves the attributes as they are is decided once less.
    accounts.update(id, |account| account.name = "Bo".into()).unwrap();
    assert_eq!(policy.told().len(), 2);
    // The other way round: an actor who may write only to the south can't take anything there from the north.
    policy.permit(|request| {
        request.fields.is_empty() || request.resource.is_none_or(|r| r.attribute("region") == Some("north"))
    });
    assert!(denied(accounts.update(id, |account| account.region = Some("north".into()))));
}

#[test]
fn fields_are_writable_only_if_they_are_before_and_after() {
    #[derive(Clone)]
    struct SouthIsReadOnly;

    impl AccessPolicy for SouthIsReadOnly {
        fn decide(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
            let south = request.resource.is_some_and(|resource| resource.attribute("region") == Some("south"));
            let write = if south && request.action == Action::Update { FieldSet::none() } else { FieldSet::All };
            Ok(Permission::new("south").read(FieldSet::All).write(write).into())
        }

        fn version(&self) -> PolicyVersion {
            PolicyVersion::of("south")
        }
    }

    let world = World::with(|options| options.policy(SouthIsReadOnly));
    world.acme.session(admin()).unwrap().define::<Account>().unwrap();
    let accounts = world.session(boss()).collection::<Account>().unwrap();
    let [north, south] = ["north", "south"].map(|region| accounts.insert(&Account::new("Ann", region)).unwrap());
    for (id, to) in [(north, "south"), (south, "north")] {
        match accounts.update(id, |account| account.region = Some(to.into())) {
            Err(Error::Denied(denial)) => assert_eq!(denial.code, codes::FIELD_NOT_WRITABLE),
            other => panic!("{other:?}"),
        }
    }
    accounts.update(north, |account| account.region = Some("west".into())).unwrap();
}

/// Returns the same type's schema with only the name exposed.
fn other_schema() -> Schema {
    Schema::new("accounts").field("name", |f| f.attribute()).index("name", Normalizer::Text)
}

#[test]
fn defined_schema_decides_what_policies_see_and_not_the_readers_type() {
    let kept = Kept::default();
    let policy = Ruled::new();
    let world = World::with(|options| options.policy(policy.clone()).sink(Required(kept.clone())));
    world.acme.session(admin()).unwrap().define_as::<Account>(other_schema().field("kind", |f| f.was("sort"))).unwrap();
    let accounts = world.session(boss()).collection::<Account>().unwrap();
    let id = accounts.insert(&Account::new("Ann", "north")).unwrap();
    accounts.get(id).unwrap();
    assert!(policy.told().iter().all(|told| told.attributes == pairs(&[("name", "Ann")])));
    world.acme.session(admin()).unwrap().define::<Account>().unwrap();
    accounts.get(id).unwrap();
    assert_eq!(policy.told()[0].attributes, all("north"));
    world.vault.close().unwrap();
    let vault = Vault::in_memory(&world.memory).master_key(Unlocked).policy(policy.clone()).open().unwrap();
    vault.tenant("acme").unwrap().session(boss()).unwrap().collection::<Account>().unwrap().get(id).unwrap();
    assert_eq!(policy.told()[0].attributes, all("north"));

    let changes: Vec<Vec<String>> = kept
        .of("define")
        .iter()
        .filter(|event| event.outcome() == Outcome::Permitted)
        .map(|event| event.fields_changed().iter().map(|name| (*name).to_owned()).collect())
        .collect();
    let said = |changes: &[String], change: &str| changes.iter().any(|one| one == change);
    let [.., first, second] = changes.as_slice() else { panic!("{changes:?}") };
    assert!(said(first, "field name exposed to policies"), "{first:?}");
    for change in [
        "field name hidden from policies",
        "field region exposed to policies",
        "field kind exposed to policies",
        "index on the owner added",
    ] {
        assert!(said(second, change), "{change}: {second:?}");
    }
    // A rule that only exposes is told apart from other rules.
    assert!(said(second, "rule of field kind changed") && !said(second, "rule of field region changed"), "{second:?}");
}

#[test]
fn renamed_field_is_an_attribute_under_its_new_name_and_a_lost_one_is_none() {
    #[derive(Serialize, Deserialize)]
    struct Renamed {
        name: String,
        area: Option<String>,
    }

    impl Record for Renamed {
        fn schema() -> Schema {
            Schema::new("accounts").field("area", |f| f.was("region").attribute())
        }

        fn example() -> Self {
            Self { name: "Ann".into(), area: Some("north".into()) }
        }
    }

    let (world, policy, accounts) = ruled();
    let id = accounts.insert(&Account::new("Ann", "north")).unwrap();
    world.acme.session(admin()).unwrap().define::<Renamed>().unwrap();
    policy.told();
    world.session(boss()).collection::<Renamed>().unwrap().get(id).unwrap();
    assert_eq!(policy.told()[0].attributes, pairs(&[("area", "north")]));
}

#[test]
fn field_that_is_no_text_number_bool_or_plain_variant_is_refused_as_an_attribute() {
    #[derive(Serialize, Deserialize)]
    struct Odd {
        list: Vec<String>,
        ratio: f64,
        map: std::collections::BTreeMap<String, u8>,
        gone: Option<u8>,
    }

    impl Record for Odd {
        fn schema() -> Schema {
            Schema::new("odd")
        }

        fn example() -> Self {
            Self { list: vec![], ratio: 0.5, map: [].into(), gone: None }
        }
    }

    let world = World::new();
    let define = |field: &str| {
        let schema = Schema::new("odd").field(field, |f| f.attribute());
        world.acme.session(admin()).unwrap().define_as::<Odd>(schema).unwrap_err().to_string()
    };
    for field in ["list", "ratio", "map"] {
        let text = define(field);
        assert!(text.contains(&format!("`{field}` can't be an attribute: text, whole numbers")), "{text}");
    }
    assert!(define("gone").contains("`gone` is an attribute, so `example()` must give it `Some(..)`"));
    assert!(define("lost").contains("isn't there"));
}

#[test]
fn document_has_attributes_too_and_values_that_can_be_none_are_refused_or_denied() {
    let policy = Ruled::new();
    let world = World::with(|options| options.policy(policy.clone()));
    let plain = || Schema::open("papers");
    world.acme.session(admin()).unwrap().define_as::<Document>(plain()).unwrap();
    let papers = world.session(boss()).collection_named::<Document>("papers").unwrap();
    let paper = || Document::new().with("name", "Ann");
    let bad = papers.insert(&paper().with("region", vec![1.into()])).unwrap();
    let good = papers.insert(&paper().with("region", "north")).unwrap();
    let none = papers.insert(&paper()).unwrap();
    world.acme.session(admin()).unwrap().define_as::<Document>(plain().field("region", |f| f.attribute())).unwrap();
    policy.told();
    papers.get(good).unwrap();
    papers.get(none).unwrap();
    let told: Vec<_> = policy.told().into_iter().map(|told| told.attributes).collect();
    assert_eq!(told, [pairs(&[("region", "north")]), vec![]]);
    // A stored value that can't be told to a policy makes the record denied to all, and stops nothing else.
    match papers.get(bad) {
        Err(Error::Denied(denial)) => {
            assert_eq!(denial.code, codes::POLICY_ERROR);
            assert!(denial.for_admin.contains("`region`") && !denial.for_user.contains("region"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(papers.list(None, 10).unwrap().items.len(), 2);
    let refused = |result: Result<RecordId, Error>| match result {
        Err(Error::Record(RecordError::Write { field, problem })) => {
            assert_eq!((field.as_str(), problem), ("region", FieldProblem::NotAttribute));
        }
        other => panic!("{other:?}"),
    };
    refused(papers.insert(&paper().with("region", 0.5)));
    refused(papers.update(good, |paper| drop(paper.set("region", 0.5))).map(|_| good));
    papers.update(good, |paper| drop(paper.set("region", 7))).unwrap();
    assert_eq!(policy.told().last().unwrap().attributes, pairs(&[("region", "7")]));
}

#[test]
fn debug_of_a_resource_shows_names_and_ids_and_nothing_else() {
    let attributes = pairs(&[("region", "north-7")]);
    let labels = ["vip-label".to_owned()];
    let resource = crate::model::Resource::new().owner("owner-7").labels(&labels).attributes(&attributes);
    let actor = Actor::new("a");
    let request = Request::new(&actor, Action::Read, crate::model::Timestamp::from_micros(0)).resource(&resource);
    let text = format!("{resource:?} {request:?}");
    assert!(text.contains("region"), "{text}");
    for secret in ["north-7", "vip-label", "owner-7"] {
        assert!(!text.contains(secret), "{text}");
    }
}
