//! A small CRM on Strongroom: two companies' customers go in from a CSV file, are looked up by different people, and
//! nothing of them can be read on the disk. `README.md` beside this file says what the options are.

mod import;
mod lookups;
mod office;
mod options;
mod recheck;
mod search;
mod table;

use std::error::Error;
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
    match Options::from_args().and_then(|options| options.map_or(Ok(true), |options| run(&options))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprint!("crm: {error}");
            let mut beneath = error.source();
            while let Some(source) = beneath {
                eprint!(": {source}");
                beneath = source.source();
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}

/// Whether everything is as it should be.
fn run(options: &Options) -> Outcome<bool> {
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

    println!("== The file");
    table.describe();
    println!("\n== The vault");
    home.describe(options.dir.is_some());
    office.describe();

    println!("\n== Import");
    KeyFile::create(&home.key)?;
    let vault = home.vault(office.policy())?.create()?;
    let imported = import::run(&vault, &office, &table)?;

    println!("\n== Who sees what");
    let changed = lookups::run(&vault, &office, &imported)?;

    println!("\n== Closed, opened again, verified");
    vault.close()?;
    let vault = home.vault(office.policy())?.open()?;
    let same = recheck::records(&vault, &imported, changed.as_ref())?;
    let intact = recheck::verify(&vault)?;
    vault.close()?;

    println!("\n== What the disk tells");
    let hidden = search::run(&home.vault, &office, &imported, changed.as_ref())?;

    println!();
    if let Some(dir) = &options.dir {
        println!("The vault stays in {}.", dir.display());
    }
    let good = same && intact && hidden;
    println!("{}", if good { "All is as it should be." } else { "Something is NOT as it should be: see above." });
    Ok(good)
}

/// Where things are kept.
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

    fn describe(&self, kept: bool) {
        println!("in {}{}", self.vault.display(), if kept { "" } else { " (removed at the end; --dir keeps it)" });
        println!("master key in {}: that is for a demonstration.", self.key.display());
        println!(
            "  A real one is kept where the vault and its backups are not: on another disk, or behind your own `MasterKey`."
        );
    }
}
