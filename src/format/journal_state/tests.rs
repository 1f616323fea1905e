use super::*;

#[test]
fn state_reads_back_whole_or_not_at_all() {
    let state = StateFields {
        sequence: 1,
        epoch: JournalEpochId::from_bytes([1; 16]),
        ledger_size: 2,
        ledger_hash: [3; 32],
        time: Timestamp::from_micros(-4),
        size: 5,
        frontier: vec![[6; 32], [7; 32]],
    };
    let bytes = state.encode();
    assert_eq!(StateFields::decode(&bytes), Ok(state));
    for end in 0..bytes.len() {
        assert!(StateFields::decode(&bytes[..end]).is_err(), "{end}");
    }
    assert!(StateFields::decode(&[bytes.as_slice(), &[0; 32]].concat()).is_err());
}
