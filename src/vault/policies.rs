//! The texts of the policies that were in force, so that a question can be asked of a past one.
//!
//! Guarantees: what is read back for a version is what was kept for it, and when it was first kept. Does not: keep policies
//! that have no text, or say in what order they were in force; the journal does, by their versions.

use crate::crypto::{Context, Domain, Label, open, seal};
use crate::error::{Error, Result};
use crate::format::place::{self, Space};
use crate::format::state::{MAX_SPLIT, join, split};
use crate::model::Timestamp;
use crate::policy::PolicyVersion;

use super::core::{Core, Outcome, Write};

/// The text of a policy has at most this many bytes.
const TEXT: usize = 1 << 20;
/// How many parts are read at once.
const PARTS: usize = 1_024;

/// A policy that was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PastPolicy {
    /// The version that journal entries name.
    pub version: PolicyVersion,
    /// When the vault was first given it.
    pub since: Timestamp,
    /// Its text: [`AccessPolicy::text`](crate::policy::AccessPolicy::text).
    pub text: String,
}

/// Keeps the text of a policy, unless it is kept already.
pub(super) fn keep(core: &Core, version: PolicyVersion, text: &str) -> Result<()> {
    if text.len() > TEXT {
        return Err(Error::TooLarge { what: "text of a policy", size: text.len(), limit: TEXT });
    }
    let first = place::policy(version.as_bytes(), 0);
    if core.store.get(&first).map_err(|error| Error::io("reading a policy's text", error))?.is_some() {
        return Ok(());
    }
    let mut plain = core.gate.now().as_micros().to_be_bytes().to_vec();
    plain.extend_from_slice(text.as_bytes());
    let names = &core.keyring.vault_keys().names;
    let sealed = seal(names, Label::PolicyText, &context(core, version), &plain);
    let sealed = sealed.map_err(|error| Error::io("sealing a policy's text", error))?;
    let too_large = |_| Error::TooLarge { what: "text of a policy", size: text.len(), limit: MAX_SPLIT };
    let parts = split(&sealed).map_err(too_large)?;
    let puts = (0..).zip(parts).map(|(n, part)| (place::policy(version.as_bytes(), n), Some(part))).collect();
    match core.write(None, Write { expect: vec![(first, None)], puts, ..Write::default() })? {
        // Somebody else kept it meanwhile.
        Outcome::Committed | Outcome::Conflict | Outcome::Duplicate(_) => Ok(()),
    }
}

/// All that were kept, oldest first.
pub(super) fn all(core: &Core) -> Result<Vec<PastPolicy>> {
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
