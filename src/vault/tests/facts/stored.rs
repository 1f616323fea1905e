//! Facts in the store: sealed, counted, loaded or not at all.

use crate::format::place;
use crate::vault::tests::facts::*;

type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// Makes one fact of each kind.
fn full() -> (Office, RecordId) {
    let office = Office::new();
    let id = office.customer("granter-4711");
    let customers = office.customers_of("granter-4711");
    customers.share(id, Grantee::Group("grantee-4711"), Access::Read, None).unwrap();
    let asker = office.sales("asker-4711");
    let request = asker.because("reason-4711").ask_approval(HOUR, |s| s.collection::<Customer>()?.delete(id)).unwrap();
    office.sales("answerer-4711").answer(request, true).unwrap();
    office.sales("hero-4711").because("reason-4711").break_glass(HOUR).unwrap();
    office.world.acme.session(admin()).unwrap().because("reason-4711").suspend("leaver-4711").unwrap();
    office.world.vault.flush().unwrap();
    (office, id)
}

#[test]
fn nobody_and_no_reason_shows_in_the_raw_store() {
    let (office, _) = full();
    assert_eq!(facts_stored(&office).len(), 4);
    for (key, value) in everything(&office.world.memory) {
        for bytes in [key, value] {
            assert!(!bytes.windows(4).any(|part| part == b"4711"));
        }
    }
}

#[test]
fn altered_removed_planted_or_older_fact_is_found_by_verify() {
    let (office, id) = full();
    let before = facts_stored(&office);
    office.customers_of("granter-4711").share(id, Grantee::Group("grantee-4711"), Access::Write, None).unwrap();
    office.world.vault.flush().unwrap();
    let now = facts_stored(&office);
    let older = before.iter().find(|pair| !now.contains(pair)).unwrap();
    let mut attacks: Vec<(&str, Changes)> = vec![("an older share", vec![(older.0.clone(), Some(older.1.clone()))])];
    for (key, value) in &now {
        let mut flipped = value.clone();
        flipped[value.len() / 2] ^= 1;
        attacks.push(("altered", vec![(key.clone(), Some(flipped))]));
        attacks.push(("removed", vec![(key.clone(), None)]));
        let mut elsewhere = key.clone();
        elsewhere[20] ^= 1;
        attacks.push(("planted", vec![(elsewhere.clone(), Some(value.clone()))]));
        attacks.push(("moved", vec![(elsewhere, Some(value.clone())), (key.clone(), None)]));
    }
    let mut strangers = now[0].0.clone();
    strangers[1] ^= 1;
    attacks.push(("another tenant's", vec![(strangers, Some(now[0].1.clone()))]));
    for (what, changes) in attacks {
        let open = copy(&office.world.memory);
        let vault = equip(open_options(&open), &office.hands, &office.kept).open().unwrap();
        put(&open, &changes);
        assert!(matches!(vault.session(admin()).unwrap().verify(), Ok(Verdict::RowsDiffer { .. })), "{what}");
        let closed = copy(&office.world.memory);
        put(&closed, &changes);
        let vault = equip(open_options(&closed), &office.hands, &office.kept).open().unwrap();
        assert!(matches!(vault.session(admin()).unwrap().verify(), Ok(Verdict::RowsDiffer { .. })), "{what}, reopened");
    }
    office.intact();
}

#[test]
fn tenant_with_a_fact_that_does_not_open_stays_closed() {
    let (office, _) = full();
    let (key, value) = facts_stored(&office).pop().unwrap();
    let twin = copy(&office.world.memory);
    put(&twin, &[(key, Some(value[1..].to_vec()))]);
    let vault = equip(open_options(&twin), &office.hands, &office.kept).open().unwrap();
    assert!(matches!(vault.tenant("acme"), Err(Error::Damaged { .. })));
    assert!(vault.health().notices.iter().any(|notice| notice.contains("can't be opened")));
}

#[test]
fn one_share_has_one_key_and_other_tenants_have_another() {
    let (office, id) = full();
    let tenant = office.sales("ann").inner.tenant.clone();
    let collection = office.world.customers().core().id;
    let with = Grantee::Group("grantee-4711");
    let fact =
        |with, record| crate::vault::standing::share_id(&tenant.keys, tenant.id, collection, record, with).unwrap();
    let key = place::fact(Some(tenant.id), fact(with, id));
    assert!(facts_stored(&office).iter().any(|pair| pair.0 == key));
    let mut ids = vec![
        fact(with, id),
        fact(Grantee::Role("grantee-4711"), id),
        fact(Grantee::Actor("grantee-4711"), id),
        fact(Grantee::Group("grantee-471"), id),
        fact(with, RecordId::from_bytes([0; 16])),
    ];
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

#[test]
fn facts_of_one_tenant_are_not_told_in_another() {
    let office = Office::new();
    let globex = office.world.vault.session(admin()).unwrap().create_tenant("globex").unwrap();
    globex.session(admin()).unwrap().define::<Customer>().unwrap();
    office.world.acme.session(admin()).unwrap().because("left").suspend("b").unwrap();
    globex.session(boss()).unwrap().collection::<Customer>().unwrap().list(None, 10).unwrap();
    assert_eq!(code(office.world.customers().list(None, 10)), codes::SUSPENDED);
}
