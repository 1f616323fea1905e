//! An evidence bundle is checked by a program that shares nothing with the library but FORMAT.md: `check.py`, in Python.

mod office;
mod python;

use serde_json::{Value, json};
use strongroom::audit::HeadKey;
use strongroom::audit::evidence::{self, EvidenceError};

use office::Office;

/// Returns both checkers' answer to a bundle, which has to be the same.
fn holds(bundle: &str, key: Option<&str>) -> Result<String, String> {
    let parsed: Option<HeadKey> = key.map(|key| key.parse().unwrap());
    let ours = evidence::check(bundle, parsed.as_ref());
    let theirs = python::check(bundle, key);
    match (&ours, &theirs) {
        (Ok(_), Ok(_)) | (Err(_), Err(_)) => theirs,
        _ => panic!("the checkers don't agree: {ours:?} in Rust, {theirs:?} in Python"),
    }
}

/// Returns the bundle with a part replaced, every other byte as it was.
fn with(bundle: &str, from: &str, to: &str) -> String {
    let changed = bundle.replacen(from, to, 1);
    assert!(changed != bundle, "there is no {from}");
    changed
}

fn flipped(hex: &str) -> String {
    let last = if hex.ends_with('0') { "1" } else { "0" };
    format!("{}{last}", &hex[..hex.len() - 1])
}

/// Lists every hash in the bundle, once: its place, and its text.
fn hashes(bundle: &Value) -> Vec<(String, String)> {
    fn collect(at: &str, value: &Value, found: &mut Vec<(String, String)>) {
        match value {
            Value::String(text) if !at.contains("/event") && text.len() >= 64 && !text.contains(' ') => {
                found.push((at.to_owned(), text.clone()));
            }
            Value::Array(all) => {
                all.iter().enumerate().for_each(|(number, value)| collect(&format!("{at}/{number}"), value, found));
            }
            Value::Object(all) => {
                all.iter().for_each(|(name, value)| collect(&format!("{at}/{name}"), value, found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    ["consistency", "blocks"].into_iter().for_each(|part| collect(part, &bundle[part], &mut found));
    found
}

#[test]
fn python_accepts_a_bundle_of_a_vault_with_hundreds_of_acts() {
    let office = Office::after_hundreds_of_acts();
    let bundle = office.bundle();
    let said = holds(&bundle, Some(&office.key())).unwrap();
    let checked = evidence::check(&bundle, None).unwrap();
    assert!(checked.events().len() > 100 && checked.heads().len() == 4);
    assert_eq!(said.trim(), format!("{} entries, 4 heads: all hold, under the key given", checked.events().len()));
    assert!(holds(&bundle, None).unwrap().contains("the bundle's own key"));
    // All that an entry can say is in it.
    for part in ["reason", "purpose", "device", "session", "subjects", "fields_changed", "code", "rule", "party"] {
        assert!(bundle.contains(&format!("\"{part}\":")), "{part}");
    }
}

#[test]
fn bundle_of_the_vectors_holds() {
    let bundle = include_str!("../../src/format/evidence.json");
    let key = serde_json::from_str::<Value>(bundle).unwrap()["key"].as_str().unwrap().to_owned();
    assert_eq!(holds(bundle, Some(&key)).unwrap().trim(), "4 entries, 3 heads: all hold, under the key given");
}

#[test]
fn every_altered_hash_entry_or_head_is_refused_by_both() {
    let office = Office::after_hundreds_of_acts();
    let bundle = office.small_bundle();
    let key = office.key();
    holds(&bundle, Some(&key)).unwrap();
    let value: Value = serde_json::from_str(&bundle).unwrap();
    let all = hashes(&value);
    assert!(all.len() > 20, "{}", all.len());
    let mut altered: Vec<(String, String)> = all
        .iter()
        .map(|(at, hash)| (at.clone(), with(&bundle, &format!("\"{hash}\""), &format!("\"{}\"", flipped(hash)))))
        .collect();
    // Proofs with a hash too few, and one too many.
    for (at, hash) in all.iter().filter(|(at, _)| at.contains("inclusion") || at.contains("consistency")) {
        let more = with(&bundle, &format!("\"{hash}\""), &format!("\"{hash}\", \"{hash}\""));
        altered.push((format!("{at} twice"), more));
    }
    let entry = &value["blocks"][0]["entries"][0];
    let actor = &entry["event"]["actor"];
    altered.push(("the actor's name".to_owned(), with(&bundle, &format!("\"actor\":{actor}"), "\"actor\":\"nobody\"")));
    altered.push(("the outcome".to_owned(), with(&bundle, "\"outcome\":\"permitted\"", "\"outcome\":\"denied\"")));
    // A byte of an entry, and of its salt.
    for part in ["bytes", "salt"] {
        let hex = entry[part].as_str().unwrap();
        altered.push((part.to_owned(), with(&bundle, hex, &flipped(hex))));
    }
    // The signature, size, root, time and origin of a head.
    let head = value["heads"][0].as_str().unwrap();
    let lines: Vec<&str> = head.lines().collect();
    let last = lines[lines.len() - 1];
    let forged =
        if last.ends_with("AAA=") { last.replace("AAA=", "BBA=") } else { format!("{}AAA=", &last[..last.len() - 4]) };
    altered.push(("a signature".to_owned(), with(&bundle, last, &forged)));
    let size: u64 = lines[1].parse().unwrap();
    altered.push(("a size".to_owned(), with(&bundle, &format!("\\n{size}\\n"), &format!("\\n{}\\n", size + 1))));
    altered.push(("a time".to_owned(), with(&bundle, "\\ntime 20", "\\ntime 21")));
    altered.push(("a ledger".to_owned(), with(&bundle, "\\nledger 0 ", "\\nledger 1 ")));
    for (what, text) in altered {
        assert!(holds(&text, Some(&key)).is_err(), "{what}");
    }
}

#[test]
fn parts_of_one_bundle_do_not_pass_in_another() {
    let office = Office::after_hundreds_of_acts();
    let stranger = Office::after_hundreds_of_acts();
    let (bundle, key) = (office.small_bundle(), office.key());
    let value: Value = serde_json::from_str(&bundle).unwrap();
    let foreign: Value = serde_json::from_str(&stranger.small_bundle()).unwrap();
    let text = |value: &Value| serde_json::to_string(value).unwrap();
    let part = |value: &Value| text(value).trim_matches('"').to_owned();
    let last = value["heads"].as_array().unwrap().len() - 1;
    let mut altered = Vec::new();
    // The heads swapped with each other, and with another vault's.
    let (first, newest) = (part(&value["heads"][0]), part(&value["heads"][last]));
    altered.push(("heads swapped", with(&with(&with(&bundle, &first, "%"), &newest, &first), "%", &newest)));
    altered.push(("another vault's head", with(&bundle, &newest, &part(&foreign["heads"][last]))));
    // The key swapped.
    altered.push(("another vault's key", with(&bundle, &key, &stranger.key())));
    // Blocks given each other's position, an entry of another position, and of another vault.
    let positions: Vec<u64> = (0..2).map(|at| value["blocks"][at]["position"].as_u64().unwrap()).collect();
    let position = |at: u64| format!("\"position\": {at},");
    altered.push(("another position", with(&bundle, &position(positions[0]), &position(positions[0] + 1))));
    altered.push(("a position beyond", with(&bundle, &position(positions[1]), &position(u64::MAX))));
    let pieces = ["salt", "bytes"].map(|name| part(&value["blocks"][0]["entries"][0][name]));
    let of_another = ["salt", "bytes"].map(|name| part(&value["blocks"][1]["entries"][0][name]));
    let moved = with(&with(&bundle, &pieces[0], &of_another[0]), &pieces[1], &of_another[1]);
    altered.push(("an entry of another position", moved));
    let strangers = ["salt", "bytes"].map(|name| part(&foreign["blocks"][0]["entries"][0][name]));
    let moved = with(&with(&bundle, &pieces[0], &strangers[0]), &pieces[1], &strangers[1]);
    altered.push(("an entry of another vault", moved));
    // Members that are unknown, missing or given twice.
    altered.push(("a member more", with(&bundle, "\"form\":", "\"verdict\": \"checked\", \"form\":")));
    altered.push(("a member twice", with(&bundle, "\"actor\":", "\"actor\":\"nobody\",\"actor\":")));
    altered.push(("a block without entries", {
        let mut value = value.clone();
        value["blocks"][0]["entries"] = json!([]);
        text(&value)
    }));
    altered.push(("no heads", {
        let mut value = value.clone();
        (value["heads"], value["consistency"]) = (json!([]), json!([]));
        text(&value)
    }));
    altered.push(("another form", with(&bundle, "evidence 1", "evidence 2")));
    altered.push(("half of it", bundle[..bundle.len() / 2].to_owned()));
    for (what, text) in altered {
        assert!(holds(&text, Some(&key)).is_err(), "{what}");
    }
    assert!(holds(&bundle, Some(&stranger.key())).is_err());
    let other: HeadKey = stranger.key().parse().unwrap();
    assert!(matches!(evidence::check(&bundle, Some(&other)), Err(EvidenceError::OtherKey { .. })));
}
