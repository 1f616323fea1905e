//! The masks for kinds of data, through every call that returns a record.

use crate::record::Value;
use crate::vault::tests::masking::*;

/// A record with a field for every mask for a kind of data.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Contactable {
    code: String,
    group: String,
    card: String,
    email: String,
    phone: String,
    name: String,
    national_id: String,
    born: Option<String>,
    age: Value,
    nothing: Option<String>,
}

impl Record for Contactable {
    fn schema() -> Schema {
        Schema::new("contactables")
            .unique("code", Normalizer::Exact)
            .index("group", Normalizer::Exact)
            .unique("email", Normalizer::Email)
            .index("phone", Normalizer::Exact)
            .index("name", Normalizer::Text)
            .unique("national_id", Normalizer::NationalId)
            .field("card", |f| f.mask(Mask::last_four()))
            .field("email", |f| f.mask(Mask::email()))
            .field("phone", |f| f.mask(Mask::phone()))
            .field("name", |f| f.mask(Mask::name()))
            .field("national_id", |f| f.mask(Mask::national_id()))
            .field("born", |f| f.mask(Mask::year()))
            .field("age", |f| f.mask(Mask::range(10)))
            .field("nothing", |f| f.mask(Mask::email()))
    }

    fn example() -> Self {
        let text = || "example".to_owned();
        let (code, group, card) = (text(), text(), text());
        let (email, phone, name) = ("ann@example.com".to_owned(), "0491 570 156".to_owned(), "王小明".to_owned());
        let (national_id, born, age) = ("123-45-6789".to_owned(), Some("1990-05-17".to_owned()), 34.into());
        Self { code, group, card, email, phone, name, national_id, born, age, nothing: Some(text()) }
    }
}

#[test]
fn every_mask_holds_in_every_read_and_in_an_update_which_writes_nothing_of_it_back() {
    let Bench { world, lists } = Bench::new();
    world.acme.session(admin()).unwrap().define::<Contactable>().unwrap();
    let of = |actor: &str| world.session(Actor::new(actor)).collection::<Contactable>().unwrap();
    let (all, some) = (of("all"), of("some"));
    let real = Contactable {
        code: "c-1".into(),
        group: "gold".into(),
        card: "4111 1111 1111 9876".into(),
        email: "Anna.Lee@Example.com".into(),
        phone: "138 1234 5678".into(),
        name: "Anna Lee".into(),
        national_id: "11010519491231002X".into(),
        born: Some("1949-12-31".into()),
        age: 75.into(),
        nothing: None,
    };
    let masked = Contactable {
        card: "****9876".into(),
        email: "A****@Example.com".into(),
        phone: "138****5678".into(),
        name: "A**** L****".into(),
        national_id: "11****X".into(),
        born: Some("1949".into()),
        age: "70-79".into(),
        ..real.clone()
    };
    let hidden = ["card", "email", "phone", "name", "national_id", "born", "age", "nothing"];
    let id = all.insert(&real).unwrap();
    *lists.0.lock().unwrap() = Some((["code", "group"].into_iter().collect(), FieldSet::All));

    let mut reads = vec![some.get(id).unwrap(), some.find_unique("code", "c-1").unwrap().unwrap()];
    reads.extend(some.list(None, 10).unwrap());
    reads.extend(some.find("group", "gold", None, 10).unwrap());
    reads.extend(some.iter(10).map(Result::unwrap));
    assert_eq!(reads.len(), 5);
    for found in reads {
        assert_eq!(found.value, masked);
        assert_eq!(found.withheld, hidden);
    }

    // Neither the hidden value nor its mask finds anything.
    for value in [&real, &masked] {
        for (field, value) in json(value).iter().filter(|(field, _)| hidden.contains(&field.as_str())) {
            let Some(sought) = search(value) else { continue };
            let found = some.find(field, sought.clone(), None, 10);
            assert!(found.is_err() || found.is_ok_and(|page| page.items.is_empty()), "by {field}");
            assert!(!matches!(some.find_unique(field, sought), Ok(Some(_))), "by {field}");
        }
    }

    let revision = all.get(id).unwrap().revision;
    some.update(id, |value| assert_eq!(*value, masked)).unwrap();
    assert_eq!(all.get(id).unwrap().revision, revision);
    some.update(id, |value| value.group = "silver".into()).unwrap();
    let expected = Contactable { group: "silver".into(), ..real };
    assert_eq!(all.get(id).unwrap().value, expected);
    assert!(matches!(some.update(id, |value| value.phone = "138****5679".into()), Err(Error::Denied(_))));
    assert_eq!(all.get(id).unwrap().value, expected);
    assert_eq!(world.verify(), Verdict::Intact);
}
