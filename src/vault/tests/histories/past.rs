//! A vault with a random past, and its store as it was after each act.

use crate::model::{CollectionId, TenantId};
use crate::vault::tests::histories::*;

pub(super) struct Past {
    pub(super) world: World,
    pub(super) core: Arc<Core>,
    /// Content of the store after each act; the last is the present one.
    pub(super) then: Vec<Content>,
    /// Content of a copy's store, which went on by itself.
    pub(super) fork: Content,
    /// Names of the collections, by tenant.
    pub(super) names: BTreeMap<(TenantId, CollectionId), String>,
}

/// The live records that acts are done with.
struct Acts<'a> {
    acme: &'a Tenant,
    globex: &'a Tenant,
    customers: Vec<RecordId>,
    notes: Vec<RecordId>,
    made: usize,
}

impl Past {
    pub(super) fn new(dice: &mut Dice) -> Self {
        let world = World::new();
        let globex = world.vault.session(admin()).unwrap().create_tenant("globex").unwrap();
        globex.session(admin()).unwrap().define::<Customer>().unwrap();
        let mut acts = Acts { acme: &world.acme, globex: &globex, customers: Vec::new(), notes: Vec::new(), made: 0 };
        let mut then = Vec::new();
        for n in 0..12 {
            // The first acts make records for later ones to change.
            let act = if n < 5 { n % 4 } else { dice.next() % 10 };
            acts.act(dice, act);
            world.vault.flush().unwrap();
            then.push(content(&world.memory));
        }
        let fork = {
            let copy = World::open(&copy(&world.memory)).unwrap();
            let globex = copy.vault.tenant("globex").unwrap();
            let (customers, notes) = (acts.customers.clone(), acts.notes.clone());
            let mut theirs = Acts { acme: &copy.acme, globex: &globex, customers, notes, made: 100 };
            (0..6).for_each(|act| theirs.act(dice, [0, 2, 4, 6, 8, 4][act]));
            copy.vault.flush().unwrap();
            content(&copy.memory)
        };
        let mut names = BTreeMap::new();
        for tenant in world.customers().session().core.all_tenants() {
            for collection in tenant.collections() {
                names.insert((tenant.id, collection.id), collection.name.clone());
            }
        }
        let core = Arc::clone(&world.customers().session().core);
        // Entries of the preparations are on the disk before the checks begin.
        world.vault.flush().unwrap();
        then.push(content(&world.memory));
        Self { world, core, then, fork, names }
    }

    pub(super) fn now(&self) -> &Content {
        self.then.last().unwrap()
    }
}

impl Acts<'_> {
    fn act(&mut self, dice: &mut Dice, act: u64) {
        let customers = self.acme.session(boss()).unwrap().collection::<Customer>().unwrap();
        let notes = self.acme.session(boss()).unwrap().collection::<Note>().unwrap();
        let theirs = self.globex.session(boss()).unwrap().collection::<Customer>().unwrap();
        self.made += 1;
        let new = Customer::new(["Ann", "Bo", "Cy"][dice.next() as usize % 3], &format!("c{}@x.org", self.made));
        let one = |ids: &[RecordId], dice: &mut Dice| ids[dice.next() as usize % ids.len()];
        match act {
            0 => self.customers.push(customers.insert(&new).unwrap()),
            1 => {
                theirs.insert(&new).unwrap();
            }
            2 => self.notes.push(notes.insert(&long(dice)).unwrap()),
            3 => self.notes.push(notes.insert(&Note::new(dice.word())).unwrap()),
            4 | 5 => {
                customers.update(one(&self.customers, dice), |customer| *customer = new.clone()).unwrap();
            }
            6 | 7 => {
                let text = if dice.next().is_multiple_of(2) { long(dice) } else { Note::new(dice.word()) };
                notes.update(one(&self.notes, dice), |note| *note = text.clone()).unwrap();
            }
            8 => {
                let meta = NewMeta::new().about("customers", one(&self.customers, dice));
                self.notes.push(notes.insert_with(&Note::new(dice.word()), meta).unwrap());
            }
            _ if self.customers.len() > 1 => {
                let gone = dice.next() as usize % self.customers.len();
                customers.delete(self.customers.swap_remove(gone)).unwrap();
            }
            _ => self.act(dice, 0),
        }
    }
}

/// Returns a note of several parts.
fn long(dice: &mut Dice) -> Note {
    Note::new((0..200).map(|_| dice.word()).collect::<String>())
}

fn content(memory: &Memory) -> Content {
    everything(memory).into_iter().collect()
}
