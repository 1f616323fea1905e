//! Rows that are counted before they are shown.

use crate::model::Timestamp;
use crate::policy::{Denial, codes};

use crate::vault::handles::SessionInner;
use crate::vault::state::shown::Rows;

use super::permit::Permit;

/// Rows that were counted before they are shown. Those that aren't shown are given back when it is dropped.
pub(crate) struct Reserved<'a> {
    rows: &'a Rows,
    actor: &'a str,
    count: u32,
}

impl<'a> Reserved<'a> {
    /// Counts up to `wanted` rows, as far as the permit's limits allow.
    ///
    /// # Errors
    /// A denial, if that is none.
    pub(crate) fn new(session: &'a SessionInner, permit: &Permit, wanted: usize) -> Result<Self, Denial> {
        let (per_act, per_hour) = permit.row_limit();
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX).min(per_act);
        let (rows, actor) = (&session.tenant.facts.rows, session.actor());
        let count = rows.reserve(actor, wanted, per_hour, session.core.now());
        if count == 0 && (per_act, per_hour) != (u32::MAX, None) {
            let why = format!("`{}` limits the rows that are shown, and the actor was shown as many", permit.rule());
            let denial = Denial::not_granted(codes::ROW_LIMIT, why);
            return Err(denial.for_user("You have seen as many records as you may for now."));
        }
        Ok(Self { rows, actor, count })
    }

    /// No rows yet.
    pub(crate) fn nothing(session: &'a SessionInner) -> Self {
        Self { rows: &session.tenant.facts.rows, actor: session.actor(), count: 0 }
    }

    /// Counts one row more, as far as these limits allow. Returns whether they do.
    pub(crate) fn one_more(&mut self, (per_act, per_hour): (u32, Option<u32>), now: Timestamp) -> bool {
        let fits = self.count < per_act && self.rows.reserve(self.actor, 1, per_hour, now) > 0;
        self.count = self.count.saturating_add(u32::from(fits));
        fits
    }

    /// Gives one row back.
    pub(crate) fn one_less(&mut self) {
        if self.count > 0 {
            self.count = self.count.saturating_sub(1);
            self.rows.refund(self.actor, 1);
        }
    }

    pub(crate) const fn count(&self) -> u32 {
        self.count
    }

    /// So many are shown.
    pub(crate) fn shown(mut self, rows: u32) {
        self.count = self.count.saturating_sub(rows);
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if self.count > 0 {
            self.rows.refund(self.actor, self.count);
        }
    }
}
