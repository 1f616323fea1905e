//! The vectors `records`, which were made without this code.

use serde_json::Value;

use super::super::*;
use crate::model::{CollectionId, Normalizer, Pseudonym, RecordId, Timestamp};

fn vectors(topic: &str) -> Value {
    super::vectors::published("records")[topic].take()
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

fn id(hex: &Value) -> [u8; 16] {
    bytes(hex).try_into().unwrap()
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn small(number: &Value) -> u16 {
    number.as_u64().unwrap().try_into().unwrap()
}

#[test]
fn metadata_agrees_with_its_vectors() {
    for vector in vectors("meta").as_array().unwrap() {
        let time = |name: &str| vector[name].as_i64().map(Timestamp::from_micros);
        let subject = &vector["subject"];
        let meta = Meta {
            owner: vector["owner"].as_str().map(str::to_owned),
            labels: texts(&vector["labels"]),
            created: time("created").unwrap(),
            updated: time("updated").unwrap(),
            subject: (!subject.is_null()).then(|| {
                (CollectionId::from_bytes(id(&subject["collection"])), RecordId::from_bytes(id(&subject["record"])))
            }),
            pseudonym: Pseudonym::from_bytes(id(&vector["pseudonym"])),
            number: vector["number"].as_u64().unwrap().try_into().unwrap(),
            retention: time("retention"),
        };
        assert_eq!(meta.encode().unwrap(), bytes(&vector["hex"]));
        assert!(Meta::decode(&bytes(&vector["hex"])).ok().unwrap() == meta);
    }
}

#[test]
fn dictionary_agrees_with_its_vector() {
    let vector = vectors("dictionary");
    let entry = |entry: &Value| (small(&entry[0]), entry[1].as_str().unwrap().to_owned());
    let log: Vec<(u16, String)> = vector["log"].as_array().unwrap().iter().map(entry).collect();
    assert_eq!(encode_dictionary(&log).unwrap(), bytes(&vector["hex"]));
    assert_eq!(decode_dictionary(&bytes(&vector["hex"])).unwrap(), log);
}

fn key(key: &Value) -> StoredKey {
    match key {
        Value::Null => StoredKey::Owner,
        Value::String(name) => StoredKey::Name(name.clone()),
        number => StoredKey::Number(small(number)),
    }
}

fn rule(rule: &Value) -> StoredRule {
    StoredRule {
        field: key(&rule["field"]),
        classification: match rule["classification"].as_str().unwrap() {
            "public" => StoredClassification::Public,
            "internal" => StoredClassification::Internal,
            "personal" => StoredClassification::Personal,
            _ => StoredClassification::Sensitive,
        },
        was: texts(&rule["was"]),
        mask: rule["mask"].as_str().map(str::to_owned),
        attribute: rule["attribute"].as_bool().unwrap(),
    }
}

fn index(index: &Value) -> StoredIndex {
    let normalizer = &index["normalizer"];
    StoredIndex {
        id: small(&index["id"]),
        version: small(&index["version"]),
        field: key(&index["field"]),
        unique: index["unique"].as_bool().unwrap(),
        normalizer: match normalizer["name"].as_str().unwrap() {
            "exact" => Normalizer::Exact,
            "text" => Normalizer::Text,
            "email" => Normalizer::Email,
            "phone" => {
                Normalizer::Phone { region: normalizer["region"].as_str().unwrap().as_bytes().try_into().unwrap() }
            }
            _ => Normalizer::NationalId,
        },
        normalizer_version: small(&index["normalizer_version"]),
        state: match index["state"].as_str().unwrap() {
            "building" => IndexState::Building,
            "ready" => IndexState::Ready,
            _ => IndexState::Retired,
        },
    }
}

#[test]
fn schema_agrees_with_its_vectors_and_every_cut_is_refused() {
    for vector in vectors("schema").as_array().unwrap() {
        let schema = StoredSchema {
            open: vector["open"].as_bool().unwrap(),
            fields: vector["fields"].as_array().unwrap().iter().map(rule).collect(),
            indexes: vector["indexes"].as_array().unwrap().iter().map(index).collect(),
            next_index: small(&vector["next_index"]),
        };
        let bytes = bytes(&vector["hex"]);
        assert_eq!(schema.encode().unwrap(), bytes);
        assert_eq!(StoredSchema::decode(&bytes).unwrap(), schema);
        for cut in 0..bytes.len() {
            assert!(StoredSchema::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(StoredSchema::decode(&[&bytes[..], &[0]].concat()).is_err());
    }
}

#[test]
fn schema_that_names_fields_in_the_wrong_way_or_an_index_ahead_of_its_time_is_refused() {
    let bytes = bytes(&vectors("schema")[0]["hex"]);
    let good = StoredSchema::decode(&bytes).unwrap();
    assert!(StoredSchema { open: true, ..good.clone() }.encode().is_err());
    assert!(StoredSchema { next_index: 1, ..good.clone() }.encode().is_err());
    let mut owned = good.clone();
    owned.fields[0].field = StoredKey::Owner;
    assert!(owned.encode().is_err());
    let mut wrong = bytes;
    wrong[1] = 1;
    assert!(StoredSchema::decode(&wrong).is_err());
    wrong[0] = 2;
    assert!(matches!(StoredSchema::decode(&wrong), Err(FormatError::Newer { found: 2, .. })));
}

#[test]
fn body_agrees_with_its_vectors() {
    for vector in vectors("body").as_array().unwrap() {
        let open = vector["open"].as_bool().unwrap();
        let values: Vec<(&Value, Vec<u8>)> =
            vector["fields"].as_array().unwrap().iter().map(|field| (&field[0], bytes(&field[1]))).collect();
        let fields: Vec<(FieldKey<'_>, &[u8])> = values
            .iter()
            .map(|(key, bytes)| {
                (key.as_str().map_or_else(|| FieldKey::Number(small(key)), FieldKey::Name), bytes.as_slice())
            })
            .collect();
        let mut out = Vec::new();
        encode_body(&mut out, &bytes(&vector["meta"]), open, &fields).unwrap();
        assert_eq!(out, bytes(&vector["hex"]));
        let body = Body::split(&out).unwrap();
        assert_eq!(body.meta(), bytes(&vector["meta"]));
        assert!(body.fields().ok().unwrap() == fields);
    }
}
