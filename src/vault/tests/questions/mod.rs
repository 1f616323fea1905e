//! Host events, and the questions that the journal answers: pages, histories, disclosures.

mod disclosures;
mod histories;
mod host;
mod pages;
mod recorded;
mod values;

use crate::audit::{Outcome, Required};
use crate::format::journal_base::SEGMENT;
use crate::model::{Action, Clock, Timestamp};
use crate::policy::codes;
use crate::record::Document;
use crate::vault::tests::channels::Hands;
use crate::vault::tests::*;

/// Lets bosses do everything, sellers read some fields of everything, administrators read the journal but no record.
fn staff() -> Roles {
    let boss = |r: crate::policy::Role| {
        r.on_any().create().read_all().update_all().unmask(["tier"]).delete().export().share().transfer().approve()
    };
    Roles::new()
        .role("admin", |r| r.administer().may([Action::Suspend, Action::Freeze, Action::ReadJournal]))
        .role("boss", boss)
        .role("sales", |r| r.on_any().read(["name", "email", "text"]).update(["name"]))
        .role("owner", |r| r.on("customers").create().read(["name"]).own_only())
}

/// Asks for a record's history, as the actor of the collection's session.
fn history<T: Record + 'static>(
    of: &Collection<T>,
    id: RecordId,
    after: Option<&JournalCursor>,
    limit: usize,
) -> crate::error::Result<HistoryPage> {
    let session = Session { inner: Arc::clone(of.session()) };
    session.journal().history(&of.core().name, id, after, limit)
}

/// A vault whose time the test sets.
struct Office {
    world: World,
    hands: Hands,
    kept: Kept,
}

impl Office {
    fn new() -> Self {
        let (hands, kept) = (Hands::default(), Kept::default());
        let world = World::with(|options| options.policy(staff()).clock(hands.clone()).sink(Required(kept.clone())));
        world.acme.session(admin()).unwrap().define::<Document>().unwrap();
        Self { world, hands, kept }
    }

    fn acme(&self) -> &Tenant {
        &self.world.acme
    }

    /// Returns the time, a second after everything so far.
    fn tick(&self) -> Timestamp {
        self.hands.forward(1);
        self.hands.now()
    }

    fn customers_of(&self, actor: Actor) -> Collection<Customer> {
        self.world.session(actor).collection().unwrap()
    }

    fn pseudonym(&self, id: RecordId) -> String {
        self.world.customers().get(id).unwrap().meta.pseudonym()
    }

    /// Returns the latest event of an act.
    fn latest(&self, act: &str) -> Event {
        self.world.vault.flush().unwrap();
        self.kept.of(act).pop().unwrap()
    }

    /// Closes the vault and opens it again.
    fn reopen(self) -> Self {
        let Self { world, hands, kept } = self;
        world.vault.close().unwrap();
        let vault = open_options(&world.memory).policy(staff()).clock(hands.clone()).sink(Required(kept.clone()));
        let vault = vault.open().unwrap();
        let acme = vault.tenant("acme").unwrap();
        Self { world: World { memory: world.memory, vault, acme }, hands, kept }
    }

    /// Writes blocks of the vault's own until the journal has a whole number of segments. Returns its number of blocks.
    fn fill_segment(&self) -> u64 {
        let size = || self.world.vault.health().journal_blocks;
        self.world.vault.flush().unwrap();
        while size() % SEGMENT != 0 {
            self.world
                .vault
                .session(Actor::new("server"))
                .unwrap()
                .journal()
                .record(crate::vault::HostEvent::other("filler"))
                .unwrap();
            self.world.vault.flush().unwrap();
        }
        size()
    }

    /// Drops all blocks before `first`, as retention does, for all that questions can tell.
    fn drop_before(&self, first: u64) {
        let core = Arc::clone(&self.world.customers().session().core);
        let (blocks, _) = core.blocks().unwrap();
        let mut base = crate::audit::JournalBase::default();
        core.leaves(0)
            .unwrap()
            .take(usize::try_from(first).unwrap())
            .for_each(|leaf| base.frontier.append(leaf.unwrap()));
        let sealed = blocks.base_of().seal(&base).unwrap();
        put(&self.world.memory, &[(crate::format::place::journal_base(), Some(sealed))]);
        self.remove_blocks(|position| position < first);
    }

    /// Removes blocks from the store, as damage would.
    fn remove_blocks(&self, which: impl Fn(u64) -> bool) {
        self.world.vault.flush().unwrap();
        let keys = stored(&self.world.memory, Space::Block).into_iter().map(|(key, _)| key);
        let gone = keys.filter(|key| which(crate::format::place::position_of_key(key).unwrap().0));
        put(&self.world.memory, &gone.map(|key| (key, None)).collect::<Vec<_>>());
    }
}

fn denied<T>(answer: Result<T, Error>) -> String {
    match answer {
        Err(Error::Denied(denial)) => denial.code.into_owned(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was permitted"),
    }
}
