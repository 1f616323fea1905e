//! The policy that a file stands for.
//!
//! `all of (any of (all of (roles, sharing, owner grants), break glass), every limit, every condition)`: roles say what may
//! be done, sharing and owner grants on which records; an emergency stands beside these; whatever limits or forbids holds
//! for all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use super::beside::Beside;
use super::section::Section;
use super::when::Effect;
use super::{limits, roles, sharing};
use crate::policy::fault::Faulty;
use crate::policy::{AccessPolicy, BreakGlass, Purpose, Roles, all_of, any_of};

/// The only edition of the format that there is.
const EDITION: u32 = 1;

type Part = Box<dyn AccessPolicy>;

/// Reads the whole file.
pub(super) fn read(top: &Section<'_>) -> Part {
    if top.get("version").is_none() {
        top.missing("version", "version = 1");
    }
    top.number("version", EDITION, EDITION);
    let (permits, roles) = permits(top);
    let whole = all_of(permits);
    let mut limits: Vec<Part> = Vec::new();
    top.one("labels", |section| limits.push(part(section, limits::labels)));
    let mut purpose: Option<Purpose> = None;
    top.each("purpose", |section| {
        purpose = Some(limits::purpose(section, purpose.take().unwrap_or_default()));
    });
    limits.extend(purpose.map(boxed));
    top.each("step_up", |section| limits.push(part(section, limits::step_up)));
    top.each("row_limit", |section| limits.push(part(section, limits::row_limit)));
    top.each("working_hours", |section| limits.push(part(section, limits::working_hours)));
    top.each("dual_control", |section| limits.push(part(section, |section| limits::dual_control(section, &roles))));
    let mut names = BTreeSet::new();
    for (key, effect) in [("require_reason", Effect::Reason), ("forbid", Effect::Forbid)] {
        top.each(key, |section| limits.push(part(section, |section| limits::when(section, effect, &mut names))));
    }
    boxed(limits.into_iter().fold(whole, |whole, limit| whole.and(limit)))
}

/// Reads what permits, and the roles in it.
fn permits(top: &Section<'_>) -> (Part, Roles) {
    let before = top.reading.mistakes.count();
    let (roles, places) = roles::read(top);
    sound(top, before, &roles, top.get("roles").map_or(top.at, |entry| entry.at), &places);
    let mut normal = all_of(roles.clone());
    top.one("sharing", |section| {
        let before = section.reading.mistakes.count();
        let (sharing, places) = sharing::read(section);
        sound(section, before, &sharing, section.at, &places);
        normal = std::mem::replace(&mut normal, all_of(Roles::new())).and(sharing);
    });
    if let Some(grants) = top.one("owner_grants", |section| part(section, sharing::owner_grants)) {
        normal = normal.and(grants);
    }
    let mut emergencies: Vec<Part> = Vec::new();
    top.each("break_glass", |section| {
        emergencies.push(part(section, |section| Beside(break_glass(section))));
    });
    (boxed(emergencies.into_iter().fold(any_of(normal), |permits, emergency| permits.or(emergency))), roles)
}

fn break_glass(section: &Section<'_>) -> BreakGlass {
    let roles = section.roles("role");
    let reviewers = section.roles("reviewer");
    if section.get("on").is_none() {
        section.mistake(section.at, || {
            "an emergency allows nothing here: say what, under `[[break_glass.on]]`".to_owned()
        });
    }
    // Read once even where no role is known, so that its mistakes are told.
    let _grants = Roles::new().role("any", |role| super::roles::grants(section, role));
    let inner = roles
        .iter()
        .fold(Roles::new(), |inner, role| inner.role(role.text, |said| super::roles::grants(section, said)));
    let glass = BreakGlass::new(inner).reviewers(reviewers.iter().map(|role| role.text));
    roles.iter().fold(glass, |glass, role| glass.role(role.text))
}

/// Reads a section, and tells what the policy that it says finds wrong with itself.
fn part<'a, P: AccessPolicy + Faulty + 'static>(section: &Section<'a>, read: impl FnOnce(&Section<'a>) -> P) -> Part {
    let before = section.reading.mistakes.count();
    let part = read(section);
    section.faults(part.faults());
    sound(section, before, &part, section.at, &BTreeMap::new());
    boxed(part)
}

/// Tells what a policy that was read without a mistake finds wrong with itself: at the first name that it quotes, or else
/// where it begins.
fn sound(section: &Section<'_>, before: usize, policy: &dyn AccessPolicy, at: usize, places: &BTreeMap<&str, usize>) {
    if section.reading.mistakes.count() > before {
        return;
    }
    if let Err(error) = policy.check() {
        let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        for fault in why.split("; ") {
            let quoted = fault.split('`').skip(1).step_by(2).find_map(|name| places.get(name));
            section.mistake(quoted.copied().unwrap_or(at), || fault.to_owned());
        }
    }
}

fn boxed(part: impl AccessPolicy + 'static) -> Part {
    Box::new(part)
}
