use super::*;

fn key<R: Role>(byte: u8) -> Key<R> {
    Key::copied(&[byte; 32])
}

fn here() -> Context {
    Context::new(Domain::Body).bytes(b"here").u32(7)
}

#[test]
fn sealed_bytes_open_only_with_their_key_label_and_context() {
    let sealed = seal(&key::<role::State>(1), Label::TenantState, &here(), b"secret").unwrap();
    let opened = open(&key::<role::State>(1), Label::TenantState, &here(), &sealed).unwrap();
    assert_eq!(opened.as_slice(), b"secret");
    for wrong in [
        open(&key::<role::State>(2), Label::TenantState, &here(), &sealed),
        open(&key::<role::State>(1), Label::Tombstone, &here(), &sealed),
        open(&key::<role::State>(1), Label::TenantState, &here().u32(0), &sealed),
    ] {
        assert!(matches!(wrong, Err(CryptoError::Authentication)));
    }
}

#[test]
fn any_flipped_or_missing_byte_of_a_seal_is_refused() {
    let sealed = seal(&key::<role::State>(1), Label::TenantState, &here(), b"secret").unwrap();
    for i in 0..sealed.len() {
        let mut bad = sealed.clone();
        bad[i] ^= 1;
        assert!(open(&key::<role::State>(1), Label::TenantState, &here(), &bad).is_err(), "byte {i}");
        assert!(open(&key::<role::State>(1), Label::TenantState, &here(), &sealed[..i]).is_err(), "cut at {i}");
    }
}

#[test]
fn wrapped_key_unwraps_only_with_its_key_label_and_context_unaltered() {
    let wrapped = wrap(&key::<role::Slot>(1), Label::DataKey, &here(), &[9; 32]).unwrap();
    let data: Key<role::Data> = unwrap(&key::<role::Slot>(1), Label::DataKey, &here(), &wrapped).unwrap();
    assert_eq!(data.expose(), &[9; 32]);
    let fails = |k: u8, label, context: &Context, bytes: &[u8; WRAPPED]| {
        matches!(
            unwrap::<_, role::Data>(&key::<role::Slot>(k), label, context, bytes),
            Err(CryptoError::Authentication)
        )
    };
    assert!(fails(2, Label::DataKey, &here(), &wrapped));
    assert!(fails(1, Label::IndexEntry, &here(), &wrapped));
    assert!(fails(1, Label::DataKey, &here().u64(1), &wrapped));
    for i in 0..WRAPPED {
        let mut bad = wrapped;
        bad[i] ^= 0x80;
        assert!(fails(1, Label::DataKey, &here(), &bad), "byte {i}");
    }
}

#[test]
fn two_seals_of_the_same_bytes_differ() {
    let seal = || seal(&key::<role::State>(1), Label::TenantState, &here(), b"secret").unwrap();
    assert_ne!(seal(), seal());
    let wrap = || wrap(&key::<role::Slot>(1), Label::DataKey, &here(), &[9; 32]).unwrap();
    assert_ne!(wrap(), wrap());
}

#[test]
fn contexts_with_the_same_bytes_split_elsewhere_differ() {
    let joined = Context::new(Domain::Body).bytes(b"ab").bytes(b"c");
    let other = Context::new(Domain::Body).bytes(b"a").bytes(b"bc");
    assert_ne!(joined.as_bytes(), other.as_bytes());
    assert_ne!(Context::new(Domain::Body).as_bytes(), Context::new(Domain::DataKey).as_bytes());
}

#[test]
fn context_of_any_size_is_its_parts_one_behind_the_other() {
    for length in [0, 1, 150, 160, 170, 180, 190, 300, 5000] {
        let part = vec![7; length];
        let context = Context::new(Domain::Body).bytes(&part).u32(9);
        let mut expected = b"\0\0\0\x04body\0\0\0\x01\x01".to_vec();
        expected.extend((length as u32).to_be_bytes());
        expected.extend(&part);
        expected.extend(b"\0\0\0\x04\0\0\0\x09");
        assert_eq!(context.as_bytes(), expected, "{length}");
    }
}

#[test]
fn hmac_agrees_with_rfc_4231_case_2_padded_to_a_key() {
    // HMAC pads short keys with zeros, so "Jefe" and "Jefe" with zeros are one key.
    let mut jefe = [0; 32];
    jefe[..4].copy_from_slice(b"Jefe");
    let tag = mac(&Key::<role::Digest>::copied(&jefe), &[b"what do ya want ", b"for nothing?"]);
    assert_eq!(hex(&tag), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

#[test]
fn debug_of_a_key_shows_no_byte_of_it() {
    let secret: Key<role::Data> = Key::random().unwrap();
    for shown in [format!("{secret:?}"), format!("{secret:#?}")] {
        assert_eq!(shown, "Key<Data>([REDACTED])");
        for byte in secret.expose() {
            assert!(
                !shown.contains(&format!("{byte:02x}")) || "Key<Data>([REDACTED])".contains(&format!("{byte:02x}"))
            );
        }
    }
}

#[test]
fn signature_verifies_only_for_its_key_and_message() {
    let signing = key::<role::Signing>(3);
    let signature = sign(&signing, b"head");
    assert!(verify_signature(&public_key(&signing), b"head", &signature));
    assert!(!verify_signature(&public_key(&signing), b"tail", &signature));
    assert!(!verify_signature(&public_key(&key(4)), b"head", &signature));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
