//! A CSV file as people have them: a header, a byte order mark perhaps, blanks around values, empty fields, quoted fields
//! with commas and line breaks in them, a last line without an end, and a bad row here and there.
//!
//! Every row of the file is in the table, or is among its bad ones with its line and the reason. A line break in a field that
//! isn't quoted can't be told from the end of a row: rows that may be parts of such a one are bad.

mod cut;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use crate::Outcome;
pub use cut::Lines;
use cut::{Record, Records};

/// The bytes that may stand between fields. Of two that fit equally well, the first is taken.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    pub bad: Vec<Bad>,
}

pub struct Row {
    pub lines: Lines,
    /// The values, as many as there are columns.
    pub cells: Vec<String>,
}

/// A row that can't be used.
pub struct Bad {
    pub lines: Lines,
    pub why: String,
}

impl Table {
    pub fn describe(&self) -> Outcome<()> {
        say!("{} rows of {} columns: {}", self.rows.len(), self.columns.len(), self.columns.join(", "));
        report(&self.bad)
    }
}

/// Says which rows were left out and why. Rows that follow each other and have the same fault are said together.
pub fn report(bad: &[Bad]) -> Outcome<()> {
    for alike in bad.chunk_by(|a, b| a.why == b.why && a.lines.last + 1 == b.lines.first) {
        if let [Bad { lines: Lines { first, .. }, why }, ..] = alike
            && let [.., Bad { lines: Lines { last, .. }, .. }] = alike
        {
            say!("  {}: {why}; left out", Lines { first: *first, last: *last });
        }
    }
    Ok(())
}

/// Reads a file with the delimiter that fits best: its header has no fault, and with it the most cells are read.
pub fn read(bytes: &[u8]) -> Outcome<Table> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let width = |delimiter| {
        let header = Records::new(bytes, delimiter).next();
        header.and_then(|header| header.cells.ok()).map_or(0, |cells| cells.len())
    };
    let separating = DELIMITERS.into_iter().rev().filter(|delimiter| width(*delimiter) > 1);
    let tables = separating.map(|delimiter| (width(delimiter), read_separated_by(delimiter, bytes)));
    let fit = |(width, table): &(usize, Outcome<Table>)| {
        (table.is_ok(), table.as_ref().map_or(0, |table| table.rows.len() * width), *width)
    };
    // Where nothing separates, there is one column, or a header that can't be used.
    tables.max_by_key(fit).map_or_else(|| read_separated_by(DELIMITERS[0], bytes), |(_, table)| table)
}

fn read_separated_by(delimiter: u8, bytes: &[u8]) -> Outcome<Table> {
    let mut records = Records::new(bytes, delimiter);
    let Some(header) = records.next() else {
        return Err("the file is empty: its first line has to name the columns".into());
    };
    let columns = header.cells.map_err(|why| format!("{}, the header, can't be used: {why}", header.lines))?;
    let mut names = HashSet::new();
    for (number, name) in columns.iter().enumerate() {
        if name.is_empty() {
            return Err(format!("column {} has no name in the header", number + 1).into());
        }
        if !names.insert(name) {
            return Err(format!("two columns are called `{name}`").into());
        }
    }
    let records: Vec<Record> = records.collect();
    let width = columns.len();
    let alone: Vec<bool> = records.iter().map(|row| width > 1 && row.width == 1).collect();
    let is_alone = |at: Option<usize>| at.and_then(|at| alone.get(at)) == Some(&true);
    let mut table = Table { columns, rows: Vec::new(), bad: Vec::new() };
    for (at, Record { lines, cells, .. }) in records.into_iter().enumerate() {
        let why = match cells {
            Err(why) => why.to_owned(),
            Ok(cells) if cells.len() != width => {
                let plural = if cells.len() == 1 { "" } else { "s" };
                format!("it has {} field{plural}, the header has {width}", cells.len())
            }
            // Of a row with a line break in its first or last field, one part has all the fields and each other part has one.
            Ok(_) if is_alone(at.checked_sub(1)) || is_alone(Some(at + 1)) => {
                "the line beside it, of one field, may be a part of it: fields with line breaks have to be quoted"
                    .to_owned()
            }
            Ok(cells) if cells.iter().all(|cell| cell.trim().is_empty()) => "all fields are empty".to_owned(),
            Ok(cells) => {
                table.rows.push(Row { lines, cells });
                continue;
            }
        };
        table.bad.push(Bad { lines, why });
    }
    Ok(table)
}
