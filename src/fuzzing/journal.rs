//! Decoders of the journal.

use crate::audit::{Entry, Head, HeadKey, decode_head_file, encode_head_file, events, evidence};
use crate::format::{block as layout, head as texts, journal_entry, journal_state, sealed_file};

pub(super) fn block(bytes: &[u8]) {
    let total = layout::total_length(bytes);
    assert_eq!(
        total.as_ref().map(|total| total.div_ceil(layout::CHUNK)),
        layout::chunk_count(bytes).as_ref().map(|n| *n)
    );
    if let Ok(parts) = layout::split(bytes) {
        let mut again = Vec::new();
        parts.header.encode(&mut again);
        assert_eq!(again, parts.header_bytes);
        again.extend_from_slice(parts.hashes.as_flattened());
        again.extend_from_slice(parts.sealed);
        assert_eq!(again, bytes);
        assert_eq!(total, Ok(bytes.len()));
        assert_eq!(layout::chunks(bytes).len(), layout::chunk_count(bytes).unwrap_or_default());
    }
}

pub(super) fn entry(bytes: &[u8]) {
    let whole = journal_entry::check(bytes).is_ok();
    let items = journal_entry::items(bytes).collect::<Result<Vec<_>, _>>();
    if whole {
        assert!(items.is_ok());
        assert_eq!(journal_entry::sort(bytes).as_deref(), Ok(bytes));
    }
    let entry = Entry::decode(bytes);
    assert_eq!(entry.is_ok(), whole);
    if let Ok(entry) = entry {
        assert_eq!(entry.as_bytes(), bytes);
        for event in events(&"journal".into(), None, 7, vec![entry]) {
            let json = event.to_json();
            assert!(!json.contains('\n') && serde_json::from_str::<serde_json::Value>(&json).is_ok());
            // What an entry says must not be able to pass for a head.
            assert!(json.starts_with("{\"position\":"));
        }
    }
}

pub(super) fn state(bytes: &[u8]) {
    if let Ok((suite, sealed)) = sealed_file::unwrap(journal_state::WHAT, bytes) {
        assert_eq!(sealed_file::wrap(suite, sealed), bytes);
    }
    if let Ok(fields) = journal_state::StateFields::decode(bytes) {
        assert_eq!(fields.encode(), bytes);
    }
}

pub(super) fn head(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        assert!(decode_head_file(bytes).is_err());
        return;
    };
    let note = texts::parse(text);
    let head = Head::parse(text);
    assert_eq!(note.is_ok(), head.is_ok());
    if let (Ok(note), Ok(head)) = (note, head) {
        assert!(note.text.starts_with(note.signed) && note.signed.starts_with(&texts::body_text(&note.body)));
        assert_eq!(head.to_string(), note.text);
        assert_eq!(Head::parse(note.text), Ok(head));
    }
    if let Ok((head, frontier)) = decode_head_file(bytes) {
        assert_eq!(encode_head_file(&head, &frontier).as_deref(), Ok(text));
    }
}

pub(super) fn head_key(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok((name, id, public)) = texts::parse_key(text) {
        assert_eq!(texts::key_text(name, id, &public), text);
    }
    if let Ok(key) = text.parse::<HeadKey>() {
        // Blanks that came along with a copied key are let pass.
        assert_eq!(key.to_string(), text.trim());
    }
}

pub(super) fn evidence(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(checked) = evidence::check(text, None) {
        let newest = checked.heads().last().unwrap();
        assert!(checked.heads().iter().all(|head| head.verify(checked.key()).is_ok() && head.size() <= newest.size()));
        assert!(checked.events().iter().all(|event| event.position() < newest.size() && event.index() < event.of()));
        // Each is readable in it as it was given out.
        assert!(checked.events().iter().all(|event| text.contains(&event.to_json())));
        assert!(evidence::check(text, Some(checked.key())).is_ok());
    }
}
