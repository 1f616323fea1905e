use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::*;

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
enum Tier {
    #[default]
    Bronze,
    Gold,
    Hidden,
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Address {
    street: String,
    zip: u32,
    tags: Vec<String>,
    primary: Option<bool>,
}

record!(Customer {
    name: String = "Ann".into(),
    phone: String = "13812345678".into(),
    tier: Tier = Tier::Gold,
    vip: Option<bool> = Some(true),
    orders: u32 = 5,
    score: f32 = 0.5,
    address: Address = Address { street: "s".into(), zip: 1, tags: vec!["t".into()], primary: Some(true) },
    notes: Vec<String> = vec!["n".into()],
    extra: HashMap<String, String> = HashMap::new(),
    fixed: [u8; 4] = [1; 4],
}
    .field("phone", |f| f.mask(Mask::KeepEnds { first: 3, last: 4 }))
    .field("tier", |f| f.mask(Mask::Fixed("Hidden".into())))
);

#[test]
fn withheld_fields_show_their_mask_or_nothing_and_are_named() {
    let customers = Collection::<Customer>::define().unwrap();
    let body = customers.put(&Customer::example()).unwrap();
    let shown = customers.get(&body, &only(&["orders"])).unwrap();
    let nothing = Address { street: String::new(), zip: 0, tags: vec![], primary: None };
    let expected = Customer {
        name: String::new(),
        phone: "138****5678".into(),
        tier: Tier::Hidden,
        vip: None,
        orders: 5,
        score: 0.0,
        address: nothing,
        notes: vec![],
        extra: HashMap::new(),
        fixed: [0; 4],
    };
    assert_eq!(shown.value, expected);
    let hidden = ["name", "phone", "tier", "vip", "score", "address", "notes", "extra", "fixed"];
    assert_eq!(shown.withheld, hidden);
    let all = customers.get(&body, &FieldSet::All).unwrap();
    assert!(all.value == Customer::example() && all.withheld.is_empty());
}

#[test]
fn type_that_cannot_be_withheld_is_refused_and_told_what_to_do() {
    record!(Bool { a: bool = true });
    record!(DefaultBool {
        #[serde(default)]
        a: bool = true
    });
    record!(Enum { a: Tier = Tier::Gold });
    record!(DefaultEnum {
        #[serde(default)]
        a: Tier = Tier::Gold
    });
    record!(Char { a: char = 'x' });
    record!(Within { a: (String, bool) = ("x".into(), true) });
    record!(NonZero { a: std::num::NonZeroU8 = std::num::NonZeroU8::MIN });
    record!(Ip { a: std::net::IpAddr = [127, 0, 0, 1].into() });
    fn lie() -> String {
        "unknown".into()
    }
    record!(DefaultText {
        #[serde(default = "lie")]
        a: String = "x".into()
    });
    assert!(Collection::<DefaultText>::define().is_ok(), "the empty text stands in");
    for (text, says) in [
        (error(Collection::<Bool>::define()), "a bool"),
        (error(Collection::<DefaultBool>::define()), "a bool"),
        (error(Collection::<Enum>::define()), "an enum"),
        (error(Collection::<DefaultEnum>::define()), "an enum"),
        (error(Collection::<Char>::define()), "a character"),
        (error(Collection::<Within>::define()), "a bool"),
        (error(Collection::<NonZero>::define()), "empty value"),
        (error(Collection::<Ip>::define()), "empty value"),
    ] {
        assert!(text.contains("field `a` can't be withheld") && text.contains(says), "{text}");
        assert!(text.contains("`Option`") && text.contains("Mask::Fixed"), "{text}");
    }
}

#[test]
fn default_that_looks_like_a_real_value_never_stands_in_for_a_withheld_one() {
    fn lie() -> String {
        "unknown".into()
    }
    record!(Thing {
        #[serde(default = "lie")]
        a: String = "x".into(),
        b: u8 = 1
    });
    let things = Collection::<Thing>::define().unwrap();
    let body = things.put(&Thing { a: "secret".into(), b: 1 }).unwrap();
    assert_eq!(things.get(&body, &only(&["b"])).unwrap().value.a, "");
}

#[test]
fn mask_that_does_not_work_on_the_example_is_refused() {
    record!(Thing { text: String = "12345".into(), number: u8 = 1, none: Option<String> = None,
        tier: Option<Tier> = None, flag: Option<bool> = Some(true) });
    let with = |field: &str, mask: Mask| error(plan::<Thing>(&Schema::new("t").field(field, |f| f.mask(mask))));
    assert!(with("number", Mask::KeepLast(4)).contains("masks act on text"));
    assert!(with("none", Mask::KeepLast(4)).contains("give it `Some(..)`"));
    assert!(with("text", Mask::Custom(str::to_owned)).contains("shows the example as it is"));
    assert!(with("text", Mask::Custom(|_| panic!())).contains("failed on the example"));
    assert!(with("number", Mask::Fixed("x".into())).contains("doesn't read back"));
    assert!(with("tier", Mask::Fixed("Platinum".into())).contains("doesn't read back"));
    assert!(with("text", Mask::range(0)).contains("a step of 0"));
    assert!(with("number", Mask::range(10)).contains("ranges are text"));
    assert!(with("flag", Mask::range(10)).contains("for a number of up to 64 bits"));
    assert!(with("number", Mask::year()).contains("masks act on text"));
}

#[test]
fn range_stands_in_for_a_number_where_the_field_can_hold_text_too() {
    #[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[serde(untagged)]
    enum Amount {
        Number(f64),
        Text(String),
    }
    record!(
        Thing { age: Value = 34.into(), amount: Option<Amount> = Some(Amount::Number(0.5)), text: String = "12".into() }
            .field("age", |f| f.mask(Mask::range(10)))
            .field("amount", |f| f.mask(Mask::range(1000)))
            .field("text", |f| f.mask(Mask::range(5)))
    );
    let things = Collection::<Thing>::define().unwrap();
    let thing = Thing { age: (-5).into(), amount: Some(Amount::Number(85_249.9)), text: "7".into() };
    let shown = things.get(&things.put(&thing).unwrap(), &FieldSet::none()).unwrap();
    let amount = Some(Amount::Text("85000-85999".into()));
    assert_eq!(shown.value, Thing { age: "-10 to -1".into(), amount, text: "0-9".into() });
    assert_eq!(shown.withheld, ["age", "amount", "text"]);
    let none = Thing { age: Value::Null, amount: None, text: "some".into() };
    let shown = things.get(&things.put(&none).unwrap(), &FieldSet::none()).unwrap();
    assert_eq!(shown.value, Thing { text: "****".into(), ..none });
}

#[test]
fn mask_that_fails_on_a_real_value_is_an_error_and_never_the_value() {
    #[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[serde(untagged)]
    enum Loose {
        Text(String),
        Number(u64),
    }
    record!(
        Thing { a: Loose = Loose::Text("example".into()), b: String = "xx".into() }
            .field("a", |f| f.mask(Mask::KeepLast(2)))
            .field("b", |f| f.mask(Mask::Custom(|text| if text == "bad" { panic!("bad") } else { "*".into() })))
    );
    let things = Collection::<Thing>::define().unwrap();
    for (value, field) in [
        (Thing { a: Loose::Number(770_077), b: "b".into() }, "a"),
        (Thing { a: Loose::Text("x".into()), b: "bad".into() }, "b"),
    ] {
        let wrong = things.get(&things.put(&value).unwrap(), &FieldSet::none());
        let text = error(wrong);
        assert!(text.contains(&format!("mask of field `{field}` failed")) && !text.contains("770077"), "{text}");
    }
}

#[test]
fn masked_none_stays_none_and_a_type_with_two_fields_that_need_each_other_is_refused() {
    record!(Thing { a: Option<String> = Some("abcdef".into()) }.field("a", |f| f.mask(Mask::KeepLast(2))));
    let things = Collection::<Thing>::define().unwrap();
    let body = things.put(&Thing { a: None }).unwrap();
    assert_eq!(things.get(&body, &FieldSet::none()).unwrap().value.a, None);

    #[derive(Serialize, Deserialize)]
    struct Raw {
        a: Option<String>,
        b: Option<String>,
    }
    #[derive(Serialize, Deserialize, Clone)]
    #[serde(try_from = "Raw", into = "Raw")]
    struct Either(Option<String>, Option<String>);
    impl TryFrom<Raw> for Either {
        type Error = &'static str;
        fn try_from(raw: Raw) -> Result<Self, Self::Error> {
            if raw.a.is_none() && raw.b.is_none() { Err("neither") } else { Ok(Self(raw.a, raw.b)) }
        }
    }
    impl From<Either> for Raw {
        fn from(either: Either) -> Self {
            Self { a: either.0, b: either.1 }
        }
    }
    impl Record for Either {
        fn schema() -> Schema {
            Schema::new("either")
        }
        fn example() -> Self {
            Self(Some("x".into()), Some("y".into()))
        }
    }
    assert_eq!(Collection::<Either>::define().err(), Some(RecordError::Refused));
}

#[test]
fn withheld_bytes_never_reach_the_type_even_when_they_are_damaged() {
    let customers = Collection::<Customer>::define().unwrap();
    let example = encode(&Customer::example(), false).unwrap();
    let damaged = example.iter().map(|(name, bytes)| (name, if name == "name" { &b"\xc1"[..] } else { bytes }));
    assert!(decode::<Customer>(&customers.plan, damaged.clone(), &FieldSet::All).is_err());
    assert!(decode::<Customer>(&customers.plan, damaged, &customers_without_name()).is_ok());
}

fn customers_without_name() -> FieldSet {
    only(&["phone", "tier", "vip", "orders", "score", "address", "notes", "extra", "fixed"])
}

#[test]
fn changing_a_withheld_field_is_refused_by_name_and_leaving_it_alone_keeps_it() {
    let customers = Collection::<Customer>::define().unwrap();
    let value = Customer { name: "Real Name".into(), phone: "+61 491 570 156".into(), ..Customer::example() };
    let body = customers.put(&value).unwrap();
    let allowed = only(&["orders", "vip"]);
    for change in [
        (|c: &mut Customer| c.name = "Other".into()) as fn(&mut Customer),
        |c| c.phone.push('1'),
        |c| c.tier = Tier::Gold,
        |c| c.notes.push("x".into()),
        |c| c.address.zip = 9,
    ] {
        assert!(matches!(customers.update(&body, &allowed, change), Err(RecordError::Withheld { .. })));
    }
    let (next, changed) = customers.update(&body, &allowed, |c| (c.orders, c.vip) = (9, None)).unwrap();
    assert_eq!(changed, ["vip", "orders"]);
    assert_eq!(customers.read(&next).unwrap(), Customer { orders: 9, vip: None, ..value });
}
