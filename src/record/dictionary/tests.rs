use super::*;

#[test]
fn renamed_field_keeps_its_number_and_its_old_name_is_free_for_another() {
    let mut dictionary = Dictionary::new();
    for name in ["name", "telephone"] {
        dictionary.add(name).unwrap();
    }
    dictionary.rename(1, "tel").unwrap();
    assert_eq!((dictionary.number_of("tel"), dictionary.number_of("telephone")), (Some(1), None));
    dictionary.add("telephone").unwrap();
    assert_eq!((dictionary.number_of("telephone"), dictionary.name_of(1)), (Some(2), Some("tel")));
    assert!(dictionary.ever_named(1, "telephone") && !dictionary.ever_named(2, "tel"));

    let read = Dictionary::decode(&dictionary.encode().unwrap()).ok().unwrap();
    assert_eq!(read.log, dictionary.log);
    for len in 0..=4 {
        assert_eq!(read.hash_at(len), dictionary.hash_at(len));
        assert!(dictionary.hash_at(len).is_some());
    }
    assert_eq!((read.len(), read.hash_at(5)), (4, None));
}

#[test]
fn hash_of_a_length_stays_when_the_log_grows_and_differs_between_lengths() {
    let mut dictionary = Dictionary::new();
    dictionary.add("a").unwrap();
    let before = dictionary.hash_at(1);
    dictionary.add("b").unwrap();
    assert_eq!(dictionary.hash_at(1), before);
    assert_ne!(dictionary.hash_at(2), before);
}

#[test]
fn log_whose_numbers_or_names_do_not_follow_is_refused() {
    let log = |entries: &[(u16, &str)]| {
        let entries: Vec<_> = entries.iter().map(|(number, name)| (*number, (*name).to_owned())).collect();
        Dictionary::decode(&encode_dictionary(&entries).unwrap())
    };
    assert!(log(&[(0, "a"), (1, "b"), (0, "c"), (2, "a")]).is_ok());
    assert!(log(&[(1, "a")]).is_err());
    assert!(log(&[(0, "a"), (1, "a")]).is_err());
    assert!(log(&[(0, "a"), (0, "a")]).is_err());
    let name = "n".repeat(crate::format::MAX_NAME + 1);
    assert!(encode_dictionary(&[(0, name)]).is_err());
    assert!(Dictionary::decode(&[]).is_err() && Dictionary::decode(&[2, 0]).is_err());
}
