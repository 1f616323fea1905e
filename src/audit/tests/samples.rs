//! Events for the tests of the formats: everyday, full and hostile ones.

use std::path::Path;
use std::sync::Arc;

use crate::crypto::Key;
use crate::format::journal_entry::{self as layout, MAX_REASON, MAX_SUBJECTS, MAX_TEXT};
use crate::model::{
    Action, Actor, CollectionId, Grantee, JournalEpochId, Pseudonym, Revision, TenantId, Timestamp, VaultId,
};

use crate::audit::{
    AuditSink, Entry, EntryBuilder, Event, Frontier, Head, HeadBody, Held, Outcome, SinkError, Subject, events,
};

pub(in crate::audit) const JOURNAL: &str =
    "strongroom/01010101-0101-0101-0101-010101010101/02020202-0202-0202-0202-020202020202";
pub(in crate::audit) const OUTCOMES: [Outcome; 3] = [Outcome::Permitted, Outcome::Denied, Outcome::Failed];

/// Acts that are no [`Action`].
const OTHERS: [&str; 9] = [
    "host_login",
    "host_logout",
    "host_login_failed",
    "host_role_changed",
    "host_device_added",
    "host_other.backup tape moved",
    "alert",
    "alert_feedback",
    "",
];

/// Texts that break formats which don't guard against them.
pub(in crate::audit) const HOSTILE: [&str; 10] = [
    "x\n<13>1 - evil - - - - forged",
    "x\r\nCEF:0|Evil|x|1|1|forged|10|",
    "\"] [forged@1 a=\"b\"]",
    "a\\ b\\\" c\\] d\\n",
    "a=b|c=d act=forged",
    "\u{0}\u{1}\u{7}\u{1b}[31m\u{7f}\u{85}\u{9b}",
    "line\u{2028}para\u{2029}turn\u{202e}\u{feff}",
    "{\"position\":9,\"journal\":\"forged\"}\n{\"x\":1}",
    "Zoë 😀 日本語 \u{301}",
    "99 <1>1 ]]]]]\"\"\"\"",
];

/// One event of a block of two, in a tenant.
pub(in crate::audit) fn event(
    action: &str,
    outcome: Outcome,
    code: &str,
    fill: impl FnOnce(&mut EntryBuilder),
) -> Event {
    let mut builder = EntryBuilder::named(Timestamp::from_micros(1_795_000_000_123_456), action);
    builder.outcome(outcome, code, "");
    fill(&mut builder);
    numbered(builder.finish().unwrap(), 7)
}

pub(in crate::audit) fn numbered(entry: Entry, position: u64) -> Event {
    events(&Arc::from(JOURNAL), Some(TenantId::from_bytes([4; 16])), position, vec![entry.clone(), entry]).remove(1)
}

/// Events of blocks of one, `reason` as their reason.
pub(in crate::audit) fn plain(positions: std::ops::Range<u64>, reason: &str) -> Vec<Event> {
    let one = |position| {
        let mut builder = EntryBuilder::new(Timestamp::from_micros(1_795_000_000_000_000), Action::Read);
        builder.outcome(Outcome::Permitted, "", "").actor(&Actor::new("sales-7")).reason(reason);
        events(&Arc::from(JOURNAL), None, position, vec![builder.finish().unwrap()])
    };
    positions.flat_map(one).collect()
}

/// Every part that an entry can have, all its texts this one.
pub(in crate::audit) fn full(action: &str, outcome: Outcome, text: &str) -> Event {
    let text = crate::audit::plain::cut(text, MAX_TEXT - 8);
    let mut builder = EntryBuilder::named(Timestamp::from_micros(1_795_000_000_123_456), action);
    for part in PARTS {
        part(&mut builder, text);
    }
    builder.outcome(outcome, text, text);
    let mut bytes = builder.finish().unwrap().as_bytes().to_vec();
    layout::put(&mut bytes, 99, b"\x01\x02").unwrap();
    numbered(Entry::decode(&bytes).unwrap(), u64::MAX)
}

/// As large as an entry gets: a thousand records, full lists, the longest texts.
pub(in crate::audit) fn largest(text: &str) -> Event {
    let long = |bytes: usize| {
        text.chars().cycle().scan(0, move |sum, c| {
            *sum += c.len_utf8();
            (*sum <= bytes).then_some(c)
        })
    };
    let (words, reason) = (long(MAX_TEXT - 8).collect::<String>(), long(MAX_REASON).collect::<String>());
    event("export", Outcome::Permitted, &words, |builder| {
        builder
            .actor(
                &Actor::new(words.clone())
                    .with_role(words.clone())
                    .with_session(words.clone())
                    .with_device(words.clone()),
            )
            .purpose(&words)
            .reason(&reason)
            .subjects(&vec![subject(); MAX_SUBJECTS])
            .fields_read(std::iter::repeat_n(words.as_str(), 5000))
            .fields_changed(std::iter::repeat_n(words.as_str(), 5000))
            .party(Grantee::Role(&words));
    })
}

/// Every act with every outcome, each part of an entry there and not there, and all hostile texts; in the short form one of
/// seven.
pub(in crate::audit) fn all() -> Vec<Event> {
    let names = || Action::ALL.iter().map(|action| action.name()).chain(OTHERS);
    let mut all = Vec::new();
    for (action, outcome) in names().flat_map(|action| OUTCOMES.map(|outcome| (action, outcome))) {
        all.push(event(action, outcome, "", |_| ()));
        all.push(full(action, outcome, "text"));
        let codes = ["ended", "listed", "suspended", "reinstated", "asked", "approved", "refused", "truncated", "high"];
        all.extend(codes.map(|code| event(action, outcome, code, |_| ())));
        for part in PARTS {
            all.push(event(action, outcome, "", |builder| part(builder, "x")));
            all.push(event(action, outcome, "", |builder| {
                // All but this one.
                for other in PARTS.iter().filter(|other| !std::ptr::fn_addr_eq(**other, *part)) {
                    other(builder, "x");
                }
            }));
        }
    }
    for text in HOSTILE {
        all.extend(names().map(|action| full(action, Outcome::Permitted, text)));
        all.push(event(text, Outcome::Denied, text, |_| ()));
    }
    for party in [Grantee::Actor("a"), Grantee::Role("r"), Grantee::Group("g")] {
        all.extend(names().map(|action| {
            event(action, Outcome::Permitted, "", |builder| {
                builder.party(party);
            })
        }));
    }
    for actor in [
        Actor::new(""),
        Actor::new("a").with_role("r"),
        Actor::new("a").with_session("s"),
        Actor::new("a").with_device("d"),
    ] {
        all.extend(names().map(|action| {
            event(action, Outcome::Permitted, "", |builder| {
                builder.actor(&actor);
            })
        }));
    }
    for time in [i64::MIN, -1, 0, i64::MAX] {
        let mut builder = EntryBuilder::named(Timestamp::from_micros(time), "read");
        builder.outcome(Outcome::Permitted, "", "");
        all.extend(events(&Arc::from("odd"), None, 0, vec![builder.finish().unwrap()]));
    }
    let mut all: Vec<_> = all.into_iter().step_by(crate::tests::amount(7, 1)).collect();
    all.push(largest("x"));
    all
}

pub(in crate::audit) fn head(size: u8) -> Head {
    let mut frontier = Frontier::default();
    (0..size).for_each(|byte| frontier.append([byte; 32]));
    let body = HeadBody {
        vault: VaultId::from_bytes([1; 16]),
        epoch: JournalEpochId::from_bytes([2; 16]),
        size: u64::from(size),
        root: frontier.root(),
        ledger_size: 0,
        ledger_hash: [0; 32],
        time: Timestamp::from_micros(1_795_000_000_123_456),
    };
    Head::sign(&Key::copied(&[9; 32]), body)
}

/// Puts one part into an entry.
type Part = fn(&mut EntryBuilder, &str);

const PARTS: &[Part] = &[
    |b, text| {
        b.actor(&Actor::new(text).with_role(text).with_role("sales").with_session(text).with_device(text));
    },
    |b, text| {
        b.purpose(text);
    },
    |b, text| {
        b.reason(text);
    },
    |b, _| {
        b.policy(&[4; 32]);
    },
    |b, _| {
        b.new_policy(&[14; 32]);
    },
    |b, _| {
        b.tenant(TenantId::from_bytes([5; 16]));
    },
    |b, _| {
        b.collection(CollectionId::from_bytes([6; 16]));
    },
    |b, _| {
        b.subjects(&[subject(), subject()]);
    },
    |b, text| {
        b.fields_read([text, "email"].into_iter());
    },
    |b, text| {
        b.fields_changed([text].into_iter());
    },
    |b, _| {
        b.withheld(3);
    },
    |b, _| {
        b.rows(u32::MAX);
    },
    |b, _| {
        b.revision_before(Revision::new(u64::MAX - 1));
    },
    |b, _| {
        b.revision_after(Revision::new(u64::MAX));
    },
    |b, text| {
        b.party(Grantee::Actor(text));
    },
];

fn subject() -> Subject {
    Subject { pseudonym: Pseudonym::from_bytes([1; 16]), number: 2, revision: Revision::new(3) }
}

/// A file sink, cut anywhere as a crash cuts it, has every event once when it was opened again and served; heads too.
pub(in crate::audit) fn file_goes_on_after_any_cut(
    open: impl Fn(&Path) -> Result<Box<dyn AuditSink>, SinkError>,
    position: impl Fn(&str) -> Option<u64>,
) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events");
    let mut sink = open(&path).unwrap();
    sink.deliver(&plain(0..3, "because\n")).unwrap();
    sink.anchor(&head(3)).unwrap();
    sink.deliver(&plain(3..5, "because\n")).unwrap();
    drop(sink);
    let full = std::fs::read(&path).unwrap();
    for cut in (0..full.len()).step_by(61).chain(full.len() - 2..=full.len()) {
        std::fs::write(&path, &full[..cut]).unwrap();
        let mut sink = open(&path).unwrap();
        let next = match sink.last(JOURNAL).unwrap() {
            Held::Nothing => 0,
            Held::UpTo(position) => position + 1,
            Held::Unknown => panic!(),
        };
        // From the beginning: what the file has isn't written again.
        sink.deliver(&plain(0..7, "because\n")).unwrap();
        drop(sink);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with('\n'));
        assert_eq!(text.lines().filter_map(&position).collect::<Vec<_>>(), (0..7).collect::<Vec<_>>(), "{cut}");
        assert!(next <= 5);
    }
    std::fs::write(&path, "my notes\n").unwrap();
    assert!(open(&path).is_err());
}
