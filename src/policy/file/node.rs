//! A text of TOML as a tree whose parts know where they stand. The one place that names the TOML library.
//!
//! Guarantees: a tree no deeper than the library's own limit (80); every mistake of grammar with its place; keys in the
//! order in which they stand. Does not: know what any key means.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// A value, and the bytes it stands in.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Range<usize>,
    pub(super) value: Value,
}

/// A value of some kind.
#[derive(Debug)]
pub(super) enum Value {
    Text(String),
    /// `None` for one beyond 64 bits.
    Number(Option<i64>),
    Flag(bool),
    List(Vec<Node>),
    Table(Vec<Entry>),
    /// A kind that no key takes, by its name.
    Other(&'static str),
}

/// A key and its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Where the key stands.
    pub(super) at: usize,
    pub(super) node: Node,
}

impl Value {
    /// Names the kind, for a person.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Number(_) => "a number",
            Self::Flag(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(kind) => kind,
        }
    }
}

/// Reads the tree of a text.
///
/// # Errors
/// Each mistake of grammar: where, and what.
pub(super) fn tree(text: &str) -> Result<Vec<Entry>, Vec<(usize, String)>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(entries(table.get_ref()));
    }
    let place = |span: Option<Range<usize>>| span.map_or(text.len(), |span| span.start);
    Err(errors.iter().map(|error| (place(error.span()), error.message().to_owned())).collect())
}

fn entries(table: &DeTable<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            at: key.span().start,
            node: node(value.get_ref(), value.span()),
        })
        .collect();
    entries.sort_by_key(|entry| entry.at);
    entries
}

fn node(value: &DeValue<'_>, at: Range<usize>) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Number(i64::from_str_radix(number.as_str(), number.radix()).ok()),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(item.get_ref(), item.span())).collect()),
        DeValue::Table(table) => Value::Table(entries(table)),
        DeValue::Float(_) => Value::Other("a number with a point"),
        DeValue::Datetime(_) => Value::Other("a date or a time without quotes"),
    };
    Node { at, value }
}
