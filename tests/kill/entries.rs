//! Holds the journal's entries against the records: every record that is there has the entries of its writing, and every
//! entry of a write its record.

use std::collections::BTreeMap;

use strongroom::audit::Outcome;
use strongroom::record::Record;
use strongroom::{Collection, Tenant, Vault};

use crate::crash::office;
use crate::crash::said;
use crate::crash::work::{customers, notes};

/// Revisions, by the pseudonym of the person whom the records are about.
type Revisions = BTreeMap<String, Vec<u64>>;

/// Checks that the two agree in every tenant. Returns the number of entries of writes.
pub fn check(vault: &Vault) -> Result<usize, String> {
    vault.tenants().iter().try_fold(0, |sum, tenant| Ok(sum + of_tenant(tenant)?))
}

fn of_tenant(tenant: &Tenant) -> Result<usize, String> {
    let (mut last, mut writes) = (BTreeMap::new(), 0);
    let auditor = office::admin();
    for page in tenant.session(auditor.clone()).unwrap().journal().entries().pages(1_000) {
        for event in page.map_err(said("reading the journal"))?.entries {
            let gone = match event.action() {
                "create" | "update" => false,
                "delete" => true,
                _ => continue,
            };
            // Without a revision it is what an update has read of the record, not its write.
            let (Outcome::Permitted, Some(after)) = (event.outcome(), event.revision_after()) else { continue };
            writes += 1;
            for subject in event.subjects() {
                let record = (subject.pseudonym(), subject.number());
                match gone {
                    true => drop(last.remove(&record)),
                    false => drop(last.insert(record, after.get())),
                }
            }
        }
    }
    let mut told = Revisions::new();
    for ((pseudonym, _), revision) in last {
        told.entry(pseudonym).or_default().push(revision);
    }
    let mut there = Revisions::new();
    let session = tenant.session(office::clerk()).map_err(said("a session"))?;
    for collection in tenant.collections() {
        match collection.as_str() {
            "customers" => read(&customers(&session)?, &mut there)?,
            _ => read(&notes(&session)?, &mut there)?,
        }
    }
    told.values_mut().chain(there.values_mut()).for_each(|revisions| revisions.sort_unstable());
    if let Some((person, revisions)) = told.iter().find(|(person, revisions)| there.get(*person) != Some(revisions)) {
        return Err(format!(
            "the journal tells of {person} at revisions {revisions:?}, there are {:?}",
            there.get(person)
        ));
    }
    match there.keys().find(|person| !told.contains_key(*person)) {
        Some(person) => Err(format!("records of {person} are there, and no entry tells of them")),
        None => Ok(writes),
    }
}

fn read<T: Record + 'static>(all: &Collection<T>, there: &mut Revisions) -> Result<(), String> {
    for found in all.iter(500) {
        let found = found.map_err(said("listing"))?;
        there.entry(found.meta.pseudonym()).or_default().push(found.revision.get());
    }
    Ok(())
}
