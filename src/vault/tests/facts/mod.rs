//! Facts that the vault remembers for policies, and the calls that change them.

mod approvals;
mod bound;
mod emergencies;
mod freezing;
mod leaving;
mod limits;
mod sharing;
mod stored;
mod suspending;

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::audit::Outcome;
use crate::model::{Access, Action, Clock, Facts, FieldSet, Grantee, Request, Timestamp};
use crate::policy::{AccessPolicy, Decision, Denial, Obligation, Permission, PolicyError, PolicyVersion, Scope, codes};
use crate::vault::tests::*;

const HOUR: Duration = Duration::from_secs(3600);

/// A clock that tests set.
#[derive(Clone)]
struct Hands(Arc<AtomicI64>);

impl Hands {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_800_000_000_000_000)))
    }

    fn pass(&self, time: Duration) {
        self.0.fetch_add(time.as_micros() as i64, Ordering::SeqCst);
    }

    fn after(&self, time: Duration) -> Timestamp {
        Timestamp::from_micros(self.now().as_micros() + time.as_micros() as i64)
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Bosses may do everything. Sales may do everything with their own records, except that deleting and changing `tier`
/// take two approvals, as do notes; with others' records only what shares and emergencies allow. The counted see 3 rows
/// in an act and 5 in an hour. Others may do nothing.
struct House;

impl AccessPolicy for House {
    fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
        let all = Permission::new("house").read(FieldSet::All).write(FieldSet::All);
        if request.actor.has_role("boss") || request.actor.has_role("admin") {
            return Ok(all.into());
        }
        if request.actor.has_role("counted") {
            return Ok(all.oblige(Obligation::RowLimit { per_act: 3, per_hour: Some(5) }).into());
        }
        if !request.actor.has_role("sales") {
            return Ok(Denial::new("stranger", "not of the house").into());
        }
        let id = request.actor.id();
        let granted = request.resource.and_then(|resource| resource.id).and_then(|record| {
            facts.share(record, Grantee::Actor(id)).or_else(|| facts.share(record, Grantee::Role("sales")))
        });
        let twice = all.clone().oblige(Obligation::Approvals(2));
        Ok(match request.action {
            Action::BreakGlass | Action::Approve => all.into(),
            Action::List | Action::Search if request.collection == Some("notes") => twice.into(),
            Action::List | Action::Search if request.resource.is_none() => all.into(),
            Action::Delete => twice.into(),
            Action::Unmask => all.into(),
            Action::Update if request.fields.contains(&"tier") => twice.into(),
            Action::Read if facts.emergency(id).is_some() => all.into(),
            Action::Read if request.collection == Some("notes") => twice.into(),
            Action::Read | Action::List | Action::Search if granted.is_some() => all.into(),
            Action::Update if granted == Some(Access::Write) => all.into(),
            Action::Create if request.collection == Some("notes") => twice.into(),
            Action::Create => all.into(),
            _ if request.is_own() => all.into(),
            _ => Denial::new("house", "none of theirs").into(),
        })
    }

    fn scope(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Scope, PolicyError> {
        let _ = (request, facts);
        Ok(Scope::All)
    }

    fn version(&self) -> PolicyVersion {
        PolicyVersion::of("house")
    }
}

/// A vault under the house's policy.
struct Office {
    world: World,
    hands: Hands,
    kept: Kept,
}

impl Office {
    fn new() -> Self {
        let (hands, kept) = (Hands::new(), Kept::default());
        let world = World::with(|options| equip(options, &hands, &kept));
        Self { world, hands, kept }
    }

    fn reopen(self) -> Self {
        self.world.vault.close().unwrap();
        self.opened()
    }

    fn opened(self) -> Self {
        let Self { world: World { memory, .. }, hands, kept } = self;
        let vault = equip(open_options(&memory), &hands, &kept).open().unwrap();
        assert!(vault.health().notices.iter().all(|notice| notice.contains("adopted")), "{:?}", vault.health().notices);
        let acme = vault.tenant("acme").unwrap();
        Self { world: World { memory, vault, acme }, hands, kept }
    }

    fn sales(&self, id: &str) -> Session {
        self.world.session(sales(id))
    }

    fn customers_of(&self, id: &str) -> Collection<Customer> {
        self.sales(id).collection().unwrap()
    }

    /// Adds a customer of this salesperson.
    fn customer(&self, owner: &str) -> RecordId {
        let name = format!("{owner}{}", self.world.customers().iter(100).count());
        self.customers_of(owner).insert(&Customer::new(&name, &format!("{name}@x.org"))).unwrap()
    }

    /// Returns the journal's entries of an act: outcome, code, actor, party.
    fn journal(&self, action: Action) -> Vec<(Outcome, String, String, String)> {
        self.world.vault.flush().unwrap();
        // Nothing else waits for a relayed sink.
        let begun = std::time::Instant::now();
        while self.world.vault.health().sinks.iter().any(|sink| sink.lag > 0) {
            assert!(begun.elapsed().as_secs() < 30, "{:?}", self.world.vault.health().sinks);
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let line = |event: &Event| {
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            (event.outcome(), event.code().to_owned(), text(event.actor()), text(event.party()))
        };
        // A reopened vault may deliver the last events again.
        let mut seen = std::collections::HashSet::new();
        let all = self.kept.of(action.name());
        all.iter().filter(|event| seen.insert((event.position(), event.index()))).map(line).collect()
    }

    fn intact(&self) {
        assert_eq!(self.world.verify(), Verdict::Intact);
    }
}

fn equip(options: VaultOptions, hands: &Hands, kept: &Kept) -> VaultOptions {
    options.policy(House).clock(hands.clone()).sink(crate::audit::Relayed(kept.clone()))
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Denied(denial)) => denial.code.to_string(),
        other => panic!("{other:?}"),
    }
}

fn facts_stored(office: &Office) -> Vec<Pair> {
    stored(&office.world.memory, Space::Fact)
}
