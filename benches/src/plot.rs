//! The same as bars, in SVG.

use std::fmt::Write;

use crate::report::{Line, Unit, figure};

const LEFT: f64 = 300.0;
const FULL: f64 = 420.0;
const STEP: f64 = 26.0;

/// Draws one bar for each scenario: Strongroom's share of raw sled's rate, with the goal as a mark. For a time it is
/// the inverse, so that a longer bar is better everywhere.
pub fn svg(lines: &[Line], title: &str) -> String {
    let lines: Vec<(&Line, f64)> = lines.iter().filter_map(|line| Some((line, share(line, line.ratio()?)))).collect();
    let height = 90.0 + STEP * lines.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"960\" height=\"{height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"20\" y=\"26\" font-size=\"15\">Strongroom beside raw sled (1.0 = as fast)</text>\n\
         <text x=\"20\" y=\"44\" fill=\"#555\">{}</text>\n",
        escape(title)
    );
    for tenth in (0..=12).step_by(2) {
        let x = LEFT + FULL * f64::from(tenth) / 12.0;
        let _ = write!(
            svg,
            "<line x1=\"{x}\" y1=\"56\" x2=\"{x}\" y2=\"{}\" stroke=\"#ddd\"/>\n\
             <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" fill=\"#555\">{:.1}</text>\n",
            height - 28.0,
            height - 12.0,
            f64::from(tenth) / 10.0
        );
    }
    for (row, (line, ratio)) in lines.iter().enumerate() {
        let y = 62.0 + STEP * row as f64;
        let width = |ratio: f64| FULL * ratio.clamp(0.0, 1.2) / 1.2;
        let colour = match line.met() {
            Some(true) => "#3a7d44",
            Some(false) => "#b3452c",
            None => "#5b7aa6",
        };
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}, {} B</text>\n\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{:.1}\" height=\"18\" fill=\"{colour}\"/>\n\
             <text x=\"{}\" y=\"{}\" fill=\"#333\">{ratio:.2}: {} against {}</text>\n",
            LEFT - 8.0,
            y + 13.0,
            escape(&line.name),
            line.size,
            width(*ratio),
            LEFT + FULL + 10.0,
            y + 13.0,
            figure(line.ours(), line.unit),
            line.raw().map_or(String::new(), |raw| figure(raw, line.unit)),
        );
        if let Some(goal) = line.goal {
            let x = LEFT + width(share(line, goal));
            let _ = writeln!(
                svg,
                "<line x1=\"{x:.1}\" y1=\"{}\" x2=\"{x:.1}\" y2=\"{}\" stroke=\"black\" stroke-width=\"2\"/>",
                y - 2.0,
                y + 20.0
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn share(line: &Line, ratio: f64) -> f64 {
    if line.unit == Unit::PerSecond { ratio } else { 1.0 / ratio }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
