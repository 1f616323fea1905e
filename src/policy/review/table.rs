//! Tables of text, aligned and wrapped.
//!
//! Guarantees: no line is wider than the columns' limits together, and no cell can end a line or command a terminal: control
//! and direction marks are shown as U+FFFD. Does not: know every font; wide characters of East Asia count two.

use std::fmt;

const GAP: &str = "  ";

/// A column: what stands above it, and how wide it may be at most.
#[derive(Clone, Copy)]
pub(super) struct Column(pub(super) &'static str, pub(super) usize);

/// Writes a table; equal cells in the first columns, as many as `merged`, are written once.
pub(super) fn write<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    columns: [Column; N],
    merged: usize,
    rows: &[[String; N]],
) -> fmt::Result {
    let cells: Vec<[Vec<String>; N]> = rows.iter().map(|row| wrapped(row, &columns)).collect();
    let mut widths = columns.map(|Column(name, most)| width(name).min(most));
    for row in &cells {
        for (known, lines) in widths.iter_mut().zip(row) {
            *known = lines.iter().map(|line| width(line)).fold(*known, usize::max);
        }
    }
    line(f, &widths, columns.iter().map(|Column(name, _)| *name))?;
    let rule = "-".repeat(widths.into_iter().max().unwrap_or_default());
    line(f, &widths, widths.iter().map(|width| rule.get(..*width).unwrap_or_default()))?;
    let mut before: Option<&[String; N]> = None;
    for (row, cells) in rows.iter().zip(&cells) {
        // A cell is only left out while everything left of it is the same as well.
        let same = before.map_or(0, |before| before.iter().zip(row).take(merged).take_while(|(a, b)| a == b).count());
        before = Some(row);
        for number in 0..cells.iter().skip(same).map(Vec::len).max().unwrap_or_default() {
            let cell = |(place, lines): (usize, &Vec<String>)| {
                if place < same { "" } else { lines.get(number).map_or("", String::as_str) }.to_owned()
            };
            let texts: Vec<String> = cells.iter().enumerate().map(cell).collect();
            line(f, &widths, texts.iter().map(String::as_str))?;
        }
    }
    Ok(())
}

/// Returns a text without what would break a line or command a terminal.
pub(super) fn shown(text: &str) -> String {
    let unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().map(|c| if unseen(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn wrapped<const N: usize>(row: &[String; N], columns: &[Column; N]) -> [Vec<String>; N] {
    let mut limits = columns.iter().map(|Column(_, most)| *most);
    row.each_ref().map(|cell| wrap(&shown(cell), limits.next().unwrap_or(usize::MAX)))
}

/// Breaks a text between words, and within those that are too long.
fn wrap(text: &str, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0usize);
    for word in text.split(' ') {
        if used > 0 && used + 1 + width(word) > most {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        for c in word.chars() {
            if used > 0 && used + columns_of(c) > most {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += columns_of(c);
        }
    }
    lines.push(line);
    lines
}

fn line<'t>(f: &mut fmt::Formatter<'_>, widths: &[usize], texts: impl Iterator<Item = &'t str>) -> fmt::Result {
    let mut out = String::new();
    for (place, (text, wanted)) in texts.zip(widths).enumerate() {
        if place > 0 {
            out.push_str(GAP);
        }
        out.push_str(text);
        out.push_str(&" ".repeat(wanted.saturating_sub(width(text))));
    }
    writeln!(f, "{}", out.trim_end())
}

fn width(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// Returns two for what East Asian fonts draw wide (Unicode Standard Annex #11, its blocks), else one.
const fn columns_of(c: char) -> usize {
    match c {
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
