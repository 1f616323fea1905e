//! A whole vault that sends its journal to a log server, over real sockets of this machine.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use crate::audit::{Relayed, Required, SinkState, Syslog, SyslogBody};
use crate::vault::tests::*;

/// The bytes that a log server received: a list for each connection, or each datagram.
type Got = Arc<Mutex<Vec<Vec<u8>>>>;

const DEADLINE: Duration = Duration::from_secs(10);

fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_secs(30), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Takes connections as long as `up` is set, and keeps the bytes of each.
fn serve(listener: TcpListener, got: &Got, up: &Arc<Mutex<bool>>) -> thread::JoinHandle<()> {
    let (got, up) = (Arc::clone(got), Arc::clone(up));
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        let mut open = Vec::new();
        while *up.lock().unwrap() {
            if let Ok((stream, _)) = listener.accept() {
                stream.set_nonblocking(true).unwrap();
                let mut all = got.lock().unwrap();
                open.push((stream, all.len()));
                all.push(Vec::new());
            }
            for (stream, number) in &mut open {
                let mut some = [0; 65_536];
                while let Ok(length @ 1..) = stream.read(&mut some) {
                    got.lock().unwrap()[*number].extend_from_slice(&some[..length]);
                }
            }
            thread::sleep(Duration::from_millis(1));
        }
    })
}

/// Returns the JSON bodies of a stream's messages; a message cut off at the end doesn't count.
fn bodies(mut bytes: &[u8]) -> Vec<serde_json::Value> {
    let mut bodies = Vec::new();
    while let Some(space) = bytes.iter().position(|byte| *byte == b' ') {
        let length: usize = std::str::from_utf8(&bytes[..space]).unwrap().parse().unwrap();
        let Some(message) = bytes.get(space + 1..space + 1 + length) else { break };
        bodies.push(body(message));
        bytes = &bytes[space + 1 + length..];
    }
    bodies
}

fn body(message: &[u8]) -> serde_json::Value {
    let text = std::str::from_utf8(message).unwrap();
    serde_json::from_str(text.split_once('\u{feff}').unwrap().1).unwrap()
}

/// Returns position and index of the events that a server received, without repeated ones.
fn numbers(bodies: impl IntoIterator<Item = serde_json::Value>) -> Vec<(u64, u64)> {
    let mut numbers: Vec<(u64, u64)> = Vec::new();
    for body in bodies {
        let Some(position) = body.get("position").and_then(serde_json::Value::as_u64) else { continue };
        let number = (position, body["index"].as_u64().unwrap());
        if numbers.last().is_none_or(|last| number > *last) {
            numbers.push(number);
        } else {
            assert!(numbers.contains(&number), "{number:?} came out of order");
        }
    }
    numbers
}

fn streamed(got: &Got) -> Vec<(u64, u64)> {
    numbers(got.lock().unwrap().iter().flat_map(|bytes| bodies(bytes)))
}

fn told(kept: &Kept) -> Vec<(u64, u64)> {
    kept.events().iter().map(|event| (event.position(), u64::from(event.index()))).collect()
}

/// Checks that the server got every event since its first, and its first soon after the beginning.
fn assert_same(server: &[(u64, u64)], kept: &[(u64, u64)]) {
    assert!(kept.ends_with(server) && server.len() + 2 >= kept.len(), "{server:?} of {kept:?}");
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn required_log_server_that_falls_closes_the_vault_until_it_is_back_and_misses_nothing() {
    let (got, up, kept) = (Got::default(), Arc::new(Mutex::new(true)), Kept::default());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = serve(listener, &got, &up);
    let world = World::with(|options| {
        let syslog = Syslog::tcp(address.to_string()).timeout(Duration::from_millis(500));
        options.sink(Required(syslog).within(Duration::from_secs(2))).sink(Required(kept.clone()))
    });
    let id = world.add("Ann", "ann@x.org");
    eventually("the insert is with the server", || {
        got.lock().unwrap().iter().flat_map(|bytes| bodies(bytes)).any(|body| body["action"] == "create")
    });
    *up.lock().unwrap() = false;
    server.join().unwrap();
    let customers = world.customers();
    eventually("acts fail closed", || {
        matches!(customers.update(id, |customer| customer.name.push('x')), Err(Error::AuditUnavailable { .. }))
    });
    *up.lock().unwrap() = true;
    let server = serve(TcpListener::bind(address).unwrap(), &got, &up);
    eventually("acts go on", || customers.get(id).is_ok());
    world.add("Bo", "bo@x.org");
    assert_eq!(world.verify(), Verdict::Intact);
    world.vault.close().unwrap();
    eventually("all is there", || streamed(&got).last() == told(&kept).last());
    *up.lock().unwrap() = false;
    server.join().unwrap();
    assert_same(&streamed(&got), &told(&kept));
}

#[test]
fn relayed_log_server_that_is_not_there_yet_holds_nothing_up_and_gets_all_once_it_is() {
    let (got, up, kept, address) = (Got::default(), Arc::new(Mutex::new(true)), Kept::default(), free_address());
    let world = World::with(|options| {
        let syslog = Syslog::tcp(address.to_string()).timeout(Duration::from_millis(500));
        options.sink(Relayed(syslog)).sink(Required(kept.clone()).within(DEADLINE))
    });
    for n in 0..30 {
        world.add("Ann", &format!("c{n}@x.org"));
    }
    eventually("its failure shows", || world.vault.health().sinks[0].state == SinkState::Failing);
    let server = serve(TcpListener::bind(address).unwrap(), &got, &up);
    eventually("all is there", || !streamed(&got).is_empty() && streamed(&got).last() == told(&kept).last());
    world.vault.close().unwrap();
    *up.lock().unwrap() = false;
    server.join().unwrap();
    assert_same(&streamed(&got), &told(&kept));
}

#[test]
fn datagrams_of_a_whole_vault_arrive_over_udp() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (address, kept) = (server.local_addr().unwrap(), Kept::default());
    let world = World::with(|options| {
        options.sink(Relayed(Syslog::udp(address.to_string()))).sink(Required(kept.clone()).within(DEADLINE))
    });
    let id = world.add("Ann", "ann@x.org");
    world.customers().get(id).unwrap();
    assert!(world.session(sales("s")).collection::<Customer>().unwrap().get(id).is_err());
    world.vault.close().unwrap();
    assert_datagrams(&kept, |bytes| {
        server.set_nonblocking(true).unwrap();
        server.recv(bytes).ok()
    });
}

#[cfg(unix)]
#[test]
fn datagrams_of_a_whole_vault_arrive_over_a_unix_socket() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let server = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    server.set_nonblocking(true).unwrap();
    let kept = Kept::default();
    let world = World::with(|options| {
        let syslog = Syslog::unix(&path).body(SyslogBody::Json);
        options.sink(Required(syslog).within(DEADLINE)).sink(Required(kept.clone()).within(DEADLINE))
    });
    let id = world.add("Ann", "ann@x.org");
    world.customers().get(id).unwrap();
    world.vault.close().unwrap();
    assert_datagrams(&kept, |bytes| server.recv(bytes).ok());
}

/// Checks that the datagrams still to be received are the vault's events.
fn assert_datagrams(kept: &Kept, receive: impl Fn(&mut [u8]) -> Option<usize>) {
    let mut got = Vec::new();
    eventually("all is there", || {
        let mut bytes = vec![0; 65_536];
        while let Some(length) = receive(&mut bytes) {
            got.push(body(&bytes[..length]));
        }
        numbers(got.clone()).last() == told(kept).last()
    });
    assert_same(&numbers(got), &told(kept));
}
