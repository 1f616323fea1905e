//! Types that hold keys or values show no byte of them, and can't be copied by accident.

use std::fmt::Debug;

use base64ct::Encoding;

use crate::crypto::{Key, role};
use crate::record::{Document, SearchValue, Value};
use crate::vault::tests::*;

/// Tells whether a text shows a part of these bytes: as text, in hexadecimal, as decimal numbers or in base64.
fn shows(text: &str, secret: &[u8]) -> bool {
    let low = text.to_lowercase();
    let part = |whole: &str, length: usize| {
        let whole = whole.to_lowercase();
        (0..=whole.len().saturating_sub(length)).any(|at| whole.get(at..at + length).is_some_and(|p| low.contains(p)))
    };
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let decimal: Vec<String> = secret.iter().map(u8::to_string).collect();
    let plain = str::from_utf8(secret).is_ok_and(|plain| part(plain, 8));
    plain
        || part(&hex, 8)
        || part(base64ct::Base64Unpadded::encode_string(secret).as_str(), 8)
        || decimal.windows(4).any(|four| low.contains(&four.join(", ")) || low.contains(&four.join(",\n    ")))
}

fn both(value: &impl Debug) -> String {
    format!("{value:?}\n{value:#?}")
}

/// Returns a text of 32 letters and digits that occurs nowhere by chance.
fn random_text() -> String {
    let mut bytes = [0; 16];
    crate::crypto::fill(&mut bytes).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn search_for_shown_bytes_finds_them_in_every_form() {
    let secret: Vec<u8> = (0..32).map(|n| n * 7 + 1).collect();
    for shown in [
        format!("{secret:?}"),
        format!("{secret:#?}"),
        secret.iter().map(|byte| format!("{byte:02X}")).collect::<String>(),
        base64ct::Base64::encode_string(&secret),
    ] {
        assert!(shows(&shown, &secret), "{shown}");
    }
    assert!(shows("name: 0123456789abcdef", b"0123456789abcdef"));
    assert!(!shows("Key<Data>([REDACTED])", &secret));
}

#[test]
fn debug_of_a_key_in_any_role_shows_no_byte_of_it() {
    for _ in 0..50 {
        let key: Key<role::Data> = Key::random().unwrap();
        assert!(!shows(&both(&key), key.expose()));
        let key: Key<role::Signing> = Key::random().unwrap();
        assert!(!shows(&both(&key), key.expose()));
    }
}

#[test]
fn debug_of_key_file_and_passphrase_shows_nothing_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    let shown = both(&crate::KeyFile::create(&path).unwrap());
    let text = std::fs::read_to_string(&path).unwrap();
    let longest = text.split_whitespace().max_by_key(|word| word.len()).unwrap();
    assert!(longest.len() > 32 && !shows(&shown, longest.as_bytes()), "{shown}");
    #[cfg(feature = "passphrase")]
    {
        let words = random_text();
        assert!(!shows(&both(&crate::Passphrase::new(words.clone())), words.as_bytes()));
    }
}

#[test]
fn debug_of_what_holds_values_shows_none_of_them() {
    let world = World::new();
    let (name, owner) = (random_text(), random_text());
    let customer = Customer::new(&name, &format!("{name}@example.com"));
    let customers = world.customers();
    let meta = NewMeta::new().owner(owner.clone()).label(owner.clone());
    let id = customers.insert_with(&customer, meta.clone()).unwrap();
    let found = customers.get(id).unwrap();
    let page = customers.list(None, 10).unwrap();
    let mut batch = world.session(boss()).batch();
    batch.insert(&customers, &Customer::new(&name, "other@example.com")).unwrap();
    let document = Document::new().with("name", name.as_str());
    let search: SearchValue = name.as_str().into();
    let shown = [
        both(&found),
        both(&found.meta),
        both(&page),
        both(&batch),
        both(&meta),
        both(&document),
        both(&Value::from(name.as_str())),
        both(&search),
        both(&world.vault),
        both(&world.acme),
        both(&customers),
        both(&world.memory),
        both(&world.vault.health()),
        both(&open_options(&world.memory)),
    ];
    for text in shown {
        assert!(!shows(&text, name.as_bytes()) && !shows(&text, owner.as_bytes()), "{text}");
    }
}

#[test]
fn errors_name_fields_and_show_no_value() {
    let world = World::new();
    let name = random_text();
    let customers = world.customers();
    let email = format!("{name}@example.com");
    customers.insert(&Customer::new(&name, &email)).unwrap();
    let duplicate = customers.insert(&Customer::new(&name, &email)).unwrap_err();
    assert!(matches!(&duplicate, Error::Duplicate { field, .. } if field == "email"));
    let unknown = customers.find("nmae", name.as_str(), None, 1).unwrap_err();
    for error in [duplicate, unknown] {
        assert!(!shows(&format!("{error}\n{}", both(&error)), name.as_bytes()), "{error}");
    }
}

/// Tells at compile time whether a type has a trait: the inherent constant wins over the blanket one if it applies.
macro_rules! lacks {
    ($type:ty, $bound:path) => {{
        struct Probe<T>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "used only where the bound does not hold")]
        trait Blanket {
            const HAS: bool = false;
        }
        impl<T> Blanket for Probe<T> {}
        #[allow(dead_code, reason = "used only where the bound holds")]
        impl<T: $bound> Probe<T> {
            const HAS: bool = true;
        }
        !Probe::<$type>::HAS
    }};
}

#[test]
fn keys_can_be_neither_copied_nor_compared_nor_serialised() {
    const { assert!(!lacks!(u8, Clone) && !lacks!(String, serde::Serialize)) };
    const { assert!(lacks!(Key<role::Data>, Clone) && lacks!(Key<role::Slot>, PartialEq)) };
    const { assert!(lacks!(Key<role::Data>, serde::Serialize) && lacks!(Key<role::Data>, AsRef<[u8]>)) };
    const { assert!(lacks!(crate::KeyFile, Clone) && lacks!(crate::KeyFile, PartialEq)) };
    const { assert!(lacks!(crate::KeyFile, serde::Serialize) && lacks!(crate::vault::gate::Permit, Clone)) };
}
