//! The texts of past policies, so that questions can be asked of them.
//!
//! Guarantees: a version's text is read back as it was kept, with the time at which it was first kept; when another
//! policy comes into force, by whatever way, the journal says so before that policy decides anything. Does not: keep
//! policies without a text, or say in which order they were in force: the journal does, by their versions. Whoever can
//! write the store and open the vault with a policy of their own can set the version in force back to an older one.

use crate::audit::{EntryBuilder, Outcome};
use crate::crypto::{Context, Domain, Label, open, seal};
use crate::error::{Error, Result};
use crate::format::place;
use crate::format::place::Space;
use crate::format::state::{MAX_SPLIT, join, split};
use crate::model::{Action, Timestamp};
use crate::policy::PolicyVersion;

use crate::vault::commit::Write;
use crate::vault::core::Core;
use crate::vault::gate::finish;
use crate::vault::state::policy::Current;

/// Longest text of a policy, in bytes.
const TEXT: usize = 1 << 20;
/// Version, which no policy has, under which the version of the policy in force is stored as text.
const IN_FORCE: PolicyVersion = PolicyVersion::from_bytes([0; 32]);
/// Number of parts read at once.
const PARTS: usize = 1_024;

/// A policy that was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PastPolicy {
    /// Version, as journal entries name it.
    pub version: PolicyVersion,
    /// Time at which the vault was first given the policy.
    pub since: Timestamp,
    /// Text of the policy: [`AccessPolicy::text`](crate::policy::AccessPolicy::text).
    pub text: String,
}

/// Makes the change that stores a policy as the one in force: its version, and its text unless that is kept already.
/// Returns true if another policy was in force.
pub(crate) fn change(core: &Core, next: &Current) -> Result<(Write, bool)> {
    let (mut write, version, now) = (Write::default(), next.version(), core.now());
    if let Some(text) = next.text() {
        put(core, (version, now), &text, None, &mut write)?;
    }
    let stored = stored(core, IN_FORCE)?;
    // A stored version that doesn't open counts as another one.
    let before = stored.as_ref().and_then(|parts| opened(core, IN_FORCE, parts).ok());
    let other = before.is_none_or(|before| before.text != version.to_string());
    if other {
        put(core, (IN_FORCE, now), &version.to_string(), stored, &mut write)?;
    }
    Ok((write, other))
}

/// Writes down the policy that the vault was opened with, if another one was in force before.
pub(crate) fn opened_with(core: &Core) -> Result<()> {
    let next = core.policy.current();
    let (mut write, other) = change(core, &next)?;
    // A vault just created has decided nothing yet, and whoever created it gave it this policy.
    if other && core.journal.latest().is_some_and(|state| state.frontier.size() > 1) {
        let hash = next.version();
        let mut entry = EntryBuilder::new(core.now(), Action::ChangePolicy);
        entry.outcome(Outcome::Permitted, "opened", "").policy(hash.as_bytes()).new_policy(hash.as_bytes());
        write.vault_entries.push(finish(entry)?);
    }
    if write.is_nothing() { Ok(()) } else { core.settle(write) }
}

/// Adds a text, split into parts. Without `before`, a text that is stored already stays.
fn put(
    core: &Core,
    (version, now): (PolicyVersion, Timestamp),
    text: &str,
    before: Option<Vec<Vec<u8>>>,
    write: &mut Write,
) -> Result<()> {
    if text.len() > TEXT {
        return Err(Error::TooLarge { what: "text of a policy", size: text.len(), limit: TEXT });
    }
    let first = place::policy(version.as_bytes(), 0);
    let there = core.store.get(&first).map_err(|error| Error::io("reading a policy's text", error))?;
    if there.is_some() && before.is_none() {
        return Ok(());
    }
    let mut plain = now.as_micros().to_be_bytes().to_vec();
    plain.extend_from_slice(text.as_bytes());
    let names = &core.keyring.vault_keys().names;
    let sealed = seal(names, Label::PolicyText, &context(core, version), &plain);
    let sealed = sealed.map_err(|error| Error::io("sealing a policy's text", error))?;
    let too_large = |_| Error::TooLarge { what: "text of a policy", size: text.len(), limit: MAX_SPLIT };
    let parts = split(&sealed).map_err(too_large)?;
    write.expect.push((first, there));
    let old = before.map_or(0, |parts| parts.len());
    let number = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    let gone = (parts.len()..old).map(|n| (place::policy(version.as_bytes(), number(n)), None));
    write.puts.extend(gone.collect::<Vec<_>>());
    write.puts.extend((0..).zip(parts).map(|(n, part)| (place::policy(version.as_bytes(), n), Some(part))));
    Ok(())
}

/// Reads the parts of one text.
fn stored(core: &Core, version: PolicyVersion) -> Result<Option<Vec<Vec<u8>>>> {
    let mut parts = Vec::new();
    for number in 0..=u16::MAX {
        let part = core.store.get(&place::policy(version.as_bytes(), number));
        match part.map_err(|error| Error::io("reading a policy's text", error))? {
            Some(part) => parts.push(part),
            None => break,
        }
    }
    Ok(Some(parts).filter(|parts| !parts.is_empty()))
}

/// Returns all kept policies, oldest first.
pub(crate) fn all(core: &Core) -> Result<Vec<PastPolicy>> {
    let prefix = place::all_of(Space::Policy);
    let mut found: Vec<(PolicyVersion, Vec<Vec<u8>>)> = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = core.store.scan(&prefix, after.as_deref(), PARTS);
        let page = page.map_err(|error| Error::io("reading the policies' texts", error))?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        for (key, part) in page {
            let (version, number) =
                place::policy_of_key(&key).ok_or(Error::damaged("a key in the store is no policy's"))?;
            let version = PolicyVersion::from_bytes(version);
            match found.last_mut() {
                Some((known, parts)) if *known == version && parts.len() == usize::from(number) => parts.push(part),
                _ if number == 0 => found.push((version, vec![part])),
                _ => return Err(Error::damaged("a part of a policy's text is missing")),
            }
        }
    }
    found.retain(|(version, _)| *version != IN_FORCE);
    let mut all =
        found.into_iter().map(|(version, parts)| opened(core, version, &parts)).collect::<Result<Vec<_>>>()?;
    all.sort_by_key(|policy| policy.since);
    Ok(all)
}

fn opened(core: &Core, version: PolicyVersion, parts: &[Vec<u8>]) -> Result<PastPolicy> {
    let sealed = join(parts).map_err(|error| Error::damaged_by("a policy's text", error))?;
    let plain = open(&core.keyring.vault_keys().names, Label::PolicyText, &context(core, version), &sealed);
    let plain = plain.map_err(|error| Error::damaged_by("a policy's text doesn't open", error))?;
    let (since, text) = plain.split_first_chunk().ok_or(Error::damaged("a policy's text is cut short"))?;
    let text = std::str::from_utf8(text).map_err(|error| Error::damaged_by("a policy's text", error))?;
    Ok(PastPolicy { version, since: Timestamp::from_micros(i64::from_be_bytes(*since)), text: text.to_owned() })
}

fn context(core: &Core, version: PolicyVersion) -> Context {
    Context::new(Domain::PolicyText).bytes(core.id.as_bytes()).bytes(version.as_bytes())
}
