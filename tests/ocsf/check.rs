//! Holds events against the schema of OCSF 1.8.0, `ocsf-1.8.0.schema.json`: JSON Schema, as much of it as that file uses.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

static CHECKER: LazyLock<Checker> = LazyLock::new(Checker::new);

struct Checker {
    schema: Value,
    /// The names of the classes, by class number.
    classes: HashMap<i64, String>,
    patterns: HashMap<String, Regex>,
}

/// Returns all that is wrong with an event: its path, and the fault.
pub(crate) fn breaches(event: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let number = |name: &str| event.get(name).and_then(Value::as_i64);
    match number("class_uid").and_then(|class| CHECKER.classes.get(&class)) {
        Some(class) => CHECKER.check(&CHECKER.schema["$defs"][class], event, "", &mut found),
        None => found.push(format!("class_uid: {:?} is no class of the schema", event.get("class_uid"))),
    }
    // What OCSF states in words.
    let (class, activity) = (number("class_uid").unwrap_or(-1), number("activity_id").unwrap_or(-1));
    if number("type_uid") != Some(class * 100 + activity) {
        found.push("type_uid: it isn't class_uid * 100 + activity_id".to_owned());
    }
    if number("category_uid") != Some(class / 1000) {
        found.push("category_uid: it isn't the class's".to_owned());
    }
    for (id, caption) in [("activity_id", "activity_name"), ("status_id", "status"), ("severity_id", "severity")] {
        if number(id) == Some(99) && event.get(caption).and_then(Value::as_str).is_none_or(|name| name == "Other") {
            found.push(format!("{id}: it is Other, and {caption} doesn't say what"));
        }
    }
    found
}

impl Checker {
    fn new() -> Self {
        let schema: Value = serde_json::from_str(include_str!("ocsf-1.8.0.schema.json")).unwrap();
        let name = |class: &Value| class["$ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let number = |class: &str| schema["$defs"][class]["properties"]["class_uid"]["const"].as_i64().unwrap();
        let classes: HashMap<_, _> =
            schema["oneOf"].as_array().unwrap().iter().map(name).map(|class| (number(&class), class)).collect();
        assert_eq!(classes.len(), schema["oneOf"].as_array().unwrap().len());
        let mut patterns = HashMap::new();
        collect(&schema["$defs"], &mut patterns);
        Self { schema, classes, patterns }
    }

    fn check(&self, schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
        for (keyword, says) in schema.as_object().unwrap() {
            let wrong = |why: String| format!("{path}: {why}");
            match keyword.as_str() {
                "$ref" => {
                    let name = says.as_str().unwrap().strip_prefix("#/$defs/").unwrap().replace("~1", "/");
                    self.check(&self.schema["$defs"][name.as_str()], value, path, found);
                }
                "type" if !is(value, says.as_str().unwrap()) => found.push(wrong(format!("{value} is no {says}"))),
                "enum" if !says.as_array().unwrap().contains(value) => {
                    found.push(wrong(format!("{value} isn't listed")))
                }
                "const" if says != value => found.push(wrong(format!("{value} isn't {says}"))),
                "required" => {
                    let missing =
                        says.as_array().unwrap().iter().filter(|name| value.get(name.as_str().unwrap()).is_none());
                    found.extend(missing.map(|name| wrong(format!("{name} is missing"))));
                }
                "properties" => {
                    for (name, inner) in value.as_object().into_iter().flatten() {
                        if let Some(schema) = says.get(name) {
                            self.check(schema, inner, &format!("{path}/{name}"), found);
                        }
                    }
                }
                "additionalProperties" => {
                    assert_eq!(says, &Value::Bool(false));
                    let known = &schema["properties"];
                    let names = value.as_object().into_iter().flatten().map(|(name, _)| name);
                    found.extend(
                        names.filter(|name| known.get(name).is_none()).map(|name| wrong(format!("{name} is unknown"))),
                    );
                }
                "items" => {
                    for (number, inner) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(says, inner, &format!("{path}/{number}"), found);
                    }
                }
                "allOf" => says.as_array().unwrap().iter().for_each(|each| self.check(each, value, path, found)),
                "anyOf" | "oneOf" => {
                    let fits = |each: &&Value| {
                        let mut found = Vec::new();
                        self.check(each, value, path, &mut found);
                        found.is_empty()
                    };
                    let fitting = says.as_array().unwrap().iter().filter(fits).count();
                    if fitting == 0 || (keyword == "oneOf" && fitting != 1) {
                        found.push(wrong(format!("{fitting} of {keyword} {says} hold")));
                    }
                }
                "pattern" => {
                    let pattern = &self.patterns[says.as_str().unwrap()];
                    if value.as_str().is_some_and(|text| !pattern.is_match(text)) {
                        found.push(wrong(format!("{value} isn't of the form {pattern}")));
                    }
                }
                "maxLength" => {
                    let most = usize::try_from(says.as_u64().unwrap()).unwrap();
                    if value.as_str().is_some_and(|text| text.chars().count() > most) {
                        found.push(wrong(format!("it is over {most} characters")));
                    }
                }
                "type" | "enum" | "const" => {}
                other => panic!("the schema has a keyword that isn't known here: {other}"),
            }
        }
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        other => panic!("the schema has a type that isn't known here: {other}"),
    }
}

/// Collects all patterns in a part of the schema.
fn collect(schema: &Value, patterns: &mut HashMap<String, Regex>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(pattern)) = members.get("pattern") {
                patterns.entry(pattern.clone()).or_insert_with(|| Regex::new(pattern).unwrap());
            }
            members.values().for_each(|inner| collect(inner, patterns));
        }
        Value::Array(all) => all.iter().for_each(|inner| collect(inner, patterns)),
        _ => {}
    }
}
