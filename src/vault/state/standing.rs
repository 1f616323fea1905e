//! The facts of a tenant, or of the vault itself, in memory: found by whom and what they are about.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use crate::crypto::{Context, CryptoError, Label, Zeroizing, expand_raw, open, seal};
use crate::format::fact::{Approval, Demand, Emergency, Fact, Freeze, Share, StoredGrantee, Suspension};
use crate::keys::{TenantKeys, VaultKeys};
use crate::model::{CollectionId, Grantee, RecordId, TenantId, Timestamp};

use crate::vault::state::shown::Rows;

/// Names a fact.
pub(crate) type FactId = RecordId;

/// Whose facts they are, with the keys that they are sealed under.
pub(crate) enum Owner {
    Tenant(Arc<TenantKeys>),
    /// The vault itself: requests for approval of its own acts.
    Vault(Arc<VaultKeys>),
}

impl Owner {
    /// Returns the tenant; `None` for the vault itself.
    pub(crate) fn tenant(&self) -> Option<TenantId> {
        match self {
            Self::Tenant(keys) => Some(keys.id()),
            Self::Vault(_) => None,
        }
    }

    pub(crate) fn seal(&self, label: Label, context: &Context, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match self {
            Self::Tenant(keys) => seal(keys.state(), label, context, plain),
            Self::Vault(keys) => seal(&keys.state, label, context, plain),
        }
    }

    pub(crate) fn open(
        &self,
        label: Label,
        context: &Context,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match self {
            Self::Tenant(keys) => open(keys.state(), label, context, sealed),
            Self::Vault(keys) => open(&keys.state, label, context, sealed),
        }
    }

    pub(crate) fn expand(&self, label: Label, info: &[&[u8]], out: &mut [u8]) -> Result<(), CryptoError> {
        match self {
            Self::Tenant(keys) => expand_raw(keys.state(), label, info, out),
            Self::Vault(keys) => expand_raw(&keys.state, label, info, out),
        }
    }
}

/// The facts of one owner, as everything in the vault shares them.
pub(crate) struct Standing {
    pub(crate) owner: Owner,
    table: RwLock<Table>,
    changes: AtomicU64,
    /// Rows that each actor was shown in the last hour.
    pub(crate) rows: Rows,
    /// Held while somebody takes emergency access or asks for approval, so that nobody passes a limit by doing it twice at once.
    pub(crate) one_at_a_time: Mutex<()>,
}

impl Standing {
    pub(crate) fn new(owner: Owner) -> Self {
        let (table, changes) = (RwLock::default(), AtomicU64::new(0));
        Self { owner, table, changes, rows: Rows::default(), one_at_a_time: Mutex::new(()) }
    }

    /// For loading, and for the committer once a change is durable.
    pub(crate) fn apply(&self, id: FactId, fact: Option<Arc<Fact>>) {
        self.table.write().unwrap_or_else(PoisonError::into_inner).put(id, fact);
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns how often the facts have changed since the vault was opened.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Tells whether this actor may do nothing.
    pub(crate) fn is_suspended(&self, actor: &str) -> bool {
        self.read().is_suspended(actor)
    }

    /// Counts the emergencies that run, and those that await their review.
    pub(crate) fn emergencies(&self, now: Timestamp) -> (usize, usize) {
        let table = self.read();
        let open = || table.emergencies().filter(|(_, emergency)| emergency.reviewed.is_none());
        (open().filter(|(_, emergency)| emergency.until > now).count(), open().count())
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kinds of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Share,
    Approval,
    Emergency,
    Suspension,
    Freeze,
    Demand,
}

/// Shares of a grantee, by collection and record.
type Granted = HashMap<CollectionId, HashMap<RecordId, FactId>>;

/// All facts of one owner, and the ways to find them.
#[derive(Default)]
pub(crate) struct Table {
    facts: HashMap<FactId, Arc<Fact>>,
    actors: HashMap<String, Granted>,
    roles: HashMap<String, Granted>,
    groups: HashMap<String, Granted>,
    shares_of: HashMap<RecordId, HashSet<FactId>>,
    /// Requests for approval, by who asked.
    asked_by: HashMap<String, HashSet<FactId>>,
    emergencies_of: HashMap<String, HashSet<FactId>>,
    suspended: HashMap<String, FactId>,
    /// The tenant's one freeze.
    frozen: Option<FactId>,
    demands: HashMap<String, FactId>,
    /// When facts may be removed: of shares, of requests, of emergencies.
    ends: [BTreeSet<(Timestamp, FactId)>; 3],
    counts: [usize; 6],
}

impl Kind {
    pub(crate) const fn of(fact: &Fact) -> Self {
        match fact {
            Fact::Share(_) => Self::Share,
            Fact::Approval(_) => Self::Approval,
            Fact::Emergency(_) => Self::Emergency,
            Fact::Suspension(_) => Self::Suspension,
            Fact::Freeze(_) => Self::Freeze,
            Fact::Demand(_) => Self::Demand,
        }
    }
}

/// From when on a fact holds no more and nobody needs it. An emergency is kept until somebody has reviewed it.
pub(crate) fn end_of(fact: &Fact) -> Option<Timestamp> {
    match fact {
        Fact::Share(share) => share.until,
        Fact::Approval(approval) => Some(approval.until),
        Fact::Emergency(emergency) => emergency.reviewed.as_ref().map(|review| review.at.max(emergency.until)),
        Fact::Suspension(_) | Fact::Freeze(_) | Fact::Demand(_) => None,
    }
}

impl Table {
    /// Puts, replaces or removes a fact.
    pub(crate) fn put(&mut self, id: FactId, fact: Option<Arc<Fact>>) {
        if let Some(old) = self.facts.remove(&id) {
            self.index(id, &old, false);
        }
        if let Some(new) = fact {
            self.index(id, &new, true);
            self.facts.insert(id, new);
        }
    }

    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.counts.get(kind as usize).copied().unwrap_or(0)
    }

    /// The share of a record with a grantee.
    pub(crate) fn share(&self, record: RecordId, with: Grantee<'_>) -> Option<&Share> {
        let id = self.granted(with)?.values().find_map(|records| records.get(&record))?;
        self.as_share(*id)
    }

    /// A grantee's shares in a collection.
    pub(crate) fn shared_with(
        &self,
        collection: CollectionId,
        with: Grantee<'_>,
    ) -> impl Iterator<Item = (RecordId, &Share)> {
        let records = self.granted(with).and_then(|granted| granted.get(&collection));
        records.into_iter().flatten().filter_map(|(record, id)| Some((*record, self.as_share(*id)?)))
    }

    /// The shares of a record.
    pub(crate) fn shares_of(&self, record: RecordId) -> impl Iterator<Item = (FactId, &Share)> {
        let ids = self.shares_of.get(&record).into_iter().flatten();
        ids.filter_map(|id| Some((*id, self.as_share(*id)?)))
    }

    /// All that this actor was given by shares, and all that they shared. The second takes a look at every share.
    pub(crate) fn shares_about(&self, actor: &str) -> (Vec<FactId>, Vec<FactId>) {
        let with = self.actors.get(actor).into_iter().flatten().flat_map(|(_, records)| records.values().copied());
        let by = self.facts.iter().filter(|(_, fact)| match &***fact {
            Fact::Share(share) => share.by == actor && share.with.as_grantee() != Grantee::Actor(actor),
            _ => false,
        });
        (with.collect(), by.map(|(id, _)| *id).collect())
    }

    pub(crate) fn approval(&self, id: FactId) -> Option<&Approval> {
        match self.facts.get(&id).map(|fact| &**fact) {
            Some(Fact::Approval(approval)) => Some(approval),
            _ => None,
        }
    }

    pub(crate) fn approvals(&self) -> impl Iterator<Item = (FactId, &Approval)> {
        self.asked_by.values().flatten().filter_map(|id| Some((*id, self.approval(*id)?)))
    }

    /// Returns the actor's requests for approval.
    pub(crate) fn asked_by(&self, actor: &str) -> impl Iterator<Item = (FactId, &Approval)> {
        let ids = self.asked_by.get(actor).into_iter().flatten();
        ids.filter_map(|id| Some((*id, self.approval(*id)?)))
    }

    pub(crate) fn emergencies(&self) -> impl Iterator<Item = (FactId, &Emergency)> {
        self.emergencies_of.values().flatten().filter_map(|id| Some((*id, self.emergency(*id)?)))
    }

    pub(crate) fn emergencies_of(&self, actor: &str) -> impl Iterator<Item = (FactId, &Emergency)> {
        let ids = self.emergencies_of.get(actor).into_iter().flatten();
        ids.filter_map(|id| Some((*id, self.emergency(*id)?)))
    }

    pub(crate) fn is_suspended(&self, actor: &str) -> bool {
        self.suspended.contains_key(actor)
    }

    pub(crate) fn suspensions(&self) -> impl Iterator<Item = &Suspension> {
        self.suspended.values().filter_map(|id| match self.facts.get(id).map(|fact| &**fact) {
            Some(Fact::Suspension(suspension)) => Some(suspension),
            _ => None,
        })
    }

    pub(crate) fn freeze(&self) -> Option<&Freeze> {
        match self.facts.get(&self.frozen?).map(|fact| &**fact) {
            Some(Fact::Freeze(freeze)) => Some(freeze),
            _ => None,
        }
    }

    /// Returns the demand on an actor, if there is one.
    pub(crate) fn demand(&self, actor: &str) -> Option<&Demand> {
        match self.facts.get(self.demands.get(actor)?).map(|fact| &**fact) {
            Some(Fact::Demand(demand)) => Some(demand),
            _ => None,
        }
    }

    /// Facts of a kind that are over, the oldest first.
    pub(crate) fn over(&self, kind: Kind, now: Timestamp) -> impl Iterator<Item = FactId> {
        let ends = self.ends.get(kind as usize).into_iter().flatten();
        ends.take_while(move |(end, _)| *end <= now).map(|(_, id)| *id)
    }

    fn emergency(&self, id: FactId) -> Option<&Emergency> {
        match self.facts.get(&id).map(|fact| &**fact) {
            Some(Fact::Emergency(emergency)) => Some(emergency),
            _ => None,
        }
    }

    fn as_share(&self, id: FactId) -> Option<&Share> {
        match self.facts.get(&id).map(|fact| &**fact) {
            Some(Fact::Share(share)) => Some(share),
            _ => None,
        }
    }

    fn granted(&self, with: Grantee<'_>) -> Option<&Granted> {
        match with {
            Grantee::Actor(name) => self.actors.get(name),
            Grantee::Role(name) => self.roles.get(name),
            Grantee::Group(name) => self.groups.get(name),
        }
    }

    /// Enters a fact everywhere, or takes it out.
    fn index(&mut self, id: FactId, fact: &Fact, add: bool) {
        let kind = Kind::of(fact) as usize;
        if let Some(count) = self.counts.get_mut(kind) {
            *count = if add { count.saturating_add(1) } else { count.saturating_sub(1) };
        }
        if let (Some(end), Some(ends)) = (end_of(fact), self.ends.get_mut(kind)) {
            if add {
                ends.insert((end, id))
            } else {
                ends.remove(&(end, id))
            };
        }
        match fact {
            Fact::Share(share) => {
                member(&mut self.shares_of, share.record, id, add);
                let (all, name) = match &share.with {
                    StoredGrantee::Actor(name) => (&mut self.actors, name),
                    StoredGrantee::Role(name) => (&mut self.roles, name),
                    StoredGrantee::Group(name) => (&mut self.groups, name),
                };
                if add {
                    let granted = all.entry(name.clone()).or_default();
                    granted.entry(share.collection).or_default().insert(share.record, id);
                } else if let Some(granted) = all.get_mut(name) {
                    if let Some(records) = granted.get_mut(&share.collection) {
                        records.remove(&share.record);
                        if records.is_empty() {
                            granted.remove(&share.collection);
                        }
                    }
                    if granted.is_empty() {
                        all.remove(name);
                    }
                }
            }
            Fact::Approval(approval) => member(&mut self.asked_by, approval.actor.clone(), id, add),
            Fact::Emergency(emergency) => member(&mut self.emergencies_of, emergency.actor.clone(), id, add),
            Fact::Suspension(suspension) if add => {
                self.suspended.insert(suspension.actor.clone(), id);
            }
            Fact::Suspension(suspension) => {
                self.suspended.remove(&suspension.actor);
            }
            Fact::Freeze(_) => self.frozen = add.then_some(id),
            Fact::Demand(demand) if add => {
                self.demands.insert(demand.actor.clone(), id);
            }
            Fact::Demand(demand) => {
                self.demands.remove(&demand.actor);
            }
        }
    }
}

fn member<K: std::hash::Hash + Eq>(sets: &mut HashMap<K, HashSet<FactId>>, key: K, id: FactId, add: bool) {
    if add {
        sets.entry(key).or_default().insert(id);
    } else if let Some(set) = sets.get_mut(&key) {
        set.remove(&id);
        if set.is_empty() {
            sets.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Access;

    fn share(record: u8, with: StoredGrantee, until: Option<i64>) -> Arc<Fact> {
        Arc::new(Fact::Share(Share {
            collection: CollectionId::from_bytes([1; 16]),
            record: RecordId::from_bytes([record; 16]),
            with,
            access: Access::Read,
            by: "boss".to_owned(),
            at: Timestamp::from_micros(0),
            until: until.map(Timestamp::from_micros),
        }))
    }

    #[test]
    fn fact_that_is_removed_or_replaced_leaves_nothing_behind() {
        let id = |n| RecordId::from_bytes([n; 16]);
        let mut table = Table::default();
        let ann = || StoredGrantee::Actor("ann".to_owned());
        table.put(id(1), Some(share(1, ann(), Some(5))));
        table.put(id(2), Some(share(2, ann(), None)));
        table.put(id(1), Some(share(1, ann(), Some(9))));
        assert_eq!(table.count(Kind::Share), 2);
        assert_eq!(table.shared_with(CollectionId::from_bytes([1; 16]), Grantee::Actor("ann")).count(), 2);
        assert_eq!(table.over(Kind::Share, Timestamp::from_micros(5)).count(), 0);
        assert_eq!(table.over(Kind::Share, Timestamp::from_micros(9)).count(), 1);
        assert!(table.share(id(1), Grantee::Actor("ann")).is_some());
        assert!(table.share(id(1), Grantee::Role("ann")).is_none());
        table.put(id(1), None);
        table.put(id(2), None);
        assert!(table.facts.is_empty() && table.actors.is_empty() && table.shares_of.is_empty());
        assert!(table.ends.iter().all(BTreeSet::is_empty));
        assert_eq!(table.counts, [0; 6]);
    }
}
