//! The sections that only forbid or limit.

use std::collections::BTreeSet;
use std::time::Duration;

use super::node::Value;
use super::section::Section;
use super::when::{Effect, When};
use super::word::{Collections, Word, suggestion};
use crate::model::Action;
use crate::policy::dual_control::never_approved;
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
pub(super) fn labels(section: &Section<'_>) -> Option<Labels> {
    let levels = section.words("levels");
    if levels.len() < 2 {
        let place = section.get("levels").map_or(section.at, |entry| entry.at);
        section.mistake(place, || {
            "two levels or more are needed, the lowest first: `levels = [\"internal\", \"secret\"]`".to_owned()
        });
    }
    let mut labels = Labels::levels(levels.iter().map(|level| level.text));
    if let Some(attribute) = section.word("clearance") {
        labels = labels.clearance(attribute.text);
    }
    if let Some(names) = these(section) {
        labels = labels.on(names);
    }
    if let Some(level) = section.word("unlabelled") {
        if !levels.iter().any(|known| known.text == level.text) {
            let names = || levels.iter().map(|level| level.text);
            let all = || format!("the levels are `{}`", names().collect::<Vec<_>>().join("`, `"));
            section.mistake(level.at, || {
                format!("there is no level `{}`: {}", level.text, suggestion(level.text, names(), all))
            });
        }
        labels = labels.unlabelled(level.text);
    }
    labels = section.roles("trusted_role").iter().fold(labels, |labels, role| labels.trusted_role(role.text));
    (levels.len() >= 2).then_some(labels)
}

/// Reads one `[[purpose]]`.
pub(super) fn purpose(section: &Section<'_>, mut purpose: Purpose) -> Purpose {
    let collections = match section.collections() {
        Some(Collections::These(names)) => names,
        Some(Collections::All) => {
            section.mistake(section.at, || "purposes are for some collections: name them instead of `*`".to_owned());
            Vec::new()
        }
        None => {
            if section.get("collection").is_none() {
                section.missing("collection", "collection = \"customers\"");
            }
            Vec::new()
        }
    };
    let purposes = section.words("purposes");
    if section.get("purposes").is_none() {
        section.missing("purposes", "purposes = [\"support\"]");
    }
    let roles = section.roles("role");
    let by_role = section.get("role").is_some();
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
pub(super) fn step_up(section: &Section<'_>) -> Option<StepUp> {
    let strength = section.number("strength", 1, u32::from(u8::MAX)).and_then(|n| u8::try_from(n).ok());
    let within = section.time("within");
    if section.get("strength").is_none() {
        section.missing("strength", "strength = 2");
    }
    if section.get("within").is_none() {
        section.missing("within", "within = \"5 min\"");
    }
    let mut step_up = StepUp::new(strength.unwrap_or(u8::MAX), within.unwrap_or(Duration::from_secs(1)));
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
    step_up = section.roles("role").iter().fold(step_up, |step_up, role| step_up.role(role.text));
    strength.and(within).map(|_| step_up)
}

/// Reads one `[[row_limit]]`.
pub(super) fn row_limit(section: &Section<'_>) -> Option<RowLimit> {
    let per_act = section.number("per_act", 1, u32::MAX);
    let per_hour = section.number("per_hour", 1, u32::MAX);
    let unique_tries = section.number("unique_tries", 1, u32::MAX);
    if ["per_act", "per_hour", "unique_tries"].iter().all(|key| section.get_quietly(key).is_none()) {
        section.mistake(section.at, || {
            "it limits nothing: say `per_act = 100`, `per_hour = 1000` or `unique_tries = 500`".to_owned()
        });
    }
    let mut limit = RowLimit::new();
    limit = per_act.into_iter().fold(limit, RowLimit::per_act);
    limit = per_hour.into_iter().fold(limit, RowLimit::per_hour);
    limit = unique_tries.into_iter().fold(limit, RowLimit::unique_tries);
    limit = section.roles("role").iter().fold(limit, |limit, role| limit.role(role.text));
    if let Some(names) = these(section) {
        limit = limit.on(names);
    }
    (per_act.or(per_hour).or(unique_tries)).map(|_| limit)
}

/// Reads one `[[dual_control]]`.
pub(super) fn dual_control(section: &Section<'_>, roles: &Roles) -> Option<DualControl> {
    let before = section.reading.mistakes.count();
    let approvals = section.number("approvals", 1, 7);
    if section.get("approvals").is_none() {
        section.missing("approvals", "approvals = 2");
    }
    let acts: Vec<(Action, usize)> = match section.get("acts") {
        None => {
            section.missing("acts", "acts = [\"export\"]");
            Vec::new()
        }
        Some(entry) if matches!(&entry.node.value, Value::Text(text) if text == "all") => {
            section
                .mistake(entry.node.at.start, || "name the acts that need approval: there is no `all` here".to_owned());
            Vec::new()
        }
        Some(_) => section.acts("acts").unwrap_or_default(),
    };
    let labels = section.words("labelled");
    for (act, at) in &acts {
        if let Some(why) = never_approved(*act) {
            section.mistake(*at, || format!("`{act}` can't wait for approvals, since {why}: leave it out"));
        } else if act.is_administration() && !labels.is_empty() {
            section.mistake(*at, || {
                format!("`{act}` is on no record, so on none with a label: give it a `[[dual_control]]` of its own")
            });
        }
    }
    let mut control = DualControl::new(approvals.unwrap_or(1)).for_acts(acts.iter().map(|(act, _)| *act));
    let collections = these(section);
    control = control.on(collections.iter().flatten().copied());
    control = labels.iter().fold(control, |control, label| control.labelled(label.text));
    let approvers = section.roles("approver");
    if section.reading.mistakes.count() == before {
        // Everybody who may approve does, where nobody is named.
        let named: Vec<String> = approvers.iter().map(|role| role.text.to_owned()).collect();
        let named = if named.is_empty() { roles.roles() } else { named };
        let places = collections.as_ref().map_or_else(|| vec![None], |all| all.iter().copied().map(Some).collect());
        for (act, at) in &acts {
            let outside = act.is_administration() && *act != Action::Define;
            for place in if outside { vec![None] } else { places.clone() } {
                if !named.iter().any(|role| roles.may_approve(role, place, outside)) {
                    let grant =
                        if outside { "`may = [\"approve\"]`" } else { "`acts = [\"approve\"]` in a grant there" };
                    section.mistake(*at, || {
                        format!("nobody who is to approve `{act}` may approve it: give one of their roles {grant}")
                    });
                    break;
                }
            }
        }
    }
    control = control.approvers(approvers.iter().map(|role| role.text));
    (approvals.is_some() && !acts.is_empty()).then_some(control)
}

/// Reads one `[[working_hours]]`.
pub(super) fn working_hours(section: &Section<'_>) -> Option<WorkingHours> {
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
                format!("`{}` isn't a span of a day: write two times that differ, as `08:30-17:00`", word.text)
            }),
        }
    }
    for word in section.words("closed") {
        if is_date(word.text) {
            hours = hours.closed(word.text);
        } else {
            section.mistake(word.at, || {
                format!("`{}` is no day of the calendar: write year, month and day, as `2026-12-25`", word.text)
            });
        }
    }
    if ["days", "between", "closed"].iter().all(|key| section.get_quietly(key).is_none()) {
        section.mistake(section.at, || {
            "there are no hours, so it limits nothing: say `between = [\"08:30-17:00\"]`, `days`, or both".to_owned()
        });
    }
    hours = section.roles("except_role").iter().fold(hours, |hours, role| hours.except_role(role.text));
    if let Some(acts) = section.acts("acts") {
        hours = hours.for_acts(acts.into_iter().map(|(act, _)| act));
    }
    Some(hours)
}

/// Reads one `[[forbid]]` or `[[require_reason]]`.
pub(super) fn when<'a>(section: &Section<'a>, effect: Effect, names: &mut BTreeSet<&'a str>) -> Option<When> {
    let name = super::sharing::named(section, names)?;
    let mut when = When::new(effect, name);
    match section.acts("acts") {
        Some(acts) => {
            // Among all acts it does no harm.
            for (_, at) in acts.iter().filter(|(act, _)| *act == Action::CreateVault && acts.len() < Action::ALL.len())
            {
                section.mistake(*at, || "no policy is asked about `create_vault`: leave it out".to_owned());
            }
            when = when.for_acts(acts.into_iter().map(|(act, _)| act));
        }
        None => {
            if section.get("acts").is_none() {
                section.missing("acts", "acts = [\"delete\"]`, or `acts = \"all\"");
            }
        }
    }
    let collections = section.collections();
    if let Some(Collections::These(names)) = &collections {
        when = when.on(names.iter().map(|name| name.text));
    }
    when = section.words("labelled").iter().fold(when, |when, label| when.labelled(label.text));
    let attributes = section.attributes("attribute", collections.as_ref());
    when = attributes.iter().fold(when, |when, (field, value)| when.attribute(field.text, value.text));
    when = section.roles("role").iter().fold(when, |when, role| when.role(role.text));
    Some(section.roles("except_role").iter().fold(when, |when, role| when.except_role(role.text)))
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
    let all = i32::from(hours).checked_mul(60)?.checked_add(i32::from(minutes))?.checked_mul(sign)?;
    (-720..=840).contains(&all).then_some(all)
}

type Clock = (u8, u8);

/// Reads two times, of `08:30-17:00`.
fn span(text: &str) -> Option<(Clock, Clock)> {
    let (from, until) = text.split_once('-')?;
    let (from, until) = (clock(from.trim())?, clock(until.trim())?);
    (from != until && from < (24, 0)).then_some((from, until))
}

/// Reads hours and minutes, of `08:30`; up to `24:00`.
fn clock(text: &str) -> Option<Clock> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |text: &str| (text.len() == 2).then(|| digits(text)).flatten();
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (minutes < 60 && (hours, minutes) <= (24, 0)).then_some((hours, minutes))
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-').map(|part| (part.len(), digits::<u16>(part)));
    let (Some((4, Some(year))), Some((2, Some(month))), Some((2, Some(day))), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

fn digits<N: std::str::FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
