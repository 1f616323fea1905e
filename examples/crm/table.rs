//! A CSV file as people have them: a header, a byte order mark perhaps, blanks around values, empty fields, quoted fields
//! with commas and line breaks in them, a last line without an end, and a bad row here and there.

use csv::{ReaderBuilder, StringRecord, Trim};

use crate::Outcome;

/// So many bad rows are shown one by one.
const SHOWN: usize = 10;

pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    pub bad: Vec<Bad>,
}

pub struct Row {
    /// The line it begins on, counted from 1.
    pub line: usize,
    /// As many as there are columns, trimmed.
    pub cells: Vec<String>,
}

pub struct Bad {
    pub line: usize,
    pub why: String,
}

impl Table {
    pub fn describe(&self) {
        println!("{} rows of {} columns: {}", self.rows.len(), self.columns.len(), self.columns.join(", "));
        report(&self.bad);
    }
}

/// Says which rows can't be used.
pub fn report(bad: &[Bad]) {
    for row in bad.iter().take(SHOWN) {
        println!("  line {}: {}; left out", row.line, row.why);
    }
    if bad.len() > SHOWN {
        println!("  and {} more", bad.len() - SHOWN);
    }
}

pub fn read(bytes: &[u8]) -> Outcome<Table> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let delimiter = delimiter(bytes);
    let mut rows = Rows { rest: bytes, line: 1, delimiter };
    let columns = match rows.next() {
        Some((_, Ok(header))) => header,
        Some((line, Err(why))) => return Err(format!("line {line}, the header, can't be used: {why}").into()),
        None => return Err("the file is empty: its first line has to name the columns".into()),
    };
    for (number, name) in columns.iter().enumerate() {
        if name.is_empty() {
            return Err(format!("column {} has no name in the header", number + 1).into());
        }
        if columns[..number].contains(name) {
            return Err(format!("two columns are called `{name}`").into());
        }
    }
    let mut table = Table { columns, rows: Vec::new(), bad: Vec::new() };
    while let Some((line, cells)) = rows.next() {
        match cells {
            Ok(cells) if cells.len() == table.columns.len() => table.rows.push(Row { line, cells }),
            Ok(cells) => {
                rows.go_on_after(line, bytes);
                let why = format!("it has {} fields, the header has {}", cells.len(), table.columns.len());
                table.bad.push(Bad { line, why });
            }
            Err(why) => {
                rows.go_on_after(line, bytes);
                table.bad.push(Bad { line, why });
            }
        }
    }
    Ok(table)
}

/// Whichever of comma, semicolon and tab the first line has most of.
fn delimiter(bytes: &[u8]) -> u8 {
    let header = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| header.iter().filter(|b| **b == delimiter).count();
    [b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

/// Cuts a file into rows, so that each is read by itself and a bad one spoils no other.
struct Rows<'a> {
    rest: &'a [u8],
    line: usize,
    delimiter: u8,
}

impl Rows<'_> {
    /// The next row's first line and its trimmed cells. Empty lines are passed over.
    fn next(&mut self) -> Option<(usize, Result<Vec<String>, String>)> {
        while !self.rest.is_empty() {
            let line = self.line;
            let row = cut(self.rest, self.delimiter);
            self.rest = &self.rest[row.length..];
            self.line += row.lines;
            if let Some(fault) = row.fault {
                return Some((line, Err(fault.to_owned())));
            }
            let mut cells = StringRecord::new();
            let mut reader = ReaderBuilder::new()
                .has_headers(false)
                .delimiter(self.delimiter)
                .trim(Trim::All)
                .buffer_capacity(row.tidy.len().max(1))
                .from_reader(row.tidy.as_slice());
            match reader.read_record(&mut cells) {
                Ok(false) => {}
                Ok(true) => return Some((line, Ok(cells.iter().map(str::to_owned).collect()))),
                Err(_) => return Some((line, Err("it isn't UTF-8".to_owned()))),
            }
        }
        None
    }
}

impl<'a> Rows<'a> {
    /// A bad row of several lines is most often one line with a stray quote: goes on with the line after its first.
    fn go_on_after(&mut self, line: usize, all: &'a [u8]) {
        if self.line > line + 1 {
            let start = all.split_inclusive(|b| *b == b'\n').take(line).map(<[u8]>::len).sum();
            self.rest = &all[start..];
            self.line = line + 1;
        }
    }
}

struct Cut {
    /// Bytes of the row in the file, its end of line included.
    length: usize,
    /// Lines that it ends, at least 1.
    lines: usize,
    /// What is wrong with its quotes.
    fault: Option<&'static str>,
    /// The row without blanks before fields: `csv` sees a quote only at the very beginning of a field.
    tidy: Vec<u8>,
}

fn cut(bytes: &[u8], delimiter: u8) -> Cut {
    let mut row = Cut { length: bytes.len(), lines: 1, fault: None, tidy: Vec::new() };
    let mut place = Place::Start;
    for (at, byte) in bytes.iter().enumerate() {
        place = match (place, *byte) {
            (Place::Quoted, b'"') => Place::Closed,
            (Place::Quoted, byte) => {
                row.lines += usize::from(byte == b'\n');
                Place::Quoted
            }
            (_, b'\n') => {
                row.length = at + 1;
                break;
            }
            (_, byte) if byte == delimiter => Place::Start,
            // A tab is a blank where it isn't the delimiter, which was asked above.
            (Place::Start, b' ' | b'\t') => continue,
            // A doubled quote within a quoted field ends the field and begins it again.
            (Place::Start | Place::Closed, b'"') => Place::Quoted,
            (Place::Closed | Place::After, b' ' | b'\t' | b'\r') => Place::After,
            (Place::Closed | Place::After, _) => {
                row.fault = Some("something follows a quoted field");
                Place::Plain
            }
            _ => Place::Plain,
        };
        row.tidy.push(*byte);
    }
    if matches!(place, Place::Quoted) {
        row.fault = Some("a quoted field has no end");
    }
    row
}

/// Where in a row a byte stands.
#[derive(Clone, Copy)]
enum Place {
    /// Before a field's first byte.
    Start,
    Plain,
    Quoted,
    /// Just after a quoted field's last quote.
    Closed,
    /// Among the blanks after a quoted field.
    After,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(usize, Vec<String>)> {
        read(text.as_bytes()).unwrap().rows.into_iter().map(|row| (row.line, row.cells)).collect()
    }

    fn bad_lines(text: &[u8]) -> (Vec<usize>, Vec<usize>) {
        let table = read(text).unwrap();
        (table.rows.iter().map(|row| row.line).collect(), table.bad.iter().map(|bad| bad.line).collect())
    }

    fn row(line: usize, cells: &[&str]) -> (usize, Vec<String>) {
        (line, cells.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn mark_blanks_quotes_and_a_missing_last_newline_are_read_as_meant() {
        let text = "\u{feff}\"name\" , \"a, b\",c\n  Ann Lee , \"x, \"\"y\"\" z\" ,\n\"two\nlines\",,\"\" \n,,last";
        assert_eq!(read(text.as_bytes()).unwrap().columns, ["name", "a, b", "c"]);
        assert_eq!(
            rows(text),
            [row(2, &["Ann Lee", "x, \"y\" z", ""]), row(3, &["two\nlines", "", ""]), row(5, &["", "", "last"])]
        );
    }

    #[test]
    fn lines_are_counted_over_empty_ones_and_both_kinds_of_line_ends() {
        assert_eq!(bad_lines(b"a,b\r\n1,2\r\n\r\n\r\n3\r\n4,5\r\n"), (vec![2, 6], vec![5]));
        assert_eq!(bad_lines(b"a,b\n\n1,2\n3\n\n4,5"), (vec![3, 6], vec![4]));
    }

    #[test]
    fn bad_row_does_not_take_the_rows_after_it_along() {
        assert_eq!(bad_lines(b"a,b\n\"open,2\n3,4\n5,6\n"), (vec![3, 4], vec![2]));
        assert_eq!(bad_lines(b"a,b\n\"open,2\n3,4\n\"5\",6\n7,8"), (vec![3, 4, 5], vec![2]));
        assert_eq!(bad_lines(b"a,b\n\"1\" \"x,y\",2\n\"3\"x,4\n5,6"), (vec![4], vec![2, 3]));
        assert_eq!(bad_lines(b"a,b\n1,\xff\n3,4\n1,2,3\n5,6"), (vec![3, 5], vec![2, 4]));
    }

    #[test]
    fn semicolons_and_tabs_separate_where_the_header_has_them() {
        assert_eq!(rows("a;b\n1,5; 2"), [row(2, &["1,5", "2"])]);
        assert_eq!(rows("a\tb\n 1 \t\t\n1\t2"), [row(3, &["1", "2"])]);
        assert_eq!(rows("a\tb\n1\t\n"), [row(2, &["1", ""])]);
    }

    #[test]
    fn header_without_a_name_or_with_one_twice_is_refused() {
        for text in ["", "\n\n", "a,,b\n1,2,3", "a,b,a\n1,2,3", "\"a,b\n1,2"] {
            assert!(read(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
