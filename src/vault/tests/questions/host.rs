//! Events that the host records.

use crate::error::Impossible;
use crate::model::Grantee;
use crate::vault::HostEvent;
use crate::vault::tests::questions::*;

#[test]
fn events_of_the_host_are_in_the_journal_under_their_names_and_outlive_the_process() {
    let office = Office::new();
    let ann = sales("ann").with_device("laptop").with_session("s-1");
    let acme = office.acme();
    acme.session(host()).unwrap().journal().record(HostEvent::login(&ann).code("two_factors").purpose("work")).unwrap();
    acme.session(host()).unwrap().journal().record(HostEvent::device_added(&ann)).unwrap();
    acme.session(host())
        .unwrap()
        .journal()
        .record(HostEvent::login_failed(&Actor::new("bo")).code("wrong_password").reason("third time"))
        .unwrap();
    acme.session(host()).unwrap().journal().record(HostEvent::role_changed("bo", &ann)).unwrap();
    acme.session(host())
        .unwrap()
        .journal()
        .record(HostEvent::other("report_2").by(&ann).outcome(Outcome::Failed).party(Grantee::Group("north")))
        .unwrap();
    acme.session(host()).unwrap().journal().record(HostEvent::logout(&ann)).unwrap();
    office.world.vault.session(host()).unwrap().journal().record(HostEvent::other("backup_copied")).unwrap();
    office.world.vault.flush().unwrap();
    let office = office.reopen();
    let root = admin();
    let events = office.acme().session(root.clone()).unwrap().journal().entries().page(100, None).unwrap().entries;
    let host: Vec<&Event> = events.iter().filter(|event| event.action().starts_with("host_")).collect();
    let told: Vec<_> = host.iter().map(|e| (e.action(), e.actor(), e.outcome().name(), e.code(), e.party())).collect();
    assert_eq!(
        told,
        [
            ("host_login", Some("ann"), "permitted", "two_factors", None),
            ("host_device_added", Some("ann"), "permitted", "", None),
            ("host_login_failed", Some("bo"), "denied", "wrong_password", None),
            ("host_role_changed", Some("ann"), "permitted", "", Some("actor:bo")),
            ("host_other.report_2", Some("ann"), "failed", "", Some("group:north")),
            ("host_logout", Some("ann"), "permitted", "", None),
        ]
    );
    assert_eq!((host[0].device(), host[0].session(), host[0].roles()), (Some("laptop"), Some("s-1"), vec!["sales"]));
    assert_eq!((host[0].purpose(), host[2].reason()), (Some("work"), Some("third time")));
    let own = office
        .world
        .vault
        .session(root.clone())
        .unwrap()
        .journal()
        .entries()
        .act("host_other.backup_copied")
        .page(10, None)
        .unwrap()
        .entries;
    assert_eq!((own.len(), own[0].actor()), (1, None));
    assert_eq!(
        office
            .acme()
            .session(root.clone())
            .unwrap()
            .journal()
            .entries()
            .by_actor("bo")
            .act("host_login_failed")
            .page(9, None)
            .unwrap()
            .entries
            .len(),
        1
    );
}

#[test]
fn event_over_a_limit_or_with_an_odd_name_is_refused_and_leaves_nothing() {
    let office = Office::new();
    let before = office.kept.events().len();
    let long = |n: usize| "x".repeat(n);
    for name in [String::new(), "Upper".into(), "a.b".into(), "a b".into(), "\u{e9}".into(), long(65)] {
        let refused = office.acme().session(host()).unwrap().journal().record(HostEvent::other(name.clone()));
        assert!(matches!(refused, Err(Error::NotPossible(Impossible::EventName))), "{name}");
    }
    let ann = sales("ann");
    for event in [
        HostEvent::login(&Actor::new(long(1_025))),
        HostEvent::login(&ann.clone().with_device(long(1_025))),
        HostEvent::login(&ann.clone().with_session(long(1_025))),
        HostEvent::role_changed(&long(1_019), &ann),
        HostEvent::login(&ann).code(long(65)),
        HostEvent::login(&ann).reason(long(8 * 1024 + 1)),
        HostEvent::login(&ann).purpose(long(1_025)),
    ] {
        assert!(matches!(office.acme().session(host()).unwrap().journal().record(event), Err(Error::TooLarge { .. })));
    }
    // Texts at their limits are taken.
    let most = sales(&long(1_024)).with_device(long(1_024)).with_session(long(1_024));
    let event = HostEvent::other(long(64)).by(&most).code(long(64)).reason(long(8 * 1024)).purpose(long(1_024));
    office.acme().session(host()).unwrap().journal().record(event.party(Grantee::Group(&long(1_018)))).unwrap();
    office.world.vault.flush().unwrap();
    assert_eq!(office.kept.events().len(), before + 1);
    let journal = office.acme().session(host()).unwrap().journal();
    office.world.vault.close().unwrap();
    assert!(matches!(journal.record(HostEvent::login(&ann)), Err(Error::Closed)));
}

#[test]
fn log_in_is_no_use_of_a_role() {
    let office = Office::new();
    office.acme().session(host()).unwrap().journal().record(HostEvent::login(&sales("ann"))).unwrap();
    let last = |office: &Office| {
        let roles = ["sales".to_owned()].into();
        let core = Arc::clone(&office.world.customers().session().core);
        office.world.vault.flush().unwrap();
        crate::vault::admin::usage::last_used(&core, office.acme().id(), &roles, Timestamp::from_micros(0)).unwrap()
    };
    assert!(!last(&office).contains_key("sales"));
    office.customers_of(sales("ann")).list(None, 10).unwrap();
    assert!(last(&office).contains_key("sales"));
}

fn host() -> Actor {
    Actor::new("server")
}
