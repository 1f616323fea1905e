//! The blocks that retention dropped: their hashes, and the journal's beginning.
//!
//! Guarantees: a changed hash, base or tip shows; memory for a page of the store and a tip for each tenant. Does not:
//! check a tip against its dropped block; the next block does, or the state.

use crate::audit::{RewrittenBecause, Verdict, Walk};
use crate::error::{Error, Result};
use crate::format::journal_base::leaves;
use crate::format::place;
use crate::format::place::Space;

use super::check::Check;
use super::pages::Pages;

/// Walks through the hashes of the dropped blocks. Returns the verdict that ends the walk, if any.
pub(crate) fn walk(check: &Check<'_>, walk: &mut Walk<'_>) -> Result<Result<(), Verdict>> {
    let last = check.state.frontier.size();
    let rewritten = |first| Err(Verdict::Rewritten { first, last, because: RewrittenBecause::State });
    let (blocks, _) = check.core.blocks()?;
    let base = match blocks.base() {
        Ok((base, _)) => base,
        Err(Error::Damaged { .. }) => return Ok(rewritten(0)),
        Err(error) => return Err(error),
    };
    for pair in Pages::new(&*check.core.store, place::all_of(Space::Leaves)) {
        let (key, stored) = pair?;
        let expected = walk.tree().size();
        let here = place::first_of_leaves_key(&key) == Some(expected) && expected < base.first();
        let Some(leaves) = leaves(&stored).ok().filter(|_| here) else { return Ok(rewritten(expected)) };
        for leaf in leaves {
            if let Err(verdict) = walk.dropped(*leaf) {
                return Ok(Err(verdict));
            }
        }
    }
    if *walk.tree() != base.frontier {
        return Ok(rewritten(0));
    }
    match blocks.tips(&base) {
        Ok(tips) => Ok(walk.preset(tips)),
        Err(Error::Damaged { .. }) => Ok(rewritten(0)),
        Err(error) => Err(error),
    }
}
