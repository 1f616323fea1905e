//! The responses to an alert, and their outcomes.

use std::fmt;

use crate::vault::Freeze;

/// A response to an alert, given without waiting for anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Respond {
    /// The actor has to be authenticated anew, at least this strongly:
    /// [`Session::require_step_up`](crate::Session::require_step_up).
    StepUp(u8),
    /// The actor may do nothing more in the tenant: [`Session::suspend`](crate::Session::suspend).
    SuspendActor,
    /// The tenant is frozen for everybody: [`Session::freeze`](crate::Session::freeze). A freeze that goes further stays.
    FreezeTenant(Freeze),
}

impl fmt::Display for Respond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StepUp(strength) => write!(f, "step_up({strength})"),
            Self::SuspendActor => f.write_str("suspend_actor"),
            Self::FreezeTenant(Freeze::ReadOnly) => f.write_str("freeze_tenant(read_only)"),
            Self::FreezeTenant(_) => f.write_str("freeze_tenant(closed)"),
        }
    }
}

/// A response that was due, and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The response that was to be given.
    pub respond: Respond,
    /// The outcome of it.
    pub outcome: ResponseOutcome,
}

/// The outcome of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseOutcome {
    /// The response was given.
    Done,
    /// The state was so already.
    Already,
    /// The response wasn't tried, for this reason.
    NotTried(String),
    /// The response was tried, and failed or was refused: the error, with its causes.
    Failed(String),
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.respond)?;
        match &self.outcome {
            ResponseOutcome::Done => f.write_str("done"),
            ResponseOutcome::Already => f.write_str("so already"),
            ResponseOutcome::NotTried(why) => write!(f, "not tried: {why}"),
            ResponseOutcome::Failed(why) => write!(f, "failed: {why}"),
        }
    }
}
