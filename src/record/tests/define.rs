use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::*;
use crate::model::Normalizer;

record!(Customer {
    name: String = "Ann".into(),
    email: String = "ann@example.com".into(),
    orders: u32 = 3,
    vip: Option<bool> = Some(true),
});

fn refused(schema: Schema) -> String {
    error(plan::<Customer>(&schema))
}

#[test]
fn misspelt_field_in_a_schema_is_refused_with_the_name_that_was_meant() {
    for schema in [Schema::new("c").unique("emial", Normalizer::Email), Schema::new("c").field("emial", |f| f.public())]
    {
        let text = refused(schema);
        assert!(text.contains("`emial`") && text.contains("did you mean `email`?"), "{text}");
    }
    assert!(!refused(Schema::new("c").index("zzzzzz", Normalizer::Text)).contains("did you mean"));
}

#[test]
fn schema_that_contradicts_itself_is_refused() {
    let many = (0..33).fold(Schema::new("c"), |schema, i| schema.index(format!("f{i}"), Normalizer::Text));
    for (schema, says) in [
        (Schema::new(""), "name"),
        (Schema::new("c".repeat(256)), "name"),
        (many, "more than 24 indexes"),
        (Schema::new("c").index("name", Normalizer::Text).unique("name", Normalizer::Text), "two indexes"),
        (Schema::new("c").field("name", |f| f.was("name")), "itself"),
        (Schema::new("c").field("name", |f| f.was("n")).field("email", |f| f.was("n")), "said twice"),
        (Schema::new("c").index("orders", Normalizer::Text), "Normalizer::Exact"),
    ] {
        let text = refused(schema);
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn field_mentioned_again_adds_to_what_was_said() {
    let schema = Schema::new("c").field("name", |f| f.public().was("n")).field("name", |f| f.mask(Mask::KeepLast(1)));
    let rule = schema.rule("name").unwrap();
    assert_eq!((schema.fields().len(), rule.classification, rule.was.len()), (1, Classification::Public, 1));
    assert!(rule.mask.is_some());
    assert_eq!(schema.classification("email"), Classification::Personal);
}

#[test]
fn type_that_is_not_a_struct_with_named_fields_is_refused_with_advice() {
    macro_rules! odd {
        ($($type:ident = $example:expr, $found:literal;)+) => {
            $(
                impl Record for $type {
                    fn schema() -> Schema { Schema::new("odd") }
                    fn example() -> Self { $example }
                }
                let text = error(plan::<$type>(&$type::schema()));
                assert!(text.contains($found), "{text}");
            )+
        };
    }
    #[derive(Serialize, Deserialize)]
    struct Tuple(u8, u8);
    #[derive(Serialize, Deserialize)]
    struct New(Customer);
    #[derive(Serialize, Deserialize)]
    struct Unit;
    #[derive(Serialize, Deserialize)]
    enum Variant {
        A { x: u8 },
    }
    #[derive(Serialize, Deserialize)]
    struct Flat {
        x: u8,
        #[serde(flatten)]
        more: BTreeMap<String, u8>,
    }
    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Number(u8);
    odd! {
        Tuple = Tuple(1, 2), "a tuple struct";
        New = New(Customer::example()), "a tuple struct";
        Unit = Unit, "a struct without fields";
        Variant = Variant::A { x: 1 }, "an enum";
        Flat = Flat { x: 1, more: BTreeMap::new() }, "flatten";
        Number = Number(1), "a number";
    }
}

#[test]
fn fields_that_are_only_written_or_only_read_are_refused() {
    record!(SkipSer {
        a: u8 = 1,
        #[serde(skip_serializing, default)]
        b: u8 = 1
    });
    record!(SkipDe {
        a: u8 = 1,
        #[serde(skip_deserializing)]
        b: u8 = 1
    });
    record!(Split {
        #[serde(rename(serialize = "x", deserialize = "y"), default)]
        a: u8 = 1
    });
    record!(Dropped { a: u8 = 1, #[serde(skip_serializing_if = "Option::is_none")] b: Option<u8> = None });
    record!(
        #[serde(tag = "type")]
        Tagged { a: u8 = 1 }
    );
    for (text, field, says) in [
        (error(Collection::<SkipSer>::define()), "`b`", "read but never written"),
        (error(Collection::<SkipDe>::define()), "`b`", "written but never read"),
        (error(Collection::<Split>::define()), "`x`", "written but never read"),
        (error(Collection::<Dropped>::define()), "`b`", "skip_serializing_if"),
        (error(Collection::<Tagged>::define()), "`type`", "written but never read"),
    ] {
        assert!(text.contains(field) && text.contains(says), "{text}");
    }
}

#[test]
fn alias_is_not_taken_for_a_field_that_is_never_written() {
    record!(Aliased { #[serde(alias = "aa", alias = "0a")] a: u8 = 1, #[serde(alias = "bb")] b: Vec<u8> = vec![] });
    let things = Collection::<Aliased>::define().unwrap();
    assert_eq!(things.plan.names().collect::<Vec<_>>(), ["a", "b"]);
    let aliases: Vec<_> = things.plan.aliases().iter().map(|a| (a.name.as_str(), a.field.as_str())).collect();
    assert_eq!(aliases, [("0a", "a"), ("aa", "a"), ("bb", "b")]);
}

#[test]
fn field_dropped_only_when_empty_is_fine_and_reads_back() {
    record!(Sparse { a: u8 = 1, #[serde(skip_serializing_if = "Vec::is_empty", default)] b: Vec<u8> = vec![1] });
    let things = Collection::<Sparse>::define().unwrap();
    let body = things.put(&Sparse { a: 1, b: vec![7] }).unwrap();
    let (body, changed) = things.update(&body, &FieldSet::All, |t| t.b.clear()).unwrap();
    assert_eq!((changed, things.stored(&body).len()), (vec!["b".to_owned()], 1));
    assert_eq!(things.read(&body).unwrap(), Sparse { a: 1, b: vec![] });
}

#[test]
fn indexes_stand_on_indexable_fields_only() {
    #[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
    enum Tier {
        Gold,
        Custom(String),
    }
    record!(Odd {
        float: f64 = 1.0,
        list: Vec<String> = vec!["x".into()],
        wide: u128 = 1,
        data: Option<Tier> = Some(Tier::Custom("x".into())),
        unit: Option<Tier> = Some(Tier::Gold),
        none: Option<String> = None,
        flag: Option<bool> = Some(true),
        number: Option<i8> = Some(1),
        text: String = "x".into(),
    });
    let with = |field: &str| plan::<Odd>(&Schema::new("odd").index(field, Normalizer::Exact));
    for field in ["float", "list", "wide", "data"] {
        let text = error(with(field));
        assert!(text.contains(&format!("`{field}` can't be indexed")), "{text}");
    }
    assert!(error(with("none")).contains("`Some(..)`"));
    for field in ["unit", "flag", "number", "text"] {
        assert!(with(field).is_ok(), "{field}");
    }
}

#[test]
fn search_for_what_a_field_cannot_hold_is_an_error_and_variants_are_found_by_name() {
    use crate::model::IndexValue;
    let schema = Schema::new("c").index("name", Normalizer::Text).index("orders", Normalizer::Exact);
    let plan = plan::<Customer>(&schema).unwrap();
    assert!(plan.search_value("name", "Gold".into()).ok().unwrap() == IndexValue::Text("Gold".into()));
    assert!(plan.search_value("orders", 3u8.into()).ok().unwrap() == IndexValue::Integer(3));
    assert_eq!(
        error(plan.search_value("orders", "3".into())),
        "field `orders` holds whole numbers: search it for that"
    );
    assert!(error(plan.search_value("nam", "x".into())).contains("did you mean `name`?"));
    assert_eq!(format!("{:?}", SearchValue::from("secret")), "SearchValue(..)");
}
