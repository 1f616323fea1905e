//! Emergency access.

use crate::vault::tests::facts::*;

#[test]
fn emergency_opens_what_the_policy_says_until_it_is_over() {
    let office = Office::new();
    let id = office.customer("ann");
    let bo = office.sales("bo");
    let customers = bo.collection::<Customer>().unwrap();
    assert_eq!(code(customers.get(id)), "house");
    let emergency = bo.because("the line is down").break_glass(HOUR).unwrap();
    assert_eq!((emergency.actor.as_str(), emergency.until), ("bo", office.hands.after(HOUR)));
    customers.get(id).unwrap();
    assert_eq!(code(office.customers_of("cy").get(id)), "house");
    let office = office.reopen();
    let customers = office.customers_of("bo");
    customers.get(id).unwrap();
    let health = office.world.vault.health();
    assert_eq!((health.emergencies_running, health.emergencies_unreviewed), (1, 1));
    office.hands.pass(HOUR);
    assert_eq!(code(customers.get(id)), "house");
    let health = office.world.vault.health();
    assert_eq!((health.emergencies_running, health.emergencies_unreviewed), (0, 1));
    // The emergency's entry alarms.
    let taken = office.journal(Action::BreakGlass);
    assert_eq!(taken, [(Outcome::Permitted, codes::BREAK_GLASS.to_owned(), "bo".to_owned(), String::new())]);
    assert_eq!(office.kept.of("break_glass")[0].reason(), Some("the line is down"));
    office.intact();
}

#[test]
fn nobody_takes_another_before_somebody_else_has_reviewed_the_last() {
    let office = Office::new();
    let bo = office.sales("bo");
    let emergency = bo.because("the line is down").break_glass(HOUR).unwrap();
    assert_eq!(code(bo.because("again").break_glass(HOUR)), codes::EMERGENCY_UNREVIEWED);
    let officer = office.world.session(boss());
    assert!(matches!(officer.review_emergency(emergency.id, "fine"), Err(Error::NotPossible(_))));
    assert!(bo.end_emergency().unwrap());
    assert!(!bo.end_emergency().unwrap());
    let office = office.reopen();
    let (bo, officer) = (office.sales("bo"), office.world.session(boss()));
    assert_eq!(code(bo.because("again").break_glass(HOUR)), codes::EMERGENCY_UNREVIEWED);
    let waiting = officer.emergencies().unwrap();
    assert_eq!(waiting.iter().map(|e| (e.id, e.actor.as_str())).collect::<Vec<_>>(), [(emergency.id, "bo")]);
    assert_eq!(waiting[0].reason, "the line is down");
    // Sales may neither review nor list; bo may not review their own emergency, even as a boss.
    assert_eq!(code(bo.review_emergency(emergency.id, "fine")), "house");
    assert_eq!(code(bo.emergencies()), "house");
    let bo_as_boss = office.world.session(Actor::new("bo").with_role("boss"));
    assert_eq!(code(bo_as_boss.review_emergency(emergency.id, "fine")), codes::OWN_REQUEST);
    assert_eq!(code(officer.review_emergency(emergency.id, " ")), codes::REASON_REQUIRED);
    assert!(matches!(officer.review_emergency(RecordId::from_bytes([1; 16]), "fine"), Err(Error::NotFound)));
    officer.review_emergency(emergency.id, "justified").unwrap();
    assert!(matches!(officer.review_emergency(emergency.id, "once more"), Err(Error::NotPossible(_))));
    assert!(officer.emergencies().unwrap().is_empty());
    assert_eq!(office.world.vault.health().emergencies_unreviewed, 0);
    let reviewed = office.journal(Action::ReviewEmergency).into_iter().find(|line| line.1 == "reviewed").unwrap();
    assert_eq!((reviewed.2.as_str(), reviewed.3.as_str()), ("b", "actor:bo"));
    // The next emergency removes the reviewed one.
    bo.because("again").break_glass(HOUR).unwrap();
    assert_eq!(facts_stored(&office).len(), 1);
    office.intact();
}

#[test]
fn emergency_without_a_reason_or_of_a_wrong_length_is_refused() {
    let office = Office::new();
    let bo = office.sales("bo");
    assert_eq!(code(bo.because(" \n").break_glass(HOUR)), codes::REASON_REQUIRED);
    for time in [Duration::ZERO, 24 * HOUR + Duration::from_micros(1)] {
        assert!(matches!(bo.because("why").break_glass(time), Err(Error::NotPossible(_))));
    }
    assert!(matches!(bo.because("r".repeat(1_001)).break_glass(HOUR), Err(Error::TooLarge { .. })));
    assert_eq!(code(office.world.session(Actor::new("x")).because("why").break_glass(HOUR)), "stranger");
    assert!(facts_stored(&office).is_empty());
    bo.because("why").break_glass(24 * HOUR).unwrap();
}

#[test]
fn threads_that_break_the_glass_at_once_take_one_emergency() {
    let office = Office::new();
    let bo = office.sales("bo");
    let taken: usize = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| bo.because("why").break_glass(HOUR).is_ok())).collect();
        all.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
    });
    assert_eq!((taken, facts_stored(&office).len()), (1, 1));
}
