use super::*;

fn anchor() -> Anchor<'static> {
    Anchor { vault: VaultId::from_bytes([7; 16]), generation: 9, master_id: "passphrase", wrapped: b"wrapped" }
}

#[test]
fn anchor_reads_back_and_every_truncation_is_refused() {
    let bytes = anchor().encode().unwrap();
    let read = Anchor::decode(&bytes).unwrap();
    assert_eq!((read.vault, read.generation), (anchor().vault, 9));
    assert_eq!((read.master_id, read.wrapped), ("passphrase", &b"wrapped"[..]));
    for cut in 0..bytes.len() {
        assert!(Anchor::decode(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    assert!(Anchor::decode(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn foreign_newer_and_oversized_anchors_are_told_apart() {
    let mut bytes = anchor().encode().unwrap();
    bytes[8] = 2;
    assert_eq!(Anchor::decode(&bytes).err(), Some(FormatError::Newer { what: WHAT, found: 2, known: VERSION }));
    bytes[0] ^= 1;
    assert!(Anchor::decode(&bytes).err().unwrap().to_string().contains("another program"));
    assert!(Anchor { master_id: "", ..anchor() }.encode().is_err());
    assert!(Anchor { master_id: &"x".repeat(MASTER_ID + 1), ..anchor() }.encode().is_err());
    assert!(Anchor { wrapped: &[0; WRAPPED_KEK + 1], ..anchor() }.encode().is_err());
    assert!(Anchor { wrapped: &[0; WRAPPED_KEK], ..anchor() }.encode().is_ok());
}
