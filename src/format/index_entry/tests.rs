use super::*;

fn encoded(entry: Entry) -> [u8; ENTRY] {
    let mut out = [0xaa; ENTRY];
    entry.encode(&mut out);
    out
}

#[test]
fn entry_reads_back_as_it_was_written() {
    let record = RecordId::from_bytes(*b"0123456789abcdef");
    assert!(Entry::decode(&encoded(Entry::Live(record))).unwrap() == Entry::Live(record));
    assert!(Entry::decode(&encoded(Entry::Dead)).unwrap() == Entry::Dead);
    assert_eq!(&encoded(Entry::Live(record))[..17], b"\x010123456789abcdef");
    assert_eq!(encoded(Entry::Dead)[..3], [2, 0, 0]);
}

#[test]
fn entry_of_unknown_kind_with_padding_or_a_named_dead_is_refused() {
    for (at, value) in [(0, 0), (0, 3), (17, 1), (31, 1)] {
        let mut bytes = encoded(Entry::Live(RecordId::from_bytes([7; 16])));
        bytes[at] = value;
        assert!(Entry::decode(&bytes).is_err(), "byte {at} as {value}");
    }
    let mut bytes = encoded(Entry::Dead);
    bytes[16] = 1;
    assert!(Entry::decode(&bytes).is_err());
}
