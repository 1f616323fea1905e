//! An incident from its first sign to its end: a seller takes all customers out at night; an alert fires, the monitor suspends
//! them and freezes the tenant; an officer finds out whose data it was, and writes the evidence; work goes on.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strongroom::audit::{Event, Head, JsonLines, Required, evidence};
use strongroom::model::{Action, Clock};
use strongroom::monitor::{Alert, Feedback, Monitor, Respond, RuleName, Rules, alert_channel};
use strongroom::policy::Roles;
use strongroom::vault::{Freeze, HostEvent};
use strongroom::{Actor, Collection, Error, KeyFile, Normalizer, Record, RecordId, Schema, Tenant, Timestamp, Vault};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const CUSTOMERS: usize = 300;
const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// Monday, 2 March 2026, 9 o'clock.
const MONDAY: i64 = 1_772_442_000_000_000;

#[derive(Serialize, Deserialize)]
struct Customer {
    name: String,
    email: String,
    phone: String,
}

impl Record for Customer {
    fn schema() -> Schema {
        Schema::new("customers").unique("email", Normalizer::Email).field("phone", |f| f.sensitive())
    }

    fn example() -> Self {
        customer(0)
    }
}

fn customer(number: usize) -> Customer {
    Customer {
        name: format!("Customer {number}"),
        email: format!("customer-{number}@example.com"),
        phone: format!("+61 491 570 {number:03}"),
    }
}

/// Thirteen days pass in a moment, so the clock is ours. A CRM takes the system's, and leaves `clock` out.
#[derive(Clone)]
struct Calendar(Arc<AtomicI64>);

impl Calendar {
    fn set(&self, micros: i64) {
        self.0.store(micros, Ordering::Relaxed);
    }

    fn pass(&self, minutes: i64) {
        self.0.fetch_add(minutes * MINUTE, Ordering::Relaxed);
    }

    /// Prints a line of the timeline.
    fn say(&self, what: &str) {
        let now = self.now().to_string();
        println!("{} {}  {what}", &now[..10], &now[11..16]);
    }
}

impl Clock for Calendar {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// Returns the policy. Whoever looks into incidents may do that, and nothing to a record.
fn policy() -> Roles {
    Roles::new()
        .role("admin", |r| r.administer())
        .role("sales", |r| r.on("customers").create().read_all().update(["phone"]).export())
        .role("security", |r| r.may([Action::ReadJournal, Action::Verify, Action::Suspend, Action::Freeze]))
        .role("monitor", |r| r.may([Action::Suspend, Action::Freeze]))
}

fn seller(id: &str, device: &str) -> Actor {
    Actor::new(id).with_role("sales").with_device(device)
}

fn main() -> Outcome<()> {
    let home = tempfile::tempdir()?; // the vault here; what `elsewhere` holds belongs on another machine
    let elsewhere = tempfile::tempdir()?;
    let calendar = Calendar(Arc::new(AtomicI64::new(MONDAY)));
    let (channel, alerts) = alert_channel(16);
    let rules = Rules::standard()
        .respond(RuleName::MassExport, Respond::SuspendActor)
        .respond(RuleName::MassExport, Respond::FreezeTenant(Freeze::ReadOnly));
    let monitor = Monitor::new(rules)
        .alerts(channel)
        .responder(Actor::new("monitor").with_role("monitor"))
        .never_suspend(["officer-1"]);
    let vault = Vault::options(home.path().join("crm-data"))
        .master_key(KeyFile::create(home.path().join("master.key"))?)
        .policy(policy())
        .sink(Required(JsonLines::append(elsewhere.path().join("audit.jsonl"))?))
        .sink(monitor.sink())
        .clock(calendar.clone())
        .create()?;
    monitor.watch(&vault)?;
    let officer = Actor::new("officer-1").with_role("security");
    let (acme, ids) = open_shop(&vault, &calendar)?;
    ordinary_days(&acme, &ids, &calendar)?;
    while let Ok(alert) = alerts.try_recv() {
        calendar.say(&format!("{alert}"));
    }

    let kept = vault.session(officer.clone())?.head()?;
    std::fs::write(elsewhere.path().join("head"), kept.to_string())?;
    calendar.say(&format!("the officer keeps a signed head elsewhere: {} blocks", kept.size()));

    calendar.set(MONDAY + 10 * DAY + (13 * 60 + 14) * MINUTE); // 22:14, a Thursday
    let thief = acme.session(seller("sales-9", "phone-x"))?;
    thief.journal().record(HostEvent::login(thief.actor()))?;
    calendar.say("sales-9 logs in");
    let theirs = thief.collection::<Customer>()?;
    let since = calendar.now();
    let taken = export(&theirs)?;
    calendar.say(&format!("sales-9 exports {taken} customers, a page at a time"));
    vault.flush()?;

    let alert = loop {
        let alert = alerts.recv_timeout(Duration::from_secs(20))?;
        calendar.say(&format!("ALERT  {alert}"));
        if alert.rule == RuleName::MassExport {
            break alert;
        }
    };
    for response in &alert.responses {
        calendar.say(&format!("monitor  {response}"));
    }
    calendar.pass(1);
    calendar.say(&format!("sales-9 tries once more: {}", refusal(theirs.get(ids[0]))));
    let colleague = acme.session(seller("sales-7", "desk-7"))?.collection::<Customer>()?;
    calendar.say(&format!(
        "sales-7 wants to change a customer: {}",
        refusal(colleague.update(ids[0], |c| c.phone.clear()))
    ));

    calendar.pass(9 * 60);
    investigate(&vault, &acme, &officer, &calendar, (&alert, since, &kept), elsewhere.path())?;

    monitor.feedback(&alert.id, Feedback::Real, &vault.session(officer.clone())?)?;
    acme.session(officer.clone())?.because("looked into; sales-9 stays suspended").unfreeze()?;
    calendar.say("the officer calls the alert real and ends the freeze; sales-9 stays suspended");
    colleague.update(ids[0], |c| c.phone = "+61 491 570 999".into())?;
    calendar.say("sales-7 works again");
    Ok(vault.close()?)
}

fn open_shop(vault: &Vault, calendar: &Calendar) -> Outcome<(Tenant, Vec<RecordId>)> {
    let admin = Actor::new("admin-1").with_role("admin");
    let acme = vault.session(admin.clone())?.create_tenant("acme")?;
    acme.session(admin.clone())?.define::<Customer>()?;
    let session = acme.session(seller("sales-7", "desk-7"))?;
    let mut ids = Vec::new();
    session.collection::<Customer>()?.import((0..CUSTOMERS).map(customer), |_, outcome| ids.extend(outcome))?;
    calendar.say(&format!("acme opens with {} customers", ids.len()));
    Ok((acme, ids))
}

/// Plays two weeks of two sellers, who look at some 15 customers a day each.
fn ordinary_days(acme: &Tenant, ids: &[RecordId], calendar: &Calendar) -> Outcome<()> {
    let sellers = [seller("sales-7", "desk-7"), seller("sales-9", "desk-9")];
    for day in (0..10).filter(|day| day % 7 < 5) {
        for (number, seller) in sellers.iter().enumerate() {
            calendar.set(MONDAY + day * DAY);
            let session = acme.session(seller.clone())?;
            session.journal().record(HostEvent::login(seller))?;
            let customers = session.collection::<Customer>()?;
            for call in 0..13 + (day as usize + number) % 5 {
                customers.get(ids[(day as usize * 31 + number * 17 + call * 7) % ids.len()])?;
                calendar.pass(25);
            }
        }
    }
    calendar.say("eight working days have passed, with some 30 customers looked at a day");
    Ok(())
}

fn export(customers: &Collection<Customer>) -> Outcome<usize> {
    let (mut taken, mut after) = (0, None);
    loop {
        let page = customers.export(after, 100)?;
        taken += page.items.len();
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(taken),
        }
    }
}

fn refusal<T>(answer: Result<T, Error>) -> String {
    match answer {
        Err(Error::Denied(denial)) => format!("refused, {}", denial.code),
        Err(error) => error.to_string(),
        Ok(_) => "done".to_owned(),
    }
}

/// Shows whose data it was, that the journal is whole, and what will prove it.
fn investigate(
    vault: &Vault,
    acme: &Tenant,
    officer: &Actor,
    calendar: &Calendar,
    (alert, since, kept): (&Alert, Timestamp, &Head),
    elsewhere: &Path,
) -> Outcome<()> {
    let report = acme
        .session(officer.clone())?
        .journal()
        .disclosures()
        .by_actor("sales-9")
        .between(since, calendar.now())
        .report()?;
    calendar.say(&format!("disclosure report: {} people to be told, by {} acts", report.people.len(), report.acts));
    for person in report.people.iter().take(2) {
        let reader = &person.readers[0];
        println!(
            "    {}: {} at {}, {}",
            person.pseudonym,
            reader.acts.join(", "),
            reader.first,
            reader.fields.join(", ")
        );
    }
    println!("    ...");
    std::fs::write(elsewhere.join("disclosure.txt"), report.to_string())?;

    calendar.say(&format!(
        "the journal against the head kept before: {}",
        vault.session(officer.clone())?.verify_against(kept)?
    ));

    let mut entries = alert.evidence.clone();
    for page in
        acme.session(officer.clone())?.journal().entries().by_actor("sales-9").between(since, calendar.now()).pages(500)
    {
        entries.extend(page?.entries.iter().map(|event| (event.position(), event.index())));
    }
    entries.sort_unstable();
    entries.dedup();
    let bundle = acme.session(officer.clone())?.journal().evidence(entries, std::slice::from_ref(kept))?;
    let file = elsewhere.join("evidence.json");
    std::fs::write(&file, &bundle)?;
    // Anybody can do this, with the file and the vault's public key alone.
    let checked = evidence::check(&std::fs::read_to_string(&file)?, Some(&vault.head_key()))?;
    let exports = checked.events().iter().filter(|event: &&Event| event.action() == Action::Export.name()).count();
    calendar.say(&format!(
        "evidence.json holds: {} entries, {exports} of them exports, proved against {} heads",
        checked.events().len(),
        checked.heads().len()
    ));
    Ok(())
}
