//! Measures Strongroom beside raw sled in the same run: the same number and sizes of keys, in the same batches, with a
//! real `fdatasync`. `--help` tells the options, `benches/README.md` how to read the figures.

mod clock;
mod config;
mod data;
mod journal;
mod options;
mod plot;
mod policy;
mod raw;
mod recording;
mod report;
mod vault;

use std::error::Error;
use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use config::Config;
use options::Options;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match Options::from_args().and_then(|options| options.map_or(Ok(()), |options| run(&options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint!("benches: {error}");
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

fn run(options: &Options) -> Outcome<()> {
    let begun = Instant::now();
    fs::create_dir_all(&options.dir)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let conditions: Vec<(String, String)> = [
        ("records", format!("{}, imported before anything else is measured", options.records)),
        ("engine's cache", format!("{} MiB, on all sides", options.cache >> 20)),
        ("policy", "Roles with a list of readable fields, one of eight withheld".to_owned()),
        ("journal", "reads buffered, as by default".to_owned()),
        ("rounds", format!("{} ({} of the import), sides in turn; medians", options.rounds, options.imports)),
        ("cores", cores.to_string()),
        ("directory", options.dir.display().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    for (name, value) in &conditions {
        println!("{name}: {value}");
    }

    if options.wants("policy") {
        println!();
        for policy::Figure { name, text } in policy::run(options)? {
            println!("{name}: {text}");
        }
    }
    if options.wants("journal") {
        println!();
        for policy::Figure { name, text } in journal::run(options)? {
            println!("{name}: {text}");
        }
    }
    if options.only.iter().all(|only| only == "policy" || only == "journal") && !options.only.is_empty() {
        return Ok(());
    }
    let mut lines = Vec::new();
    for size in &options.sizes {
        for indexes in &options.indexes {
            lines.extend(Config::new(options, *size, *indexes).run()?);
        }
    }
    println!();
    report::print(&lines);
    let title = format!("{} records, cache {} MiB, {cores} cores", options.records, options.cache >> 20);
    let (json, svg) = (options.dir.join("results.json"), options.dir.join("results.svg"));
    fs::write(&json, serde_json::to_string_pretty(&report::json(&lines, &conditions))? + "\n")?;
    fs::write(&svg, plot::svg(&lines, &title))?;
    println!("\n{} and {} hold the same; {:.0} s", json.display(), svg.display(), begun.elapsed().as_secs_f64());
    Ok(())
}
