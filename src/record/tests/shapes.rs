use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::msgpack::{self, MAX_DEPTH};
use super::*;

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
enum Kinds {
    Unit,
    Newtype(String),
    Tuple(i8, String),
    Struct { a: u64, b: Option<Box<Kinds>> },
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(tag = "kind")]
enum Tagged {
    Card { number: String },
    Host { address: IpAddr },
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    A(u32),
    B { x: f32 },
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
    Both { n: i64, t: String },
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Inner {
    street: String,
    zip: Option<u32>,
    #[serde(flatten)]
    more: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Newtype(Vec<u8>);

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct UnitStruct;

#[derive(Debug, Clone, PartialEq)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bytes(bytes) => Ok(Self(bytes)),
            _ => Err(serde::de::Error::custom("not bytes")),
        }
    }
}

record!(Everything {
    kinds: Vec<Kinds> = vec![Kinds::Unit],
    tagged: Option<Tagged> = None,
    hosts: Vec<Tagged> = vec![],
    adjacent: Option<Adjacent> = Some(Adjacent::A(1)),
    untagged: Vec<Untagged> = vec![],
    inner: Inner = Inner { street: "x".into(), zip: Some(1), more: BTreeMap::new() },
    newtype: Newtype = Newtype(vec![1]),
    unit: () = (),
    unit_struct: UnitStruct = UnitStruct,
    bytes: Bytes = Bytes(vec![1]),
    double: Option<Option<u8>> = Some(Some(1)),
    map: HashMap<String, i32> = HashMap::new(),
    by_number: BTreeMap<u32, BTreeSet<char>> = BTreeMap::new(),
    tuple: (u8, String, [i16; 3]) = (1, "x".into(), [1, 2, 3]),
    wide: i128 = 1,
    wider: u128 = 1,
    single: f32 = 1.0,
    float: f64 = 1.0,
    ints: (i8, i16, i32, i64, u8, u16, u32, u64) = (1, 1, 1, 1, 1, 1, 1, 1),
    duration: Duration = Duration::from_secs(1),
    json: Option<serde_json::Value> = None,
    values: Vec<Value> = vec![],
    text: String = "x".into(),
});

fn full() -> Everything {
    Everything {
        kinds: vec![
            Kinds::Unit,
            Kinds::Newtype("new".into()),
            Kinds::Tuple(-1, "two".into()),
            Kinds::Struct { a: u64::MAX, b: Some(Box::new(Kinds::Struct { a: 0, b: None })) },
        ],
        tagged: Some(Tagged::Card { number: "4711".into() }),
        hosts: vec![Tagged::Host { address: "2001:db8::1".parse().unwrap() }],
        adjacent: Some(Adjacent::B { x: -0.0 }),
        untagged: vec![Untagged::Number(i64::MIN), Untagged::Text("t".into()), Untagged::Both { n: 1, t: "b".into() }],
        inner: Inner { street: "Straße".into(), zip: None, more: BTreeMap::from([("k".into(), "v".into())]) },
        newtype: Newtype((0..=255).collect()),
        unit: (),
        unit_struct: UnitStruct,
        bytes: Bytes((0..=255).collect()),
        double: Some(Some(200)),
        map: HashMap::from([("ключ".into(), -5), ("b".into(), i32::MAX)]),
        by_number: BTreeMap::from([(7, BTreeSet::from(['a', '漢']))]),
        tuple: (255, String::new(), [-300, 0, 300]),
        wide: i128::MIN,
        wider: u128::MAX,
        single: f32::INFINITY,
        float: f64::MIN_POSITIVE,
        ints: (i8::MIN, i16::MIN, i32::MIN, i64::MIN, u8::MAX, u16::MAX, u32::MAX, u64::MAX),
        duration: Duration::new(u64::MAX, 999_999_999),
        json: Some(serde_json::json!({"a": [1, -2.5, null, true, {"b": "c"}], "big": u64::MAX})),
        values: vec![Value::Null, Value::Bytes(vec![1]), Value::from(vec![Value::from(1.5)])],
        text: "x".repeat(70_000),
    }
}

#[test]
fn every_serde_shape_reads_back_as_it_was_stored() {
    let things = Collection::<Everything>::define().unwrap();
    for value in [full(), Everything::example()] {
        let body = things.put(&value).unwrap();
        assert!(things.read(&body).unwrap() == value);
    }
}

#[test]
fn nan_and_signed_zero_keep_their_bits() {
    record!(Floats { a: f32 = 1.0, b: f64 = 1.0 });
    let things = Collection::<Floats>::define().unwrap();
    let value = Floats { a: f32::from_bits(0x7fc0_1234), b: f64::from_bits(0x8000_0000_0000_0000) };
    let read = things.read(&things.put(&value).unwrap()).unwrap();
    assert_eq!((read.a.to_bits(), read.b.to_bits()), (value.a.to_bits(), value.b.to_bits()));
}

#[test]
fn empty_and_one_mebibyte_values_fit_and_over_four_mebibytes_is_refused() {
    record!(Blob { text: String = "x".into(), numbers: Vec<u8> = vec![1] });
    let things = Collection::<Blob>::define().unwrap();
    for length in [0, 1, 1 << 20] {
        let value = Blob { text: "é".repeat(length / 2), numbers: vec![255; length] };
        assert!(things.read(&things.put(&value).unwrap()).unwrap() == value, "{length}");
    }
    let value = Blob { text: "x".repeat(4 << 20), numbers: vec![] };
    assert!(matches!(things.put(&value), Err(RecordError::TooLarge { .. })));
}

#[test]
fn value_that_would_not_read_back_is_an_error_when_it_is_stored() {
    #[derive(Debug, Clone, PartialEq)]
    struct OneWay(u8);
    impl Serialize for OneWay {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if self.0 == 9 { serializer.serialize_str("SECRET nine") } else { serializer.serialize_u8(self.0) }
        }
    }
    impl<'de> Deserialize<'de> for OneWay {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            u8::deserialize(deserializer).map(Self)
        }
    }
    record!(Thing { fine: u8 = 1, odd: OneWay = OneWay(1) });
    let things = Collection::<Thing>::define().unwrap();
    assert!(things.put(&Thing { fine: 1, odd: OneWay(8) }).is_ok());
    let wrong = things.put(&Thing { fine: 1, odd: OneWay(9) });
    assert_eq!(wrong, Err(RecordError::Read { field: "odd".into(), problem: FieldProblem::WrongType }));
}

#[test]
fn two_hundred_thousand_nested_lists_are_refused_and_not_followed() {
    record!(Any { json: Option<serde_json::Value> = None, kinds: Option<Kinds> = None });
    let things = Collection::<Any>::define().unwrap();
    let mut lists = vec![0x91; 200_000];
    lists.push(0xc0);
    // {"Struct": {"a": 0, "b": {"Struct": ...}}}: enums, which rmp-serde doesn't count.
    let mut enums: Vec<u8> = b"\x81\xa6Struct\x82\xa1a\x00\xa1b".repeat(50_000);
    enums.push(0xc0);
    for (field, bytes) in [("json", &lists), ("kinds", &enums)] {
        let read = decode::<Any>(&things.plan, [(field, &bytes[..])], &FieldSet::All);
        assert_eq!(read.err(), Some(RecordError::Read { field: field.into(), problem: FieldProblem::TooDeep }));
    }
}

#[test]
fn depth_limit_holds_at_its_edge_for_writing_and_reading() {
    record!(Any { json: Option<serde_json::Value> = None });
    let things = Collection::<Any>::define().unwrap();
    let nested = |depth| (0..depth).fold(serde_json::Value::Null, |inner, _| serde_json::Value::Array(vec![inner]));
    let fits = Any { json: Some(nested(MAX_DEPTH)) };
    assert!(things.read(&things.put(&fits).unwrap()).unwrap() == fits);
    let deep = things.put(&Any { json: Some(nested(MAX_DEPTH + 1)) });
    assert_eq!(deep, Err(RecordError::Write { field: "json".into(), problem: FieldProblem::TooDeep }));
}

#[test]
fn structure_check_agrees_with_an_independent_reading_of_every_marker() {
    let (damaged, deep) = (Err(FieldProblem::Damaged), Err(FieldProblem::TooDeep));
    for (bytes, depth, is) in [
        (&b"\x00"[..], 0, Ok(())),
        (b"\x90", 0, deep),
        (b"\x90", 1, Ok(())),
        (b"\x91\x90", 1, deep),
        (b"\x92\x91\xc0\x81\xa1x\x90", 3, Ok(())),
        (b"\x92\x91\xc0\x81\xa1x\x90", 2, deep),
        (b"\x92\xc0", 1, damaged),
        (b"\x91\xc0\xc0", 1, damaged),
        (b"\xc0\xc0", 0, damaged),
        (b"", 0, damaged),
        (b"\xc1", 0, damaged),
        (b"\xa3ab", 0, damaged),
        (b"\xd9\x02ab", 0, Ok(())),
        (b"\xda\x00\x02ab", 0, Ok(())),
        (b"\xdb\x00\x00\x00\x02ab", 0, Ok(())),
        (b"\xdb\xff\xff\xff\xffab", 0, damaged),
        (b"\xc4\x01a", 0, Ok(())),
        (b"\xc5\x00\x01a", 0, Ok(())),
        (b"\xc6\x00\x00\x00\x01a", 0, Ok(())),
        (b"\xcc\x80\x00", 0, damaged),
        (b"\xcf12345678", 0, Ok(())),
        (b"\xcb1234567", 0, damaged),
        (b"\xd4\x01a", 0, Ok(())),
        (b"\xd8\x010123456789abcdef", 0, Ok(())),
        (b"\xc7\x02\x01ab", 0, Ok(())),
        (b"\xc7\x02\x01a", 0, damaged),
        (b"\xdc\x00\x01\xc0", 1, Ok(())),
        (b"\xdd\xff\xff\xff\xff", 1, damaged),
        (b"\xde\x00\x01\xc0\xc0", 1, Ok(())),
        (b"\xdf\x00\x00\x00\x01\xc0", 1, damaged),
    ] {
        assert_eq!(msgpack::check(bytes, depth), is, "{bytes:x?} within {depth}");
    }
}

#[test]
fn number_does_not_read_as_the_variant_at_that_place() {
    record!(Before { tier: u8 = 1, tiers: Vec<u8> = vec![1] });
    #[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
    enum Tier {
        Bronze,
        Silver,
    }
    record!(After { tier: Option<Tier> = Some(Tier::Bronze), tiers: Vec<Tier> = vec![] });
    let before = Collection::<Before>::define().unwrap();
    let after = Collection::<After>::redefine(&before).unwrap();
    for (value, field) in [(Before { tier: 1, tiers: vec![] }, "tier"), (Before { tier: 1, tiers: vec![1] }, "tier")] {
        let read = after.read(&before.put(&value).unwrap());
        assert_eq!(read.err(), Some(RecordError::Read { field: field.into(), problem: FieldProblem::WrongType }));
    }
    let list: &[u8] = &[0x91, 0x01];
    let read = decode::<After>(&after.plan, [("tier", &b"\xa6Silver"[..]), ("tiers", list)], &FieldSet::All);
    assert_eq!(read.err(), Some(RecordError::Read { field: "tiers".into(), problem: FieldProblem::WrongType }));
}

#[test]
fn index_values_come_from_text_numbers_bools_variants_and_nothing_else() {
    use crate::model::IndexValue::{Bool, Integer, Text};
    record!(Indexed {
        text: Option<String> = Some("x".into()),
        number: i64 = 1,
        large: u64 = 1,
        flag: Option<bool> = Some(true),
        kind: Option<Kinds> = Some(Kinds::Unit),
    });
    let value = Indexed { text: None, number: -7, large: u64::MAX, flag: Some(false), kind: Some(Kinds::Unit) };
    let fields = encode(&value, false).unwrap();
    let values: Vec<_> = fields.iter().map(|(_, bytes)| index_value(bytes).unwrap()).collect();
    let expected =
        [None, Some(Integer(-7)), Some(Integer(u64::MAX.into())), Some(Bool(false)), Some(Text("Unit".into()))];
    assert!(values == expected);
    for bytes in [&b"\x90"[..], b"\x91\x90", b"\x80", b"\xcb12345678", b"\xc4\x00"] {
        assert_eq!(index_value(bytes).err(), Some(FieldProblem::NotIndexable), "{bytes:x?}");
    }
    for bytes in [&b"\xa1\xff"[..], b"\xc0\xc0", b""] {
        assert_eq!(index_value(bytes).err(), Some(FieldProblem::Damaged), "{bytes:x?}");
    }
}
