//! Decoders of what is in a row's body, and of what it is read with.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::format::{Body, Meta, StoredSchema, decode_dictionary, encode_body, encode_dictionary};
use crate::index;
use crate::model::{FieldSet, IndexValue, Normalizer};
use crate::record::{self, Dictionary, Document, Plan, Record, Schema, index_value, stored_fields};

pub(super) fn body(bytes: &[u8]) {
    let Ok(body) = Body::split(bytes) else { return };
    let Ok(fields) = body.fields() else { return };
    let encoded = |open| {
        let mut again = Vec::new();
        encode_body(&mut again, body.meta(), open, &fields).map(|()| again)
    };
    // Without fields nothing tells the two kinds apart but the bytes.
    assert!([false, true].into_iter().any(|open| encoded(open).as_deref() == Ok(bytes)));
}

pub(super) fn meta(bytes: &[u8]) {
    if let Ok(meta) = Meta::decode(bytes) {
        // An integer may be written longer than it need be, so it is the value that comes back.
        let again = meta.encode().and_then(|bytes| Meta::decode(&bytes));
        assert!(again.is_ok_and(|again| again == meta));
    }
}

pub(super) fn dictionary(bytes: &[u8]) {
    let log = decode_dictionary(bytes);
    if let Ok(log) = &log {
        let again = encode_dictionary(log).and_then(|bytes| decode_dictionary(&bytes));
        assert_eq!(again.as_ref(), Ok(log));
    }
    if let Ok(dictionary) = Dictionary::decode(bytes) {
        assert_eq!(dictionary.encode(), encode_dictionary(&log.unwrap_or_default()));
        for number in 0..dictionary.len() {
            let Some(name) = dictionary.name_of(number) else { continue };
            assert_eq!(dictionary.number_of(name), Some(number));
        }
        assert!(dictionary.hash_at(dictionary.len()).is_some());
    }
}

pub(super) fn schema(bytes: &[u8]) {
    if let Ok(schema) = StoredSchema::decode(bytes) {
        let again = schema.encode().and_then(|bytes| StoredSchema::decode(&bytes));
        assert_eq!(again, Ok(schema));
    }
}

/// A type with fields of many kinds.
#[derive(Serialize, Deserialize)]
struct Everything {
    text: String,
    #[serde(default)]
    number: i64,
    #[serde(default)]
    large: u128,
    #[serde(default)]
    small: Option<u8>,
    #[serde(default)]
    letter: Option<char>,
    #[serde(default)]
    list: Vec<Option<i16>>,
    #[serde(default)]
    map: BTreeMap<String, Vec<bool>>,
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    pair: Option<(u32, String)>,
    #[serde(default)]
    nested: Option<Box<Nested>>,
    #[serde(default)]
    free: record::Value,
    #[serde(default)]
    address: Option<std::net::IpAddr>,
}

#[derive(Serialize, Deserialize)]
enum Kind {
    Plain,
    One(u16),
    Two(u16, String),
    Named { zip: u32, street: Option<String> },
}

#[derive(Serialize, Deserialize)]
struct Nested {
    id: u64,
    #[serde(default)]
    next: Option<Box<Nested>>,
}

impl Record for Everything {
    fn schema() -> Schema {
        Schema::new("everything").index("number", Normalizer::Exact)
    }

    fn example() -> Self {
        Self {
            text: "text".into(),
            number: -1,
            large: u128::MAX,
            small: Some(2),
            letter: Some('a'),
            list: vec![Some(1), None],
            map: BTreeMap::from([("key".to_owned(), vec![true])]),
            kind: Some(Kind::Named { zip: 1, street: None }),
            pair: Some((1, "two".into())),
            nested: Some(Box::new(Nested { id: 1, next: None })),
            free: record::Value::Null,
            address: Some(std::net::IpAddr::from([127, 0, 0, 1])),
        }
    }
}

/// A type as a collection knows it.
struct Defined {
    plan: Plan,
    dictionary: Dictionary,
}

impl Defined {
    fn of<T: Record>() -> Self {
        let plan = record::plan::<T>(&T::schema()).unwrap();
        let next = record::evolve(None, &T::schema(), &plan, &|_| 1).unwrap();
        Self { plan, dictionary: next.dictionary }
    }

    /// The whole way that a body goes: what was read is written again, and reads the same.
    fn read<T: Record>(&self, bytes: &[u8]) {
        let fields = Body::split(bytes).and_then(|body| body.fields());
        let Ok(stored) = fields.and_then(|fields| stored_fields(fields, &self.dictionary)) else { return };
        for field in &stored {
            let _any_answer = index_value(field.bytes);
        }
        let fields = || stored.iter().map(|field| (field.name, field.bytes));
        let Ok(decoded) = record::decode::<T>(&self.plan, fields(), &FieldSet::All) else { return };
        assert!(decoded.withheld.is_empty());
        let hidden = record::decode::<T>(&self.plan, fields(), &FieldSet::none());
        assert!(hidden.is_ok(), "{:?}", hidden.err());
        let open = self.plan.is_open();
        // What serde reads may be longer when it is written; nothing else may stand against it.
        let Ok(once) = record::encode(&decoded.value, open) else { return };
        let again = record::decode::<T>(&self.plan, once.iter(), &FieldSet::All);
        let twice = again.and_then(|again| record::encode(&again.value, open));
        assert!(twice.is_ok_and(|twice| twice.iter().eq(once.iter())));
    }
}

static EVERYTHING: LazyLock<Defined> = LazyLock::new(Defined::of::<Everything>);
static DOCUMENT: LazyLock<Defined> = LazyLock::new(Defined::of::<Document>);

pub(super) fn record(bytes: &[u8]) {
    EVERYTHING.read::<Everything>(bytes);
}

pub(super) fn document(bytes: &[u8]) {
    DOCUMENT.read::<Document>(bytes);
}

pub(super) fn normalize(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let term = |normalizer: &Normalizer, text: &str| {
        index::normalize(normalizer, &IndexValue::Text(text.to_owned())).unwrap_or_default()
    };
    for normalizer in [Normalizer::Exact, Normalizer::Text, Normalizer::Email, Normalizer::NationalId] {
        let Some(once) = term(&normalizer, text) else { continue };
        let settled = once.as_bytes().get(1..).and_then(|text| std::str::from_utf8(text).ok());
        assert!(settled.is_some_and(|settled| term(&normalizer, settled).is_some_and(|twice| twice.matches(&once))));
    }
    for region in [*b"DE", *b"AU", *b"US", *b"RU"] {
        let phone = Normalizer::Phone { region };
        let Some(once) = term(&phone, text) else { continue };
        if let Some((1, number)) = once.as_bytes().split_first() {
            // A number in its one form is the same number wherever it is dialled.
            let number = std::str::from_utf8(number).unwrap_or_default();
            assert!(term(&Normalizer::Phone { region: *b"NZ" }, number).is_some_and(|twice| twice.matches(&once)));
        }
    }
}
