//! SIGKILL: a child that works on a vault is killed at random moments, again and again, on the same directory.
//!
//! `cargo test --test kill`; needs Unix. `STRONGROOM_SEED` repeats a run's choices, though not the moments' effects.

#[path = "../crash/mod.rs"]
#[allow(dead_code, reason = "each of the tests that share it leaves some of it unused")]
mod crash;
mod entries;
mod full;
mod journal;
#[path = "../powercut/machine/random.rs"]
mod random;
mod room;
mod rounds;
mod victim;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// The first argument of a child: this same program.
pub const CHILD: &str = "--child";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    if let [_, child, mode, dir, key, seed, base] = args.as_slice()
        && child == CHILD
    {
        if mode == room::MODE {
            return room::child(Path::new(dir), Path::new(key)).map_or_else(
                |why| {
                    crash::work::say(&format!("failed {why}"));
                    ExitCode::FAILURE
                },
                |()| ExitCode::SUCCESS,
            );
        }
        let numbers = seed.parse().and_then(|seed| Ok((seed, base.parse()?)));
        let done = match numbers {
            Ok((seed, base)) => victim::work(mode, Path::new(dir), Path::new(key), seed, base),
            Err(error) => Err(format!("{seed} {base}: {error}")),
        };
        return match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                crash::work::say(&format!("failed {why}"));
                ExitCode::FAILURE
            }
        };
    }
    let trial = |name: &str, test: fn() -> Result<(), String>| Trial::test(name, move || test().map_err(Failed::from));
    let tests = vec![
        trial("kills_lose_no_acknowledged_write_and_undo_no_delete", rounds::kills),
        trial("lost_acknowledgement_is_noticed", rounds::loss_is_noticed),
        trial("vault_on_a_full_disk_is_brought_out_of_that_on_record", room::full_disk),
        trial("file_that_may_not_grow_stops_the_vault_and_loses_nothing", full::limited),
    ];
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}
