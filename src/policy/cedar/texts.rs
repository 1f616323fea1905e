//! The texts that a policy is made of, and the one text that they are kept as.

/// The lines that stand between the texts.
pub(super) const MARKS: [&str; 2] = ["\n// strongroom: the schema\n", "\n// strongroom: the entities\n"];

/// The texts: policies and, where there are such, a schema and entities.
#[derive(Clone, Default)]
pub(super) struct Texts {
    pub(super) policies: String,
    pub(super) schema: Option<String>,
    pub(super) entities: Option<String>,
}

impl Texts {
    /// Reads back what [`join`](Self::join) wrote.
    pub(super) fn apart(text: &str) -> Self {
        let [schema_mark, entities_mark] = MARKS;
        let (text, entities) = split(text, entities_mark);
        let (policies, schema) = split(text, schema_mark);
        Self { policies: policies.to_owned(), schema, entities }
    }

    /// Joins the texts to one.
    pub(super) fn join(&self) -> String {
        let mut text = self.policies.clone();
        for (part, mark) in [&self.schema, &self.entities].into_iter().zip(MARKS) {
            if let Some(part) = part {
                text.push_str(mark);
                text.push_str(part);
            }
        }
        text
    }

    /// Tells whether one of them has a line that stands between them.
    pub(super) fn have_marks(&self) -> bool {
        let all = [Some(&self.policies), self.schema.as_ref(), self.entities.as_ref()];
        all.into_iter().flatten().any(|text| MARKS.iter().any(|mark| text.contains(mark)))
    }
}

fn split<'a>(text: &'a str, mark: &str) -> (&'a str, Option<String>) {
    match text.split_once(mark) {
        Some((before, behind)) => (before, Some(behind.to_owned())),
        None => (text, None),
    }
}
