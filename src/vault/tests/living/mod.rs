//! A vault's ordinary work: records, batches, subjects, schemas, threads, files.

mod basics;
mod batches;
mod bytes;
mod defining;
mod evolving;
mod long;
mod subjects;
mod threads;

use crate::vault::tests::*;
