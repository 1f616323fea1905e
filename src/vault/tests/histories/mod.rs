//! Rows set back, removed and slipped in behind the vault's back, 10,000 times over: each time the check notices, and
//! names exactly the tenant and the records; a full check says the same as a quick one.

mod past;
mod tamper;
mod truth;

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{RowFault, RowSet};
use crate::vault::check::verify::{check::Depth, verify};
use crate::vault::core::Core;
use crate::vault::tests::*;

use crate::vault::tests::histories::past::Past;

/// Keys and values of a store.
type Content = BTreeMap<Vec<u8>, Vec<u8>>;

/// Histories that each vault goes through.
const HISTORIES: usize = 200;
/// Number of histories after which one is checked in full as well.
const FULL: usize = 5;
/// Returns the number of vaults, each with a past of its own.
fn vaults() -> usize {
    crate::tests::amount(2, 50)
}
/// Seed of the dice, unless `SEED` is set in the environment.
const SEED: u64 = 0x5eed_0004;

#[test]
fn random_histories_of_rows_set_back_removed_and_slipped_in_are_noticed_and_named() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    println!("seed {seed}");
    let worker = |first: usize| {
        let mut named = BTreeMap::new();
        for vault in (first..vaults()).step_by(2) {
            let mut dice = Dice(seed ^ (vault as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let past = Past::new(&mut dice);
            for history in 0..HISTORIES {
                let what = format!("seed {seed}, vault {vault}, history {history}");
                for (kind, count) in past.history(&mut dice, history % FULL == 0, &what) {
                    *named.entry(kind).or_insert(0) += count;
                }
            }
            past.untouched();
        }
        named
    };
    let all = std::thread::scope(|threads| {
        let workers = [0, 1].map(|first| threads.spawn(move || worker(first)));
        workers.map(|worker| worker.join().unwrap())
    });
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    all.into_iter().flatten().for_each(|(kind, count)| *named.entry(kind).or_default() += count);
    println!("{named:?}");
    // All kinds of faults occur.
    for kind in ["rolled back", "missing", "foreign", "misindexed", "nothing"] {
        assert!(named.get(kind).is_some_and(|count| *count > HISTORIES * vaults() / 50), "{kind}: {named:?}");
    }
}

impl Past {
    /// Tampers with the store, has it checked, and undoes it. Returns the named faults.
    fn history(&self, dice: &mut Dice, full: bool, what: &str) -> Vec<(&'static str, usize)> {
        let (tampered, done) = loop {
            let mut content = self.now().clone();
            let mut done = Vec::new();
            for _ in 0..1 + dice.next() % 3 {
                done.push(self.tamper(dice, &mut content));
            }
            if content != *self.now() {
                break (content, done);
            }
        };
        let what = format!("{what}: {done:?}");
        let truth = self.truth(&tampered);
        self.world.set(self.now(), &tampered);
        let depths = if full { &[Depth::Quick, Depth::Full][..] } else { &[Depth::Quick] };
        let verdicts: Vec<_> = depths.iter().map(|depth| verify(&self.core, *depth, None).unwrap()).collect();
        self.world.set(&tampered, self.now());
        for verdict in &verdicts {
            let Verdict::RowsDiffer { tenant, rows, named, .. } = verdict else { panic!("{what}: {verdict:?}") };
            let Some(truth) = truth.get(tenant) else { panic!("{what}: tenant {tenant} is untouched: {verdict:?}") };
            let named: BTreeSet<RowFault> = named.iter().cloned().collect();
            match rows {
                RowSet::Records => {
                    assert!(truth.records, "{what}: {verdict:?}");
                    let lost: Vec<_> = truth.faults.difference(&named).collect();
                    let lists_fail = |fault: &&RowFault| matches!(fault, RowFault::Missing { .. }) && truth.lists;
                    assert!(lost.iter().all(lists_fail), "{what}: not named: {lost:?}");
                    let more: Vec<_> = named.difference(&truth.faults).collect();
                    assert!(more.iter().all(|fault| truth.perhaps.contains(*fault)), "{what}: wrongly named: {more:?}");
                }
                RowSet::Indexes => {
                    assert!(!truth.records, "{what}: {verdict:?}");
                    assert!(
                        named.iter().all(|fault| matches!(fault, RowFault::Misindexed { .. })),
                        "{what}: {named:?}"
                    );
                }
            }
        }
        assert!(verdicts.iter().all(|verdict| *verdict == verdicts[0]), "{what}: {verdicts:?}");
        let Verdict::RowsDiffer { named, .. } = &verdicts[0] else { panic!("{what}") };
        let kind = |fault: &RowFault| match fault {
            RowFault::RolledBack { .. } => "rolled back",
            RowFault::Missing { .. } => "missing",
            RowFault::Foreign { .. } => "foreign",
            RowFault::Misindexed { .. } => "misindexed",
        };
        if named.is_empty() { vec![("nothing", 1)] } else { named.iter().map(|fault| (kind(fault), 1)).collect() }
    }

    fn untouched(&self) {
        for depth in [Depth::Quick, Depth::Full] {
            assert_eq!(verify(&self.core, depth, None).unwrap(), Verdict::Intact);
        }
    }
}

impl World {
    /// Changes the store from one content to another, behind the vault's back.
    fn set(&self, from: &Content, to: &Content) {
        let gone = from.keys().filter(|key| !to.contains_key(*key)).map(|key| (key.clone(), None));
        let new = to.iter().filter(|(key, value)| from.get(*key) != Some(value));
        let new = new.map(|(key, value)| (key.clone(), Some(value.clone())));
        put(&self.memory, &gone.chain(new).collect::<Vec<_>>());
    }
}
