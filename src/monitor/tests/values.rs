//! Never a value: an alert says who, what and how many, in no form what is stored.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::whole::{Office, admin, guard, until};
use crate::error::Error;
use crate::model::{Action, Actor, Normalizer};
use crate::monitor::{Honeypot, Monitor, Respond, RuleName, Rules, alert_channel, alert_lines};
use crate::policy::Roles;
use crate::record::{Record, Schema};
use crate::vault::{Collection, Tenant};

const CLIENTS: u64 = 400;

#[derive(Serialize, Deserialize)]
struct Client {
    name: String,
    phone: String,
}

impl Client {
    /// Values that nothing else has.
    fn new(number: u64) -> Self {
        Self { name: word(2 * number), phone: word(2 * number + 1) }
    }
}

impl Record for Client {
    fn schema() -> Schema {
        Schema::new("clients").unique("phone", Normalizer::Exact).index("name", Normalizer::Text)
    }

    fn example() -> Self {
        Self::new(1 << 40)
    }
}

/// Letters, none of them a digit of a hexadecimal number.
fn word(number: u64) -> String {
    let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..16).map(|place| char::from(b'g' + (mixed >> (4 * place)) as u8 % 16)).collect()
}

/// A page that shows all that is written on it.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn policy() -> Roles {
    let all = |r: crate::policy::Role| r.on("clients").create().read_all().update_all().delete().export();
    Roles::new()
        .role("admin", |r| r.administer().may([Action::Suspend, Action::Freeze]))
        .role("guard", |r| r.may([Action::Suspend, Action::Freeze]))
        .role("sales", move |r| all(r).may([Action::BreakGlass]))
}

fn clients(tenant: &Tenant, actor: Actor) -> Collection<Client> {
    tenant.session(actor).unwrap().collection().unwrap()
}

fn seller(id: &str) -> Actor {
    Actor::new(id).with_role("sales").with_device("desk")
}

#[test]
fn no_stored_value_is_in_any_alert_whatever_raised_it() {
    let office = Office::new();
    let vault = office.options().policy(policy()).create().unwrap();
    let acme = vault.session(admin()).unwrap().create_tenant("acme").unwrap();
    acme.session(admin()).unwrap().define::<Client>().unwrap();
    let boss = clients(&acme, seller("boss"));
    let ids: Vec<_> = (0..CLIENTS).map(|number| boss.insert(&Client::new(number)).unwrap()).collect();
    let decoy = boss.get(ids[7]).unwrap().meta.pseudonym();
    vault.close().unwrap();
    drop((boss, acme, vault));

    let (channel, alerts) = alert_channel(1_000);
    let page = Page::default();
    let rules = Rules::standard().with(Honeypot::new([decoy])).respond(RuleName::MassExport, Respond::SuspendActor);
    let watch = Monitor::new(rules).alerts(channel).alerts(alert_lines(page.clone())).responder(guard());
    let vault = office.options().policy(policy()).sink(watch.sink()).open().unwrap();
    watch.watch(&vault).unwrap();
    until(|| watch.health().learned);
    let acme = vault.tenant("acme").unwrap();

    clients(&acme, seller("exporter")).export(None, 1_000).unwrap();
    let (reader, mut after) = (clients(&acme, seller("reader")), None);
    loop {
        let page = reader.list(after, 100).unwrap();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let (changer, deleter) = (clients(&acme, seller("changer")), clients(&acme, seller("deleter")));
    for (number, id) in ids.iter().enumerate() {
        changer.update(*id, |client| *client = Client::new(CLIENTS + number as u64)).unwrap();
        // What is searched for, and what is there already, are values too.
        changer.find("name", word(2 * CLIENTS), None, 5).unwrap();
        assert!(matches!(changer.insert(&Client::new(CLIENTS)), Err(Error::Duplicate { .. })));
        if number > 300 {
            deleter.delete(*id).unwrap();
        }
    }
    let stranger = acme.session(Actor::new("stranger")).unwrap().collection::<Client>().unwrap();
    for _ in 0..15 {
        assert!(stranger.find("name", word(2 * CLIENTS), None, 5).is_err());
        assert!(stranger.find(&word(2 * CLIENTS), "x", None, 5).is_err());
        assert!(stranger.insert(&Client::new(3)).is_err());
    }
    clients(&acme, seller("curious")).get(ids[7]).unwrap();
    acme.session(seller("hasty")).unwrap().because("the line is down").break_glass(Duration::from_secs(60)).unwrap();
    assert!(vault.session(seller("hasty")).unwrap().create_tenant("mine").is_err());
    vault.flush().unwrap();

    let mut wanted = BTreeSet::from([
        RuleName::RepeatedDenials,
        RuleName::MassRead,
        RuleName::MassExport,
        RuleName::MassChange,
        RuleName::BreakGlassUse,
        RuleName::KeyActs,
        RuleName::Honeypot,
    ]);
    let mut told = String::new();
    while !wanted.is_empty() {
        let alert = alerts.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("{wanted:?} don't come"));
        wanted.remove(&alert.rule);
        told += &format!("{alert} {alert:?} {} {}\n", alert.text, alert.to_json());
        told.extend(alert.responses.iter().map(|response| format!("{response} {response:?}\n")));
    }
    until(|| watch.health().sinks.iter().all(|sink| sink.waiting == 0));
    told += &format!("{:?}\n", watch.health());
    told.extend(watch.latest().iter().map(|alert| format!("{alert} {}\n", alert.to_json())));
    let lines = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    for there in [told, lines] {
        // The search is through the right places.
        for word in ["`exporter`", "`stranger`", "`hasty`", "suspend_actor"] {
            assert!(there.contains(word), "{word}");
        }
        let there = there.to_ascii_lowercase();
        for value in (0..4 * CLIENTS).map(word) {
            let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
            assert!(!there.contains(&value) && !there.contains(&hex), "{value}");
        }
    }
}
