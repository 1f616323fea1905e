//! No stored value, in any form, is in a sink, an entry, a report, an error or a `Debug`.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt::Debug;

use aho_corasick::AhoCorasick;
use base64ct::{Base64Unpadded, Encoding};
use proptest::prelude::*;
use serde_json::Value as Json;

use crate::audit::JsonLines;
use crate::model::{Access, Grantee};
use crate::record::{SearchValue, Value};
use crate::vault::commit::Blocks;
use crate::vault::tests::outputs::people::{Defined, Fixture, Person};
use crate::vault::tests::questions::*;

/// Shortest part of a value that counts: shorter ones could be anybody's.
const PART: usize = 10;

/// Parts by which values may be recognised.
#[derive(Default)]
struct Needles(BTreeSet<Vec<u8>>);

impl Needles {
    /// Adds a part from the middle of some bytes: raw, in hexadecimal, as a list of numbers, and in base64 at any
    /// offset.
    fn bytes(&mut self, bytes: &[u8]) {
        assert!(bytes.len() >= PART);
        let middle = &bytes[(bytes.len() - PART) / 2..][..PART];
        self.0.insert(middle.to_vec());
        self.0.insert(middle.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect());
        for between in [", ", ","] {
            self.0.insert(middle.iter().map(u8::to_string).collect::<Vec<_>>().join(between).into_bytes());
        }
        for shift in 0..3 {
            // Whole groups of three, so that the bytes around them don't matter.
            let groups = &bytes[shift + 1..][..(bytes.len() - shift - 2) / 3 * 3];
            if groups.len() >= 9 {
                self.0.insert(Base64Unpadded::encode_string(&groups[..9]).into_bytes());
            }
        }
    }

    /// Adds the values in a JSON value, or the field names that are data.
    fn json(&mut self, value: &Json, names: bool) {
        match value {
            Json::String(_) | Json::Number(_) if names => {}
            Json::String(text) => {
                for word in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= PART) {
                    self.bytes(word.as_bytes());
                }
            }
            Json::Number(number) => {
                if let Some(number) = number.as_i64().filter(|number| number.unsigned_abs() >> 48 != 0) {
                    self.0.insert(number.to_string().into_bytes());
                    self.0.insert(format!("{number:x}").into_bytes());
                    self.0.extend([number.to_be_bytes().to_vec(), number.to_le_bytes().to_vec()]);
                }
            }
            // Bytes, as serde writes them.
            Json::Array(list) if !names && list.len() > PART && list.iter().all(Json::is_u64) => {
                self.bytes(&list.iter().map(|byte| byte.as_u64().unwrap() as u8).collect::<Vec<u8>>());
            }
            Json::Array(list) => list.iter().for_each(|value| self.json(value, names)),
            Json::Object(map) => map.iter().for_each(|(name, value)| {
                if names && name.len() >= PART {
                    self.bytes(name.as_bytes());
                }
                self.json(value, names);
            }),
            Json::Null | Json::Bool(_) => {}
        }
    }

    /// Returns the first part that occurs there.
    fn found(&self, there: &[u8]) -> Option<String> {
        let finder = AhoCorasick::builder().ascii_case_insensitive(true).build(&self.0).unwrap();
        let found = finder.find(there)?;
        Some(String::from_utf8_lossy(&there[found.start().saturating_sub(40)..found.end()]).into_owned())
    }
}

/// A record whose values, in every field, occur nowhere else.
trait Valued: Fixture {
    fn valued(dice: &mut Dice) -> Self;
}

impl Valued for Person {
    fn valued(dice: &mut Dice) -> Self {
        Self::fresh(dice)
    }
}

impl Valued for Document {
    fn valued(dice: &mut Dice) -> Self {
        let bytes: Vec<u8> = (0..24).map(|_| (dice.next() >> 13) as u8).collect();
        let list = Value::List(vec![Value::Text(dice.word()), Value::Bytes(bytes.iter().rev().copied().collect())]);
        let document = Self::fresh(dice).with("bytes", Value::Bytes(bytes)).with("list", list);
        let number = (dice.next() >> 1) as i64 | 1 << 60;
        document.with("number", number).with("negative", -number)
    }
}

/// An office of such records, and all that was said about them.
struct Bench {
    office: Office,
    file: std::path::PathBuf,
    _dir: tempfile::TempDir,
    dice: Dice,
    values: Needles,
    names: Needles,
    /// Answers to actors who may know the names of their documents' fields.
    said: Vec<u8>,
    /// Answers to administrators, who may not know them.
    answered: Vec<u8>,
}

impl Bench {
    fn new(seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("audit.jsonl");
        let (hands, kept) = (Hands::default(), Kept::default());
        let sink = JsonLines::append(&file).unwrap();
        let sink = std::cell::Cell::new(Some(sink));
        let world = World::with(|options| {
            let options = options.policy(policy()).clock(hands.clone()).sink(Required(kept.clone()));
            options.sink(Required(sink.take().unwrap()))
        });
        world.acme.session(admin()).unwrap().define::<Person>().unwrap();
        world.acme.session(admin()).unwrap().define_as::<Document>(Document::defined()).unwrap();
        let office = Office { world, hands, kept };
        let (values, names, said, answered) = Default::default();
        Self { office, file, _dir: dir, dice: Dice(seed | 1), values, names, said, answered }
    }

    fn fresh<T: Valued>(&mut self) -> T {
        let value = T::valued(&mut self.dice);
        let json = serde_json::to_value(&value).unwrap();
        self.values.json(&json, false);
        self.names.json(&json, true);
        value
    }

    /// Keeps an answer's `Debug`, and all that an error says.
    fn hear<T: Debug>(&mut self, answer: Result<T, Error>) -> Option<T> {
        match answer {
            Ok(answer) => {
                self.said.extend(format!("{answer:?} {answer:#?}\n").into_bytes());
                Some(answer)
            }
            Err(error) => {
                self.said.extend(format!("{error} {error:?} {error:#?}\n").into_bytes());
                let mut source = error.source();
                while let Some(error) = source {
                    self.said.extend(format!("{error} {error:?}\n").into_bytes());
                    source = error.source();
                }
                if let Error::Denied(denial) = &error {
                    self.said.extend(format!("{} {} {}", denial.rule, denial.for_admin, denial.for_user).into_bytes());
                }
                None
            }
        }
    }

    /// Makes every call on records of a type, by an actor who may do everything, something or nothing.
    fn calls<T: Valued>(&mut self, actor: &Actor) {
        let session = self.office.world.session(actor.clone()).because("a reason").for_purpose("a purpose");
        let rows: Collection<T> = session.collection_named(T::COLLECTION).unwrap();
        let all: Collection<T> = self.office.world.session(boss()).collection_named(T::COLLECTION).unwrap();
        let first = self.fresh::<T>();
        let id = all.insert(&first).unwrap();
        let values: Vec<T> = (0..4).map(|_| self.fresh::<T>()).collect();
        self.hear(rows.insert(&values[0]));
        self.hear(rows.insert(&first));
        self.hear(rows.insert_with(&values[1], NewMeta::new().about(T::COLLECTION, id)));
        let mut outcomes = Vec::new();
        let imported = rows.import([values[2].clone(), first.clone()], |_, outcome| outcomes.push(outcome));
        self.hear(imported);
        for outcome in outcomes {
            self.hear(outcome);
        }
        self.hear(rows.get(id));
        self.hear(rows.list(None, 10));
        self.hear(rows.export(None, 10));
        self.hear(rows.count());
        let stored = serde_json::to_value(&first).unwrap();
        for field in T::FIELDS {
            self.hear(rows.unmask(id, &[field]));
            self.hear(rows.sorted(field, true, 5));
            let Some(text) = stored[field].as_str() else { continue };
            self.hear(rows.find(field, text, None, 5));
            self.hear(rows.find_unique(field, text));
            // A value in place of a field's name is told only to the caller, who made the mistake.
            assert!(rows.find(text, text, None, 5).is_err());
            assert!(rows.unmask(id, &[text]).is_err() || actor.id() == "b");
            self.hear(rows.find_all(&[(field, SearchValue::from(text)), (T::FIELDS[0], text.into())], None, 5));
        }
        let fresh = self.fresh::<T>();
        self.hear(rows.update(id, |value| *value = fresh.clone()));
        self.hear(rows.update_at(id, crate::Revision::new(9), |value| *value = fresh.clone()));
        self.hear(rows.replace(id, crate::Revision::new(2), &values[3]));
        self.hear(rows.transfer(id, Some("s")));
        self.hear(rows.share(id, Grantee::Actor("s"), Access::Read, None));
        self.hear(rows.shares(id));
        self.hear(history(&rows, id, None, 10));
        let mut batch = session.batch();
        let fresh = self.fresh::<T>();
        self.hear(batch.insert(&rows, &fresh));
        self.hear(batch.update(&rows, id, |value| *value = fresh.clone()));
        self.hear(batch.commit());
        let hour = std::time::Duration::from_secs(3_600);
        self.hear(session.because("a reason").ask_approval(hour, |s| s.collection::<T>()?.delete(id)));
        self.hear(session.approvals(None, 10));
        self.hear(session.because("a reason").break_glass(hour));
        self.hear(session.end_emergency());
        self.hear(rows.delete_at(id, crate::Revision::new(1)));
        self.hear(rows.delete(id));
        self.hear(rows.get(id));
    }

    /// Asks the journal everything.
    fn questions(&mut self) {
        let root = admin();
        let acme = self.office.acme().clone();
        let vault = self.office.world.vault.clone();
        for query in [
            acme.session(root.clone()).unwrap().journal().entries(),
            vault.session(root.clone()).unwrap().journal().entries(),
        ] {
            for page in query.pages(200) {
                let page = self.hear(page).unwrap();
                for event in page.entries {
                    let forms = [event.to_json(), event.to_cef(), event.to_ocsf()];
                    self.answered.extend(format!("{forms:?} {event:?} {event:#?}\n").into_bytes());
                }
            }
        }
        let report = self.hear(acme.session(root.clone()).unwrap().journal().disclosures().report()).unwrap();
        assert!(report.people.len() > 4);
        self.answered.extend(format!("{report} {report:?}\n{}", report.to_json_lines()).into_bytes());
    }

    /// Returns every opened entry.
    fn entries(&self) -> Vec<u8> {
        let core = Arc::clone(&self.office.world.customers().session().core);
        let (blocks, size): (Blocks, u64) = core.blocks().unwrap();
        let opened = (0..size).flat_map(|at| blocks.open(at, &blocks.bytes(at).unwrap().unwrap()).unwrap().1.entries);
        opened.flat_map(|entry| [entry.as_bytes(), b"\n"].concat()).collect()
    }
}

/// Lets bosses do everything, sellers some of it, strangers nothing.
fn policy() -> Roles {
    let some = ["nick", "card", "name", "a", "c"];
    staff().role("clerk", |r| r.on_any().create().read(some).update(["nick", "a"]).unmask(["card"]).export().transfer())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::tests::amount(1, 2), max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_of_any_field_is_in_any_sink_entry_answer_or_error_in_any_form(seed in any::<u64>()) {
        let mut bench = Bench::new(seed);
        for actor in [boss(), Actor::new("c").with_role("clerk"), Actor::new("x")] {
            bench.calls::<Person>(&actor);
            bench.calls::<Document>(&actor);
        }
        bench.questions();
        bench.office.world.vault.flush().unwrap();
        let entries = bench.entries();
        let kept: String = bench.office.kept.events().iter().map(|e| format!("{} {e:?}\n", e.to_json())).collect();
        let file = std::fs::read(&bench.file).unwrap();
        prop_assert!(bench.values.0.len() > 1_000 && bench.names.0.len() > 50);
        for (what, there) in
            [("an entry", &entries[..]), ("a sink", kept.as_bytes()), ("a file", &file), ("an answer", &bench.answered)]
        {
            prop_assert!(there.len() > 10_000);
            prop_assert_eq!(bench.values.found(there), None, "{}", what);
            prop_assert_eq!(bench.names.found(there), None, "{}", what);
        }
        prop_assert!(bench.said.len() > 10_000);
        prop_assert_eq!(bench.values.found(&bench.said), None);
        // Names of fields and the host's own words are found: the search looks in the right places.
        for word in ["nick", "diary", "a reason", "a purpose"] {
            let named = Needles([word.as_bytes().to_vec()].into());
            prop_assert!(named.found(&entries).is_some() && named.found(&file).is_some());
        }
    }
}

#[test]
fn value_is_found_in_every_form_that_it_can_be_told_in() {
    let mut dice = Dice(3);
    let word = dice.word();
    let bytes: Vec<u8> = (0..24).map(|_| (dice.next() >> 13) as u8).collect();
    let mut needles = Needles::default();
    needles.json(&serde_json::json!({ "a": word, "b": bytes, "n": 7_000_000_000_000_000_001_i64 }), false);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    let encoded = |before: &str, bytes: &[u8]| {
        base64ct::Base64::encode_string(&[before.as_bytes(), bytes, b"tail"].concat()).into_bytes()
    };
    let mut told = vec![
        format!("name: {}", word.to_uppercase()).into_bytes(),
        hex(word.as_bytes()).into_bytes(),
        hex(&bytes).into_bytes(),
        format!("{bytes:?}").into_bytes(),
        bytes.clone(),
        b"pay 7000000000000000001".to_vec(),
        7_000_000_000_000_000_001_i64.to_le_bytes().to_vec(),
    ];
    for before in ["", "x", "xy", "xyz"] {
        told.extend([encoded(before, &bytes), encoded(before, word.as_bytes())]);
    }
    for told in told {
        assert!(needles.found(&told).is_some(), "{}", String::from_utf8_lossy(&told));
    }
    assert_eq!(needles.found(b"nothing of it, nor 7000000000000000000"), None);
}
