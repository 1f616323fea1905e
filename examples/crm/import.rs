//! The rows go into the vault, a progress bar shows how far, and each row that the vault refuses is reported.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use strongroom::{Actor, Document, RecordId, Vault};

use crate::Outcome;
use crate::office::{COMPANIES, CUSTOMERS, Office, admin};
use crate::table::{Bad, Row, Table, report};

/// The customers of one company, as they went in.
pub struct Company {
    pub name: &'static str,
    pub customers: Vec<(RecordId, Document)>,
}

/// Imports all rows. Returns the companies, and the rows that the vault refused.
pub fn run(vault: &Vault, office: &Office, table: &Table) -> Outcome<(Vec<Company>, Vec<Bad>)> {
    let bar = ProgressBar::new(table.rows.len() as u64).with_style(ProgressStyle::with_template(
        "{bar:40} {human_pos} of {human_len} records, {per_sec}, {eta} to go",
    )?);
    let mut imported = Vec::new();
    let mut took = Duration::ZERO;
    let mut refused = Vec::new();
    for (number, name) in COMPANIES.into_iter().enumerate() {
        let tenant = vault.session(admin())?.create_tenant(name)?;
        tenant.session(admin())?.define_as::<Document>(office.schema())?;
        let customers = tenant
            .session(Actor::new("night-import").with_role("import"))?
            .for_purpose("moving in")
            .collection_named::<Document>(CUSTOMERS)?;

        let rows: Vec<&Row> = table.rows.iter().skip(number).step_by(COMPANIES.len()).collect();
        let mut company = Company { name, customers: Vec::with_capacity(rows.len()) };
        let begun = Instant::now();
        customers.import(rows.iter().map(|row| document(table, row)), |at, outcome| {
            match outcome {
                Ok(id) => company.customers.push((id, document(table, rows[at]))),
                Err(error) => refused.push(Bad { lines: rows[at].lines, why: format!("{error:#}") }),
            }
            bar.inc(1);
        })?;
        took += begun.elapsed();
        imported.push(company);
    }
    bar.finish_and_clear();

    let count: usize = imported.iter().map(|company| company.customers.len()).sum();
    say!(
        "{count} records imported in {:.2} s, each sealed under a key of its own: {:.0} records/s",
        took.as_secs_f64(),
        count as f64 / took.as_secs_f64().max(1e-9)
    );
    for company in &imported {
        say!("  {}: {}", company.name, company.customers.len());
    }
    refused.sort_by_key(|row| row.lines.first);
    report(&refused)?;
    if count == 0 {
        return Err("no row could be imported: there is nothing to look up".into());
    }
    Ok((imported, refused))
}

/// Makes a record of a row. Empty fields are left out.
fn document(table: &Table, row: &Row) -> Document {
    let filled = table.columns.iter().zip(&row.cells).filter(|(_, cell)| !cell.is_empty());
    filled.map(|(column, cell)| (column.as_str(), cell.as_str())).collect()
}
