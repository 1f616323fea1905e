use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Metadata, Subscriber};

use super::*;
use crate::audit::Outcome;
use crate::audit::tests::samples::{self, HOSTILE};
use crate::model::Actor;

type Seen = (Level, BTreeMap<String, String>);

/// Keeps the events of this crate's target.
struct Keeps;

static KEPT: Mutex<Vec<Seen>> = Mutex::new(Vec::new());

impl Subscriber for Keeps {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "strongroom::audit"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        KEPT.lock().unwrap_or_else(PoisonError::into_inner).push((*event.metadata().level(), fields.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

/// Returns the events that a sink's events and heads come out as.
fn told(tell: impl FnOnce(&mut Tracing)) -> Vec<Seen> {
    static ONE: Mutex<()> = Mutex::new(());
    static SET: OnceLock<()> = OnceLock::new();
    SET.get_or_init(|| tracing::dispatcher::set_global_default(Dispatch::new(Keeps)).unwrap());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).clear();
    tell(&mut Tracing);
    std::mem::take(&mut KEPT.lock().unwrap_or_else(PoisonError::into_inner))
}

#[test]
fn level_goes_by_the_outcome_and_fields_say_what_applies() {
    let denied = samples::event("read", Outcome::Denied, "no_rule", |builder| {
        builder.actor(&Actor::new("sales-7").with_role("a").with_role("b")).rows(3);
    });
    let all = [
        samples::event("read", Outcome::Permitted, "", |_| ()),
        denied,
        samples::event("read", Outcome::Failed, "damaged", |_| ()),
        samples::event("alert", Outcome::Permitted, "high", |_| ()),
    ];
    let seen = told(|sink| sink.deliver(&all).unwrap());
    let levels: Vec<_> = seen.iter().map(|(level, _)| *level).collect();
    assert_eq!(levels, [Level::INFO, Level::WARN, Level::ERROR, Level::ERROR]);
    let fields = &seen[1].1;
    for (name, value) in [
        ("message", "read denied"),
        ("journal", samples::JOURNAL),
        ("position", "7"),
        ("index", "1"),
        ("of", "2"),
        ("actor", "sales-7"),
        ("roles", "a,b"),
        ("code", "no_rule"),
        ("rows", "3"),
        ("time", "2026-11-18T11:06:40.123456Z"),
    ] {
        assert_eq!(fields.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(!fields.contains_key("device") && !fields.contains_key("rule"));
}

#[test]
fn hostile_text_comes_without_line_ends() {
    for text in HOSTILE {
        let seen = told(|sink| sink.deliver(&[samples::full("read", Outcome::Permitted, text)]).unwrap());
        let (_, fields) = &seen[0];
        assert!(fields.values().all(|value| !value.contains(plain::is_hostile)), "{fields:?}");
        assert_eq!(fields["reason"], plain::visible(text));
        // All that an event can have.
        assert_eq!(fields.len(), 28);
    }
}

#[test]
fn head_is_told_whole() {
    let head = samples::head(3);
    let seen = told(|sink| sink.anchor(&head).unwrap());
    assert_eq!(seen[0].1["head"], head.to_string());
    assert_eq!(seen[0].1["size"], "3");
    assert!(!Tracing.keeps_heads(), "there may be no subscriber at all");
}
