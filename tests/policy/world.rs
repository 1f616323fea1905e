//! The people and things of the page, what is known of them, and asking a policy about a case.

use std::collections::BTreeMap;

use strongroom::model::{Access, Action, Facts, FieldSet, Grantee, Request, Resource, Timestamp};
use strongroom::policy::{self, AccessPolicy, Denial, Obligation, Permission};
use strongroom::{Actor, RecordId};

use crate::page::{Page, Row};

type Checked = Result<(), libtest_mimic::Failed>;

/// Midnight of a Monday, in days since 1970.
const MONDAY: i64 = 20_780;
const MINUTE: i64 = 60_000_000;
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

pub struct World {
    people: BTreeMap<String, Person>,
    things: BTreeMap<String, Thing>,
}

struct Person {
    actor: Actor,
    /// Strength, and how many minutes before the act.
    signed_in: Option<(u8, i64)>,
}

struct Thing {
    collection: String,
    id: Option<RecordId>,
    owner: Option<String>,
    labels: Vec<String>,
    attributes: Vec<(String, String)>,
    shared: Vec<(String, String, Access)>,
}

/// The codes of denials that have to be as the page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codes {
    All,
    /// Cedar doesn't tell why it permits nothing: those of its forbids, and of what a permit obliges to.
    #[cfg_attr(not(feature = "cedar"), allow(dead_code, reason = "asked with the feature only"))]
    OfForbids,
}

/// The facts of one case.
struct Known<'a> {
    world: &'a World,
    now: Timestamp,
    approvals: u32,
    emergency: bool,
    seen: u32,
}

impl World {
    pub fn new(page: &Page) -> Self {
        let person = |row: &Row| (row.cell("name").to_owned(), Person::new(row));
        let thing = |(number, row): (usize, &Row)| (row.cell("name").to_owned(), Thing::new(number, row));
        Self {
            people: page.people.iter().map(person).collect(),
            things: page.things.iter().enumerate().map(thing).collect(),
        }
    }

    /// Checks that no person or thing is in no case.
    pub fn idle(&self, page: &Page) -> Checked {
        let rows = || page.sections.iter().flat_map(|section| &section.rows);
        let people = self.people.keys().filter(|name| !rows().any(|row| row.cell("who") == **name));
        let things = self.things.keys().filter(|name| !rows().any(|row| row.cell("to what") == **name));
        let idle: Vec<_> = people.chain(things).collect();
        if idle.is_empty() { Ok(()) } else { Err(format!("in no case: {idle:?}").into()) }
    }

    /// Checks that the policy answers a case as the page says.
    pub fn check(&self, policy: &dyn AccessPolicy, row: &Row, codes: Codes) -> Checked {
        let person = self.people.get(row.cell("who")).ok_or(format!("nobody is called {}", row.cell("who")))?;
        let action = Action::from_name(row.cell("does")).ok_or(format!("no act is called {}", row.cell("does")))?;
        let to = row.cell("to what");
        let thing = self.things.get(to);
        let rest = if action.is_bulk() { to.strip_prefix("all ") } else { to.strip_prefix("none of ") };
        if thing.is_none() && rest.is_none() && to != "the vault" {
            return Err(format!("nothing is called {to}, to {action}").into());
        }

        let mut known = Known { world: self, now: Timestamp::from_micros(0), approvals: 0, emergency: false, seen: 0 };
        let (mut minutes, mut fields, mut purpose, mut reason) = (600, Vec::new(), None, None);
        for phrase in row.cell("circumstances").split(';').map(str::trim).filter(|phrase| !phrase.is_empty()) {
            let (word, rest) = phrase.split_once(' ').unwrap_or((phrase, ""));
            match word {
                "for" => purpose = Some(rest),
                "because" => reason = Some(rest),
                "field" | "fields" => fields = rest.split(',').map(str::trim).collect(),
                "approvals" => known.approvals = rest.parse()?,
                "emergency" => known.emergency = true,
                "seen" => known.seen = rest.parse()?,
                day if DAYS.contains(&day) => {
                    let (hour, minute) = rest.split_once(':').ok_or("a time is like `monday 09:30`")?;
                    let day = DAYS.iter().position(|known| *known == day).unwrap_or(0) as i64;
                    minutes = day * 1_440 + hour.parse::<i64>()? * 60 + minute.parse::<i64>()?;
                }
                _ => return Err(format!("nobody knows what `{phrase}` means").into()),
            }
        }
        known.now = Timestamp::from_micros((MONDAY * 1_440 + minutes) * MINUTE);
        let mut actor = person.actor.clone();
        if let Some((strength, ago)) = person.signed_in {
            actor = actor.with_authentication(strength, Timestamp::from_micros(known.now.as_micros() - ago * MINUTE));
        }

        let resource = thing.map(Thing::resource);
        let mut request = Request::new(&actor, action, known.now).fields(&fields);
        (request.collection, request.resource) = (thing.map(|thing| &*thing.collection).or(rest), resource.as_ref());
        (request.purpose, request.reason) = (purpose, reason);
        compare(policy::ask(policy, &request, &known), row.cell("answer"), codes)
    }
}

fn compare(answer: Result<Permission, Denial>, wanted: &str, codes: Codes) -> Checked {
    let got = match &answer {
        Ok(permission) => said(permission, wanted.contains("at most ")),
        Err(denial) => format!("no: {}", denial.code),
    };
    // A policy that fails denies too, but that isn't what the page wants.
    let not_told = codes == Codes::OfForbids && got == "no: not_allowed";
    if got == in_order(wanted) || (not_told && wanted.starts_with("no: ")) {
        return Ok(());
    }
    let why = answer.map_or_else(|denial| denial.for_admin, |permission| format!("by {}", permission.rule));
    Err(format!("wanted `{wanted}`, got `{got}`: {why}").into())
}

/// Returns an answer of the page, with the fields in the order of the alphabet.
fn in_order(wanted: &str) -> String {
    let part = |part: &str| match part.split_once(' ') {
        Some((verb @ ("sees" | "writes"), names)) => {
            let mut names: Vec<_> = names.split(',').map(str::trim).collect();
            names.sort_unstable();
            format!("{verb} {}", names.join(", "))
        }
        _ => part.to_owned(),
    };
    wanted.split("; ").map(part).collect::<Vec<_>>().join("; ")
}

/// Puts a permission in the words of the page. The number of rows is said only where the page says it.
fn said(permission: &Permission, rows: bool) -> String {
    let mut text = "yes".to_owned();
    for (verb, set) in [("sees", &permission.read), ("writes", &permission.write)] {
        match set {
            FieldSet::All => text += &format!("; {verb} all"),
            FieldSet::Only(names) if !names.is_empty() => {
                text += &format!("; {verb} {}", names.iter().collect::<Vec<_>>().join(", "));
            }
            _ => {}
        }
    }
    let most = permission.obligations.iter().filter_map(|obligation| match obligation {
        Obligation::RowLimit { per_act, .. } => Some(*per_act),
        _ => None,
    });
    if let Some(most) = most.min().filter(|_| rows) {
        text += &format!("; at most {most} rows");
    }
    for obligation in &permission.obligations {
        if let Obligation::Notify(code) = obligation {
            text += &format!("; alarms {code}");
        }
    }
    text
}

impl Person {
    fn new(row: &Row) -> Self {
        let mut actor = Actor::new(row.cell("id"));
        for role in words(row.cell("roles")) {
            actor = actor.with_role(role);
        }
        for (name, value) in pairs(row.cell("attributes")) {
            actor = actor.with_attribute(name, value);
        }
        let signed_in = row.cell("signed in").strip_suffix(" min ago").map(|text| {
            let (strength, ago) = text.split_once(", ").expect("like `2, 5 min ago`");
            (strength.parse().expect("a strength"), ago.parse().expect("minutes"))
        });
        Self { actor, signed_in }
    }
}

impl Thing {
    fn new(number: usize, row: &Row) -> Self {
        let mut id = [0x11; 16];
        id[15] = u8::try_from(number).expect("fewer things");
        let owner = Some(row.cell("owner").to_owned()).filter(|owner| !owner.is_empty());
        let share = |text: &str| {
            let (whom, access) = text.trim().split_once(": ").expect("like `actor ben: read`");
            let (kind, name) = whom.split_once(' ').expect("like `actor ben: read`");
            (kind.to_owned(), name.to_owned(), if access == "write" { Access::Write } else { Access::Read })
        };
        Self {
            collection: row.cell("collection").to_owned(),
            id: (!row.cell("name").contains("new")).then(|| RecordId::from_bytes(id)),
            owner,
            labels: words(row.cell("labels")).map(str::to_owned).collect(),
            attributes: pairs(row.cell("attributes")).map(|(a, b)| (a.to_owned(), b.to_owned())).collect(),
            shared: row.cell("shared with").split(';').filter(|text| !text.trim().is_empty()).map(share).collect(),
        }
    }

    fn resource(&self) -> Resource<'_> {
        let mut resource = Resource::new().labels(&self.labels).attributes(&self.attributes);
        (resource.id, resource.owner) = (self.id, self.owner.as_deref());
        resource
    }

    fn access(&self, with: Grantee<'_>) -> Option<Access> {
        let (kind, name) = match with {
            Grantee::Actor(name) => ("actor", name),
            Grantee::Role(name) => ("role", name),
            Grantee::Group(name) => ("group", name),
            _ => return None,
        };
        self.shared.iter().find(|share| share.0 == kind && share.1 == name).map(|share| share.2)
    }
}

impl Facts for Known<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn share(&self, record: RecordId, with: Grantee<'_>) -> Option<Access> {
        self.world.things.values().find(|thing| thing.id == Some(record))?.access(with)
    }

    fn shared_with(&self, collection: &str, with: Grantee<'_>) -> Vec<RecordId> {
        let things = self.world.things.values().filter(|thing| thing.collection == collection);
        things.filter(|thing| thing.access(with).is_some()).filter_map(|thing| thing.id).collect()
    }

    fn approvals(&self, _: &Request<'_>) -> u32 {
        self.approvals
    }

    fn emergency(&self, _: &str) -> Option<Timestamp> {
        self.emergency.then_some(self.now)
    }

    fn rows_in_last_hour(&self, _: &str) -> u32 {
        self.seen
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    words(text).map(|pair| pair.split_once('=').expect("like `team=north`"))
}
