//! admin

pub(crate) mod approvals;
pub(crate) mod define;
pub(crate) mod emergency;
pub(crate) mod freeze;
pub(crate) mod host_events;
pub(crate) mod offboard;
pub(crate) mod policy;
pub(crate) mod review;
pub(crate) mod sharing;
pub(crate) mod suspend;
pub(crate) mod watching;
