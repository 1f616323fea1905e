use serde_json::{Value, json};

use super::*;
use crate::audit::block::{NewBlock, Place, leaf_of, open_block, seal_block_with};
use crate::audit::{Entry, EntryBuilder, Frontier, HeadBody, Nodes, Outcome};
use crate::crypto::{Key, role};
use crate::format::journal_entry::tag;
use crate::model::{Action, Actor, JournalEpochId, TenantId, Timestamp, VaultId};

const VAULT: VaultId = VaultId::from_bytes([1; 16]);
const EPOCH: JournalEpochId = JournalEpochId::from_bytes([2; 16]);

fn signing(byte: u8) -> Key<role::Signing> {
    Key::copied(&[byte; 32])
}

fn key() -> HeadKey {
    HeadKey::of(&signing(3), VAULT, EPOCH)
}

fn entry(number: u64) -> Entry {
    let mut entry = EntryBuilder::new(Timestamp::from_micros(1_795_348_134_000_042), Action::Read);
    entry.outcome(Outcome::Permitted, "", "sales").actor(&Actor::new(format!("sales-{number}")).with_role("sales"));
    entry.finish().unwrap()
}

/// A journal of 11 blocks with 3 entries each.
struct Journal {
    blocks: Vec<Vec<u8>>,
    heads: Vec<Head>,
}

fn journal_key() -> Key<role::Journal> {
    Key::copied(&[9; 32])
}

fn place(position: u64) -> Place {
    Place { vault: VAULT, epoch: EPOCH, position }
}

impl Journal {
    fn new() -> Self {
        let (mut blocks, mut heads, mut tree) = (Vec::new(), Vec::new(), Frontier::default());
        for position in 0..11 {
            let entries: Vec<Entry> = (0..3).map(|index| entry(position * 3 + index)).collect();
            let tenant = Some(TenantId::from_bytes([4; 16]));
            let sequence = position + 1;
            let new = NewBlock { place: place(position), tenant, sequence, commit_mac: [6; 32], entries: &entries };
            let random = [u8::try_from(position).unwrap(); _];
            let block = seal_block_with(&journal_key(), &new, &random).unwrap();
            tree.append(block.leaf);
            blocks.push(block.bytes);
            let (ledger_size, ledger_hash) = (0, [0; 32]);
            let (size, root, time) = (tree.size(), tree.root(), Timestamp::from_micros(1));
            let body = HeadBody { vault: VAULT, epoch: EPOCH, size, root, ledger_size, ledger_hash, time };
            heads.push(Head::sign(&signing(3), body));
        }
        Self { blocks, heads }
    }

    fn nodes(&self, want: impl FnOnce(&mut Nodes)) -> Nodes {
        let mut nodes = Nodes::default();
        want(&mut nodes);
        self.blocks.iter().for_each(|block| nodes.leaf(leaf_of(block).unwrap()));
        nodes
    }

    /// Heads of 4, 7 and 11 blocks; the second entry of block 2, and all of block 5.
    fn bundle(&self) -> String {
        let nodes = self.nodes(|nodes| {
            [(4, 7), (7, 11)].into_iter().for_each(|(old, new)| nodes.want_consistency(old, new));
            [2, 5].into_iter().for_each(|position| nodes.want_inclusion(position, 11));
        });
        let steps = [nodes.consistency(4, 7).unwrap(), nodes.consistency(7, 11).unwrap()];
        let older = [self.heads[3].clone(), self.heads[6].clone()];
        let mut writer = Writer::new(&key(), &older, self.heads[10].clone(), &steps).unwrap();
        for (position, indexes) in [(2, vec![1]), (5, vec![0, 1, 2])] {
            let bytes = &self.blocks[usize::try_from(position).unwrap()];
            let opened = open_block(bytes, &journal_key(), &place(position)).unwrap();
            let block = ShownBlock::of(bytes, nodes.inclusion(position, 11).unwrap()).unwrap();
            let shown: Vec<_> = indexes.into_iter().map(|index| Shown::of(&opened, index).unwrap()).collect();
            writer.block(&block, &shown).unwrap();
        }
        writer.finish(&key()).unwrap()
    }
}

/// The bundle with this change of it, written again.
fn changed(text: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut bundle: Value = serde_json::from_str(text).unwrap();
    change(&mut bundle);
    let text = serde_json::to_string(&bundle).unwrap();
    restored(&text)
}

/// `Value` sorts members; the readable forms keep their own order.
fn restored(text: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Numbered {
        position: u64,
        index: u32,
    }
    let mut bundle: Bundle = serde_json::from_str(text).unwrap();
    for entry in bundle.blocks.iter_mut().flat_map(|block| &mut block.entries) {
        let Ok(Numbered { position, index }) = serde_json::from_str(entry.event.get()) else { continue };
        let Ok(shown) = Entry::decode(&entry.bytes.0) else { continue };
        let tenant = Some(TenantId::from_bytes([4; 16]));
        let event = Event::shown(&key().name().into(), tenant, (position, index, 3), shown);
        if serde_json::from_str::<Value>(&event.to_json()).unwrap()
            == serde_json::from_str::<Value>(entry.event.get()).unwrap()
        {
            entry.event = serde_json::value::RawValue::from_string(event.to_json()).unwrap();
        }
    }
    serde_json::to_string(&bundle).unwrap()
}

#[test]
fn bundle_is_that_of_the_vectors() {
    assert_eq!(
        Journal::new().bundle(),
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/format/evidence.json")).unwrap()
    );
}

#[test]
fn page_names_every_item_that_an_entry_may_have() {
    let list = PAGE.split_once("The items are: ").unwrap().1.split_once("; later releases").unwrap().0;
    // What stands in brackets explains the item before.
    let (named, explained) = list.split('(').fold((String::new(), 0), |(all, count), part| {
        let after = part.split_once(')').map_or(part, |(_, after)| after);
        (all + after, count + usize::from(after.len() < part.len()))
    });
    assert_eq!(explained, 4);
    let named: Vec<u8> =
        named.split(',').map(|item| item.split_whitespace().next().unwrap().parse().unwrap()).collect();
    let known: Vec<u8> = (0..=u8::MAX).filter(|tag| *tag != 0 && tag::known(*tag)).collect();
    assert_eq!(named, known);
}

#[test]
fn bundle_gives_its_entries_and_heads_in_order() {
    let text = Journal::new().bundle();
    let evidence = check(&text, Some(&key())).unwrap();
    let actors: Vec<_> = evidence.events().iter().map(|event| event.actor().unwrap()).collect();
    assert_eq!(actors, ["sales-7", "sales-15", "sales-16", "sales-17"]);
    assert_eq!((evidence.events()[0].position(), evidence.events()[0].index(), evidence.events()[0].of()), (2, 1, 3));
    assert_eq!(evidence.events()[0].tenant(), Some(TenantId::from_bytes([4; 16])));
    assert_eq!(evidence.heads().iter().map(Head::size).collect::<Vec<_>>(), [4, 7, 11]);
    assert!(evidence.key_was_given() && *evidence.key() == key());
    assert!(!check(&text, None).unwrap().key_was_given());
    assert!(text.starts_with("{\n  \"page\": [\n    \"EVIDENCE"));
    // A file that was written anew without blanks says the same.
    assert!(check(&changed(&text, |_| ()), Some(&key())).is_ok());
}

#[test]
fn every_flipped_digit_of_a_bundle_is_refused() {
    let text = Journal::new().bundle();
    let start = text.find("\"form\"").unwrap();
    let mut tried = 0;
    // Those of a hash are like one another.
    for (at, byte) in text.bytes().enumerate().skip(start).filter(|(_, b)| b.is_ascii_alphanumeric()).step_by(3) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if byte == b'1' { b'2' } else { b'1' };
        let altered = String::from_utf8(bytes).unwrap();
        assert!(check(&altered, Some(&key())).is_err(), "{at}: {}", &text[at.saturating_sub(40)..at + 1]);
        tried += 1;
    }
    assert!(tried > 1000, "{tried}");
}

#[test]
fn cut_bundle_is_refused_at_every_length() {
    let text = Journal::new().bundle();
    for end in (0..text.trim_end().len()).filter(|end| text.is_char_boundary(*end)).step_by(7) {
        assert!(matches!(check(&text[..end], None), Err(EvidenceError::Malformed(_))), "{end}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let journal = Journal::new();
    let text = journal.bundle();
    let refused = |change: &dyn Fn(&mut Value)| check(&changed(&text, change), Some(&key())).unwrap_err();
    macro_rules! refused {
        ($pattern:pat, $change:expr) => {
            let error = refused(&$change);
            assert!(matches!(error, $pattern), "{error:?}");
        };
    }
    refused!(EvidenceError::Form { .. }, |b| b["form"] = json!("strongroom evidence 2"));
    refused!(EvidenceError::Page, |b| b["page"][8] = json!("Trust whoever gave you this."));
    refused!(EvidenceError::Key(_), |b| b["key"] = json!("nobody"));
    let other = HeadKey::of(&signing(5), VAULT, EPOCH);
    refused!(EvidenceError::OtherKey { .. }, |b| b["key"] = json!(other.to_string()));
    refused!(EvidenceError::Head { number: 2, .. }, |b| {
        b["heads"][1] = json!(b["heads"][1].as_str().unwrap().replace("\n7\n", "\n8\n"));
    });
    refused!(EvidenceError::Order { what: "consistency proofs" }, |b| {
        b["heads"].as_array_mut().unwrap().remove(0);
    });
    refused!(EvidenceError::Order { what: "heads" }, |b| {
        b["heads"] = json!([]);
        b["consistency"] = json!([]);
    });
    refused!(EvidenceError::Consistency { number: 3, .. }, |b| b["consistency"][1]["hashes"] = json!([]));
    refused!(EvidenceError::Consistency { number: 2, .. }, |b| {
        let old = b["heads"][0].take();
        b["heads"][0] = b["heads"][1].take();
        b["heads"][1] = old;
    });
    refused!(EvidenceError::Block { position: 2, .. }, |b| b["blocks"][0]["inclusion"][0] = json!("00".repeat(32)));
    refused!(EvidenceError::Block { position: 3, .. }, |b| b["blocks"][0]["position"] = json!(3));
    refused!(EvidenceError::Block { position: 2, .. }, |b| b["blocks"][0]["header"] = json!("00".repeat(81)));
    refused!(EvidenceError::Block { position: 2, .. }, |b| {
        b["blocks"][0]["entry_hashes"].as_array_mut().unwrap().pop();
    });
    refused!(EvidenceError::Order { what: "blocks" }, |b| b["blocks"].as_array_mut().unwrap().reverse());
    refused!(EvidenceError::Order { what: "entries" }, |b| b["blocks"][0]["entries"] = json!([]));
    refused!(EvidenceError::Order { what: "entries" }, |b| {
        b["blocks"][1]["entries"].as_array_mut().unwrap().swap(0, 1);
    });
    refused!(EvidenceError::Entry { position: 2, index: 2 }, |b| b["blocks"][0]["entries"][0]["index"] = json!(2));
    refused!(EvidenceError::Entry { position: 2, index: 1 }, |b| {
        let foreign = b["blocks"][1]["entries"][1].clone();
        b["blocks"][0]["entries"][0] = foreign;
    });
    refused!(EvidenceError::Reading { position: 2, index: 1 }, |b| {
        b["blocks"][0]["entries"][0]["event"]["actor"] = json!("somebody else");
    });
}

#[test]
fn member_that_is_unknown_or_given_twice_is_refused() {
    let text = Journal::new().bundle();
    for (from, to) in [
        ("\"form\":", "\"note\": \"all is well\",\n\"form\":"),
        ("\"form\":", "\"form\": \"strongroom evidence 1\",\n\"form\":"),
        ("\"salt\":", "\"said\": 1, \"salt\":"),
        ("\"old_size\":", "\"by\": 1, \"old_size\":"),
        ("\"actor\":", "\"actor\":\"somebody else\",\"actor\":"),
    ] {
        let altered = text.replacen(from, to, 1);
        assert_ne!(altered, text);
        assert!(check(&altered, None).is_err(), "{to}");
    }
    assert!(check(&text.replacen("\"header\": \"01", "\"header\": \"0 1", 1), None).is_err());
    let upper = text.replacen("\"sealed_sha256\": \"", "\"sealed_sha256\": \"A", 1);
    assert!(check(&upper, None).is_err());
}

#[test]
fn bundle_of_a_forger_holds_only_under_its_own_key() {
    let text = Journal::new().bundle();
    let forged = HeadKey::of(&signing(5), VAULT, EPOCH);
    let forged = changed(&text, |bundle| {
        let resigned = bundle["heads"].as_array().unwrap().iter().map(|head| {
            let head: Head = head.as_str().unwrap().parse().unwrap();
            json!(Head::sign(&signing(5), head.body().clone()).to_string())
        });
        bundle["heads"] = resigned.collect();
        bundle["key"] = json!(forged.to_string());
    });
    assert!(!check(&forged, None).unwrap().key_was_given());
    assert!(matches!(check(&forged, Some(&key())), Err(EvidenceError::OtherKey { .. })));
}

#[test]
fn hostile_texts_are_refused() {
    for text in ["", "{}", "[]", "null", "{\"page\":[]}", &"[".repeat(100_000), &"{\"page\":".repeat(100_000)] {
        assert!(matches!(check(text, None), Err(EvidenceError::Malformed(_))));
    }
    let blanks = " ".repeat(MAX_BUNDLE + 1);
    assert!(matches!(check(&blanks, None), Err(EvidenceError::TooLarge { limit: MAX_BUNDLE, .. })));
    let text = Journal::new().bundle();
    let many = changed(&text, |bundle| bundle["heads"] = json!(vec![bundle["heads"][0].clone(); MAX_HEADS + 1]));
    assert!(matches!(check(&many, None), Err(EvidenceError::TooLarge { limit: MAX_HEADS, .. })));
    let nested = text.replacen("\"event\": {", &format!("\"event\": {}{{", "[".repeat(100_000)), 1);
    assert!(check(&nested, None).is_err());
    for position in [u64::MAX, 1 << 63, (1 << 62) + 1] {
        let far = changed(&text, |bundle| bundle["blocks"][1]["position"] = json!(position));
        assert!(check(&far, Some(&key())).is_err());
    }
}

#[test]
fn entry_is_shown_alone_against_the_head_it_was_shown_for() {
    let journal = Journal::new();
    let nodes = journal.nodes(|nodes| nodes.want_inclusion(5, 7));
    let opened = open_block(&journal.blocks[5], &journal_key(), &place(5)).unwrap();
    let block = ShownBlock::of(&journal.blocks[5], nodes.inclusion(5, 7).unwrap()).unwrap();
    let entry = crate::audit::ShownEntry::new(block.clone(), Shown::of(&opened, 1).unwrap());
    let event = entry.verify(&journal.heads[6]).unwrap();
    assert_eq!((event.actor(), event.position(), event.index()), (Some("sales-16"), 5, 1));
    assert_eq!(entry.proof().verify(&entry.leaf_input(), &journal.heads[6].root()), Ok(()));
    assert!(matches!(entry.verify(&journal.heads[7]), Err(ProofError::OtherSize { proof: 7, head: 8 })));
    let mut body = journal.heads[6].body().clone();
    body.epoch = JournalEpochId::from_bytes([8; 16]);
    let restored = Head::sign(&signing(3), body);
    assert!(matches!(entry.verify(&restored), Err(ProofError::OtherJournal { .. })));
    let other = crate::audit::ShownEntry::new(block, Shown { index: 2, ..Shown::of(&opened, 1).unwrap() });
    assert_eq!(other.verify(&journal.heads[6]).err(), Some(ProofError::Refused));
    assert!(Shown::of(&opened, 3).is_none());
}
