//! Answers for unique values that are taken, and the limit on how many values an actor may try.
//!
//! Guarantees: only an actor who could find the other record by that value learns that there is one; everybody else
//! gets the answer of a refused write, with an entry that names the record probed. Every distinct value that a write
//! tries counts, hit or miss, before the answer and without refund: 200 for each actor and hour or as many as the policy
//! says ([`Obligation::UniqueTries`](crate::policy::Obligation::UniqueTries)), unless the actor may search the field in the
//! whole collection and has met no record that they can't see: a scope may hold rows that the policy denies one by one.
//! Does not: hide the difference in time; that many guesses an hour remain.

use crate::error::{Error, Result};
use crate::model::Action;
use crate::policy::{Denial, Scope, codes};

use crate::vault::commit::{Holder, NewTerm};
use crate::vault::gate::{Act, Permit, subject_of};
use crate::vault::handles::SessionInner;
use crate::vault::records::read::{self, Stored};

/// Counts the unique values that a write tries, and refuses the write beyond the limit.
pub(crate) fn count(act: &Act<'_>, session: &SessionInner, permit: &Permit, added: &[NewTerm]) -> Result<()> {
    let limit = permit.unique_tries();
    let probes = &session.tenant.probes;
    for term in added.iter().filter(|term| term.unique) {
        let (actor, now) = (session.actor(), session.core.now());
        if probes.count(actor, term.first, now, limit)
            || probes.sees_all_tried(actor, now) && searches(act, &term.field)
        {
            continue;
        }
        let why = format!(
            "the actor has tried {limit} unique values in an hour. Who imports needs the right to read and search `{}` in the \
             whole collection, or a higher limit of `unique_tries`",
            term.field
        );
        let denial = Denial::not_granted(codes::NOT_ALLOWED, why).rule("unique values tried");
        return Err(act.refuse_fields(None, &[&term.field], denial));
    }
    Ok(())
}

/// Returns the answer to a write whose value another record has; `None` if that record is gone meanwhile.
/// `write` is the position of the write in its batch.
pub(crate) fn told(
    session: &SessionInner,
    action: Action,
    write: Option<usize>,
    holder: &Holder,
) -> Result<Option<Error>> {
    let Holder { collection, record, field, own, .. } = holder;
    let fields = [field.as_str()];
    let act = session.act(action).on(collection).fields(&fields);
    let duplicate = || Error::Duplicate { field: field.clone(), write };
    if *own {
        return Ok(Some(act.fail("duplicate", duplicate())));
    }
    let layout = collection.layout();
    let Stored::Row(row) = read::stored(session, collection, &layout, *record)? else {
        act.told_elsewhere();
        return Ok(None);
    };
    let search = session.act(Action::Search).on(collection).fields(&fields);
    let found = search.decide(None).and_then(|_| search.decide(Some(&row.1)));
    search.told_elsewhere();
    if !found.is_ok_and(|permit| permit.read().contains(field)) {
        let why = format!("a record that the actor can't see has the same value in the unique field `{field}`");
        let denial = Denial::not_granted(codes::NOT_ALLOWED, why).rule("hidden duplicate");
        session.tenant.probes.met_hidden(session.actor(), session.core.now());
        return Ok(Some(act.refuse_on(Some(&row.1), denial)));
    }
    // The entry names the record with the value, since the actor learns of it.
    let mut entry = act.failed("duplicate");
    entry.subjects(&[subject_of(&row.1)]);
    act.name_fields(&mut entry, &fields);
    act.record(entry)?;
    Ok(Some(duplicate()))
}

/// Tells whether the actor may search the field in the whole collection, and so learns nothing by trying values.
fn searches(act: &Act<'_>, field: &str) -> bool {
    let fields = [field];
    let search = act.like(Action::Search).fields(&fields);
    let may = search.decide(None).is_ok_and(|permit| permit.read().contains(field))
        && act.core.policy.scope(search.asked()).is_ok_and(|scope| scope == Scope::All);
    search.told_elsewhere();
    may
}
