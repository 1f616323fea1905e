use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::*;
use crate::audit::{EntryBuilder, Outcome, events};
use crate::model::{Action, Timestamp};

fn some(positions: std::ops::Range<u64>) -> Vec<Event> {
    let mut builder = EntryBuilder::new(Timestamp::from_micros(1), Action::Read);
    builder.outcome(Outcome::Permitted, "", "");
    let entry = builder.finish().unwrap();
    positions.flat_map(|position| events(&Arc::from("strongroom/a/b"), None, position, vec![entry.clone()])).collect()
}

fn position(message: Message) -> u64 {
    match message {
        Message::Event(event) => event.position(),
        Message::Head(_) => panic!("a head"),
    }
}

#[test]
fn what_is_put_in_comes_out_in_order_until_the_sink_is_gone() {
    let (mut sink, messages) = channel(10);
    assert_eq!(sink.last("strongroom/a/b").unwrap(), Held::Unknown);
    assert!(messages.try_recv().is_err());
    assert!(messages.recv_timeout(Duration::from_millis(5)).is_err());
    sink.deliver(&some(0..3)).unwrap();
    assert_eq!(messages.try_recv().map(position), Ok(0));
    assert_eq!(messages.recv_timeout(Duration::from_secs(20)).map(position), Ok(1));
    drop(sink);
    assert_eq!(messages.iter().map(position).collect::<Vec<_>>(), [2]);
}

#[test]
fn full_channel_holds_the_sink_up_until_something_is_taken_out() {
    for bound in [0, 2] {
        let (mut sink, messages) = channel(bound);
        let delivering = thread::spawn(move || sink.deliver(&some(0..5)).is_ok());
        thread::sleep(Duration::from_millis(30));
        assert!(!delivering.is_finished());
        let got: Vec<u64> = messages.iter().take(5).map(position).collect();
        assert_eq!(got, [0, 1, 2, 3, 4]);
        assert!(delivering.join().unwrap());
    }
}

#[test]
fn channel_without_a_taker_is_an_error_and_a_waiting_delivery_ends_with_one() {
    let (mut sink, messages) = channel(1);
    let delivering = thread::spawn(move || (sink.deliver(&some(0..5)).is_err(), sink));
    thread::sleep(Duration::from_millis(30));
    drop(messages);
    let (failed, mut sink) = delivering.join().unwrap();
    assert!(failed);
    assert!(sink.deliver(&some(5..6)).unwrap_err().to_string().contains("dropped"));
}
