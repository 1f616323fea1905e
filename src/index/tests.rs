//! Tests of the whole module: vectors, folding, keys and seals.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::crypto::{CryptoError, Key, SALT, role};
use crate::model::{CollectionId, IndexValue, Normalizer, RecordId, Revision, TenantId};

const AU: Normalizer = Normalizer::Phone { region: *b"AU" };

fn term(normalizer: &Normalizer, value: &IndexValue) -> Option<Vec<u8>> {
    normalize(normalizer, value).unwrap().map(|term| term.as_bytes().to_vec())
}

fn text(normalizer: &Normalizer, text: &str) -> Option<String> {
    term(normalizer, &IndexValue::Text(text.to_owned())).map(|bytes| String::from_utf8(bytes[1..].to_vec()).unwrap())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

mod normalizers;

#[cfg(not(feature = "phone"))]
#[test]
fn phone_index_without_the_feature_is_refused_by_name() {
    assert_eq!(validate(&AU), Err(NormalizerError::PhoneFeature));
    let refused = normalize(&AU, &IndexValue::Text("0412 345 678".to_owned())).err().unwrap();
    assert!(refused.to_string().contains("feature `phone`"));
}

#[cfg(feature = "phone")]
mod phones;

mod sealing;
