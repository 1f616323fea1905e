//! A vault under policies written in Cedar.

use crate::model::Revision;
use crate::policy::{Cedar, codes};
use crate::vault::tests::gatekeeping::*;

const CRM: &str = r#"
    @read("") permit (principal in Strongroom::Role::"admin", action in Strongroom::Action::"administer", resource);

    @id("sales: own") @read("name,email") @write("*")
    permit (
        principal in Strongroom::Role::"sales",
        action in [Strongroom::Action::"view", Strongroom::Action::"create", Strongroom::Action::"update"],
        resource in Strongroom::Collection::"customers"
    ) when { context.own };

    @id("support: with a reason") @read("name") @reason
    permit (principal in Strongroom::Role::"support", action in Strongroom::Action::"view", resource);

    @id("the vip stay with their own") @code("vip")
    forbid (principal, action, resource is Strongroom::Record)
    when { resource.labels.contains("vip") && !context.own };
"#;

fn world(policies: &str) -> World {
    World::with(|options| options.policy(Cedar::new(policies).unwrap().with_schema(Cedar::SCHEMA).unwrap()))
}

fn names(page: &Page<Customer>) -> Vec<&str> {
    page.items.iter().map(|found| found.value.name.as_str()).collect()
}

#[test]
fn cedar_policies_decide_reads_lists_searches_and_updates() {
    let world = world(CRM);
    let [anna, bert] = ["anna", "bert"].map(|id| world.session(sales(id)).collection::<Customer>().unwrap());
    let ann = anna.insert(&Customer::new("Ann", "ann@x.org")).unwrap();
    let bob = bert.insert(&Customer::new("Bob", "bob@x.org")).unwrap();

    let found = anna.get(ann).unwrap();
    assert_eq!(
        (found.value.name.as_str(), found.value.tier, &*found.withheld),
        ("Ann", None, &["tier".to_owned()][..])
    );
    assert_eq!(names(&anna.list(None, 10).unwrap()), ["Ann"]);
    assert_eq!(names(&anna.find("name", "Bob", None, 10).unwrap()), [""; 0]);
    assert_eq!(names(&bert.find("name", "Bob", None, 10).unwrap()), ["Bob"]);
    assert_eq!(anna.update(ann, |customer| customer.name = "Anne".to_owned()).unwrap(), Revision::new(2));

    // Another's record and a missing one are refused in the same words.
    let foreign = denial(anna.get(bob));
    assert_eq!(foreign, denial(anna.get(RecordId::from_bytes([9; 16]))));
    assert_eq!(foreign.code, codes::NOT_ALLOWED);
    denial(anna.update(bob, |customer| customer.name = "mine".to_owned()));
    denial(anna.delete(ann));
}

#[test]
fn obligations_and_forbids_of_cedar_policies_hold_for_every_row() {
    let world = world(CRM);
    let vips = world.session(sales("anna")).collection::<Customer>().unwrap();
    vips.insert(&Customer::new("Ann", "ann@x.org")).unwrap();
    let vip = vips.insert_with(&Customer::new("Vip", "vip@x.org"), NewMeta::new().label("vip")).unwrap();
    assert_eq!(names(&vips.list(None, 10).unwrap()).len(), 2);

    let session = world.session(Actor::new("s").with_role("support"));
    let support = session.collection::<Customer>().unwrap();
    assert_eq!(denial(support.list(None, 10)).code, codes::REASON_REQUIRED);
    let session = world.session(Actor::new("s").with_role("support")).because("ticket 7");
    let support = session.collection::<Customer>().unwrap();
    assert_eq!(names(&support.list(None, 10).unwrap()), ["Ann"]);
    assert_eq!(denial(support.get(vip)).code, "vip");
    assert_eq!(denial(support.find("email", "ann@x.org", None, 10)).code, codes::FIELD_NOT_READABLE);
}

#[test]
fn cedar_policy_that_fails_denies_every_act_on_records() {
    let erring =
        format!("{CRM} forbid (principal, action, resource is Strongroom::Record) when {{ context.rows > 5 }};");
    let policy = Cedar::new(&erring).unwrap();
    let world = World::with(|options| options.policy(policy.clone()));
    let customers = world.session(sales("anna")).collection::<Customer>().unwrap();
    let denial = denial(customers.insert(&Customer::new("Ann", "ann@x.org")));
    assert_eq!(denial.code, codes::POLICY_ERROR);
    assert!(denial.for_admin.contains("`rows`: ask `has` first"), "{}", denial.for_admin);
}
