mod format;

use serde::{Deserialize, Serialize};

use crate::audit::Verdict;
use crate::keys::KeyFile;
use crate::model::{Actor, Normaliser};
use crate::policy::Roles;
use crate::record::{Record, Schema};

use super::*;

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Customer {
    name: String,
    email: String,
    tier: Option<u8>,
}

impl Record for Customer {
    fn schema() -> Schema {
        Schema::new("customers").unique("email", Normaliser::Email).index("name", Normaliser::Text)
    }

    fn example() -> Self {
        Self { name: "Ann".into(), email: "ann@example.com".into(), tier: Some(1) }
    }
}

fn roles() -> Roles {
    Roles::new()
        .role("admin", |r| r.administer())
        .role("sales", |r| r.on("customers").create().read(["name", "email"]).update(["name"]).delete().own_only())
        .role("boss", |r| r.on("customers").create().read_all().update_all().delete())
}

#[test]
fn record_comes_back_after_reopening_and_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vault");
    let key = || KeyFile::open(dir.path().join("key")).unwrap();
    KeyFile::create(dir.path().join("key")).unwrap();
    let admin = Actor::new("root").role("admin");
    let vault = Vault::options(&path).master_key(key()).policy(roles()).create().unwrap();
    let acme = vault.create_tenant("acme", Escrow::Unescrowed, &admin).unwrap();
    acme.define::<Customer>(&admin).unwrap();
    let customers = acme.session(Actor::new("b").role("boss")).unwrap().collection::<Customer>().unwrap();
    let ann = Customer { name: "Ann Lee".into(), email: "Ann@Example.com".into(), tier: Some(3) };
    let id = customers.insert(&ann).unwrap();
    assert_eq!(customers.get(id).unwrap().value, ann);
    assert_eq!(customers.find_unique("email", " ann@example.COM").unwrap().unwrap().id, id);
    assert!(matches!(customers.insert(&ann), Err(crate::Error::Duplicate { field }) if field == "email"));
    let revision = customers.update(id, |c| c.name = "Ann Li".into()).unwrap();
    assert_eq!(revision.get(), 2);
    assert!(customers.find("name", "ann lee", None, 10).unwrap().items.is_empty());
    assert_eq!(customers.find("name", "ANN  li", None, 10).unwrap().items.len(), 1);
    let other = customers.insert(&Customer { email: "x@y.z".into(), ..ann.clone() }).unwrap();
    customers.delete(other).unwrap();
    assert!(matches!(customers.get(other), Err(crate::Error::Deleted)));
    assert_eq!(vault.verify(&admin).unwrap(), Verdict::Intact);
    vault.close().unwrap();
    assert!(matches!(customers.get(id), Err(crate::Error::Closed)));
    drop((vault, acme, customers));

    let vault = Vault::options(&path).master_key(key()).policy(roles()).open().unwrap();
    let acme = vault.tenant("acme").unwrap();
    let customers = acme.session(Actor::new("b").role("boss")).unwrap().collection::<Customer>().unwrap();
    assert_eq!(customers.get(id).unwrap().value.name, "Ann Li");
    assert_eq!(customers.list(None, 10).unwrap().items.len(), 1);
    let sales = acme.session(Actor::new("s").role("sales")).unwrap().collection::<Customer>().unwrap();
    assert!(matches!(sales.get(id), Err(crate::Error::Denied(_))));
    let own = sales.insert(&Customer { email: "own@y.z".into(), ..ann }).unwrap();
    let found = sales.get(own).unwrap();
    assert_eq!((found.value.tier, found.withheld), (None, vec!["tier".to_owned()]));
    assert_eq!(sales.list(None, 10).unwrap().items.len(), 1);
    assert!(matches!(sales.update(own, |c| c.tier = Some(9)), Err(crate::Error::Denied(_))));
    assert_eq!(vault.verify(&admin).unwrap(), Verdict::Intact);
}
