//! Over random values, masks and updates: no withheld value in any output, and none lost or overwritten by an update.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

/// Makes text that nothing else says: 128 random bits.
fn marker() -> impl Strategy<Value = String> {
    any::<[u64; 2]>().prop_map(|[a, b]| format!("M{a:016x}{b:016x}"))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|n| Value::from(f64::from(n) / 8.0)),
        marker().prop_map(Value::from),
        vec(any::<u8>(), 0..20).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(6, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(marker(), inner, 0..4).prop_map(Value::from),
        ]
    })
}

/// Collects what the value says that could be recognised.
fn markers(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Text(text) => out.push(text.clone()),
        Value::List(values) => values.iter().for_each(|value| markers(value, out)),
        Value::Map(values) => {
            for (name, value) in values {
                out.push(name.clone());
                markers(value, out);
            }
        }
        _ => {}
    }
}

fn documents() -> impl Strategy<Value = BTreeMap<String, (Value, bool, Option<Option<Value>>)>> {
    // By field: its value, whether it may be seen, and the change: none, removed, or another value.
    btree_map("[a-h]{1,2}", (value(), any::<bool>(), proptest::option::of(proptest::option::of(value()))), 0..12)
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
enum Contact {
    None,
    Mail(String),
    Post { street: String, lines: Vec<String> },
    Pair(String, u64),
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Nested {
    text: String,
    deep: Option<Box<Nested>>,
}

record!(Typed {
    name: String = "example".into(),
    phone: String = "0123456789".into(),
    hidden: String = "example".into(),
    contact: Option<Contact> = Some(Contact::None),
    contacts: Vec<Contact> = vec![],
    nested: Nested = Nested { text: "t".into(), deep: None },
    map: BTreeMap<String, Option<String>> = BTreeMap::new(),
    pair: (String, Option<String>) = ("x".into(), None),
    number: u64 = 7,
    maybe: Option<Option<String>> = Some(Some("x".into())),
}
    .field("phone", |f| f.mask(Mask::KeepLast(2)))
    .field("hidden", |f| f.mask(Mask::Fixed("[hidden]".into())))
);

const NAMES: [&str; 10] =
    ["name", "phone", "hidden", "contact", "contacts", "nested", "map", "pair", "number", "maybe"];

fn contact() -> impl Strategy<Value = Contact> {
    prop_oneof![
        Just(Contact::None),
        marker().prop_map(Contact::Mail),
        (marker(), vec(marker(), 0..3)).prop_map(|(street, lines)| Contact::Post { street, lines }),
        (marker(), any::<u64>()).prop_map(|(a, b)| Contact::Pair(a, b)),
    ]
}

fn typed() -> impl Strategy<Value = Typed> {
    let nested = vec(marker(), 1..4).prop_map(|texts| {
        let inner = texts.iter().skip(1).fold(None, |deep, text| Some(Box::new(Nested { text: text.clone(), deep })));
        Nested { text: texts[0].clone(), deep: inner }
    });
    (
        (marker(), marker(), marker(), proptest::option::of(contact()), vec(contact(), 0..3)),
        (
            nested,
            btree_map(marker(), proptest::option::of(marker()), 0..3),
            (marker(), proptest::option::of(marker())),
            1_000_000_000_000_000u64..,
            proptest::option::of(marker().prop_map(Some)),
        ),
    )
        .prop_map(|((name, phone, hidden, contact, contacts), (nested, map, pair, number, maybe))| Typed {
            name,
            phone,
            hidden,
            contact,
            contacts,
            nested,
            map,
            pair,
            number,
            maybe,
        })
}

/// Sets the fields whose names are in `which` to those of `from`.
fn assign(to: &mut Typed, from: &Typed, which: &BTreeSet<&str>) {
    let Typed { name, phone, hidden, contact, contacts, nested, map, pair, number, maybe } = from.clone();
    macro_rules! set {
        ($($field:ident),+) => { $(if which.contains(stringify!($field)) { to.$field = $field; })+ };
    }
    set!(name, phone, hidden, contact, contacts, nested, map, pair, number, maybe);
}

fn shown_markers(typed: &Typed, field: &str) -> Vec<String> {
    let json = serde_json::to_value(typed).unwrap();
    json[field].to_string().split(|c: char| !c.is_alphanumeric()).filter(|t| t.len() > 15).map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::tests::amount(96, 256)))]

    #[test]
    fn no_withheld_value_shows_and_none_is_lost_or_overwritten_in_documents(fields in documents()) {
        let things = Collection::<Document>::define().unwrap();
        let stored: Document = fields.iter().map(|(name, (value, ..))| (name.clone(), value.clone())).collect();
        let allowed: FieldSet = fields.iter().filter(|(_, f)| f.1).map(|(name, _)| name.clone()).collect();
        let body = things.put(&stored).unwrap();
        prop_assert!(things.read(&body).unwrap() == stored);

        let shown = things.get(&body, &allowed).unwrap();
        let output = format!("{:?} {}", shown.value, serde_json::to_string(&shown.value).unwrap());
        for (name, (value, seen, _)) in &fields {
            prop_assert_eq!(shown.withheld.contains(name), !seen);
            prop_assert_eq!(shown.value.get(name).is_some(), *seen);
            let mut secrets = Vec::new();
            markers(value, &mut secrets);
            prop_assert!(*seen || !secrets.iter().any(|secret| output.contains(secret)));
        }

        let change = |document: &mut Document, name: &str, to: &Option<Value>| match to {
            Some(value) => drop(document.set(name, value.clone())),
            None => drop(document.remove(name)),
        };
        let mut expected = stored.clone();
        let (next, changed) = things.update(&body, &allowed, |document| {
            for (name, (_, seen, to)) in &fields {
                if let (true, Some(to)) = (*seen, to) {
                    change(document, name, to);
                    change(&mut expected, name, to);
                }
            }
        }).unwrap();
        prop_assert!(things.read(&next).unwrap() == expected);
        let differing: BTreeSet<&str> =
            fields.keys().map(String::as_str).filter(|name| expected.get(name) != stored.get(name)).collect();
        prop_assert_eq!(changed.iter().map(String::as_str).collect::<BTreeSet<_>>(), differing);

        for (name, (_, seen, to)) in &fields {
            if let (false, Some(Some(_))) = (*seen, to) {
                let over = things.update(&body, &allowed, |d| change(d, name, to.as_ref().unwrap()));
                prop_assert_eq!(over.err(), Some(RecordError::Withheld { field: name.clone() }));
            }
        }
    }

    #[test]
    fn no_withheld_value_shows_and_none_is_lost_or_overwritten_in_typed_records(
        stored in typed(),
        other in typed(),
        seen in proptest::sample::subsequence(NAMES.to_vec(), 0..=NAMES.len()),
        touched in proptest::sample::subsequence(NAMES.to_vec(), 0..=NAMES.len()),
    ) {
        let things = Collection::<Typed>::define().unwrap();
        let body = things.put(&stored).unwrap();
        prop_assert_eq!(&things.read(&body).unwrap(), &stored);
        let (seen, touched): (BTreeSet<&str>, BTreeSet<&str>) = (seen.into_iter().collect(), touched.into_iter().collect());
        let allowed: FieldSet = seen.iter().copied().collect();

        let shown = things.get(&body, &allowed).unwrap();
        let output = format!("{:?} {}", shown.value, serde_json::to_string(&shown.value).unwrap());
        for name in NAMES {
            prop_assert_eq!(shown.withheld.iter().any(|hidden| hidden == name), !seen.contains(name));
            for secret in shown_markers(&stored, name) {
                prop_assert_eq!(output.contains(&secret), seen.contains(name), "{}", name);
            }
        }

        let writes: BTreeSet<&str> = touched.intersection(&seen).copied().collect();
        let (next, changed) = things.update(&body, &allowed, |t| assign(t, &other, &writes)).unwrap();
        let mut expected = stored.clone();
        assign(&mut expected, &other, &writes);
        prop_assert_eq!(&things.read(&next).unwrap(), &expected);
        prop_assert!(changed.iter().all(|name| writes.contains(name.as_str())));

        // Touching what is withheld is refused by its name, unless it is set to just what is shown.
        for name in touched.difference(&seen) {
            let one = BTreeSet::from([*name]);
            let mut after = shown.value.clone();
            assign(&mut after, &other, &one);
            let over = things.update(&body, &allowed, |t| assign(t, &other, &one));
            if after == shown.value {
                prop_assert!(over.unwrap().1.is_empty());
            } else {
                prop_assert_eq!(over.err(), Some(RecordError::Withheld { field: (*name).to_owned() }));
            }
        }
    }

    #[test]
    fn decoders_take_any_bytes(bytes in vec(any::<u8>(), 0..200), allowed in any::<bool>()) {
        let allowed = if allowed { FieldSet::All } else { FieldSet::none() };
        let things = Collection::<Typed>::define().unwrap();
        for name in NAMES {
            drop(decode::<Typed>(&things.plan, [(name, &bytes[..])], &allowed));
        }
        drop(index_value(&bytes));
        let _ = Body::split(&bytes).map(|body| body.fields().is_ok());
        drop(Dictionary::decode(&bytes));
        drop(StoredSchema::decode(&bytes));
        drop(crate::format::Meta::decode(&bytes));
    }
}
