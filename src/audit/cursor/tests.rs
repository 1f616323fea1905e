use super::*;

#[test]
fn cursor_opens_in_its_place_only_and_never_altered() {
    let key = Key::copied(&[5; 32]);
    let place = (VaultId::from_bytes([6; 16]), JournalEpochId::from_bytes([7; 16]));
    let stored = seal_cursor(&key, place, &[8; 32], 1 << 40).unwrap();
    assert_eq!(open_cursor(&key, place, &[8; 32], &stored).unwrap(), 1 << 40);
    assert!(open_cursor(&key, place, &[9; 32], &stored).is_err());
    assert!(open_cursor(&key, (VaultId::from_bytes([9; 16]), place.1), &[8; 32], &stored).is_err());
    assert!(open_cursor(&key, (place.0, JournalEpochId::from_bytes([9; 16])), &[8; 32], &stored).is_err());
    assert!(open_cursor(&Key::copied(&[9; 32]), place, &[8; 32], &stored).is_err());
    for at in 0..stored.len() {
        let mut bytes = stored.clone();
        bytes[at] ^= 1;
        assert!(open_cursor(&key, place, &[8; 32], &bytes).is_err(), "{at}");
        assert!(open_cursor(&key, place, &[8; 32], &stored[..at]).is_err(), "{at}");
    }
}
