use super::*;
use crate::index::entry::seal_entry_with_salt;
use crate::index::links::seal_links_with_salt;

fn vectors() -> Value {
    crate::format::vectors::published("index")
}

fn array<const N: usize>(vectors: &Value, name: &str) -> [u8; N] {
    unhex(&vectors[name]).try_into().unwrap()
}

fn number(vectors: &Value, name: &str) -> u16 {
    vectors[name].as_u64().unwrap().try_into().unwrap()
}

fn keys() -> IndexKeys {
    IndexKeys::derive(&Key::copied(&[1; 32]), CollectionId::from_bytes([2; 16]), 3, 4).unwrap()
}

fn some_term(value: &str) -> Term {
    normalize(&Normalizer::Text, &IndexValue::Text(value.to_owned())).unwrap().unwrap()
}

fn links_place() -> LinksPlace {
    LinksPlace {
        tenant: TenantId::from_bytes([1; 16]),
        collection: CollectionId::from_bytes([2; 16]),
        record: RecordId::from_bytes([3; 16]),
        revision: Revision::new(4),
    }
}

fn link(index: u16, version: u16) -> Link {
    Link { index, version, value_key: Key::copied(&[index as u8; 32]), position: u64::from(version) }
}

fn is_refused<T>(result: &Result<T, IndexError>) -> bool {
    matches!(result, Err(IndexError::Crypto { source: CryptoError::Authentication, .. }))
}

#[test]
fn vectors_made_by_another_program_come_out_the_same() {
    let v = vectors();
    let collection = CollectionId::from_bytes(array(&v, "collection"));
    let record = RecordId::from_bytes(array(&v, "record"));
    let salt: [u8; SALT] = array(&v, "salt");
    let tenant = Key::<role::Index>::copied(&array(&v, "tenant_index_key"));
    let keys = IndexKeys::derive(&tenant, collection, number(&v, "index"), number(&v, "version")).unwrap();
    let term = normalize(&Normalizer::Email, &IndexValue::Text("Info@Example.com".to_owned())).unwrap().unwrap();
    assert_eq!(term.as_bytes(), unhex(&v["term"]));
    let value = keys.value_key(&term);
    assert_eq!(value.expose(), &array::<32>(&v, "value_key"));
    let place = keys.place(v["position"].as_u64().unwrap());
    assert_eq!(entry_key(&value, place.position), array::<32>(&v, "entry_key"));
    for (name, entry) in [("entry_live", Entry::Live(record)), ("entry_dead", Entry::Dead)] {
        let sealed = unhex(&v[name]);
        assert_eq!(seal_entry_with_salt(&value, &place, entry, &salt).unwrap().to_vec(), sealed, "{name}");
        assert!(open_entry(&value, &place, &sealed).unwrap() == entry, "{name}");
    }

    let links_key = Key::<role::Links>::copied(&array(&v, "links_key"));
    let place = LinksPlace {
        tenant: TenantId::from_bytes(array(&v, "tenant")),
        collection,
        record,
        revision: Revision::new(v["revision"].as_u64().unwrap()),
    };
    let links = [
        Link {
            index: number(&v, "other_index"),
            version: number(&v, "other_version"),
            value_key: Key::copied(&array(&v, "other_value_key")),
            position: v["other_position"].as_u64().unwrap(),
        },
        Link { index: keys.index(), version: keys.version(), value_key: value, position: 5 },
    ];
    let section = unhex(&v["links_section"]);
    assert_eq!(
        seal_links_with_salt(&links_key, &place, links.iter().map(Link::raw).collect(), &salt).unwrap(),
        section
    );
    assert_eq!(seal_links(&links_key, &place, &[]).unwrap(), unhex(&v["links_section_empty"]));
    let opened = open_links(&links_key, &place, &section).unwrap();
    let seen: Vec<_> = opened.iter().map(|l| (l.index, l.version, *l.value_key.expose(), l.position)).collect();
    assert_eq!(seen, [(3, 2, array(&v, "value_key"), 5), (4, 1, array(&v, "other_value_key"), 0)]);
}

#[test]
fn value_key_depends_on_tenant_collection_index_version_and_value() {
    let base = |tenant, collection, index, version, value: &str| {
        let keys =
            IndexKeys::derive(&Key::copied(&[tenant; 32]), CollectionId::from_bytes([collection; 16]), index, version);
        *keys.unwrap().value_key(&some_term(value)).expose()
    };
    let all = [
        base(1, 2, 3, 4, "gold"),
        base(9, 2, 3, 4, "gold"),
        base(1, 9, 3, 4, "gold"),
        base(1, 2, 9, 4, "gold"),
        base(1, 2, 3, 9, "gold"),
        base(1, 2, 3, 4, "silver"),
    ];
    for (i, a) in all.iter().enumerate() {
        for (j, b) in all.iter().enumerate() {
            assert_eq!(a == b, i == j, "{i} {j}");
        }
    }
}

#[test]
fn entries_of_one_value_share_no_key_and_no_byte_string() {
    let value = keys().value_key(&some_term("gold"));
    assert_ne!(entry_key(&value, 0), entry_key(&value, 1));
    let seal = || seal_entry(&value, &keys().place(0), Entry::Dead).unwrap();
    assert_ne!(seal(), seal());
}

#[test]
fn entry_opens_only_under_its_value_at_its_place_and_unaltered() {
    let value = keys().value_key(&some_term("gold"));
    let other = keys().value_key(&some_term("silver"));
    let place = keys().place(7);
    let entry = Entry::Live(RecordId::from_bytes([9; 16]));
    let sealed = seal_entry(&value, &place, entry).unwrap();
    assert!(open_entry(&value, &place, &sealed).unwrap() == entry);
    assert!(is_refused(&open_entry(&other, &place, &sealed)));
    for wrong in [
        EntryPlace { collection: CollectionId::from_bytes([9; 16]), ..place },
        EntryPlace { index: 9, ..place },
        EntryPlace { version: 9, ..place },
        EntryPlace { position: 8, ..place },
    ] {
        assert!(is_refused(&open_entry(&value, &wrong, &sealed)), "{wrong:?}");
    }
    for i in 0..sealed.len() {
        let mut bad = sealed;
        bad[i] ^= 1;
        assert!(is_refused(&open_entry(&value, &place, &bad)), "byte {i}");
        assert!(is_refused(&open_entry(&value, &place, &sealed[..i])), "cut at {i}");
    }
}

#[test]
fn links_open_only_for_their_own_revision_of_their_own_record() {
    let key = Key::<role::Links>::copied(&[7; 32]);
    let place = links_place();
    let section = seal_links(&key, &place, &[link(2, 1), link(1, 1), link(1, 2)]).unwrap();
    let opened = open_links(&key, &place, &section).unwrap();
    assert_eq!(opened.iter().map(|l| (l.index, l.version)).collect::<Vec<_>>(), [(1, 1), (1, 2), (2, 1)]);
    assert!(
        opened[2].place(place.collection)
            == EntryPlace { collection: place.collection, index: 2, version: 1, position: 1 }
    );
    for wrong in [
        LinksPlace { tenant: TenantId::from_bytes([9; 16]), ..place },
        LinksPlace { collection: CollectionId::from_bytes([9; 16]), ..place },
        LinksPlace { record: RecordId::from_bytes([9; 16]), ..place },
        LinksPlace { revision: Revision::new(9), ..place },
    ] {
        assert!(is_refused(&open_links(&key, &wrong, &section)), "{wrong:?}");
    }
    assert!(is_refused(&open_links(&Key::copied(&[8; 32]), &place, &section)));
    for i in 0..section.len() {
        let mut bad = section.clone();
        bad[i] ^= 1;
        assert!(open_links(&key, &place, &bad).is_err(), "byte {i}");
        assert!(open_links(&key, &place, &section[..i]).is_err(), "cut at {i}");
    }
    assert_ne!(section, seal_links(&key, &place, &opened).unwrap());
}

#[test]
fn links_are_at_most_48_and_none_twice() {
    let key = Key::<role::Links>::copied(&[7; 32]);
    let many: Vec<Link> = (0..49).map(|index| link(index, 1)).collect();
    let full = seal_links(&key, &links_place(), &many[..48]).unwrap();
    assert_eq!(open_links(&key, &links_place(), &full).unwrap().len(), 48);
    assert!(matches!(seal_links(&key, &links_place(), &many), Err(IndexError::Format { .. })));
    let twice = [link(1, 1), link(1, 1)];
    assert!(matches!(seal_links(&key, &links_place(), &twice), Err(IndexError::Format { .. })));
}

#[test]
fn no_error_shows_a_key_or_a_cause_twice() {
    let key = Key::<role::Links>::copied(&[7; 32]);
    let refused = open_links(&key, &links_place(), b"\0\x01short").err().unwrap();
    let cause = std::error::Error::source(&refused).unwrap().to_string();
    assert!(!refused.to_string().contains(&cause), "{refused}");
}
