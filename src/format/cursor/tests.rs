use super::*;

#[test]
fn what_is_written_reads_back_and_nothing_may_be_left() {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    writer.u8(1).u16(2).u32(3).u64(4).short("test", b"five").unwrap().long("test", 9, b"six").unwrap();
    let mut reader = Reader::new("test", &out);
    assert_eq!(reader.version(1), Ok(1));
    assert_eq!((reader.u16(), reader.u32(), reader.u64()), (Ok(2), Ok(3), Ok(4)));
    assert_eq!((reader.short(), reader.long(9)), (Ok(&b"five"[..]), Ok(&b"six"[..])));
    assert_eq!(reader.finish(), Ok(()));
    assert!(Reader::new("test", &out).finish().is_err());
}

#[test]
fn length_over_the_limit_or_past_the_end_is_refused() {
    assert!(Reader::new("test", &[0, 0, 0, 9]).long(8).is_err());
    assert!(Reader::new("test", &[0xff, 0xff, 0xff, 0xff]).long(usize::MAX).is_err());
    assert!(Reader::new("test", &[0, 9, 1]).short().is_err());
    assert!(Writer::new(&mut Vec::new()).short("test", &[0; 65_536]).is_err());
    assert!(Writer::new(&mut Vec::new()).long("test", 2, &[0; 3]).is_err());
}

#[test]
fn version_from_the_future_says_to_use_a_newer_release() {
    let newer = Reader::new("row", &[9]).version(1);
    assert_eq!(newer, Err(FormatError::Newer { what: "row", found: 9, known: 1 }));
    assert!(Reader::new("row", &[0]).version(1).is_err());
}
