//! The same customers before a salesperson, their manager, support, marketing, data protection and an auditor, under the policy file
//! that comes with the library; a refusal explained; an approval by two people; and an emergency, with its review.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strongroom::model::Action;
use strongroom::policy::PolicyFile;
use strongroom::{
    Actor, Collection, Error, KeyFile, Mask, NewMeta, Normalizer, Record, RecordId, Schema, Session, Tenant, Vault,
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Serialize, Deserialize)]
struct Customer {
    name: String,
    email: String,
    phone: String,
    address: Option<String>,
    city: String,
    tier: Option<String>,
    notes: Option<String>,
}

impl Record for Customer {
    fn schema() -> Schema {
        Schema::new("customers")
            .unique("email", Normalizer::Email)
            .field("name", |f| f.mask(Mask::name()))
            .field("email", |f| f.mask(Mask::email()))
            .field("phone", |f| f.sensitive().mask(Mask::phone()))
            // "My customers" are found, however many there are.
            .index_owner()
    }

    fn example() -> Self {
        customer("Ann Lee", "ann@example.com", "+61 412 345 678", "Perth")
    }
}

fn customer(name: &str, email: &str, phone: &str, city: &str) -> Customer {
    Customer {
        name: name.into(),
        email: email.into(),
        phone: phone.into(),
        address: Some(format!("1 High Street, {city}")),
        city: city.into(),
        tier: Some("gold".into()),
        notes: Some("prefers to be called after six".into()),
    }
}

/// The people of this office. The host logs them in and says who they are; here that is made up.
struct People {
    seller: Session,
    manager: Session,
    second_manager: Session,
    support: Session,
    marketing: Session,
    officer: Session,
    auditor: Session,
}

impl People {
    fn new(acme: &Tenant) -> Outcome<Self> {
        let of = |id: &str, role: &str| acme.session(Actor::new(id).with_role(role));
        Ok(Self {
            seller: of("sales-7", "sales")?.for_purpose("sales"),
            manager: of("boss-1", "sales_manager")?.for_purpose("sales"),
            second_manager: of("boss-2", "sales_manager")?.for_purpose("sales"),
            support: of("support-3", "support")?.for_purpose("support"),
            marketing: of("marketing-2", "marketing")?.for_purpose("marketing"),
            officer: of("officer-1", "protection")?.for_purpose("data protection").because("request 4711"),
            auditor: of("auditor-1", "auditor")?,
        })
    }
}

fn main() -> Outcome<()> {
    let home = tempfile::tempdir()?;
    // What an administrator would change in their copy of the file: who reports to whom, and how many have to approve.
    let text = PolicyFile::CRM
        .replace("# \"sales-7\" = \"boss-1\"", "\"sales-7\" = \"boss-1\"")
        .replace("approvals = 1", "approvals = 2");
    let vault = Vault::options(home.path().join("crm-data"))
        .master_key(KeyFile::create(home.path().join("master.key"))?)
        .policy(PolicyFile::parse(&text)?)
        .create()?;
    let administrator = Actor::new("admin-1").with_role("administrator");
    let acme = vault.session(administrator.clone())?.create_tenant("acme")?;
    acme.session(administrator.clone())?.define::<Customer>()?;

    let people = People::new(&acme)?;
    let own = customers(&people.seller)?;
    let consented = NewMeta::new().label("marketing consent");
    let grace = own.insert_with(&customer("Grace Lee", "grace@example.com", "+61 412 111 222", "Perth"), consented)?;
    let others = customers(&acme.session(Actor::new("sales-8").with_role("sales"))?.for_purpose("sales"))?;
    let wei = others.insert(&customer("Wei Zhang", "wei@example.com", "+61 412 333 444", "Hobart"))?;

    side_by_side(&people)?;
    explained(&acme, &people, wei)?;
    approved(&people, grace)?;
    emergency(&people, grace)?;
    println!("\n{}", vault.session(Actor::new("auditor-1").with_role("auditor"))?.verify()?);
    Ok(vault.close()?)
}

fn customers(session: &Session) -> strongroom::Result<Collection<Customer>> {
    session.collection()
}

/// Shows what each of them sees of the same customers.
fn side_by_side(people: &People) -> Outcome<()> {
    println!("Who sees what of the customers Grace (of sales-7, who reports to boss-1) and Wei (of sales-8):\n");
    for (who, session) in [
        ("salesperson", &people.seller),
        ("manager", &people.manager),
        ("support", &people.support),
        ("marketing", &people.marketing),
        ("protection", &people.officer),
        ("auditor", &people.auditor),
    ] {
        let page = match customers(session)?.list(None, 10) {
            Ok(page) => page,
            Err(error) => {
                println!("{who:12} {}", reason(&error));
                continue;
            }
        };
        for found in page {
            let Customer { name, email, phone, city, address, tier, notes } = &found.value;
            let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            println!("{who:12} {name:10} {email:18} {phone:16} {city:7} {:24} {}", or_none(address), or_none(tier));
            println!("{:12} notes: {}; withheld: {}", "", or_none(notes), list(&found.withheld));
        }
    }
    Ok(())
}

/// Shows that the actor is told little, and that an administrator can ask for all of it.
fn explained(acme: &Tenant, people: &People, of_another: RecordId) -> Outcome<()> {
    println!("\nsales-7 opens Wei: {}", told(customers(&people.seller)?.get(of_another)));
    let (seller, auditor) = (people.seller.actor(), people.auditor.actor());
    let inquiry = acme.session(auditor.clone())?.inquire().if_purpose("sales");
    let why = inquiry.explain(seller, Action::Read, "customers", Some(of_another), &[])?;
    println!("The auditor, who may review access, is told why:\n{why}");
    Ok(())
}

/// Gives a customer away, which is done only if two managers approve.
fn approved(people: &People, id: RecordId) -> Outcome<()> {
    let own = customers(&people.seller)?;
    println!("sales-7 gives Grace to sales-8: {}", told(own.transfer(id, Some("sales-8"))));
    let hour = Duration::from_secs(3_600);
    let asking = people.seller.because("she moves to Hobart");
    let request = asking.ask_approval(hour, |session| customers(session)?.transfer(id, Some("sales-8")))?;
    let approved = customers(&people.seller.under_approval(request))?;
    for manager in [&people.manager, &people.second_manager] {
        let asked = &manager.approvals(None, 1)?[0];
        println!("{} is asked by {}: \"{}\", {:?}", manager.actor().id(), asked.actor, asked.reason, asked.about);
        manager.answer(request, true)?;
        println!("  and approves. Now it is: {}", told(approved.transfer(id, Some("sales-8"))));
    }
    println!("Used up, it does nothing any more: {}", told(approved.transfer(id, Some("sales-7"))));
    Ok(())
}

/// Takes emergency access as support; data protection reviews it.
fn emergency(people: &People, id: RecordId) -> Outcome<()> {
    let calls = customers(&people.support)?;
    println!("\nsupport-3 sees Grace's address: {:?}", calls.get(id)?.value.address);
    println!(
        "without a reason, an emergency is none: {}",
        told(people.support.because(" ").break_glass(Duration::from_secs(900)))
    );
    let night = people.support.because("ambulance on the line");
    night.break_glass(Duration::from_secs(900))?;
    println!("in an emergency: {:?}", calls.get(id)?.value.address);
    people.support.end_emergency()?;
    println!("after it: {:?}", calls.get(id)?.value.address);
    println!("another before the review: {}", told(night.because("once more").break_glass(Duration::from_secs(900))));
    for emergency in people.officer.emergencies()? {
        println!("to be reviewed: {}: \"{}\"", emergency.actor, emergency.reason);
        println!("  by support-3 itself: {}", told(people.support.review_emergency(emergency.id, "fine")));
        people.officer.review_emergency(emergency.id, "justified: the call is on record")?;
    }
    println!("left to review: {}", people.officer.emergencies()?.len());
    Ok(())
}

/// Tells the outcome as the actor is told it.
fn told<T>(answer: strongroom::Result<T>) -> String {
    answer.map_or_else(|error| reason(&error), |_| "done".to_owned())
}

fn reason(error: &Error) -> String {
    match error {
        Error::Denied(denial) => format!("refused ({}): {}", denial.code, denial.for_user),
        other => other.to_string(),
    }
}

fn list(fields: &[String]) -> String {
    if fields.is_empty() { "nothing".to_owned() } else { fields.join(", ") }
}
