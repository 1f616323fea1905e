use super::*;

#[test]
fn cursor_reads_back_from_its_text_and_from_nothing_else() {
    let place = Place { position: u64::MAX, index: 7 };
    for newest_first in [false, true] {
        let cursor = JournalCursor::new(JournalEpochId::from_bytes([0xab; 16]), newest_first, 1 << 40, place);
        let text = cursor.to_string();
        assert_eq!(text.parse::<JournalCursor>().unwrap(), cursor);
        for cut in 0..text.len() {
            assert!(
                text[..cut].parse::<JournalCursor>().is_ok_and(|other| other != cursor) || {
                    text[..cut].parse::<JournalCursor>().is_err()
                }
            );
        }
        for bad in [format!("{text}.1"), format!("x{text}"), text.replace('.', "-"), "n.1.1.1.fffffffff".into()] {
            assert!(bad.parse::<JournalCursor>().is_err(), "{bad}");
        }
    }
}

#[test]
fn cursor_of_another_journal_or_direction_is_refused() {
    let epoch = JournalEpochId::from_bytes([1; 16]);
    let cursor = JournalCursor::new(epoch, true, 10, Place { position: 3, index: 1 });
    assert_eq!(cursor.place(epoch, true, 12).unwrap(), Place { position: 3, index: 1 });
    assert!(cursor.place(epoch, false, 12).is_err());
    assert!(cursor.place(epoch, true, 9).is_err());
    assert!(cursor.place(JournalEpochId::from_bytes([2; 16]), true, 12).is_err());
}
