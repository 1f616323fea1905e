//! Sharing records with people, roles and groups.
//!
//! Guarantees: a share is in the same commit as its entry; a record has at most one with each grantee. Does not: let
//! anybody in by itself; a policy that knows of shares does.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Impossible, Result};
use crate::format::fact::{Fact, Share as Stored, StoredGrantee};
use crate::format::place;
use crate::model::{Access, Action, Grantee, RecordId, Timestamp};
use crate::record::Record;

use crate::vault::commit::Write;
use crate::vault::gate::{Act, subject_of};
use crate::vault::handles::{Collection, SessionInner};
use crate::vault::records::permitted;
use crate::vault::standing::{self, Kind};
use crate::vault::state::schema::CollectionCore;

/// A record is shared with so many grantees at most.
const SHARES_OF_ONE: usize = 1_000;

/// With whom a record is shared, and how far. `Debug` shows no names.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Share {
    /// The record.
    pub record: RecordId,
    /// Access that the share gives.
    pub access: Access,
    /// Who shared it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Until when it holds; `None` is for good.
    pub until: Option<Timestamp>,
    with: StoredGrantee,
}

impl Share {
    fn new(stored: &Stored) -> Self {
        let Stored { record, access, at, until, .. } = *stored;
        Self { record, access, by: stored.by.clone(), at, until, with: stored.with.clone() }
    }

    /// With whom.
    #[must_use]
    pub fn with(&self) -> Grantee<'_> {
        self.with.as_grantee()
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Share");
        debug.field("record", &self.record).field("access", &self.access);
        debug.field("at", &self.at).field("until", &self.until).finish_non_exhaustive()
    }
}

impl<T: Record + 'static> Collection<T> {
    /// Shares a record with somebody, until a time or for good. A policy that knows of shares lets them in; sharing once
    /// more replaces what was allowed. At most 1,000 shares a record, 262,144 a tenant; names of at most 256 bytes.
    ///
    /// Nothing checks that there is such an actor, role or group: a misspelt one is shared with nobody, and stands in
    /// [`shares`](Self::shares).
    ///
    /// ```
    /// # use strongroom::vault::Session;
    /// # use strongroom::model::{Access, Grantee};
    /// # fn example<T: strongroom::Record + 'static>(session: &Session, id: strongroom::RecordId) -> strongroom::Result<()> {
    /// let customers = session.collection::<T>()?;
    /// customers.share(id, Grantee::Role("support"), Access::Read, None)?;
    /// customers.unshare(id, Grantee::Role("support"))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Deleted`]; [`Error::BadName`] for a grantee without a name or with too long a one;
    /// [`Error::NotPossible`] for a time that is over; [`Error::TooLarge`] for too many shares; and those of every call.
    pub fn share(&self, id: RecordId, with: Grantee<'_>, access: Access, until: Option<Timestamp>) -> Result<()> {
        share(self.session(), self.core(), id, with, access, until)
    }

    /// Ends a share. Returns whether there was one.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Deleted`], and those of every call.
    pub fn unshare(&self, id: RecordId, with: Grantee<'_>) -> Result<bool> {
        unshare(self.session(), self.core(), id, with)
    }

    /// With whom a record is shared now. For whoever may share it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Deleted`], and those of every call.
    pub fn shares(&self, id: RecordId) -> Result<Vec<Share>> {
        shares(self.session(), self.core(), id)
    }
}

fn share(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    with: Grantee<'_>,
    access: Access,
    until: Option<Timestamp>,
) -> Result<()> {
    let (core, tenant) = (&session.core, &session.tenant);
    let act = grantee(session.act(Action::Share).on(collection).told("what", "share"), with);
    let act = act.told("access", if access == Access::Write { "write" } else { "read" }).told_any("until", until);
    let stored = StoredGrantee::from(with);
    standing::check_party("grantee of a share", stored.name())?;
    standing::check_party("actor who shares", session.actor())?;
    act.retry_until_committed(|| {
        core.ready()?;
        let mut write = Write::default();
        let now = core.now();
        // Before the record is looked at: an act that comes to nothing tells nothing of it.
        if until.is_some_and(|until| until <= now) {
            return Err(Impossible::ShareOver.into());
        }
        let (bytes, opened, mut permit) = permitted(session, &act, collection, id)?;
        act.spend(&mut permit, &mut write)?;
        let fact = standing::share_id(&tenant.keys, tenant.id, collection.id, id, with)?;
        let before = standing::stored(&*core.store, &tenant.facts, fact)?.map(|(bytes, _)| bytes);
        if before.is_none() {
            let size = tenant.facts.read().shares_of(id).count().saturating_add(1);
            if size > SHARES_OF_ONE {
                let what = "list of a record's shares (end some with `unshare`, or share with a role or a group)";
                return Err(Error::TooLarge { what, size, limit: SHARES_OF_ONE });
            }
        }
        // Whoever decides on a record that has changed meanwhile decides anew.
        write.expect.push((place::row(tenant.id, collection.id, id), Some(bytes.raw)));
        let share = Stored {
            collection: collection.id,
            record: id,
            with: stored.clone(),
            access,
            by: session.actor().to_owned(),
            at: now,
            until,
        };
        standing::put(&tenant.facts, fact, before, Some(Fact::Share(share)), &mut write)?;
        standing::sweep(&*core.store, &tenant.facts, Kind::Share, now, &mut write)?;
        let mut entry = act.entry(&permit);
        entry.subjects(&[subject_of(&opened)]).party(with);
        act.add(entry, &mut write)?;
        Ok((write, ()))
    })
}

fn unshare(session: &SessionInner, collection: &Arc<CollectionCore>, id: RecordId, with: Grantee<'_>) -> Result<bool> {
    let (core, tenant) = (&session.core, &session.tenant);
    let act = grantee(session.act(Action::Share).on(collection).told("what", "unshare"), with);
    standing::check_party("grantee of a share", StoredGrantee::from(with).name())?;
    act.retry_until_committed(|| {
        let mut write = Write::default();
        let (bytes, opened, mut permit) = permitted(session, &act, collection, id)?;
        act.spend(&mut permit, &mut write)?;
        let fact = standing::share_id(&tenant.keys, tenant.id, collection.id, id, with)?;
        let before = standing::stored(&*core.store, &tenant.facts, fact)?.map(|(bytes, _)| bytes);
        let had = before.is_some();
        write.expect.push((place::row(tenant.id, collection.id, id), Some(bytes.raw)));
        if had {
            standing::put(&tenant.facts, fact, before, None, &mut write)?;
        }
        standing::sweep(&*core.store, &tenant.facts, Kind::Share, core.now(), &mut write)?;
        let mut entry = act.coded(&permit, if had { "ended" } else { "not_shared" });
        entry.subjects(&[subject_of(&opened)]).party(with);
        act.add(entry, &mut write)?;
        Ok((write, had))
    })
}

fn shares(session: &SessionInner, collection: &Arc<CollectionCore>, id: RecordId) -> Result<Vec<Share>> {
    let act = session.act(Action::Share).on(collection).told("what", "list");
    let (_, opened, permit) = permitted(session, &act, collection, id)?;
    let now = session.core.now();
    let mut shares: Vec<Share> = {
        let table = session.tenant.facts.read();
        let of_record = table.shares_of(id).map(|(_, share)| share);
        of_record.filter(|share| share.until.is_none_or(|until| until > now)).map(Share::new).collect()
    };
    shares.sort_by(|a, b| a.with().cmp(&b.with()));
    let mut entry = act.coded(&permit, "listed");
    entry.subjects(&[subject_of(&opened)]);
    act.record_under(permit.approval(), entry)?;
    Ok(shares)
}

/// Says with whom an act shares, for whoever approves it.
fn grantee<'a>(act: Act<'a>, with: Grantee<'_>) -> Act<'a> {
    match with {
        Grantee::Actor(name) => act.told("with actor", name),
        Grantee::Role(name) => act.told("with role", name),
        Grantee::Group(name) => act.told("with group", name),
    }
}
