//! A small CRM on Strongroom: two companies' customers go in from a CSV file, are looked up by different people, and
//! nothing of them can be read on the disk. `README.md` beside this file says what the options are.

#![deny(clippy::print_stdout, clippy::print_stderr)]

/// Prints a line. `println!` would panic where nobody reads on, as behind `| head`; here that is an error like any other.
macro_rules! say {
    ($($text:tt)*) => {
        std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{}\n", format_args!($($text)*)))?
    };
}

mod import;
mod lookups;
mod office;
mod options;
mod recheck;
mod search;
mod table;

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use strongroom::policy::Roles;
use strongroom::{KeyFile, Vault, VaultOptions};

use office::Office;
use options::Options;

const BUNDLED: &[u8] = include_bytes!("customers.csv");

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match Options::from_args().and_then(|options| options.map_or(Ok(End::Good), |options| run(&options))) {
        Ok(End::Good) => ExitCode::SUCCESS,
        Ok(End::Wrong) => ExitCode::FAILURE,
        Ok(End::LeftOut) => ExitCode::from(2),
        Err(error) if nobody_reads_on(error.as_ref()) => ExitCode::from(141),
        Err(error) => {
            let mut told = format!("crm: {error}");
            let mut beneath = error.source();
            while let Some(source) = beneath {
                told.push_str(&format!(": {source}"));
                beneath = source.source();
            }
            // Who can't be told that either is told by the exit code.
            let _ = writeln!(io::stderr(), "{told}");
            ExitCode::FAILURE
        }
    }
}

/// Tells whether it was the output's reader that went away. Programs that don't ask are ended by the signal SIGPIPE then, which
/// shells show as exit code 141.
fn nobody_reads_on(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// The end of a run that wasn't broken off.
enum End {
    Good,
    /// The vault is good, but not all of the file is in it.
    LeftOut,
    Wrong,
}

fn run(options: &Options) -> Outcome<End> {
    let bytes = match &options.csv {
        Some(file) => fs::read(file).map_err(|error| format!("can't read {}: {error}", file.display()))?,
        None => BUNDLED.to_vec(),
    };
    let table = table::read(&bytes)?;
    let office = Office::plan(options, &table)?;
    let scratch;
    let home = match &options.dir {
        Some(dir) => Home::at(dir)?,
        None => {
            scratch = tempfile::tempdir()?;
            Home::at(scratch.path())?
        }
    };

    say!("== The file");
    table.describe()?;
    say!("\n== The vault");
    home.describe(options.dir.is_some())?;
    office.describe()?;

    say!("\n== Import");
    KeyFile::create(&home.key)?;
    let vault = home.vault(office.policy())?.create()?;
    let (imported, refused) = import::run(&vault, &office, &table)?;

    say!("\n== Who sees what");
    let changed = lookups::run(&vault, &office, &imported)?;

    say!("\n== Closed, opened again, verified");
    vault.close()?;
    let vault = home.vault(office.policy())?.open()?;
    let same = recheck::records(&vault, &imported, changed.as_ref())?;
    let intact = recheck::verify(&vault)?;
    vault.close()?;

    say!("\n== What the disk tells");
    let hidden = search::run(&home.vault, &office, &imported, changed.as_ref())?;

    say!("");
    if let Some(dir) = &options.dir {
        say!("The vault stays in {}.", dir.display());
    }
    let left_out: usize = table.bad.iter().chain(&refused).map(|bad| bad.lines.count()).sum();
    if !(same && intact && hidden) {
        say!("Something is NOT as it should be: see above.");
        return Ok(End::Wrong);
    }
    if left_out > 0 {
        say!(
            "The vault is as it should be, but it does NOT hold the whole file: lines left out: {left_out}, see above."
        );
        return Ok(End::LeftOut);
    }
    say!("All is as it should be.");
    Ok(End::Good)
}

/// The place where things are kept.
struct Home {
    vault: PathBuf,
    key: PathBuf,
}

impl Home {
    fn at(dir: &Path) -> Outcome<Self> {
        let home = Self { vault: dir.join("vault"), key: dir.join("master.key") };
        match fs::read_dir(dir).map(Iterator::count) {
            Ok(0) => Ok(home),
            Ok(_) if home.vault.exists() => Err(format!(
                "{0} holds the vault of an earlier run, and this example always makes a new one: name another directory, \
                 or remove this one first (rm -r {0})",
                dir.display()
            )
            .into()),
            Ok(_) => Err(format!("{} isn't empty: name a new or an empty directory", dir.display()).into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir_all(dir)
                .map(|()| home)
                .map_err(|error| format!("can't make {}: {error}", dir.display()).into()),
            Err(error) => Err(format!("can't use {}: {error}", dir.display()).into()),
        }
    }

    fn vault(&self, policy: Roles) -> Outcome<VaultOptions> {
        Ok(Vault::options(&self.vault).master_key(KeyFile::open(&self.key)?).policy(policy))
    }

    fn describe(&self, kept: bool) -> Outcome<()> {
        say!("in {}{}", self.vault.display(), if kept { "" } else { " (removed at the end; --dir keeps it)" });
        say!("master key in {}: that is for a demonstration.", self.key.display());
        say!(
            "  A real one is kept where the vault and its backups are not: on another disk, or behind your own `MasterKey`."
        );
        Ok(())
    }
}
