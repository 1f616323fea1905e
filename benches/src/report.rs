//! What was measured, as a table and as JSON.

use serde_json::{Value, json};

/// What is measured of a scenario.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unit {
    /// More is better.
    PerSecond,
    /// Less is better.
    Milliseconds,
}

/// One round: Strongroom, raw sled with the same keys, raw sled with the rows alone.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    pub ours: f64,
    pub raw: Option<f64>,
    pub rows: Option<f64>,
}

/// One scenario.
#[derive(Debug, Clone)]
pub struct Line {
    pub name: String,
    pub size: usize,
    pub unit: Unit,
    /// The ratio that is aimed at: at least, or at most for a time.
    pub goal: Option<f64>,
    pub note: String,
    pub rounds: Vec<Round>,
}

impl Line {
    pub fn ours(&self) -> f64 {
        median(self.rounds.iter().map(|round| round.ours)).unwrap_or(f64::NAN)
    }

    pub fn raw(&self) -> Option<f64> {
        median(self.rounds.iter().filter_map(|round| round.raw))
    }

    pub fn rows(&self) -> Option<f64> {
        median(self.rounds.iter().filter_map(|round| round.rows))
    }

    /// The median of the rounds' ratios, as machines are noisier from round to round than within one.
    pub fn ratio(&self) -> Option<f64> {
        median(self.rounds.iter().filter_map(|round| round.raw.map(|raw| round.ours / raw)))
    }

    pub fn rows_ratio(&self) -> Option<f64> {
        median(self.rounds.iter().filter_map(|round| round.rows.map(|rows| round.ours / rows)))
    }

    fn spread(&self) -> Option<(f64, f64)> {
        let ratios = || self.rounds.iter().filter_map(|round| round.raw.map(|raw| round.ours / raw));
        (ratios().count() > 0).then(|| (ratios().fold(f64::MAX, f64::min), ratios().fold(0.0, f64::max)))
    }

    pub fn met(&self) -> Option<bool> {
        let (goal, ratio) = (self.goal?, self.ratio()?);
        Some(if self.unit == Unit::PerSecond { ratio >= goal } else { ratio <= goal })
    }

    pub fn verdict(&self) -> String {
        let (Some(goal), Some(met)) = (self.goal, self.met()) else { return String::new() };
        let sign = if self.unit == Unit::PerSecond { '≥' } else { '≤' };
        format!("{sign} {goal:.2} {}", if met { "ok" } else { "MISSED" })
    }

    fn json(&self) -> Value {
        let rounds: Vec<Value> = self
            .rounds
            .iter()
            .map(|round| json!({ "strongroom": round.ours, "raw": round.raw, "raw_rows_alone": round.rows }))
            .collect();
        json!({
            "scenario": self.name,
            "record_bytes": self.size,
            "unit": if self.unit == Unit::PerSecond { "per second" } else { "milliseconds" },
            "strongroom": self.ours(),
            "raw": self.raw(),
            "raw_rows_alone": self.rows(),
            "ratio": self.ratio(),
            "ratio_to_rows_alone": self.rows_ratio(),
            "goal": self.goal,
            "met": self.met(),
            "note": self.note,
            "rounds": rounds,
        })
    }
}

pub fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.get((values.len().checked_sub(1)?) / 2)?, values.get(values.len() / 2)?);
    Some((low + high) / 2.0)
}

pub fn print(lines: &[Line]) {
    println!(
        "{:<34} {:>5} {:>11} {:>11} {:>6} {:>12} {:>15} {:>11} {:>6}  notes",
        "scenario", "bytes", "Strongroom", "raw sled", "ratio", "(range)", "goal", "rows alone", "ratio"
    );
    for line in lines {
        let number = |value: Option<f64>| value.map_or(String::new(), |value| figure(value, line.unit));
        let ratio = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.2}"));
        let range = line.spread().map_or(String::new(), |(low, high)| format!("({low:.2}-{high:.2})"));
        println!(
            "{:<34} {:>5} {:>11} {:>11} {:>6} {:>12} {:>15} {:>11} {:>6}  {}",
            line.name,
            line.size,
            figure(line.ours(), line.unit),
            number(line.raw()),
            ratio(line.ratio()),
            range,
            line.verdict(),
            number(line.rows()),
            ratio(line.rows_ratio()),
            line.note
        );
    }
}

pub fn figure(value: f64, unit: Unit) -> String {
    match unit {
        Unit::PerSecond => format!("{value:.0}/s"),
        Unit::Milliseconds => format!("{value:.1} ms"),
    }
}

pub fn json(lines: &[Line], conditions: &[(String, String)]) -> Value {
    let conditions: serde_json::Map<String, Value> =
        conditions.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    json!({ "conditions": conditions, "scenarios": lines.iter().map(Line::json).collect::<Vec<_>>() })
}
