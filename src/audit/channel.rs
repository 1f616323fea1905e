//! A sink that is the one end of a channel within the process.
//!
//! Guarantees: what comes out at the other end is in order, and at least once. Does not: keep anything; what was put into the
//! channel counts as acknowledged, and is lost if the process ends before it is taken out.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::{AuditSink, Event, Head, Held, SinkError};

/// Makes a channel that holds up to `bound` messages: the sink, and where they come out. With a bound of 0 each message
/// waits for its taker.
///
/// A message is acknowledged **when it is put into the channel**, not when it is taken out: what was in it when the process
/// ended doesn't come again. When the channel is full the sink is slow, as any other: a [`Required`](super::Required) one
/// makes acts fail closed after its deadline, a [`Relayed`](super::Relayed) one falls behind and catches up from the journal.
/// When the receiver is gone, every delivery fails, which the vault's health shows.
///
/// ```
/// # use strongroom::{Memory, Vault};
/// use strongroom::audit::{Message, Relayed, channel};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (sink, messages) = channel(1_024);
/// let events = move || messages.iter().filter(|message| matches!(message, Message::Event(_))).count();
/// let seen = std::thread::spawn(events);
/// let vault = Vault::in_memory(&Memory::new()).sink(Relayed(sink)).create()?;
/// # let admin = strongroom::Actor::new("root");
/// assert!(vault.session(admin)?.head().is_err(), "nobody may do anything, and it is written down");
/// vault.close()?;
/// assert_eq!(seen.join().map_err(|_| "a panic")?, 1);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn channel(bound: usize) -> (impl AuditSink, Receiver<Message>) {
    let (sender, receiver) = sync_channel(bound);
    (Channel { sender }, receiver)
}

/// An item that comes out of a [`channel`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Message {
    /// A journal entry.
    Event(Event),
    /// A signed head that covers the entries before it.
    Head(Head),
}

/// The sink's end of a [`channel`].
struct Channel {
    sender: SyncSender<Message>,
}

impl Channel {
    fn put(&self, message: Message) -> Result<(), SinkError> {
        let gone = "nobody takes messages out of the channel any more: its receiver was dropped";
        self.sender.send(message).map_err(|_| SinkError::new(gone))
    }
}

impl AuditSink for Channel {
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
        events.iter().try_for_each(|event| self.put(Message::Event(event.clone())))
    }

    fn last(&mut self, _: &str) -> Result<Held, SinkError> {
        Ok(Held::Unknown)
    }

    fn anchor(&mut self, head: &Head) -> Result<(), SinkError> {
        self.put(Message::Head(head.clone()))
    }

    fn name(&self) -> String {
        "Channel".to_owned()
    }
}

#[cfg(test)]
mod tests;
