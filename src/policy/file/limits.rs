//! The sections that only forbid or limit. What a policy finds wrong with itself isn't looked for here.

use std::collections::BTreeSet;

use super::node::Value;
use super::section::Section;
use super::when::{Effect, When};
use super::word::{Collections, Word, suggestion};
use crate::model::Action;
use crate::policy::fault::{ACTS, COLLECTION, Faulty, PURPOSES};
use crate::policy::{AccessPolicy, DualControl, Labels, Purpose, Roles, RowLimit, StepUp, Weekday, WorkingHours};

const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// Reads `[labels]`.
pub(super) fn labels(section: &Section<'_>) -> Labels {
    let mut labels = Labels::levels(section.words("levels").iter().map(|level| level.text));
    if let Some(attribute) = section.word("clearance") {
        labels = labels.clearance(attribute.text);
    }
    if let Some(names) = these(section) {
        labels = labels.on(names);
    }
    if let Some(level) = section.word("unlabelled") {
        labels = labels.unlabelled(level.text);
    }
    section.roles("trusted_role").iter().fold(labels, |labels, role| labels.trusted_role(role.text))
}

/// Reads one `[[purpose]]`.
pub(super) fn purpose(section: &Section<'_>, mut purpose: Purpose) -> Purpose {
    let collections = match section.collections() {
        Some(Collections::These(names)) => names,
        Some(Collections::All) => {
            section.mistake(section.at, || "purposes are for some collections: name them instead of `*`".to_owned());
            Vec::new()
        }
        None => Vec::new(),
    };
    let purposes = section.words("purposes");
    section.require(&[COLLECTION, PURPOSES]);
    let (roles, by_role) = (section.roles("role"), section.get("role").is_some());
    if purposes.is_empty() {
        return purpose;
    }
    let texts = || purposes.iter().map(|purpose| purpose.text);
    for collection in collections {
        if !by_role {
            purpose = purpose.on(collection.text, texts());
        }
        for role in &roles {
            purpose = purpose.role(role.text, collection.text, texts());
        }
    }
    purpose
}

/// Reads one `[[step_up]]`.
pub(super) fn step_up(section: &Section<'_>) -> StepUp {
    let strength = section.number("strength", 0, u32::from(u8::MAX)).and_then(|n| u8::try_from(n).ok());
    let mut step_up = StepUp::new(strength.unwrap_or_default(), section.time("within").unwrap_or_default());
    if let Some(acts) = section.acts("acts") {
        step_up = step_up.for_acts(acts.into_iter().map(|(act, _)| act));
    }
    let collections = section.collections();
    if let Some(Collections::These(names)) = &collections {
        step_up = step_up.on(names.iter().map(|name| name.text));
    }
    step_up = section.words("labelled").iter().fold(step_up, |step_up, label| step_up.labelled(label.text));
    let fields = section.words("fields");
    fields.iter().for_each(|field| section.reading.mentions.field(*field, collections.as_ref()));
    if !fields.is_empty() {
        step_up = step_up.fields(fields.iter().map(|field| field.text));
    }
    section.roles("role").iter().fold(step_up, |step_up, role| step_up.role(role.text))
}

/// Reads one `[[row_limit]]`.
pub(super) fn row_limit(section: &Section<'_>) -> RowLimit {
    let mut limit = RowLimit::new();
    limit = section.number("per_act", 0, u32::MAX).into_iter().fold(limit, RowLimit::per_act);
    limit = section.number("per_hour", 0, u32::MAX).into_iter().fold(limit, RowLimit::per_hour);
    limit = section.number("unique_tries", 0, u32::MAX).into_iter().fold(limit, RowLimit::unique_tries);
    limit = section.roles("role").iter().fold(limit, |limit, role| limit.role(role.text));
    these(section).into_iter().fold(limit, RowLimit::on)
}

/// Reads one `[[dual_control]]`.
pub(super) fn dual_control(section: &Section<'_>, roles: &Roles) -> DualControl {
    let before = section.reading.mistakes.count();
    let approvals = section.number("approvals", 0, u32::MAX);
    let acts: Vec<(Action, usize)> = match section.get("acts") {
        Some(entry) if matches!(&entry.node.value, Value::Text(text) if text == "all") => {
            section
                .mistake(entry.node.at.start, || "name the acts that need approval: there is no `all` here".to_owned());
            Vec::new()
        }
        _ => section.acts("acts").unwrap_or_default(),
    };
    let collections = these(section);
    let approvers = section.roles("approver");
    let control = DualControl::new(approvals.unwrap_or_default()).for_acts(acts.iter().map(|(act, _)| *act));
    let control = control.on(collections.iter().flatten().copied());
    let control = section.words("labelled").iter().fold(control, |control, label| control.labelled(label.text));
    let control = control.approvers(approvers.iter().map(|role| role.text));
    if section.reading.mistakes.count() == before && control.faults().is_empty() {
        // Everybody who may approve does, where nobody is named.
        let named: Vec<String> = approvers.iter().map(|role| role.text.to_owned()).collect();
        let named = if named.is_empty() { roles.roles() } else { named };
        let places = collections.as_ref().map_or_else(|| vec![None], |all| all.iter().copied().map(Some).collect());
        for (act, at) in &acts {
            let outside = act.is_administration() && *act != Action::Define;
            let grant = if outside { "`may = [\"approve\"]`" } else { "`acts = [\"approve\"]` in a grant there" };
            let places = if outside { vec![None] } else { places.clone() };
            if places.iter().any(|place| !named.iter().any(|role| roles.may_approve(role, *place, outside))) {
                section.mistake(*at, || {
                    format!("nobody who is to approve `{act}` may approve it: give one of their roles {grant}")
                });
            }
        }
    }
    control
}

/// Reads one `[[working_hours]]`.
pub(super) fn working_hours(section: &Section<'_>) -> WorkingHours {
    let mut hours = WorkingHours::new();
    if let Some(word) = section.word("utc_offset") {
        match offset(word.text) {
            Some(minutes) => hours = hours.utc_offset_minutes(minutes),
            None => section.mistake(word.at, || {
                format!(
                    "`{}` isn't an offset from UTC: write hours and minutes, -12:00 to +14:00, as `+08:00`",
                    word.text
                )
            }),
        }
    }
    let mut days = Vec::new();
    for word in section.words("days") {
        match word.text {
            "monday to friday" => days.extend(DAYS.iter().take(5).map(|(_, day)| *day)),
            name => match DAYS.iter().find(|(known, _)| *known == name) {
                Some((_, day)) => days.push(*day),
                None => section.mistake(word.at, || {
                    let all = || "write `monday` to `sunday`, or `monday to friday`".to_owned();
                    let near = suggestion(&name.to_lowercase(), DAYS.iter().map(|(name, _)| *name), all);
                    format!("there is no day `{name}`: {near}")
                }),
            },
        }
    }
    if !days.is_empty() {
        hours = hours.days(days);
    }
    for word in section.words("between") {
        match span(word.text) {
            Some((from, until)) => hours = hours.between(from, until),
            None => section.mistake(word.at, || {
                format!("`{}` isn't a span of a day: write two times, as `08:30-17:00`", word.text)
            }),
        }
    }
    hours = section.words("closed").iter().fold(hours, |hours, date| hours.closed(date.text));
    hours = section.roles("except_role").iter().fold(hours, |hours, role| hours.except_role(role.text));
    if let Some(acts) = section.acts("acts") {
        hours = hours.for_acts(acts.into_iter().map(|(act, _)| act));
    }
    hours
}

/// Reads one `[[forbid]]` or `[[require_reason]]`.
pub(super) fn when<'a>(section: &Section<'a>, effect: Effect, names: &mut BTreeSet<&'a str>) -> When {
    let name = super::sharing::named(section, names).unwrap_or_default();
    let mut when = When::new(effect, name);
    if let Some(acts) = section.acts("acts") {
        // Among all acts it does no harm.
        for (_, at) in acts.iter().filter(|(act, _)| *act == Action::CreateVault && acts.len() < Action::ALL.len()) {
            section.mistake(*at, || "no policy is asked about `create_vault`: leave it out".to_owned());
        }
        when = when.for_acts(acts.into_iter().map(|(act, _)| act));
    }
    section.require(&[ACTS]);
    let collections = section.collections();
    if let Some(Collections::These(names)) = &collections {
        when = when.on(names.iter().map(|name| name.text));
    }
    when = section.words("labelled").iter().fold(when, |when, label| when.labelled(label.text));
    let attributes = section.attributes("attribute", collections.as_ref());
    when = attributes.iter().fold(when, |when, (field, value)| when.attribute(field.text, value.text));
    when = section.roles("role").iter().fold(when, |when, role| when.role(role.text));
    section.roles("except_role").iter().fold(when, |when, role| when.except_role(role.text))
}

/// Reads the named collections, where not all are meant.
fn these<'a>(section: &Section<'a>) -> Option<Vec<&'a str>> {
    match section.collections()? {
        Collections::All => None,
        Collections::These(names) => Some(names.iter().map(|name: &Word<'a>| name.text).collect()),
    }
}

/// Reads minutes, of `+08:00`.
fn offset(text: &str) -> Option<i32> {
    let (sign, time) = match text.split_at_checked(1)? {
        ("+", time) => (1, time),
        ("-", time) => (-1, time),
        _ => return None,
    };
    let (hours, minutes) = clock(time)?;
    i32::from(hours).checked_mul(60)?.checked_add(i32::from(minutes))?.checked_mul(sign)
}

type Clock = (u8, u8);

/// Reads two times, of `08:30-17:00`.
fn span(text: &str) -> Option<(Clock, Clock)> {
    let (from, until) = text.split_once('-')?;
    Some((clock(from.trim())?, clock(until.trim())?))
}

/// Reads hours and minutes, of `08:30`; up to `24:00`.
fn clock(text: &str) -> Option<Clock> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |text: &str| (text.len() == 2).then(|| digits(text)).flatten();
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (minutes < 60 && (hours, minutes) <= (24, 0)).then_some((hours, minutes))
}

fn digits<N: std::str::FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
