use super::*;

#[test]
fn state_opens_in_its_vault_only_and_never_altered() {
    let mut frontier = Frontier::default();
    (0..5).for_each(|n| frontier.append([n; 32]));
    let state = JournalState {
        epoch: JournalEpochId::from_bytes([1; 16]),
        sequence: 9,
        frontier,
        ledger_size: 2,
        ledger_hash: [3; 32],
        time: Timestamp::from_micros(4),
    };
    let (key, vault) = (Key::copied(&[5; 32]), VaultId::from_bytes([6; 16]));
    let stored = state.seal(&key, vault).unwrap();
    assert_eq!(JournalState::open(&stored, &key, vault).unwrap(), state);
    assert!(JournalState::open(&stored, &key, VaultId::from_bytes([7; 16])).is_err());
    assert!(JournalState::open(&stored, &Key::copied(&[8; 32]), vault).is_err());
    for at in 0..stored.len() {
        let mut bytes = stored.clone();
        bytes[at] ^= 1;
        assert!(JournalState::open(&bytes, &key, vault).is_err(), "{at}");
    }
    assert_ne!(state.seal(&key, vault).unwrap(), stored);
}
