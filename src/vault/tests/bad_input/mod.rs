//! Bad input: each a documented error, never a panic, a hang or a loss.

mod calls;
mod files;
mod keys;
mod sizes;

use crate::vault::tests::*;
