use super::*;
use crate::model::{RecordId, Revision, Timestamp};

#[test]
fn trailing_bytes_and_lying_lengths_are_refused() {
    let mut bytes = encode("test", &("name", 7u32)).unwrap();
    assert_eq!(decode::<(String, u32)>("test", &bytes), Ok(("name".to_owned(), 7)));
    bytes.push(0);
    assert!(decode::<(String, u32)>("test", &bytes).is_err());
    assert!(decode::<Vec<u8>>("test", &[253, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]).is_err());
}

#[test]
fn ids_are_their_bytes_and_times_and_revisions_their_numbers() {
    let id = RecordId::from_bytes(*b"0123456789abcdef");
    let (time, revision) = (Timestamp::from_micros(-7), Revision::new(9));
    let bytes = encode("test", &(id, time, revision)).unwrap();
    assert_eq!(bytes, encode("test", &(*id.as_bytes(), -7i64, 9u64)).unwrap());
    assert_eq!(decode("test", &bytes), Ok((id, time, revision)));
    assert!(decode::<RecordId>("test", &bytes[..15]).is_err());
}
