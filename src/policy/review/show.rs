//! A review as a table for people, at most 120 columns wide.

use std::collections::BTreeMap;
use std::fmt;

use super::data::{AccessReview, ActorReview, CollectionReview, Extent, Right};
use super::table::{self, Column};

/// 120 columns with the gaps between them.
const ACCESS: [Column; 6] = [
    Column("Actor", 20),
    Column("Collection", 16),
    Column("May", 20),
    Column("Records", 12),
    Column("Fields", 24),
    Column("Only if", 18),
];
const ROLES: [Column; 4] = [Column("Role", 30), Column("Held by", 36), Column("Last used", 27), Column("Remark", 21)];

/// One line: what may be done on which records, with which fields, under which conditions.
type Line = (String, String, String);

impl fmt::Display for AccessReview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenant = self.tenant.as_ref().map(|name| format!(" of {}", table::shown(name))).unwrap_or_default();
        writeln!(f, "Review of access{tenant}, {}", self.time)?;
        writeln!(f, "Policy {}", self.policy)?;
        writeln!(f)?;
        let rows: Vec<_> = self.actors.iter().flat_map(of_actor).collect();
        table::write(f, ACCESS, 2, &rows)?;
        self.conflicts(f)?;
        self.roles(f)?;
        if !self.notes.is_empty() {
            writeln!(f, "\nNotes")?;
            self.notes.iter().try_for_each(|note| writeln!(f, "  {}", table::shown(note)))?;
        }
        Ok(())
    }
}

impl AccessReview {
    fn conflicts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = |actor: &ActorReview| {
            let rows = actor.conflicts.iter().map(|conflict| [actor.actor.clone(), conflict.clone()]);
            rows.collect::<Vec<_>>()
        };
        let rows: Vec<_> = self.actors.iter().flat_map(each).collect();
        if rows.is_empty() {
            return Ok(());
        }
        writeln!(f)?;
        table::write(f, [Column("Actor", 30), Column("Conflict of duties", 88)], 1, &rows)
    }

    fn roles(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.roles.is_empty() {
            return Ok(());
        }
        let rows = self.roles.iter().map(|role| {
            let mut remarks = Vec::new();
            if !role.known {
                remarks.push("unknown to the policy".to_owned());
            } else if role.held_by.is_empty() {
                remarks.push("nobody has it".to_owned());
            }
            if role.unused {
                remarks.push(format!("unused for {} days", self.unused_for_days.unwrap_or_default()));
            }
            let used = role.last_used.map(|time| time.to_string()).unwrap_or_default();
            [role.role.clone(), role.held_by.join(", "), used, remarks.join("; ")]
        });
        let rows: Vec<_> = rows.collect();
        writeln!(f)?;
        table::write(f, ROLES, 0, &rows)
    }
}

fn of_actor(actor: &ActorReview) -> Vec<[String; 6]> {
    let suspended = if actor.suspended { ", suspended" } else { "" };
    let roles = if actor.roles.is_empty() { "no role".to_owned() } else { actor.roles.join(", ") };
    let name = format!("{} ({roles}{suspended})", actor.actor);
    let mut rows = Vec::new();
    let mut lines = Lines::default();
    for review in &actor.administration {
        if let Some((_, extent)) = records(&review.right).into_iter().next() {
            lines.add(review.act.name(), ("-".to_owned(), String::new(), conditions(&extent)));
        }
    }
    rows.extend(lines.rows(&name, "-"));
    for collection in &actor.collections {
        rows.extend(of_collection(collection).rows(&name, &collection.collection));
    }
    if rows.is_empty() {
        rows.push([name, "-".to_owned(), "nothing".to_owned(), String::new(), String::new(), String::new()]);
    }
    rows
}

fn of_collection(collection: &CollectionReview) -> Lines {
    let mut lines = Lines::default();
    let mut with_fields: Vec<&str> = Vec::new();
    for (place, verb) in ["read", "write", "create", "search", "export", "unmask"].into_iter().enumerate() {
        // By records and conditions, the fields.
        let mut fields: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
        for field in &collection.fields {
            let Some((_, right)) = field.rights().into_iter().nth(place) else { continue };
            for (records, extent) in records(right) {
                fields.entry((records, conditions(&extent))).or_default().push(&field.field);
            }
        }
        if !fields.is_empty() {
            with_fields.push(verb);
        }
        for ((records, conditions), fields) in fields {
            let all = fields.len() == collection.fields.len() && fields.len() > 1;
            let fields = if all { format!("all {}", fields.len()) } else { fields.join(", ") };
            lines.add(verb, (records, fields, conditions));
        }
    }
    for review in &collection.acts {
        let name = review.act.name();
        let verb = if name == "update" { "write" } else { name };
        if !with_fields.contains(&verb) {
            for (records, extent) in records(&review.right) {
                lines.add(name, (records, String::new(), conditions(&extent)));
            }
        }
    }
    lines
}

/// On which records something may be done at all, and how far.
pub(super) fn records(right: &Right) -> Vec<(String, Extent)> {
    let Right { any, own, samples } = right;
    let mut all = if any == own {
        vec![("any record".to_owned(), any.clone())]
    } else {
        vec![("own records".to_owned(), own.clone()), ("others' records".to_owned(), any.clone())]
    };
    let odd = samples.iter().filter(|(_, extent)| *extent != any);
    all.extend(odd.map(|(name, extent)| (format!("`{name}`"), extent.clone())));
    all.retain(|(_, extent)| *extent != Extent::Never);
    all
}

fn conditions(extent: &Extent) -> String {
    match extent {
        Extent::If(conditions) => conditions.join("; "),
        _ => String::new(),
    }
}

/// Lines of one actor and collection: what is equal but for the act is one line.
#[derive(Default)]
struct Lines(Vec<(Vec<&'static str>, Line)>);

impl Lines {
    fn add(&mut self, verb: &'static str, line: Line) {
        match self.0.iter_mut().find(|(_, known)| *known == line) {
            Some((verbs, _)) => verbs.push(verb),
            None => self.0.push((vec![verb], line)),
        }
    }

    fn rows(self, actor: &str, collection: &str) -> Vec<[String; 6]> {
        let row = |(verbs, (records, fields, conditions)): (Vec<&str>, Line)| {
            [actor.to_owned(), collection.to_owned(), verbs.join(", "), records, fields, conditions]
        };
        self.0.into_iter().map(row).collect()
    }
}
