//! state

pub(crate) mod catalog;
pub(crate) mod rows;
pub(crate) mod scanned;
pub(crate) mod shown;
pub(crate) mod standing;
pub(crate) mod tenant;
pub(crate) mod terms;
