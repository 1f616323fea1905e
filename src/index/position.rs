//! Positions of a value's entries: a prefix 0, 1, 2, … without gaps, and where it ends.
//!
//! Guarantees: on an intact store [`end`] finds the first free position, in about `2 log2(n)` probes from a lower bound
//! that is `n` short. On a damaged one it may find a hole instead; [`check_beyond`] then tells in many cases, never wrongly.
//! Does not: catch every hole, nor entries missing from the end. `verify` does.

/// The find behind the end of a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Beyond {
    /// Nothing, as it should be.
    Nothing,
    /// An entry at this position: the store has lost one before it.
    Entry(u64),
}

/// Returns the first free position. `probe` tells whether a position is taken; all those below `lower_bound` are.
///
/// # Errors
/// Whatever `probe` fails with.
pub(crate) fn end<E>(mut probe: impl FnMut(u64) -> Result<bool, E>, lower_bound: u64) -> Result<u64, E> {
    let mut low = lower_bound;
    let mut step = 1;
    let mut high = low;
    while probe(high)? {
        if high == u64::MAX {
            return Ok(high);
        }
        low = high.saturating_add(1);
        high = high.saturating_add(step);
        step = step.saturating_mul(2);
    }
    while low < high {
        let middle = low.midpoint(high);
        if probe(middle)? {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Looks behind an end that [`end`] found, at `end + 1` and `2 end + 2`, before something is written there.
///
/// # Errors
/// Whatever `probe` fails with.
pub(crate) fn check_beyond<E>(mut probe: impl FnMut(u64) -> Result<bool, E>, end: u64) -> Result<Beyond, E> {
    for position in [end.checked_add(1), end.checked_mul(2).and_then(|twice| twice.checked_add(2))] {
        match position {
            Some(position) if probe(position)? => return Ok(Beyond::Entry(position)),
            _ => {}
        }
    }
    Ok(Beyond::Nothing)
}

#[cfg(test)]
mod tests;
