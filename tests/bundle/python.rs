//! Runs `check.py`.

use std::io::Write;
use std::path::Path;
use std::process::Command;

/// What it says of the bundle. Panics if it can't be run: an error is the checker's own verdict.
pub fn check(bundle: &str, key: Option<&str>) -> Result<String, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bundle.as_bytes()).unwrap();
    // `.ci/run` puts the package there; another Python may have it too.
    let own = here.join("target/python/bin/python3");
    let python = if own.exists() { own } else { "python3".into() };
    let mut command = Command::new(&python);
    command.arg("-B").arg(here.join("tests/bundle/check.py")).arg(file.path()).args(key);
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("python3 can't be run ({error}): install it (`apt-get install python3`)"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => Ok(said),
        Some(3) => Err(said),
        _ => panic!("check.py can't check: {said}{}", String::from_utf8_lossy(&output.stderr)),
    }
}
