//! Sockets of this machine.

use std::os::unix::net::{UnixDatagram, UnixListener};

use super::*;

fn receive(socket: &UnixDatagram) -> Parsed {
    let mut bytes = vec![0; 1 << 20];
    let length = socket.recv(&mut bytes).unwrap();
    parse(&bytes[..length], true)
}

#[test]
fn datagrams_arrive_over_a_unix_socket_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let server = UnixDatagram::bind(&path).unwrap();
    let mut sink = Syslog::unix(&path);
    let reader = thread::spawn(move || (0..301).map(|_| receive(&server)).collect::<Vec<_>>());
    sink.deliver(&plain(0..300, "because")).unwrap();
    sink.anchor(&samples::head(3)).unwrap();
    let got = reader.join().unwrap();
    assert!(got[..300].iter().map(Parsed::number).eq((0..300).map(|position| (position, 0))));
    assert_eq!(got[300].id, "head");
}

#[test]
fn full_queue_of_a_unix_socket_is_an_error_after_the_timeout_and_a_later_server_gets_all() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let server = UnixDatagram::bind(&path).unwrap();
    let mut sink = Syslog::unix(&path).timeout(SHORT);
    let begin = Instant::now();
    sink.deliver(&plain(0..5000, "because")).unwrap_err();
    assert!(begin.elapsed() >= SHORT && begin.elapsed() < LONG);
    // The server falls with what was in its queue, and comes back.
    drop(server);
    std::fs::remove_file(&path).unwrap();
    assert!(sink.deliver(&plain(0..5000, "because")).is_err());
    let server = UnixDatagram::bind(&path).unwrap();
    let reader = thread::spawn(move || (0..5000).map(|_| receive(&server).number().0).collect::<Vec<_>>());
    sink.timeout = LONG;
    sink.deliver(&plain(0..5000, "because")).unwrap();
    assert_eq!(reader.join().unwrap(), (0..5000).collect::<Vec<_>>());
}

#[test]
fn message_that_the_system_takes_for_too_long_is_cut() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let server = UnixDatagram::bind(&path).unwrap();
    // More than a socket's buffer holds unless the system is set up for it.
    let mut sink = Syslog::unix(&path).message_limit(64 << 20);
    let mut event = samples::largest("\u{1}");
    for size in 1.. {
        if sink.envelope.message(&Item::Event(&event), usize::MAX).len() > 400_000 {
            break;
        }
        assert!(size < 3, "the largest entry is smaller than it was");
        event = samples::largest("\u{7}");
    }
    sink.deliver(&[event]).unwrap();
    let parsed = receive(&server);
    assert_eq!(parsed.param("cut"), Some("body"));
    sink.deliver(&plain(8..9, "")).unwrap();
    assert_eq!(receive(&server).number(), (8, 0));
}

#[test]
fn stream_over_a_unix_socket_counts_octets_and_misses_nothing_when_it_is_cut() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let listener = UnixListener::bind(&path).unwrap();
    let mut sink = Syslog::unix(&path);
    let take = |most| {
        let listener = listener.try_clone().unwrap();
        thread::spawn(move || read(listener.accept().unwrap().0, most))
    };
    let first = take(Some(3000));
    let mut delivered = 0;
    while delivered < 60 && sink.deliver(&plain(delivered..delivered + 5, "because")).is_ok() {
        delivered += 5;
    }
    let first = first.join().unwrap();
    let second = take(None);
    while delivered < 60 {
        if sink.deliver(&plain(delivered..delivered + 5, "because")).is_ok() {
            delivered += 5;
        }
    }
    let _ = sink.deliver(&[]);
    drop(sink);
    drop(std::os::unix::net::UnixStream::connect(&path));
    assert_whole(&positions(&[first, second.join().unwrap()]), 60);
}

#[test]
fn missing_socket_is_an_error_that_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let error = Syslog::unix(&path).deliver(&plain(0..1, "")).unwrap_err();
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
}
