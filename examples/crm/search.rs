//! Reads every byte of the vault's files and looks for everything that must not be there: the imported values, and the names
//! of columns, collection and companies.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::Outcome;
use crate::import::Company;
use crate::lookups::Changed;
use crate::office::{COMPANIES, CUSTOMERS, Office};

/// The length of values, in characters, up to which they turn up in random bytes by chance and prove nothing.
const SHORT: usize = 6;
/// The same length for names, of which there are few.
const SHORT_NAME: usize = 4;
/// Bytes of each part that is searched for of a longer value, which would be stored in parts.
const PIECE: usize = 64;
/// Bytes from the beginning of one part to that of the next.
const STRIDE: usize = 1024;

/// Searches the files twice. Returns whether nothing was found, and a value that was planted was.
pub fn run(vault: &Path, office: &Office, imported: &[Company], changed: Option<&Changed>) -> Outcome<bool> {
    let begun = Instant::now();
    let needles: Vec<Vec<u8>> = needles(office, imported, changed).into_iter().collect();
    let searcher = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(&needles)?;
    let clean = search(vault, &searcher)?;
    say!(
        "{} files, {:.1} MB, searched for {} values and names in {:.2} s",
        clean.files,
        clean.bytes as f64 / 1e6,
        needles.len(),
        begun.elapsed().as_secs_f64()
    );
    say!("found in plain: {}", clean.found.len());
    for (file, needle) in clean.found.iter().take(10) {
        say!("  {:?} in {}", String::from_utf8_lossy(&needles[*needle]), file.display());
    }

    // A search that finds nothing proves something only if it would have found it.
    let (Some(needle), planted) = (needles.last(), vault.join("planted-by-the-example")) else {
        return Err("there is nothing to search for".into());
    };
    fs::write(&planted, [&[0xd5; 70_001], needle.as_slice(), &[0x2a; 333]].concat())?;
    let with_plant = search(vault, &searcher);
    fs::remove_file(&planted)?;
    let with_plant = with_plant?.found;
    let caught = with_plant.iter().any(|(file, _)| *file == planted);
    say!("found after planting one of them in a file: {}", with_plant.len());
    if !caught {
        say!("  the planted one was NOT found: this search proves nothing");
    }
    Ok(clean.found.is_empty() && caught)
}

/// Lists everything worth looking for, as it is and in lower case, as an index might have it.
fn needles(office: &Office, imported: &[Company], changed: Option<&Changed>) -> BTreeSet<Vec<u8>> {
    let customers = imported.iter().flat_map(|company| &company.customers);
    let values = customers
        .flat_map(|(_, customer)| customer.iter())
        .filter_map(|(_, value)| value.as_text())
        .chain(changed.map(|change| change.value))
        .filter(|value| value.chars().count() > SHORT);
    let names = office.columns.iter().map(String::as_str).chain(COMPANIES).chain([CUSTOMERS]);
    let mut needles = BTreeSet::new();
    for text in values.chain(names.filter(|name| name.len() > SHORT_NAME)) {
        for text in [text, &text.to_lowercase()] {
            if text.len() <= PIECE {
                needles.insert(text.as_bytes().to_vec());
            } else {
                needles.extend(text.as_bytes().chunks(STRIDE).map(|part| part[..part.len().min(PIECE)].to_vec()));
            }
        }
    }
    // What is left over at the end of a long value may be too short.
    needles.retain(|needle| needle.len() > SHORT_NAME);
    needles
}

struct Searched {
    files: usize,
    bytes: u64,
    /// The file of each hit, and the number of the needle.
    found: Vec<(PathBuf, usize)>,
}

fn search(dir: &Path, searcher: &AhoCorasick) -> io::Result<Searched> {
    let mut searched = Searched { files: 0, bytes: 0, found: Vec::new() };
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                dirs.push(entry.path());
                continue;
            }
            searched.files += 1;
            searched.bytes += entry.metadata()?.len();
            for hit in searcher.stream_find_iter(File::open(entry.path())?) {
                searched.found.push((entry.path(), hit?.pattern().as_usize()));
            }
        }
    }
    Ok(searched)
}
