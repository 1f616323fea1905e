//! Looks the same customer up as different people: what each may see, and why not more.

use strongroom::{Actor, Document, Error, Found, RecordId, Tenant, Value, Vault};

use crate::Outcome;
use crate::import::Company;
use crate::office::{CUSTOMERS, Office};

/// Characters of a value that are shown.
const WIDTH: usize = 60;
/// The text that sales writes.
const NOTE: &str = "changed by sales-7";

/// The one change that is made here.
pub struct Changed {
    pub id: RecordId,
    pub column: String,
    pub value: &'static str,
}

pub fn run(vault: &Vault, office: &Office, imported: &[Company]) -> Outcome<Option<Changed>> {
    let Some(company) = imported.iter().find(|company| !company.customers.is_empty()) else {
        return Err("no company has a customer".into());
    };
    let tenant = vault.tenant(company.name)?;
    let sales = Actor::new("sales-7").with_role("sales");
    let support = Actor::new("support-3").with_role("support");
    // The first customer of whom as much as possible can be looked up.
    let searched = |customer: &Document| {
        office.unique.iter().chain(&office.index).filter(|column| customer.text(column).is_some()).count()
    };
    let most = company.customers.iter().map(|(_, customer)| searched(customer)).max().unwrap_or(0);
    let Some((id, customer)) = company.customers.iter().find(|(_, customer)| searched(customer) == most) else {
        return Err("no company has a customer".into());
    };

    for actor in [&sales, &support, &Actor::new("outsider-1"), &Actor::new("admin-1").with_role("admin")] {
        say!("{} reads {} of {}:", who(actor), id, company.name);
        show(customers(&tenant, actor).and_then(|customers| customers.get(*id)), customer)?;
    }

    if let Some((column, value)) = office.unique.as_deref().and_then(|name| Some((name, customer.text(name)?))) {
        say!("{} looks up {column} = {value}:", who(&sales));
        show(customers(&tenant, &sales)?.find_unique(column, value).and_then(found), customer)?;
        if let Some(other) = imported.iter().find(|other| other.name != company.name) {
            say!("{} looks up the same at {}:", who(&sales), other.name);
            let there = customers(&vault.tenant(other.name)?, &sales)?;
            match there.find_unique(column, value)? {
                Some(_) => say!("  a customer of its own has it"),
                None => say!("  nothing: no company sees another's customers"),
            }
        }
    }
    for column in &office.index {
        if let Some(value) = customer.text(column) {
            let page = customers(&tenant, &support)?.find(column, value, None, 50)?;
            let more = if page.next.is_some() { " and more" } else { "" };
            say!("{} looks up {column} = {value}: {} found{more}", who(&support), page.items.len());
        }
    }
    let looked_up = |column: &&String| office.support_reads.contains(column);
    let unseen = office.columns.iter().find(|column| !office.sales_reads.contains(column));
    let unindexed = office.sales_reads.iter().find(|column| !looked_up(column));
    for (column, why) in [(unseen, "which it may not see"), (unindexed, "which has no index")] {
        if let Some(column) = column {
            say!("{} looks up {column}, {why}:", who(&sales));
            match customers(&tenant, &sales)?.find(column, "anything", None, 1) {
                Ok(_) => return Err(format!("a search by {column} was answered").into()),
                Err(error) => refused(&error)?,
            }
        }
    }
    change(office, &tenant, &sales, &support, *id)
}

/// Changes a column as sales, which may, after support has tried and may not.
fn change(office: &Office, tenant: &Tenant, sales: &Actor, support: &Actor, id: RecordId) -> Outcome<Option<Changed>> {
    let Some(column) = office.sales_writes.clone() else { return Ok(None) };
    say!("{} changes {column}:", who(support));
    let set = |customer: &mut Document| {
        customer.set(column.as_str(), NOTE);
    };
    match customers(tenant, support)?.update(id, set) {
        Ok(_) => return Err(format!("support changed {column}").into()),
        Err(error) => refused(&error)?,
    }
    say!("{} changes {column}:", who(sales));
    let revision = customers(tenant, sales)?.update(id, set)?;
    say!("  done: it is revision {revision} now, and what sales can't see was kept as it was");
    Ok(Some(Changed { id, column, value: NOTE }))
}

fn customers(tenant: &Tenant, actor: &Actor) -> strongroom::Result<strongroom::Collection<Document>> {
    tenant.session(actor.clone())?.for_purpose("showing who sees what").collection_named(CUSTOMERS)
}

fn found(found: Option<Found<Document>>) -> strongroom::Result<Found<Document>> {
    found.ok_or(Error::NotFound)
}

fn who(actor: &Actor) -> String {
    match actor.roles() {
        [] => format!("{} (no role)", actor.id()),
        roles => format!("{} ({})", actor.id(), roles.join(", ")),
    }
}

/// Shows what an actor was given of a customer, and names what was withheld.
fn show(answer: strongroom::Result<Found<Document>>, customer: &Document) -> Outcome<()> {
    match answer {
        Ok(found) => {
            let fields: Vec<String> =
                found.value.iter().map(|(name, value)| format!("{name}: {}", short(value))).collect();
            say!("  {}", fields.join(" | "));
            if found.value.len() < customer.len() {
                say!("  withheld: {}", found.withheld.join(", "));
            }
        }
        Err(error) => refused(&error)?,
    }
    Ok(())
}

/// Shortens a value for one line of the screen.
fn short(value: &Value) -> String {
    let mut characters = value.as_text().unwrap_or("?").chars();
    let start: String = characters.by_ref().take(WIDTH).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if characters.next().is_none() { start } else { format!("{start}...") }
}

/// Shows why not: what the actor is told, and what only an administrator should be.
fn refused(error: &Error) -> Outcome<()> {
    match error {
        Error::Denied(denial) => {
            say!("  denied ({}): {}", denial.code, denial.for_user);
            say!("  for the administrator: {}", denial.for_admin);
        }
        other => say!("  refused: {other}"),
    }
    Ok(())
}
