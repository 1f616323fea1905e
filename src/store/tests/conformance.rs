//! The duties of every store, checked for each of them.

use super::super::{Batch, CommitError, Expectation, MAX_KEY, MAX_VALUE, Pair, Store, StoreError};

fn batch(puts: &[(&[u8], &[u8])], removes: &[&[u8]]) -> Batch {
    let mut batch = Batch::default();
    puts.iter().for_each(|(key, value)| batch.put(*key, *value));
    removes.iter().for_each(|key| batch.remove(*key));
    batch
}

fn expect(key: &[u8], value: Option<&[u8]>) -> Expectation {
    Expectation { key: key.to_vec(), value: value.map(<[u8]>::to_vec) }
}

fn keys(page: &[Pair]) -> Vec<&[u8]> {
    page.iter().map(|(key, _)| key.as_slice()).collect()
}

/// Checks all that an open, empty store must do; leaves it empty.
pub(in crate::store) fn conforms(store: &dyn Store) {
    reads_back(store);
    later_change_wins(store);
    scans_in_order(store);
    pages_without_gap_or_repeat(store);
    prefixes_end_where_they_should(store);
    conflict_leaves_all_untouched(store);
    sizes_are_limited(store);
    racing_commits_lose_nothing(store);
    clear(store);
}

/// Closes `store` and checks that it answers nothing but that.
pub(in crate::store) fn closes(store: &dyn Store) {
    store.close().unwrap();
    let change = batch(&[(b"k", b"v")], &[]);
    assert!(matches!(store.get(b"k"), Err(StoreError::Closed)));
    assert!(matches!(store.scan(b"", None, 1), Err(StoreError::Closed)));
    assert!(matches!(store.commit(&change, &[]), Err(CommitError::Store(StoreError::Closed))));
    assert!(matches!(store.close(), Err(StoreError::Closed)));
}

fn clear(store: &dyn Store) {
    let all = store.scan(b"", None, usize::MAX).unwrap();
    store.commit(&batch(&[], &keys(&all)), &[]).unwrap();
    assert!(store.scan(b"", None, 1).unwrap().is_empty());
}

fn reads_back(store: &dyn Store) {
    store.commit(&batch(&[(b"a", b"1"), (b"empty", b"")], &[b"never there"]), &[]).unwrap();
    assert_eq!(store.get(b"a").unwrap().unwrap(), b"1");
    assert_eq!(store.get(b"empty").unwrap().unwrap(), b"");
    assert!(store.get(b"b").unwrap().is_none());
    store.commit(&batch(&[(b"a", b"2")], &[b"empty"]), &[]).unwrap();
    assert_eq!(store.get(b"a").unwrap().unwrap(), b"2");
    assert!(store.get(b"empty").unwrap().is_none());
}

fn later_change_wins(store: &dyn Store) {
    let mut changes = batch(&[(b"x", b"1"), (b"y", b"1")], &[b"x"]);
    changes.put("x", "2");
    changes.remove("y");
    assert_eq!(changes.len(), 2);
    store.commit(&changes, &[]).unwrap();
    assert_eq!(store.get(b"x").unwrap().unwrap(), b"2");
    assert!(store.get(b"y").unwrap().is_none());
}

fn scans_in_order(store: &dyn Store) {
    clear(store);
    let mut changes = Batch::default();
    for n in (0..500u16).rev() {
        changes.put(n.to_be_bytes(), n.to_le_bytes());
    }
    store.commit(&changes, &[]).unwrap();
    let all = store.scan(b"", None, usize::MAX).unwrap();
    let expected: Vec<_> = (0..500u16).map(|n| (n.to_be_bytes().to_vec(), n.to_le_bytes().to_vec())).collect();
    assert_eq!(all, expected);
    assert_eq!(store.scan(b"\x01", None, usize::MAX).unwrap(), expected.split_at(256).1);
    assert!(store.scan(b"\x02", None, usize::MAX).unwrap().is_empty());
    assert!(store.scan(b"", None, 0).unwrap().is_empty());
}

fn pages_without_gap_or_repeat(store: &dyn Store) {
    let mut seen = Vec::new();
    loop {
        let page = store.scan(b"\x00", seen.last().map(Vec::as_slice), 7).unwrap();
        assert!(page.len() <= 7);
        if page.is_empty() {
            break;
        }
        seen.extend(page.into_iter().map(|(key, _)| key));
    }
    assert_eq!(seen, (0..256u16).map(|n| n.to_be_bytes().to_vec()).collect::<Vec<_>>());
}

fn prefixes_end_where_they_should(store: &dyn Store) {
    clear(store);
    let all: [&[u8]; 9] = [b"", b"\x00", b"a", b"a\x00", b"a\x00\x00", b"a\xff", b"a\xff\xff", b"b", b"\xff\xff"];
    let mut changes = Batch::default();
    all.iter().for_each(|key| changes.put(*key, "v"));
    store.commit(&changes, &[]).unwrap();
    let scan = |prefix: &[u8], after: Option<&[u8]>| -> Vec<Vec<u8>> {
        store.scan(prefix, after, usize::MAX).unwrap().into_iter().map(|(key, _)| key).collect()
    };
    for prefix in all.iter().copied().chain([&b"c"[..], b"\xff", b"\xff\xff\xff"]) {
        for after in std::iter::once(None).chain(all.iter().copied().map(Some)).chain([Some(&b"a\xfe"[..])]) {
            let expected: Vec<&[u8]> =
                all.iter().copied().filter(|k| k.starts_with(prefix) && after.is_none_or(|a| *k > a)).collect();
            assert_eq!(scan(prefix, after), expected, "prefix {prefix:?} after {after:?}");
            let expected: Vec<&[u8]> =
                all.iter().rev().copied().filter(|k| k.starts_with(prefix) && after.is_none_or(|b| *k < b)).collect();
            for limit in [0, 1, 3, usize::MAX] {
                let back = store.scan_back(prefix, after, limit).unwrap().into_iter();
                let back: Vec<_> = back.map(|(key, _)| key).collect();
                assert_eq!(back, expected[..limit.min(expected.len())], "prefix {prefix:?} before {after:?}");
            }
        }
    }
}

fn conflict_leaves_all_untouched(store: &dyn Store) {
    clear(store);
    store.commit(&batch(&[(b"k", b"1")], &[]), &[expect(b"k", None)]).unwrap();
    let changes = batch(&[(b"k", b"2"), (b"new", b"2")], &[]);
    for broken in [expect(b"k", None), expect(b"k", Some(b"")), expect(b"k", Some(b"11")), expect(b"other", Some(b""))]
    {
        let expectations = [expect(b"k", Some(b"1")), broken.clone(), expect(b"new", None)];
        match store.commit(&changes, &expectations) {
            Err(CommitError::Conflict { key }) => assert_eq!(key, broken.key),
            other => panic!("{other:?}"),
        }
        assert_eq!(store.get(b"k").unwrap().unwrap(), b"1");
        assert!(store.get(b"new").unwrap().is_none());
    }
    store.commit(&changes, &[expect(b"k", Some(b"1")), expect(b"new", None)]).unwrap();
    assert_eq!(store.get(b"new").unwrap().unwrap(), b"2");
    let nothing = Batch::default();
    store.commit(&nothing, &[expect(b"k", Some(b"2"))]).unwrap();
    assert!(matches!(store.commit(&nothing, &[expect(b"k", None)]), Err(CommitError::Conflict { .. })));
}

fn sizes_are_limited(store: &dyn Store) {
    let mut largest = Batch::default();
    largest.put(vec![1; MAX_KEY], vec![2; MAX_VALUE]);
    store.commit(&largest, &[]).unwrap();
    assert_eq!(store.get(&vec![1; MAX_KEY]).unwrap().unwrap(), vec![2; MAX_VALUE]);
    let mut long_value = batch(&[(b"beside", b"v")], &[]);
    long_value.put("too long", vec![2; MAX_VALUE + 1]);
    let refused = store.commit(&long_value, &[]);
    assert!(matches!(refused, Err(CommitError::Store(StoreError::ValueTooLarge { found })) if found == MAX_VALUE + 1));
    let mut long_key = batch(&[(b"beside", b"v")], &[]);
    long_key.put(vec![1; MAX_KEY + 1], "");
    let refused = store.commit(&long_key, &[]);
    assert!(matches!(refused, Err(CommitError::Store(StoreError::KeyTooLarge { found })) if found == MAX_KEY + 1));
    assert!(store.get(b"beside").unwrap().is_none());
}

/// Lets four threads count two keys up, each step expecting what it read; the keys are never seen apart.
fn racing_commits_lose_nothing(store: &dyn Store) {
    let read = || store.get(b"left").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    loop {
                        let seen = read();
                        let next = seen.as_deref().map_or(0, |b| u64::from_be_bytes(b.try_into().unwrap())) + 1;
                        let changes = batch(&[(b"left", &next.to_be_bytes()), (b"right", &next.to_be_bytes())], &[]);
                        match store.commit(&changes, &[expect(b"left", seen.as_deref())]) {
                            Ok(()) => break,
                            Err(CommitError::Conflict { .. }) => {}
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                }
            });
        }
    });
    assert_eq!(read().unwrap(), 100u64.to_be_bytes());
    assert_eq!(store.get(b"right").unwrap().unwrap(), 100u64.to_be_bytes());
}

#[test]
fn memory_store_conforms() {
    let store = super::super::MemoryStore::new();
    conforms(&store);
    store.commit(&batch(&[(b"kept", b"v")], &[]), &[]).unwrap();
    closes(&store);
    assert_eq!(store.reopen().get(b"kept").unwrap().unwrap(), b"v");
}

#[test]
fn errors_print_no_stored_bytes() {
    let store = super::super::MemoryStore::new();
    let changes = batch(&[(b"SECRETKEY", b"SECRETVALUE")], &[]);
    let conflict = store.commit(&changes, &[expect(b"SECRETKEY", Some(b"SECRETVALUE"))]).unwrap_err();
    let shown = format!("{conflict:?} {conflict} {changes:?} {:?}", expect(b"SECRETKEY", Some(b"SECRETVALUE")));
    assert!(!shown.contains("SECRET") && !shown.contains("83, 69"), "{shown}");
}
