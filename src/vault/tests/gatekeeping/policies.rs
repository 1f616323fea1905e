//! Policies that err, panic, oblige, or change their mind.

use crate::model::{Action, Facts, FieldSet, Request};
use crate::policy::{
    AccessPolicy, Decision, DenyAll, Obligation, Permission, PolicyError, PolicyVersion, Scope, codes, danger,
};
use crate::vault::tests::gatekeeping::*;

/// The behaviour of a policy on acts on records.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Fair,
    Panics,
    Errs,
    ObligesOddly,
    PanicsInScope,
    ErrsInScope,
    WantsReason,
    SeesNothing,
    DeniesChangesOfTier,
    HidesVips,
}

/// Permits everything, subject to its mood; administration always.
#[derive(Clone)]
struct Moody(Arc<Mutex<Mood>>);

impl Moody {
    fn mood(&self) -> Mood {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AccessPolicy for Moody {
    fn decide(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
        let all = Permission::new("moody").read(FieldSet::All).write(FieldSet::All);
        if request.action.is_administration() {
            return Ok(all.into());
        }
        let vip = request.resource.is_some_and(|resource| resource.labels.iter().any(|label| label == "vip"));
        Ok(match self.mood() {
            Mood::Panics => panic!("in a bad mood"),
            Mood::Errs => return Err(PolicyError::new("in a bad mood")),
            Mood::ObligesOddly => all.oblige(Obligation::Other("dance".to_owned())).into(),
            Mood::WantsReason => all.oblige(Obligation::Reason).into(),
            Mood::SeesNothing => Permission::new("blind").into(),
            Mood::DeniesChangesOfTier if request.fields.contains(&"tier") => Denial::new("tier", "no").into(),
            Mood::HidesVips if vip => Denial::new("vip", "no").into(),
            _ => all.into(),
        })
    }

    fn scope(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Scope, PolicyError> {
        match self.mood() {
            Mood::PanicsInScope => panic!("in a bad mood"),
            Mood::ErrsInScope => Err(PolicyError::new("in a bad mood")),
            _ => Ok(Scope::All),
        }
    }

    fn version(&self) -> PolicyVersion {
        PolicyVersion::of("moody, 1")
    }
}

fn moody() -> (World, Moody, Kept, RecordId) {
    let (policy, kept) = (Moody(Arc::new(Mutex::new(Mood::Fair))), Kept::default());
    let world = World::with(|options| options.policy(policy.clone()).sink(Required(kept.clone())));
    let id = world.add("Ann", "ann@x.org");
    (world, policy, kept, id)
}

#[test]
fn policy_that_panics_errs_or_obliges_to_the_unknown_denies_and_is_written_down() {
    for (mood, code, everywhere) in [
        (Mood::Panics, codes::POLICY_PANIC, true),
        (Mood::Errs, codes::POLICY_ERROR, true),
        (Mood::ObligesOddly, codes::UNKNOWN_OBLIGATION, true),
        (Mood::WantsReason, codes::REASON_REQUIRED, true),
        (Mood::PanicsInScope, codes::POLICY_PANIC, false),
        (Mood::ErrsInScope, codes::POLICY_ERROR, false),
    ] {
        let (world, policy, kept, id) = moody();
        world.vault.flush().unwrap();
        let before = kept.events().len();
        *policy.0.lock().unwrap() = mood;
        let customers = world.customers();
        let mut expected = Vec::new();
        for (action, error) in acts(&customers, &mut world.session(boss()).batch(), id) {
            if everywhere || matches!(action, "list" | "search") {
                match error {
                    Some(Error::Denied(denial)) => assert_eq!(denial.code, code, "{action}"),
                    other => panic!("{action}: {other:?}"),
                }
                expected.push(action);
            } else {
                assert!(error.is_none(), "{action}: {error:?}");
            }
        }
        world.vault.flush().unwrap();
        let denied: Vec<_> = kept.events().drain(before..).filter(|event| event.outcome() == Outcome::Denied).collect();
        assert_eq!(denied.iter().map(crate::audit::Event::action).collect::<Vec<_>>(), expected);
        assert!(denied.iter().all(|event| event.code() == code && event.actor() == Some("b")));
        // The vault still works.
        *policy.0.lock().unwrap() = Mood::Fair;
        world.customers().list(None, 10).unwrap();
        assert_eq!(world.verify(), Verdict::Intact);
    }
}

#[test]
fn reason_that_is_owed_and_given_permits_and_is_written_down() {
    let (world, policy, kept, id) = moody();
    *policy.0.lock().unwrap() = Mood::WantsReason;
    let session = world.session(boss()).because("ticket 4711").for_purpose("support");
    session.collection::<Customer>().unwrap().get(id).unwrap();
    let blank = world.session(boss()).because("  ").collection::<Customer>().unwrap();
    assert_eq!(denial(blank.get(id)).code, codes::REASON_REQUIRED);
    world.vault.flush().unwrap();
    let read = &kept.of("read")[0];
    assert_eq!((read.reason(), read.purpose()), (Some("ticket 4711"), Some("support")));
}

#[test]
fn nothing_is_allowed_by_default_and_everything_only_by_a_name_that_says_danger() {
    let memory = Memory::new();
    let vault = Vault::in_memory(&memory).master_key(Unlocked).create().unwrap();
    assert_eq!(denial(vault.session(admin()).unwrap().create_tenant("acme")).code, codes::DENY_ALL);
    assert_eq!(denial(vault.session(admin()).unwrap().verify()).code, codes::DENY_ALL);
    drop(vault);
    let vault = Vault::in_memory(&memory).master_key(Unlocked).policy(danger::AllowAll).open().unwrap();
    let anyone = Actor::new("");
    let acme = vault.session(anyone.clone()).unwrap().create_tenant("acme").unwrap();
    acme.session(anyone.clone()).unwrap().define::<Customer>().unwrap();
    let customers = acme.session(anyone.clone()).unwrap().collection::<Customer>().unwrap();
    let id = customers.insert(&Customer::new("Ann", "ann@x.org")).unwrap();
    for (action, error) in acts(&customers, &mut acme.session(anyone).unwrap().batch(), id) {
        assert!(error.is_none(), "{action}: {error:?}");
    }
    let id = customers.insert(&Customer::new("Ann", "ann@x.org")).unwrap();
    vault.session(Actor::new("x")).unwrap().set_policy(DenyAll).unwrap();
    // The new policy holds for open sessions at once.
    for (action, error) in acts(&customers, &mut acme.session(admin()).unwrap().batch(), id) {
        assert!(matches!(&error, Some(Error::Denied(denial)) if denial.code == codes::DENY_ALL), "{action}: {error:?}");
    }
    assert!(matches!(vault.session(Actor::new("x")).unwrap().set_policy(danger::AllowAll), Err(Error::Denied(_))));
}

#[test]
fn unsound_policy_replaces_no_other_and_opens_nothing() {
    let world = World::new();
    let id = world.add("Ann", "ann@x.org");
    let unsound = || Roles::new().role("", |r| r.administer());
    let refused = world.vault.session(admin()).unwrap().set_policy(unsound()).unwrap_err();
    assert!(matches!(&refused, Error::Policy { why } if why.contains("a role")), "{refused}");
    world.customers().get(id).unwrap();
    world.vault.close().unwrap();
    assert!(matches!(open_options(&world.memory).policy(unsound()).open(), Err(Error::Policy { .. })));
    let dir = tempfile::tempdir().unwrap();
    let made = Vault::options(dir.path().join("v")).master_key(Unlocked).policy(unsound()).create();
    assert!(matches!(made, Err(Error::Policy { .. })));
    assert!(!dir.path().join("v").exists());
    World::open(&world.memory).unwrap();
}

#[test]
fn update_is_decided_again_with_the_fields_that_change() {
    let (world, policy, kept, id) = moody();
    *policy.0.lock().unwrap() = Mood::DeniesChangesOfTier;
    let customers = world.customers();
    assert_eq!(denial(customers.update(id, |customer| customer.tier = Some(9))).code, "tier");
    let mut ann = customers.get(id).unwrap();
    ann.value.tier = Some(9);
    assert_eq!(denial(customers.replace(id, ann.revision, &ann.value)).code, "tier");
    customers.update(id, |customer| customer.name = "Ann Li".to_owned()).unwrap();
    let found = customers.get(id).unwrap().value;
    assert_eq!((found.name.as_str(), found.tier), ("Ann Li", Some(1)));
    world.vault.flush().unwrap();
    let changed: Vec<Vec<String>> = kept
        .of("update")
        .iter()
        .filter(|event| event.outcome() == Outcome::Permitted && event.revision_after().is_some())
        .map(|event| event.fields_changed().iter().map(|name| (*name).to_owned()).collect())
        .collect();
    assert_eq!(changed, [["name"]]);
}

#[test]
fn each_row_of_a_list_or_search_is_decided_by_itself() {
    let (world, policy, kept, _) = moody();
    let customers = world.customers();
    let vip =
        customers.insert_with(&Customer::new("Ann", "vip@x.org"), NewMeta::new().label("vip").label("other")).unwrap();
    *policy.0.lock().unwrap() = Mood::HidesVips;
    assert_eq!(customers.list(None, 10).unwrap().items.len(), 1);
    assert_eq!(customers.find("name", "ann", None, 10).unwrap().items.len(), 1);
    assert!(customers.find_unique("email", "vip@x.org").unwrap().is_none());
    assert_eq!(denial(customers.get(vip)).code, "vip");
    assert_eq!(denial(customers.delete(vip)).code, "vip");
    assert_eq!(denial(customers.update(vip, |_| {})).code, "vip");
    assert_eq!(denial(customers.insert_with(&Customer::new("x", "x"), NewMeta::new().label("vip"))).code, "vip");
    world.vault.flush().unwrap();
    // Only rows that were shown are named.
    assert!(kept.of("list").iter().chain(&kept.of("search")).all(|event| event.subjects().len() <= 1));
}

#[test]
fn permission_without_fields_shows_none_and_a_search_by_one_finds_nothing() {
    let (world, policy, _, id) = moody();
    *policy.0.lock().unwrap() = Mood::SeesNothing;
    let customers = world.customers();
    let found = customers.get(id).unwrap();
    assert_eq!(found.withheld, ["name", "email", "tier"]);
    assert_eq!(found.value, Customer { name: String::new(), email: String::new(), tier: None });
    assert!(customers.find("name", "ann", None, 10).unwrap().items.is_empty());
    assert!(customers.find_unique("email", "ann@x.org").unwrap().is_none());
    assert_eq!(denial(customers.update(id, |customer| customer.tier = Some(1))).code, codes::FIELD_NOT_WRITABLE);
    assert_eq!(denial(customers.insert(&Customer::new("x", "x"))).code, codes::FIELD_NOT_WRITABLE);
}

#[test]
fn policy_is_told_what_is_asked_of_it() {
    /// Notes what it is asked, and permits it.
    #[derive(Clone, Default)]
    struct Asked(Arc<Mutex<Vec<String>>>);

    impl AccessPolicy for Asked {
        fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
            let owner = request.resource.map(|resource| resource.owner.unwrap_or("nobody").to_owned());
            let line = format!("{} {:?} {:?} {:?}", request.action, request.collection, owner, request.fields);
            self.0.lock().unwrap().push(line);
            assert_eq!(facts.now(), request.time);
            Ok(Permission::new("asked").read(FieldSet::All).write(FieldSet::All).into())
        }

        fn version(&self) -> PolicyVersion {
            PolicyVersion::of("asked")
        }
    }

    let asked = Asked::default();
    let world = World::with(|options| options.policy(asked.clone()));
    let take = || std::mem::take(&mut *asked.0.lock().unwrap());
    take();
    let customers = world.customers();
    assert!(take().is_empty());
    let id = customers.insert(&Customer::new("Ann", "ann@x.org")).unwrap();
    assert_eq!(take(), [r#"create Some("customers") Some("b") []"#]);
    customers.get(id).unwrap();
    assert_eq!(take(), [r#"read Some("customers") Some("b") []"#]);
    customers.find("name", "ann", None, 1).unwrap();
    let search = [r#"search Some("customers") None ["name"]"#, r#"search Some("customers") Some("b") ["name"]"#];
    assert_eq!(take(), search);
    customers.update(id, |customer| customer.tier = None).unwrap();
    let update = [r#"update Some("customers") Some("b") []"#, r#"update Some("customers") Some("b") ["tier"]"#];
    assert_eq!(take(), update);
    assert!(matches!(customers.get(RecordId::from_bytes([1; 16])), Err(Error::NotFound)));
    assert_eq!(take(), [r#"read Some("customers") None []"#]);
    assert_eq!(world.verify(), Verdict::Intact);
    assert_eq!(take(), ["verify None None []"]);
    assert!(Action::Verify.is_administration());
}
