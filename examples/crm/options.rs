//! The command line. `lexopt` reads it: it has no dependencies, and gets `--option=value` and odd file names right.

use std::path::PathBuf;

use lexopt::ValueExt as _;
use lexopt::prelude::{Long, Short};

use crate::Outcome;

const USAGE: &str = "\
Imports customers into a vault of two companies, looks them up, and searches the disk for them.

cargo run --release --example crm -- [OPTIONS]

  --csv FILE          any CSV file in UTF-8 with a header (default: bundled customers)
  --unique COLUMN     of which no two customers of a company have the same value
  --index COLUMN ...  that can be searched; may be given several times
  --region XX         the country of phone numbers without a country code, such as AU
  --dir DIR           keep the vault in this new directory (default: a temporary one)

Ends with 0 if all is as it should be, with 2 if rows of the file were left out, with 1 otherwise.";

pub struct Options {
    pub csv: Option<PathBuf>,
    pub unique: Option<String>,
    pub index: Vec<String>,
    pub region: Option<[u8; 2]>,
    pub dir: Option<PathBuf>,
}

impl Options {
    /// Reads the command line. Returns `None` when only help was asked for.
    pub fn from_args() -> Outcome<Option<Self>> {
        Self::parse(lexopt::Parser::from_env())
    }

    fn parse(mut parser: lexopt::Parser) -> Outcome<Option<Self>> {
        let mut options = Self { csv: None, unique: None, index: Vec::new(), region: None, dir: None };
        while let Some(arg) = parser.next()? {
            match arg {
                Long("csv") => options.csv = Some(parser.value()?.into()),
                Long("unique") => options.unique = Some(parser.value()?.string()?),
                Long("index") => {
                    for value in parser.values()? {
                        options.index.push(value.string()?);
                    }
                }
                Long("region") => options.region = Some(region(&parser.value()?.string()?)?),
                Long("dir") => options.dir = Some(parser.value()?.into()),
                Short('h') | Long("help") => {
                    say!("{USAGE}");
                    return Ok(None);
                }
                other => return Err(format!("{}\n\n{USAGE}", other.unexpected()).into()),
            }
        }
        if options.csv.is_none() && options.unique.is_none() && options.index.is_empty() {
            options.unique = Some("rec_id".to_owned());
            options.index = vec!["surname".to_owned(), "state".to_owned()];
        }
        Ok(Some(options))
    }
}

fn region(text: &str) -> Outcome<[u8; 2]> {
    match text.as_bytes() {
        [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
            Ok([a.to_ascii_uppercase(), b.to_ascii_uppercase()])
        }
        _ => Err(format!("`{text}` is no region: give a country's two letters, such as AU").into()),
    }
}
