//! FORMAT.md is enough: a decoder written from it alone, in another language, reads the vault of the vectors.

use std::path::Path;
use std::process::Command;

/// Runs one of the scripts; gives what it printed.
fn python(script: &str, arguments: &[&str]) -> Result<String, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Without files of bytecode beside the scripts.
    let mut command = Command::new("python3");
    command.arg("-B").arg(here.join("tests/format").join(script)).args(arguments);
    let output = command
        .arg(here.join("src/format/vectors.json"))
        .output()
        .map_err(|error| format!("python3 can't be run ({error}): install it (`apt-get install python3`)"))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(printed) } else { Err(printed) }
}

#[test]
fn every_field_is_decoded_from_the_key_file_down() {
    let printed = python("decode_row.py", &[]).unwrap_or_else(|printed| panic!("{printed}"));
    assert!(printed.starts_with("4 rows, 3 of them step by step, 3 blocks: all"), "{printed}");
}

#[test]
fn vectors_are_what_their_generator_makes() {
    python("make_vault.py", &["--check"]).unwrap_or_else(|printed| panic!("{printed}"));
}
