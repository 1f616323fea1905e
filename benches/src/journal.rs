//! Measures the journal: an entry's time on the caller's side, and checking a long one.

use std::fs;
use std::time::Instant;

use strongroom::audit::Verdict;
use strongroom::model::Grantee;
use strongroom::vault::HostEvent;
use strongroom::{Actor, KeyFile, Tenant, Vault};

use crate::Outcome;
use crate::data::{admin, roles};
use crate::options::Options;
use crate::policy::Figure;

/// Entries in each block of the journal that is checked.
const ENTRIES: usize = 16;
/// Entries handed over at a time; fewer than the journal's buffer holds, so that nothing waits for the disk.
const BURST: usize = 1_500;

pub fn run(options: &Options) -> Outcome<Vec<Figure>> {
    let dir = options.dir.join("journal");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir)?;
    let mut figures = Vec::new();
    let sizes: &[usize] = if options.quick { &[8_000, 32_000] } else { &[100_000, 1_000_000] };
    for entries in sizes {
        let place = dir.join(entries.to_string());
        let key = dir.join(format!("{entries}.key"));
        let vault = Vault::options(&place)
            .master_key(KeyFile::create(&key)?)
            .cache_bytes(options.cache)
            .policy(roles())
            .create()?;
        let tenant = vault.session(admin())?.create_tenant("acme")?;
        if figures.is_empty() {
            figures.push(handing_over(options, &vault, &tenant)?);
        }
        let journal = tenant.session(admin())?.journal();
        for _ in 0..entries / ENTRIES {
            (0..ENTRIES).try_for_each(|_| journal.record(event()))?;
            vault.flush()?;
        }
        vault.close()?;
        figures.extend(checking(options, &place, &key, *entries)?);
    }
    fs::remove_dir_all(&dir)?;
    Ok(figures)
}

/// Returns an entry of the size that a read's has: actor, session, device, purpose and so on, some 150 bytes.
fn event() -> HostEvent {
    let actor = Actor::new("sales-7").with_role("sales").with_session("7d1f0c55").with_device("desk-7");
    HostEvent::login(&actor).purpose("sales").reason("asked for by the customer").party(Grantee::Actor("sales-8"))
}

/// Measures the caller's time for a buffered entry.
fn handing_over(options: &Options, vault: &Vault, tenant: &Tenant) -> Outcome<Figure> {
    let (mut rounds, journal) = (Vec::new(), tenant.session(admin())?.journal());
    for _ in 0..options.times(100).max(5) {
        let events: Vec<HostEvent> = (0..BURST).map(|_| event()).collect();
        let begun = Instant::now();
        for event in events {
            journal.record(event)?;
        }
        rounds.push(begun.elapsed().as_secs_f64() * 1e9 / BURST as f64);
        vault.flush()?;
    }
    rounds.sort_by(f64::total_cmp);
    Ok(Figure {
        name: "hand an entry to the journal, buffered".to_owned(),
        text: format!("{:.0} ns of the caller's time (goal: under 1,000)", rounds[rounds.len() / 2]),
    })
}

fn checking(options: &Options, place: &std::path::Path, key: &std::path::Path, entries: usize) -> Outcome<Vec<Figure>> {
    let open = || {
        let key = KeyFile::open(key)?;
        Outcome::Ok(Vault::options(place).master_key(key).cache_bytes(options.cache).policy(roles()).open()?)
    };
    let mut figures = Vec::new();
    type Check = fn(&Vault, &Actor) -> strongroom::Result<Verdict>;
    let kinds: [(&str, Check, &str); 2] = [
        ("quick", |vault, actor| vault.session(actor.clone())?.verify_quick(), " (goal: 500,000)"),
        ("full", |vault, actor| vault.session(actor.clone())?.verify(), ""),
    ];
    for (kind, check, goal) in kinds {
        let vault = open()?;
        let blocks = vault.session(admin())?.head()?.size();
        if blocks < u64::try_from(entries / ENTRIES)? {
            return Err(format!("the journal has {blocks} blocks only").into());
        }
        let before = resident("VmRSS:");
        // From here on the most that was ever resident counts, freed or not.
        let _ = fs::write("/proc/self/clear_refs", "5"); // not everywhere
        let mut rounds = Vec::new();
        for _ in 0..options.rounds.max(3) {
            let begun = Instant::now();
            match check(&vault, &admin())? {
                Verdict::Intact => rounds.push(begun.elapsed().as_secs_f64()),
                other => return Err(format!("the journal that was just written: {other}").into()),
            }
        }
        let grown = resident("VmHWM:").zip(before).map(|(now, then)| now.saturating_sub(then) / 1024);
        rounds.sort_by(f64::total_cmp);
        let memory = grown
            .map_or(String::new(), |mib| format!(", at most {mib} MiB more in memory, the engine's cache included"));
        figures.push(Figure {
            name: format!("verify, {kind}, {entries} entries, {ENTRIES} a block"),
            text: format!("{:.0} entries/s{goal}{memory}", entries as f64 / rounds[rounds.len() / 2]),
        });
        vault.close()?;
    }
    Ok(figures)
}

/// Returns the KiB that the process holds in memory (`VmRSS:`), or ever held (`VmHWM:`), where the system tells.
fn resident(what: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(what))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}
