//! records

pub(crate) mod batch;
pub(crate) mod duplicate;
pub(crate) mod find;
pub(crate) mod found;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod scope;
pub(crate) mod subject;
pub(crate) mod transfer;
pub(crate) mod update;
pub(crate) mod write;
