use super::*;

fn link(index: u16, version: u16) -> RawLink<'static> {
    RawLink { index, version, value_key: &[7; 32], position: 9 }
}

fn encoded(links: &[RawLink<'_>]) -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::new();
    encode(links, &mut out).map(|()| out)
}

#[test]
fn links_read_back_as_they_were_written() {
    let bytes = encoded(&[link(1, 2), link(1, 3), link(2, 1)]).unwrap();
    assert_eq!(bytes.len(), 3 * LINK);
    let links = decode(3, &bytes).unwrap();
    let seen: Vec<_> = links.iter().map(|l| (l.index, l.version, *l.value_key, l.position)).collect();
    assert_eq!(seen, [(1, 2, [7; 32], 9), (1, 3, [7; 32], 9), (2, 1, [7; 32], 9)]);
}

#[test]
fn links_out_of_order_doubled_or_too_many_are_refused_both_ways() {
    let ordered: Vec<_> = (0..49).map(|index| link(index, 1)).collect();
    assert!(encoded(&ordered[..48]).is_ok());
    assert!(encoded(&ordered).is_err());
    assert!(encoded(&[link(1, 1), link(1, 1)]).is_err());
    assert!(encoded(&[link(2, 1), link(1, 1)]).is_err());
    let doubled = encoded(&[link(1, 1)]).unwrap().repeat(2);
    assert!(decode(2, &doubled).is_err());
    assert!(decode(49, &[0; 49 * LINK]).is_err());
}

#[test]
fn count_that_lies_is_refused() {
    let bytes = encoded(&[link(1, 1), link(2, 1)]).unwrap();
    assert!(decode(1, &bytes).is_err());
    assert!(decode(3, &bytes).is_err());
}

#[test]
fn section_has_a_seal_exactly_if_it_has_links() {
    assert_eq!(join(0, &[]), Ok(vec![0, 0]));
    assert_eq!(join(2, b"seal"), Ok(b"\0\x02seal".to_vec()));
    assert_eq!(split(b"\0\x02seal"), Ok((2, &b"seal"[..])));
    for bad in [&b""[..], b"\0", b"\0\0x", b"\0\x01", b"\0\x31seal", b"\xff\xffseal"] {
        assert!(split(bad).is_err(), "{bad:?}");
    }
    assert!(join(49, b"seal").is_err() && join(65_536, b"seal").is_err() && join(1, &[]).is_err());
}
