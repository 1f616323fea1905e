//! The vault itself: tenants, checks, heads, health.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, Weak};

use crate::audit::{Head, HeadKey, SinkHealth, Verdict};
use crate::crypto::fill;
use crate::error::{Error, Result};
use crate::format::place;
use crate::format::state::TenantState;
use crate::model::{Action, Actor, TenantId, VaultId};
use crate::policy::AccessPolicy;

use crate::vault::core::{Core, Outcome, Write};
use crate::vault::gate::{Current, Permit, Question};
use crate::vault::lifecycle::options::{Memory, Place, VaultOptions};
use crate::vault::state::catalog::{check_name, seal_tenant_name};
use crate::vault::admin::policy::PastPolicy;
use crate::vault::check::scrub::{Scrub, ScrubOptions, ScrubProgress};
use crate::vault::tenant::{Escrow, Tenant};
use crate::vault::state::tenant::TenantCore;
use crate::vault::check::verify;
use crate::vault::check::verify::Depth;
use crate::vault::gate::entries;
use crate::vault::lifecycle::open;
use crate::vault::admin::policy;
use crate::vault::check::scrub;

/// One opened vault: a directory, its keys, its policy, its journal.
///
/// A cheap clone, `Send + Sync + 'static`. When the last handle is gone (tenants, sessions and collections hold it too),
/// the vault is closed as [`close`](Self::close) does, without anybody to report to.
#[derive(Clone)]
pub struct Vault {
    core: Arc<Core>,
}

/// A vault that is kept open by others: for what must not keep it open itself, such as a sink that acts on the vault.
#[derive(Clone)]
pub struct WeakVault {
    core: Weak<Core>,
}

/// How an opened vault is doing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Health {
    /// Writing has failed; every act fails until the vault is opened again.
    pub stopped: bool,
    /// The disk had no room when the vault was opened, and hasn't yet: only acts that help out of that are done. See
    /// [`VaultOptions::reserve_bytes`](crate::VaultOptions::reserve_bytes).
    pub low_space: bool,
    /// Blocks in the journal, dropped ones included.
    pub journal_blocks: u64,
    /// When the vault was opened, now or at some time before, the journal fell short of the head kept beside it, or didn't
    /// follow from it: the store was set back, has lost its last commits or was rewritten. It stays so; a verification says
    /// more.
    pub journal_short: bool,
    /// The audit sinks.
    pub sinks: Vec<SinkHealth>,
    /// Emergency accesses that run now, in all tenants.
    pub emergencies_running: usize,
    /// Emergency accesses that nobody has reviewed, those that run included.
    pub emergencies_unreviewed: usize,
    /// The scrub that runs, or the last one since the vault was opened.
    pub scrub: Option<ScrubProgress>,
    /// What was repaired, adopted or found wrong while opening.
    pub notices: Vec<String>,
    /// What failed last beside the calls (the head file, slot ceilings); it is tried again.
    pub trouble: Option<String>,
}

impl Vault {
    pub(crate) fn new(core: Core) -> Self {
        Self { core: Arc::new(core) }
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// A handle that doesn't keep the vault open.
    #[must_use]
    pub fn downgrade(&self) -> WeakVault {
        WeakVault { core: Arc::downgrade(&self.core) }
    }

    /// Options for a vault in this directory.
    #[cfg(feature = "sled")]
    pub fn options(directory: impl AsRef<Path>) -> VaultOptions {
        VaultOptions::new(Place::Directory(directory.as_ref().to_owned()))
    }

    /// Options for a vault in memory, for tests. Everything is as in a directory, but gone with the process.
    pub fn in_memory(memory: &Memory) -> VaultOptions {
        VaultOptions::new(Place::Memory(memory.clone()))
    }

    /// The vault's id.
    #[must_use]
    pub fn id(&self) -> VaultId {
        self.core.id
    }

    /// Creates a tenant: its root key and the rest of its keys are made here, once.
    ///
    /// # Errors
    /// [`Error::TenantExists`], [`Error::BadName`], [`Error::Denied`], and reasons why the vault can't act now.
    pub fn create_tenant(&self, name: &str, escrow: Escrow, actor: &Actor) -> Result<Tenant> {
        let Escrow::Unescrowed = escrow;
        let core = &self.core;
        check_name("tenant", name)?;
        let question = question(actor, Action::CreateTenant);
        let permit = self.permit(&question)?;
        let _creating = core.creating.lock().unwrap_or_else(PoisonError::into_inner);
        match core.tenant(name) {
            Ok(_) => return Err(Error::TenantExists { name: name.to_owned() }),
            Err(Error::UnknownTenant { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut id = [0; 16];
        fill(&mut id).map_err(|error| Error::io("drawing a random id", error))?;
        let id = TenantId::from_bytes(id);
        let entry = |about: bool| {
            let mut entry = entries::permitted(&core.gate, &question, None, &permit);
            if about {
                entry.tenant(id);
            }
            entries::finish(entry)
        };
        // Ready before the keys are made: what fails from there on leaves keys of a tenant that never was.
        let (own, of_vault) = (entry(false)?, entry(true)?);
        let keys = core.keyring.add_tenant(id).map_err(open::key_error)?;
        let sealed = seal_tenant_name(&keys, id, name)?;
        let tenant = Arc::new(TenantCore::new(id, name.to_owned(), keys, TenantState::default())?);
        let (tenants, new) = (Arc::clone(&core.tenants), Arc::clone(&tenant));
        let write = Write {
            expect: vec![(place::tenant_name(id), None)],
            puts: vec![(place::tenant_name(id), Some(sealed))],
            entries: vec![own],
            vault_entries: vec![of_vault],
            after: Some(Box::new(move || {
                tenants.write().unwrap_or_else(PoisonError::into_inner).insert(id, new);
            })),
            ..Write::default()
        };
        match core.write(Some(&tenant), write)? {
            Outcome::Committed => Ok(Tenant::new(Arc::clone(core), tenant)),
            Outcome::Conflict | Outcome::Duplicate(_) => Err(Error::damaged("a new tenant's id is in use")),
        }
    }

    /// The tenant of this name.
    ///
    /// # Errors
    /// [`Error::UnknownTenant`].
    pub fn tenant(&self, name: &str) -> Result<Tenant> {
        self.core.ready()?;
        Ok(Tenant::new(Arc::clone(&self.core), self.core.tenant(name)?))
    }

    /// All tenants, by name.
    #[must_use]
    pub fn tenants(&self) -> Vec<Tenant> {
        let mut all = self.core.all_tenants();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all.into_iter().map(|tenant| Tenant::new(Arc::clone(&self.core), tenant)).collect()
    }

    /// Puts another policy in force, for every open session too. The actor is asked about by the present one, and the journal
    /// names both. (So it does when the vault is opened with another one than was in force; its code is `opened`.)
    ///
    /// Whether anybody may change the new one isn't checked. If nobody may, open the vault with another policy
    /// ([`VaultOptions::policy`](crate::VaultOptions::policy)).
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Policy`] if the new one is unsound: the present one stays then;
    /// [`Error::AuditUnavailable`], which says whether the new one is in force; and reasons why the vault can't act now.
    pub fn set_policy(&self, policy: impl AccessPolicy + 'static, actor: &Actor) -> Result<()> {
        let _governing = self.core.governing.lock().unwrap_or_else(PoisonError::into_inner);
        let question = question(actor, Action::ChangePolicy);
        let permit = self.permit(&question)?;
        let next = Current::new(Arc::new(policy))?;
        let (mut write, _) = policy::change(&self.core, &next)?;
        let mut entry = entries::permitted(&self.core.gate, &question, None, &permit);
        entry.new_policy(next.version().as_bytes());
        write.vault_entries.push(entries::finish(entry)?);
        match self.core.write(None, write) {
            Ok(Outcome::Committed) => self.core.gate.replace(next),
            Ok(Outcome::Conflict | Outcome::Duplicate(_)) => return Err(Error::Conflict),
            Err(error) => {
                // It is on record, and can't be taken back: only a sink didn't say so in time.
                if matches!(error, Error::AuditUnavailable { committed: true }) {
                    self.core.gate.replace(next);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// The policies that the vault was ever given, oldest first, with the texts that they can be read back from. Those
    /// that have no text ([`AccessPolicy::text`]) aren't among them.
    ///
    /// # Errors
    /// [`Error::Denied`] (the act is [`Action::ReviewAccess`]), and reasons why the vault can't act now.
    pub fn past_policies(&self, actor: &Actor) -> Result<Vec<PastPolicy>> {
        let question = question(actor, Action::ReviewAccess);
        let permit = self.permit(&question)?;
        let all = policy::all(&self.core)?;
        self.note(&question, &permit, "")?;
        Ok(all)
    }

    /// Checks everything: that each journal block opens and follows from the one before, that the rows, index entries and
    /// schemas are those that the last commits left, that every record opens, that index and records agree.
    ///
    /// Reads the whole vault. Writers and strict reads wait meanwhile, and entries of other reads stay in their buffer;
    /// when that is full, those reads wait too. Against somebody who can write the whole directory, check with a
    /// head kept elsewhere: [`verify_against`](Self::verify_against). Where rows differ, the [`Verdict`] names the records, as
    /// far as rows and journal tell.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Io`], and reasons why the vault can't act now. What is found is the [`Verdict`]. A check
    /// that ends in an error is on record too, as one that failed.
    pub fn verify(&self, actor: &Actor) -> Result<Verdict> {
        self.check(Depth::Full, None, actor)
    }

    /// [`verify`](Self::verify), and holds the journal against a head that was kept elsewhere. Two answers are good:
    /// [`Verdict::Intact`], and [`Verdict::UnanchoredTail`] if anything was written since the head was taken.
    ///
    /// # Errors
    /// As [`verify`](Self::verify), and [`Error::Head`] for a head that isn't this vault's.
    pub fn verify_against(&self, head: &Head, actor: &Actor) -> Result<Verdict> {
        self.check(Depth::Full, Some(head), actor)
    }

    /// Checks the structure: that the journal's blocks give the tree that heads and state tell of, that each tenant's blocks
    /// are counted without a break, and that the rows, index entries and schemas are those that the last commits left.
    ///
    /// Whatever was changed behind the vault's back shows as in [`verify`](Self::verify); but no entry and no record is
    /// opened, so it takes a fraction of the time. Reads the whole vault; writers wait meanwhile. Against somebody who can
    /// write the whole directory, use [`verify_quick_against`](Self::verify_quick_against).
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_quick(&self, actor: &Actor) -> Result<Verdict> {
        self.check(Depth::Quick, None, actor)
    }

    /// [`verify_quick`](Self::verify_quick), and holds the journal against a head that was kept elsewhere.
    ///
    /// # Errors
    /// As [`verify_against`](Self::verify_against).
    pub fn verify_quick_against(&self, head: &Head, actor: &Actor) -> Result<Verdict> {
        self.check(Depth::Quick, Some(head), actor)
    }

    /// Checks everything that [`verify`](Self::verify) does, in the background and at a given rate, while readers and
    /// writers go on. Goes on where a scrub of this vault was interrupted; [`Scrub`] says how.
    ///
    /// It is an act of verification, and is journalled when it begins and when it ends, with what it found.
    ///
    /// # Errors
    /// [`Error::NotPossible`] while another scrub of the vault is under way, [`Error::Denied`], [`Error::Io`], and reasons
    /// why the vault can't act now. What is found is the [`Verdict`] that [`Scrub::wait`] returns.
    pub fn scrub(&self, options: ScrubOptions, actor: &Actor) -> Result<Scrub> {
        let permit = self.permit(&question(actor, Action::Verify))?;
        scrub::start(&self.core, options, actor, &permit)
    }

    /// A signed head of the journal as it is now: keep it where the vault's directory isn't. `to_string` gives its text.
    ///
    /// # Errors
    /// [`Error::Denied`] (it is an act of verification), and reasons why the vault can't act now.
    pub fn head(&self, actor: &Actor) -> Result<Head> {
        let question = question(actor, Action::Verify);
        let permit = self.permit(&question)?;
        self.note(&question, &permit, "")?;
        self.flush()?;
        self.core.upkeep.head().ok_or(Error::Closed)
    }

    /// The public key that heads are signed with.
    #[must_use]
    pub fn head_key(&self) -> HeadKey {
        let keys = self.core.keyring.vault_keys();
        HeadKey::of(&keys.signing, self.core.id, keys.epoch)
    }

    /// How the vault is doing.
    #[must_use]
    pub fn health(&self) -> Health {
        let core = &self.core;
        let now = core.gate.now();
        let counts = core.all_tenants().into_iter().map(|tenant| tenant.facts.emergencies(now));
        let (running, unreviewed) =
            counts.fold((0usize, 0usize), |sum, (a, b)| (sum.0.saturating_add(a), sum.1.saturating_add(b)));
        Health {
            stopped: core.journal.failed(),
            low_space: core.reserve.low(),
            journal_blocks: core.journal.latest().map_or(0, |state| state.frontier.size()),
            // Kept by whoever opened the vault then. One that can't be read now is asked for again with the next report.
            journal_short: matches!(core.ahead.read(), Ok(Some(_))),
            sinks: core.journal.sinks().iter().map(crate::audit::Delivery::health).collect(),
            emergencies_running: running,
            emergencies_unreviewed: unreviewed,
            scrub: core.scrubs.progress(),
            notices: core.notices.clone(),
            trouble: core.upkeep.trouble(),
        }
    }

    /// Writes buffered journal entries out, and waits until they are durable and acknowledged by required sinks.
    ///
    /// # Errors
    /// Reasons why the vault can't act now.
    pub fn flush(&self) -> Result<()> {
        self.core.ready()?;
        self.core.flush()
    }

    /// Commits what waits, brings the head file up to date, closes the store and releases the lock. Every later call of
    /// any handle returns [`Error::Closed`]; closing twice is fine.
    ///
    /// # Errors
    /// What couldn't be written: [`Error::Io`], [`Error::Stopped`], or [`Error::AuditUnavailable`] for a required sink
    /// that hasn't taken everything; it gets the rest when the vault is opened again.
    pub fn close(&self) -> Result<()> {
        self.core.close()
    }

    fn check(&self, depth: Depth, anchor: Option<&Head>, actor: &Actor) -> Result<Verdict> {
        let question = question(actor, Action::Verify);
        let permit = self.permit(&question)?;
        match verify::verify(&self.core, depth, anchor) {
            Ok(verdict) => {
                self.note(&question, &permit, verify::code(&verdict))?;
                Ok(verdict)
            }
            Err(error) => {
                let outcome = (crate::audit::Outcome::Failed, "error", permit.rule());
                let entry = entries::under(&self.core.gate, &question, None, outcome, permit.version());
                // Why there is no verdict says more than why that isn't on record; health tells of a journal that takes none.
                let _unwritten = entries::finish(entry).and_then(|entry| self.core.record(None, entry));
                Err(error)
            }
        }
    }

    /// Asks the policy about an act of administration. A refusal is written down.
    pub(crate) fn permit(&self, question: &Question<'_>) -> Result<Permit> {
        self.core.ready()?;
        self.core.gate.permit(question).map_err(|denial| {
            match entries::denied(&self.core.gate, question, None, &denial) {
                Ok(entry) => self.core.denied(None, entry, true, denial),
                Err(error) => error,
            }
        })
    }

    pub(crate) fn note(&self, question: &Question<'_>, permit: &Permit, code: &str) -> Result<()> {
        let outcome = (crate::audit::Outcome::Permitted, code, permit.rule());
        let entry = entries::finish(entries::under(&self.core.gate, question, None, outcome, permit.version()))?;
        self.core.record(None, entry).map(|_ticket| ())
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("id", &self.core.id).finish_non_exhaustive()
    }
}

impl WeakVault {
    /// The vault; `None` once its last handle is gone.
    #[must_use]
    pub fn upgrade(&self) -> Option<Vault> {
        self.core.upgrade().map(|core| Vault { core })
    }
}

impl fmt::Debug for WeakVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakVault")
    }
}

pub(crate) fn question(actor: &Actor, action: Action) -> Question<'_> {
    Question::new(actor, action, None)
}
