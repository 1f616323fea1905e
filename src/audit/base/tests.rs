use super::*;

#[test]
fn base_and_tips_open_in_their_place_only_and_never_altered() {
    let mut base = JournalBase::default();
    (0..128u8).for_each(|n| base.frontier.append([n; 32]));
    base.tips.add(&[5; 32]);
    let (key, other) = (Key::copied(&[5; 32]), Key::copied(&[6; 32]));
    let of = |key, vault, epoch| BaseOf {
        vault: VaultId::from_bytes([vault; 16]),
        epoch: JournalEpochId::from_bytes([epoch; 16]),
        key,
    };
    let here = of(&key, 1, 2);
    let stored = here.seal(&base).unwrap();
    assert_eq!(here.open(&stored).unwrap(), base);
    let tip = Tip { position: 3, sequence: 4, commit_mac: [5; 32] };
    let (ann, bo) = (Some(TenantId::from_bytes([8; 16])), Some(TenantId::from_bytes([9; 16])));
    let sealed = here.seal_tip(ann, &tip).unwrap();
    assert_eq!(here.open_tip(ann, &sealed).unwrap(), tip);
    assert!(here.open_tip(bo, &sealed).is_err() && here.open_tip(None, &sealed).is_err());
    assert!(here.open(&sealed).is_err() && here.open_tip(ann, &stored).is_err());
    for elsewhere in [of(&other, 1, 2), of(&key, 3, 2), of(&key, 1, 3)] {
        assert!(elsewhere.open(&stored).is_err() && elsewhere.open_tip(ann, &sealed).is_err());
    }
    for at in 0..stored.len() {
        let mut bytes = stored.clone();
        bytes[at] ^= 1;
        assert!(here.open(&bytes).is_err(), "{at}");
    }
}
