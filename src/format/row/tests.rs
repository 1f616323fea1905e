use super::*;

const HEAD: RowHead = RowHead { epoch: Epoch(2), slot: Slot(3), revision: Revision::new(4), dictionary: 5 };

fn live(bytes: &[u8]) -> LiveRow<'_> {
    match RawRow::parse(bytes).unwrap() {
        RawRow::Live(row) => row,
        RawRow::Tombstone(_) => panic!("a tombstone"),
    }
}

#[test]
fn row_reads_back_with_its_links_apart_from_what_backups_carry() {
    for length in [BODY_TAG, INLINE, INLINE + 1, INLINE + CHUNK, INLINE + CHUNK + 1, MAX_BODY] {
        let body: Vec<u8> = (0..length).map(|i| i as u8).collect();
        let (mut bytes, chunks) = build_row(&HEAD, &[7; WRAPPED], &body).unwrap();
        let primary = bytes.len();
        bytes.extend_from_slice(b"links");
        let row = live(&bytes);
        assert_eq!(row.head, HEAD);
        assert_eq!((row.wrapped, row.links, row.primary.len()), (&[7; WRAPPED], &b"links"[..], primary));
        assert_eq!([row.inline.to_vec(), chunks.concat()].concat(), body);
        assert_eq!(row.chunks.map_or(0, |c| c.count), chunks.len() as u16);
        assert!(bytes.len() <= 4096);
    }
}

#[test]
fn row_with_lying_lengths_kinds_or_versions_is_refused() {
    let (bytes, _) = build_row(&HEAD, &[7; WRAPPED], &[1; 64]).unwrap();
    for (at, value) in [(0, 0), (0, 2), (1, 9), (2, 9), (21, 0xff), (24, 1), (26, 1)] {
        let mut bad = bytes.clone();
        bad[at] = value;
        assert!(RawRow::parse(&bad).is_err(), "byte {at}");
    }
    for cut in 0..bytes.len() {
        assert!(RawRow::parse(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    assert!(build_row(&HEAD, &[7; WRAPPED], &vec![0; MAX_BODY + 1]).is_err());
}

#[test]
fn tombstone_reads_back_and_has_one_size() {
    let tombstone = Tombstone {
        kind: TombstoneKind::Deleted,
        slot: Slot(9),
        pseudonym: Pseudonym::from_bytes([8; 16]),
        revision: Revision::new(7),
    };
    let bytes = tombstone.to_bytes();
    assert_eq!(bytes.len(), TOMBSTONE_PLAIN);
    assert_eq!(Tombstone::from_bytes(&bytes), Ok(tombstone));
    let row = build_tombstone(&[0; TOMBSTONE - 3]);
    assert!(matches!(RawRow::parse(&row), Ok(RawRow::Tombstone(sealed)) if sealed.len() == TOMBSTONE - 3));
    assert!(RawRow::parse(&row[..TOMBSTONE - 1]).is_err());
    assert!(Tombstone::from_bytes(&[9; TOMBSTONE_PLAIN]).is_err());
}
