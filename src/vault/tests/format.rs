//! The published vault, written by another implementation, read here; and a vault from here read by that one.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::Document;
use crate::format::vectors::{bytes, published};
use crate::keys::Home;
use crate::keys::KeyFile;
use crate::model::{RecordId, Timestamp, VaultId};
use crate::policy::danger::AllowAll;
use crate::policy::{DualControl, all_of};
use crate::store::{Batch as Changes, Store};
use crate::vault::tests::*;

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Tier {
    Silver,
    Gold,
    Other(String),
}

#[derive(Serialize, Deserialize)]
struct Person {
    name: String,
    phone: Option<String>,
    email: String,
    tier: Option<Tier>,
    #[serde(default)]
    visits: i64,
    #[serde(default)]
    notes: String,
}

impl Record for Person {
    fn schema() -> Schema {
        Schema::new("customers")
            .unique("email", Normalizer::Email)
            .index("name", Normalizer::Text)
            .field("phone", |f| f.was("telephone").sensitive())
            .field("tier", |f| f.internal())
            .field("visits", |f| f.internal().attribute())
            .index_owner()
    }

    fn example() -> Self {
        Self {
            name: "Ann".into(),
            phone: Some("1".into()),
            email: "a@x.y".into(),
            tier: Some(Tier::Silver),
            visits: 1,
            notes: "n".into(),
        }
    }
}

fn papers() -> Schema {
    Schema::open("papers").index("tag", Normalizer::Text).field("tag", |f| f.public())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the published vault's memory and its key file.
fn restored(vector: &serde_json::Value, dir: &Path) -> (Memory, KeyFile) {
    let memory = Memory::new();
    for (path, content) in vector["files"].as_object().unwrap() {
        let content = bytes(content);
        match path.as_str() {
            "vault" => *memory.inner.id.lock().unwrap() = Some(crate::format::marker::parse(&content).unwrap()),
            "head" => *memory.inner.head.lock().unwrap() = Some(String::from_utf8(content).unwrap()),
            "keys/anchor" => memory.inner.home.swap_anchor(None, &content).unwrap(),
            other => memory.inner.home.write_new(other.strip_prefix("keys/").unwrap(), &content).unwrap(),
        }
    }
    let mut changes = Changes::default();
    for pair in vector["store"].as_array().unwrap() {
        changes.put(bytes(&pair[0]), bytes(&pair[1]));
    }
    memory.inner.store.commit(&changes, &[]).unwrap();
    let path = dir.join("master.key");
    drop(KeyFile::create(&path).unwrap());
    std::fs::write(&path, vector["key_file"].as_str().unwrap()).unwrap();
    (memory, KeyFile::open(path).unwrap())
}

#[test]
fn published_vault_opens_verifies_and_holds_what_it_should() {
    let (dir, vector) = (tempfile::tempdir().unwrap(), published("vault"));
    let (memory, key) = restored(&vector, dir.path());
    let vault = Vault::in_memory(&memory).master_key(key).policy(AllowAll).open().unwrap();
    assert!(vault.health().notices.is_empty(), "{:?}", vault.health().notices);
    let anyone = Actor::new("anyone");
    assert_eq!(vault.session(anyone.clone()).unwrap().verify().unwrap(), Verdict::Intact);

    let policies = vector["contents"]["policies"].as_object().unwrap();
    let kept = vault.session(anyone.clone()).unwrap().past_policies().unwrap();
    assert_eq!((kept.len(), policies.len()), (1, 1));
    let told = &policies[&kept[0].version.to_string()];
    assert_eq!(
        (told[0].as_i64().unwrap(), told[1].as_str().unwrap()),
        (kept[0].since.as_micros(), kept[0].text.as_str())
    );

    let session = vault.tenant("acme").unwrap().session(anyone.clone()).unwrap();
    let people = session.collection::<Person>().unwrap();
    let step = |n: usize| RecordId::from_bytes(bytes(&vector["steps"][n]["record"]).try_into().unwrap());
    let first = people.get(step(0)).unwrap();
    assert_eq!((first.value.name.as_str(), first.value.phone, first.value.tier), ("Ann Lee", None, Some(Tier::Gold)));
    assert_eq!((first.value.visits, first.revision.get()), (0, 1));
    assert_eq!((first.meta.owner(), first.meta.labels()), (Some("sales-7"), &["vip".into(), "größer".into()][..]));
    let second = people.get(step(1)).unwrap();
    assert_eq!((second.value.visits, second.value.notes), (-1000, "Ein längerer Text. ".repeat(400)));
    assert_eq!(
        (second.value.phone.as_deref(), second.value.tier),
        (Some("0491 570 156"), Some(Tier::Other("x".into())))
    );
    assert_eq!((second.revision.get(), second.meta.owner()), (3, None));
    assert_eq!(second.meta.retain_until(), Some(Timestamp::from_micros(1_795_348_134_000_042 + 86_400_000_000)));

    assert_eq!(people.find_unique("email", "ANN@example.com").unwrap().unwrap().id, step(0));
    assert!(people.find_unique("email", "bob@example.com").unwrap().is_none());
    let named = people.find("name", "ann lee", None, 9).unwrap();
    assert_eq!(named.items.iter().map(|found| found.id).collect::<Vec<_>>(), [step(0), step(1)]);
    let gone = vector["contents"]["tenants"].as_object().unwrap().values().next().unwrap()["collections"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|collection| collection["rows"].as_object().unwrap())
        .find_map(|(id, row)| row["tombstone"].is_string().then(|| id.parse::<RecordId>().unwrap()))
        .unwrap();
    assert!(matches!(people.get(gone), Err(crate::Error::Deleted)));

    let papers_of = session.collection_named::<Document>("papers").unwrap();
    let paper = papers_of.get(step(2)).unwrap();
    assert_eq!((paper.meta.about().unwrap().1, paper.value.text("tag")), (step(0), Some("Order")));
    assert_eq!(paper.value.get("日付").and_then(crate::Value::as_int), Some(2026));
    assert_eq!(papers_of.find("tag", "order", None, 9).unwrap().items.len(), 1);

    // The vault is like any other: it can be written to, and defining the same again changes nothing.
    let acme = vault.tenant("acme").unwrap();
    let blocks = vault.health().journal_blocks;
    let frozen = acme.session(anyone.clone()).unwrap().frozen().unwrap().unwrap();
    assert_eq!((frozen.extent, frozen.by.as_str()), (crate::vault::Freeze::ReadOnly, "root"));
    assert!(acme.session(anyone.clone()).unwrap().because("incident 12 is over").unfreeze().unwrap());
    acme.session(anyone.clone()).unwrap().define::<Person>().unwrap();
    acme.session(anyone.clone()).unwrap().define_as::<Document>(papers()).unwrap();
    people.update(step(1), |person| person.email = "bob@example.com".into()).unwrap();
    assert!(vault.health().journal_blocks > blocks);
    assert_eq!(people.find_unique("email", "bob@example.com").unwrap().unwrap().id, step(1));
    assert_eq!(vault.session(anyone.clone()).unwrap().verify().unwrap(), Verdict::Intact);
}

struct At(i64);

impl crate::model::Clock for At {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0)
    }
}

#[test]
fn published_approvals_are_for_the_very_acts_that_they_bind() {
    let (dir, vector) = (tempfile::tempdir().unwrap(), published("vault"));
    let (memory, key) = restored(&vector, dir.path());
    let tenant = vector["contents"]["tenants"].as_object().unwrap().values().next().unwrap();
    let approval = |facts: &serde_json::Value| {
        let found = facts.as_object().unwrap().iter().find(|(_, fact)| fact["kind"] == "approval").unwrap();
        (found.0.parse::<RecordId>().unwrap(), found.1.clone())
    };
    let (id, fact) = approval(&tenant["facts"]);
    let policy = all_of(AllowAll).and(DualControl::new(2).for_acts([Action::Delete]));
    let options = Vault::in_memory(&memory).master_key(key).policy(policy);
    let vault = options.clock(At(fact["asked"].as_i64().unwrap() + 10)).open().unwrap();
    let acme = vault.tenant("acme").unwrap();
    acme.session(Actor::new("anyone")).unwrap().because("incident 12 is over").unfreeze().unwrap();
    let sales = acme.session(Actor::new("sales-7")).unwrap().under_approval(id);
    let record: RecordId = fact["record"].as_str().unwrap().parse().unwrap();
    let delete = |session: &Session| session.collection::<Person>().unwrap().delete(record);
    assert!(matches!(delete(&sales), Err(crate::Error::Denied(_))));
    delete(&sales.for_purpose("größere Pflege")).unwrap();

    let (id, fact) = approval(&vector["contents"]["facts"]);
    let session = vault.session(Actor::new("root")).unwrap().under_approval(id);
    let act = session.act(Action::ChangePolicy).told("policy", fact["about"][0][1].as_str().unwrap());
    act.told_elsewhere();
    assert_eq!(act.question().bound(id, None).unwrap()[..], bytes(&fact["bound"]));
    assert_eq!(vault.session(Actor::new("anyone")).unwrap().verify().unwrap(), Verdict::Intact);
}

/// Returns all that a vault in memory holds, in the form that `decode_row.py` takes.
fn dump(memory: &Memory, key_file: &str) -> serde_json::Value {
    let mut files = BTreeMap::new();
    let id: VaultId = memory.inner.id.lock().unwrap().unwrap();
    files.insert("vault".to_owned(), hex(crate::format::marker::text(id).as_bytes()));
    files.insert("head".to_owned(), hex(memory.inner.head.lock().unwrap().as_ref().unwrap().as_bytes()));
    let home = &memory.inner.home;
    files.insert("keys/anchor".to_owned(), hex(&home.read_anchor().unwrap().unwrap()));
    for name in home.list().unwrap() {
        files.insert(format!("keys/{name}"), hex(&home.read(&name, usize::MAX).unwrap().unwrap()));
    }
    let store = memory.inner.store.reopen().scan(&[], None, usize::MAX).unwrap();
    let store: Vec<_> = store.iter().map(|(key, value)| [hex(key), hex(value)]).collect();
    json!({ "key_file": key_file, "files": files, "store": store })
}

#[test]
fn vault_of_this_crate_is_read_by_the_other_implementation() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("master.key");
    let key = KeyFile::create(&path).unwrap();
    let memory = Memory::new();
    let vault = Vault::in_memory(&memory).master_key(key).policy(AllowAll).create().unwrap();
    let root = Actor::new("root");
    let mut expected = BTreeMap::new();
    for tenant in ["acme", "größer"] {
        let tenant = vault.session(root.clone()).unwrap().create_tenant(tenant).unwrap();
        tenant.session(root.clone()).unwrap().define::<Person>().unwrap();
        tenant.session(root.clone()).unwrap().define_as::<Document>(papers()).unwrap();
        let session = tenant.session(root.clone()).unwrap();
        let people = session.collection::<Person>().unwrap();
        let papers = session.collection_named::<Document>("papers").unwrap();
        let mut ids = Vec::new();
        for n in 0..40usize {
            let value = Person {
                name: format!("Person {}", n % 7),
                phone: (n % 2 == 0).then(|| "1".into()),
                email: format!("p{n}@example.com"),
                tier: Some(Tier::Gold),
                visits: i64::MAX >> n,
                notes: "é".repeat(n * n * 4),
            };
            ids.push(people.insert(&value).unwrap());
        }
        for id in &ids[..5] {
            people.delete(*id).unwrap();
        }
        for id in &ids[5..10] {
            people.update(*id, |person| person.name = "Another".into()).unwrap();
            papers.insert_with(&Document::new().with("tag", 1.5), NewMeta::new().about("customers", *id)).unwrap_err();
            papers.insert_with(&Document::new().with("tag", "x"), NewMeta::new().about("customers", *id)).unwrap();
        }
        for person in people.iter(10) {
            let person = person.unwrap();
            let fields = json!({
                "name": person.value.name, "phone": person.value.phone, "email": person.value.email, "tier": "Gold",
                "visits": person.value.visits, "notes": person.value.notes,
            });
            expected.insert(hex(person.id.as_bytes()), (person.revision.get(), fields));
        }
    }
    assert_eq!(vault.session(root.clone()).unwrap().verify().unwrap(), Verdict::Intact);
    vault.close().unwrap();

    let file = dir.path().join("vault.json");
    std::fs::write(&file, dump(&memory, &std::fs::read_to_string(path).unwrap()).to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format/decode_row.py");
    let output = Command::new("python3").arg("-B").arg(script).arg("--print").arg(file).output();
    let output = output.expect("python3 is missing: install it (`apt-get install python3`) to run this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let contents: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found = BTreeMap::new();
    let (mut tombstones, mut papers) = (0, 0);
    for tenant in contents["tenants"].as_object().unwrap().values() {
        for collection in tenant["collections"].as_object().unwrap().values() {
            for (id, row) in collection["rows"].as_object().unwrap() {
                match (row["tombstone"].is_string(), collection["name"].as_str().unwrap()) {
                    (true, _) => tombstones += 1,
                    (_, "papers") => papers += 1,
                    _ => drop(found.insert(id.clone(), (row["revision"].as_u64().unwrap(), row["fields"].clone()))),
                }
            }
        }
    }
    assert_eq!((tombstones, papers, found.len()), (10, 10, 70));
    assert_eq!(found, expected);
}
