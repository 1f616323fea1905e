//! A policy that couldn't decide.

use std::error::Error;
use std::fmt;

/// A policy that couldn't decide, or isn't sound. Its cause is its [`source`](Error::source).
///
/// ```
/// use strongroom::policy::PolicyError;
/// let error = PolicyError::new("the directory server is down");
/// assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the directory server is down");
/// ```
#[derive(Debug)]
pub struct PolicyError {
    source: Box<dyn Error + Send + Sync>,
}

impl PolicyError {
    /// Returns an error with this cause: another error, or a text. Quote no field's value in it; it goes to the administrator.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into() }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the policy can't decide")
    }
}

impl Error for PolicyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}
