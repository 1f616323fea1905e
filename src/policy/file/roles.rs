//! `[roles.*]`, their grants, and `[separate]`.

use std::collections::BTreeMap;

use super::node::{Entry, Value};
use super::section::Section;
use super::word::{Collections, Word};
use crate::model::{Action, FieldSet};
use crate::policy::fault::COLLECTION;
use crate::policy::{Grant, Role, Roles};

/// Reads the roles, and where each name stands.
pub(super) fn read<'a>(top: &Section<'a>) -> (Roles, BTreeMap<&'a str, usize>) {
    let mut roles = Roles::new();
    let mut places = BTreeMap::new();
    let named = top.named("roles");
    if named.is_empty() {
        top.mistake(top.at, || {
            "there are no roles, so nothing would be permitted: define one and what it may, such as `[[roles.sales.on]]`"
                .to_owned()
        });
    }
    for (name, node) in named {
        places.insert(name.text, name.at);
        roles = roles.role(name.text, |role| {
            top.reading.section(node, |section| body(section, name, role.clone())).unwrap_or(role)
        });
    }
    for (name, node) in top.named("separate") {
        places.insert(name.text, name.at);
        let apart: Vec<Word<'_>> = top.as_words(node);
        if !apart.is_empty() && apart.len() < 2 {
            top.mistake(node.at.start, || "two roles or more are kept apart: name another".to_owned());
        }
        let known = apart.iter().filter(|role| top.reading.is_role(**role)).map(|role| role.text);
        roles = roles.separate(known);
    }
    (roles, places)
}

fn body(section: &Section<'_>, name: Word<'_>, mut role: Role) -> Role {
    for above in section.roles("inherits") {
        if above.text == name.text {
            section.mistake(above.at, || format!("`{}` can't inherit itself: leave it out", above.text));
        } else {
            role = role.inherits(above.text);
        }
    }
    role = role.may(section.acts("may").into_iter().flatten().filter(|(act, at)| may(section, *act, *at)).map(|a| a.0));
    grants(section, role)
}

/// Reads the grants under the key `on`.
pub(super) fn grants(section: &Section<'_>, mut role: Role) -> Role {
    section.each("on", |grant| role = one(grant, role.clone()));
    role
}

fn one(section: &Section<'_>, mut role: Role) -> Role {
    let collections = section.collections();
    let of = collections.as_ref();
    let create = created(section, of);
    let (read, update) = (section.fields("read", of), section.fields("update", of));
    let unmask = section.get("unmask").and_then(|entry| unmasked(section, entry, of));
    let said = section.acts("acts");
    let any = said.is_some() || ["create", "read", "update", "unmask"].iter().any(|key| section.get(key).is_some());
    let acts: Vec<Action> = said.into_iter().flatten().filter(|a| on_records(section, a.0, a.1)).map(|a| a.0).collect();
    let own_only = section.flag("own_only");
    if !any {
        section.mistake(section.at, || {
            "this grant allows nothing: say what, such as `read = [\"name\"]` or `acts = [\"export\"]`".to_owned()
        });
    }
    let places: Vec<Option<&str>> = match &collections {
        Some(Collections::All) => vec![None],
        Some(Collections::These(names)) => names.iter().map(|name| Some(name.text)).collect(),
        None => {
            section.require(&[COLLECTION]);
            return role;
        }
    };
    for place in places {
        let grant = place.map_or_else(|| role.clone().on_any(), |name| role.clone().on(name));
        let mut grant = fields(grant, create.as_ref(), |grant| grant.create(), Grant::create_with);
        grant = fields(grant, read.as_ref(), |grant| grant.read_all(), Grant::read);
        grant = fields(grant, update.as_ref(), |grant| grant.update_all(), Grant::update);
        if let Some(names) = &unmask {
            grant = grant.unmask(names.iter().copied());
        }
        grant = acts.iter().fold(grant, |grant, act| act_on(grant, *act));
        role = if own_only { grant.own_only() } else { grant }.into();
    }
    role
}

fn fields(
    grant: Grant,
    set: Option<&FieldSet>,
    all: impl FnOnce(Grant) -> Grant,
    only: impl FnOnce(Grant, Vec<String>) -> Grant,
) -> Grant {
    match set {
        None => grant,
        Some(FieldSet::All) => all(grant),
        Some(FieldSet::Only(names)) => only(grant, names.iter().map(str::to_owned).collect()),
    }
}

/// Reads `create`: true, all, or with these fields only.
fn created(section: &Section<'_>, of: Option<&Collections<'_>>) -> Option<FieldSet> {
    match section.get("create").map(|entry| &entry.node.value) {
        Some(Value::Flag(flag)) => flag.then_some(FieldSet::All),
        _ => section.fields("create", of),
    }
}

/// Reads `unmask`: these fields. Not all: what nobody thought of stays masked.
fn unmasked<'a>(section: &Section<'a>, entry: &'a Entry, of: Option<&Collections<'_>>) -> Option<Vec<&'a str>> {
    if matches!(&entry.node.value, Value::Text(text) if text == "all") {
        section.mistake(entry.node.at.start, || {
            "name the fields to unmask, such as `[\"iban\"]`: there is no `all`".to_owned()
        });
        return None;
    }
    let words = section.as_words(&entry.node);
    words.iter().for_each(|word| section.reading.mentions.field(*word, of));
    (!words.is_empty()).then(|| words.iter().map(|word| word.text).collect())
}

fn act_on(grant: Grant, act: Action) -> Grant {
    match act {
        Action::Delete => grant.delete(),
        Action::Export => grant.export(),
        Action::Share => grant.share(),
        Action::Transfer => grant.transfer(),
        Action::Erase => grant.erase(),
        Action::Hold => grant.hold(),
        Action::Approve => grant.approve(),
        _ => grant,
    }
}

/// Tells whether `acts` of a grant takes this act.
fn on_records(section: &Section<'_>, act: Action, at: usize) -> bool {
    let instead = match act {
        Action::Delete
        | Action::Export
        | Action::Share
        | Action::Transfer
        | Action::Erase
        | Action::Hold
        | Action::Approve => return true,
        Action::Create => "write `create = true`, or the fields: `create = [\"name\"]`",
        Action::Read | Action::List | Action::Search | Action::Count => {
            "write `read = [\"name\"]`, or `read = \"all\"`: it allows to list, search and count as well"
        }
        Action::Update => "write `update = [\"name\"]`, or `update = \"all\"`",
        Action::Unmask => "write `unmask = [\"iban\"]`",
        _ => "it isn't done to records, so it stands under the role: `may = [..]`",
    };
    section.mistake(at, || format!("`{act}` doesn't stand in `acts`: {instead}"));
    false
}

/// Tells whether `may` of a role takes this act.
fn may(section: &Section<'_>, act: Action, at: usize) -> bool {
    let instead = match act {
        Action::CreateVault => "no policy is asked about it: leave it out",
        _ if act.is_administration() => return true,
        Action::Approve | Action::BreakGlass => return true,
        Action::Create | Action::Read | Action::List | Action::Search | Action::Count | Action::Update => {
            "it is done to records, so it stands in a grant: `[[roles.<name>.on]]` with `create`, `read` or `update`"
        }
        Action::Unmask => "it is done to records, so it stands in a grant: `[[roles.<name>.on]]` with `unmask`",
        _ => "it is done to records, so it stands in a grant: `[[roles.<name>.on]]` with `acts`",
    };
    section.mistake(at, || format!("`{act}` doesn't stand in `may`: {instead}"));
    false
}
