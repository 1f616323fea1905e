use super::*;
use crate::audit::{AuditSink, Held, tests::samples};

#[test]
fn line_tells_its_number_and_time_whatever_it_quotes() {
    for event in samples::all() {
        let line = OcsfLines.line(&event);
        assert!(line.as_bytes().starts_with(OcsfLines::BEGINNINGS[0]));
        let Some(Line::Event { journal, position, index, of, time }) = OcsfLines.parse(line.as_bytes()) else {
            panic!("{line}")
        };
        assert_eq!(
            (journal.as_str(), position, index, of),
            (event.journal(), event.position(), event.index(), event.of())
        );
        let millis = event.time().as_micros().div_euclid(1000);
        assert_eq!(time, millis.checked_mul(1000).map(Timestamp::from_micros));
    }
    let head = OcsfLines.head(&samples::head(3));
    assert!(head.as_bytes().starts_with(OcsfLines::BEGINNINGS[0]));
    assert!(matches!(OcsfLines.parse(head.as_bytes()), Some(Line::Head)));
    assert!(OcsfLines.parse(b"{\"class_uid\":1}").is_none());
}

#[test]
fn file_goes_on_after_a_cut_at_any_byte_without_a_gap_or_a_double() {
    samples::file_goes_on_after_any_cut(
        |path| Ocsf::append(path).map(|sink| Box::new(sink) as Box<dyn AuditSink>),
        |line| match OcsfLines.parse(line.as_bytes()).unwrap() {
            Line::Event { position, .. } => Some(position),
            Line::Head => None,
        },
    );
    let directory = tempfile::tempdir().unwrap();
    let mut sink = Ocsf::append(directory.path().join("events.ocsf.jsonl")).unwrap();
    assert_eq!(sink.last(samples::JOURNAL).unwrap(), Held::Nothing);
    assert_eq!(sink.inner().name(), sink.name());
}
