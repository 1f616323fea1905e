//! The file that says that a directory is a vault, of which format, and which one.

use crate::error::Error;
use crate::model::VaultId;

const FIRST: &str = "strongroom vault";
/// The format of the directory as a whole.
const FORMAT: u8 = 1;
/// The file has at most this many bytes.
pub(super) const MAX: u64 = 1024;

pub(super) fn text(id: VaultId) -> String {
    format!("{FIRST}\nformat {FORMAT}\nid {id}\n")
}

/// The vault's id, or why there is none.
pub(super) fn parse(bytes: &[u8]) -> Result<VaultId, Unmarked> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unmarked::Foreign)?;
    let mut lines = text.lines();
    if lines.next() != Some(FIRST) {
        return Err(Unmarked::Foreign);
    }
    let format = lines.next().and_then(|line| line.strip_prefix("format ")).and_then(|n| n.parse::<u8>().ok());
    match format {
        Some(FORMAT) => {}
        Some(found) if found > FORMAT => return Err(Unmarked::Newer(found)),
        _ => return Err(Unmarked::Foreign),
    }
    let id = lines.next().and_then(|line| line.strip_prefix("id ")).and_then(|id| id.parse().ok());
    match (id, lines.next()) {
        (Some(id), None) => Ok(id),
        _ => Err(Unmarked::Foreign),
    }
}

/// Why a file doesn't mark a vault.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unmarked {
    Foreign,
    Newer(u8),
}

impl From<Unmarked> for Error {
    fn from(unmarked: Unmarked) -> Self {
        match unmarked {
            Unmarked::Foreign => Self::damaged("its file `vault` is truncated or not one of ours"),
            Unmarked::Newer(found) => Self::Newer { what: "vault", found, known: FORMAT },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marker_reads_back_and_others_are_told_apart() {
        let id = VaultId::from_bytes([7; 16]);
        assert_eq!(parse(text(id).as_bytes()), Ok(id));
        assert_eq!(parse(text(id).replace("format 1", "format 2").as_bytes()), Err(Unmarked::Newer(2)));
        for cut in 0..text(id).len() - 1 {
            assert_eq!(parse(&text(id).as_bytes()[..cut]), Err(Unmarked::Foreign), "{cut}");
        }
        assert_eq!(parse(b"\xff\xff"), Err(Unmarked::Foreign));
    }
}
