use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::*;
use crate::format::StoredKey;
use crate::model::Normalizer;

fn schema() -> Schema {
    Schema::open("customers").unique("rec_id", Normalizer::Exact).index("surname", Normalizer::Text)
}

fn customer() -> Document {
    Document::new().with("surname", "Li").with("名字", "小明").with("rec_id", "rec-1").with("", 1).with("born", 1970)
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(Value::Null, |inner, _| Value::List(vec![inner]))
}

#[test]
fn document_reads_back_with_its_names_in_the_body_and_none_in_the_dictionary() {
    let customers = Collection::<Document>::from(None, &schema()).unwrap();
    let body = customers.put(&customer()).unwrap();
    assert!(customers.read(&body).unwrap() == customer());
    assert_eq!(customers.dictionary.len(), 0);
    assert!(body.windows(7).any(|bytes| bytes == b"surname"));
    let indexed: Vec<_> = customers.schema.indexes.iter().map(|index| index.field.clone()).collect();
    assert_eq!(indexed, [StoredKey::Name("rec_id".into()), StoredKey::Name("surname".into())]);
    assert!(customers.plan.search_value("surname", "Li".into()).is_ok());
}

#[test]
fn withheld_fields_of_a_document_are_left_out_and_kept_by_an_update() {
    let customers = Collection::<Document>::from(None, &schema()).unwrap();
    let body = customers.put(&customer()).unwrap();
    let allowed = only(&["surname", "born", "added"]);
    let shown = customers.get(&body, &allowed).unwrap();
    assert!(shown.value == Document::new().with("surname", "Li").with("born", 1970));
    assert_eq!(shown.withheld, ["", "rec_id", "名字"]);

    let (next, changed) = customers
        .update(&body, &allowed, |c| {
            c.set("surname", "Wang");
            c.remove("born");
            c.set("added", true);
        })
        .unwrap();
    assert_eq!(changed, ["added", "surname", "born"]);
    let mut expected = customer().with("surname", "Wang").with("added", true);
    expected.remove("born");
    assert!(customers.read(&next).unwrap() == expected);

    let over = customers.update(&body, &allowed, |c| drop(c.set("rec_id", "rec-2")));
    assert_eq!(over.err(), Some(RecordError::Withheld { field: "rec_id".into() }));
}

#[test]
fn document_deeper_than_eight_is_refused_both_ways() {
    let customers = Collection::<Document>::from(None, &schema()).unwrap();
    let fits = Document::new().with("x", nested(8));
    assert!(customers.read(&customers.put(&fits).unwrap()).unwrap() == fits);
    let deep = customers.put(&Document::new().with("x", nested(9)));
    assert_eq!(deep, Err(RecordError::Write { field: "x".into(), problem: FieldProblem::TooDeep }));
    let bytes = [0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x90];
    let read = decode::<Document>(&customers.plan, [("x", &bytes[..])], &FieldSet::All);
    assert_eq!(read.err(), Some(RecordError::Read { field: "x".into(), problem: FieldProblem::TooDeep }));
    // Within a typed record too.
    record!(Typed { extra: Option<Value> = None });
    let typed = Collection::<Typed>::define().unwrap();
    let deep = typed.put(&Typed { extra: Some(nested(9)) });
    assert_eq!(deep, Err(RecordError::Write { field: "extra".into(), problem: FieldProblem::TooDeep }));
    let read = decode::<Typed>(&typed.plan, [("extra", &bytes[..])], &FieldSet::All);
    assert_eq!(read.err(), Some(RecordError::Read { field: "extra".into(), problem: FieldProblem::TooDeep }));
}

#[test]
fn documents_over_the_limits_are_refused() {
    let customers = Collection::<Document>::from(None, &schema()).unwrap();
    let many = |n: usize| (0..n).map(|i| (i.to_string(), i64::MAX)).collect::<Document>();
    assert!(customers.put(&many(1024)).is_ok());
    assert_eq!(customers.put(&many(1025)), Err(RecordError::TooManyFields));
    assert!(customers.put(&Document::new().with("n".repeat(1024), 1)).is_ok());
    let long = customers.put(&Document::new().with("n".repeat(1025), 1));
    assert!(matches!(long, Err(RecordError::Write { problem: FieldProblem::NameTooLong, .. })));
    let large = Document::new().with("small", 1).with("x", "x".repeat(4 << 20));
    assert!(matches!(customers.put(&large), Err(RecordError::TooLarge { field, .. }) if field == "x"));
    assert!(customers.put(&Document::new()).is_ok());
}

#[test]
fn masks_and_renames_have_no_place_in_an_open_schema() {
    for (schema, says) in [
        (Schema::open("c").field("a", |f| f.mask(Mask::KeepLast(1))), "take the mask away"),
        (Schema::open("c").field("a", |f| f.was("b")), "name their fields themselves"),
    ] {
        let text = error(plan::<Document>(&schema));
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn type_with_flattened_extras_is_open_and_must_bear_the_loss_of_any_field() {
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Custom {
        name: Option<String>,
        #[serde(flatten)]
        more: BTreeMap<String, serde_json::Value>,
    }
    impl Record for Custom {
        fn schema() -> Schema {
            Schema::open("custom")
        }
        fn example() -> Self {
            Self { name: Some("x".into()), more: BTreeMap::from([("a".into(), 1.into())]) }
        }
    }
    let custom = Collection::<Custom>::define().unwrap();
    let body = custom.put(&Custom::example()).unwrap();
    assert_eq!(custom.read(&body).unwrap(), Custom::example());
    let shown = custom.get(&body, &only(&["name"])).unwrap();
    assert_eq!((shown.value.more.len(), shown.withheld), (0, vec!["a".to_owned()]));

    #[derive(Serialize, Deserialize)]
    struct Needs {
        name: String,
        #[serde(flatten)]
        more: BTreeMap<String, serde_json::Value>,
    }
    impl Record for Needs {
        fn schema() -> Schema {
            Schema::open("needs")
        }
        fn example() -> Self {
            Self { name: "x".into(), more: BTreeMap::new() }
        }
    }
    assert!(error(Collection::<Needs>::define()).contains("field `name` can't be left out"));
}

#[test]
fn open_type_of_your_own_is_held_to_the_depth_of_documents() {
    #[derive(Serialize, Deserialize, PartialEq)]
    #[serde(transparent)]
    struct Json(BTreeMap<String, serde_json::Value>);
    impl Record for Json {
        fn schema() -> Schema {
            Schema::open("json")
        }
        fn example() -> Self {
            Self(BTreeMap::new())
        }
    }
    let nested = |depth| (0..depth).fold(serde_json::Value::Null, |inner, _| serde_json::Value::Array(vec![inner]));
    let json = Collection::<Json>::define().unwrap();
    assert!(json.put(&Json(BTreeMap::from([("x".into(), nested(8))]))).is_ok());
    let deep = json.put(&Json(BTreeMap::from([("x".into(), nested(9))])));
    assert_eq!(deep, Err(RecordError::Write { field: "x".into(), problem: FieldProblem::TooDeep }));
}

#[test]
fn fields_that_a_type_never_asks_for_are_named_when_they_are_withheld() {
    #[derive(Serialize)]
    #[serde(transparent)]
    struct First(BTreeMap<String, u8>);
    impl<'de> Deserialize<'de> for First {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct One;
            impl<'de> serde::de::Visitor<'de> for One {
                type Value = First;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a map")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<First, A::Error> {
                    Ok(First(map.next_entry()?.into_iter().collect()))
                }
            }
            deserializer.deserialize_map(One)
        }
    }
    impl Record for First {
        fn schema() -> Schema {
            Schema::open("first")
        }
        fn example() -> Self {
            Self(BTreeMap::new())
        }
    }
    let first = Collection::<First>::define().unwrap();
    let body = first.put(&First(BTreeMap::from([("a".into(), 1), ("b".into(), 2)]))).unwrap();
    let shown = first.get(&body, &only(&["a"])).unwrap();
    assert_eq!((shown.value.0.len(), shown.withheld), (1, vec!["b".to_owned()]));
}

#[test]
fn struct_with_an_open_schema_and_map_with_a_closed_one_are_refused() {
    record!(Plain { a: u8 = 1 });
    assert!(error(plan::<Plain>(&Schema::open("c"))).contains("Schema::new"));
    assert!(error(plan::<Document>(&Schema::new("c"))).contains("Schema::open"));
}

#[test]
fn debug_of_a_document_shows_no_name_and_no_value() {
    let document = customer().with("list", vec![Value::from("secret")]);
    assert_eq!(format!("{document:?}"), "Document(6 fields)");
    for (_, value) in document {
        let shown = format!("{value:?}");
        assert!(["Int(..)", "Text(..)", "List(..)"].contains(&shown.as_str()), "{shown}");
    }
}
