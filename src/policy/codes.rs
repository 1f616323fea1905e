//! The codes of denials that the library itself gives. They are stable: match on them, and show people your own words.
//!
//! A policy of yours may use codes of its own.

/// No policy was given: [`DenyAll`](super::DenyAll).
pub const DENY_ALL: &str = "deny_all";
/// None of the actor's roles is one the policy knows.
pub const NO_ROLE: &str = "no_role";
/// No role of the actor's allows this act here.
pub const NOT_ALLOWED: &str = "not_allowed";
/// The act is allowed on the actor's own records, and this isn't one, or isn't known to be.
pub const NOT_OWNER: &str = "not_owner";
/// A search on a field that the actor may not read.
pub const FIELD_NOT_READABLE: &str = "field_not_readable";
/// A field that the actor may not write.
pub const FIELD_NOT_WRITABLE: &str = "field_not_writable";
/// The [`Roles`](super::Roles) contradict themselves; see [`check`](super::AccessPolicy::check).
pub const POLICY_INVALID: &str = "policy_invalid";
/// The policy returned an error.
pub const POLICY_ERROR: &str = "policy_error";
/// The policy panicked.
pub const POLICY_PANIC: &str = "policy_panic";
/// The policy permits under an obligation that this release doesn't know.
pub const UNKNOWN_OBLIGATION: &str = "unknown_obligation";
/// The policy permits if a reason is given, and none was.
pub const REASON_REQUIRED: &str = "reason_required";
