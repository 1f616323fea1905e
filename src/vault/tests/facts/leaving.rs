//! Leavers.

use crate::store::faulty::{Fault, FaultyStore};
use crate::vault::tests::facts::*;

/// Gives ann customers, notes, shares, a request and an emergency.
fn with_ann() -> (Office, Vec<RecordId>) {
    let office = Office::new();
    office.world.acme.session(admin()).unwrap().define_as::<Customer>(Customer::schema().index_owner()).unwrap();
    let customers = office.world.customers();
    let own: Vec<RecordId> = (0..160)
        .map(|n| {
            let owner = if n % 2 == 0 { "ann" } else { "bo" };
            let meta = NewMeta::new().owner(owner).label("kept");
            customers.insert_with(&Customer::new("Ann Lee", &format!("{n}@x.org")), meta).unwrap()
        })
        .collect();
    let long = Note::new("long ".repeat(2_000));
    let note = office.world.notes().insert_with(&long, NewMeta::new().owner("ann")).unwrap();
    office.world.notes().insert(&Note::new("the boss's")).unwrap();
    office.customers_of("ann").share(own[0], Grantee::Actor("bo"), Access::Read, None).unwrap();
    office.customers_of("bo").share(own[1], Grantee::Actor("ann"), Access::Read, None).unwrap();
    office.customers_of("bo").share(own[1], Grantee::Actor("cy"), Access::Read, None).unwrap();
    let ann = office.sales("ann");
    ann.because("why").ask_approval(HOUR, |s| s.collection::<Customer>()?.delete(own[0])).unwrap();
    ann.because("why").break_glass(HOUR).unwrap();
    let mut mine: Vec<RecordId> = own.into_iter().step_by(2).collect();
    mine.sort();
    mine.push(note);
    (office, mine)
}

fn done(office: &Office, mine: &[RecordId]) {
    let customers = office.world.customers();
    for found in customers.iter(100).map(Result::unwrap) {
        assert!(matches!(found.meta.owner(), Some("bo")), "{:?}", found.meta.owner());
        assert_eq!((found.value.name.as_str(), found.meta.labels()), ("Ann Lee", &["kept".to_owned()][..]));
        assert_eq!(found.revision.get(), if mine.contains(&found.id) { 2 } else { 1 });
    }
    let note = office.world.notes().get(mine[mine.len() - 1]).unwrap();
    assert_eq!((note.meta.owner(), note.value.text.len()), (Some("bo"), 10_000));
    // Every index entry is where it was.
    assert_eq!(customers.find("name", "ann lee", None, 1_000).unwrap().items.len(), 160);
    assert!(mine.contains(&customers.find_unique("email", "158@x.org").unwrap().unwrap().id));
    assert_eq!(code(office.customers_of("ann").get(mine[0])), codes::SUSPENDED);
    office.customers_of("bo").get(mine[0]).unwrap();
    // What remains: a share of bo's with cy, the suspension, the emergency that awaits its review.
    assert_eq!(facts_stored(office).len(), 3);
    let health = office.world.vault.health();
    assert_eq!((health.emergencies_running, health.emergencies_unreviewed), (0, 1));
    office.intact();
}

#[test]
fn plan_shows_what_is_there_and_changes_nothing_and_its_execution_does_it() {
    let (office, mine) = with_ann();
    let before = facts_stored(&office);
    let plan = office.world.acme.session(admin()).unwrap().offboard("ann", Some("bo")).unwrap();
    assert_eq!(
        plan.owned().iter().map(|(name, ids)| (name.as_str(), ids.len())).collect::<Vec<_>>(),
        [("customers", 80), ("notes", 1)]
    );
    assert_eq!(plan.owned()[0].1, mine[..80]);
    assert_eq!((plan.shares(), plan.requests(), plan.emergencies()), ((1, 1), 1, 1));
    let text = plan.to_string();
    assert!(text.contains("80 of `customers` go to `bo`") && text.contains("1 shares with them"), "{text}");
    assert!(facts_stored(&office) == before);
    office.customers_of("ann").get(mine[0]).unwrap();
    let report = plan.execute().unwrap();
    assert_eq!(
        report,
        OffboardReport {
            suspended: true,
            reassigned: vec![("customers".to_owned(), 80), ("notes".to_owned(), 1)],
            kept: Vec::new(),
            shares_with: 1,
            shares_by: 1,
            requests: 1,
            emergencies: 1,
        }
    );
    assert!(report.to_string().contains("new owner: 80 of `customers`"));
    done(&office, &mine);
    let again = plan.execute().unwrap();
    assert_eq!(again, OffboardReport::default());
    let transfers = office.journal(Action::Transfer);
    assert!(transfers.iter().all(|line| (line.2.as_str(), line.3.as_str()) == ("root", "actor:bo")));
    assert_eq!(office.kept.of("transfer").iter().map(|event| event.subjects().len()).sum::<usize>(), 81);
    done(&office.reopen(), &mine);
}

#[test]
fn leaver_without_a_new_owner_keeps_their_records() {
    let (office, _) = with_ann();
    let plan = office.world.acme.session(admin()).unwrap().offboard("ann", None).unwrap();
    assert!(plan.to_string().contains("80 of `customers` stay theirs"));
    let report = plan.execute().unwrap();
    assert_eq!(report.kept, [("customers".to_owned(), 80), ("notes".to_owned(), 1)]);
    assert!(report.reassigned.is_empty());
    // A new owner can be named later.
    let report = office.world.acme.session(admin()).unwrap().offboard("ann", Some("bo")).unwrap().execute().unwrap();
    assert_eq!(report.reassigned.len(), 2);
}

#[test]
fn execution_that_was_cut_short_at_any_commit_is_finished_by_another() {
    let (office, mine) = with_ann();
    office.world.vault.close().unwrap();
    let (mut reached, mut number) = (true, 1);
    while reached {
        let Office { world, hands, kept } = &office;
        let memory = copy(&world.memory);
        let faulty = Arc::new(Mutex::new(None));
        let shared = Arc::clone(&faulty);
        *memory.inner.around.lock().unwrap() = Some(Box::new(move |store| {
            let store = Arc::new(FaultyStore::new(store));
            *shared.lock().unwrap() = Some(Arc::clone(&store));
            store
        }));
        let vault = equip(open_options(&memory), hands, kept).open().unwrap();
        let acme = vault.tenant("acme").unwrap();
        let plan = acme.session(admin()).unwrap().offboard("ann", Some("bo")).unwrap();
        vault.flush().unwrap();
        faulty.lock().unwrap().as_ref().unwrap().fail(Fault::CommitBefore, number);
        reached = plan.execute().is_err();
        drop((vault, acme, plan));
        *memory.inner.around.lock().unwrap() = None;
        let vault = equip(open_options(&memory), hands, kept).open().unwrap();
        let acme = vault.tenant("acme").unwrap();
        acme.session(admin()).unwrap().offboard("ann", Some("bo")).unwrap().execute().unwrap();
        let twin = Office { world: World { memory, vault, acme }, hands: hands.clone(), kept: kept.clone() };
        done(&twin, &mine);
        number += crate::tests::amount(3, 1);
    }
    assert!(number > 8, "{number} commits");
}

#[test]
fn plan_that_makes_no_sense_is_refused() {
    let office = Office::new();
    let acme = &office.world.acme;
    acme.session(admin()).unwrap().because("left").suspend("gone").unwrap();
    for (actor, owner) in [("ann", Some("ann")), ("ann", Some("gone")), ("root", Some("bo"))] {
        assert!(
            matches!(acme.session(admin()).unwrap().offboard(actor, owner), Err(Error::NotPossible(_))),
            "{actor} {owner:?}"
        );
    }
    assert!(matches!(acme.session(admin()).unwrap().offboard("", None), Err(Error::BadName { .. })));
    assert!(matches!(acme.session(admin()).unwrap().offboard("ann", Some("")), Err(Error::BadName { .. })));
}
