//! The vectors `keys` against the code, both ways: the code makes these bytes, and opens them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::master::key_file_text;
use super::super::seals::{self, Entry};
use super::super::tenant::{Changing, LongKeys};
use super::super::tree::Tree;
use super::*;
use crate::crypto::{Context, Domain, Label, Role, SALT, WRAPPED, seal_with_salt, sha256, unwrap_into, wrap_with_salt};
use crate::format::Anchor;
use crate::format::master::encode_by_key_file;
use crate::model::JournalEpochId;

const GENERATION: u64 = 0x0102_0304;
const HERE: &[u8] = b"a part of the context";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Returns a key of the vectors: SHA-256 of a name.
fn key<R: Role>(name: &str) -> Key<R> {
    Key::copied(&sha256(&[b"strongroom test key: ", name.as_bytes()]))
}

fn salt(byte: u8) -> [u8; SALT] {
    [byte; SALT]
}

fn context() -> Context {
    Context::new(Domain::Body).bytes(HERE).u64(GENERATION)
}

fn vault_keys() -> VaultKeys {
    VaultKeys {
        journal: key("vault journal"),
        commit: key("vault commit"),
        state: key("vault state"),
        signing: key("vault signing"),
        ledger: key("vault ledger"),
        names: key("vault names"),
        epoch: JournalEpochId::from_bytes([0xee; 16]),
    }
}

fn long_keys() -> LongKeys {
    LongKeys {
        index: key("index"),
        links: key("links"),
        state: key("state"),
        names: key("names"),
        schema: key("schema"),
        digest: key("digest"),
        sum: key("sum"),
        journal: key("journal"),
        commit: key("commit"),
    }
}

fn tree(epoch: u32) -> Tree {
    Tree::new(Epoch(epoch), key(&format!("root of epoch {epoch}")))
}

/// Returns two epochs, with one slot erased in both.
fn changing() -> Changing {
    let epochs = [0, 3].map(|n| (n, Arc::new(tree(n).punctured(&[Slot(5)]).unwrap().unwrap())));
    Changing {
        generation: GENERATION,
        kek: Arc::new(key("tenant kek")),
        ceiling: CEILING_BLOCK,
        epochs: BTreeMap::from(epochs),
    }
}

fn key_file_wrap() -> Vec<u8> {
    let context = WrapContext::keyring(VAULT, GENERATION);
    let wrap = wrap_with_salt(
        &key::<role::Master>("master"),
        Label::MasterWrap,
        context.context(),
        key::<role::Anchor>("kek").expose(),
        &salt(0x11),
    );
    encode_by_key_file(&wrap.unwrap())
}

fn construction_vectors() -> Value {
    let wrapped =
        wrap_with_salt(&key::<role::Slot>("slot"), Label::DataKey, &context(), &[0x5a; 32], &salt(0x22)).unwrap();
    let sealed =
        seal_with_salt(&key::<role::State>("state"), Label::TenantState, &context(), b"plaintext", &salt(0x33))
            .unwrap();
    json!({
        "context": { "domain": "body", "suite": 1, "parts": [hex(HERE), hex(&GENERATION.to_be_bytes())], "bytes": hex(context().as_bytes()) },
        "wrap": {
            "key": hex(key::<role::Slot>("slot").expose()), "label": "strongroom/v1/data-key", "context": hex(context().as_bytes()),
            "secret": hex(&[0x5a; 32]), "salt": hex(&salt(0x22)), "wrapped": hex(&wrapped),
        },
        "seal": {
            "key": hex(key::<role::State>("state").expose()), "label": "strongroom/v1/tenant-state", "context": hex(context().as_bytes()),
            "plaintext": hex(b"plaintext"), "salt": hex(&salt(0x33)), "sealed": hex(&sealed),
        },
    })
}

fn tree_vectors() -> Value {
    let one = |epoch: u32, gone: &[u32]| {
        let root: Key<role::Node> = Key::copied(&std::array::from_fn(|i| u8::try_from(i).unwrap()));
        let whole = Tree::<16>::new(Epoch(epoch), root);
        let slots: Vec<Slot> = gone.iter().copied().map(Slot).collect();
        let punctured = whole.punctured(&slots).unwrap().unwrap();
        let mut bytes = Vec::new();
        punctured.state().encode(&mut bytes).unwrap();
        let leaf = |slot: u32| hex(whole.slot_key(Slot(slot), &cache::NodeCache::new()).unwrap().expose());
        let leaves: Vec<Value> = [0, 1, 0xdead_beef, u32::MAX].map(|s| json!({ "slot": s, "key": leaf(s) })).into();
        let keys: Vec<u8> = punctured.state().nodes.iter().flat_map(|n| *n.key).collect();
        json!({
            "epoch": epoch, "leaves": leaves, "erased": gone, "kept": punctured.state().nodes.len(),
            "sha256_of_kept_keys": hex(&sha256(&[&keys])), "header": hex(&bytes[..bytes.len() - keys.len()]),
            "sha256_of_state": hex(&sha256(&[&bytes])),
        })
    };
    json!({
        "root": hex(&std::array::from_fn::<u8, 32, _>(|i| u8::try_from(i).unwrap())),
        "trees": [one(0, &[0xdead_beef]), one(1, &[0xdead_beef]), one(7, &[0xdead_beef]), one(7, &[4, 5, 6, 7, 9, u32::MAX])],
    })
}

fn file_vectors() -> Value {
    let master = KeyFile::from_key(key("master")).unwrap();
    let id = master.id();
    let anchor = Anchor { vault: VAULT, generation: GENERATION, master_id: &id, wrapped: &key_file_wrap() };
    let entry = Entry { tenant: tenant(1), generation: GENERATION, kek: Arc::new(key("tenant kek")) };
    let table = seals::table(VAULT, GENERATION, &key("kek"), &vault_keys(), &[entry], &salt(0x44)).unwrap();
    let file = seals::tenant_file(VAULT, tenant(1), &long_keys(), &changing(), &salt(0x55)).unwrap();
    let names = ["vault journal", "vault commit", "vault state", "vault signing", "vault ledger", "vault names"];
    let vault: Vec<String> = names.map(|n| hex(key::<role::Node>(n).expose())).into();
    let names = ["index", "links", "state", "names", "schema", "digest", "sum", "journal", "commit"];
    let long: Vec<String> = names.map(|n| hex(key::<role::Node>(n).expose())).into();
    let epochs: Vec<Value> = [0, 3]
        .map(|n| {
            json!({
                "number": n, "root": hex(key::<role::Node>(&format!("root of epoch {n}")).expose()),
                "slot_4": hex(tree(n).slot_key(Slot(4), &cache::NodeCache::new()).unwrap().expose()),
            })
        })
        .into();
    json!({
        "vault": hex(VAULT.as_bytes()), "tenant": hex(tenant(1).as_bytes()), "generation": GENERATION,
        "key_file": {
            "key": hex(key::<role::Master>("master").expose()), "id": id,
            "text": std::str::from_utf8(&key_file_text(&key("master")).unwrap()).unwrap(),
        },
        "anchor": {
            "kek": hex(key::<role::Anchor>("kek").expose()), "context": hex(WrapContext::keyring(VAULT, GENERATION).as_bytes()),
            "bytes": hex(&anchor.encode().unwrap()),
        },
        "table": { "keys": vault, "journal_epoch": hex(&[0xee; 16]), "tenant_kek": hex(key::<role::TenantFile>("tenant kek").expose()), "file": hex(&table) },
        "tenant_file": {
            "keys": long, "ceiling": CEILING_BLOCK, "erased": [5],
            "epochs": epochs,
            "file": hex(&file),
        },
    })
}

#[cfg(feature = "passphrase")]
const PASSPHRASE: &str = "caf\u{e9} orbit lantern mosaic";

#[cfg(feature = "passphrase")]
fn passphrase_vectors() -> Value {
    use crate::format::master::{ByPassphrase, StretchCost};
    let cost = StretchCost::new(19 * 1024, 2, 1).unwrap();
    let stretched: Key<role::Master> =
        crate::crypto::stretch::stretch(PASSPHRASE.as_bytes(), &[0x66; 16], 19 * 1024, 2, 1).unwrap();
    let context = WrapContext::keyring(VAULT, GENERATION);
    let kek: Key<role::Anchor> = key("kek");
    let wrap = wrap_with_salt(&stretched, Label::MasterWrap, context.context(), kek.expose(), &salt(0x77)).unwrap();
    let wrapped = ByPassphrase { cost, salt: &[0x66; 16], wrap: &wrap }.encode();
    json!({ "passphrase": PASSPHRASE, "stretched": hex(stretched.expose()), "kek": hex(kek.expose()), "wrapped": hex(&wrapped) })
}

fn published() -> Value {
    crate::format::vectors::published("keys")
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap().as_bytes();
    text.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn published_vectors_are_what_the_code_makes() {
    let mut made = json!({
        "constructions": construction_vectors(), "tree": tree_vectors(), "files": file_vectors(),
    });
    #[cfg(feature = "passphrase")]
    let passphrase = passphrase_vectors();
    #[cfg(not(feature = "passphrase"))]
    let passphrase = published()["passphrase"].clone();
    made["passphrase"] = passphrase;
    let text = serde_json::to_string_pretty(&made).unwrap();
    assert_eq!(published(), made, "`keys` in format/vectors.json should be\n{text}\n");
}

#[test]
fn published_files_open_from_the_key_file_down_to_a_slot() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("master.key");
    drop(KeyFile::create(&path).unwrap());
    let files = &published()["files"];
    std::fs::write(&path, files["key_file"]["text"].as_str().unwrap()).unwrap();
    let master = KeyFile::open(&path).unwrap();
    let (generation, kek) = seals::open_anchor(&bytes(&files["anchor"]["bytes"]), VAULT, &master).unwrap();
    let (keys, entries) = seals::open_table(&bytes(&files["table"]["file"]), VAULT, generation, &kek).unwrap();
    assert_eq!(keys.names.expose()[..], bytes(&files["table"]["keys"][5]));
    let tenant = seals::open_tenant_file(&bytes(&files["tenant_file"]["file"]), VAULT, &entries[0]).unwrap();
    assert_eq!(tenant.commit().expose()[..], bytes(&files["tenant_file"]["keys"][8]));
    for (i, epoch) in [0, 3].into_iter().enumerate() {
        let found = tenant.slot_key(Epoch(epoch), Slot(4)).unwrap();
        assert_eq!(found.expose()[..], bytes(&files["tenant_file"]["epochs"][i]["slot_4"]));
        assert!(matches!(tenant.slot_key(Epoch(epoch), Slot(5)), Err(KeyError::Erased)));
    }
}

#[test]
fn published_wrap_unwraps() {
    let wrap = &published()["constructions"]["wrap"];
    let wrapped: [u8; WRAPPED] = bytes(&wrap["wrapped"]).try_into().unwrap();
    let mut secret = [0; 32];
    unwrap_into(&key::<role::Slot>("slot"), Label::DataKey, &context(), &wrapped, &mut secret).unwrap();
    assert_eq!(secret[..], bytes(&wrap["secret"]));
}

#[cfg(feature = "passphrase")]
#[test]
fn published_passphrase_opens_its_wrap() {
    let published = &published()["passphrase"];
    let mut kek = [0; 32];
    let context = WrapContext::keyring(VAULT, GENERATION);
    Passphrase::new(PASSPHRASE).unwrap(&bytes(&published["wrapped"]), &context, &mut kek).unwrap();
    assert_eq!(kek[..], bytes(&published["kek"]));
}
