//! `[sharing]` and `[owner_grants]`.

use std::collections::{BTreeMap, BTreeSet};

use super::section::Section;
use super::word::{Collections, Word, suggestion};
use crate::policy::fault::{COLLECTION, NAME};
use crate::policy::sharing::matching::Criteria;
use crate::policy::{OwnerGrants, Restriction, Sharing, SharingRule};

/// Reads the sharing, and where each name stands.
pub(super) fn read<'a>(section: &Section<'a>) -> (Sharing, BTreeMap<&'a str, usize>) {
    let mut sharing = Sharing::new();
    let mut places = BTreeMap::new();
    if section.flag("managers_read_only") {
        sharing = sharing.managers_read_only();
    }
    let attribute = section.word("group_attribute");
    if let Some(name) = attribute {
        sharing = sharing.group_attribute(name.text);
    }
    for (collection, node) in section.named("default") {
        section.reading.mentions.collection(collection);
        let Some(word) = section.as_word(node) else { continue };
        sharing = match word.text {
            "private" => sharing.private(collection.text),
            "public read" => sharing.public_read(collection.text),
            "public write" => sharing.public_write(collection.text),
            other => {
                let choices = ["private", "public read", "public write"];
                section.mistake(word.at, || format!("there is no default `{other}`: {}", choose(other, &choices)));
                sharing
            }
        };
    }
    for (person, node) in section.named("managers") {
        places.insert(person.text, person.at);
        if let Some(manager) = section.as_word(node) {
            sharing = sharing.manager(person.text, manager.text);
        }
    }
    let mut groups = BTreeSet::new();
    for (group, node) in section.named("groups") {
        groups.insert(group.text);
        let members = section.as_words(node);
        if !members.is_empty() {
            sharing = sharing.group(group.text, members.iter().map(|member| member.text));
        }
    }
    let groups = Groups { listed: groups, by_attribute: attribute.is_some() };
    let mut names = BTreeSet::new();
    section.each("rule", |rule| {
        let Some(name) = named(rule, &mut names) else { return };
        sharing = std::mem::take(&mut sharing).rule(name, |said| shared(rule, &groups, said));
    });
    section.each("restrict", |restriction| {
        let Some(name) = named(restriction, &mut names) else { return };
        sharing = std::mem::take(&mut sharing).restrict(name, |said| restricted(restriction, &groups, said));
    });
    (sharing, places)
}

/// Reads `[owner_grants]`.
pub(super) fn owner_grants(section: &Section<'_>) -> OwnerGrants {
    match section.collections() {
        Some(Collections::These(names)) => names.iter().fold(OwnerGrants::new(), |grants, name| grants.on(name.text)),
        Some(Collections::All) => {
            let entry = section.get("collection").map_or(section.at, |entry| entry.node.at.start);
            section.mistake(entry, || "`owner_grants` is for some collections: name them instead of `*`".to_owned());
            OwnerGrants::new()
        }
        None => OwnerGrants::new(),
    }
}

struct Groups<'a> {
    listed: BTreeSet<&'a str>,
    by_attribute: bool,
}

impl Groups<'_> {
    fn check(&self, section: &Section<'_>, word: Word<'_>, must_be_listed: bool) {
        if !self.listed.contains(word.text) && (must_be_listed || !self.by_attribute) {
            let instead = || "list its members under `[sharing.groups]`".to_owned();
            let near = || suggestion(word.text, self.listed.iter(), instead);
            section.mistake(word.at, || format!("there is no group `{}`: {}", word.text, near()));
        }
    }
}

/// Reads the name of a rule, which no other has.
pub(super) fn named<'a>(section: &Section<'a>, names: &mut BTreeSet<&'a str>) -> Option<&'a str> {
    let Some(name) = section.word("name") else {
        section.require(&[NAME]);
        // What else is wrong in it is still to be told.
        return Some("");
    };
    if !names.insert(name.text) {
        section.mistake(name.at, || format!("the name `{}` is used twice: give each rule its own", name.text));
    }
    Some(name.text)
}

fn shared(section: &Section<'_>, groups: &Groups<'_>, rule: SharingRule) -> SharingRule {
    let owned_by = section.words("owned_by_group");
    owned_by.iter().for_each(|group| groups.check(section, *group, true));
    let owned_by = owned_by.iter().map(|group| group.text.to_owned()).collect();
    let mut rule = rule.about(which(section, owned_by, "labelled = \"vip\""));
    let (to_group, to_role, to_actor) =
        (section.words("to_group"), section.roles("to_role"), section.words("to_actor"));
    let said = ["to_group", "to_role", "to_actor"].iter().any(|key| section.get(key).is_some());
    if !said {
        section.missing("to_group", "to_group = \"south\"`, `to_role = \"support\"` or `to_actor = \"sales-7\"");
    }
    for group in &to_group {
        groups.check(section, *group, false);
        rule = rule.to_group(group.text);
    }
    rule = to_role.iter().fold(rule, |rule, role| rule.to_role(role.text));
    rule = to_actor.iter().fold(rule, |rule, actor| rule.to_actor(actor.text));
    match section.word("allow") {
        Some(Word { text: "read", .. }) => rule.read(),
        Some(Word { text: "write", .. }) => rule.write(),
        Some(word) => {
            section.mistake(word.at, || {
                format!("a rule can't allow `{}`: {}", word.text, choose(word.text, &["read", "write"]))
            });
            rule
        }
        None => {
            if section.get("allow").is_none() {
                section.missing("allow", "allow = \"read\"");
            }
            rule
        }
    }
}

fn restricted(section: &Section<'_>, groups: &Groups<'_>, restriction: Restriction) -> Restriction {
    let mut restriction = restriction.about(which(section, BTreeSet::new(), "labelled = \"litigation\""));
    restriction = section.roles("except_role").iter().fold(restriction, |rule, role| rule.except_role(role.text));
    for group in section.words("except_group") {
        groups.check(section, group, false);
        restriction = restriction.except_group(group.text);
    }
    section.words("except_actor").iter().fold(restriction, |rule, actor| rule.except_actor(actor.text))
}

/// Reads which records are meant. If it is all of them it must be said, and then nothing that narrows.
fn which(section: &Section<'_>, groups: BTreeSet<String>, such_as: &str) -> Criteria {
    let mut which = Criteria { groups, ..Criteria::default() };
    let collections = section.collections();
    match &collections {
        Some(Collections::All) => which.everywhere = true,
        Some(Collections::These(names)) => which.collections.extend(names.iter().map(|name| name.text.to_owned())),
        None => section.require(&[COLLECTION]),
    }
    which.labels.extend(section.words("labelled").iter().map(|label| label.text.to_owned()));
    let attributes = section.attributes("attribute", collections.as_ref());
    which.attributes.extend(attributes.iter().map(|(field, value)| (field.text.to_owned(), value.text.to_owned())));
    let all = section.flag("all_records");
    let said = ["owned_by_group", "labelled", "attribute"].iter().any(|key| section.get_quietly(key).is_some());
    if all && said {
        section.mistake(section.at, || {
            "this is about all records and about some: take `all_records` away, or the rest".to_owned()
        });
    }
    if !all && !said {
        section.mistake(section.at, || {
            format!("it isn't said which records: say it, such as `{such_as}`, or `all_records = true` for all of them")
        });
    }
    which.all_records = all;
    which
}

fn choose(word: &str, choices: &[&str]) -> String {
    suggestion(word, choices.iter(), || format!("write `{}`", choices.join("`, or `")))
}
