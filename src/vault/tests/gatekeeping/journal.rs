//! The content of entries, and things that they never hold.

use crate::audit::JsonLines;
use crate::record::Document;
use crate::vault::commit::Blocks;
use crate::vault::tests::gatekeeping::*;

/// Returns all of the journal, opened.
fn opened(world: &World) -> Vec<u8> {
    world.vault.flush().unwrap();
    let core = Arc::clone(&world.customers().session().core);
    let blocks = Blocks {
        vault: core.id,
        epoch: core.journal.latest().unwrap().epoch,
        store: Arc::clone(&core.store),
        keyring: Arc::clone(&core.keyring),
        keys: Arc::clone(core.keyring.vault_keys()),
    };
    let mut all = Vec::new();
    for position in 0..world.vault.health().journal_blocks {
        let bytes = blocks.bytes(position).unwrap().unwrap();
        for entry in blocks.open(position, &bytes).unwrap().1.entries {
            all.extend_from_slice(entry.as_bytes());
        }
        all.extend_from_slice(&bytes);
    }
    all
}

fn holds(all: &[u8], wanted: &[u8]) -> bool {
    !wanted.is_empty() && all.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn journal_holds_no_value_owner_label_or_record_id_in_blocks_or_sinks() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let world = World::with(|options| options.sink(Required(JsonLines::append(&path).unwrap())));
    let mut dice = Dice(42);
    let mut secrets: Vec<String> = Vec::new();
    let mut secret = || {
        let word = dice.word();
        secrets.push(word.clone());
        word
    };
    world.acme.session(admin()).unwrap().define::<Document>().unwrap();
    let session = world.session(boss()).because("the reason itself");
    let customers = session.collection::<Customer>().unwrap();
    let documents = session.collection::<Document>().unwrap();
    let mut ids = Vec::new();
    for _ in 0..5 {
        let customer = Customer::new(&secret(), &secret());
        let meta = NewMeta::new().owner(secret()).label(secret()).label(secret());
        let id = customers.insert_with(&customer, meta).unwrap();
        customers.insert(&customer).unwrap_err();
        customers.find("name", customer.name.as_str(), None, 10).unwrap();
        customers.find_unique("email", customer.email.as_str()).unwrap();
        customers.find_unique("email", secret()).unwrap();
        let (name, email) = (secret(), secret());
        customers.update(id, |customer| (customer.name, customer.email) = (name.clone(), email.clone())).unwrap();
        let document = Document::new().with(secret(), secret()).with(secret(), 1);
        let other = documents.insert_with(&document, NewMeta::new().about("customers", id)).unwrap();
        let field = secret();
        documents.update(other, |document| drop(document.set(field.as_str(), true))).unwrap();
        documents.get(other).unwrap();
        let theirs = world.session(sales("s")).collection::<Customer>().unwrap();
        denial(theirs.get(id));
        denial(theirs.insert_with(&Customer::new(&secret(), &secret()), NewMeta::new().owner(secret())));
        ids.extend([id, other]);
    }
    customers.list(None, 10).unwrap();
    customers.delete(ids[0]).unwrap();
    customers.get(ids[0]).unwrap_err();
    assert_eq!(world.verify(), Verdict::Intact);
    let blocks = opened(&world);
    world.vault.close().unwrap();
    let file = std::fs::read(&path).unwrap();
    assert!(secrets.len() > 60);
    for (what, all) in [("blocks", &blocks), ("file", &file)] {
        for secret in &secrets {
            assert!(!holds(all, secret.as_bytes()), "{what} holds {secret}");
        }
        for id in &ids {
            assert!(!holds(all, id.as_bytes()) && !holds(all, id.to_string().as_bytes()), "{what} holds {id}");
            // Without the time in front, which entries hold too.
            assert!(!holds(all, &id.as_bytes()[8..]), "{what} holds {id}");
        }
        assert!(!holds(all, b"acme") && !holds(all, b"customers") && !holds(all, b"documents"), "{what} holds a name");
        // The search does find what is there: the host's own words, and field names of types.
        assert!(holds(all, b"the reason itself") && holds(all, b"email"), "{what}");
    }
}

#[test]
fn entries_say_who_did_what_to_whom_and_with_what_outcome() {
    let kept = Kept::default();
    let world = World::with(|options| options.sink(Required(kept.clone())));
    let actor = boss().with_device("laptop").with_session("s-1");
    let session = world.session(actor).for_purpose("support");
    let customers = session.collection::<Customer>().unwrap();
    let id = customers.insert(&Customer::new("Ann", "ann@x.org")).unwrap();
    customers.update(id, |customer| customer.tier = Some(2)).unwrap();
    customers.get(id).unwrap();
    let mine = world.session(sales("s")).collection::<Customer>().unwrap();
    let own = mine.insert(&Customer { tier: None, ..Customer::new("Own", "own@x.org") });
    let own = own.unwrap();
    mine.get(own).unwrap();
    customers.list(None, 10).unwrap();
    customers.delete(id).unwrap();
    customers.get(id).unwrap_err();
    customers.get(RecordId::from_bytes([5; 16])).unwrap_err();
    world.vault.flush().unwrap();

    let (create, mut update, delete) = (&kept.of("create")[0], kept.of("update"), &kept.of("delete")[0]);
    // The events of one commit come in any order.
    update.sort_by_key(Event::time);
    assert_eq!((create.actor(), create.roles()), (Some("b"), vec!["boss"]));
    assert_eq!((create.device(), create.session(), create.purpose()), (Some("laptop"), Some("s-1"), Some("support")));
    assert_eq!((create.tenant(), create.outcome()), (Some(world.acme.id()), Outcome::Permitted));
    assert_eq!(create.fields_changed(), ["name", "email", "tier"]);
    let subject = create.subjects()[0].pseudonym();
    // An update shows the record to its closure, and is then made.
    assert_eq!(update.len(), 2);
    assert_eq!((update[0].fields_read().len(), update[0].revision_after()), (3, None));
    assert_eq!(update[1].fields_changed(), ["tier"]);
    let revisions = |event: &Event| (event.revision_before().map(|r| r.get()), event.revision_after().map(|r| r.get()));
    assert_eq!((revisions(&update[1]), revisions(delete)), ((Some(1), Some(2)), (Some(2), Some(3))));
    for event in update.iter().chain([delete]) {
        assert_eq!(event.subjects()[0].pseudonym(), subject);
    }
    let reads = kept.of("read");
    assert_eq!((reads[0].fields_read().len(), reads[0].withheld()), (3, Some(0)));
    assert_eq!((reads[1].fields_read(), reads[1].withheld()), (vec!["name", "email"], Some(1)));
    assert_ne!(reads[1].subjects()[0].pseudonym(), subject);
    let failed: Vec<_> = reads[2..].iter().map(|event| (event.outcome(), event.code())).collect();
    assert_eq!(failed, [(Outcome::Failed, "deleted"), (Outcome::Failed, "not_found")]);
    let list = &kept.of("list")[0];
    assert_eq!((list.rows(), list.subjects().len()), (Some(2), 2));
    let policy: std::collections::BTreeSet<_> = kept.events()[1..].iter().map(Event::policy).collect();
    assert_eq!(policy.len(), 1);
    assert!(policy.iter().all(Option::is_some));
}

#[test]
fn changed_policy_shows_in_the_entries_that_it_decided() {
    let kept = Kept::default();
    let world = World::with(|options| options.sink(Required(kept.clone())));
    let id = world.add("Ann", "ann@x.org");
    world.customers().get(id).unwrap();
    world.vault.session(admin()).unwrap().set_policy(roles().role("new", |r| r.on_any().read_all())).unwrap();
    world.customers().get(id).unwrap();
    world.vault.flush().unwrap();
    let reads = kept.of("read");
    assert_ne!(reads[0].policy(), reads[1].policy());
    assert_eq!(kept.of("change_policy")[0].policy(), reads[0].policy());
}

#[test]
fn refused_duplicate_is_on_record_as_failed_and_neither_it_nor_a_conflict_as_a_write() {
    let kept = Kept::default();
    let world = World::with(|options| options.sink(Required(kept.clone())));
    let id = world.add("Ann", "ann@x.org");
    let customers = world.customers();
    let revision = customers.get(id).unwrap().revision;
    assert!(matches!(customers.insert(&Customer::new("", "ann@x.org")), Err(Error::Duplicate { .. })));
    customers.update(id, |customer| customer.tier = None).unwrap();
    assert!(matches!(customers.update_at(id, revision, |customer| customer.tier = None), Err(Error::Conflict)));
    world.vault.flush().unwrap();
    let created: Vec<_> = kept.of("create").iter().map(|e| (e.outcome(), e.code().to_owned())).collect();
    assert_eq!(created, [(Outcome::Permitted, String::new()), (Outcome::Failed, "duplicate".to_owned())]);
    assert_eq!(kept.of("update").iter().filter(|event| event.revision_after().is_some()).count(), 1);
}

#[test]
fn commit_with_more_entries_than_a_block_holds_is_whole() {
    let kept = Kept::default();
    let world = World::with(|options| options.sink(Required(kept.clone())));
    let session = world.session(boss()).because("r".repeat(8_000));
    let notes = session.collection::<Note>().unwrap();
    let mut batch = session.batch();
    for _ in 0..600 {
        batch.insert(&notes, &Note::new("x")).unwrap();
    }
    let before = world.vault.health().journal_blocks;
    batch.commit().unwrap();
    assert!(world.vault.health().journal_blocks >= before + 2);
    assert_eq!(kept.of("create").len(), 600);
    assert_eq!(world.verify(), Verdict::Intact);
    assert_eq!(world.reopen().verify(), Verdict::Intact);
}
