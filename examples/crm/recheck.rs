//! Checks a vault that was closed and opened again: everything is as it went in, and the journal agrees.

use std::collections::HashMap;
use std::time::Instant;

use strongroom::audit::Verdict;
use strongroom::{Document, RecordId, Vault};

use crate::Outcome;
use crate::import::Company;
use crate::lookups::Changed;
use crate::office::{CUSTOMERS, admin, protection};

/// Records that are read per page.
const PAGE: usize = 500;

/// Checks that protection, who may see everything, reads back exactly what was imported and changed.
pub fn records(vault: &Vault, imported: &[Company], changed: Option<&Changed>) -> Outcome<bool> {
    let begun = Instant::now();
    let (mut same, mut count) = (true, 0usize);
    for company in imported {
        let session = vault.tenant(company.name)?.session(protection())?.for_purpose("checking the import");
        let mut expected: HashMap<RecordId, &Document> =
            company.customers.iter().map(|(id, customer)| (*id, customer)).collect();
        for found in session.collection_named::<Document>(CUSTOMERS)?.iter(PAGE) {
            let found = found?;
            count += 1;
            let good = match (expected.remove(&found.id), changed) {
                (Some(customer), Some(change)) if change.id == found.id => {
                    found.value == customer.clone().with(change.column.as_str(), change.value)
                }
                (Some(customer), _) => found.value == *customer,
                (None, _) => false,
            };
            if !good || !found.withheld.is_empty() {
                say!("  {}: record {} is not what was stored", company.name, found.id);
                same = false;
            }
        }
        if !expected.is_empty() {
            say!("  {}: {} records are missing", company.name, expected.len());
            same = false;
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    say!(
        "{count} records listed in {seconds:.2} s ({:.0} records/s): {}",
        count as f64 / seconds.max(1e-9),
        if same { "all as they were stored" } else { "NOT as they were stored" }
    );
    Ok(same)
}

/// Runs the vault's own check. Returns whether it finds nothing.
pub fn verify(vault: &Vault) -> Outcome<bool> {
    let begun = Instant::now();
    let verdict = vault.session(admin())?.verify()?;
    say!("verify, in {:.2} s: {}", begun.elapsed().as_secs_f64(), verdict);
    Ok(verdict == Verdict::Intact)
}
