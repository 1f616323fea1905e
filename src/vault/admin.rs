//! Administration: tenants, schemas, the policy, and whom the tenant lets do what for the time being.

pub(crate) mod approvals;
pub(crate) mod define;
pub(crate) mod emergency;
pub(crate) mod freeze;
pub(crate) mod offboard;
pub(crate) mod policy;
pub(crate) mod review;
pub(crate) mod sharing;
pub(crate) mod suspend;
pub(crate) mod tenants;
pub(crate) mod usage;
pub(crate) mod watching;

pub use approvals::ApprovalRequest;
pub use emergency::Emergency;
pub use freeze::Frozen;
pub use offboard::{OffboardPlan, OffboardReport};
pub use review::Inquiry;
pub use sharing::Share;
pub use suspend::Suspension;
