//! A row with another owner, for administration: nothing else of it changes, and nothing of it is shown.

use crate::error::{Error, Result};
use crate::format::row::RowHead;
use crate::keys::TenantKeys;
use crate::model::{Revision, Timestamp};
use crate::vault::tenant_core::Layout;

use super::sealing::Sealed;
use super::{Draw, Edited, Opened, Permit, Target};

/// Seals the row's next revision, which is another's. `by` is what allows the administrator to do so.
pub(in crate::vault) fn reown(
    by: &Permit,
    keys: &TenantKeys,
    layout: &Layout,
    row: &Opened,
    owner: &str,
    now: Timestamp,
    draw: Draw,
) -> Result<(Sealed, Revision)> {
    let before = row.head().revision;
    let revision = before.next().ok_or(Error::damaged("a record's revision is at its end"))?;
    let mut meta = row.meta().clone();
    meta.owner = Some(owner.to_owned());
    meta.updated = now;
    let dictionary = layout.dictionary.len();
    let head = RowHead { epoch: keys.current_epoch(), slot: row.head().slot, revision, dictionary };
    let permit = Permit {
        record: Some((row.record(), before)),
        read: crate::model::FieldSet::none(),
        write: crate::model::FieldSet::none(),
        rule: std::sync::Arc::clone(&by.rule),
        approval: by.approval,
    };
    let edited = Edited { fields: row.fields(layout)?, changed: Vec::new() };
    let sealed = edited.seal(permit, keys, layout, &Target { place: row.place(), head: &head, meta: &meta }, draw)?;
    Ok((sealed, revision))
}
