use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::*;

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
enum Kind {
    Gold,
    Other(String),
    Post { zip: u16, to: Option<String> },
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Nested {
    street: String,
    tags: Vec<String>,
}

record!(Sample {
    name: String = "Zoë".into(),
    long: String = "x".repeat(40),
    none: Option<u8> = None,
    flag: Option<bool> = Some(true),
    small: u8 = 7,
    negative: i32 = -300,
    large: u64 = u64::MAX,
    wide: u128 = u128::MAX - 1,
    float: f64 = 0.1,
    single: f32 = -2.5,
    unit_variant: Option<Kind> = Some(Kind::Gold),
    newtype_variant: Option<Kind> = Some(Kind::Other("x".into())),
    struct_variant: Option<Kind> = Some(Kind::Post { zip: 3000, to: None }),
    nested: Nested = Nested { street: String::new(), tags: vec!["a".into(), "b".into()] },
    tuple: (u8, String) = (1, "t".into()),
    bytes: Value = Value::Bytes(vec![0, 255]),
    address: Option<IpAddr> = Some("2001:db8::1".parse().unwrap()),
});

fn vectors(topic: &str) -> serde_json::Value {
    crate::format::vectors::published("records")[topic].take()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn fields_agree_with_their_vectors() {
    let fields = encode(&Sample::example(), false).unwrap();
    let encoded: Vec<_> = fields.iter().map(|(name, bytes)| serde_json::json!([name, hex(bytes)])).collect();
    assert_eq!(serde_json::Value::from(encoded), vectors("fields"));
    let things = Collection::<Sample>::define().unwrap();
    assert_eq!(things.read(&things.put(&Sample::example()).unwrap()).unwrap(), Sample::example());
}

#[test]
fn dictionary_names_and_hashes_agree_with_their_vector() {
    let vector = vectors("dictionary");
    let bytes: Vec<u8> = vector["hex"]
        .as_str()
        .unwrap()
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let dictionary = Dictionary::decode(&bytes).ok().unwrap();
    for (len, hash) in (0..).zip(vector["hashes"].as_array().unwrap()) {
        assert_eq!(hex(&dictionary.hash_at(len).unwrap()), hash.as_str().unwrap());
    }
    for (number, name) in vector["names"].as_object().unwrap() {
        let (number, name) = (number.parse().unwrap(), name.as_str().unwrap());
        assert_eq!((dictionary.name_of(number), dictionary.number_of(name)), (Some(name), Some(number)));
    }
}
