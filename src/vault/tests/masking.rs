//! Over random records, types, field lists and updates, through the vault: no withheld value in any output, and none
//! lost or overwritten.

mod kinds;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value as Json};

use crate::model::{Facts, FieldSet, Request};
use crate::policy::{AccessPolicy, Decision, Permission, PolicyError, PolicyVersion};
use crate::record::{Document, Mask, SearchValue};
use crate::vault::tests::*;

/// Permits `all` everything, and other actors to read and to write these fields.
#[derive(Clone, Default)]
struct Lists(Arc<Mutex<Option<(FieldSet, FieldSet)>>>);

impl AccessPolicy for Lists {
    fn decide(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
        let lists = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (read, write) = lists.filter(|_| request.actor.id() != "all").unwrap_or((FieldSet::All, FieldSet::All));
        Ok(Permission::new("lists").read(read).write(write).into())
    }

    fn version(&self) -> PolicyVersion {
        PolicyVersion::of("lists")
    }
}

/// Returns a strategy of words that occur nowhere else.
fn word() -> impl Strategy<Value = String> {
    any::<[u64; 2]>().prop_map(|[a, b]| format!("w{a:016x}{b:016x}"))
}

fn number() -> impl Strategy<Value = u64> {
    1_000_000_000_000_000u64..9_000_000_000_000_000_000
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
enum Contact {
    Nowhere,
    Mail(String),
    Post { street: String, floors: Vec<u64> },
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Person {
    name: String,
    email: Option<String>,
    phone: String,
    remarks: Vec<String>,
    extra: BTreeMap<String, Option<String>>,
    contact: Option<Contact>,
    score: u64,
}

impl Record for Person {
    fn schema() -> Schema {
        Schema::new("people")
            .index("name", Normalizer::Text)
            .unique("email", Normalizer::Email)
            .index("phone", Normalizer::Exact)
            .field("phone", |f| f.mask(Mask::KeepLast(3)))
    }

    fn example() -> Self {
        Self {
            name: "Ann".into(),
            email: Some("ann@x.org".into()),
            phone: "0123456789".into(),
            remarks: vec!["a".into()],
            extra: BTreeMap::from([("a".into(), Some("b".into()))]),
            contact: Some(Contact::Mail("a".into())),
            score: 1,
        }
    }
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Line {
    article: String,
    price: Option<u64>,
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Order {
    number: u64,
    #[serde(default)]
    note: String,
    secret: String,
    paid: Option<bool>,
    lines: Vec<Line>,
    first: Option<Line>,
    pair: (String, Option<u64>),
}

impl Record for Order {
    fn schema() -> Schema {
        Schema::new("orders")
            .unique("number", Normalizer::Exact)
            .index("secret", Normalizer::Exact)
            .field("secret", |f| f.sensitive().mask(Mask::Fixed("[hidden]".into())))
            .field("note", |f| f.mask(Mask::Custom(|text| format!("{} letters", text.len()))))
    }

    fn example() -> Self {
        let line = Line { article: "a".into(), price: Some(1) };
        Self {
            number: 7,
            note: "note".into(),
            secret: "secret".into(),
            paid: Some(true),
            lines: vec![line.clone()],
            first: Some(line),
            pair: ("a".into(), Some(1)),
        }
    }
}

fn people() -> impl Strategy<Value = Person> {
    let contact = prop_oneof![
        Just(Contact::Nowhere),
        word().prop_map(Contact::Mail),
        (word(), vec(number(), 0..3)).prop_map(|(street, floors)| Contact::Post { street, floors }),
    ];
    let extra = btree_map(word(), option::of(word()), 0..3);
    (word(), option::of(word()), word(), vec(word(), 0..3), extra, option::of(contact), number()).prop_map(
        |(name, email, phone, remarks, extra, contact, score)| Person {
            name,
            email,
            phone,
            remarks,
            extra,
            contact,
            score,
        },
    )
}

fn orders() -> impl Strategy<Value = Order> {
    let line = || (word(), option::of(number())).prop_map(|(article, price)| Line { article, price });
    let pair = (word(), option::of(number()));
    (number(), word(), word(), option::of(any::<bool>()), vec(line(), 0..3), option::of(line()), pair).prop_map(
        |(number, note, secret, paid, lines, first, pair)| Order { number, note, secret, paid, lines, first, pair },
    )
}

fn documents() -> impl Strategy<Value = Document> {
    let leaf = || {
        prop_oneof![
            word().prop_map(Json::from),
            number().prop_map(Json::from),
            any::<bool>().prop_map(Json::from),
            Just(Json::Null)
        ]
    };
    let value = prop_oneof![
        leaf(),
        vec(leaf(), 0..3).prop_map(Json::from),
        btree_map(word(), leaf(), 0..3).prop_map(|map| Json::from(Map::from_iter(map))),
    ];
    // Fields with an index can be searched.
    (btree_map("[a-b]", leaf(), 0..3), btree_map("[c-f]", value, 0..5)).prop_map(|(indexed, others)| {
        serde_json::from_value(Json::from(Map::from_iter(indexed.into_iter().chain(others)))).unwrap()
    })
}

/// Returns a record's values by field.
fn json<T: Record>(record: &T) -> BTreeMap<String, Json> {
    match serde_json::to_value(record).unwrap() {
        Json::Object(map) => map.into_iter().collect(),
        other => panic!("{other}"),
    }
}

/// Returns the record with some fields of another one; fields that the other one lacks are removed.
fn assigned<T: Record>(to: &T, from: &T, fields: &BTreeSet<String>) -> T {
    let (mut to, from) = (json(to), json(from));
    for field in fields {
        match from.get(field) {
            Some(value) => drop(to.insert(field.clone(), value.clone())),
            None => drop(to.remove(field)),
        }
    }
    serde_json::from_value(Json::Object(to.into_iter().collect())).unwrap()
}

/// Returns the parts of a value that can be recognised anywhere.
fn markers(value: &Json) -> Vec<String> {
    let text = value.to_string();
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 14);
    words.map(str::to_owned).collect()
}

struct Bench {
    world: World,
    lists: Lists,
}

impl Bench {
    fn new() -> Self {
        let lists = Lists::default();
        let world = World::with(|options| options.policy(lists.clone()));
        world.acme.session(admin()).unwrap().define::<Person>().unwrap();
        world.acme.session(admin()).unwrap().define::<Order>().unwrap();
        let schema = Schema::open("documents").index("a", Normalizer::Exact).index("b", Normalizer::Text);
        world.acme.session(admin()).unwrap().define_as::<Document>(schema).unwrap();
        Self { world, lists }
    }

    /// Runs one record, one field list and one change.
    fn case<T>(&self, stored: &T, other: &T, case: &Case) -> Result<(), TestCaseError>
    where
        T: Record + Clone + Debug + PartialEq + 'static,
    {
        let name = T::schema().collection().to_owned();
        let of = |actor: &str| self.world.session(Actor::new(actor)).collection_named::<T>(&name).unwrap();
        let (all, some) = (of("all"), of("some"));
        let id = all.insert(stored).unwrap();
        let Case { seen, writable, touched } = case;
        *self.lists.0.lock().unwrap() = Some((seen.iter().collect(), writable.iter().collect()));
        let fields = json(stored);
        let hidden: BTreeMap<&String, &Json> = fields.iter().filter(|(name, _)| !seen.contains(*name)).collect();
        let secrets: Vec<String> = hidden.values().flat_map(|value| markers(value)).collect();
        let quiet = |what: &str, output: &str| {
            let told = secrets.iter().find(|secret| output.contains(*secret));
            prop_assert!(told.is_none(), "{what} tells {told:?}: {output}");
            Ok(())
        };

        // Reads of every kind.
        let mut shown: Vec<(String, Found<T>)> = vec![("get".to_owned(), some.get(id).unwrap())];
        let before = RecordId::from_bytes((u128::from_be_bytes(*id.as_bytes()) - 1).to_be_bytes());
        shown.extend(some.list(Some(before), 1).unwrap().into_iter().map(|found| ("list".to_owned(), found)));
        for (field, value) in &fields {
            let Some(sought) = search(value) else { continue };
            let Ok(page) = some.find(field, sought.clone(), Some(before), 1) else { continue };
            prop_assert!(page.items.is_empty() || seen.contains(field), "a search by {field} tells what it holds");
            shown.extend(page.into_iter().map(|found| (format!("find by {field}"), found)));
            if let Ok(found) = some.find_unique(field, sought) {
                prop_assert_eq!(found.is_some(), seen.contains(field), "find_unique by {}", field);
            }
        }
        for (what, found) in &shown {
            prop_assert_eq!(found.id, id);
            let named: BTreeSet<&String> = found.withheld.iter().collect();
            prop_assert_eq!(&named, &hidden.keys().copied().collect(), "{}", what);
            quiet(what, &format!("{found:?} {:?} {:?}", found.value, found.meta))?;
            quiet(what, &serde_json::to_string(&found.value).unwrap())?;
            for (name, value) in json(&found.value) {
                prop_assert!(!seen.contains(&name) || fields.get(&name) == Some(&value), "{what}: {name}");
            }
        }

        // A change of permitted fields is made, and changes nothing else.
        let may = |name: &&String| writable.contains(*name) && !hidden.contains_key(name);
        let allowed: BTreeSet<String> = touched.iter().filter(may).cloned().collect();
        some.update(id, |value| *value = assigned(value, other, &allowed)).unwrap();
        let expected = assigned(stored, other, &allowed);
        let now = all.get(id).unwrap();
        prop_assert_eq!(&now.value, &expected);
        if let Some(name) = fields.keys().find(|name| search(&fields[*name]).is_some()) {
            let sought = json(&expected).get(name).and_then(search);
            if let Some(Ok(page)) = sought.map(|sought| all.find(name, sought, Some(before), 10)) {
                prop_assert!(page.items.iter().any(|found| found.id == id), "{name} is no longer found");
            }
        }

        // A change of any other field is refused, and the error names the field.
        for name in touched.iter().filter(|name| !allowed.contains(*name)) {
            let one = BTreeSet::from([name.clone()]);
            let shown = some.get(id).unwrap().value;
            let result = some.update(id, |value| *value = assigned(value, other, &one));
            if json(&assigned(&shown, other, &one)) == json(&shown) {
                prop_assert!(result.is_ok());
                continue;
            }
            match result {
                Err(Error::Denied(denial)) => {
                    prop_assert!(denial.for_user.contains(&format!("`{name}`")), "{:?}", denial);
                    quiet("a denial", &format!("{denial:?}"))?;
                }
                other => prop_assert!(false, "{name}: {other:?}"),
            }
        }
        let revision = some.get(id).unwrap().revision;
        let replaced = some.replace(id, revision, other);
        let may = json(&expected).keys().all(|name| seen.contains(name))
            && json(&expected).keys().chain(json(other).keys()).all(|n| writable.contains(n));
        match &replaced {
            Ok(_) => prop_assert!(may || json(&expected) == json(other)),
            Err(error) => {
                prop_assert!(!may, "{error:?}");
                quiet("a refused replacement", &format!("{error:?} {error}"))?;
            }
        }
        let last = all.get(id).unwrap().value;
        prop_assert_eq!(&last, if replaced.is_ok() { other } else { &expected });
        all.delete(id).unwrap();
        Ok(())
    }
}

/// Returns the value to search an indexed field for.
fn search(value: &Json) -> Option<SearchValue> {
    match value {
        Json::String(text) => Some(text.as_str().into()),
        Json::Number(number) => number.as_u64().map(Into::into),
        _ => None,
    }
}

/// Fields that an actor may see and write, and those that it tries to change.
#[derive(Debug, Clone)]
struct Case {
    seen: BTreeSet<String>,
    writable: BTreeSet<String>,
    touched: BTreeSet<String>,
}

fn cases(names: Vec<String>) -> impl Strategy<Value = Case> {
    let some = || proptest::sample::subsequence(names.clone(), 0..=names.len()).prop_map(BTreeSet::from_iter);
    (some(), some(), some()).prop_map(|(seen, writable, touched)| Case { seen, writable, touched })
}

fn names<T: Record>() -> Vec<String> {
    json(&T::example()).into_keys().collect()
}

/// Runs cases over one vault.
fn run<T>(values: impl Strategy<Value = T> + Clone, names: Vec<String>)
where
    T: Record + Clone + Debug + PartialEq + 'static,
{
    let bench = Bench::new();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: crate::tests::amount(25, 80),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&(values.clone(), values, cases(names)), |(stored, other, case)| bench.case(&stored, &other, &case))
        .unwrap();
    *bench.lists.0.lock().unwrap() = None;
    assert_eq!(bench.world.verify(), Verdict::Intact);
}

#[test]
fn no_withheld_value_of_a_person_shows_and_none_is_lost_or_overwritten() {
    run(people().boxed(), names::<Person>());
}

#[test]
fn no_withheld_value_of_an_order_shows_and_none_is_lost_or_overwritten() {
    run(orders().boxed(), names::<Order>());
}

#[test]
fn no_withheld_value_of_a_document_shows_and_none_is_lost_or_overwritten() {
    run(documents().boxed(), ["a", "b", "c", "d", "e", "f"].map(str::to_owned).to_vec());
}
