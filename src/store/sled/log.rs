//! The engine's log as it stands on the disk: a file of segments, each a header and messages.
//!
//! Guarantees: [`end_alone`] lets the engine find the end of the log without the segment before the last, which the
//! engine may free and overwrite while it opens. Does not: find damage below the log's end.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::RangeInclusive;

use super::super::StoreError;

/// Bytes of a segment.
pub(super) const SEGMENT: u64 = 512 * 1024;

/// Bytes of a segment's header: a CRC, the segment's place in the log and the place that was stable.
const HEADER: usize = 20;

/// Bytes at a segment's end in which no message begins.
const REST: usize = 32;

const READING: &str = "reading the end of the store's log";

/// The kinds of message; those that matter here have names.
const KINDS: RangeInclusive<u8> = 1..=11;
const CAP: u8 = 2;
const BATCH: u8 = 3;

/// A segment whose header is whole.
pub(super) struct Segment {
    pub(super) at: u64,
    /// The segment's place in the whole log.
    pub(super) sequence: u64,
    /// The place up to which the log was written out when this segment was begun.
    pub(super) stable: u64,
}

/// Returns the segments whose header, CRC, place in the log and stable place, each little-endian and inverted, is
/// whole.
pub(super) fn segments(mut file: &File) -> io::Result<Vec<Segment>> {
    let length = file.metadata()?.len();
    let mut found = Vec::new();
    for at in (0..length).step_by(usize::try_from(SEGMENT).unwrap_or(usize::MAX)) {
        let (mut crc, mut places) = ([0; 4], [0; 16]);
        file.seek(SeekFrom::Start(at))?;
        match file.read_exact(&mut crc).and_then(|()| file.read_exact(&mut places)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
        if crc32fast::hash(&places) != !u32::from_le_bytes(crc) {
            continue;
        }
        // Signed, with all but the sign inverted; -1 is "nothing yet".
        let place = |bytes: Option<&[u8; 8]>| {
            let place = bytes.map_or(0, |b| i64::from_le_bytes(*b) ^ i64::MAX);
            u64::try_from(place).unwrap_or(0)
        };
        found.push(Segment { at, sequence: place(places.first_chunk()), stable: place(places.last_chunk()) });
    }
    Ok(found)
}

/// Tells in the header of the log's last segment that all before it is stable, as it is once the file is synced. Returns
/// the place from which the log's end was looked for.
///
/// The engine looks for the log's end from the segment on that is the last to be known as stable, and takes a log
/// without that segment for an empty one. It usually is the one before the last. But opening the engine frees a
/// segment whose rows have all moved on, and fills it with zeros before its new snapshot is sure to be on the disk: a
/// power cut then would lose the store. `reached` is the place up to which the snapshot knows the log. Damage below the
/// last segment doesn't end the log from then on, but leaves a hole in it.
pub(super) fn end_alone(mut file: &File, reached: u64) -> Result<u64, StoreError> {
    let mut all = segments(file).map_err(StoreError::io(READING))?;
    all.sort_by_key(|segment| segment.sequence);
    let stable = all.iter().map(|segment| segment.stable).fold(reached, u64::max);
    let first = stable / SEGMENT * SEGMENT;
    let tail: Vec<&Segment> = all.iter().filter(|segment| segment.sequence >= first).collect();
    match tail.first() {
        Some(segment) if segment.sequence == first => {}
        // The log ended with a segment, and the next was never begun.
        None if reached == first => return Ok(first),
        _ => return Err(StoreError::Corrupt { what: "the end of its log is missing" }),
    }
    let Some(last) = last(file, &tail).map_err(StoreError::io(READING))? else { return Ok(first) };
    if last.stable >= last.sequence {
        return Ok(first);
    }
    let inverted = |place: u64| (i64::try_from(place).unwrap_or(i64::MAX) ^ i64::MAX).to_le_bytes();
    let places = [inverted(last.sequence), inverted(last.sequence)].concat();
    let header = [(!crc32fast::hash(&places)).to_le_bytes().as_slice(), &places].concat();
    // One sector of the disk, so that a power cut leaves the old header or the new.
    let mut write = || {
        file.seek(SeekFrom::Start(last.at))?;
        file.write_all(&header)?;
        file.sync_data()
    };
    write().map_err(StoreError::io("writing to the end of the store's log"))?;
    Ok(first)
}

/// Returns the segment that the log ends in: the one of the last message that is whole together with all before it,
/// or of the batch that isn't there to its end.
fn last<'s>(mut file: &File, tail: &[&'s Segment]) -> io::Result<Option<&'s Segment>> {
    let (mut batches, mut last, mut end) = (Vec::new(), None, 0);
    let mut due = tail.first().map_or(0, |first| first.sequence);
    for segment in tail {
        if segment.sequence != due {
            break;
        }
        due = due.saturating_add(SEGMENT);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(segment.at))?;
        file.take(SEGMENT).read_to_end(&mut bytes)?;
        let (used, full) =
            messages(&bytes, segment.sequence / SEGMENT, |batch_end| batches.push((*segment, batch_end)));
        (last, end) = (Some(*segment), segment.sequence.saturating_add(used as u64));
        if !full {
            break;
        }
    }
    let torn = batches.into_iter().find(|(_, batch_end)| *batch_end >= end);
    Ok(torn.map(|(segment, _)| segment).or(last))
}

/// Walks the messages of a segment and tells the place at which each batch ends. Returns how far they are whole, and
/// true if that is the segment's end.
fn messages(bytes: &[u8], number: u64, mut batch: impl FnMut(u64)) -> (usize, bool) {
    let size = usize::try_from(SEGMENT).unwrap_or(usize::MAX);
    let mut at = HEADER;
    while at <= size - REST {
        let Some(message) = bytes.get(at..).and_then(|rest| Message::read(rest, number)) else { return (at, false) };
        if message.kind == CAP {
            return (at, true);
        }
        if let (BATCH, Ok(end)) = (message.kind, message.body.try_into()) {
            batch(u64::from_le_bytes(end));
        }
        at += message.length;
    }
    (at, true)
}

struct Message<'b> {
    kind: u8,
    body: &'b [u8],
    length: usize,
}

impl<'b> Message<'b> {
    /// Reads a message: the CRC of all the rest, its kind, its body's length, its segment's number, its page, its body.
    fn read(bytes: &'b [u8], number: u64) -> Option<Self> {
        let (crc, rest) = bytes.split_first_chunk::<4>()?;
        let (kind, mut rest_of_header) = rest.split_first()?;
        let [length, of, _page] = [(); 3].map(|()| integer(&mut rest_of_header));
        let body = rest_of_header.get(..usize::try_from(length?).ok()?)?;
        let header = rest.get(..rest.len() - rest_of_header.len())?;
        let mut hash = crc32fast::Hasher::new();
        hash.update(body);
        hash.update(header);
        let whole = KINDS.contains(kind) && of? == number && !hash.finalize() == u32::from_le_bytes(*crc);
        whole.then_some(Self { kind: *kind, body, length: 4 + header.len() + body.len() })
    }
}

/// Reads a number of 1 to 9 bytes, of which the first tells how many there are.
fn integer(bytes: &mut &[u8]) -> Option<u64> {
    let (first, rest) = bytes.split_first()?;
    let first = u64::from(*first);
    let take = match first {
        0..=240 => 0,
        241..=248 => 1,
        249 => 2,
        _ => usize::try_from(first - 247).ok()?,
    };
    let (number, rest) = rest.split_at_checked(take)?;
    *bytes = rest;
    Some(match (first, number) {
        (_, []) => first,
        (_, [low]) => 240 + 256 * (first - 241) + u64::from(*low),
        (249, [high, low]) => 2288 + 256 * u64::from(*high) + u64::from(*low),
        _ => number.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    })
}
