use std::io::Read;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::*;
use crate::audit::tests::samples::{self, HOSTILE, JOURNAL, plain};
use crate::audit::{Outcome, plain as texts};
use crate::model::{Actor, Timestamp};

use parse::{Parsed, frames, parse};

mod parse;

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(20);

fn envelope(body: SyslogBody) -> Envelope {
    let mut envelope = Envelope::new();
    envelope.body = body;
    envelope
}

const BODIES: [SyslogBody; 4] = [SyslogBody::Json, SyslogBody::Cef, SyslogBody::Ocsf, SyslogBody::Text];

#[test]
fn whatever_an_event_says_its_message_follows_the_grammar() {
    let events = samples::all();
    for (number, body) in BODIES.into_iter().enumerate() {
        let envelope = envelope(body);
        for event in events.iter().skip(number).step_by(BODIES.len()) {
            let parsed = parse(&envelope.message(&Item::Event(event), usize::MAX), true);
            assert_eq!((parsed.facility, parsed.element.as_str()), (13, "strongroom@32473"));
            assert_eq!(parsed.number(), (event.position(), event.index()));
            assert_eq!((parsed.param("journal"), parsed.param("cut")), (Some(event.journal()), None));
            assert_eq!(parsed.param("of"), Some(event.of().to_string().as_str()));
            assert_eq!(parsed.param("outcome"), Some(event.outcome().name()));
            assert_eq!(
                parsed.param("actor").map(str::to_owned),
                event.actor().map(|id| texts::visible(id).into_owned())
            );
            assert_eq!(parsed.time == "-", !ocsf_time(event.time()));
            let body_text = parsed.body.unwrap();
            match body {
                SyslogBody::Json => {
                    let json: serde_json::Value = serde_json::from_str(&body_text).unwrap();
                    assert_eq!(json, serde_json::from_str::<serde_json::Value>(&event.to_json()).unwrap());
                }
                SyslogBody::Cef => drop(crate::audit::cef::tests::parse(&body_text)),
                SyslogBody::Ocsf => drop(serde_json::from_str::<serde_json::Value>(&body_text).unwrap()),
                SyslogBody::Text => assert!(body_text.contains(event.outcome().name())),
            }
        }
        let head = samples::head(9);
        let parsed = parse(&envelope.message(&Item::Head(&head), 2048), true);
        assert_eq!((parsed.id.as_str(), parsed.param("size")), ("head", Some("9")));
    }
}

fn ocsf_time(time: Timestamp) -> bool {
    (0..=9999).contains(&time.to_string().split('-').next().unwrap().parse::<i64>().unwrap_or(-1))
}

#[test]
fn hostile_text_forges_no_message_element_or_param() {
    let honest = {
        let event = samples::full("read", Outcome::Denied, "text");
        parse(&envelope(SyslogBody::Json).message(&Item::Event(&event), usize::MAX), true)
    };
    for text in HOSTILE {
        let event = samples::full("read", Outcome::Denied, text);
        let parsed = parse(&envelope(SyslogBody::Json).message(&Item::Event(&event), usize::MAX), true);
        let names = |parsed: &Parsed| parsed.params.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&parsed), names(&honest));
        for name in ["actor", "code", "rule", "session", "device", "purpose"] {
            assert_eq!(parsed.param(name), Some(&*texts::visible(text)), "{name}");
        }
        let named = samples::event(text, Outcome::Permitted, "", |_| ());
        let sink = Syslog::udp("x:1").hostname(text).app_name(text).message_limit(usize::MAX);
        let parsed = parse(&sink.envelope.message(&Item::Event(&named), usize::MAX), true);
        assert!(parsed.id.len() <= 32 && !parsed.host.is_empty() && !parsed.app.is_empty());
    }
}

#[test]
fn header_says_what_was_set_and_severity_goes_by_the_outcome() {
    let sink = Syslog::tcp("x:1")
        .facility(Facility::Local7)
        .hostname("crm-1")
        .app_name("crm")
        .enterprise_number(4711)
        .without_bom();
    let severity = |action, outcome, code| {
        let event = samples::event(action, outcome, code, |_| ());
        let parsed = parse(&sink.envelope.message(&Item::Event(&event), 2048), false);
        assert_eq!((parsed.facility, parsed.host.as_str(), parsed.app.as_str()), (23, "crm-1", "crm"));
        assert_eq!((parsed.id.as_str(), parsed.element.as_str()), (action, "strongroom@4711"));
        assert_eq!(parsed.process, std::process::id().to_string());
        assert_eq!(parsed.time, "2026-11-18T11:06:40.123456Z");
        parsed.severity
    };
    assert_eq!(severity("read", Outcome::Permitted, ""), 6);
    assert_eq!(severity("define", Outcome::Permitted, ""), 5);
    assert_eq!(severity("read", Outcome::Denied, "no_rule"), 4);
    assert_eq!(severity("read", Outcome::Failed, ""), 3);
    assert_eq!(severity("alert", Outcome::Permitted, "critical"), 1);
    let names = Syslog::tcp("x:1").hostname("").app_name("a b".repeat(30));
    assert_eq!((names.envelope.hostname.as_str(), names.envelope.app_name.len()), ("-", 48));
}

#[test]
fn message_over_its_limit_is_cut_says_so_and_stays_valid() {
    let events =
        [samples::full("read", Outcome::Denied, &"]\"\\".repeat(300)), samples::largest("é\n"), samples::largest("x")];
    let mut envelope = envelope(SyslogBody::Json);
    envelope.hostname = "h".repeat(255);
    envelope.app_name = "a".repeat(48);
    for event in &events {
        let whole = envelope.message(&Item::Event(event), usize::MAX).len();
        for limit in (LEAST..2_200).step_by(91).chain([8_192, whole - 1, whole]) {
            let message = envelope.message(&Item::Event(event), limit);
            assert!(message.len() <= limit, "{} over {limit}", message.len());
            let parsed = parse(&message, true);
            assert_eq!(parsed.body.is_none(), parsed.param("cut").is_some());
            match parsed.param("cut") {
                None => assert_eq!(limit, whole),
                Some("body") => assert_eq!(parsed.param("purpose"), event.purpose().map(texts::visible).as_deref()),
                cut => assert!(cut == Some("body,values") && limit < whole - 1, "{cut:?} at {limit} of {whole}"),
            }
            if limit >= 2048 {
                assert_eq!(parsed.number(), (event.position(), event.index()));
                assert!(parsed.param("actor").is_some());
            }
        }
    }
    // An everyday message isn't cut, whatever its body.
    for body in [SyslogBody::Json, SyslogBody::Cef, SyslogBody::Text] {
        let event = samples::event("read", Outcome::Permitted, "", |builder| {
            builder
                .actor(&Actor::new("sales-7").with_role("sales"))
                .policy(&[7; 32])
                .fields_read(["name", "email"].into_iter());
        });
        let parsed = parse(&self::envelope(body).message(&Item::Event(&event), UDP_LIMIT), true);
        assert_eq!(parsed.param("cut"), None, "{body:?}");
    }
}

#[test]
fn datagrams_arrive_over_udp_one_for_each_event_and_head() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_read_timeout(Some(LONG)).unwrap();
    let mut sink = Syslog::udp(server.local_addr().unwrap().to_string());
    assert_eq!(sink.last(JOURNAL).unwrap(), Held::Unknown);
    let events = plain(0..50, "because");
    sink.deliver(&events).unwrap();
    sink.deliver(&[samples::largest("\n]é")]).unwrap();
    sink.anchor(&samples::head(5)).unwrap();
    let next = || {
        let mut bytes = [0; 65_536];
        let length = server.recv(&mut bytes).unwrap();
        assert!(length <= UDP_LIMIT);
        parse(&bytes[..length], true)
    };
    for position in 0..50 {
        assert_eq!(next().number(), (position, 0));
    }
    assert_eq!(next().param("cut"), Some("body,values"));
    assert_eq!(next().id, "head");
}

#[test]
fn udp_port_where_nobody_listens_is_an_error_before_long() {
    let address = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut sink = Syslog::udp(address.to_string());
    let begin = Instant::now();
    let error = loop {
        match sink.deliver(&plain(0..1, "")) {
            Ok(()) => assert!(begin.elapsed() < LONG),
            Err(error) => break error,
        }
        thread::sleep(Duration::from_millis(5));
    };
    assert!(error.to_string().contains(&format!("udp {address}")), "{error}");
    // And it is served again once there is one.
    let server = UdpSocket::bind(address).unwrap();
    server.set_read_timeout(Some(LONG)).unwrap();
    let mut bytes = [0; 4096];
    while sink.deliver(&plain(7..8, "")).is_err() {
        assert!(begin.elapsed() < LONG);
    }
    let length = server.recv(&mut bytes).unwrap();
    assert_eq!(parse(&bytes[..length], true).number(), (7, 0));
}

/// Takes one connection, reads at least so many bytes of it (all, if `None`), and hangs up. Gives what it read.
fn server(listener: &TcpListener, most: Option<usize>) -> JoinHandle<Vec<u8>> {
    let listener = listener.try_clone().unwrap();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        read(stream, most)
    })
}

fn read(mut stream: impl Read, most: Option<usize>) -> Vec<u8> {
    let (mut all, mut some) = (Vec::new(), [0; 4096]);
    while most.is_none_or(|most| all.len() < most) {
        match stream.read(&mut some) {
            Ok(0) | Err(_) => break,
            Ok(length) => all.extend_from_slice(&some[..length]),
        }
    }
    all
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// The positions in what servers got, one after the other; a message cut off by a hang-up doesn't count.
fn positions(parts: &[Vec<u8>]) -> Vec<u64> {
    parts.iter().flat_map(|part| frames(part).0).map(|frame| parse(&frame, true).number().0).collect()
}

/// All from 0, in order, once doubles are left out by their numbers: and doubles are a run that was there before.
fn assert_whole(got: &[u64], end: u64) {
    let mut next = 0;
    for position in got {
        assert!(*position <= next, "{next} is missing in {got:?}");
        next = next.max(position + 1);
    }
    assert_eq!(next, end);
}

#[test]
fn stream_over_tcp_counts_octets_and_keeps_order() {
    let (listener, address) = listener();
    let reader = server(&listener, None);
    let mut sink = Syslog::tcp(address.to_string()).body(SyslogBody::Ocsf);
    let mut events = plain(0..100, "a reason\nwith lines");
    events.push(samples::largest("é]\n"));
    sink.deliver(&events).unwrap();
    sink.anchor(&samples::head(101)).unwrap();
    drop(sink);
    let (messages, whole) = frames(&reader.join().unwrap());
    assert!(whole);
    let parsed: Vec<_> = messages.iter().map(|message| parse(message, true)).collect();
    assert_eq!(parsed.len(), 102);
    for (number, parsed) in parsed[..100].iter().enumerate() {
        assert_eq!(parsed.number(), (number as u64, 0));
    }
    assert_eq!(parsed[101].id, "head");
}

#[test]
fn peer_that_hangs_up_again_and_again_misses_nothing() {
    let (listener, address) = listener();
    let got = Arc::new(Mutex::new(Vec::new()));
    let reader = thread::spawn({
        let got = Arc::clone(&got);
        // Each time it hangs up in the midst of the stream, and what it hadn't read is gone with it.
        move || {
            for most in [Some(1), Some(700), Some(5_000), Some(20_000), None] {
                let part = read(listener.accept().unwrap().0, most);
                got.lock().unwrap().push(part);
            }
        }
    });
    let mut sink = Syslog::tcp(address.to_string());
    let (begin, events) = (Instant::now(), plain(0..400, &"because ".repeat(30)));
    for some in events.chunks(20) {
        while sink.deliver(some).is_err() {
            assert!(begin.elapsed() < LONG);
        }
    }
    // One that it hangs up on when all is delivered shows when there is something to send again.
    while got.lock().unwrap().len() < 4 {
        assert!(begin.elapsed() < LONG);
        let _ = sink.deliver(&[]);
        thread::sleep(Duration::from_millis(2));
    }
    while sink.deliver(&[]).is_err() {
        assert!(begin.elapsed() < LONG);
    }
    drop(sink);
    reader.join().unwrap();
    let got = got.lock().unwrap();
    assert!(got[0].len() < 10_000, "the first had all of it");
    assert_whole(&positions(&got), 400);
}

#[test]
fn acknowledged_events_that_died_with_an_idle_connection_are_sent_again_with_the_next_ones() {
    let (listener, address) = listener();
    let mut sink = Syslog::tcp(address.to_string());
    let reader = thread::spawn({
        let listener = listener.try_clone().unwrap();
        // Takes the connection and hangs up without reading.
        move || drop(listener.accept().unwrap())
    });
    sink.deliver(&plain(0..5, "")).unwrap();
    reader.join().unwrap();
    let reader = server(&listener, None);
    let begin = Instant::now();
    while sink.deliver(&plain(5..6, "")).is_err() {
        assert!(begin.elapsed() < LONG);
    }
    drop(sink);
    let got = positions(&[reader.join().unwrap()]);
    assert_eq!(got, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn peer_that_never_reads_is_an_error_after_the_timeout_and_gets_all_once_it_is_replaced() {
    let (listener, address) = listener();
    let mut sink = Syslog::tcp(address.to_string()).timeout(SHORT);
    let (stuck, events) = (listener.try_clone().unwrap(), plain(0..2000, &"because ".repeat(1000)));
    let (release, released) = std::sync::mpsc::channel::<()>();
    let holder = thread::spawn(move || {
        let (stream, _) = stuck.accept().unwrap();
        let _ = released.recv();
        // What the kernel took for it is read at the end, as a server that wakes up late would.
        read(stream, None)
    });
    let begin = Instant::now();
    let error = sink.deliver(&events).unwrap_err();
    assert!(begin.elapsed() >= SHORT, "{:?}", begin.elapsed());
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
    let source = std::error::Error::source(&error).unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(source.kind(), io::ErrorKind::TimedOut);
    let reader = server(&listener, None);
    sink.timeout = LONG;
    sink.deliver(&events).unwrap();
    drop(sink);
    release.send(()).unwrap();
    // The new server has all of it by itself: what was written before hadn't been acknowledged.
    let got = positions(&[reader.join().unwrap()]);
    assert_eq!(got, (0..2000).collect::<Vec<_>>());
    let late = positions(&[holder.join().unwrap()]);
    assert_eq!(late, (0..late.len() as u64).collect::<Vec<_>>());
}

#[test]
fn server_that_is_not_there_is_an_error_and_served_once_it_is() {
    let (listener, address) = listener();
    drop(listener);
    let mut sink = Syslog::tcp(address.to_string()).timeout(SHORT);
    let error = sink.deliver(&plain(0..2, "")).unwrap_err();
    assert_eq!(error.to_string(), format!("the log server at tcp {address} can't be connected to"));
    let listener = TcpListener::bind(address).unwrap();
    let reader = server(&listener, None);
    sink.timeout = LONG;
    sink.deliver(&plain(0..2, "")).unwrap();
    drop(sink);
    assert_eq!(positions(&[reader.join().unwrap()]), [0, 1]);
    assert!(Syslog::tcp("no port").deliver(&plain(0..1, "")).is_err());
}

#[test]
fn heads_handed_to_udp_count_as_kept_by_nobody() {
    assert!(!Syslog::udp("127.0.0.1:514").keeps_heads());
    assert!(Syslog::tcp("127.0.0.1:601").keeps_heads());
    assert!(!Syslog::tcp("127.0.0.1:601").body(SyslogBody::Text).keeps_heads());
}

#[test]
fn tail_that_is_kept_is_bounded() {
    let (listener, address) = listener();
    let reader = server(&listener, None);
    let mut sink = Syslog::tcp(address.to_string());
    for position in 0..40 {
        sink.deliver(&plain(position * 20..position * 20 + 20, &"because ".repeat(1000))).unwrap();
        assert!(sink.tail.iter().map(|sent| sent.message.len()).sum::<usize>() <= TAIL);
    }
    assert!(!sink.tail.is_empty());
    drop(sink);
    assert_whole(&positions(&[reader.join().unwrap()]), 800);
}

#[cfg(unix)]
mod unix;
