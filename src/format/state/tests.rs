use super::*;

#[test]
fn tenant_state_reads_back() {
    let state = TenantState { next_slot: 1, sequence: 2, primary: [3; DIGEST], derived: [4; DIGEST] };
    assert!(TenantState::from_bytes(&state.to_bytes()) == Ok(state));
    assert!(TenantState::from_bytes(&state.to_bytes()[1..]).is_err());
}

#[test]
fn slot_entries_read_back_and_others_are_refused() {
    for entry in [
        SlotEntry::Head { next: 7, hold: true },
        SlotEntry::Record { collection: CollectionId::from_bytes([1; 16]), record: RecordId::from_bytes([2; 16]) },
    ] {
        assert_eq!(SlotEntry::from_bytes(&entry.to_bytes()), Ok(entry));
    }
    assert!(SlotEntry::from_bytes(&[1, 0, 0, 0, 1, 2]).is_err());
    assert!(SlotEntry::from_bytes(&[3]).is_err());
}

#[test]
fn parts_join_again_and_a_missing_or_extra_one_is_refused() {
    for length in [0, 1, PART - 4, PART - 3, 3 * PART] {
        let bytes: Vec<u8> = (0..length).map(|i| i as u8).collect();
        let parts = split(&bytes).unwrap();
        assert!(parts.iter().all(|part| part.len() <= PART));
        assert_eq!(join(&parts), Ok(bytes));
        assert!(join(&parts[1..]).is_err() || parts.len() == 1);
        assert!(join(&[parts.clone(), vec![vec![1]]].concat()).is_err());
    }
    assert!(split(&vec![0; MAX_SPLIT + 1]).is_err());
}
