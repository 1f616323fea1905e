use super::*;

fn block(entries: u32, sealed: u32) -> Vec<u8> {
    let header = Header {
        suite: 1,
        tenant: Some(TenantId::from_bytes([7; 16])),
        sequence: 3,
        epoch: JournalEpochId::from_bytes([9; 16]),
        entries,
        commit_mac: [4; 32],
        sealed,
    };
    let mut out = Vec::new();
    header.encode(&mut out);
    assert_eq!(out.len(), HEADER);
    out.resize(header.block_length().unwrap_or(HEADER), 5);
    out
}

#[test]
fn block_splits_into_what_it_was_made_of_and_only_as_a_whole() {
    let bytes = block(3, 100);
    let parts = split(&bytes).unwrap();
    assert_eq!((parts.hashes.len(), parts.sealed.len()), (3, 100));
    assert_eq!(parts.header.tenant, Some(TenantId::from_bytes([7; 16])));
    for end in 0..bytes.len() {
        assert!(split(&bytes[..end]).is_err(), "{end}");
    }
    assert!(split(&[bytes.as_slice(), &[0]].concat()).is_err());
}

#[test]
fn chunks_join_to_the_block_and_the_first_tells_how_many_there_are() {
    for sealed in [0, 4000 - 82, 4001 - 82, 9000] {
        let bytes = block(0, sealed);
        let pieces: Vec<_> = chunks(&bytes).collect();
        assert_eq!(chunk_count(pieces[0]), Ok(pieces.len()));
        assert_eq!(pieces.concat(), bytes);
    }
}

#[test]
fn lying_lengths_are_refused() {
    for (entries, sealed) in [(u32::MAX, 0), (0, u32::MAX), (u32::MAX, u32::MAX), (32_769, 0), (1, 4 << 20)] {
        assert!(total_length(&block(entries, sealed)).is_err(), "{entries} {sealed}");
    }
}
