use serde::{Deserialize, Serialize};

use super::*;
use crate::format::{IndexState, StoredIndex};
use crate::model::Normalizer;
use crate::record::evolve::SchemaChange;

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
enum Tier {
    Bronze,
    Gold,
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
enum Tiers {
    Iron,
    Bronze,
    Gold,
    Other(String),
}

record!(V1 {
    name: String = "Ann".into(),
    telephone: String = "0491 570 156".into(),
    fax: Option<String> = Some("1".into()),
    tier: Option<Tier> = Some(Tier::Gold),
});

record!(V2 {
    tier: Option<Tiers> = Some(Tiers::Iron),
    #[serde(default)]
    tags: Vec<String> = vec!["x".into()],
    tel: String = "1".into(),
    born: Option<u16> = Some(1970),
    name: String = "Ann".into(),
    telephone: Option<String> = Some("a new field under a name that is free".into()),
}
    .field("tel", |f| f.was("telephone"))
);

fn old() -> V1 {
    V1 { name: "Bob".into(), telephone: "123".into(), fax: Some("456".into()), tier: Some(Tier::Bronze) }
}

#[test]
fn type_that_gained_lost_reordered_and_renamed_fields_and_variants_reads_old_records() {
    let one = Collection::<V1>::define().unwrap();
    let body = one.put(&old()).unwrap();
    let two = Collection::<V2>::redefine(&one).unwrap();
    let read = V2 {
        tier: Some(Tiers::Bronze),
        tags: vec![],
        tel: "123".into(),
        born: None,
        name: "Bob".into(),
        telephone: None,
    };
    assert_eq!(two.read(&body).unwrap(), read);
    let told: Vec<_> = two.changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "field telephone renamed to tel",
            "field tags added",
            "rule of field tel changed",
            "field born added",
            "field telephone added",
            "field fax lost"
        ]
    );
    assert!(Collection::<V2>::redefine(&two).unwrap().changes.is_empty());
    // The first hashes stay, so old records still open.
    for len in 0..=one.dictionary.len() {
        assert_eq!(one.dictionary.hash_at(len), two.dictionary.hash_at(len));
    }
}

#[test]
fn fields_that_a_type_has_lost_keep_their_bytes_through_update() {
    let one = Collection::<V1>::define().unwrap();
    let two = Collection::<V2>::redefine(&one).unwrap();
    let (body, changed) = two
        .update(&one.put(&old()).unwrap(), &FieldSet::All, |c| {
            c.tags.push("new".into());
            c.telephone = Some("second".into());
        })
        .unwrap();
    assert_eq!(changed, ["tags", "telephone"]);
    let fax = two.stored(&body).into_iter().find(|field| field.name == "fax").unwrap();
    assert_eq!(fax.bytes, b"\xa3456");
    assert_eq!(two.read(&body).unwrap().tel, "123");

    record!(V3 { fax: Option<String> = Some("1".into()), name: String = "Ann".into() });
    let three = Collection::<V3>::redefine(&two).unwrap();
    assert_eq!(three.read(&body).unwrap(), V3 { fax: Some("456".into()), name: "Bob".into() });
}

#[test]
fn type_that_cannot_read_an_old_record_says_which_field_and_why() {
    record!(Needs { name: String = "x".into(), email: String = "x".into() });
    record!(Changed { name: u32 = 1 });
    record!(Fewer { tier: Option<Less> = Some(Less::Gold) });
    #[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
    enum Less {
        Gold,
    }
    let one = Collection::<V1>::define().unwrap();
    let body = one.put(&old()).unwrap();
    let read = |field: &str, problem| Some(RecordError::Read { field: field.into(), problem });
    let needs = Collection::<Needs>::redefine(&one).unwrap();
    assert_eq!(needs.read(&body).err(), read("email", FieldProblem::Missing));
    let changed = Collection::<Changed>::redefine(&one).unwrap();
    assert_eq!(changed.read(&body).err(), read("name", FieldProblem::WrongType));
    assert!(!error(changed.read(&body)).contains("Bob"));
    let fewer = Collection::<Fewer>::redefine(&one).unwrap();
    assert_eq!(fewer.read(&body).err(), read("tier", FieldProblem::UnknownVariant));

    record!(Outer { at: Part = Part { zip: 1 } });
    #[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
    struct Part {
        zip: u8,
    }
    record!(Wider { at: Parts = Parts { zip: 1, city: "x".into() } });
    #[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
    struct Parts {
        zip: u8,
        city: String,
    }
    let outer = Collection::<Outer>::define().unwrap();
    let wider = Collection::<Wider>::redefine(&outer).unwrap();
    let body = outer.put(&Outer::example()).unwrap();
    assert_eq!(wider.read(&body).err(), read("at", FieldProblem::PartMissing));
}

#[test]
fn deny_unknown_fields_does_not_stand_against_a_lost_field() {
    record!(
        #[serde(deny_unknown_fields)]
        Strict { name: String = "x".into() }
    );
    let one = Collection::<V1>::define().unwrap();
    let strict = Collection::<Strict>::redefine(&one).unwrap();
    assert_eq!(strict.read(&one.put(&old()).unwrap()).unwrap().name, "Bob");
}

#[test]
fn rename_that_comes_too_late_and_one_of_two_fields_are_refused() {
    record!(Forgot { tel: Option<String> = Some("1".into()) });
    record!(Late { tel: Option<String> = Some("1".into()) }.field("tel", |f| f.was("telephone")));
    record!(Both { number: Option<String> = Some("1".into()) }.field("number", |f| f.was("telephone").was("fax")));
    record!(Earlier { tel: Option<String> = Some("1".into()) }.field("tel", |f| f.was("phone").was("telephone")));
    record!(
        Swapped { name: String = "x".into(), telephone: String = "x".into() }
            .field("name", |f| f.was("telephone"))
            .field("telephone", |f| f.was("name"))
    );
    let one = Collection::<V1>::define().unwrap();
    let forgot = Collection::<Forgot>::redefine(&one).unwrap();
    assert!(error(Collection::<Late>::redefine(&forgot)).contains("`tel` can't take over from `telephone`"));
    assert!(error(Collection::<Both>::redefine(&one)).contains("was two fields"));
    assert!(error(Collection::<Swapped>::redefine(&one)).contains("can't take over"));
    let earlier = Collection::<Earlier>::redefine(&one).unwrap();
    assert_eq!(earlier.read(&one.put(&old()).unwrap()).unwrap().tel.as_deref(), Some("123"));
    assert!(Collection::<Late>::redefine(&earlier).is_ok());
}

#[test]
fn alias_of_a_field_that_records_hold_is_refused_for_a_rename() {
    record!(Aliased {
        #[serde(alias = "telephone", default)]
        tel: String = "x".into()
    });
    let one = Collection::<V1>::define().unwrap();
    let text = error(Collection::<Aliased>::redefine(&one));
    assert!(text.contains("f.was(\"telephone\")"), "{text}");
    assert!(Collection::<Aliased>::define().is_ok());
}

#[test]
fn record_of_an_undefined_version_of_its_type_is_refused() {
    let one = Collection::<V1>::define().unwrap();
    let fields = encode(&V2::example(), false).unwrap();
    let new = new_fields(&fields, false, &one.dictionary);
    assert_eq!(new.err(), Some(RecordError::Write { field: "tags".into(), problem: FieldProblem::NotDefined }));
}

#[test]
fn closed_collection_does_not_become_open() {
    let one = Collection::<V1>::define().unwrap();
    let schema = Schema::open("things");
    let next = Collection::<Document>::from(Some((&one.schema, &one.dictionary)), &schema);
    assert!(error(next).contains("can't become open"));
}

fn versions(schema: &StoredSchema) -> Vec<(u16, u16, bool, IndexState)> {
    schema.indexes.iter().map(|i: &StoredIndex| (i.id, i.version, i.unique, i.state)).collect()
}

#[test]
fn indexes_are_built_replaced_by_new_versions_and_retired() {
    use IndexState::{Building, Ready, Retired};
    let v1 = |schema: Schema, old: Option<&Collection<V1>>| {
        Collection::<V1>::from(old.map(|c| (&c.schema, &c.dictionary)), &schema).unwrap()
    };
    let plain = || Schema::new("things");
    let mut first = v1(plain().unique("name", Normalizer::Text).index("fax", Normalizer::NationalId), None);
    assert_eq!(versions(&first.schema), [(0, 1, true, Building), (1, 1, false, Building)]);
    first.schema.set_ready(0, 1);
    first.schema.set_ready(1, 1);

    let mut second = v1(plain().index("name", Normalizer::Text), Some(&first));
    assert_eq!(versions(&second.schema), [(0, 1, true, Ready), (1, 1, false, Retired), (0, 2, false, Building)]);
    assert_eq!(second.changes, [SchemaChange::IndexChanged("name".into()), SchemaChange::IndexDropped("fax".into())]);
    let back = v1(plain().unique("name", Normalizer::Text), Some(&second));
    assert_eq!(versions(&back.schema), [(0, 1, true, Ready), (1, 1, false, Retired), (0, 2, false, Retired)]);

    second.schema.set_ready(0, 2);
    assert_eq!(versions(&second.schema), [(0, 1, true, Retired), (1, 1, false, Retired), (0, 2, false, Ready)]);
    let again = v1(
        plain().index("name", Normalizer::Text).index("fax", Normalizer::Text).index("telephone", Normalizer::Text),
        Some(&second),
    );
    assert_eq!(again.changes, [SchemaChange::IndexAdded("fax".into()), SchemaChange::IndexAdded("telephone".into())]);
    assert_eq!(versions(&again.schema)[3..], [(1, 2, false, Building), (2, 1, false, Building)]);
}

#[test]
fn new_version_of_a_normalizer_is_a_new_version_of_its_index() {
    let schema = Schema::new("things").index("name", Normalizer::Text);
    let plan = plan::<V1>(&schema).unwrap();
    let one = evolve(None, &schema, &plan, &|_| 1).ok().unwrap();
    let two = evolve(Some((&one.schema, &one.dictionary)), &schema, &plan, &|_| 2).ok().unwrap();
    assert_eq!(two.changes, [SchemaChange::IndexChanged("name".into())]);
    assert_eq!(two.schema.indexes[1].version, 2);
}

#[test]
fn index_follows_a_renamed_field() {
    record!(Renamed { tel: String = "1".into() }.index("tel", Normalizer::Text).field("tel", |f| f.was("telephone")));
    let schema = Schema::new("things").index("telephone", Normalizer::Text);
    let one = Collection::<V1>::from(None, &schema).unwrap();
    let two = Collection::<Renamed>::redefine(&one).unwrap();
    assert_eq!(two.schema.indexes, one.schema.indexes);
}
