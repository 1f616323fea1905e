//! Events in the Open Cybersecurity Schema Framework, 1.8.0: one JSON object a line.
//!
//! Guarantees: every object is one of the schema's classes with all that the class requires and nothing that it doesn't
//! name; what OCSF has no name for stands under `unmapped`, so nothing is lost. Does not: carry what Strongroom doesn't
//! know and a class requires: where the host named no device, `src_endpoint` says `unknown`.

use serde_json::{Map, Value, json};

use super::grade::Grade;
use super::plain;
use super::{Event, Head, Outcome};
use crate::model::Timestamp;

use class::{Class, Kind};

pub use file::Ocsf;

mod class;
mod file;

/// The release of the schema.
const VERSION: &str = "1.8.0";

impl Event {
    /// Returns the event as one line of JSON of the Open Cybersecurity Schema Framework 1.8.0
    /// (<https://schema.ocsf.io/1.8.0>), without a line end.
    ///
    /// Acts on records are Datastore Activity (6005), on access to them User Access Management (3005), on actors Account
    /// Change (3001) and Authentication (3002), on the vault, its tenants and collections Entity Management (3004), on the
    /// journal Event Log Activity (1008); alerts are Detection Findings (2004), the host's other events API Activity
    /// (6003). A denial is its act's class with the status Failure, the action Denied and the disposition Blocked.
    /// `metadata.event_code` is the act, `metadata.uid` names the event for life, `metadata.sequence` is its block's
    /// position. What has no name there is under `unmapped`, named as in [`Event::to_json`].
    #[must_use]
    pub fn to_ocsf(&self) -> String {
        line(self)
    }
}

pub(super) fn line(event: &Event) -> String {
    // What isn't taken out of it is unmapped: so nothing that the journal learns to say can get lost here.
    let mut rest: Map<String, Value> = serde_json::from_str(&event.to_json()).unwrap_or_default();
    let kind = Kind::of(event);
    let mut object = base(kind, event.time(), Grade::of(event).ocsf());
    let uid = format!("{}/{}/{}", event.journal(), event.position(), event.index());
    let mut metadata = metadata(&uid, event.journal(), "event");
    metadata.insert("sequence".into(), json!(event.position()));
    metadata.insert("event_code".into(), json!(event.action()));
    move_to(&mut rest, "tenant", &mut metadata, "tenant_uid");
    object.insert("metadata".into(), Value::Object(metadata));
    for mapped in ["journal", "position", "index", "action", "time"] {
        rest.remove(mapped);
    }
    object.insert("message".into(), json!(format!("{} {}", event.action(), event.outcome().name())));
    decided(&mut object, &mut rest, kind, event);
    who(&mut object, &mut rest, kind, event);
    what(&mut object, &mut rest, kind, event, &uid);
    object.insert("unmapped".into(), Value::Object(rest));
    written(object)
}

/// Writes a head as an act on the log itself: Event Log Activity, activity Other, "Sign".
pub(super) fn head_line(head: &Head) -> String {
    let kind = Kind { class: Class::EventLog, activity: class::OTHER, name: "Sign" };
    let mut object = base(kind, head.time(), Grade::Routine.ocsf());
    let mut metadata = metadata(&format!("{}/head/{}", head.origin(), head.size()), &head.origin(), "head");
    metadata.insert("event_code".into(), json!("head"));
    object.insert("metadata".into(), Value::Object(metadata));
    object.insert("message".into(), json!("head signed"));
    object.insert("status_id".into(), json!(1));
    object.insert("status".into(), json!("Success"));
    object.insert("actor".into(), json!({ "app_name": "strongroom" }));
    object.insert("src_endpoint".into(), json!({ "name": "strongroom" }));
    log(&mut object, &head.origin());
    object.insert(
        "unmapped".into(),
        json!({ "head": head.to_string(), "size": head.size(), "root": plain::hex(&head.root()) }),
    );
    written(object)
}

/// Writes the class first, so that a line shows from its beginning what it is; the order of the rest says nothing.
fn written(mut object: Map<String, Value>) -> String {
    let class = object.remove("class_uid").unwrap_or_default();
    let rest = Value::Object(object).to_string();
    plain::json(format!("{{\"class_uid\":{class},{}", rest.strip_prefix('{').unwrap_or(&rest)))
}

fn base(kind: Kind<'_>, time: Timestamp, severity: (u8, &str)) -> Map<String, Value> {
    let (class, caption) = (kind.class.uid(), kind.class.caption());
    let (category, category_name) = kind.class.category();
    let (severity_id, severity) = severity;
    let object = json!({
        "class_uid": class,
        "class_name": caption,
        "category_uid": category,
        "category_name": category_name,
        "activity_id": kind.activity,
        "activity_name": kind.name,
        "type_uid": class * 100 + u32::from(kind.activity),
        "type_name": format!("{caption}: {}", kind.name),
        "severity_id": severity_id,
        "severity": severity,
        "time": time.as_micros().div_euclid(1000),
        "time_dt": time.to_string(),
    });
    let Value::Object(mut object) = object else { return Map::new() };
    // RFC 3339 has years of four digits.
    if !is_rfc_3339(time) {
        object.remove("time_dt");
    }
    object
}

/// Tells whether the time's year has four digits.
pub(super) fn is_rfc_3339(time: Timestamp) -> bool {
    time.to_string().len() == "1970-01-01T00:00:00.000000Z".len() && !time.to_string().starts_with('-')
}

fn metadata(uid: &str, journal: &str, log: &str) -> Map<String, Value> {
    let version = env!("CARGO_PKG_VERSION");
    let metadata = json!({
        "version": VERSION,
        "product": { "name": "Strongroom", "vendor_name": "Strongroom", "version": version },
        "profiles": ["security_control", "datetime"],
        "uid": uid,
        "log_name": journal,
        "log_provider": "strongroom",
        "log_source": log,
    });
    if let Value::Object(metadata) = metadata { metadata } else { Map::new() }
}

/// Writes outcome, code, rule and policy.
fn decided(object: &mut Map<String, Value>, rest: &mut Map<String, Value>, kind: Kind<'_>, event: &Event) {
    let (status, action, disposition) = match (kind.class, event.outcome()) {
        (Class::Finding, _) => ((1, "New"), (3, "Observed"), (19, "Alert")),
        (_, Outcome::Denied) => ((2, "Failure"), (2, "Denied"), (2, "Blocked")),
        (_, Outcome::Failed) => ((2, "Failure"), (1, "Allowed"), (1, "Allowed")),
        (Class::Authentication, _) if event.action() == "host_login_failed" => {
            ((2, "Failure"), (2, "Denied"), (2, "Blocked"))
        }
        (_, Outcome::Permitted) => ((1, "Success"), (1, "Allowed"), (1, "Allowed")),
    };
    // An answer to an alert is no new one.
    let status = if kind.name == class::FEEDBACK { (99, "Feedback") } else { status };
    for (name, (id, caption)) in [("status", status), ("action", action), ("disposition", disposition)] {
        object.insert(format!("{name}_id"), json!(id));
        object.insert(name.into(), json!(caption));
    }
    move_to(rest, "code", object, "status_code");
    if kind.class == Class::Finding {
        object.insert("is_alert".into(), json!(kind.name != class::FEEDBACK));
        return;
    }
    let mut policy = Map::new();
    move_to(rest, "policy", &mut policy, "uid");
    move_to(rest, "rule", &mut policy, "name");
    let mut authorization = Map::from_iter([("decision".to_owned(), json!(event.outcome().name()))]);
    if !policy.is_empty() {
        authorization.insert("policy".into(), Value::Object(policy));
    }
    object.insert("authorizations".into(), json!([authorization]));
}

/// Writes the actor and where they act from.
fn who(object: &mut Map<String, Value>, rest: &mut Map<String, Value>, kind: Kind<'_>, event: &Event) {
    let mut actor = Map::from_iter([("app_name".to_owned(), json!("strongroom"))]);
    if let Some(id) = rest.remove("actor") {
        let mut user = Map::from_iter([("uid".to_owned(), id)]);
        if let Some(Value::Array(roles)) = rest.remove("roles") {
            let groups: Vec<_> = roles.into_iter().map(|role| json!({ "name": role, "type": "role" })).collect();
            user.insert("groups".into(), json!(groups));
        }
        actor.insert("user".into(), Value::Object(user));
    }
    if let Some(session) = rest.remove("session") {
        let session = json!({ "uid": session });
        if kind.class == Class::Authentication {
            object.insert("session".into(), session.clone());
        }
        actor.insert("session".into(), session);
    }
    object.insert("actor".into(), Value::Object(actor));
    let device = rest.remove("device");
    if kind.class == Class::Finding {
        if let Some(device) = device {
            object.insert("device".into(), json!({ "name": device, "type_id": 0, "type": "Unknown" }));
        }
    } else {
        // The vault is within the host's process: what it does by itself comes from there.
        let unknown = if event.actor().is_some() { "unknown" } else { "strongroom" };
        object.insert("src_endpoint".into(), json!({ "name": device.unwrap_or_else(|| json!(unknown)) }));
    }
}

/// Writes the subject of the act, as the class wants it.
fn what(object: &mut Map<String, Value>, rest: &mut Map<String, Value>, kind: Kind<'_>, event: &Event, uid: &str) {
    match kind.class {
        Class::Datastore => {
            let vault = event.journal().split('/').nth(1).unwrap_or(event.journal());
            let database =
                json!({ "name": "strongroom", "uid": vault, "type_id": 99, "type": "Encrypted record store" });
            object.insert("database".into(), database);
            let table = rest.remove("collection");
            let (id, caption) = if table.is_some() { (3, "Table") } else { (1, "Database") };
            object.insert("type_id".into(), json!(id));
            object.insert("type".into(), json!(caption));
            if let Some(table) = table {
                object.insert("table".into(), json!({ "uid": table }));
            }
        }
        Class::Finding => finding(object, rest, event, uid),
        Class::Account => drop(object.insert("user".into(), user(rest, event))),
        Class::Authentication => {
            object.insert("user".into(), user(rest, event));
            object.insert("service".into(), json!({ "name": "the application that strongroom is part of" }));
        }
        Class::Access => {
            let privileges = match event.action() {
                "break_glass" => json!(["emergency access"]),
                "host_role_changed" => json!(event.roles()),
                action => json!([action]),
            };
            object.insert("privileges".into(), privileges);
            object.insert("user".into(), user(rest, event));
            if let Some(collection) = rest.remove("collection") {
                object.insert("resource".into(), json!({ "uid": collection, "type": "Collection" }));
            }
        }
        Class::Entity => drop(object.insert("entity".into(), class::entity(event))),
        Class::EventLog => log(object, event.journal()),
        Class::Api => {
            let service = json!({ "name": "the application that strongroom is part of" });
            object.insert("api".into(), json!({ "operation": event.action(), "service": service }));
        }
    }
}

fn log(object: &mut Map<String, Value>, journal: &str) {
    object.insert("log_name".into(), json!(journal));
    object.insert("log_provider".into(), json!("strongroom"));
    object.insert("log_type_id".into(), json!(99));
    object.insert("log_type".into(), json!("Journal"));
}

fn finding(object: &mut Map<String, Value>, rest: &mut Map<String, Value>, event: &Event, uid: &str) {
    let rule = rest.remove("rule");
    let title = rule.as_ref().and_then(Value::as_str).unwrap_or("alert");
    let mut info = json!({ "uid": uid, "title": title, "created_time": event.time().as_micros().div_euclid(1000) });
    if let (Some(rule), Some(info)) = (&rule, info.as_object_mut()) {
        info.insert("analytic".into(), json!({ "name": rule, "type_id": 1, "type": "Rule" }));
    }
    object.insert("finding_info".into(), info);
    if let Some(party) = event.party() {
        rest.remove("party");
        object.insert("evidences".into(), json!([{ "user": party_user(party) }]));
    }
}

/// Returns the user whom the act concerns: the other party, else the actor.
fn user(rest: &mut Map<String, Value>, event: &Event) -> Value {
    match (event.party(), event.actor()) {
        (Some(party), _) => {
            rest.remove("party");
            party_user(party)
        }
        (None, Some(actor)) => json!({ "uid": actor }),
        (None, None) => json!({ "name": "unknown" }),
    }
}

/// Returns a role or group as a user of a type of its own: classes that want a user have no other place for one.
fn party_user(party: &str) -> Value {
    match party.split_once(':') {
        Some(("actor", id)) => json!({ "uid": id }),
        Some(("role", name)) => json!({ "name": name, "uid": party, "type_id": 99, "type": "Role" }),
        Some(("group", name)) => json!({ "name": name, "uid": party, "type_id": 99, "type": "Group" }),
        _ => json!({ "uid": party }),
    }
}

fn move_to(from: &mut Map<String, Value>, name: &str, to: &mut Map<String, Value>, new: &str) {
    if let Some(value) = from.remove(name) {
        to.insert(new.to_owned(), value);
    }
}

#[cfg(test)]
pub(super) mod tests;
