//! Sealing and opening of blocks: the entries that one commit carries for one tenant.
//!
//! Guarantees: a sealed block opens only with its tenant's journal key, in its vault, at its position, with its header as
//! it was; every entry opened agrees with its salted hash; the leaf covers all of it but the plaintext. One entry can be
//! shown with its salt, and tells nothing of the others. Does not: check that a block is the one the tree has, or its
//! commit MAC; see [`Walk`](super::Walk).

use crate::crypto::{
    Context, CryptoError, Digest, Domain, Key, Label, MacKey, SALT, SEAL_OVERHEAD, SUITE, Zeroizing, fill, open, role,
    seal_with_salt, sha256,
};
use crate::format::block::{HASH, HEADER, Header, MAX_BLOCK, MAX_ENTRIES, Parts, split};
use crate::format::journal_entry::MAX_ENTRY;
use crate::format::{FormatError, Reader};
use crate::model::{JournalEpochId, TenantId, VaultId};

use super::{AuditError, Entry, tree};

/// Bytes of the seed that salts a block's entry hashes.
const SEED: usize = 32;
/// The bytes of a block without entries.
const FIXED: usize = HEADER + SEAL_OVERHEAD + SEED;
/// The bytes that a block takes for an entry, beside the entry itself.
const PER_ENTRY: usize = HASH + 4;

/// The place of a block, in its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) vault: VaultId,
    pub(crate) epoch: JournalEpochId,
    /// The block's number in the journal, from 0.
    pub(crate) position: u64,
}

/// The parts that a block is made of.
pub(crate) struct NewBlock<'a> {
    pub(crate) place: Place,
    /// `None` for the vault's own.
    pub(crate) tenant: Option<TenantId>,
    /// The tenant's own count of blocks in this epoch, from 1.
    pub(crate) sequence: u64,
    pub(crate) commit_mac: [u8; 32],
    pub(crate) entries: &'a [Entry],
}

/// A block to be stored, and its leaf.
pub(crate) struct SealedBlock {
    pub(crate) bytes: Vec<u8>,
    pub(crate) leaf: Digest,
}

/// The contents of a block.
pub(crate) struct OpenedBlock {
    #[cfg(test)]
    pub(crate) header: Header,
    pub(crate) entries: Vec<Entry>,
    salts: MacKey,
}

impl OpenedBlock {
    /// Returns the salt of an entry's hash: shown with it, the entry proves itself, and no other's can be told from it.
    pub(crate) fn salt(&self, index: u32) -> [u8; 32] {
        entry_salt(&self.salts, index)
    }
}

impl std::fmt::Debug for OpenedBlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpenedBlock({} entries)", self.entries.len())
    }
}

/// Seals a block.
///
/// # Errors
/// [`AuditError::Format`] if it would be over 4 MiB or 32,768 entries: see [`batches`].
pub(crate) fn seal_block(key: &Key<role::Journal>, block: &NewBlock<'_>) -> Result<SealedBlock, AuditError> {
    let mut random = Zeroizing::new([0u8; SEED + SALT]);
    fill(&mut *random)?;
    seal_block_with(key, block, &random)
}

/// Seals a block as [`seal_block`] does, with randomness that the caller has just drawn: the seed, then the seal's salt.
pub(super) fn seal_block_with(
    key: &Key<role::Journal>,
    block: &NewBlock<'_>,
    random: &[u8; SEED + SALT],
) -> Result<SealedBlock, AuditError> {
    #[cfg(test)]
    super::ocsf::tests::fit(block.tenant, block.entries);
    let too_large = FormatError::Invalid { what: "journal block", why: "it is over 4 MiB or 32,768 entries" };
    let size = FIXED + block.entries.iter().map(cost).sum::<usize>();
    if size > MAX_BLOCK || block.entries.len() > MAX_ENTRIES {
        return Err(too_large.into());
    }
    let (seed, salt) = random.split_first_chunk::<SEED>().ok_or(CryptoError::Length)?;
    let salt = salt.first_chunk::<SALT>().ok_or(CryptoError::Length)?;
    let salts = salts(seed);

    let sealed_length = size - HEADER - HASH * block.entries.len();
    let mut plaintext = Zeroizing::new(Vec::with_capacity(sealed_length));
    plaintext.extend_from_slice(seed);
    let header = Header {
        suite: SUITE,
        tenant: block.tenant,
        sequence: block.sequence,
        epoch: block.place.epoch,
        entries: u32::try_from(block.entries.len()).map_err(|_| too_large)?,
        commit_mac: block.commit_mac,
        sealed: u32::try_from(sealed_length).map_err(|_| too_large)?,
    };
    let mut bytes = Vec::with_capacity(size);
    header.encode(&mut bytes);
    for (index, entry) in (0u32..).zip(block.entries) {
        let entry = entry.as_bytes();
        bytes.extend_from_slice(&entry_hash(&entry_salt(&salts, index), entry));
        plaintext.extend_from_slice(&u32::try_from(entry.len()).map_err(|_| too_large)?.to_be_bytes());
        plaintext.extend_from_slice(entry);
    }
    let context = context(&block.place, bytes.get(..HEADER).unwrap_or_default());
    bytes.extend_from_slice(&seal_with_salt(key, Label::Block, &context, &plaintext, salt)?);
    let leaf = leaf_of(&bytes)?;
    Ok(SealedBlock { bytes, leaf })
}

/// Opens the block at `place`, and checks every entry against its hash.
///
/// # Errors
/// [`AuditError::Format`] for bytes that are no block; [`CryptoError::Authentication`] for a wrong key, another place, or
/// altered bytes.
pub(crate) fn open_block(bytes: &[u8], key: &Key<role::Journal>, place: &Place) -> Result<OpenedBlock, AuditError> {
    let parts = split(bytes)?;
    if parts.header.suite != SUITE {
        return Err(FormatError::Invalid { what: "journal block", why: "its cipher suite is unknown" }.into());
    }
    if parts.header.epoch != place.epoch {
        return Err(CryptoError::Authentication.into());
    }
    let plaintext = open(key, Label::Block, &context(place, parts.header_bytes), parts.sealed)?;
    let mut reader = Reader::new("journal block", &plaintext);
    let salts = salts(reader.array()?);
    let mut entries = Vec::with_capacity(parts.hashes.len());
    for (index, hash) in (0u32..).zip(parts.hashes) {
        let entry = reader.long(MAX_ENTRY)?;
        if entry_hash(&entry_salt(&salts, index), entry) != *hash {
            return Err(CryptoError::Authentication.into());
        }
        entries.push(Entry::decode(entry)?);
    }
    reader.finish()?;
    Ok(OpenedBlock {
        #[cfg(test)]
        header: parts.header,
        entries,
        salts,
    })
}

/// Returns the block's leaf in the tree (RFC 6962): of `header ‖ SHA-256(sealed) ‖ entry hashes`. Needs no key.
pub(crate) fn leaf_of(block: &[u8]) -> Result<Digest, FormatError> {
    split(block).map(|parts| leaf_of_parts(&parts))
}

/// Returns the leaf as [`leaf_of`] does, of a block that was taken apart already.
pub(super) fn leaf_of_parts(parts: &Parts<'_>) -> Digest {
    tree::leaf_hash(&[parts.header_bytes, &sha256(&[parts.sealed]), parts.hashes.as_flattened()])
}

/// Parts the entries of one commit into as few runs as fit in a block each; one empty run if there are none.
pub(crate) fn batches(entries: &[Entry]) -> Vec<&[Entry]> {
    let (mut runs, mut rest) = (Vec::new(), entries);
    loop {
        let mut size = FIXED;
        let fitting = rest
            .iter()
            .take(MAX_ENTRIES)
            .take_while(|entry| {
                size += cost(entry);
                size <= MAX_BLOCK
            })
            .count();
        // An entry alone always fits.
        let (run, more) = rest.split_at_checked(fitting.max(1)).unwrap_or((rest, &[]));
        runs.push(run);
        rest = more;
        if rest.is_empty() {
            return runs;
        }
    }
}

/// Returns the hash that stands for an entry in its block: shown with its salt, an entry proves itself.
pub(crate) fn entry_hash(salt: &[u8; 32], entry: &[u8]) -> Digest {
    sha256(&[salt, entry])
}

fn entry_salt(salts: &MacKey, index: u32) -> [u8; 32] {
    salts.mac(&[&index.to_be_bytes()])
}

fn salts(seed: &[u8; SEED]) -> MacKey {
    MacKey::new(&Key::<role::EntrySalt>::copied(seed))
}

fn cost(entry: &Entry) -> usize {
    entry.as_bytes().len() + PER_ENTRY
}

fn context(place: &Place, header: &[u8]) -> Context {
    Context::new(Domain::Block).bytes(place.vault.as_bytes()).u64(place.position).bytes(header)
}

#[cfg(test)]
mod tests;
