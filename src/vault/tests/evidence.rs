//! Entries shown to others: single ones, in bundles, and against heads.

use crate::vault::tests::*;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::audit::{Head, HeadError, ProofError, evidence};
use crate::model::{Clock, TenantId, Timestamp};
use crate::vault::journal::retention::Retention;

fn auditor() -> Actor {
    Actor::new("aud-1").with_role("auditor")
}

/// Returns a world whose auditors read the journals of the tenant `acme` and of the vault, and no other.
fn world() -> (World, Kept) {
    let kept = Kept::default();
    let sink = kept.clone();
    let world = World::with(move |options| {
        let policy = roles().role("auditor", |r| r.may([Action::ReadJournal]));
        options.policy(policy).sink(crate::audit::Required(sink.clone()))
    });
    (world, kept)
}

fn head(world: &World) -> Head {
    world.vault.session(admin()).unwrap().head().unwrap()
}

fn places(events: &[Event]) -> Vec<(u64, u32)> {
    events.iter().map(|event| (event.position(), event.index())).collect()
}

#[test]
fn entry_shown_alone_verifies_with_nothing_but_the_head() {
    let (world, kept) = world();
    let id = world.add("Ann", "ann@example.com");
    world.customers().get(id).unwrap();
    let head = head(&world);
    let read = kept.of("read").pop().unwrap();
    let shown =
        world.acme.session(auditor()).unwrap().journal().show_entry(read.position(), read.index(), &head).unwrap();
    let event = shown.verify(&head).unwrap();
    assert_eq!(event, read);
    assert_eq!(event.tenant(), Some(world.acme.id()));
    world.vault.flush().unwrap();
    let act = kept.of("read_journal").pop().unwrap();
    assert_eq!(
        (act.actor(), act.code(), act.rows(), act.tenant()),
        (Some("aud-1"), "show_entry", Some(1), Some(world.acme.id()))
    );
}

#[test]
fn heads_are_proved_to_be_of_one_history() {
    let (world, _) = world();
    let mut heads = vec![head(&world)];
    for number in 0..20 {
        world.add("Ann", &format!("ann{number}@example.com"));
        heads.push(head(&world));
    }
    for (at, old) in heads.iter().enumerate() {
        for new in &heads[at..] {
            let proof = world.vault.session(auditor()).unwrap().journal().consistency_proof(old, new).unwrap();
            assert_eq!(proof.verify(old, new), Ok(()));
        }
    }
    let swapped = world.vault.session(auditor()).unwrap().journal().consistency_proof(&heads[5], &heads[2]);
    assert!(matches!(swapped, Err(Error::NotPossible(_))));
    let proof = world.vault.session(auditor()).unwrap().journal().consistency_proof(&heads[2], &heads[5]).unwrap();
    assert!(matches!(proof.verify(&heads[3], &heads[5]), Err(ProofError::OtherSize { .. })));
}

#[test]
fn bundle_holds_for_whoever_has_the_key_and_shows_what_was_chosen() {
    let (world, kept) = world();
    let before = head(&world);
    for number in 0..30 {
        let id = world.add("Ann", &format!("ann{number}@example.com"));
        world.customers().get(id).unwrap();
    }
    let between = head(&world);
    world.vault.flush().unwrap();
    let chosen = kept.of("read");
    let earlier = [between.clone(), before.clone(), before.clone()];
    let text = world.acme.session(auditor()).unwrap().journal().evidence(places(&chosen), &earlier).unwrap();
    let checked = evidence::check(&text, Some(&world.vault.head_key())).unwrap();
    assert_eq!(checked.events(), chosen);
    assert_eq!(checked.heads().len(), 3);
    assert_eq!(checked.heads()[..2], [before, between]);
    // No other entry can be read in the bundle.
    assert!(!text.contains("\"action\":\"create\""));
    world.vault.flush().unwrap();
    let act = kept.of("read_journal").pop().unwrap();
    assert_eq!((act.code(), act.rows()), ("evidence", Some(30)));
    // The newest head covers the act itself.
    assert!(checked.heads()[2].size() > act.position());
}

#[test]
fn vaults_own_acts_are_shown_by_the_vault_and_a_tenants_by_the_tenant_only() {
    let (world, kept) = world();
    let other = world.vault.session(admin()).unwrap().create_tenant("other").unwrap();
    world.add("Ann", "ann@example.com");
    world.vault.flush().unwrap();
    let created = kept.events().into_iter().find(|e| e.tenant().is_none() && e.about() == Some(other.id())).unwrap();
    let added = kept.of("create").pop().unwrap();
    let head = head(&world);
    let text = world
        .vault
        .session(auditor())
        .unwrap()
        .journal()
        .evidence(places(std::slice::from_ref(&created)), &[])
        .unwrap();
    assert_eq!(evidence::check(&text, None).unwrap().events(), std::slice::from_ref(&created));
    let (at, index) = (created.position(), created.index());
    assert_eq!(
        world.vault.session(auditor()).unwrap().journal().show_entry(at, index, &head).unwrap().verify(&head),
        Ok(created)
    );
    let refused = |result: Result<(), Error>| assert!(matches!(result, Err(Error::NotPossible(_))), "{result:?}");
    refused(world.acme.session(auditor()).unwrap().journal().show_entry(at, index, &head).map(drop));
    refused(other.session(auditor()).unwrap().journal().show_entry(added.position(), added.index(), &head).map(drop));
    refused(
        world.vault.session(auditor()).unwrap().journal().show_entry(added.position(), added.index(), &head).map(drop),
    );
    refused(other.session(auditor()).unwrap().journal().evidence(places(std::slice::from_ref(&added)), &[]).map(drop));
    // No entry at this index, none at this position, and none under the head.
    refused(world.acme.session(auditor()).unwrap().journal().show_entry(added.position(), added.of(), &head).map(drop));
    refused(world.acme.session(auditor()).unwrap().journal().show_entry(u64::MAX, 0, &head).map(drop));
    world.add("Bo", "bo@example.com");
    let later = kept.of("create").pop().unwrap();
    refused(
        world.acme.session(auditor()).unwrap().journal().show_entry(later.position(), later.index(), &head).map(drop),
    );
    world.vault.flush().unwrap();
    let failed: Vec<Option<TenantId>> =
        kept.of("read_journal").iter().filter(|event| event.code() == "not_shown").map(Event::tenant).collect();
    assert_eq!(failed.len(), 7);
    assert!(failed.contains(&None) && failed.contains(&Some(other.id())));
}

#[test]
fn nobody_reads_the_journal_without_leave() {
    let (world, kept) = world();
    let head = head(&world);
    for result in [
        world.acme.session(admin()).unwrap().journal().show_entry(0, 0, &head).map(drop),
        world.acme.session(sales("s-1")).unwrap().journal().evidence([(0, 0)], &[]).map(drop),
        world.vault.session(boss()).unwrap().journal().evidence([(0, 0)], &[]).map(drop),
        world.vault.session(boss()).unwrap().journal().show_entry(0, 0, &head).map(drop),
        world.vault.session(boss()).unwrap().journal().consistency_proof(&head, &head).map(drop),
    ] {
        assert!(matches!(result, Err(Error::Denied(_))), "{result:?}");
    }
    let denied = kept.of("read_journal");
    let tenants: Vec<_> = denied.iter().map(Event::tenant).collect();
    let acme = Some(world.acme.id());
    assert_eq!(tenants, [acme, acme, None, None, None]);
}

#[test]
fn head_that_is_anothers_or_states_another_journal_proves_nothing() {
    let (mine, kept) = world();
    mine.add("Ann", "ann@example.com");
    let (theirs, _) = world();
    let foreign = head(&theirs);
    let added = kept.of("create").pop().unwrap();
    let at = (added.position(), added.index());
    let refused = [
        mine.acme.session(auditor()).unwrap().journal().show_entry(at.0, at.1, &foreign).map(drop),
        mine.acme.session(auditor()).unwrap().journal().evidence([at], std::slice::from_ref(&foreign)).map(drop),
        mine.vault.session(auditor()).unwrap().journal().consistency_proof(&foreign, &foreign).map(drop),
    ];
    for result in refused {
        assert!(matches!(result, Err(Error::Head(HeadError::OtherJournal { .. }))), "{result:?}");
    }
    // The store was set back, and the journal went on otherwise: the heads of both ways are signed.
    let copied = copy(&mine.memory);
    mine.add("Bo", "bo@example.com");
    let cut = head(&mine);
    let again = World::open(&copied).unwrap();
    again
        .vault
        .session(admin())
        .unwrap()
        .set_policy(roles().role("auditor", |r| r.may([Action::ReadJournal])))
        .unwrap();
    for number in 0..5 {
        again.add("Cy", &format!("cy{number}@example.com"));
    }
    let now = head(&again);
    for result in [
        again.vault.session(auditor()).unwrap().journal().consistency_proof(&cut, &now).map(drop),
        again.acme.session(auditor()).unwrap().journal().evidence([at], std::slice::from_ref(&cut)).map(drop),
        again.acme.session(auditor()).unwrap().journal().show_entry(at.0, at.1, &cut).map(drop),
    ] {
        assert!(matches!(result, Err(Error::Damaged { .. })), "{result:?}");
    }
    assert!(again.acme.session(auditor()).unwrap().journal().evidence([at], &[]).is_ok());
}

#[test]
fn too_many_entries_or_heads_are_refused() {
    let (world, _) = world();
    let head = head(&world);
    let many = world.acme.session(auditor()).unwrap().journal().evidence(std::iter::repeat((0, 0)), &[]);
    assert!(matches!(many, Err(Error::TooLarge { limit: evidence::MAX_EVENTS, .. })));
    let heads = vec![head; evidence::MAX_HEADS];
    assert!(matches!(
        world.acme.session(auditor()).unwrap().journal().evidence([], &heads),
        Err(Error::TooLarge { .. })
    ));
    // Heads can be shown without entries, to prove that nothing was rewritten between them.
    let text = world.acme.session(auditor()).unwrap().journal().evidence([], &heads[..1]).unwrap();
    let checked = evidence::check(&text, Some(&world.vault.head_key())).unwrap();
    assert!(checked.events().is_empty() && checked.heads().len() == 2);
}

/// A clock that stands until it is moved.
#[derive(Clone, Default)]
struct Hands(Arc<AtomicI64>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[test]
fn dropped_blocks_still_count_in_proofs_and_their_entries_are_shown_no_more() {
    let (hands, kept) = (Hands::default(), Kept::default());
    let (clock, sink) = (hands.clone(), kept.clone());
    let world = World::with(move |options| {
        let policy = roles()
            .role("auditor", |r| r.may([Action::ReadJournal]))
            .role("keeper", |r| r.may([Action::Retain, Action::Verify]));
        options.policy(policy).clock(clock.clone()).sink(crate::audit::Required(sink.clone()))
    });
    let keeper = Actor::new("k").with_role("keeper");
    let fill = |to: u64| {
        while world.vault.health().journal_blocks <= to {
            world.notes().insert(&Note::new("n")).unwrap();
        }
    };
    let mut heads = vec![head(&world)];
    for size in [127, 200, 256, 300] {
        fill(size);
        heads.push(head(&world));
    }
    hands.0.fetch_add(100 * 86_400_000_000, Ordering::SeqCst);
    fill(420);
    let keep = Retention::days(30).below_six_months().anchored_by(&head(&world));
    let plan = world.vault.session(keeper.clone()).unwrap().plan_retention(keep).unwrap();
    assert_eq!(world.vault.session(keeper.clone()).unwrap().retain(&plan).unwrap().blocks, 256);
    fill(430);
    heads.push(head(&world));
    for (at, old) in heads.iter().enumerate() {
        for new in &heads[at..] {
            let proof = world.vault.session(auditor()).unwrap().journal().consistency_proof(old, new).unwrap();
            assert_eq!(proof.verify(old, new), Ok(()));
        }
    }
    let ours: Vec<_> = kept.of("create").into_iter().filter(|event| event.tenant() == Some(world.acme.id())).collect();
    let (gone, there): (Vec<_>, Vec<_>) = ours.into_iter().partition(|event| event.position() < 256);
    assert!(!gone.is_empty() && !there.is_empty());
    let text = world.acme.session(auditor()).unwrap().journal().evidence(places(&there), &heads).unwrap();
    let checked = evidence::check(&text, Some(&world.vault.head_key())).unwrap();
    assert_eq!((checked.events(), checked.heads().len()), (&there[..], heads.len() + 1));
    let refused = world.acme.session(auditor()).unwrap().journal().evidence(places(&gone[..1]), &heads);
    assert!(matches!(refused, Err(Error::NotPossible(_))));
    let shown = &there[0];
    let entry = world
        .acme
        .session(auditor())
        .unwrap()
        .journal()
        .show_entry(shown.position(), shown.index(), &heads[5])
        .unwrap();
    assert_eq!(entry.verify(&heads[5]).as_ref(), Ok(shown));
}
