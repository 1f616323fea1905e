//! Power cuts: a program's writes and syncs are recorded, and every disk image that a cut could leave is checked.
//!
//! `cargo test --test powercut`; needs `strace` and Linux. `STRONGROOM_SEED` repeats a run's choices.

mod appendlog;
#[path = "../crash/mod.rs"]
#[allow(dead_code, reason = "each of the tests that share it leaves some of it unused")]
mod crash;
mod machine;
mod selftest;
mod syncs;
mod vault;

use std::path::PathBuf;
use std::process::ExitCode;

use libtest_mimic::Arguments;
use machine::random;

/// The first argument of the child that is recorded: this same program.
const CHILD: &str = "--child";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    if let [_, child, mode, dir, rest @ ..] = args.as_slice()
        && child == CHILD
    {
        return run_child(mode, &PathBuf::from(dir), rest);
    }
    let mut tests = vault::trials();
    tests.extend(selftest::trials());
    tests.extend(syncs::trials());
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

fn run_child(mode: &str, dir: &std::path::Path, rest: &[String]) -> ExitCode {
    let result = match (mode, rest) {
        ("append-log", [count]) => match count.parse() {
            Ok(count) => appendlog::write(dir, count).map_err(|e| e.to_string()),
            Err(_) => Err("the count is no number".to_owned()),
        },
        ("vault", [key, seed, rounds]) => match (seed.parse(), rounds.parse()) {
            (Ok(seed), Ok(rounds)) => vault::live(dir, key.as_ref(), seed, rounds),
            _ => Err("seed and rounds are no numbers".to_owned()),
        },
        ("inserts", [key]) => syncs::insert(dir, key.as_ref()),
        ("vault-again", [key, seed]) => match seed.parse() {
            Ok(seed) => vault::live_again(dir, key.as_ref(), seed),
            Err(_) => Err("the seed is no number".to_owned()),
        },
        _ => Err(format!("no child mode {mode} {rest:?}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
