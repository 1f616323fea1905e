//! The office of this CRM: two companies, one collection of customers, and who may do what with it.

use strongroom::policy::Roles;
use strongroom::{Actor, Normalizer, Schema};

use crate::Outcome;
use crate::options::Options;
use crate::table::Table;

/// The companies. The rows of the file go to them in turn, as if two companies' files had been mixed.
pub const COMPANIES: [&str; 2] = ["harbour-insurance", "meadow-outfitters"];
/// The collection, in each of them.
pub const CUSTOMERS: &str = "customers";

/// The columns, with who may do what with them and which can be searched.
pub struct Office {
    pub columns: Vec<String>,
    pub unique: Option<String>,
    pub index: Vec<String>,
    /// The columns that support sees: those that customers are looked up by.
    pub support_reads: Vec<String>,
    /// The columns that sales sees: all but the last two columns, unless customers are looked up by these or there are no others.
    pub sales_reads: Vec<String>,
    /// The one column that sales may change.
    pub sales_writes: Option<String>,
    region: Option<[u8; 2]>,
}

impl Office {
    pub fn plan(options: &Options, table: &Table) -> Outcome<Self> {
        let columns = table.columns.clone();
        for name in options.unique.iter().chain(&options.index) {
            if !columns.contains(name) {
                return Err(format!("there is no column `{name}`; the columns are: {}", columns.join(", ")).into());
            }
        }
        let unique = options.unique.clone();
        let mut index = options.index.clone();
        index.sort();
        index.dedup();
        index.retain(|name| Some(name) != unique.as_ref());
        let looked_up = |name: &String| unique.as_ref() == Some(name) || index.contains(name);
        let shown = if columns.len() > 2 { columns.len() - 2 } else { columns.len() };
        let of_columns = |keep: &dyn Fn(usize, &String) -> bool| -> Vec<String> {
            columns.iter().enumerate().filter(|(at, name)| keep(*at, name)).map(|(_, name)| name.clone()).collect()
        };
        let support_reads = of_columns(&|_, name| looked_up(name));
        let sales_reads = of_columns(&|at, name| at < shown || looked_up(name));
        let sales_writes = sales_reads.iter().rev().find(|name| !looked_up(name)).cloned();
        Ok(Self { columns, unique, index, support_reads, sales_reads, sales_writes, region: options.region })
    }

    /// Returns the collection's schema: the columns that can be searched, and how their values are made comparable.
    pub fn schema(&self) -> Schema {
        let schema = Schema::open(CUSTOMERS);
        let schema = self.unique.iter().fold(schema, |schema, name| schema.unique(name, self.normalizer(name)));
        self.index.iter().fold(schema, |schema, name| schema.index(name, self.normalizer(name)))
    }

    /// Guesses how a column is compared by the words of its name. A real CRM knows its columns and says so.
    pub fn normalizer(&self, column: &str) -> Normalizer {
        let name = format!(" {} ", words(column).join(" "));
        let has = |parts: &[&str]| parts.iter().any(|part| name.contains(&format!(" {part} ")));
        match self.region {
            _ if has(&["email", "e mail"]) || name.ends_with(" mail ") => Normalizer::Email,
            Some(region) if has(&["phone", "telephone", "cellphone", "mobile", "tel"]) => Normalizer::Phone { region },
            _ if has(&["soc sec", "ssn", "passport", "tax", "national", "vat"]) => Normalizer::NationalId,
            _ if name.ends_with(" id ") || has(&["code", "postcode", "number"]) => Normalizer::Exact,
            _ => Normalizer::Text,
        }
    }

    /// Returns the policy. Nobody may do anything that isn't said here.
    pub fn policy(&self) -> Roles {
        let policy = Roles::new()
            .role("admin", |r| r.administer())
            // Whoever tries more than 200 unique values in an hour has to have the right to search for them.
            .role("import", |r| match &self.unique {
                Some(column) => r.on(CUSTOMERS).create().read([column.clone()]),
                None => r.on(CUSTOMERS).create(),
            })
            .role("sales", |r| {
                let grant = r.on(CUSTOMERS).read(self.sales_reads.clone());
                match &self.sales_writes {
                    Some(column) => grant.update([column.clone()]),
                    None => grant,
                }
            })
            .role("protection", |r| r.on(CUSTOMERS).read_all());
        match self.support_reads.as_slice() {
            // A grant needs at least one column.
            [] => policy,
            columns => policy.role("support", |r| r.on(CUSTOMERS).read(columns.iter().cloned())),
        }
    }

    pub fn describe(&self) -> Outcome<()> {
        say!("two companies, {} and {}: the rows go to them in turn", COMPANIES[0], COMPANIES[1]);
        for name in self.unique.iter().chain(&self.index) {
            let unique = if Some(name) == self.unique.as_ref() { ", unique" } else { "" };
            say!("  searched by {name}, compared {}{unique}", how(&self.normalizer(name)));
        }
        if self.unique.is_none() && self.index.is_empty() {
            say!("  no column can be searched: --unique and --index name some");
        }
        let columns = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        say!(
            "  sales reads {}; changes {}",
            columns(&self.sales_reads),
            self.sales_writes.as_deref().unwrap_or("nothing")
        );
        say!("  support reads {}", columns(&self.support_reads));
        say!("  protection reads everything, admin nothing");
        Ok(())
    }
}

pub fn admin() -> Actor {
    Actor::new("admin-1").with_role("admin")
}

pub fn protection() -> Actor {
    Actor::new("protection-1").with_role("protection")
}

fn how(normalizer: &Normalizer) -> &'static str {
    match normalizer {
        Normalizer::Exact => "exactly",
        Normalizer::Text => "as text, without regard to case and blanks",
        Normalizer::Email => "as e-mail addresses",
        Normalizer::Phone { .. } => "as phone numbers",
        Normalizer::NationalId => "by letters and digits alone",
        _ => "by a rule of its own",
    }
}

/// Splits a name into its words, in lower case: at all that is neither letter nor digit, between letters and digits, and where
/// `camelCase` has its humps.
fn words(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (at, character) in characters.iter().enumerate() {
        let begins = match at.checked_sub(1).map(|before| characters[before]) {
            _ if !character.is_alphanumeric() => true,
            Some(before) if before.is_numeric() != character.is_numeric() => true,
            Some(before) if character.is_uppercase() => {
                before.is_lowercase() || characters.get(at + 1).is_some_and(|after| after.is_lowercase())
            }
            _ => false,
        };
        if begins {
            words.push(String::new());
        }
        if let (Some(word), true) = (words.last_mut(), character.is_alphanumeric()) {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(column: &str) -> &'static str {
        let office = Office {
            columns: Vec::new(),
            unique: None,
            index: Vec::new(),
            support_reads: Vec::new(),
            sales_reads: Vec::new(),
            sales_writes: None,
            region: Some(*b"AU"),
        };
        how(&office.normalizer(column))
    }

    #[test]
    fn columns_are_guessed_by_whole_words() {
        for (kind, columns) in [
            (Normalizer::Email, "E-Mail|email|email_address|Email address|EMAIL1|eMail|workEmail|Contact mail"),
            (Normalizer::Phone { region: *b"AU" }, "Phone|phone_number|Telephone|mobilePhone|tel.|Phone2"),
            (Normalizer::NationalId, "soc_sec_id|Passport no|taxNumber|VAT|national id"),
            (Normalizer::Exact, "id|rec_id|customerID|street_number|postcode|Post code"),
            (
                Normalizer::Text,
                "Mailing street|Mail stop|Hotel|Phoneme|elevator|Private|Nationality|Barcoder|grid|Taxi|名前",
            ),
        ] {
            for column in columns.split('|') {
                assert_eq!(guess(column), how(&kind), "{column}");
            }
        }
    }
}
