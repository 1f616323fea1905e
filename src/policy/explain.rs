//! Explanations of what a policy decided. For administrators: it names roles, fields and collections.

use std::fmt;

use super::{Decision, PolicyError};

/// A decision, and everything that was looked at on the way to it.
///
/// Its `Display` is an indented text for people. Not for the actor who was refused: show them
/// [`Denial::for_user`](super::Denial::for_user).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Explanation {
    /// The name of the policy that this is about: `roles`, `all of`, ...
    pub policy: String,
    /// The decision; the text of its error, if it failed.
    pub decision: Result<Decision, String>,
    /// Every rule that was looked at, in order.
    pub looked_at: Vec<Looked>,
    /// Of a denial because nothing is granted: the smallest grant that would have changed it.
    pub missing: Option<String>,
    /// The explanations of the policies that this one is composed of.
    pub parts: Vec<Explanation>,
}

/// One rule that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Looked {
    /// The rule's id.
    pub rule: String,
    /// True if it applied.
    pub applied: bool,
    /// The reason why, or why not.
    pub why: String,
}

impl Looked {
    /// Returns a rule that was looked at.
    #[must_use]
    pub fn new(rule: impl Into<String>, applied: bool, why: impl Into<String>) -> Self {
        Self { rule: rule.into(), applied, why: why.into() }
    }
}

impl Explanation {
    /// Returns an explanation by the policy of this name, with its decision and nothing else.
    #[must_use]
    pub fn of(policy: impl Into<String>, decision: Result<Decision, PolicyError>) -> Self {
        let decision = decision.map_err(|error| super::guard::explain(&error));
        Self { policy: policy.into(), decision, looked_at: Vec::new(), missing: None, parts: Vec::new() }
    }

    /// Adds these rules.
    #[must_use]
    pub fn looked_at(mut self, rules: impl IntoIterator<Item = Looked>) -> Self {
        self.looked_at.extend(rules);
        self
    }

    /// Adds the nearest missing grant.
    #[must_use]
    pub fn missing(mut self, grant: impl Into<String>) -> Self {
        self.missing = Some(grant.into());
        self
    }

    /// Adds the explanations of the policies that this one is composed of.
    #[must_use]
    pub fn parts(mut self, parts: impl IntoIterator<Item = Self>) -> Self {
        self.parts.extend(parts);
        self
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let indent = "  ".repeat(depth);
        write!(f, "{indent}{}: ", self.policy)?;
        match &self.decision {
            Ok(Decision::Permit(permission)) => writeln!(f, "permits, by `{}`", permission.rule)?,
            Ok(Decision::Limit(limit)) => writeln!(f, "has nothing against it, by `{}`", limit.rule)?,
            Ok(Decision::Deny(denial)) => {
                let kind = if denial.forbids { "forbids" } else { "doesn't permit" };
                writeln!(f, "{kind}, by `{}` ({}): {}", denial.rule, denial.code, denial.for_admin)?;
            }
            Err(error) => writeln!(f, "failed: {error}")?,
        }
        for looked in &self.looked_at {
            let mark = if looked.applied { '+' } else { '-' };
            writeln!(f, "{indent}  {mark} {}: {}", looked.rule, looked.why)?;
        }
        if let Some(missing) = &self.missing {
            writeln!(f, "{indent}  missing: {missing}")?;
        }
        self.parts.iter().try_for_each(|part| part.write(f, depth + 1))
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}
