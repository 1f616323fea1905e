use super::*;

fn sample(open: bool) -> Vec<u8> {
    let fields: [(FieldKey<'_>, &[u8]); 2] = if open {
        [(FieldKey::Name("a"), b"one"), (FieldKey::Name("b"), b"")]
    } else {
        [(FieldKey::Number(1), b"one"), (FieldKey::Number(7), b"")]
    };
    let mut out = Vec::new();
    encode_body(&mut out, b"meta", open, &fields).unwrap();
    out
}

#[test]
fn body_reads_back_and_every_cut_or_extra_byte_is_refused() {
    for open in [false, true] {
        let bytes = sample(open);
        let body = Body::split(&bytes).unwrap();
        assert_eq!(body.meta(), b"meta");
        let fields = body.fields().ok().unwrap();
        assert_eq!(fields.iter().map(|(_, b)| *b).collect::<Vec<_>>(), [&b"one"[..], b""]);
        for cut in 0..bytes.len() {
            assert!(Body::split(&bytes[..cut]).and_then(|b| b.fields().map(|_| ())).is_err(), "cut at {cut}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(Body::split(&longer).unwrap().fields().is_err());
    }
}

#[test]
fn fields_that_repeat_or_are_out_of_order_are_refused_both_ways() {
    let bytes = sample(false);
    let second = bytes.len() - 6;
    for number in [0u8, 1] {
        let mut bad = bytes.clone();
        bad[second + 1] = number;
        assert!(Body::split(&bad).unwrap().fields().is_err());
    }
    let twice: [(FieldKey<'_>, &[u8]); 2] = [(FieldKey::Number(1), b""), (FieldKey::Number(1), b"")];
    assert!(encode_body(&mut Vec::new(), b"", false, &twice).is_err());
    let mixed: [(FieldKey<'_>, &[u8]); 1] = [(FieldKey::Name("x"), b"")];
    assert!(encode_body(&mut Vec::new(), b"", false, &mixed).is_err());
}

#[test]
fn limits_hold_at_their_edge() {
    let body = vec![0; MAX_BODY - 6 - 6];
    assert!(encode_body(&mut Vec::new(), b"", false, &[(FieldKey::Number(0), &body)]).is_ok());
    assert!(encode_body(&mut Vec::new(), b"x", false, &[(FieldKey::Number(0), &body)]).is_err());
    let many: Vec<(FieldKey<'_>, &[u8])> = (0..1025).map(|n| (FieldKey::Number(n), &b""[..])).collect();
    assert!(encode_body(&mut Vec::new(), b"", false, &many).is_err());
    assert!(encode_body(&mut Vec::new(), b"", false, &many[..1024]).is_ok());
    let long = "n".repeat(MAX_NAME + 1);
    assert!(encode_body(&mut Vec::new(), b"", true, &[(FieldKey::Name(&long), b"")]).is_err());
    let mut lying = sample(false);
    lying[8..10].copy_from_slice(&1024u16.to_be_bytes());
    assert!(Body::split(&lying).unwrap().fields().is_err());
}
