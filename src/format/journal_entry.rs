//! One journal entry: a list of items `tag(1) ‖ BE16 length ‖ bytes`, tags ascending, none twice.
//!
//! Guarantees: an entry that [`check`] passes has a time, an act and an outcome, and every item of a known tag has that
//! tag's form. Items of unknown tags are kept as they are. Does not: know what the items mean to a reader; see `audit`.

use super::{FormatError, Reader, Writer};

const WHAT: &str = "journal entry";

/// The longest entry, in bytes.
pub(crate) const MAX_ENTRY: usize = 192 * 1024;
/// The longest id, name or purpose of an entry, in bytes of UTF-8.
pub(crate) const MAX_TEXT: usize = 1024;
/// The longest reason, in bytes of UTF-8.
pub(crate) const MAX_REASON: usize = 8 * 1024;
/// The most data subjects of one entry.
pub(crate) const MAX_SUBJECTS: usize = 1000;
/// The most bytes of the names in a list; names that don't fit are only counted.
pub(crate) const MAX_NAMES: usize = 32 * 1024;

/// Bytes of one data subject: pseudonym, number, revision.
pub(crate) const SUBJECT: usize = 16 + 4 + 8;
/// The most other entries that an entry names as evidence.
pub(crate) const MAX_EVIDENCE: usize = 100;
/// Bytes of the name of such an entry: its block's position, its number in the block.
pub(crate) const SPOT: usize = 8 + 4;

/// The known tags. A number is never given to another meaning.
pub(crate) mod tag {
    pub(crate) const TIME: u8 = 1;
    pub(crate) const ACTION: u8 = 2;
    pub(crate) const OUTCOME: u8 = 3;
    pub(crate) const ACTOR: u8 = 4;
    pub(crate) const ROLES: u8 = 5;
    pub(crate) const SESSION: u8 = 6;
    pub(crate) const DEVICE: u8 = 7;
    pub(crate) const PURPOSE: u8 = 8;
    pub(crate) const REASON: u8 = 9;
    pub(crate) const POLICY: u8 = 10;
    pub(crate) const TENANT: u8 = 11;
    pub(crate) const COLLECTION: u8 = 12;
    pub(crate) const SUBJECTS: u8 = 13;
    pub(crate) const FIELDS_READ: u8 = 14;
    pub(crate) const FIELDS_CHANGED: u8 = 15;
    pub(crate) const WITHHELD: u8 = 16;
    pub(crate) const ROWS: u8 = 17;
    pub(crate) const REVISION_BEFORE: u8 = 18;
    pub(crate) const REVISION_AFTER: u8 = 19;
    pub(crate) const PARTY: u8 = 20;
    pub(crate) const EVIDENCE: u8 = 21;
    pub(crate) const NEW_POLICY: u8 = 22;
    pub(crate) const BLOCKS: u8 = 24;

    /// Tells whether the tag has a meaning.
    pub(crate) const fn known(tag: u8) -> bool {
        matches!(tag, 1..=NEW_POLICY | BLOCKS)
    }
}

/// Returns the items of an entry, in order.
pub(crate) fn items(entry: &[u8]) -> impl Iterator<Item = Result<(u8, &[u8]), FormatError>> {
    let mut reader = Reader::new(WHAT, entry);
    std::iter::from_fn(move || {
        if reader.rest().is_empty() {
            return None;
        }
        let item = reader.u8().and_then(|tag| Ok((tag, reader.short()?)));
        if item.is_err() {
            reader = Reader::new(WHAT, &[]);
        }
        Some(item)
    })
}

/// Returns the item with this tag.
pub(crate) fn find(entry: &[u8], wanted: u8) -> Option<&[u8]> {
    items(entry).map_while(Result::ok).find(|(tag, _)| *tag == wanted).map(|(_, bytes)| bytes)
}

/// Checks that the whole of `entry` is an entry, in its canonical form.
pub(crate) fn check(entry: &[u8]) -> Result<(), FormatError> {
    if entry.len() > MAX_ENTRY {
        return Err(invalid("it is over 192 KiB"));
    }
    let (mut last, mut needed) = (0, 0);
    for item in items(entry) {
        let (tag, bytes) = item?;
        if tag <= last {
            return Err(invalid("its tags are not ascending"));
        }
        last = tag;
        needed += u8::from(tag <= tag::OUTCOME);
        check_item(tag, bytes)?;
    }
    if needed == tag::OUTCOME { Ok(()) } else { Err(invalid("time, act or outcome is missing")) }
}

/// Puts the items into the order of their tags.
pub(crate) fn sort(entry: &[u8]) -> Result<Vec<u8>, FormatError> {
    let mut all = items(entry).collect::<Result<Vec<_>, _>>()?;
    all.sort_by_key(|(tag, _)| *tag);
    let mut sorted = Vec::with_capacity(entry.len());
    for (tag, bytes) in all {
        put(&mut sorted, tag, bytes)?;
    }
    Ok(sorted)
}

/// Appends an item.
pub(crate) fn put(entry: &mut Vec<u8>, tag: u8, bytes: &[u8]) -> Result<(), FormatError> {
    Writer::new(entry).u8(tag).short(WHAT, bytes).map(|_| ())
}

/// Appends a list of names: `BE32 count ‖ (BE16 length ‖ name)*`. The names beyond [`MAX_NAMES`] are counted, not listed.
pub(crate) fn put_names<'n>(
    entry: &mut Vec<u8>,
    tag: u8,
    names: impl Iterator<Item = &'n str>,
) -> Result<(), FormatError> {
    let start = entry.len();
    Writer::new(entry).u8(tag).u16(0).u32(0);
    let (mut count, mut full) = (0u32, false);
    for name in names {
        count = count.saturating_add(1);
        full |= entry.len() - start + 2 + name.len() > MAX_NAMES;
        if !full {
            Writer::new(entry).short(WHAT, name.as_bytes())?;
        }
    }
    let length = u16::try_from(entry.len() - start - 3).map_err(|_| invalid("a part is too long"))?;
    // Written first as zeros: the length and the count are known only now.
    if let Some((to, rest)) = entry.get_mut(start + 1..).and_then(|room| room.split_first_chunk_mut()) {
        *to = length.to_be_bytes();
        if let Some(to) = rest.first_chunk_mut() {
            *to = count.to_be_bytes();
        }
    }
    Ok(())
}

/// Returns the number of names in a list, and those that are listed.
pub(crate) fn names(item: &[u8]) -> Result<(u32, Vec<&str>), FormatError> {
    let mut reader = Reader::new(WHAT, item);
    let count = reader.u32()?;
    let mut listed = Vec::new();
    while !reader.rest().is_empty() {
        listed.push(text(reader.short()?)?);
    }
    if listed.len() > usize::try_from(count).unwrap_or(usize::MAX) {
        return Err(invalid("a list has more names than it counts"));
    }
    Ok((count, listed))
}

/// Appends an outcome: `kind(1) ‖ BE16 length ‖ code ‖ BE16 length ‖ rule`; kind 1 permitted, 2 denied, 3 failed.
pub(crate) fn put_outcome(entry: &mut Vec<u8>, kind: u8, code: &str, rule: &str) -> Result<(), FormatError> {
    let length = u16::try_from(5usize.saturating_add(code.len()).saturating_add(rule.len()))
        .map_err(|_| invalid("a part is too long"))?;
    let mut writer = Writer::new(entry);
    writer.u8(tag::OUTCOME).u16(length).u8(kind).short(WHAT, code.as_bytes())?.short(WHAT, rule.as_bytes())?;
    Ok(())
}

/// Returns kind, code and rule of an outcome.
pub(crate) fn outcome(item: &[u8]) -> Result<(u8, &str, &str), FormatError> {
    let mut reader = Reader::new(WHAT, item);
    let found = (reader.u8()?, text(reader.short()?)?, text(reader.short()?)?);
    if !(1..=3).contains(&found.0) {
        return Err(invalid("its outcome is unknown"));
    }
    reader.finish().map(|()| found)
}

fn check_item(tag: u8, bytes: &[u8]) -> Result<(), FormatError> {
    match tag {
        0 => Err(invalid("a tag is 0")),
        tag::TIME | tag::REVISION_BEFORE | tag::REVISION_AFTER => length(bytes, 8),
        tag::OUTCOME => outcome(bytes).map(|_| ()),
        tag::REASON => text(bytes).and_then(|_| at_most(bytes, MAX_REASON)),
        tag::ACTION | tag::ACTOR | tag::SESSION | tag::DEVICE | tag::PURPOSE | tag::PARTY => {
            text(bytes).and_then(|_| at_most(bytes, MAX_TEXT))
        }
        tag::ROLES | tag::FIELDS_READ | tag::FIELDS_CHANGED => names(bytes).map(|_| ()),
        tag::BLOCKS => length(bytes, 16),
        tag::POLICY | tag::NEW_POLICY => length(bytes, 32),
        tag::TENANT | tag::COLLECTION => length(bytes, 16),
        tag::WITHHELD | tag::ROWS => length(bytes, 4),
        tag::SUBJECTS if bytes.len().is_multiple_of(SUBJECT) && bytes.len() / SUBJECT <= MAX_SUBJECTS => Ok(()),
        tag::SUBJECTS => Err(invalid("its data subjects are torn or too many")),
        tag::EVIDENCE if bytes.len().is_multiple_of(SPOT) && bytes.len() / SPOT <= MAX_EVIDENCE => Ok(()),
        tag::EVIDENCE => Err(invalid("its evidence is torn or too long")),
        _ => Ok(()),
    }
}

fn at_most(bytes: &[u8], limit: usize) -> Result<(), FormatError> {
    if bytes.len() <= limit { Ok(()) } else { Err(invalid("a text is over its limit")) }
}

fn length(bytes: &[u8], wanted: usize) -> Result<(), FormatError> {
    if bytes.len() == wanted { Ok(()) } else { Err(invalid("an item has the wrong length")) }
}

fn text(bytes: &[u8]) -> Result<&str, FormatError> {
    std::str::from_utf8(bytes).map_err(|_| invalid("a text is not UTF-8"))
}

const fn invalid(why: &'static str) -> FormatError {
    FormatError::Invalid { what: WHAT, why }
}

#[cfg(test)]
mod tests;
