//! Reports of disclosures: whose data somebody saw, and who saw somebody's data.

use crate::vault::tests::questions::*;
use crate::vault::{DisclosedTo, Disclosure, DisclosureReport};

fn to<'r>(line: &'r Disclosure, actor: &str) -> &'r DisclosedTo {
    line.readers.iter().find(|reader| reader.actor == actor).unwrap()
}

fn of(report: &DisclosureReport, id: RecordId) -> Option<&Disclosure> {
    report.people.iter().find(|line| line.person.as_ref().is_some_and(|person| person.id == id))
}

#[test]
fn breach_report_lists_everybody_whose_data_the_actor_saw_in_the_time_and_nobody_else() {
    let office = Office::new();
    let [ann, bo, cy, di] = ["ann", "bo", "cy", "di"].map(|name| office.world.add(name, &format!("{name}@x.org")));
    let seller = office.world.session(sales("s")).for_purpose("support").collection::<Customer>().unwrap();
    office.tick();
    seller.get(di).unwrap();
    let from = office.tick();
    let first = office.tick();
    seller.get(ann).unwrap();
    office.tick();
    seller.find("name", "bo", None, 10).unwrap();
    let last = office.tick();
    seller.update(ann, |customer| customer.name.push('x')).unwrap();
    // Acts that show nothing don't count: refusals, failures, empty answers, counts.
    seller.delete(cy).unwrap_err();
    denied(seller.unmask(cy, &["tier"]));
    seller.find_unique("email", "nobody@x.org").unwrap();
    seller.count().unwrap();
    // What other actors saw doesn't count either.
    office.world.customers().get(cy).unwrap();
    let until = office.tick();
    seller.get(di).unwrap();

    let root = admin();
    let report = office
        .acme()
        .session(root.clone())
        .unwrap()
        .journal()
        .disclosures()
        .by_actor("s")
        .between(from, until)
        .report()
        .unwrap();
    let mut ids: Vec<RecordId> = report.people.iter().map(|line| line.person.as_ref().unwrap().id).collect();
    // Ids of one moment have no order.
    let mut expected = [ann, bo];
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
    assert_eq!((report.acts, report.dropped_before, report.unreadable), (3, None, 0));
    let reader = to(of(&report, ann).unwrap(), "s");
    assert_eq!((reader.times, reader.first, reader.last), (2, first, last));
    assert_eq!(
        (&reader.acts, &reader.fields),
        (&vec!["read".into(), "update".into()], &vec!["email".into(), "name".into()])
    );
    assert_eq!((&reader.purposes[..], reader.unnamed), (&["support".to_owned()][..], false));
    let made = office.latest("read_journal");
    assert_eq!((made.code(), made.party(), made.rows()), ("disclosures", Some("actor:s"), Some(2)));
    assert!(made.subjects().is_empty());
}

#[test]
fn access_report_says_who_saw_what_of_a_person_and_by_which_of_their_records() {
    let office = Office::new();
    let id = office.world.add("ann", "ann@x.org");
    office.world.add("bo", "bo@x.org");
    let about = || NewMeta::new().about("customers", id);
    let note = office.world.notes().insert_with(&Note::new("x"), about()).unwrap();
    let papers = office.world.session(boss()).collection::<Document>().unwrap();
    let paper = papers.insert_with(&Document::new().with("a", "x"), about()).unwrap();
    let customers = office.world.customers();
    customers.unmask(id, &["tier"]).unwrap();
    history(&customers, id, None, 10).unwrap();
    customers.export(None, 10).unwrap();
    customers.sorted("name", false, 10).unwrap();
    papers.get(paper).unwrap();
    let seller = office.world.session(sales("s"));
    seller.collection::<Note>().unwrap().get(note).unwrap();
    denied(office.world.session(Actor::new("x")).collection::<Note>().unwrap().get(note));
    let root = admin();
    let report =
        office.acme().session(root.clone()).unwrap().journal().disclosures().of_record("notes", note).report().unwrap();
    assert_eq!(report.people.len(), 1);
    let line = &report.people[0];
    let ids = |line: &Disclosure| line.records.iter().map(|record| record.id).collect::<Vec<_>>();
    assert_eq!((line.person.as_ref().unwrap().id, ids(line), line.unresolved), (id, vec![id, note, paper], 0));
    let boss = to(line, "b");
    assert_eq!((boss.times, &boss.acts[..]), (5, &["export", "list", "read", "unmask"].map(str::to_owned)[..]));
    assert_eq!((&boss.unmasked[..], boss.unnamed), (&["tier".to_owned()][..], true));
    assert_eq!((&to(line, "s").fields[..], line.readers.len()), (&["text".to_owned()][..], 2));
    // Asked by the pseudonym, or about everybody, the same line.
    let by_name = office
        .acme()
        .session(root.clone())
        .unwrap()
        .journal()
        .disclosures()
        .of_subject(&*line.pseudonym)
        .report()
        .unwrap();
    assert!(by_name.people == report.people);
    let all = office.acme().session(root.clone()).unwrap().journal().disclosures().report().unwrap();
    assert!(of(&all, id) == Some(line) && all.people.len() == 2);
    // Records deleted since are still named.
    office.world.notes().delete(note).unwrap();
    customers.delete(id).unwrap();
    for report in [
        office
            .acme()
            .session(root.clone())
            .unwrap()
            .journal()
            .disclosures()
            .of_record("customers", id)
            .report()
            .unwrap(),
        office.acme().session(root.clone()).unwrap().journal().disclosures().report().unwrap(),
    ] {
        let line = of(&report, id).unwrap();
        let deleted: Vec<_> = line.records.iter().map(|record| (record.id, record.deleted)).collect();
        assert_eq!(deleted, [(id, true), (note, true), (paper, false)]);
    }
}

#[test]
fn report_is_text_for_a_person_and_lines_of_json_for_a_program() {
    let office = Office::new();
    let id = office.world.add("ann", "ann@x.org");
    let clerk = Actor::new("line\nbreak").with_role("sales");
    office.customers_of(clerk).get(id).unwrap();
    let root = admin();
    let report =
        office.acme().session(root.clone()).unwrap().journal().disclosures().by_actor("line\nbreak").report().unwrap();
    let text = report.to_string();
    let expected = format!("customers {id}\n  pseudonym {}\n  to line\u{fffd}break, 1 times", office.pseudonym(id));
    assert!(text.contains(&expected) && text.contains("    fields: email, name\n"), "{text}");
    let lines = report.to_json_lines();
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]["people"], &lines[0]["acts"]), (2, &1.into(), &1.into()));
    assert_eq!(lines[1]["person"]["id"], id.to_string());
    assert_eq!(lines[1]["readers"][0]["fields"], serde_json::json!(["email", "name"]));
    assert_eq!(lines[1]["readers"][0]["actor"], "line\nbreak");
}

#[test]
fn report_over_a_time_that_was_dropped_says_so_and_a_row_that_does_not_open_holds_nothing_back() {
    let office = Office::new();
    let [ann, bo] = ["ann", "bo"].map(|name| office.world.add(name, &format!("{name}@x.org")));
    office.world.customers().get(ann).unwrap();
    office.tick();
    let before = office.fill_segment();
    let begins = office.tick();
    office.world.customers().get(bo).unwrap();
    office.drop_before(before);
    let root = admin();
    let report = office.acme().session(root.clone()).unwrap().journal().disclosures().report().unwrap();
    assert_eq!((report.people.len(), report.dropped_before), (1, Some(begins)));
    assert!(report.to_string().contains("INCOMPLETE"));
    let later = office
        .acme()
        .session(root.clone())
        .unwrap()
        .journal()
        .disclosures()
        .between(begins, office.tick())
        .report()
        .unwrap();
    assert_eq!((later.people.len(), later.dropped_before), (1, None));
    let key = key_of(&office.world.customers(), bo);
    let mut row = store(&office.world.memory).get(&key).unwrap().unwrap();
    *row.last_mut().unwrap() ^= 1;
    let at = row.len() / 2;
    row[at] ^= 1;
    put(&office.world.memory, &[(key, Some(row))]);
    let report = office.acme().session(root.clone()).unwrap().journal().disclosures().report().unwrap();
    assert_eq!((report.unreadable, report.people[0].person.is_none(), report.people[0].unresolved), (1, true, 1));
    assert!(report.to_string().contains("can't be told"));
}

#[test]
fn report_that_grows_too_large_says_so_and_is_on_record_all_the_same() {
    let office = Office::new();
    let (tenant, root) = (office.acme(), admin());
    for hundred in 0..101u32 {
        let subjects: Vec<_> = (0..1_000u32)
            .map(|n| {
                let mut pseudonym = [0; 16];
                pseudonym[..4].copy_from_slice(&(hundred * 1_000 + n).to_be_bytes());
                let pseudonym = crate::model::Pseudonym::from_bytes(pseudonym);
                crate::audit::Subject { pseudonym, number: 0, revision: crate::model::Revision::FIRST }
            })
            .collect();
        let mut entry = crate::audit::EntryBuilder::new(Timestamp::from_micros(0), Action::List);
        entry.actor(&sales("s")).outcome(Outcome::Permitted, "", "house").subjects(&subjects);
        office.world.vault.core().record(Some(tenant.tenant()), entry.finish().unwrap()).unwrap();
    }
    let report = tenant.session(root.clone()).unwrap().journal().disclosures().by_actor("s").report();
    assert!(matches!(report, Err(crate::Error::TooLarge { limit: 100_000, .. })), "{report:?}");
    let made = office.latest("read_journal");
    assert_eq!((made.code(), made.party()), ("disclosures_too_large", Some("actor:s")));
}
