use super::*;
use crate::model::{Actor, NoFacts, Resource, Timestamp};
use crate::policy::AccessPolicy;

const HOUR: Duration = Duration::from_secs(3600);

fn wants() -> StepUp {
    StepUp::new(2, HOUR)
}

/// Tells whether it obliges. `?` is no known record.
fn obliges(policy: &StepUp, roles: &str, action: Action, on: &str, labels: &str, fields: &str) -> bool {
    let actor = roles.split_whitespace().fold(Actor::new("anna"), Actor::with_role);
    let labels_of: Vec<String> = labels.split_whitespace().map(str::to_owned).collect();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let resource = Resource::new().labels(&labels_of);
    let mut request = Request::new(&actor, action, Timestamp::from_micros(0)).fields(&fields);
    request.collection = Some(on).filter(|name| !name.is_empty());
    request.resource = (labels != "?").then_some(&resource);
    match policy.decide(&request, &NoFacts).unwrap() {
        Decision::Limit(limit) => {
            assert!(limit.read == FieldSet::All && limit.write == FieldSet::All);
            assert!(limit.obligations.iter().all(|o| *o == Obligation::StepUp { strength: 2, within: HOUR }));
            !limit.obligations.is_empty()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_applies_where_all_that_is_said_matches() {
    use Action::*;
    let acts = || wants().for_acts([Export, Unmask]);
    let vip = || wants().labelled("vip").labelled("board");
    let iban = || wants().fields(["iban", "salary"]);
    let all = || wants().for_acts([Update]).on(["customers"]).labelled("vip").fields(["iban"]).role("sales");
    for (name, policy, roles, action, on, labels, fields, expected) in [
        ("nothing said is every act", wants(), "", Read, "orders", "", "", true),
        ("administration too", wants(), "", Define, "", "?", "", true),
        ("an act", acts(), "", Export, "x", "?", "", true),
        ("another act", acts(), "", Read, "x", "", "", false),
        ("acts add up", acts().for_acts([Read]), "", Read, "x", "", "", true),
        ("a collection", wants().on(["customers"]), "", Read, "customers", "", "", true),
        ("another collection", wants().on(["customers"]), "", Read, "orders", "", "", false),
        ("no collection", wants().on(["customers"]), "", Verify, "", "?", "", false),
        ("a label", vip(), "", Read, "x", "old vip", "", true),
        ("any of the labels", vip(), "", Read, "x", "board", "", true),
        ("another label", vip(), "", Read, "x", "old", "", false),
        ("a record that may not exist", vip(), "", Read, "x", "?", "", true),
        ("a list, before its rows", vip(), "", List, "x", "?", "", false),
        ("a row with the label", vip(), "", List, "x", "vip", "", true),
        ("a field that changes", iban(), "", Update, "x", "", "name iban", true),
        ("another that does", iban(), "", Update, "x", "", "name", false),
        ("an update, before it names any", iban(), "", Update, "x", "", "", false),
        ("a field unmasked", iban(), "", Unmask, "x", "", "salary", true),
        ("another unmasked", iban(), "", Unmask, "x", "", "tel", false),
        ("unmasking what isn't said", iban(), "", Unmask, "x", "", "", true),
        ("creating with what isn't said", iban(), "", Create, "x", "", "", true),
        ("creating without", iban(), "", Create, "x", "", "name", false),
        ("a read shows every field", iban(), "", Read, "x", "", "", true),
        ("a search shows more than it names", iban(), "", Search, "x", "", "name", true),
        ("a count shows none", iban(), "", Count, "x", "", "name", false),
        ("but may be by it", iban(), "", Count, "x", "", "iban", true),
        ("a deletion touches no field", iban(), "", Delete, "x", "", "", false),
        ("a role", wants().role("sales"), "hr sales", Read, "x", "", "", true),
        ("another role", wants().role("sales"), "hr", Read, "x", "", "", false),
        ("roles add up", wants().role("sales").role("hr"), "hr", Read, "x", "", "", true),
        ("all of it", all(), "sales", Update, "customers", "vip", "iban", true),
        ("all but the act", all(), "sales", Create, "customers", "vip", "iban", false),
        ("all but the collection", all(), "sales", Update, "orders", "vip", "iban", false),
        ("all but the label", all(), "sales", Update, "customers", "", "iban", false),
        ("all but the field", all(), "sales", Update, "customers", "vip", "name", false),
        ("all but the role", all(), "hr", Update, "customers", "vip", "iban", false),
    ] {
        policy.check().unwrap();
        assert_eq!(obliges(&policy, roles, action, on, labels, fields), expected, "{name}");
    }
}

#[test]
fn explanation_says_what_the_actor_has_or_why_it_does_not_apply() {
    let actor = Actor::new("anna").with_authentication(1, Timestamp::from_micros(-90_000_000));
    let request = Request::new(&actor, Action::Read, Timestamp::from_micros(0)).on("orders");
    let text = wants().explain(&request, &NoFacts).to_string();
    assert!(text.contains("strength 2, within 3600s; the actor's is of strength 1 and 90 seconds old"), "{text}");
    for (policy, why) in [
        (wants().for_acts([Action::Export]), "- step up: it is for another act"),
        (wants().on(["b", "a"]), "- step up: it is for another collection: `a`, `b`"),
        (wants().role("r"), "- step up: it is for another role: `r`"),
    ] {
        let text = policy.explain(&request, &NoFacts).to_string();
        assert!(text.contains(why), "{text}");
    }
}

#[test]
fn mistake_is_told_and_another_setting_is_another_version() {
    for (name, faulty, says) in [
        ("no strength", StepUp::new(0, HOUR), "any authentication is strong enough"),
        (
            "no time",
            StepUp::new(1, Duration::ZERO),
            "how old the authentication may be: say `StepUp::new(.., Duration::from_secs(300))`",
        ),
        ("no acts", wants().for_acts([]), "empty list of acts"),
        ("no collections", wants().on::<&str>([]), "empty list of collections"),
        ("no fields", wants().fields::<&str>([]), "empty list of fields"),
        ("a nameless label", wants().labelled(""), "empty name among its labels"),
        ("a nameless role", wants().role(" "), "empty name among its roles"),
    ] {
        let error = faulty.check().err().unwrap_or_else(|| panic!("{name}"));
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(says), "{name}: {cause}");
    }
    let versions = [
        wants(),
        StepUp::new(3, HOUR),
        StepUp::new(2, HOUR * 2),
        wants().on(["x"]),
        wants().on::<&str>([]),
        wants().labelled("x"),
        wants().fields(["x"]),
        wants().role("x"),
        wants().for_acts([Action::Export]),
        wants().for_acts([Action::Export, Action::Read]),
    ]
    .map(|policy| policy.version());
    assert!(versions.iter().enumerate().all(|(i, a)| versions.iter().skip(i + 1).all(|b| a != b)));
    assert_eq!(wants().on(["x"]).role("r").version(), wants().role("r").on(["x"]).version());
    assert_ne!(versions[0], crate::policy::RowLimit::new().version());
}

#[test]
fn version_agrees_with_another_program() {
    let policy = StepUp::new(2, Duration::from_secs(300)).on(["customers"]).for_acts([Action::Export]);
    assert_eq!(policy.version().to_string(), "fa79d4c6c04f5d080e7e84dedae67949f44d2126e22688067ed62fc0e5ecdba0");
}
