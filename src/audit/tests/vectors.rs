//! The code against the vectors `journal`, which another implementation computed.

use serde_json::Value;

use crate::audit::block::{entry_hash, seal_block_with};
use crate::audit::*;
use crate::crypto::{Key, MacKey, role};
use crate::format::block::split;
use crate::model::{Action, Actor, CollectionId, JournalEpochId, Pseudonym, Revision, TenantId, Timestamp, VaultId};

struct Vectors(Value);

impl Vectors {
    fn load() -> Self {
        Self(crate::format::vectors::published("journal"))
    }

    fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}"))
    }

    fn bytes(&self, pointer: &str) -> Vec<u8> {
        unhex(self.at(pointer))
    }

    fn array<const N: usize>(&self, pointer: &str) -> [u8; N] {
        self.bytes(pointer).try_into().unwrap()
    }

    fn text(&self, pointer: &str) -> &str {
        self.at(pointer).as_str().unwrap()
    }

    fn number(&self, pointer: &str) -> u64 {
        self.at(pointer).as_u64().unwrap()
    }

    fn list(&self, pointer: &str) -> Vec<[u8; 32]> {
        self.at(pointer).as_array().unwrap().iter().map(|hash| unhex(hash).try_into().unwrap()).collect()
    }

    fn vault(&self) -> VaultId {
        VaultId::from_bytes(self.array("/vault"))
    }

    fn epoch(&self) -> JournalEpochId {
        JournalEpochId::from_bytes(self.array("/epoch"))
    }

    fn frontier(&self) -> Frontier {
        Frontier::from_parts(7, self.list("/tree/frontier")).unwrap()
    }

    fn entries(&self) -> [Entry; 2] {
        [0, 1].map(|n| Entry::decode(&self.bytes(&format!("/entries/{n}/bytes"))).unwrap())
    }
}

fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap().as_bytes();
    text.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn alert_is_that_of_the_vectors() {
    let vectors = Vectors::load();
    let evidence: Vec<(u64, u32)> = serde_json::from_value(vectors.at("/alert/evidence").clone()).unwrap();
    let time = Timestamp::from_micros(vectors.number("/alert/time").try_into().unwrap());
    let mut alert = EntryBuilder::named(time, vectors.text("/alert/action"));
    alert
        .outcome(Outcome::Permitted, vectors.text("/alert/code"), vectors.text("/alert/rule"))
        .party(crate::model::Grantee::Actor(vectors.text("/alert/party").strip_prefix("actor:").unwrap()))
        .evidence(&evidence);
    let bytes = vectors.bytes("/alert/bytes");
    assert_eq!(alert.finish().unwrap().as_bytes(), bytes);
    assert_eq!(Entry::decode(&bytes).unwrap().evidence().collect::<Vec<_>>(), evidence);
}

#[test]
fn entries_are_those_of_the_vectors() {
    let vectors = Vectors::load();
    let time = Timestamp::from_micros(1_795_348_134_000_042);
    let mut update = EntryBuilder::new(time, Action::Update);
    let subject = Subject {
        pseudonym: Pseudonym::from_bytes(vectors.array("/entries/0/fields/subjects/0/pseudonym")),
        number: 2,
        revision: Revision::new(5),
    };
    update
        .outcome(Outcome::Permitted, "", "sales")
        .actor(&Actor::new("sales-7").with_role("sales").with_session("log-in 9").with_device("laptop-12"))
        .purpose("support")
        .reason(vectors.text("/entries/0/fields/reason"))
        .policy(&vectors.array("/entries/0/fields/policy"))
        .collection(CollectionId::from_bytes(vectors.array("/entries/0/fields/collection")))
        .subjects(&[subject])
        .fields_read(["email", "name"].into_iter())
        .fields_changed(["tier"].into_iter())
        .withheld(3)
        .rows(1)
        .revision_before(Revision::new(4))
        .revision_after(Revision::new(5));
    let [first, second] = vectors.entries();
    assert_eq!(update.finish().unwrap().as_bytes(), first.as_bytes());

    let event = events(&"j".into(), None, 0, vec![second]).remove(0);
    assert_eq!((event.action(), event.outcome(), event.code()), ("create_tenant", Outcome::Denied, "no_rule"));
    assert_eq!(event.about(), Some(TenantId::from_bytes(vectors.array("/tenant"))));
    let json: Value = serde_json::from_str(&event.to_json()).unwrap();
    assert_eq!(json["unknown"], *vectors.at("/entries/1/fields/unknown"));
}

#[test]
fn digests_and_commit_mac_are_those_of_the_vectors() {
    let vectors = Vectors::load();
    let key = MacKey::new(&Key::<role::Digest>::copied(&vectors.array("/digest/digest_key")));
    let (mut first, mut second) = (RowSetDigest::default(), RowSetDigest::default());
    for row in 0..3 {
        let part = |name| vectors.bytes(&format!("/digest/rows/{row}/{name}"));
        let term = term(&key, &part("key"), &[&part("value")]);
        assert_eq!(term.to_vec(), part("term"));
        first.add(&term);
        if row == 0 {
            second.add(&term);
        }
    }
    assert_eq!(first.to_bytes(), vectors.array("/digest/of_all"));
    assert_eq!(second.to_bytes(), vectors.array("/digest/of_the_first"));
    let key = MacKey::new(&Key::<role::Commit>::copied(&vectors.array("/digest/commit_key")));
    let mac = commit_mac(&key, vectors.number("/digest/position"), &first, &second, &vectors.bytes("/digest/state"));
    assert_eq!(mac, vectors.array("/digest/commit_mac"));
}

#[test]
fn block_is_that_of_the_vectors() {
    let vectors = Vectors::load();
    let key = Key::<role::Journal>::copied(&vectors.array("/block/journal_key"));
    let place = Place { vault: vectors.vault(), epoch: vectors.epoch(), position: vectors.number("/block/position") };
    let entries = vectors.entries();
    let new = NewBlock {
        place,
        tenant: Some(TenantId::from_bytes(vectors.array("/tenant"))),
        sequence: vectors.number("/block/sequence"),
        commit_mac: vectors.array("/digest/commit_mac"),
        entries: &entries,
    };
    let random = [vectors.bytes("/block/seed"), vectors.bytes("/block/salt")].concat().try_into().unwrap();
    let sealed = seal_block_with(&key, &new, &random).unwrap();
    assert_eq!(sealed.bytes, vectors.bytes("/block/bytes"));
    assert_eq!(sealed.leaf, vectors.array("/block/leaf"));
    assert_eq!(open_block(&sealed.bytes, &key, &place).unwrap().entries, entries);
    for (salt, (entry, hash)) in
        vectors.list("/block/entry_salts").iter().zip(entries.iter().zip(split(&sealed.bytes).unwrap().hashes))
    {
        assert_eq!(entry_hash(salt, entry.as_bytes()), *hash);
    }
}

#[test]
fn tree_is_that_of_the_vectors() {
    let vectors = Vectors::load();
    let mut tree = Frontier::default();
    let roots = vectors.list("/tree/roots");
    assert_eq!(tree.root(), roots[0]);
    for (leaf, root) in vectors.list("/tree/leaves").into_iter().zip(&roots[1..]) {
        tree.append(leaf);
        assert_eq!(tree.root(), *root);
    }
    assert_eq!(tree, vectors.frontier());
}

#[test]
fn head_key_and_head_file_are_those_of_the_vectors() {
    let vectors = Vectors::load();
    let signing = Key::<role::Signing>::copied(&vectors.array("/head/signing_key"));
    let body = HeadBody {
        vault: vectors.vault(),
        epoch: vectors.epoch(),
        size: 7,
        root: vectors.frontier().root(),
        ledger_size: vectors.number("/head/ledger_size"),
        ledger_hash: vectors.array("/head/ledger_hash"),
        time: Timestamp::from_micros(vectors.at("/head/time").as_i64().unwrap()),
    };
    let head = Head::sign(&signing, body);
    assert_eq!(head.to_string(), vectors.text("/head/text"));
    let key: HeadKey = vectors.text("/head/key").parse().unwrap();
    assert_eq!(key, HeadKey::of(&signing, vectors.vault(), vectors.epoch()));
    assert_eq!(Head::parse(vectors.text("/head/text")).unwrap().verify(&key), Ok(()));
    assert_eq!(encode_head_file(&head, &vectors.frontier()).unwrap(), vectors.text("/head/file"));
}

#[test]
fn where_a_journal_begins_is_as_in_the_vectors() {
    let vectors = Vectors::load();
    let key = Key::<role::VaultState>::copied(&vectors.array("/state/key"));
    let of = BaseOf { vault: vectors.vault(), epoch: vectors.epoch(), key: &key };
    let base = of.open(&vectors.bytes("/base/bytes")).unwrap();
    let mut tree = Frontier::default();
    let leaves: Vec<[u8; 32]> = (0..128u8).map(|n| crate::crypto::sha256(&[&[n]])).collect();
    leaves.iter().for_each(|leaf| tree.append(*leaf));
    assert_eq!((base.first(), base.frontier), (128, tree));
    assert_eq!(crate::crypto::sha256(&[leaves.as_flattened()]), vectors.array("/base/leaves_value_hash"));
    assert_eq!(crate::format::place::leaves(0), vectors.bytes("/base/leaves_key"));
    let commit = MacKey::new(&Key::<role::Commit>::copied(&vectors.array("/digest/commit_key")));
    let mut tips = RowSetDigest::default();
    for n in 0..2 {
        let part = |name: &str| vectors.bytes(&format!("/base/tips/{n}/{name}"));
        let (id, number) = (part("tenant"), |name: &str| vectors.number(&format!("/base/tips/{n}/{name}")));
        let tenant = (id != [0; 16]).then(|| TenantId::from_bytes(id.try_into().unwrap()));
        let commit_mac = part("commit_mac").try_into().unwrap();
        let tip = Tip { position: number("position"), sequence: number("sequence"), commit_mac };
        assert_eq!(of.open_tip(tenant, &part("value")).unwrap(), tip);
        assert_eq!(crate::format::place::journal_tip(tenant), part("key"));
        assert_eq!(crate::format::place::tenant_of_tip_key(&part("key")), Some(tenant));
        tips.add(&term(&commit, &part("key"), &[&part("value")]));
    }
    assert_eq!((base.tips, tips.to_bytes()), (tips, vectors.array("/base/digest")));
}

#[test]
fn journal_state_is_that_of_the_vectors() {
    let vectors = Vectors::load();
    let key = Key::<role::VaultState>::copied(&vectors.array("/state/key"));
    let state = JournalState::open(&vectors.bytes("/state/bytes"), &key, vectors.vault()).unwrap();
    assert_eq!((state.epoch, state.sequence), (vectors.epoch(), 7));
    assert_eq!(state.frontier, vectors.frontier());
    assert_eq!((state.ledger_size, state.ledger_hash), (2, vectors.array("/head/ledger_hash")));
    assert_eq!(state.time, Timestamp::from_micros(1_795_348_134_000_042));
}

#[test]
fn sink_cursor_is_that_of_the_vectors() {
    let vectors = Vectors::load();
    let key = Key::<role::VaultState>::copied(&vectors.array("/cursor/key"));
    let sink = crate::crypto::sha256(&[vectors.text("/cursor/sink").as_bytes()]);
    assert_eq!(crate::format::place::cursor(&sink), vectors.bytes("/cursor/at"));
    let place = (vectors.vault(), vectors.epoch());
    let next = open_cursor(&key, place, &sink, &vectors.bytes("/cursor/bytes")).unwrap();
    assert_eq!(next, vectors.number("/cursor/next"));
}
