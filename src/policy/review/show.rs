//! A review as a table for people, at most 120 columns wide.

use std::collections::BTreeSet;
use std::fmt;

use super::report::AccessReview;
use super::rights::{together, unexplained};
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

impl fmt::Display for AccessReview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenant = self.tenant.as_ref().map(|name| format!(" of {}", table::shown(name))).unwrap_or_default();
        writeln!(f, "Review of access{tenant}, {}", self.time)?;
        writeln!(f, "Policy {}", self.policy)?;
        writeln!(f)?;
        table::write(f, ACCESS, 2, &rows(self))?;
        let pairs =
            self.conflicts.iter().flat_map(|(actor, all)| all.iter().map(move |one| [actor.clone(), one.clone()]));
        let conflicts: Vec<_> = pairs.collect();
        if !conflicts.is_empty() {
            writeln!(f)?;
            table::write(f, [Column("Actor", 30), Column("Conflict of duties", 88)], 1, &conflicts)?;
        }
        let roles: BTreeSet<&String> = self.roles.iter().chain(self.actors.values().flatten()).collect();
        if !roles.is_empty() {
            writeln!(f)?;
            let unused: BTreeSet<&str> = self.unused_roles().collect();
            let rows: Vec<_> =
                roles.into_iter().map(|role| role_row(self, role, unused.contains(role.as_str()))).collect();
            table::write(f, ROLES, 0, &rows)?;
        }
        if !self.notes.is_empty() {
            writeln!(f, "\nNotes")?;
            self.notes.iter().try_for_each(|note| writeln!(f, "  {}", table::shown(note)))?;
        }
        Ok(())
    }
}

fn role_row(review: &AccessReview, role: &str, unused: bool) -> [String; 4] {
    let held_by: Vec<&str> = review.held_by(role).collect();
    let mut remarks = Vec::new();
    if !review.roles.contains(role) {
        remarks.push("unknown to the policy".to_owned());
    } else if held_by.is_empty() {
        remarks.push("nobody has it".to_owned());
    }
    if unused {
        remarks.push(format!("unused for {} days", review.unused_for_days.unwrap_or_default()));
    }
    let used = review.last_used.get(role).map(ToString::to_string).unwrap_or_default();
    [role.to_owned(), held_by.join(", "), used, remarks.join("; ")]
}

/// Returns the rights of everybody as lines; rights that are equal but for the act are one line.
fn rows(review: &AccessReview) -> Vec<[String; 6]> {
    let rights = together(review.rights.iter().cloned().map(unexplained));
    let mut rows: Vec<([String; 6], Vec<&str>)> = Vec::new();
    let named = review.actors.keys().chain(&review.suspended).chain(rights.iter().map(|right| &right.actor));
    for id in named.collect::<BTreeSet<_>>() {
        let roles = review.actors.get(id).filter(|roles| !roles.is_empty());
        let roles = roles.map_or_else(|| "no role".to_owned(), |roles| join(roles, ", "));
        let suspended = if review.suspended.contains(id) { ", suspended" } else { "" };
        let name = format!("{id} ({roles}{suspended})");
        let before = rows.len();
        for right in rights.iter().filter(|right| right.actor == *id) {
            let place = right.collection.as_deref().unwrap_or("-");
            let records = if right.collection.is_none() { "-".to_owned() } else { right.extent.to_string() };
            let known = review.collections.get(place).map_or(0, BTreeSet::len);
            let all = known > 1 && known == right.fields.len();
            let fields = if all { format!("all {known}") } else { right.fields.join(", ") };
            let row = [name.clone(), place.to_owned(), String::new(), records, fields, right.conditions.join("; ")];
            match rows.iter_mut().skip(before).find(|(other, _)| *other == row) {
                Some((_, acts)) => acts.push(right.act.name()),
                None => rows.push((row, vec![right.act.name()])),
            }
        }
        if rows.len() == before {
            rows.push((
                [name, "-".to_owned(), String::new(), String::new(), String::new(), String::new()],
                vec!["nothing"],
            ));
        }
    }
    let told = rows.into_iter().map(|([name, place, _, records, fields, conditions], acts)| {
        [name, place, acts.join(", "), records, fields, conditions]
    });
    told.collect()
}

fn join(names: &BTreeSet<String>, between: &str) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(between)
}
