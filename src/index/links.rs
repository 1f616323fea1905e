//! Sealing of a record's links: under a key of its tenant, so that the entries of a row that can't be opened any more are
//! still found. Bound to tenant, collection, record and revision.
//!
//! Does not: protect the empty section of a record without entries. The second digest tells that links were taken away.

use super::{EntryPlace, IndexError};
use crate::crypto::{
    Context, CryptoError, Domain, Key, Label, SALT, SEAL_OVERHEAD, Zeroizing, fill, open, role, seal_with_salt,
};
use crate::format::links::{LINK, RawLink, decode, encode, join, split};
use crate::model::{CollectionId, RecordId, Revision, TenantId};

const WHAT: &str = "list of index links";

/// One entry of a record. Holds a key: no `Debug`.
pub(crate) struct Link {
    pub(crate) index: u16,
    pub(crate) version: u16,
    pub(crate) value_key: Key<role::Value>,
    pub(crate) position: u64,
}

impl Link {
    /// Returns the link as its layout has it.
    pub(crate) fn raw(&self) -> RawLink<'_> {
        let Self { index, version, ref value_key, position } = *self;
        RawLink { index, version, value_key: value_key.expose(), position }
    }

    /// Returns the place of the entry.
    pub(crate) const fn place(&self, collection: CollectionId) -> EntryPlace {
        EntryPlace { collection, index: self.index, version: self.version, position: self.position }
    }
}

/// The record and revision of links, which their seal is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LinksPlace {
    pub(crate) tenant: TenantId,
    pub(crate) collection: CollectionId,
    pub(crate) record: RecordId,
    pub(crate) revision: Revision,
}

impl LinksPlace {
    fn context(&self) -> Context {
        Context::new(Domain::Links)
            .bytes(self.tenant.as_bytes())
            .bytes(self.collection.as_bytes())
            .bytes(self.record.as_bytes())
            .u64(self.revision.get())
    }
}

/// Returns the section that goes behind the row's body. Links may come in any order.
///
/// # Errors
/// [`IndexError::Format`] for more than 48 links, or two of one index and version; [`IndexError::Crypto`] if the system
/// gives no randomness.
pub(crate) fn seal_links(key: &Key<role::Links>, place: &LinksPlace, links: &[Link]) -> Result<Vec<u8>, IndexError> {
    seal_raw_links(key, place, links.iter().map(Link::raw).collect())
}

/// Seals links that aren't held as [`Link`]s, as [`seal_links`] does.
///
/// # Errors
/// As [`seal_links`].
pub(crate) fn seal_raw_links(
    key: &Key<role::Links>,
    place: &LinksPlace,
    links: Vec<RawLink<'_>>,
) -> Result<Vec<u8>, IndexError> {
    let mut salt = [0; SALT];
    if !links.is_empty() {
        fill(&mut salt).map_err(IndexError::crypto(WHAT))?;
    }
    seal_links_with_salt(key, place, links, &salt)
}

/// Seals as [`seal_raw_links`] does, with a salt that the caller has just drawn. A salt is never used twice.
///
/// # Errors
/// As [`seal_links`].
pub(crate) fn seal_links_with_salt(
    key: &Key<role::Links>,
    place: &LinksPlace,
    mut raw: Vec<RawLink<'_>>,
    salt: &[u8; SALT],
) -> Result<Vec<u8>, IndexError> {
    raw.sort_unstable_by_key(|link| (link.index, link.version));
    let mut plaintext = Zeroizing::new(Vec::with_capacity(raw.len().saturating_mul(LINK)));
    encode(&raw, &mut plaintext).map_err(IndexError::format(WHAT))?;
    let sealed = if raw.is_empty() {
        Vec::new()
    } else {
        seal_with_salt(key, Label::Links, &place.context(), &plaintext, salt).map_err(IndexError::crypto(WHAT))?
    };
    join(raw.len(), &sealed).map_err(IndexError::format(WHAT))
}

/// Returns the links of a section, ascending by index and version.
///
/// # Errors
/// [`IndexError::Crypto`] for a wrong key or place or altered bytes; [`IndexError::Format`] for a section or contents
/// that no release has written.
pub(crate) fn open_links(key: &Key<role::Links>, place: &LinksPlace, section: &[u8]) -> Result<Vec<Link>, IndexError> {
    let (count, sealed) = split(section).map_err(IndexError::format(WHAT))?;
    if count == 0 {
        return Ok(Vec::new());
    }
    if sealed.len() != SEAL_OVERHEAD.saturating_add(count.saturating_mul(LINK)) {
        return Err(IndexError::crypto(WHAT)(CryptoError::Authentication));
    }
    let plaintext = open(key, Label::Links, &place.context(), sealed).map_err(IndexError::crypto(WHAT))?;
    let links = decode(count, &plaintext).map_err(IndexError::format(WHAT))?;
    Ok(links
        .into_iter()
        .map(|link| Link {
            index: link.index,
            version: link.version,
            value_key: Key::copied(link.value_key),
            position: link.position,
        })
        .collect())
}
