//! Lists that follow a policy's scope through indexes.

use std::collections::BTreeSet;
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use crate::policy::Filter;
use crate::store::{CommitError, Expectation, StoreError};
use crate::vault::records::list::{BOUNDS, Bounds, Place, list};
use crate::vault::tests::scope::*;

/// A store that counts reads of rows and index entries.
struct Counting {
    inner: Arc<dyn Store>,
    reads: Arc<AtomicUsize>,
}

impl Counting {
    fn count(&self, key: &[u8], reads: usize) {
        if [Space::Row, Space::Chunk, Space::Entry].iter().any(|space| key.first() == Some(&(*space as u8))) {
            self.reads.fetch_add(reads, Ordering::SeqCst);
        }
    }
}

impl Store for Counting {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.count(key, 1);
        self.inner.get(key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        let page = self.inner.scan(prefix, after, limit)?;
        self.count(prefix, page.len() + 1);
        Ok(page)
    }

    fn scan_back(&self, prefix: &[u8], before: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        let page = self.inner.scan_back(prefix, before, limit)?;
        self.count(prefix, page.len() + 1);
        Ok(page)
    }

    fn commit(&self, batch: &Writes, expect: &[Expectation]) -> Result<(), CommitError> {
        self.inner.commit(batch, expect)
    }

    fn close(&self) -> Result<(), StoreError> {
        self.inner.close()
    }
}

/// Returns a world over a store that counts.
fn counted() -> (World, Ruled, Collection<Account>, Arc<AtomicUsize>) {
    let (policy, reads, memory) = (Ruled::new(), Arc::new(AtomicUsize::new(0)), Memory::new());
    let count = Arc::clone(&reads);
    *memory.inner.around.lock().unwrap() =
        Some(Box::new(move |inner| Arc::new(Counting { inner, reads: Arc::clone(&count) })));
    let vault = Vault::in_memory(&memory).master_key(Unlocked).policy(policy.clone()).create().unwrap();
    let acme = vault.session(admin()).unwrap().create_tenant("acme").unwrap();
    let schema =
        Schema::new("accounts").field("region", |f| f.attribute()).index("region", Normalizer::Text).index_owner();
    acme.session(admin()).unwrap().define_as::<Account>(schema).unwrap();
    let accounts = acme.session(boss()).unwrap().collection().unwrap();
    (World { memory, vault, acme }, policy, accounts, reads)
}

fn owner(name: &str) -> Filter {
    Filter::Owner(name.to_owned())
}

fn attribute(field: &str, value: &str) -> Filter {
    Filter::Attribute { field: field.to_owned(), value: value.to_owned() }
}

/// Tells whether the filters hold the resource, from what the policy is told.
fn holds(filters: &[Filter], request: &Request<'_>) -> bool {
    request.resource.is_none_or(|resource| {
        filters.iter().any(|filter| match filter {
            Filter::Owner(owner) => resource.owner == Some(owner),
            Filter::Attribute { field, value } => resource.attribute(field) == Some(value),
            Filter::Record(id) => resource.id == Some(*id),
        })
    })
}

type Pages = Vec<(Vec<RecordId>, Option<RecordId>)>;

/// Returns all pages of a list, each with the cursor that follows; the pages of a list from the newest on have the same rows.
fn pages(accounts: &Collection<Account>, limit: usize, bounds: Bounds) -> Pages {
    let all = |place: fn(Option<RecordId>) -> Place| {
        let (mut pages, mut at) = (Pages::new(), None);
        loop {
            let page: Page<Account> =
                list(accounts.session(), accounts.core(), Action::List, place(at), limit, bounds).unwrap();
            at = page.next;
            pages.push((page.items.iter().map(|found| found.id).collect(), page.next));
            if at.is_none() {
                return pages;
            }
        }
    };
    let (pages, newest) = (all(Place::After), all(Place::Before));
    let ids = |pages: &Pages| pages.iter().flat_map(|(ids, _)| ids.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&pages), ids(&newest).into_iter().rev().collect::<Vec<_>>());
    assert_eq!(pages.len(), newest.len());
    pages
}

/// Compares the pages by a scope of these filters with those by reading every row, which only the policy decides.
fn same_either_way(
    policy: &Ruled,
    accounts: &Collection<Account>,
    filters: &[Filter],
    bounds: Bounds,
    limits: &[usize],
) -> Pages {
    let rule = filters.to_vec();
    policy.permit(move |request| holds(&rule, request));
    let mut last = Vec::new();
    for limit in limits {
        policy.narrow(Scope::All);
        let looked_at = pages(accounts, *limit, bounds);
        policy.narrow(Scope::Any(filters.to_vec()));
        last = pages(accounts, *limit, bounds);
        assert_eq!(last, looked_at, "limit {limit}");
    }
    policy.permit(|_| true);
    policy.narrow(Scope::All);
    last
}

#[test]
fn list_of_ten_owned_rows_reads_as_much_among_a_hundred_rows_as_among_thousands() {
    let (_world, policy, accounts, reads) = counted();
    let other = NewMeta::new().owner("other");
    for n in 0..10 {
        accounts.insert_with(&Account::new("Ann", "north"), NewMeta::new().owner("mine").label("x")).unwrap();
        accounts.insert_with(&Account::new(&format!("{n}"), "south"), other.clone()).unwrap();
    }
    let cost = |scope: Scope, limit: usize| {
        policy.narrow(scope);
        reads.store(0, Ordering::SeqCst);
        let found = accounts.list(None, limit).unwrap().items.len();
        (found, reads.load(Ordering::SeqCst))
    };
    let fill = |upto: usize| {
        let rows = (0..upto).map(|n| Account::new(&format!("{n}"), "south"));
        accounts.import(rows, |_, outcome| assert!(outcome.is_ok())).unwrap();
    };
    let mine = || Scope::owned("mine");
    let northern = || Scope::Any(vec![attribute("region", "north")]);
    fill(80);
    let few: Vec<_> = [1, 5, 100].iter().flat_map(|limit| [cost(mine(), *limit), cost(northern(), *limit)]).collect();
    let more = crate::tests::amount(1_900, 9_900);
    fill(more);
    let many: Vec<_> = [1, 5, 100].iter().flat_map(|limit| [cost(mine(), *limit), cost(northern(), *limit)]).collect();
    assert_eq!(few, many);
    // Eleven index entries, and the rows: one more than in a page, if there are more.
    assert_eq!(many, [(1, 13), (1, 13), (5, 17), (5, 17), (10, 21), (10, 21)]);
    policy.permit(|request| request.resource.is_none_or(|resource| resource.owner == Some("mine")));
    let (found, looks) = cost(Scope::All, 100);
    assert!(found == 10 && looks > more, "{looks}");
}

#[test]
fn scope_whose_part_is_in_no_index_is_followed_by_looking_at_every_row() {
    let (_world, policy, accounts) = ruled();
    let meta = |owner: &str| NewMeta::new().owner(owner);
    let a = accounts.insert_with(&Account::new("Ann", "north"), meta("x")).unwrap();
    let b = accounts.insert_with(&Account { kind: Some(Kind::Lead), ..Account::new("Bo", "") }, meta("")).unwrap();
    accounts.insert_with(&Account::new("Cy", "south"), meta("y")).unwrap();
    for filters in [
        // No index on the field, a value in no index, an owner in no index.
        vec![owner("x"), attribute("kind", "Lead")],
        vec![owner("x"), attribute("region", "")],
        vec![owner("x"), owner("")],
        vec![attribute("region", "north"), Filter::Record(b)],
    ] {
        let found = same_either_way(&policy, &accounts, &filters, BOUNDS, &[1, 2, 10]);
        let ids: BTreeSet<RecordId> = found.into_iter().flat_map(|(ids, _)| ids).collect();
        assert_eq!(ids, BTreeSet::from([a, b]), "{filters:?}");
    }
    // The policy can't mean a field that isn't exposed: it is asked about each row.
    policy.narrow(Scope::Any(vec![attribute("name", "nobody")]));
    assert_eq!(accounts.list(None, 10).unwrap().items.len(), 3);
    policy.narrow(Scope::Any(Vec::new()));
    assert!(accounts.list(None, 10).unwrap().items.is_empty());
}

#[test]
fn attribute_is_found_whatever_kind_of_value_its_text_stands_for() {
    let (_world, policy, accounts) = ruled();
    let add = |seats: i32, active| {
        accounts.insert(&Account { seats, active: Some(active), ..Account::new("Ann", "North") }).unwrap()
    };
    let ids = [add(7, true), add(-7, false), add(70, true)];
    for (filter, wanted) in [
        (attribute("seats", "7"), &ids[..1]),
        (attribute("seats", "-7"), &ids[1..2]),
        (attribute("seats", "07"), &[]),
        (attribute("seats", "+7"), &[]),
        (attribute("active", "false"), &ids[1..2]),
        (attribute("active", "no"), &[]),
        (attribute("region", "North"), &ids[..]),
        // The index folds case; the attribute doesn't.
        (attribute("region", "north"), &[]),
    ] {
        let found = same_either_way(&policy, &accounts, slice::from_ref(&filter), BOUNDS, &[10]);
        assert_eq!(found[0].0.iter().copied().collect::<BTreeSet<_>>(), wanted.iter().copied().collect(), "{filter:?}");
    }
}

#[test]
fn stale_entry_shows_no_row_that_the_scope_no_longer_holds() {
    let (world, policy, accounts, _) = counted();
    let mine = || NewMeta::new().owner("mine");
    let kept = accounts.insert_with(&Account::new("Ann", "north"), mine()).unwrap();
    let given = accounts.insert_with(&Account::new("Bo", "north"), mine()).unwrap();
    let gone = accounts.insert_with(&Account::new("Cy", "north"), mine()).unwrap();
    let before = stored(&world.memory, Space::Entry);
    accounts.transfer(given, Some("other")).unwrap();
    accounts.delete(gone).unwrap();
    let entries: Vec<_> = before.into_iter().map(|(key, value)| (key, Some(value))).collect();
    put(&world.memory, &entries);
    policy.narrow(Scope::owned("mine"));
    assert_eq!(pages(&accounts, 10, BOUNDS), [(vec![kept], None)]);
    assert_eq!(pages(&accounts, 1, BOUNDS), [(vec![kept], None)]);
}

#[test]
fn row_in_the_scope_is_still_decided_by_itself_and_fills_no_page_when_denied() {
    let (_world, policy, accounts) = ruled();
    let names = ["a", "b", "c", "d", "e"];
    let ids = names.map(|name| accounts.insert(&Account::new("Ann", name)).unwrap());
    let hidden = ids[2];
    policy.narrow(Scope::owned("b"));
    policy.permit(move |request| request.resource.is_none_or(|resource| resource.id != Some(hidden)));
    let shown: Vec<Vec<RecordId>> = pages(&accounts, 2, BOUNDS).into_iter().map(|(ids, _)| ids).collect();
    let mut rest: Vec<RecordId> = ids.into_iter().filter(|id| *id != hidden).collect();
    rest.sort();
    assert_eq!(shown, [&rest[..2], &rest[2..]]);
}

#[test]
fn list_of_many_rows_is_the_same_by_entries_by_a_look_at_some_rows_and_by_a_look_at_all() {
    let (_world, policy, accounts, reads) = counted();
    let add = |name: &str| drop(accounts.insert_with(&Account::new(name, "north"), NewMeta::new().owner(name)));
    // One row of mine; then more of others' than are read at first; then more of mine than are read at once.
    add("mine");
    (0..200).for_each(|_| add("other"));
    (0..150).for_each(|n| add(if n % 2 == 0 { "mine" } else { "other" }));
    let both = [owner("mine"), owner("other")];
    assert_eq!(
        same_either_way(
            &policy,
            &accounts,
            &[owner("mine")],
            BOUNDS,
            crate::tests::amount(&[3, 76][..], &[1, 2, 3, 76])
        )[0]
        .0
        .len(),
        76
    );
    same_either_way(&policy, &accounts, &both, BOUNDS, crate::tests::amount(&[40, 350, 351], &[3, 350, 351]));
    for entries in [76, 77, 1, 75, 78, 100].into_iter().take(crate::tests::amount(2, 6)) {
        same_either_way(&policy, &accounts, &[owner("mine")], Bounds { entries, a_row: 2 }, &[5, 40]);
    }
    // More values than may be looked up: none is looked up.
    policy.narrow(Scope::Any((0..70_000).map(|n| owner(&format!("nobody {n}"))).collect()));
    reads.store(0, Ordering::SeqCst);
    assert!(accounts.list(None, 1).unwrap().items.is_empty());
    assert!(reads.load(Ordering::SeqCst) < 1_000);
}

#[derive(Debug, Clone)]
enum Step {
    Insert { owner: usize, region: usize, seats: i32 },
    Transfer { which: usize, owner: usize },
    Move { which: usize, region: usize },
    Delete { which: usize },
}

const OWNERS: [Option<&str>; 5] = [None, Some(""), Some("a"), Some("b"), Some("B")];
const REGIONS: [Option<&str>; 5] = [None, Some(""), Some("north"), Some("North"), Some("south")];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..5usize, 0..5usize, 0..3i32).prop_map(|(owner, region, seats)| Step::Insert { owner, region, seats }),
        2 => (0..50usize, 0..5usize).prop_map(|(which, owner)| Step::Transfer { which, owner }),
        2 => (0..50usize, 0..5usize).prop_map(|(which, region)| Step::Move { which, region }),
        1 => (0..50usize).prop_map(|which| Step::Delete { which }),
    ]
}

#[derive(Debug, Clone)]
enum Wanted {
    Owner(usize),
    Region(usize),
    Seats(i32),
    Active(bool),
    Record(usize),
}

fn wanted() -> impl Strategy<Value = Wanted> {
    prop_oneof![
        3 => (1..5usize).prop_map(Wanted::Owner),
        3 => (1..5usize).prop_map(Wanted::Region),
        1 => (0..4i32).prop_map(Wanted::Seats),
        1 => any::<bool>().prop_map(Wanted::Active),
        2 => (0..50usize).prop_map(Wanted::Record),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::tests::amount(8, 24), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn list_by_indexes_is_the_list_by_a_look_at_every_row(
        steps in prop::collection::vec(step(), 1..40),
        scopes in prop::collection::vec(prop::collection::vec(wanted(), 0..4), 1..6),
        bounds in (1..40usize, 1..4usize),
    ) {
        let bounds = Bounds { entries: bounds.0, a_row: bounds.1 };
        let (world, policy, accounts) = ruled();
        let mut ids = Vec::new();
        for step in steps {
            let pick = |which: usize, ids: &[RecordId]| ids.get(which % ids.len().max(1)).copied();
            match step {
                Step::Insert { owner, region, seats } => {
                    let region = REGIONS[region].map(str::to_owned);
                    let account = Account { region, seats, ..Account::new("Ann", "") };
                    let meta = match OWNERS[owner] {
                        Some(owner) => NewMeta::new().owner(owner),
                        None => NewMeta::new().no_owner(),
                    };
                    ids.push(accounts.insert_with(&account, meta).unwrap());
                }
                Step::Transfer { which, owner } => {
                    if let Some(id) = pick(which, &ids) {
                        let _gone = accounts.transfer(id, OWNERS[owner]);
                    }
                }
                Step::Move { which, region } => {
                    if let Some(id) = pick(which, &ids) {
                        let region = REGIONS[region].map(str::to_owned);
                        let _gone = accounts.update(id, |account| account.region.clone_from(&region));
                    }
                }
                Step::Delete { which } => {
                    if let Some(id) = pick(which, &ids) {
                        let _gone = accounts.delete(id);
                    }
                }
            }
        }
        let limits: Vec<usize> = (1..=ids.len() + 1).collect();
        for scope in scopes {
            let filters: Vec<Filter> = scope
                .iter()
                .map(|wanted| match wanted {
                    Wanted::Owner(which) => owner(OWNERS[*which].unwrap()),
                    Wanted::Region(which) => attribute("region", REGIONS[*which].unwrap()),
                    Wanted::Seats(seats) => attribute("seats", &seats.to_string()),
                    Wanted::Active(active) => attribute("active", &active.to_string()),
                    Wanted::Record(which) => {
                        Filter::Record(ids.get(*which).copied().unwrap_or(RecordId::from_bytes([7; 16])))
                    }
                })
                .collect();
            same_either_way(&policy, &accounts, &filters, bounds, &limits);
        }
        prop_assert_eq!(world.verify(), Verdict::Intact);
    }
}
