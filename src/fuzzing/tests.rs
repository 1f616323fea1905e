//! The corpora of `fuzz/`, replayed; and a short run with bytes at random.

use std::fs;
use std::path::{Path, PathBuf};

use super::TARGETS;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let dir = fuzz().join("corpus").join(target);
    let files = fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    files.map(|file| file.unwrap().path()).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn every_corpus_is_there_and_replays() {
    for (name, target) in TARGETS {
        let corpus = corpus(name);
        assert!(!corpus.is_empty(), "the corpus of `{name}` is empty");
        for (path, bytes) in corpus {
            eprintln!("{}", path.display());
            target(&bytes);
        }
    }
}

#[test]
fn every_target_has_its_program_and_every_corpus_its_target() {
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(fuzz().join(format!("fuzz_targets/{name}.rs")).is_file(), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
    for dir in ["corpus", "fuzz_targets"] {
        for entry in fs::read_dir(fuzz().join(dir)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(TARGETS.iter().any(|(target, _)| *target == name), "{} has no target", path.display());
        }
    }
}

#[test]
fn every_cut_of_a_seed_and_every_byte_turned_over_is_taken() {
    for (name, target) in TARGETS.iter().filter(|(name, _)| *name != "vault") {
        for (path, bytes) in corpus(name).into_iter().filter(|(_, bytes)| bytes.len() <= 512) {
            eprintln!("{}", path.display());
            for at in (0..bytes.len()).step_by(crate::tests::amount(3, 1)) {
                target(&bytes[..at]);
                for change in [0x01, 0x80, 0xff] {
                    let mut bytes = bytes.clone();
                    bytes[at] ^= change;
                    target(&bytes);
                }
            }
        }
    }
}
