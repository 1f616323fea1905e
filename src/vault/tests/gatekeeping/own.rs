//! One's own records only.

use crate::policy::codes;
use crate::vault::tests::gatekeeping::*;

/// Adds records of two sellers and of nobody, in turns.
fn shared() -> (World, Kept, Vec<(RecordId, &'static str)>) {
    let kept = Kept::default();
    let world = World::with(|options| options.sink(Required(kept.clone())));
    let customers = world.customers();
    let mut all = Vec::new();
    for n in 0..30 {
        let (owner, meta) = match n % 3 {
            0 => ("s1", NewMeta::new().owner("s1")),
            1 => ("s2", NewMeta::new().owner("s2")),
            _ => ("", NewMeta::new().no_owner()),
        };
        let customer = Customer::new(["Ann", "Bo"][n % 2], &format!("c{n}@x.org"));
        all.push((customers.insert_with(&customer, meta).unwrap(), owner));
    }
    all.sort();
    (world, kept, all)
}

#[test]
fn own_only_shows_changes_and_removes_own_records_and_no_others() {
    let (world, _, all) = shared();
    let mine = world.session(sales("s1")).collection::<Customer>().unwrap();
    for (id, owner) in &all {
        let own = *owner == "s1";
        assert_eq!(mine.get(*id).is_ok(), own);
        assert_eq!(mine.update(*id, |customer| customer.name.push('!')).is_ok(), own);
        let revision = mine.get(*id).map(|found| found.revision);
        let mut batch = world.session(sales("s1")).batch();
        assert_eq!(batch.update(&mine, *id, |customer| customer.name.push('!')).is_ok(), own);
        if own {
            mine.update_at(*id, revision.unwrap(), |customer| customer.name.push('?')).unwrap();
            mine.delete(*id).unwrap();
        } else {
            assert_eq!(denial(mine.delete(*id)).code, codes::NOT_OWNER);
            assert_eq!(denial(batch.delete(&mine, *id)).code, codes::NOT_OWNER);
        }
    }
    assert!(mine.list(None, 100).unwrap().items.is_empty());
    assert_eq!(world.customers().list(None, 100).unwrap().items.len(), 20);
}

#[test]
fn pages_of_own_records_among_others_lack_none_and_repeat_none() {
    let (world, _, all) = shared();
    let mine = world.session(sales("s2")).collection::<Customer>().unwrap();
    let expected: Vec<RecordId> = all.iter().filter(|(_, owner)| *owner == "s2").map(|(id, _)| *id).collect();
    for limit in [1, 2, 3, 9, 10, 11, 100] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = mine.list(after, limit).unwrap();
            assert!(page.items.len() <= limit);
            assert!(page.next.is_none() || page.items.len() == limit);
            seen.extend(page.items.iter().map(|found| found.id));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, expected, "{limit}");
        assert_eq!(mine.iter(limit).map(|found| found.unwrap().id).collect::<Vec<_>>(), expected, "{limit}");
    }
    for limit in [1, 2, 5, 6] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = mine.find("name", "ann", after, limit).unwrap();
            seen.extend(page.items.iter().map(|found| found.id));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen.len(), 5, "{limit}");
        assert!(seen.is_sorted() && seen.iter().all(|id| expected.contains(id)));
    }
}

#[test]
fn find_unique_of_anothers_record_is_none() {
    let (world, _, _) = shared();
    let mine = world.session(sales("s1")).collection::<Customer>().unwrap();
    assert!(mine.find_unique("email", "c0@x.org").unwrap().is_some());
    for hidden in ["c1@x.org", "c2@x.org", "nobody@x.org"] {
        assert!(mine.find_unique("email", hidden).unwrap().is_none(), "{hidden}");
    }
}

#[test]
fn anothers_record_a_deleted_one_and_none_at_all_can_not_be_told_apart() {
    let (world, _, all) = shared();
    let mine = world.session(sales("s1")).collection::<Customer>().unwrap();
    let anothers = all.iter().find(|(_, owner)| *owner == "s2").unwrap().0;
    let nobodys = all.iter().find(|(_, owner)| owner.is_empty()).unwrap().0;
    let deleted = all.iter().rfind(|(_, owner)| *owner == "s2").unwrap().0;
    world.customers().delete(deleted).unwrap();
    let missing = RecordId::from_bytes([3; 16]);
    let answers: Vec<Vec<(String, String)>> = [anothers, nobodys, deleted, missing]
        .into_iter()
        .map(|id| {
            let all = [
                denial(mine.get(id)),
                denial(mine.update(id, |_| {})),
                denial(mine.delete(id)),
                denial(mine.insert_with(&Customer::new("x", ""), NewMeta::new().about("customers", id))),
            ];
            all.map(|denial| (denial.code.to_string(), denial.for_user.to_string())).to_vec()
        })
        .collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    // An actor who may know is told.
    assert!(matches!(world.customers().get(deleted), Err(Error::Deleted)));
    assert!(matches!(world.customers().get(missing), Err(Error::NotFound)));
}

#[test]
fn record_can_not_be_created_for_somebody_else_by_own_only() {
    let (world, _, _) = shared();
    let mine = world.session(sales("s1")).collection::<Customer>().unwrap();
    for meta in [NewMeta::new().owner("s2"), NewMeta::new().no_owner(), NewMeta::new().owner("")] {
        assert_eq!(denial(mine.insert_with(&Customer::new("x", ""), meta)).code, codes::NOT_OWNER);
    }
    let id = mine.insert_with(&Customer::new("x", ""), NewMeta::new().owner("s1")).unwrap();
    assert_eq!(mine.get(id).unwrap().meta.owner(), Some("s1"));
    // An actor without an id owns nothing, not even records without an owner.
    let nobody = world.session(Actor::new("").with_role("sales")).collection::<Customer>().unwrap();
    assert!(nobody.list(None, 100).unwrap().items.is_empty());
    assert!(nobody.insert(&Customer::new("x", "")).is_err());
}

#[test]
fn administrators_are_told_of_a_field_that_is_misspelt_and_actors_are_not() {
    let (world, ..) = shared();
    let mine = world.session(sales("s1")).collection::<Customer>().unwrap();
    let refused = denial(mine.find("emial", "x", None, 10));
    assert_eq!(refused.code, codes::FIELD_NOT_READABLE);
    let told = refused.for_admin.ends_with("; the collection has no field `emial` (did you mean `email`?)");
    assert!(told && !refused.to_string().contains("email"), "{refused:#}");
    assert!(!denial(mine.find("tier", 1u8, None, 10)).for_admin.contains("no field"));
}

#[test]
fn search_by_a_field_that_may_not_be_seen_is_denied_and_written_down() {
    let (world, kept, _) = shared();
    let schema = Customer::schema().index("tier", Normalizer::Exact);
    world.acme.session(admin()).unwrap().define_as::<Customer>(schema).unwrap();
    let mine = world.session(sales("s1")).collection::<Customer>().unwrap();
    let code = codes::FIELD_NOT_READABLE;
    assert_eq!(denial(mine.find("tier", 1u8, None, 10)).code, code);
    assert_eq!(denial(mine.find_unique("tier", 1u8)).code, code);
    assert_eq!(denial(mine.find_all(&[("name", "ann".into()), ("tier", 1u8.into())], None, 10)).code, code);
    assert_eq!(mine.find("name", "ann", None, 10).unwrap().items.len(), 5);
    world.vault.flush().unwrap();
    let denied = kept.of("search").into_iter().filter(|event| event.outcome() == Outcome::Denied);
    assert_eq!(denied.filter(|event| event.code() == code && event.actor() == Some("s1")).count(), 3);
}
