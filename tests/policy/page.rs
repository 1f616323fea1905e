//! The page of cases: Markdown with tables and blocks of code, read without knowing any more of Markdown.

use std::collections::BTreeMap;

/// The page.
#[derive(Default)]
pub struct Page {
    pub people: Vec<Row>,
    pub things: Vec<Row>,
    pub sections: Vec<Section>,
}

/// One policy and its cases.
#[derive(Default)]
pub struct Section {
    pub title: String,
    /// The policy, in TOML.
    toml: Option<String>,
    /// The place of the policy, if it stands elsewhere.
    file: Option<String>,
    /// The lines of the policy that the `#` is taken away from.
    uncommented: Vec<String>,
    /// The same policy in Cedar, as far as that can say it.
    #[cfg_attr(not(feature = "cedar"), allow(dead_code, reason = "asked with the feature only"))]
    pub cedar: Option<String>,
    pub rows: Vec<Row>,
}

/// One row of a table, by column.
#[derive(Default, Debug)]
pub struct Row(BTreeMap<String, String>);

impl Row {
    pub fn cell(&self, column: &str) -> &str {
        self.0.get(column).unwrap_or_else(|| panic!("a table has no column `{column}`: {self:?}"))
    }
}

impl Section {
    pub fn policy(&self) -> Result<String, String> {
        match (&self.toml, &self.file) {
            (Some(toml), None) => Ok(toml.clone()),
            (None, Some(file)) => self.uncomment(file),
            _ => Err(format!("section `{}` needs one policy: a block, or a line `Policy: [..](..)`", self.title)),
        }
    }

    fn uncomment(&self, file: &str) -> Result<String, String> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let mut text = std::fs::read_to_string(path).map_err(|error| format!("{file}: {error}"))?;
        for line in &self.uncommented {
            let commented = format!("\n# {line}\n");
            if text.matches(&commented).count() != 1 {
                return Err(format!("{file} hasn't one line `# {line}`"));
            }
            text = text.replace(&commented, &format!("\n{line}\n"));
        }
        Ok(text)
    }
}

impl Page {
    pub fn parse(text: &str) -> Self {
        let mut page = Self::default();
        let mut columns: Option<Vec<String>> = None;
        let mut block: Option<(String, String)> = None;
        for line in text.lines() {
            if let Some((_, code)) = &mut block {
                if line != "```" {
                    code.push_str(line);
                    code.push('\n');
                    continue;
                }
                let (kind, code) = block.take().unwrap();
                let section = page.sections.last_mut().unwrap();
                match kind.as_str() {
                    "toml" => section.toml = Some(code),
                    "cedar" => section.cedar = Some(code),
                    _ => {}
                }
            } else if let Some(kind) = line.strip_prefix("```") {
                block = Some((kind.to_owned(), String::new()));
            } else if let Some(title) = line.strip_prefix("## ") {
                columns = None;
                page.sections.push(Section { title: title.to_owned(), ..Section::default() });
            } else if let Some(rest) = line.strip_prefix("Policy: [") {
                let (_, file) = rest.split_once("](../../").unwrap();
                page.sections.last_mut().unwrap().file = Some(file.trim_end_matches([')', '.']).to_owned());
            } else if let Some(line) = line.strip_prefix("- without the # before `") {
                page.sections.last_mut().unwrap().uncommented.push(line.trim_end_matches('`').to_owned());
            } else if let Some(cells) = line.strip_prefix('|') {
                let cells: Vec<String> =
                    cells.trim_end_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
                match &columns {
                    None => columns = Some(cells),
                    Some(_) if cells.iter().all(|cell| cell.chars().all(|c| c == '-')) => {}
                    Some(columns) => {
                        assert_eq!(cells.len(), columns.len(), "a row with too many or too few cells: {line}");
                        let row = Row(columns.iter().cloned().zip(cells).collect());
                        page.sections.last_mut().unwrap().rows.push(row);
                    }
                }
            } else {
                columns = None;
            }
        }
        for (title, list) in [("People", &mut page.people), ("Things", &mut page.things)] {
            let at = page.sections.iter().position(|section| section.title == title).unwrap();
            *list = page.sections.remove(at).rows;
        }
        page.sections.retain(|section| !section.rows.is_empty());
        page
    }
}
