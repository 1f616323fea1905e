//! The anchor: the one small cell that everything hangs from. It holds no secret in the clear.

use super::{FormatError, Reader, Writer};
use crate::model::VaultId;

/// The longest master key id, in bytes.
pub(crate) const MASTER_ID: usize = 255;
/// The longest wrapped key, in bytes: what a master key's `wrap` may answer with.
pub(crate) const WRAPPED_KEK: usize = 4096;
/// The longest anchor, in bytes.
pub(crate) const ANCHOR: usize = MAGIC.len() + 1 + 16 + 8 + 2 + MASTER_ID + 2 + WRAPPED_KEK;

const MAGIC: &[u8; 8] = b"SRanchor";
const VERSION: u8 = 1;
const WHAT: &str = "anchor";

/// The keyring's present generation, and its key as the master key wrapped it.
#[derive(Clone, Copy)]
pub(crate) struct Anchor<'a> {
    pub(crate) vault: VaultId,
    pub(crate) generation: u64,
    pub(crate) master_id: &'a str,
    pub(crate) wrapped: &'a [u8],
}

impl<'a> Anchor<'a> {
    pub(crate) fn encode(&self) -> Result<Vec<u8>, FormatError> {
        check(self.master_id, self.wrapped)?;
        let mut out = Vec::with_capacity(ANCHOR);
        Writer::new(&mut out)
            .bytes(MAGIC)
            .u8(VERSION)
            .bytes(self.vault.as_bytes())
            .u64(self.generation)
            .short(WHAT, self.master_id.as_bytes())?
            .short(WHAT, self.wrapped)?;
        Ok(out)
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(WHAT, bytes);
        if reader.array()? != MAGIC {
            return Err(reader.invalid("it doesn't begin like one; is this file from another program?"));
        }
        reader.version(VERSION)?;
        let vault = VaultId::from_bytes(*reader.array()?);
        let generation = reader.u64()?;
        let master_id =
            std::str::from_utf8(reader.short()?).map_err(|_| reader.invalid("the master key's id is not UTF-8"))?;
        let wrapped = reader.short()?;
        reader.finish()?;
        check(master_id, wrapped)?;
        Ok(Self { vault, generation, master_id, wrapped })
    }
}

fn check(master_id: &str, wrapped: &[u8]) -> Result<(), FormatError> {
    let invalid = |why| Err(FormatError::Invalid { what: WHAT, why });
    if master_id.is_empty() || master_id.len() > MASTER_ID {
        return invalid("the master key's id is not 1 to 255 bytes long");
    }
    if wrapped.is_empty() || wrapped.len() > WRAPPED_KEK {
        return invalid("the wrapped key is not 1 to 4096 bytes long");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
