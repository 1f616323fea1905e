//! The command line.

use std::path::PathBuf;

use crate::Outcome;

const HELP: &str = "\
Measures Strongroom beside raw sled, which writes the same keys in the same batches.

cargo run --release -p strongroom-benches -- [OPTIONS]

  --quick          a few thousand records, one minute at most: does it run, not how fast
  --only NAME      import, insert, update, open, get, find, list, policy
                   or journal (again for more)
  --size BYTES     only records of this size, as JSON (400 and 1024; again for more)
  --indexes N      only vaults with 0 or 2 indexes
  --records N      records in a vault before anything but the import is measured (200,000)
  --rounds N       rounds of everything but the import (5)
  --imports N      rounds of the import of 400 B records with two indexes (3); others have one
  --cache MIB      cache of the engine, on both sides (512)
  --threads N      insert and update only with so many threads
  --ours           Strongroom alone, for a profiler
  --dir DIR        where to work; on a real disk, not in memory (target/benches)
  --help           this";

#[derive(Debug, Clone)]
pub struct Options {
    pub quick: bool,
    pub only: Vec<String>,
    pub sizes: Vec<usize>,
    pub indexes: Vec<usize>,
    pub records: usize,
    pub rounds: usize,
    pub imports: usize,
    pub cache: u64,
    pub threads: Option<usize>,
    pub ours: bool,
    pub dir: PathBuf,
}

impl Options {
    /// Reads the command line. Returns `None` if only help was asked for.
    pub fn from_args() -> Outcome<Option<Self>> {
        use lexopt::prelude::*;
        let mut options = Self {
            quick: false,
            only: Vec::new(),
            sizes: Vec::new(),
            indexes: Vec::new(),
            records: 200_000,
            rounds: 5,
            imports: 3,
            cache: 512 << 20,
            threads: None,
            ours: false,
            dir: PathBuf::from("target/benches"),
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Long("quick") => {
                    options.quick = true;
                    (options.records, options.rounds, options.imports) = (4_000, 2, 1);
                }
                Long("only") => options.only.push(parser.value()?.string()?),
                Long("size") => options.sizes.push(parser.value()?.parse()?),
                Long("indexes") => options.indexes.push(parser.value()?.parse()?),
                Long("records") => options.records = parser.value()?.parse()?,
                Long("rounds") => options.rounds = parser.value()?.parse()?,
                Long("imports") => options.imports = parser.value()?.parse()?,
                Long("cache") => options.cache = parser.value()?.parse::<u64>()? << 20,
                Long("threads") => options.threads = Some(parser.value()?.parse()?),
                Long("ours") => options.ours = true,
                Long("dir") => options.dir = parser.value()?.into(),
                Long("help") | Short('h') => {
                    println!("{HELP}");
                    return Ok(None);
                }
                // What `cargo bench` adds.
                Long("bench") => {}
                other => return Err(other.unexpected().into()),
            }
        }
        if options.sizes.is_empty() {
            options.sizes = vec![400, 1024];
        }
        if options.indexes.is_empty() {
            options.indexes = vec![2, 0];
        }
        if options.sizes.iter().any(|size| !(300..=1500).contains(size))
            || options.indexes.iter().any(|n| ![0, 2].contains(n))
        {
            return Err("sizes are 300 to 1,500 bytes, indexes 0 or 2".into());
        }
        if options.records == 0 || options.rounds == 0 || options.imports == 0 {
            return Err("records and rounds are at least 1".into());
        }
        Ok(Some(options))
    }

    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    /// Returns the number of times that something is done in a round: fewer in a quick run.
    pub fn times(&self, full: usize) -> usize {
        if self.quick { (full / 20).max(20) } else { full }
    }
}
