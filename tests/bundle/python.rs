//! Runs `check.py`.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Finds a Python that has the one package that the checker needs: the system's, or one of our own, made here if need
/// be.
fn python(here: &Path) -> PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    let has = |python: &Path| {
        let asked = Command::new(python).args(["-c", "import cryptography"]).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    let made = || {
        let own = here.join("target/python/bin/python3");
        if let Some(there) = [own.clone(), "python3".into()].into_iter().find(|python| has(python)) {
            return there;
        }
        let run = |what: &str, program: &Path, args: &[&OsStr]| {
            let status = Command::new(program).args(args).status();
            assert!(
                status.is_ok_and(|status| status.success()),
                "{what} failed: run `.ci/run`, which installs what is missing, or give `python3` the package `cryptography`"
            );
        };
        let venv = here.join("target/python");
        run("making a Python of our own", Path::new("python3"), &["-m".as_ref(), "venv".as_ref(), venv.as_ref()]);
        let wanted = here.join("tests/bundle/requirements.txt");
        let install = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "-r"].map(OsStr::new);
        run("installing `cryptography`", &own, &[&install[..], &[wanted.as_ref()]].concat());
        own
    };
    MADE.get_or_init(made).clone()
}

/// Returns what the checker says of the bundle. Panics if it can't be run: an error is the checker's own verdict.
pub fn check(bundle: &str, key: Option<&str>) -> Result<String, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bundle.as_bytes()).unwrap();
    let mut command = Command::new(python(here));
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
