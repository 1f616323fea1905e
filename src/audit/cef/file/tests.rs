use super::*;
use crate::audit::tests::samples;
use crate::audit::{AuditSink, Held};

#[test]
fn line_tells_its_number_and_time_whatever_it_quotes() {
    for event in samples::all() {
        let Some(Line::Event { journal, position, index, of, time }) = CefLines.parse(CefLines.line(&event).as_bytes())
        else {
            panic!("{}", CefLines.line(&event))
        };
        assert_eq!(
            (journal.as_str(), position, index, of),
            (event.journal(), event.position(), event.index(), event.of())
        );
        let millis = event.time().as_micros().div_euclid(1000);
        assert_eq!(time, millis.checked_mul(1000).map(Timestamp::from_micros));
    }
    assert!(matches!(CefLines.parse(CefLines.head(&samples::head(3)).as_bytes()), Some(Line::Head)));
    for wrong in ["", "CEF:0|Strongroom|strongroom|1|a|b|1|", "CEF:0|Strongroom|strongroom|1|head|b|1|rt=1 x", "é"] {
        assert!(CefLines.parse(wrong.as_bytes()).is_none(), "{wrong}");
    }
}

#[test]
fn file_goes_on_after_a_cut_at_any_byte_without_a_gap_or_a_double() {
    samples::file_goes_on_after_any_cut(
        |path| Cef::append(path).map(|sink| Box::new(sink) as Box<dyn AuditSink>),
        |line| match CefLines.parse(line.as_bytes()).unwrap() {
            Line::Event { position, .. } => Some(position),
            Line::Head => None,
        },
    );
    let directory = tempfile::tempdir().unwrap();
    let mut sink = Cef::append(directory.path().join("events.cef")).unwrap();
    assert_eq!(sink.last(samples::JOURNAL).unwrap(), Held::Nothing);
    assert_eq!(sink.inner().name(), sink.name());
}
