//! Types that change while their records stay.

use std::collections::BTreeMap;

use crate::record::{FieldProblem, RecordError};
use crate::vault::tests::living::*;

macro_rules! version {
    ($name:ident { $($(#[$meta:meta])* $field:ident: $type:ty = $example:expr),* $(,)? } $($schema:tt)*) => {
        #[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
        struct $name { $($(#[$meta])* $field: $type),* }

        impl Record for $name {
            fn schema() -> Schema {
                Schema::new("people") $($schema)*
            }

            fn example() -> Self {
                Self { $($field: $example),* }
            }
        }
    };
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
enum Tier {
    Gold,
    Silver(u8),
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
enum WiderTier {
    Bronze,
    Gold,
    Silver(u8),
    Platinum { since: u16 },
}

version!(First {
    name: String = "Ann".into(),
    tel: String = "123".into(),
    tier: Tier = Tier::Silver(1),
    note: Option<String> = Some("n".into()),
}
    .index("tel", Normalizer::Exact)
    .field("tier", |f| f.mask(crate::record::Mask::Fixed("Gold".into())))
);

version!(Second {
    #[serde(default)]
    emails: Vec<String> = vec!["a@b.c".into()],
    tier: WiderTier = WiderTier::Gold,
    phone: String = "123".into(),
    name: String = "Ann".into(),
}
    .index("phone", Normalizer::Exact)
    .field("phone", |f| f.was("tel"))
    .field("tier", |f| f.mask(crate::record::Mask::Fixed("Gold".into())))
);

version!(Strict { name: String = "Ann".into(), born: u32 = 1980 });

version!(Retyped { name: u64 = 7 });

fn first(name: &str, tel: &str) -> First {
    First { name: name.into(), tel: tel.into(), tier: Tier::Silver(3), note: Some("kept".into()) }
}

#[test]
fn changed_type_reads_old_rows_and_keeps_what_it_has_lost() {
    let world = World::new();
    world.acme.session(admin()).unwrap().define::<First>().unwrap();
    let old = world.session(boss()).collection::<First>().unwrap();
    let id = old.insert(&first("Ann", "0123")).unwrap();
    world.acme.session(admin()).unwrap().define::<Second>().unwrap();
    // Handles of the old type are told that it no longer matches.
    let stale = old.insert(&first("Bo", "4"));
    assert!(
        matches!(stale, Err(Error::Record(RecordError::Write { problem: FieldProblem::NotDefined, .. }))),
        "{stale:?}"
    );
    let world = world.reopen();
    let people = world.session(boss()).collection::<Second>().unwrap();
    let found = people.get(id).unwrap().value;
    let expected = Second { emails: vec![], tier: WiderTier::Silver(3), phone: "0123".into(), name: "Ann".into() };
    assert_eq!(found, expected);
    // The index follows the field under its new name.
    assert_eq!(people.find("phone", "0123", None, 10).unwrap().items.len(), 1);
    people.update(id, |person| person.tier = WiderTier::Platinum { since: 2020 }).unwrap();
    people.update(id, |person| person.phone = "555".into()).unwrap();
    assert!(people.find("phone", "0123", None, 10).unwrap().items.is_empty());
    let new = people.insert(&Second { name: "Bo".into(), phone: "555".into(), ..expected }).unwrap();
    assert_eq!(people.find("phone", "555", None, 10).unwrap().items.len(), 2);
    assert_eq!(world.verify(), Verdict::Intact);

    // A later version that has the lost field again finds its value.
    version!(Third { name: String = "Ann".into(), #[serde(default)] note: Option<String> = Some("n".into()) });
    world.acme.session(admin()).unwrap().define::<Third>().unwrap();
    let people = world.session(boss()).collection::<Third>().unwrap();
    assert_eq!(people.get(id).unwrap().value.note.as_deref(), Some("kept"));
    assert_eq!(people.get(new).unwrap().value.note, None);
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn type_that_can_not_read_an_old_row_says_which_field_and_why() {
    let world = World::new();
    world.acme.session(admin()).unwrap().define::<First>().unwrap();
    let old = world.session(boss()).collection::<First>().unwrap();
    let id = old.insert(&first("Secret Name", "0123")).unwrap();
    world.acme.session(admin()).unwrap().define::<Strict>().unwrap();
    let people = world.session(boss()).collection::<Strict>().unwrap();
    let text = people.get(id).err().unwrap().to_string();
    assert!(text.contains("`born`") && text.contains("default"), "{text}");
    world.acme.session(admin()).unwrap().define::<Retyped>().unwrap();
    let people = world.session(boss()).collection::<Retyped>().unwrap();
    for error in [people.get(id).err(), people.list(None, 1).err(), people.update(id, |_| {}).err()] {
        let text = format!("{error:?} {}", error.as_ref().unwrap());
        assert!(text.contains("name") && !text.contains("Secret"), "{text}");
        assert!(matches!(error, Some(Error::Record(RecordError::Read { .. }))));
    }
    // Nothing is lost: the type that wrote the value reads it.
    world.acme.session(admin()).unwrap().define::<First>().unwrap();
    let people = world.session(boss()).collection::<First>().unwrap();
    assert_eq!(people.get(id).unwrap().value.name, "Secret Name");
    people.delete(id).unwrap();
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn freed_name_is_a_new_field_and_shows_no_old_values() {
    let world = World::new();
    world.acme.session(admin()).unwrap().define::<First>().unwrap();
    let people = world.session(boss()).collection::<First>().unwrap();
    let id = people.insert(&first("Ann", "0123")).unwrap();
    world.acme.session(admin()).unwrap().define::<Second>().unwrap();
    version!(Again {
        name: String = "Ann".into(),
        phone: String = "1".into(),
        #[serde(default)]
        tel: BTreeMap<String, u8> = BTreeMap::new(),
    } .field("phone", |f| f.was("tel")));
    world.acme.session(admin()).unwrap().define::<Again>().unwrap();
    let people = world.session(boss()).collection::<Again>().unwrap();
    let found = people.get(id).unwrap().value;
    assert_eq!((found.phone.as_str(), found.tel.len()), ("0123", 0));
    people
        .update(id, |person| {
            person.tel.insert("x".into(), 1);
        })
        .unwrap();
    assert_eq!(people.get(id).unwrap().value.phone, "0123");
    assert_eq!(world.reopen().verify(), Verdict::Intact);
}
