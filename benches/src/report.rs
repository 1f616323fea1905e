//! The figures that were measured, as a table and as JSON.

use serde_json::{Value, json};

use crate::clock::Took;

/// The unit in which a scenario is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unit {
    /// Operations each second: more is better.
    PerSecond,
    /// Milliseconds of one operation: less is better.
    Milliseconds,
}

/// One round: Strongroom, raw sled with the same keys, raw sled with the rows alone.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    pub ours: Sample,
    pub raw: Option<Sample>,
    pub rows: Option<Sample>,
}

/// One side of a round.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// The figure, in the line's unit.
    pub figure: f64,
    /// Microseconds of the processor for each operation, all threads together.
    pub cpu: Option<f64>,
}

impl Sample {
    /// Returns the rate of `count` operations.
    pub fn rate(count: usize, took: &Took) -> Self {
        let cpu = took.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / count.max(1) as f64);
        Self { figure: count as f64 / took.wall.as_secs_f64(), cpu }
    }

    /// Returns the time of one operation.
    pub fn time(took: &Took) -> Self {
        Self { figure: took.wall.as_secs_f64() * 1e3, cpu: took.cpu.map(|cpu| cpu.as_secs_f64() * 1e6) }
    }
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
        median(self.rounds.iter().map(|round| round.ours.figure)).unwrap_or(f64::NAN)
    }

    pub fn raw(&self) -> Option<f64> {
        median(self.rounds.iter().filter_map(|round| Some(round.raw?.figure)))
    }

    pub fn rows(&self) -> Option<f64> {
        median(self.rounds.iter().filter_map(|round| Some(round.rows?.figure)))
    }

    /// Microseconds of the processor, here and with raw sled.
    pub fn cpu(&self) -> (Option<f64>, Option<f64>) {
        let ours = median(self.rounds.iter().filter_map(|round| round.ours.cpu));
        (ours, median(self.rounds.iter().filter_map(|round| round.raw?.cpu)))
    }

    /// Returns the median of the rounds' ratios, as machines are noisier from round to round than within one.
    pub fn ratio(&self) -> Option<f64> {
        median(self.ratios())
    }

    pub fn rows_ratio(&self) -> Option<f64> {
        median(self.rounds.iter().filter_map(|round| Some(round.ours.figure / round.rows?.figure)))
    }

    fn ratios(&self) -> impl Iterator<Item = f64> {
        self.rounds.iter().filter_map(|round| Some(round.ours.figure / round.raw?.figure))
    }

    fn spread(&self) -> Option<(f64, f64)> {
        let (low, high) = (self.ratios().reduce(f64::min)?, self.ratios().reduce(f64::max)?);
        Some((low, high))
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
        let sample = |sample: Sample| json!({ "figure": sample.figure, "cpu_us": sample.cpu });
        let rounds: Vec<Value> = self
            .rounds
            .iter()
            .map(|round| {
                let (raw, rows) = (round.raw.map(sample), round.rows.map(sample));
                json!({ "strongroom": sample(round.ours), "raw": raw, "raw_rows_alone": rows })
            })
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
            "strongroom_cpu_us": self.cpu().0,
            "raw_cpu_us": self.cpu().1,
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
        "{:<34} {:>5} {:>11} {:>11} {:>6} {:>12} {:>14} {:>19} {:>11} {:>6}  notes",
        "scenario",
        "bytes",
        "Strongroom",
        "raw sled",
        "ratio",
        "(range)",
        "goal",
        "µs of CPU: S/raw",
        "rows alone",
        "ratio"
    );
    for line in lines {
        let number = |value: Option<f64>| value.map_or(String::new(), |value| figure(value, line.unit));
        let ratio = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.2}"));
        let range = line.spread().map_or(String::new(), |(low, high)| format!("({low:.2}-{high:.2})"));
        let micros = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.1}"));
        println!(
            "{:<34} {:>5} {:>11} {:>11} {:>6} {:>12} {:>14} {:>9}/{:>9} {:>11} {:>6}  {}",
            line.name,
            line.size,
            figure(line.ours(), line.unit),
            number(line.raw()),
            ratio(line.ratio()),
            range,
            line.verdict(),
            micros(line.cpu().0),
            micros(line.cpu().1),
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
