use std::collections::BTreeMap;

use super::*;
use crate::audit::plain::is_hostile;
use crate::audit::tests::samples::{self, HOSTILE};
use crate::model::{Actor, Grantee};

/// A line's header fields and extension, read as the format's description has it. Panics on anything else.
pub(in crate::audit) fn parse(line: &str) -> (Vec<String>, BTreeMap<String, String>) {
    assert!(!line.contains(is_hostile), "{line}");
    let (mut fields, mut field, mut chars) = (Vec::new(), String::new(), line.chars());
    while fields.len() < 7 {
        match chars.next().expect("the header has seven fields") {
            '|' => fields.push(std::mem::take(&mut field)),
            '\\' => match chars.next() {
                Some(escaped @ ('|' | '\\')) => field.push(escaped),
                other => panic!("{other:?} escaped in the header of {line}"),
            },
            c => field.push(c),
        }
    }
    assert_eq!(fields[..3], ["CEF:0", "Strongroom", "strongroom"]);
    assert!(fields[6].parse::<u8>().unwrap() <= 10);
    // A value ends where ` key=` follows with the sign not escaped; so every such sign ends a key.
    let (mut extension, mut current, mut text) = (BTreeMap::new(), None::<String>, String::new());
    while let Some(c) = chars.next() {
        match c {
            '=' => {
                let (before, key) = text.rsplit_once(' ').unwrap_or(("", &text));
                assert!(!key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric()), "the key {key:?} in {line}");
                let key = key.to_owned();
                if let Some(current) = current.replace(key) {
                    assert_eq!(extension.insert(current.clone(), before.to_owned()), None, "{current} twice");
                } else {
                    assert_eq!(before, "");
                }
                text.clear();
            }
            '\\' => match chars.next() {
                Some(escaped @ ('=' | '\\')) => text.push(escaped),
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                other => panic!("{other:?} escaped in {line}"),
            },
            c => text.push(c),
        }
    }
    extension.insert(current.unwrap(), text);
    (fields, extension)
}

/// Returns a text as a value shows it: line ends as they are, other hostile characters as escapes.
fn shown(text: &str) -> String {
    let show = |c: char| match c {
        '\n' | '\r' => c.to_string(),
        _ if is_hostile(c) => format!("\\u{:04x}", u32::from(c)),
        _ => c.to_string(),
    };
    text.chars().map(show).collect()
}

#[test]
fn whatever_an_event_says_its_line_reads_back() {
    for event in samples::all() {
        let (fields, extension) = parse(&event.to_cef());
        assert_eq!(fields[3], env!("CARGO_PKG_VERSION"));
        assert_eq!(extension["cn1"], event.position().to_string());
        assert_eq!(extension["externalId"], format!("{}/{}", event.position(), event.index()));
        assert_eq!(extension["strongroomOf"], event.of().to_string());
        assert_eq!(extension["cs1"], event.journal());
        assert_eq!(extension.contains_key("suser"), event.actor().is_some());
        assert_eq!(extension["act"], event.outcome().name());
        for (key, value) in &extension {
            assert!(value.len() <= CUSTOM * 6, "{key}");
        }
    }
}

#[test]
fn hostile_text_stays_within_its_value_or_field() {
    for text in HOSTILE {
        let event = samples::event("read", Outcome::Denied, text, |builder| {
            builder.actor(&Actor::new(text).with_role(text).with_device(text)).reason(text).party(Grantee::Role(text));
        });
        let (_, extension) = parse(&event.to_cef());
        assert_eq!(
            (&extension["suser"], &extension["msg"], &extension["reason"]),
            (&shown(text), &shown(text), &shown(text))
        );
        assert_eq!(
            (&extension["flexString1"], &extension["act"]),
            (&format!("role:{}", shown(text)), &"denied".to_owned())
        );
        let (fields, _) = parse(&samples::event(text, Outcome::Denied, "", |_| ()).to_cef());
        let header =
            text.chars().map(|c| if is_hostile(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() });
        assert_eq!(fields[4], header.collect::<String>());
    }
}

#[test]
fn everyday_event_is_what_an_analyst_expects() {
    let event = samples::event("read", Outcome::Denied, "no_rule", |builder| {
        builder.actor(&Actor::new("sales-7").with_role("sales").with_role("night")).reason("ticket=4711").rows(2);
    });
    let expected = format!(
        "CEF:0|Strongroom|strongroom|{}|read|read denied|4|rt=1795000000123 externalId=7/1 act=denied outcome=failure \
         reason=no_rule suser=sales-7 spriv=sales,night msg=ticket\\=4711 cs1={} cs1Label=journal \
         cs2=04040404-0404-0404-0404-040404040404 cs2Label=tenant cn1=7 cn1Label=position cn2=1 cn2Label=index cn3=2 \
         cn3Label=rows strongroomOf=2",
        env!("CARGO_PKG_VERSION"),
        samples::JOURNAL
    );
    assert_eq!(event.to_cef(), expected);
}

#[test]
fn long_lists_and_texts_are_cut_and_say_so() {
    let (_, extension) = parse(&samples::largest("z").to_cef());
    assert!(extension["cs5"].ends_with(" more") && extension["cs5"].len() <= CUSTOM, "{}", extension["cs5"]);
    assert!(extension["msg"].ends_with('…') && extension["msg"].len() <= TEXT);
    let listed = extension["cs5"].split(',').filter(|part| part.contains('@')).count();
    let more: usize = extension["cs5"].rsplit(' ').nth(1).unwrap().parse().unwrap();
    assert_eq!(listed + more, 1000);
}

#[test]
fn head_is_in_its_line_whole() {
    let head = samples::head(5);
    let (fields, extension) = parse(&head_line(&head));
    assert_eq!((fields[4].as_str(), extension["cn1"].as_str()), ("head", "5"));
    assert_eq!(crate::audit::Head::parse(&extension["strongroomHead"]).unwrap(), head);
}
