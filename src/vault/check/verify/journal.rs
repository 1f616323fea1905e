//! Reading the journal and its change lists side by side, and walking through the blocks.
//!
//! Guarantees: memory for a page of the store and one block. Does not: open rows in change lists, or dropped blocks.

use std::collections::HashMap;
use std::iter::Peekable;

use crate::audit;
use crate::audit::{RewrittenBecause, Verdict, Walk};
use crate::error::Result;
use crate::format::FormatError;
use crate::format::block::{Header, MAX_BLOCK};
use crate::format::place;
use crate::format::place::Space;
use crate::model::TenantId;
use crate::store::{Pair, Store};

use super::check::{Check, Depth};
use super::pages::Pages;
use super::rows::Found;

/// The next item in the journal.
pub(crate) enum Step {
    Block {
        position: u64,
        header: Result<Header, FormatError>,
        bytes: Vec<u8>,
    },
    /// Parts that make no block.
    Broken {
        position: u64,
    },
    /// A key that is no block's.
    Stray,
    /// A part of a change list, with the owner of the block at its position; `None` if there is no such block.
    List {
        pair: Pair,
        owner: Option<TenantId>,
    },
}

/// The journal's blocks, each followed by the change lists at its position.
pub(crate) struct Steps<'a> {
    parts: Peekable<Pages<'a>>,
    lists: Peekable<Pages<'a>>,
    /// The last block's position and owner.
    last: Option<(u64, Option<TenantId>)>,
    blocks_ended: bool,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(store: &'a dyn Store) -> Self {
        let pages = |space| Pages::new(store, place::all_of(space)).peekable();
        Self { parts: pages(Space::Block), lists: pages(Space::Changes), last: None, blocks_ended: false }
    }

    pub(crate) fn next(&mut self) -> Result<Option<Step>> {
        if let Some(list) = self.list()? {
            return Ok(Some(list));
        }
        if let Some(step) = self.block()? {
            return Ok(Some(step));
        }
        self.blocks_ended = true;
        self.list()
    }

    /// Returns the next change list, if it stands no later than the last block.
    fn list(&mut self) -> Result<Option<Step>> {
        let Some(Ok((key, _))) = self.lists.peek() else {
            return self.lists.next().transpose().map(|_| None);
        };
        // A key of another form is nobody's list, and counts with the first.
        let position = place::position_of_key(key).map_or(0, |(position, _)| position);
        let due = self.blocks_ended || self.last.is_some_and(|(last, _)| position <= last);
        if !due {
            return Ok(None);
        }
        let owner = self.last.filter(|(last, _)| *last == position).and_then(|(_, owner)| owner);
        Ok(self.lists.next().transpose()?.map(|pair| Step::List { pair, owner }))
    }

    fn block(&mut self) -> Result<Option<Step>> {
        let Some((key, mut bytes)) = self.parts.next().transpose()? else { return Ok(None) };
        let Some((at, first)) = place::position_of_key(&key) else { return Ok(Some(Step::Stray)) };
        let (mut parts, of_it) = (1, place::parts_of_block(at));
        let mut broken = first != 0;
        while let Some(Ok((key, _))) = self.parts.peek()
            && key.starts_with(&of_it)
        {
            let Some((key, part)) = self.parts.next().transpose()? else { break };
            // A key of another form is no part's.
            let number = place::position_of_key(&key).map(|(_, number)| number);
            broken |= number != Some(parts) || bytes.len() > MAX_BLOCK;
            if !broken {
                bytes.extend_from_slice(&part);
            }
            parts = parts.saturating_add(1);
        }
        if broken {
            self.last = Some((at, None));
            return Ok(Some(Step::Broken { position: at }));
        }
        let header = audit::header_of(&bytes);
        self.last = Some((at, header.as_ref().ok().and_then(|header| header.tenant)));
        Ok(Some(Step::Block { position: at, header, bytes }))
    }
}

/// Walks through every block. Returns the terms of the change lists by tenant, or the verdict that ends the walk.
pub(crate) fn walk(check: &Check<'_>, walk: &mut Walk<'_>) -> Result<Result<HashMap<TenantId, Found>, Verdict>> {
    let mut lists: HashMap<TenantId, Found> = HashMap::new();
    let mut steps = Steps::new(&*check.core.store);
    while let Some(step) = steps.next()? {
        let verdict = match step {
            Step::Block { position, header, bytes } => block(check, walk, position, header, &bytes)?,
            Step::Broken { position } => Err(unreadable(position)),
            Step::Stray => Err(stray(walk.tree().size(), check.state.frontier.size())),
            Step::List { pair: (key, value), owner } => {
                if let Some(tenant) = check.owner_of_list(owner, &value) {
                    lists.entry(tenant.id).or_default().count(tenant, &key, &value);
                }
                Ok(())
            }
        };
        if let Err(verdict) = verdict {
            return Ok(Err(verdict));
        }
    }
    Ok(Ok(lists))
}

fn block(
    check: &Check<'_>,
    walk: &mut Walk<'_>,
    position: u64,
    header: Result<Header, FormatError>,
    bytes: &[u8],
) -> Result<Result<(), Verdict>> {
    let owner = match header {
        Ok(header) => header.tenant,
        Err(newer @ FormatError::Newer { .. }) => return Err(crate::vault::commit::unreadable(newer)),
        Err(FormatError::Invalid { .. }) => None,
    };
    let keyring = &check.core.keyring;
    let tenant = owner.and_then(|id| keyring.tenant(id));
    let key = match (&tenant, owner) {
        (Some(tenant), _) => tenant.journal(),
        (None, None) => &keyring.vault_keys().journal,
        (None, Some(_)) => return Ok(Err(unreadable(position))),
    };
    let key = (check.depth == Depth::Full).then_some(key);
    Ok(walk.block(position, bytes, key).map(|_| ()))
}

/// Returns the verdict on a key that is no block's and stands where the block at this position should.
const fn stray(position: u64, size: u64) -> Verdict {
    let because = if position < size { RewrittenBecause::Block } else { RewrittenBecause::State };
    Verdict::Rewritten { first: position, last: position, because }
}

const fn unreadable(position: u64) -> Verdict {
    Verdict::Rewritten { first: position, last: position, because: RewrittenBecause::Block }
}
