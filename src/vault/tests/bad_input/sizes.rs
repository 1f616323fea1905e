//! Values, names and keys of every length and script.

use crate::model::FieldSet;
use crate::policy::{AccessPolicy, Decision, Permission, PolicyError, PolicyVersion};
use crate::record::{Document, FieldProblem, RecordError, Value};
use crate::vault::tests::bad_input::*;

/// Field names and values in many scripts, and some that break careless code.
const SCRIPTS: [&str; 20] = [
    "名前",
    "имя",
    "όνομα",
    "اسم",
    "שם",
    "नाम",
    "ชื่อ",
    "이름",
    "имя‍",
    "🙂👨‍👩‍👧",
    "a\0b",
    "\n",
    "\u{202e}evil",
    "ﬁ",
    "İ",
    "ß",
    "e\u{301}",
    "\u{feff}",
    "name\\",
    "'; drop table",
];

fn documents(world: &World, schema: Schema) -> Collection<Document> {
    let name = schema.collection().to_owned();
    world.acme.session(admin()).unwrap().define_as::<Document>(schema).unwrap();
    world.session(boss()).collection_named(&name).unwrap()
}

#[test]
fn record_over_the_limit_is_refused_and_one_at_it_comes_back() {
    let world = World::new();
    let notes = world.notes();
    let limit = 4 << 20;
    let note = Note::new("x".repeat(limit - 300));
    let id = notes.insert(&note).unwrap();
    assert!(notes.get(id).unwrap().value == note);
    // Near the limit, where names and metadata count too.
    for less in [0, 40] {
        match notes.insert(&Note::new("x".repeat(limit - less))) {
            Ok(_) => assert!(less > 30),
            Err(Error::Record(RecordError::TooLarge { field, .. })) => assert_eq!(field, "text", "{less}"),
            Err(other) => panic!("{other:?}"),
        }
    }
    let id = notes.insert(&Note::new("small")).unwrap();
    let grown = notes.update(id, |note| note.text = "x".repeat(limit + 1));
    assert!(matches!(grown, Err(Error::Record(RecordError::TooLarge { .. }))));
    assert_eq!(notes.get(id).unwrap().value.text, "small");
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn values_of_no_length_are_stored_and_collide_with_nothing() {
    let world = World::new();
    let customers = world.customers();
    let empty = Customer::new("", "");
    let first = customers.insert(&empty).unwrap();
    customers.insert(&empty).unwrap();
    customers.insert(&Customer::new(" \t\u{3000}", "\u{a0}")).unwrap();
    assert!(customers.get(first).unwrap().value == empty);
    for nothing in ["", "  ", "\n"] {
        assert!(customers.find_unique("email", nothing).unwrap().is_none());
        assert!(customers.find("name", nothing, None, 10).unwrap().items.is_empty());
    }
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn values_of_a_mebibyte_are_stored_and_found() {
    let world = World::new();
    let customers = world.customers();
    let mail = format!("{}@x.org", "m".repeat(1 << 20));
    let large = Customer::new(&"Ünïcode \u{fb01}x ".repeat(2_000), &mail);
    let id = customers.insert(&large).unwrap();
    assert_eq!(customers.find("name", "ÜNÏCODE fix ".repeat(2_000), None, 10).unwrap().items.len(), 1);
    let found = customers.find_unique("email", mail.to_uppercase()).unwrap().unwrap();
    assert!(found.id == id && found.value == large);
    assert!(
        matches!(customers.insert(&Customer::new("", &mail)), Err(Error::Duplicate { field, .. }) if field == "email")
    );
    customers.update(id, |customer| customer.email.clear()).unwrap();
    assert_eq!(customers.get(id).unwrap().value.email, "");
    assert!(customers.find_unique("email", "m").unwrap().is_none());
}

#[test]
fn document_with_fields_and_values_in_any_script_comes_back_and_is_found() {
    let world = World::new();
    let schema =
        SCRIPTS.iter().fold(Schema::open("любое 名"), |schema, name| schema.index(*name, Normalizer::Text));
    let documents = documents(&world, schema);
    let all: Document = SCRIPTS.iter().map(|name| (*name, format!("{name} of {name}"))).collect();
    let id = documents.insert(&all).unwrap();
    assert!(documents.get(id).unwrap().value == all);
    for name in SCRIPTS {
        let found = documents.find(name, format!("{name} of {name}"), None, 10).unwrap();
        assert_eq!(found.items.len(), 1, "{name:?}");
        documents.update(id, |document| drop(document.set(name, Value::Null))).unwrap();
        assert!(documents.find(name, format!("{name} of {name}"), None, 10).unwrap().items.is_empty(), "{name:?}");
    }
    let world = world.reopen();
    assert_eq!(world.verify(), Verdict::Intact);
    let documents = world.session(boss()).collection_named::<Document>("любое 名").unwrap();
    assert_eq!(documents.get(id).unwrap().value.len(), SCRIPTS.len());
}

#[test]
fn document_keys_over_their_limits_are_refused() {
    let world = World::new();
    let documents = documents(&world, Schema::open("documents"));
    let long = "k".repeat(1024);
    let id = documents.insert(&Document::new().with(long.as_str(), 1)).unwrap();
    assert!(documents.get(id).unwrap().value.get(&long).is_some());
    let refused = documents.insert(&Document::new().with(format!("{long}k"), 1));
    let too_long =
        matches!(&refused, Err(Error::Record(RecordError::Write { problem: FieldProblem::NameTooLong, .. })));
    assert!(too_long, "{refused:?}");
    let many = |count: usize| -> Document { (0..count).map(|n| (format!("f{n}"), 1)).collect() };
    let id = documents.insert(&many(1024)).unwrap();
    assert_eq!(documents.get(id).unwrap().value.len(), 1024);
    let refused = documents.insert(&many(1025));
    assert!(matches!(refused, Err(Error::Record(RecordError::TooManyFields))), "{refused:?}");
    let deep = (0..9).fold(Value::from(1), |value, _| Value::from(vec![value]));
    assert!(matches!(documents.insert(&Document::new().with("deep", deep)), Err(Error::Record(_))));
    documents.insert(&Document::new()).unwrap();
    documents.insert(&Document::new().with("", "a field without a name")).unwrap();
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn names_are_of_1_to_255_bytes_in_any_script() {
    let world = World::new();
    let bad = |result: Result<(), Error>| matches!(result, Err(Error::BadName { .. }));
    let tenant = |name: &str| world.vault.session(admin()).unwrap().create_tenant(name).map(drop);
    let collection = |name: &str| world.acme.session(admin()).unwrap().define_as::<Document>(Schema::open(name));
    let (long, longer) = ("n".repeat(255), "n".repeat(256));
    for name in ["", longer.as_str(), &"名".repeat(86), &"x".repeat(1 << 20)] {
        assert!(bad(tenant(name)) && bad(collection(name)), "{}", name.len());
        assert!(matches!(world.vault.tenant(name), Err(Error::UnknownTenant { .. })));
        let unknown = world.session(boss()).collection_named::<Document>(name);
        assert!(matches!(unknown, Err(Error::UnknownCollection { .. })));
    }
    for name in SCRIPTS.iter().copied().chain([long.as_str(), " ", "../..", "con"]) {
        tenant(name).unwrap_or_else(|error| panic!("{name:?}: {error:?}"));
        collection(name).unwrap_or_else(|error| panic!("{name:?}: {error:?}"));
    }
    let world = world.reopen();
    for name in SCRIPTS.iter().copied().chain([long.as_str()]) {
        assert_eq!(world.vault.tenant(name).unwrap().name(), name);
        world.session(boss()).collection_named::<Document>(name).unwrap();
    }
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn labels_and_owners_over_their_limits_are_refused() {
    let world = World::new();
    let notes = world.notes();
    let labels =
        |count: usize, length: usize| (0..count).fold(NewMeta::new(), |meta, _| meta.label("l".repeat(length)));
    let id = notes.insert_with(&Note::new("x"), labels(64, 512).owner("o".repeat(512))).unwrap();
    let found = notes.get(id).unwrap();
    assert_eq!((found.meta.labels().len(), found.meta.owner().map(str::len)), (64, Some(512)));
    for (meta, limit) in [(labels(65, 1), 64), (labels(100_000, 3), 64), (labels(1, 513), 512)] {
        let refused = notes.insert_with(&Note::new("x"), meta);
        assert!(matches!(refused, Err(Error::TooLarge { limit: found, .. }) if found == limit), "{refused:?}");
    }
    let refused = notes.insert_with(&Note::new("x"), NewMeta::new().owner("o".repeat(1 << 20)));
    assert!(matches!(refused, Err(Error::TooLarge { limit: 512, .. })));
    assert_eq!(notes.list(None, 10).unwrap().items.len(), 1);
}

/// Permits everything, to see a huge actor's acts without a policy in the way.
struct Anyone;

impl AccessPolicy for Anyone {
    fn decide(&self, _: &crate::model::Request<'_>, _: &dyn crate::model::Facts) -> Result<Decision, PolicyError> {
        Ok(Permission::new("anyone").read(FieldSet::All).write(FieldSet::All).into())
    }

    fn version(&self) -> PolicyVersion {
        PolicyVersion::of("anyone")
    }
}

#[test]
fn actors_and_reasons_that_the_journal_cannot_hold_act_in_vain() {
    let world = World::with(|options| options.policy(Anyone));
    let huge = || "h".repeat(1 << 20);
    let many = (0..100_000).fold(Actor::new("m"), |actor, n| actor.with_role(format!("role {n}")));
    let sessions = [
        world.session(Actor::new(huge())),
        world.session(Actor::new("d").with_device(huge())),
        world.session(Actor::new("s").with_session(huge())),
        world.session(boss()).for_purpose(huge()),
        world.session(boss()).because(huge()),
        world.session(many),
    ];
    let id = world.notes().insert(&Note::new("x")).unwrap();
    for (number, session) in sessions.iter().enumerate() {
        let notes = session.collection::<Note>().unwrap();
        let results = [
            notes.insert(&Note::new("y")).err(),
            notes.get(id).err(),
            notes.list(None, 1).err(),
            notes.update(id, |note| note.text.push('!')).err(),
            notes.delete(id).err(),
        ];
        for (act, error) in results.into_iter().enumerate() {
            match (number, error) {
                // The journal cuts this many roles short, and says how many there were.
                (5, None) => {}
                (0, Some(Error::TooLarge { what: "owner or label", .. })) if act == 0 => {}
                (_, Some(Error::Io { what, .. })) => assert!(what.contains("too long"), "{what}"),
                (_, other) => panic!("session {number}, act {act}: {other:?}"),
            }
        }
    }
    assert_eq!(world.verify(), Verdict::Intact);
    world.vault.close().unwrap();
}
