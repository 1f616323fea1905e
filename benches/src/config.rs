//! One configuration, from the import to the last read: records of one size, without an index or with two.

use std::hint::black_box;

use strongroom::RecordId;

use crate::Outcome;
use crate::clock::{Stopwatch, Took};
use crate::data::{Customer, Random, surname};
use crate::options::Options;
use crate::raw::{Keys, Raw, replay};
use crate::recording::{Commit, Known, Recording, census, compare};
use crate::report::{Line, Round, Sample, Unit};
use crate::vault::{Home, Open};

/// The size whose ratios have goals.
const JUDGED: usize = 400;

pub struct Config<'a> {
    options: &'a Options,
    size: usize,
    indexes: usize,
    home: Home,
    known: Known,
    /// The number of customers that were stored, which is the next one's number.
    stored: u64,
    random: Random,
    lines: Vec<Line>,
}

/// A part of a session of writes.
struct Phase {
    update: bool,
    threads: usize,
    count: usize,
}

impl Phase {
    fn kind(&self) -> &'static str {
        if self.update { "update" } else { "insert" }
    }
}

impl<'a> Config<'a> {
    pub fn new(options: &'a Options, size: usize, indexes: usize) -> Self {
        let home = Home::new(options.dir.join(format!("vault-{size}-{indexes}")), options.cache);
        let random = Random(size as u64 * 31 + indexes as u64);
        Self { options, size, indexes, home, known: Known::default(), stored: 0, random, lines: Vec::new() }
    }

    pub fn run(mut self) -> Outcome<Vec<Line>> {
        self.imports()?;
        if self.options.wants("insert") || self.options.wants("update") || self.options.wants("open") {
            for round in 0..self.options.rounds {
                self.session(round)?;
            }
        }
        if !self.options.ours {
            self.check()?;
        }
        if self.options.wants("open") {
            self.opens()?;
        }
        if self.indexes > 0 || !self.options.only.is_empty() {
            self.reads()?;
        }
        // Without those that were only needed to get there.
        self.lines.retain(|line| self.options.wants(line.name.split([' ', ',']).next().unwrap_or("")));
        Ok(self.lines)
    }

    fn said(&self) -> &'static str {
        if self.indexes == 0 { "no index" } else { "two indexes" }
    }

    fn raw_dir(&self, keys: Keys) -> std::path::PathBuf {
        let kind = if keys == Keys::All { "raw" } else { "rows" };
        self.options.dir.join(format!("{kind}-{}-{}", self.size, self.indexes))
    }

    fn raw(&self, keys: Keys) -> Outcome<Raw> {
        Raw::open(&self.raw_dir(keys), self.options.cache)
    }

    fn fresh(&mut self, count: usize) -> Vec<Customer> {
        let from = self.stored;
        self.stored += count as u64;
        (from..self.stored).map(|number| Customer::number(number, self.size)).collect()
    }

    fn add(&mut self, name: String, unit: Unit, goal: Option<f64>, note: &str, round: Round) {
        let goal = goal.filter(|_| self.size == JUDGED);
        match self.lines.iter_mut().find(|line| line.name == name) {
            Some(line) => line.rounds.push(round),
            None => {
                let rounds = vec![round];
                self.lines.push(Line { name, size: self.size, unit, goal, note: note.to_owned(), rounds });
            }
        }
    }

    fn imports(&mut self) -> Outcome<()> {
        let several = self.size == JUDGED && self.indexes > 0 && self.options.wants("import");
        for round in 0..if several { self.options.imports } else { 1 } {
            progress(&format!("{} B, {}: import {}", self.size, self.said(), round + 1));
            (self.known, self.stored) = (Known::default(), 0);
            let records = self.options.records;
            let values = self.fresh(records);
            let vault = self.home.create(self.indexes)?;
            let ours = vault.import(values)?;
            vault.close(&self.home)?;
            let recording = self.record()?;
            let commits = recording.commits;
            let note = format!("{:.0} records a commit", records as f64 / commits.len() as f64);
            let mut took = Vec::new();
            for keys in self.sides() {
                let raw = Raw::create(&self.raw_dir(keys), self.options.cache)?;
                if keys == Keys::All {
                    raw.commit(recording.setup.iter())?;
                }
                took.push(replay(&raw, &commits, keys, 1, false)?);
                raw.close()?;
                self.raw(keys)?.close()?;
            }
            let goal = (self.indexes > 0).then_some(0.6);
            let name = format!("import, {}", self.said());
            self.add(name, Unit::PerSecond, goal, &note, rates(records, ours, &took));
        }
        Ok(())
    }

    /// Returns the raw sides that are measured.
    fn sides(&self) -> Vec<Keys> {
        if self.options.ours { Vec::new() } else { vec![Keys::All, Keys::Rows] }
    }

    /// Reads back what was written since the last time.
    fn record(&mut self) -> Outcome<Recording> {
        let raw = Raw::open(&self.home.store(), self.options.cache)?;
        let recording = Recording::read(&raw.db, &mut self.known, self.indexes)?;
        raw.close()?;
        Ok(recording)
    }

    fn session(&mut self, round: usize) -> Outcome<()> {
        progress(&format!("{} B, {}: writes {}", self.size, self.said(), round + 1));
        let phases = self.phases();
        let vault = self.home.open()?;
        let mut ours = Vec::new();
        let mut ids: Vec<[u8; 16]> = self.known.rows.iter().copied().collect();
        ids.sort_unstable();
        for phase in &phases {
            ours.push(if phase.update {
                // Each record once, so that all revisions are there to be read back.
                let mut chosen = Vec::with_capacity(phase.count);
                for _ in 0..phase.count.min(ids.len()) {
                    let at = self.random.below(ids.len() as u64) as usize;
                    chosen.push(RecordId::from_bytes(ids.swap_remove(at)));
                }
                vault.update(&chosen, phase.threads)?
            } else {
                let values = self.fresh(phase.count);
                vault.insert(&values, phase.threads)?
            });
        }
        vault.close(&self.home)?;
        let open = self.home.time_open()?;

        let mut commits = self.record()?.commits;
        let parts: Vec<Vec<Commit>> =
            phases.iter().map(|phase| Recording::split(&mut commits, phase.count)).collect::<Outcome<_>>()?;
        let mut took: Vec<Vec<Took>> = vec![Vec::new(); phases.len()];
        let mut opened = Vec::new();
        for keys in self.sides() {
            let raw = self.raw(keys)?;
            for ((phase, part), took) in phases.iter().zip(&parts).zip(&mut took) {
                took.push(replay(&raw, part, keys, phase.threads, phase.update)?);
            }
            raw.close()?;
            let watch = Stopwatch::start();
            let raw = self.raw(keys)?;
            opened.push(watch.stop());
            raw.close()?;
        }
        for (((phase, part), ours), took) in phases.iter().zip(&parts).zip(ours).zip(&took) {
            let goal = (!phase.update && phase.threads != 4).then_some(0.8);
            let note = format!("{:.1} records a commit", phase.count as f64 / part.len() as f64);
            let name = format!("{}, {} thr., {}", phase.kind(), phase.threads, self.said());
            self.add(name, Unit::PerSecond, goal, &note, rates(phase.count, ours, took));
        }
        let name = format!("open after writes, {}", self.said());
        self.add(name, Unit::Milliseconds, Some(1.3), "", times(open, &opened));
        Ok(())
    }

    fn phases(&self) -> Vec<Phase> {
        let all = [(false, 1, 1_500), (false, 4, 4_000), (false, 16, 12_000), (true, 1, 1_000), (true, 16, 8_000)];
        let wanted = all.into_iter().map(|(update, threads, count)| Phase {
            update,
            threads,
            count: self.options.times(count).min(self.options.records / 4).max(1),
        });
        wanted
            .filter(|phase| self.options.wants(phase.kind()) || self.options.wants("open"))
            .filter(|phase| self.options.threads.is_none_or(|threads| threads == phase.threads))
            .collect()
    }

    /// Checks that raw sled holds what Strongroom's store holds.
    fn check(&self) -> Outcome<()> {
        let mut stores = Vec::new();
        for dir in [self.home.store(), self.raw_dir(Keys::All)] {
            let raw = Raw::open(&dir, self.options.cache)?;
            stores.push(census(&raw.db)?);
            raw.close()?;
        }
        compare(&stores[0], &stores[1])?;
        Ok(())
    }

    fn opens(&mut self) -> Outcome<()> {
        progress(&format!("{} B, {}: open", self.size, self.said()));
        for _ in 0..self.options.rounds {
            let ours = self.home.time_open()?;
            let mut took = Vec::new();
            for keys in self.sides() {
                let watch = Stopwatch::start();
                let raw = self.raw(keys)?;
                took.push(watch.stop());
                raw.close()?;
            }
            let name = format!("open again, {}", self.said());
            self.add(name, Unit::Milliseconds, Some(1.3), "", times(ours, &took));
        }
        Ok(())
    }

    fn reads(&mut self) -> Outcome<()> {
        let vault = self.home.open()?;
        let mut raws = Vec::new();
        for keys in self.sides() {
            raws.push(self.raw(keys)?);
        }
        let mut reader = Reader::new(self, &vault, &raws)?;
        let mut found = Vec::new();
        for round in 0..self.options.rounds {
            progress(&format!("{} B, {}: reads {}", self.size, self.said(), round + 1));
            if self.options.wants("get") {
                let count = self.options.times(50_000);
                found.push(("get", Some(0.25), "random ids", reader.get(count)?));
            }
            if self.options.wants("find") && self.indexes > 0 {
                let count = self.options.times(20_000);
                found.push(("find unique", None, "raw: one entry, one row", reader.find_unique(count)?));
                let count = self.options.times(2_000);
                found.push(("find", None, "raw: as many entries and rows", reader.find(count)?));
            }
            if self.options.wants("list") {
                found.push(("list, 1 caller", None, "raw: 1 scan", reader.list(1, 1)?));
                found.push(("list, 2 callers", Some(0.12), "raw: 1 scan", reader.list(2, 1)?));
                found.push(("list, 2 callers (raw too)", None, "raw: 2 scans at once", reader.list(2, 2)?));
            }
        }
        for (name, goal, note, round) in found {
            self.add(name.to_owned(), Unit::PerSecond, goal, note, round);
        }
        vault.close(&self.home)?;
        raws.into_iter().try_for_each(Raw::close)
    }
}

/// A reader, which reads the same on all sides.
struct Reader<'a> {
    vault: &'a Open,
    raws: &'a [Raw],
    size: usize,
    records: u64,
    random: Random,
    /// Rows' keys up to the record's id.
    prefix: Vec<u8>,
    ids: Vec<[u8; 16]>,
    entries: Vec<sled::IVec>,
}

impl<'a> Reader<'a> {
    fn new(config: &Config<'_>, vault: &'a Open, raws: &'a [Raw]) -> Outcome<Self> {
        let mut ids: Vec<[u8; 16]> = config.known.rows.iter().copied().collect();
        ids.sort_unstable();
        let (mut prefix, mut entries) = (Vec::new(), Vec::new());
        if let Some(raw) = raws.first() {
            let (row, _) = raw.db.scan_prefix([1]).next().ok_or("there are no rows")??;
            prefix = row[..33].to_vec();
            entries = raw.db.scan_prefix([3]).keys().collect::<Result<_, _>>()?;
        }
        let records = config.options.records as u64;
        Ok(Self { vault, raws, size: config.size, records, random: Random(42), prefix, ids, entries })
    }

    fn row(&mut self) -> [u8; 16] {
        self.ids[self.random.below(self.ids.len() as u64) as usize]
    }

    /// Returns the keys of as many random rows and, before each, index entries.
    fn keys(&mut self, count: usize, entries: bool) -> Vec<Vec<u8>> {
        let mut keys = Vec::with_capacity(2 * count);
        for _ in 0..count {
            if entries && !self.entries.is_empty() {
                keys.push(self.entries[self.random.below(self.entries.len() as u64) as usize].to_vec());
            }
            let id = self.row();
            keys.push([&self.prefix[..], &id].concat());
        }
        keys
    }

    /// Gets these keys on each raw side. On the side with the rows alone, index entries aren't there to be found.
    fn raw_gets(&self, keys: &[Vec<u8>]) -> Outcome<Vec<Took>> {
        let mut took = Vec::new();
        for raw in self.raws {
            let watch = Stopwatch::start();
            for key in keys {
                black_box(raw.db.get(key)?);
            }
            took.push(watch.stop());
        }
        Ok(took)
    }

    fn get(&mut self, count: usize) -> Outcome<Round> {
        let ids: Vec<RecordId> = (0..count).map(|_| RecordId::from_bytes(self.row())).collect();
        let watch = Stopwatch::start();
        for id in &ids {
            black_box(self.vault.customers.get(*id)?);
        }
        let ours = watch.stop();
        let keys: Vec<Vec<u8>> = ids.iter().map(|id| [&self.prefix[..], id.as_bytes()].concat()).collect();
        Ok(rates(count, ours, &self.raw_gets(&keys)?))
    }

    fn find_unique(&mut self, count: usize) -> Outcome<Round> {
        let wanted: Vec<String> =
            (0..count).map(|_| Customer::number(self.random.below(self.records), self.size).email).collect();
        let watch = Stopwatch::start();
        for email in &wanted {
            black_box(self.vault.customers.find_unique("email", email.as_str())?.ok_or("a customer wasn't found")?);
        }
        let ours = watch.stop();
        let keys = self.keys(count, true);
        Ok(Round { rows: None, ..rates(count, ours, &self.raw_gets(&keys)?) })
    }

    fn find(&mut self, count: usize) -> Outcome<Round> {
        let wanted: Vec<String> = (0..count).map(|_| surname(self.random.below(self.records))).collect();
        let mut hits = 0;
        let watch = Stopwatch::start();
        for name in &wanted {
            hits += self.vault.customers.find("surname", name.as_str(), None, 1000)?.items.len();
        }
        let ours = watch.stop();
        let keys = self.keys(hits, true);
        Ok(Round { rows: None, ..rates(count, ours, &self.raw_gets(&keys)?) })
    }

    fn list(&self, callers: usize, raw_callers: usize) -> Outcome<Round> {
        let (took, count) = self.vault.list(callers)?;
        let mut raw = Vec::new();
        for side in self.raws {
            let scan = || -> sled::Result<usize> {
                side.db.scan_prefix(&self.prefix).try_fold(0, |count, pair| {
                    black_box(pair?);
                    Ok(count + 1)
                })
            };
            let watch = Stopwatch::start();
            let counts: Vec<sled::Result<usize>> = std::thread::scope(|scope| {
                let scans: Vec<_> = (0..raw_callers).map(|_| scope.spawn(scan)).collect();
                scans.into_iter().map(|scan| scan.join().unwrap_or(Ok(0))).collect()
            });
            let took = watch.stop();
            let count = counts.into_iter().sum::<sled::Result<usize>>()?;
            raw.push(Sample::rate(count, &took));
        }
        Ok(Round { ours: Sample::rate(count, &took), raw: raw.first().copied(), rows: raw.get(1).copied() })
    }
}

fn rates(count: usize, ours: Took, raw: &[Took]) -> Round {
    let rate = |took| Sample::rate(count, took);
    Round { ours: rate(&ours), raw: raw.first().map(rate), rows: raw.get(1).map(rate) }
}

fn times(ours: Took, raw: &[Took]) -> Round {
    Round { ours: Sample::time(&ours), raw: raw.first().map(Sample::time), rows: raw.get(1).map(Sample::time) }
}

fn progress(what: &str) {
    eprintln!("… {what}");
}
