//! A scrub's progress: with the vault, and with each of its tenants. Stored sealed.

use super::{FormatError, Reader, Writer, frontier};
use crate::model::JournalEpochId;

const VAULT: &str = "scrub's state";
const TENANT: &str = "scrub's state of a tenant";
const VERSION: u8 = 1;
/// Bytes of a digest: `BE64 count ‖ sum 32`.
const DIGEST: usize = 40;
/// The longest key of a tenant that a scrub reads, in bytes.
pub(crate) const MAX_CURSOR: usize = 64;

/// The progress that is common to all tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScrubbedVault {
    /// A mark that is drawn anew each time that the state is saved; the parts of tenants name it.
    pub(crate) save: [u8; 16],
    /// The number of tenants that have a part.
    pub(crate) tenants: u32,
    /// The number of tenants' values that were read so far, for progress.
    pub(crate) read: u64,
    pub(crate) epoch: JournalEpochId,
    /// The number of blocks when the round began.
    pub(crate) begun: u64,
    /// The number of blocks at the journal's beginning that were not there.
    pub(crate) skipped: u64,
    /// The number of blocks that a head or the journal's state vouched for.
    pub(crate) good: u64,
    /// The number of blocks that were opened, and the right edge of the tree over them.
    pub(crate) size: u64,
    pub(crate) frontier: Vec<[u8; 32]>,
    /// The last block of the vault itself.
    pub(crate) tip: Option<ScrubbedTip>,
}

/// The last block of an owner among those opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScrubbedTip {
    pub(crate) position: u64,
    pub(crate) sequence: u64,
    pub(crate) commit_mac: [u8; 32],
}

/// The progress with one tenant.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ScrubbedTenant {
    pub(crate) save: [u8; 16],
    /// The tenant's last block.
    pub(crate) tip: Option<ScrubbedTip>,
    /// The digest of its change lists among the blocks opened.
    pub(crate) changes: [u8; DIGEST],
    pub(crate) rows: ScrubbedRows,
}

/// The progress with a tenant's own values.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum ScrubbedRows {
    /// Values of which none was read, or in vain.
    Ahead,
    /// Values that were all read, and are as they should be.
    Done,
    /// Values that were read up to a key, with the digests of those, and the digests that the whole tenant had then.
    UnderWay { cursor: Vec<u8>, read: [[u8; DIGEST]; 2], whole: [[u8; DIGEST]; 2] },
}

impl ScrubbedVault {
    /// Returns `version ‖ save 16 ‖ BE32 tenants ‖ BE64 read ‖ epoch 16 ‖ BE64 begun ‖ BE64 skipped ‖ BE64 good ‖ tip ‖
    /// frontier`.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128 + 32 * self.frontier.len());
        let mut writer = Writer::new(&mut out);
        writer.u8(VERSION).bytes(&self.save).u32(self.tenants).u64(self.read);
        writer.bytes(self.epoch.as_bytes()).u64(self.begun).u64(self.skipped).u64(self.good);
        put_tip(&mut writer, self.tip.as_ref());
        frontier::encode(self.size, &self.frontier, &mut out);
        out
    }

    /// Decodes the whole of `bytes`.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(VAULT, bytes);
        reader.version(VERSION)?;
        let (save, tenants, read) = (*reader.array()?, reader.u32()?, reader.u64()?);
        let epoch = JournalEpochId::from_bytes(*reader.array()?);
        let (begun, skipped, good) = (reader.u64()?, reader.u64()?, reader.u64()?);
        let tip = tip(&mut reader)?;
        let (size, frontier) = frontier::read(&mut reader)?;
        if skipped > size || good > size || tip.is_some_and(|tip| tip.position >= size) {
            return Err(reader.invalid("it names blocks beyond its own end"));
        }
        reader.finish()?;
        Ok(Self { save, tenants, read, epoch, begun, skipped, good, size, frontier, tip })
    }
}

impl ScrubbedTenant {
    /// Returns `version ‖ save 16 ‖ tip ‖ changes 40 ‖ kind`, and for one under way `BE16 length ‖ cursor ‖ digests of
    /// what was read 2 × 40 ‖ digests of the whole 2 × 40`.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, FormatError> {
        let mut out = Vec::with_capacity(320);
        let mut writer = Writer::new(&mut out);
        writer.u8(VERSION).bytes(&self.save);
        put_tip(&mut writer, self.tip.as_ref());
        writer.bytes(&self.changes);
        match &self.rows {
            ScrubbedRows::Ahead => writer.u8(0),
            ScrubbedRows::Done => writer.u8(1),
            ScrubbedRows::UnderWay { cursor, read, whole } => {
                if cursor.len() > MAX_CURSOR {
                    return Err(FormatError::Invalid { what: TENANT, why: "its cursor is too long" });
                }
                let writer = writer.u8(2).short(TENANT, cursor)?;
                writer.bytes(read.as_flattened()).bytes(whole.as_flattened())
            }
        };
        Ok(out)
    }

    /// Decodes the whole of `bytes`.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(TENANT, bytes);
        reader.version(VERSION)?;
        let (save, tip, changes) = (*reader.array()?, tip(&mut reader)?, *reader.array()?);
        let rows = match reader.u8()? {
            0 => ScrubbedRows::Ahead,
            1 => ScrubbedRows::Done,
            2 => {
                let cursor = reader.short()?;
                if cursor.len() > MAX_CURSOR {
                    return Err(reader.invalid("its cursor is too long"));
                }
                let read = [*reader.array()?, *reader.array()?];
                ScrubbedRows::UnderWay { cursor: cursor.to_vec(), read, whole: [*reader.array()?, *reader.array()?] }
            }
            _ => return Err(reader.invalid("its kind is unknown")),
        };
        reader.finish()?;
        Ok(Self { save, tip, changes, rows })
    }
}

/// Appends `0`, or `1 ‖ BE64 position ‖ BE64 sequence ‖ commit MAC 32`.
fn put_tip(writer: &mut Writer<'_>, tip: Option<&ScrubbedTip>) {
    match tip {
        None => writer.u8(0),
        Some(tip) => writer.u8(1).u64(tip.position).u64(tip.sequence).bytes(&tip.commit_mac),
    };
}

fn tip(reader: &mut Reader<'_>) -> Result<Option<ScrubbedTip>, FormatError> {
    match reader.u8()? {
        0 => Ok(None),
        1 => Ok(Some(ScrubbedTip { position: reader.u64()?, sequence: reader.u64()?, commit_mac: *reader.array()? })),
        _ => Err(reader.invalid("a block is neither there nor not")),
    }
}

#[cfg(test)]
mod tests;
