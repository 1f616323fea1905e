//! The hierarchy of managers.
//!
//! People stand in one row, each before all who report to them. So all of a manager's reports, theirs included, are one
//! stretch of it: asking takes one look, and the memory grows with the people and not with the depth.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A hierarchy made ready to ask.
#[derive(Debug, Clone, Default)]
pub(super) struct Hierarchy {
    row: Vec<String>,
    /// Where somebody stands in the row, and where their reports end.
    stretch: HashMap<String, (usize, usize)>,
}

impl Hierarchy {
    /// Builds a hierarchy from each one's managers, and the mistakes in it.
    pub(super) fn new(managers: &BTreeMap<String, BTreeSet<String>>) -> (Self, Vec<String>) {
        let mut faults = Vec::new();
        let mut reports: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (person, above) in managers {
            if person.trim().is_empty() || above.iter().any(|manager| manager.trim().is_empty()) {
                faults.push("a manager, or somebody managed, has no id: name both".to_owned());
            }
            if above.len() > 1 {
                let above: Vec<&str> = above.iter().map(String::as_str).collect();
                let above = above.join("` and `");
                faults.push(format!(
                    "`{person}` has the managers `{above}`: keep one, and reach the others by a rule or a group"
                ));
            }
            for manager in above {
                reports.entry(manager).or_default().push(person);
            }
        }
        let mut hierarchy = Self::default();
        for &top in reports.keys().filter(|manager| !managers.contains_key(**manager)) {
            hierarchy.add(top, &reports);
        }
        // Everybody is below somebody at the top, but for those who go round in a circle, and who are below these.
        let lost: Vec<&str> =
            managers.keys().map(String::as_str).filter(|p| !hierarchy.stretch.contains_key(*p)).collect();
        if !lost.is_empty() {
            let lost = lost.join("`, `");
            faults
                .push(format!("`{lost}`: who manages them goes round in a circle: somebody at its top has no manager"));
        }
        (hierarchy, faults)
    }

    /// Tells whether one manages the other, directly or through others.
    pub(super) fn manages(&self, manager: &str, person: &str) -> bool {
        let (Some((from, end)), Some((at, _))) = (self.stretch.get(manager), self.stretch.get(person)) else {
            return false;
        };
        from < at && at < end
    }

    /// Returns all whom somebody manages, directly or through others.
    pub(super) fn reports(&self, manager: &str) -> &[String] {
        let stretch = self.stretch.get(manager).and_then(|(from, end)| self.row.get(from.checked_add(1)?..*end));
        stretch.unwrap_or_default()
    }

    fn add(&mut self, top: &str, reports: &BTreeMap<&str, Vec<&str>>) {
        enum Step<'a> {
            Enter(&'a str),
            Leave(&'a str),
        }
        let mut steps = vec![Step::Enter(top)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Enter(person) => {
                    // One with two managers is met twice; that is a fault already.
                    if self.stretch.contains_key(person) {
                        continue;
                    }
                    self.stretch.insert(person.to_owned(), (self.row.len(), self.row.len()));
                    self.row.push(person.to_owned());
                    steps.push(Step::Leave(person));
                    steps.extend(reports.get(person).into_iter().flatten().map(|report| Step::Enter(report)));
                }
                Step::Leave(person) => {
                    if let Some((_, end)) = self.stretch.get_mut(person) {
                        *end = self.row.len();
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
