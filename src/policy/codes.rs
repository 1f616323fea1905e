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
/// No policy of a composition permits it.
pub const NOTHING_PERMITS: &str = "nothing_permits";
/// The policy answered later than its deadline.
pub const POLICY_LATE: &str = "policy_late";
/// The actor is suspended.
pub const SUSPENDED: &str = "suspended";
/// The tenant is frozen.
pub const FROZEN: &str = "frozen";
/// The record isn't shared with the actor.
pub const NOT_SHARED: &str = "not_shared";
/// A restriction rule takes the record out of the actor's view.
pub const RESTRICTED: &str = "restricted";
/// The record's label is above the actor's clearance.
pub const READ_UP: &str = "read_up";
/// The record's label is below the actor's clearance.
pub const WRITE_DOWN: &str = "write_down";
/// No purpose was declared, or one that isn't allowed here.
pub const PURPOSE: &str = "purpose";
/// It is outside working hours.
pub const OUTSIDE_HOURS: &str = "outside_hours";
/// The actor has to authenticate more strongly, or again.
pub const STEP_UP_REQUIRED: &str = "step_up_required";
/// The act needs other people's approval.
pub const APPROVAL_REQUIRED: &str = "approval_required";
/// The actor was shown as many rows as they may be.
pub const ROW_LIMIT: &str = "row_limit";
/// Emergency access is needed: no other rule permits it.
pub const NO_EMERGENCY: &str = "no_emergency";
/// An act under emergency access; also the code of its permitted entries.
pub const BREAK_GLASS: &str = "break_glass";
/// Nobody answers their own request for approval, and nobody reviews their own emergency access.
pub const OWN_REQUEST: &str = "own_request";
/// The actor has answered the request for approval before.
pub const ANSWERED: &str = "answered";
/// The actor has emergency access already, or had it and nobody has reviewed that yet.
pub const EMERGENCY_UNREVIEWED: &str = "emergency_unreviewed";
/// The actor holds roles that one person may not hold together.
pub const CONFLICT_OF_DUTIES: &str = "conflict_of_duties";
