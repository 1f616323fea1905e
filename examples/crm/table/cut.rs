//! Cuts a file into records. A row ends in one way here: at CRLF, LF or CR outside quotes; and each cut is one record with one
//! result, its cells or its fault. Every byte is looked at twice at most, whatever the file holds.
//!
//! A quoted field is kept exactly, its line breaks too; an unquoted one is trimmed. A quote within an unquoted field is a
//! character like any other.

use std::fmt::{self, Display, Formatter};

const FOLLOWS: &str = "something follows a quoted field: a quote within quotes has to be doubled";
const NO_END: &str = "a quoted field begins here and has no end: close it, or double the quote";
const NUL: &str = "it holds a NUL byte, which no text has: is the file in UTF-16? Save it as UTF-8";
const NOT_UTF8: &str = "it isn't UTF-8: save the file as UTF-8";

/// The lines of a file that a record takes, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines {
    pub first: usize,
    pub last: usize,
}

impl Lines {
    pub fn count(self) -> usize {
        self.last - self.first + 1
    }
}

impl Display for Lines {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self { first, last } if first == last => write!(f, "line {first}"),
            Self { first, last } => write!(f, "lines {first} to {last}"),
        }
    }
}

pub struct Record {
    pub lines: Lines,
    /// The number of fields, those of a faulty record as far as they can be told.
    pub width: usize,
    pub cells: Result<Vec<String>, &'static str>,
}

/// The records of a file, without its empty lines.
pub struct Records<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    delimiter: u8,
    /// True once a quote was found that is never closed: from there on no quoted field reaches over the end of a line. Else
    /// one stray quote would take the rest of the file along, and many would take it time and again.
    line_by_line: bool,
}

impl<'a> Records<'a> {
    pub fn new(bytes: &'a [u8], delimiter: u8) -> Self {
        Self { bytes, at: 0, line: 1, delimiter, line_by_line: false }
    }

    fn cut(&mut self) -> Record {
        let first = self.line;
        let mut last = first;
        let mut fields = vec![Field::default()];
        let mut fault = None;
        let mut place = Place::Start;
        while let Some(byte) = self.bytes.get(self.at) {
            last = self.line;
            let break_length = line_break(&self.bytes[self.at..]);
            let piece = &self.bytes[self.at..][..break_length.max(1)];
            self.at += piece.len();
            self.line += usize::from(break_length > 0);
            if *byte == 0 {
                fault = fault.or(Some(NUL));
            }
            let number = fields.len() - 1;
            let field = &mut fields[number];
            place = match (place, *byte) {
                (Place::Quoted, b'"') => Place::Closed,
                (Place::Quoted, _) if break_length == 0 || !self.line_by_line => {
                    field.bytes.extend_from_slice(piece);
                    Place::Quoted
                }
                _ if break_length > 0 => break,
                (_, byte) if byte == self.delimiter => {
                    fields.push(Field::default());
                    Place::Start
                }
                // A tab is a blank where it isn't the delimiter, which was asked above.
                (Place::Start, b' ' | b'\t') => Place::Start,
                (Place::Start, b'"') => {
                    field.quoted = true;
                    Place::Quoted
                }
                (Place::Closed, b'"') => {
                    field.bytes.push(b'"');
                    Place::Quoted
                }
                (Place::Closed | Place::After, b' ' | b'\t') => Place::After,
                (Place::Closed | Place::After, _) => {
                    fault = fault.or(Some(FOLLOWS));
                    Place::Plain
                }
                (Place::Start | Place::Plain | Place::Quoted, byte) => {
                    field.bytes.push(byte);
                    Place::Plain
                }
            };
        }
        let mut width = fields.len();
        if matches!(place, Place::Quoted) {
            fault = Some(NO_END);
            width += fields[width - 1].bytes.iter().filter(|byte| **byte == self.delimiter).count();
        }
        let cells = match fault {
            Some(fault) => Err(fault),
            None => fields.into_iter().map(Field::text).collect(),
        };
        Record { lines: Lines { first, last }, width, cells }
    }
}

impl Iterator for Records<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        while self.at < self.bytes.len() {
            let (at, line) = (self.at, self.line);
            let mut record = self.cut();
            if record.cells == Err(NO_END) && !self.line_by_line {
                self.line_by_line = true;
                (self.at, self.line) = (at, line);
                record = self.cut();
            }
            let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n') && *byte != self.delimiter;
            if !self.bytes[at..self.at].iter().all(blank) {
                return Some(record);
            }
        }
        None
    }
}

/// Returns the length of the line break that these bytes begin with, or 0.
fn line_break(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

#[derive(Default)]
struct Field {
    quoted: bool,
    bytes: Vec<u8>,
}

impl Field {
    fn text(self) -> Result<String, &'static str> {
        let text = String::from_utf8(self.bytes).map_err(|_| NOT_UTF8)?;
        Ok(if self.quoted { text } else { text.trim().to_owned() })
    }
}

/// The place of a byte in its row.
#[derive(Clone, Copy)]
enum Place {
    /// Before a field's first byte.
    Start,
    Plain,
    Quoted,
    /// Just after a quoted field's last quote, unless the next byte is a quote, too.
    Closed,
    /// Among the blanks after a quoted field.
    After,
}
