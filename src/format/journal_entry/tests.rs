use super::*;

fn smallest() -> Vec<u8> {
    let mut entry = Vec::new();
    put(&mut entry, tag::TIME, &[0; 8]).unwrap();
    put(&mut entry, tag::ACTION, b"read").unwrap();
    put_outcome(&mut entry, 1, "", "").unwrap();
    entry
}

#[test]
fn entry_is_cut_short_nowhere_without_notice() {
    let entry = smallest();
    assert_eq!(check(&entry), Ok(()));
    for end in 0..entry.len() {
        assert!(check(&entry[..end]).is_err(), "{end}");
    }
}

#[test]
fn tag_twice_or_out_of_order_is_refused() {
    let mut twice = smallest();
    put(&mut twice, tag::ROWS, &[0; 4]).unwrap();
    assert_eq!(check(&twice), Ok(()));
    put(&mut twice, tag::ROWS, &[0; 4]).unwrap();
    assert!(check(&twice).is_err());
    let mut late = smallest();
    put(&mut late, tag::ROWS, &[0; 4]).unwrap();
    put(&mut late, tag::ACTOR, b"a").unwrap();
    assert!(check(&late).is_err());
    assert_eq!(check(&sort(&late).unwrap()), Ok(()));
}

#[test]
fn unknown_tag_is_kept_and_known_tags_are_checked() {
    let mut entry = smallest();
    put(&mut entry, 200, b"anything").unwrap();
    assert_eq!(check(&entry), Ok(()));
    assert_eq!(find(&entry, 200), Some(&b"anything"[..]));
    for (tag, bytes) in [
        (tag::ACTOR, &b"\xff"[..]),
        (tag::POLICY, b"short"),
        (tag::SUBJECTS, b"torn"),
        (tag::EVIDENCE, b"torn"),
        (tag::EVIDENCE, &[0; SPOT * (MAX_EVIDENCE + 1)]),
        (tag::ROLES, &[0, 0, 0, 0, 0, 1, b'a']),
        (tag::ROWS, &[0; 5]),
        (tag::SUBJECTS, &[0; SUBJECT * (MAX_SUBJECTS + 1)]),
        (tag::SESSION, &[b'a'; MAX_TEXT + 1]),
    ] {
        let mut entry = smallest();
        put(&mut entry, tag, bytes).unwrap();
        assert!(check(&entry).is_err(), "{tag}");
    }
}

#[test]
fn names_that_do_not_fit_are_counted() {
    let long = "n".repeat(1000);
    let mut entry = smallest();
    put_names(&mut entry, tag::FIELDS_READ, std::iter::repeat_n(long.as_str(), 100)).unwrap();
    assert_eq!(check(&entry), Ok(()));
    let (count, listed) = names(find(&entry, tag::FIELDS_READ).unwrap()).unwrap();
    assert_eq!(count, 100);
    assert_eq!(listed.len(), MAX_NAMES / 1002);
}
