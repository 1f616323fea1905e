use super::*;

#[test]
fn marker_reads_back_and_others_are_told_apart() {
    let id = VaultId::from_bytes([7; 16]);
    assert_eq!(parse(text(id).as_bytes()), Ok(id));
    let newer = text(id).replace("format 1", "format 2");
    assert_eq!(parse(newer.as_bytes()), Err(FormatError::Newer { what: WHAT, found: 2, known: FORMAT }));
    for cut in 0..text(id).len() - 1 {
        assert_eq!(parse(&text(id).as_bytes()[..cut]), Err(foreign()), "{cut}");
    }
    assert_eq!(parse(b"\xff\xff"), Err(foreign()));
    assert_eq!(parse(&vec![b'\n'; MAX_MARKER + 1]), Err(foreign()));
}
