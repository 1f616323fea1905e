//! A vault, a customer, and what a colleague may see of them.

use serde::{Deserialize, Serialize};
use strongroom::policy::Roles;
use strongroom::{Actor, Error, KeyFile, Mask, Normalizer, Record, Schema, Vault};

#[derive(Serialize, Deserialize)]
struct Customer {
    name: String,
    email: String,
    phone: String,
    tier: Option<Tier>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Tier {
    Silver,
    Gold,
}

impl Record for Customer {
    fn schema() -> Schema {
        Schema::new("customers")
            .unique("email", Normalizer::Email)
            .field("phone", |f| f.sensitive().mask(Mask::KeepLast(3)))
    }

    fn example() -> Self {
        customer("Ada Example", "ada@example.com")
    }
}

fn customer(name: &str, email: &str) -> Customer {
    Customer { name: name.into(), email: email.into(), phone: "+61 491 570 156".into(), tier: Some(Tier::Silver) }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let home = tempfile::tempdir()?; // yours: a directory that stays, and the key file on another disk
    let policy = Roles::new() // whatever isn't said here is denied
        .role("admin", |r| r.administer())
        .role("sales", |r| r.on("customers").create().read(["name", "email", "tier"]).update(["tier"]).own_only());
    let vault = Vault::options(home.path().join("crm-data"))
        .master_key(KeyFile::create(home.path().join("master.key"))?)
        .policy(policy)
        .create()?;

    let admin = Actor::new("admin-1").with_role("admin");
    let acme = vault.session(admin.clone())?.create_tenant("acme")?;
    acme.session(admin.clone())?.define::<Customer>()?;

    let sales = acme.session(Actor::new("sales-7").with_role("sales"))?;
    let customers = sales.collection::<Customer>()?;
    let id = customers.insert(&customer("Grace Lee", "grace@example.com"))?; // durable when it returns
    customers.update(id, |c| c.tier = Some(Tier::Gold))?;

    let found = customers.find_unique("email", " Grace@Example.COM ")?.ok_or("not found")?;
    println!("sales-7 sees {} <{}>, tier {:?}", found.value.name, found.value.email, found.value.tier);
    println!("withheld from sales-7: {:?}, shown as {}", found.withheld, found.value.phone);

    match customers.update(id, |c| c.email = "new@example.com".into()) {
        Err(Error::Denied(denial)) => println!("sales-7 is told: {}", denial.for_user),
        other => println!("unexpected: {other:?}"),
    }
    println!("verify: {}", vault.session(admin.clone())?.verify()?);
    Ok(vault.close()?)
}
