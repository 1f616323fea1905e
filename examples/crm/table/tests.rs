use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use csv::{QuoteStyle, Terminator, WriterBuilder};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn rows(text: &str) -> Vec<(usize, Vec<String>)> {
    read(text.as_bytes()).unwrap().rows.into_iter().map(|row| (row.lines.first, row.cells)).collect()
}

fn row(line: usize, cells: &[&str]) -> (usize, Vec<String>) {
    (line, cells.iter().map(ToString::to_string).collect())
}

/// Returns the lines of the rows that are read, and of those that are bad.
fn lines(text: impl AsRef<[u8]>) -> (Vec<String>, Vec<String>) {
    let table = read(text.as_ref()).unwrap();
    let told = |lines: Lines| lines.to_string().replace("line ", "").replace("lines ", "").replace(" to ", "-");
    (table.rows.iter().map(|row| told(row.lines)).collect(), table.bad.iter().map(|bad| told(bad.lines)).collect())
}

fn read_and_bad(read: &[&str], bad: &[&str]) -> (Vec<String>, Vec<String>) {
    (read.iter().map(ToString::to_string).collect(), bad.iter().map(ToString::to_string).collect())
}

/// Returns the reason why a file, or its only bad row, is refused.
fn refusal(bytes: &[u8]) -> String {
    match read(bytes) {
        Ok(table) => table.bad.iter().map(|bad| format!("{}: {}", bad.lines, bad.why)).collect(),
        Err(error) => error.to_string(),
    }
}

fn in_utf_16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(order).collect()
}

#[test]
fn mark_blanks_quotes_and_a_missing_last_newline_are_read_as_meant() {
    let text = "\u{feff}\"name\" , \"a, b\",c\n  Ann Lee , \"x, \"\"y\"\" z\" ,\n\"two\nlines\",,\"\" \n,,last";
    assert_eq!(read(text.as_bytes()).unwrap().columns, ["name", "a, b", "c"]);
    assert_eq!(
        rows(text),
        [row(2, &["Ann Lee", "x, \"y\" z", ""]), row(3, &["two\nlines", "", ""]), row(5, &["", "", "last"])]
    );
    assert_eq!(rows("a,b\n\" 1 \n\", 5\" pipe "), [row(2, &[" 1 \n", "5\" pipe"])]);
}

#[test]
fn every_kind_of_line_end_ends_a_row_and_is_counted_once() {
    for end in ["\n", "\r\n", "\r"] {
        let text = format!("a,b{end}1,2{end} \t{end}{end}\"3{end}\",{end}4,5,6{end}7,8{end}");
        assert_eq!(lines(text), read_and_bad(&["2", "5-6", "8"], &["7"]));
    }
    assert_eq!(lines("a,b,c\r1,2,3\n4,5,6\r\n7,8\r\r\n\"1\r2\n3\r\n\",,"), read_and_bad(&["2", "3", "6-9"], &["4"]));
}

#[test]
fn field_that_is_broken_without_quotes_leaves_no_half_of_a_row_behind() {
    for end in ["\n", "\r\n", "\r"] {
        let file = |row: &str| lines(format!("a,b,c\n0,0,0\n{}\n8,8,8\n9,9,9", row.replace('/', end)));
        assert_eq!(file("1,2/2,3"), read_and_bad(&["2", "5", "6"], &["3", "4"]), "in the middle");
        assert_eq!(file("1,2,3/3"), read_and_bad(&["2", "6"], &["3", "4", "5"]), "in the last");
        assert_eq!(file("1/1,2,3"), read_and_bad(&["5", "6"], &["2", "3", "4"]), "in the first");
        assert_eq!(file("1,2,3/3//3"), read_and_bad(&["2", "8"], &["3", "4", "6", "7"]), "in the last, twice");
    }
    for part in [&b"\xff"[..], b"\0", b"\"y\"z", b"\"y"] {
        let file = [b"a,b\n0,0\n1,x\n", part, b"\n3,4\n5,6"].concat();
        assert_eq!(lines(file), read_and_bad(&["2", "6"], &["3", "4", "5"]), "a part with a fault of its own");
    }
}

#[test]
fn bad_row_does_not_take_the_rows_after_it_along() {
    assert_eq!(lines(b"a,b\n\"1\" \"x,y\",2\n\"3\"x,4\n5,6"), read_and_bad(&["4"], &["2", "3"]));
    assert_eq!(lines(b"a,b\n1,\xff\n3,4\n1,2,3\n5,6"), read_and_bad(&["3", "5"], &["2", "4"]));
    assert_eq!(lines(b"a,b\n1,\0\n3,4"), read_and_bad(&["3"], &["2"]));
}

#[test]
fn quote_without_an_end_takes_its_own_line_along_and_no_other() {
    assert_eq!(lines("a,b\n\"open,2\n3,4\n5,6\n"), read_and_bad(&["3", "4"], &["2"]));
    assert_eq!(lines("a,b\n\"1\",\"open\n\n3,4\n5\",\"6\n7,8"), read_and_bad(&["4", "6"], &["2", "5"]));
    assert_eq!(
        refusal(b"a,b\n1,\"open\n2,3\n"),
        "line 2: a quoted field begins here and has no end: close it, or double the quote"
    );
}

/// Refuses all of them: each may be text as well as a row.
#[test]
fn lines_between_a_stray_quote_and_the_next_one_are_refused_together() {
    assert_eq!(lines("a,b\n\"open,2\n3,4\n\"5\",6\n7,8"), read_and_bad(&["5"], &["2-4"]));
    assert_eq!(lines("a,b\n1,\"first\nsecond, \"word\"\"\n7,8"), read_and_bad(&["4"], &["2-3"]));
}

#[test]
fn rows_of_empty_cells_are_no_customers() {
    assert_eq!(lines("a,b\n,\n1,2\n \t, \" \"\n\n\"\",\"\""), read_and_bad(&["3"], &["2", "4", "6"]));
    assert_eq!(refusal(b"a,b\n,\n"), "line 2: all fields are empty");
    assert_eq!(lines("a\tb\n \t \n1\t"), read_and_bad(&["3"], &["2"]));
    assert_eq!(lines("a\n1\n\n\"\"\n2"), read_and_bad(&["2", "5"], &["4"]));
}

#[test]
fn what_is_not_utf_8_is_refused_with_its_line_and_what_to_do() {
    for marked in ["", "\u{feff}"] {
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let told = refusal(&in_utf_16(&format!("{marked}name,city\r\nAnn,Łódź\r\n"), order));
            assert!(told.starts_with("line 1") && told.contains("UTF-16") && told.contains("as UTF-8"), "{told}");
        }
    }
    for (text, line) in
        [(&b"a,b\n1,x\0y"[..], "line 2: "), (b"a,b\n1,M\xfcller", "line 2: "), (b"a,M\xfcller\n", "line 1")]
    {
        let told = refusal(text);
        assert!(told.starts_with(line) && told.contains("as UTF-8"), "{told}");
    }
}

#[test]
fn delimiter_is_the_one_by_which_most_can_be_read() {
    assert_eq!(rows("a;b\n1,5; 2"), [row(2, &["1,5", "2"])]);
    assert_eq!(rows("a\tb\n 1 \t\t\n1\t2"), [row(3, &["1", "2"])]);
    assert_eq!(rows("a\tb\n1\t\n"), [row(2, &["1", ""])]);
    assert_eq!(rows("a|b\n1|2,3"), [row(2, &["1", "2,3"])]);
    // Within quotes of the header nothing separates.
    assert_eq!(read(b"\"a, b, c\";\"d, e\"\n1;2").unwrap().columns, ["a, b, c", "d, e"]);
    assert_eq!(read(b"\"a, b, c\"\n1").unwrap().columns, ["a, b, c"]);
    // Commas give more columns, but no row has them.
    assert_eq!(rows("name;notes, free, text\nAnn;x\nBob;y, z").len(), 2);
    // Semicolons give more columns, but one has no name.
    assert_eq!(read(b"a;,b;").unwrap().columns, ["a;", "b;"]);
    assert_eq!(read(b"a,b;c\n1,2;3").unwrap().columns, ["a", "b;c"]);
    // Without rows, the most columns.
    assert_eq!(read(b"a;b, c, d").unwrap().columns.len(), 3);
}

/// Compares with the counts of Python's `csv` module.
#[test]
fn bundled_files_are_read_whole() {
    let files =
        [(&include_bytes!("../customers.csv")[..], 1200, 0, 12_948), (include_bytes!("../other.csv"), 15, 1, 106)];
    for (file, rows, bad, values) in files {
        let table = read(file).unwrap();
        let filled = table.rows.iter().flat_map(|row| &row.cells).filter(|cell| !cell.is_empty()).count();
        assert_eq!((table.rows.len(), table.bad.len(), filled), (rows, bad, values));
    }
}

#[test]
fn header_without_a_name_or_with_one_twice_is_refused() {
    for text in ["", "\n\n", "a,,b\n1,2,3", "a,b,a\n1,2,3", "\"a,b\n1,2", "\"a\"b,c\n1,2"] {
        assert!(read(text.as_bytes()).is_err(), "{text:?}");
    }
}

/// Reads 300,000 lines; each has a quote that is open at its end, and is still open at the end of every line after it.
#[test]
fn time_grows_with_the_file_whatever_is_in_it() {
    let begun = Instant::now();
    let table = read(format!("a,b\n{}", "a\",\"\n".repeat(300_000)).as_bytes()).unwrap();
    assert_eq!((table.rows.len(), table.bad.len()), (0, 300_000));
    let header: Vec<String> = (0..30_000).map(|number| number.to_string()).collect();
    assert_eq!(read(header.join(",").as_bytes()).unwrap().columns.len(), 30_000);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

/// Makes values with everything in them that means something to a reader of CSV.
fn values() -> impl Strategy<Value = Vec<Vec<String>>> {
    let value = prop_oneof![Just(String::new()), "[a-zé, ;\t|\"\r\n]{0,8}", "[^\0]{0,6}"];
    (2usize..5).prop_flat_map(move |width| vec(vec(value.clone(), width), 0..12))
}

proptest! {
    #[test]
    fn what_a_correct_writer_wrote_is_read_back_exactly(
        values in values(), delimiter in prop::sample::select(DELIMITERS.to_vec()),
        quoted in any::<bool>(), end in prop::sample::select(vec![Terminator::CRLF, Terminator::Any(b'\n'), Terminator::Any(b'\r')]),
    ) {
        // With CR as the end, the writer leaves LF without quotes, which ends a row for any reader.
        let quoted = quoted || matches!(end, Terminator::Any(b'\r'));
        let style = if quoted { QuoteStyle::Always } else { QuoteStyle::Necessary };
        let mut writer = WriterBuilder::new().delimiter(delimiter).quote_style(style).terminator(end).from_writer(Vec::new());
        writer.write_record((0..values.first().map_or(2, Vec::len)).map(|column| format!("column {column}"))).unwrap();
        for cells in &values {
            writer.write_record(cells).unwrap();
        }
        let table = read(&writer.into_inner().unwrap()).unwrap();
        let in_quotes = |cell: &str| quoted || cell.bytes().any(|byte| byte == delimiter || b"\"\r\n".contains(&byte));
        let kept = |cell: &String| if in_quotes(cell) { cell.clone() } else { cell.trim().to_owned() };
        let expected: Vec<Vec<String>> = values
            .iter()
            .filter(|cells| cells.iter().any(|cell| !cell.trim().is_empty()))
            .map(|cells| cells.iter().map(kept).collect())
            .collect();
        prop_assert_eq!(table.bad.len(), values.len() - expected.len());
        prop_assert_eq!(table.rows.into_iter().map(|row| row.cells).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_line_is_empty_or_belongs_to_one_row_that_is_read_or_refused(
        pieces in vec(prop::sample::select(vec![&b"a"[..], b",", b";", b"\"", b"\"\"", b"\r", b"\n", b"\r\n", b" ", b"\t", b"\0", b"\xff"]), 0..60),
    ) {
        let bytes = [b"a,b\n".to_vec(), pieces.concat()].concat();
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n").replace('\r', "\n");
        let filled: BTreeSet<usize> =
            text.split('\n').enumerate().filter(|(_, line)| !line.trim_matches([' ', '\t']).is_empty()).map(|(at, _)| at + 1).collect();
        let table = read(&bytes).unwrap();
        let told: Vec<Lines> = table.rows.iter().map(|row| row.lines).chain(table.bad.iter().map(|bad| bad.lines)).collect();
        let mut covered = BTreeSet::from([1]);
        for line in told.iter().flat_map(|lines| lines.first..=lines.last) {
            prop_assert!(covered.insert(line), "line {line} belongs to two");
        }
        prop_assert!(covered.is_superset(&filled), "{filled:?} of {covered:?}");
        prop_assert!(told.iter().all(|lines| filled.contains(&lines.first)));
    }

    #[test]
    fn rows_with_line_breaks_outside_quotes_are_whole_or_refused(
        broken in vec(vec(prop_oneof![4 => Just("w"), 1 => Just("x\ny"), 1 => Just("x\ry\r\nz"), 1 => Just("x\n\ny")], 3), 0..8),
    ) {
        let whole = |cells: &Vec<&str>| cells.iter().all(|cell| *cell == "w");
        let text: String = broken.iter().map(|cells| cells.join(",") + "\n").collect();
        let table = read(format!("a,b,c\n{text}").as_bytes()).unwrap();
        prop_assert!(table.rows.iter().all(|row| row.cells == ["w", "w", "w"]));
        prop_assert!(table.rows.len() <= broken.iter().filter(|cells| whole(cells)).count());
    }
}
