//! The keyring's files by name, each in two copies.

use std::collections::BTreeSet;

use super::{Home, HomeError, KeyError, seals};
use crate::model::TenantId;

/// Returns the table's file in one generation, without the ending of a copy.
pub(super) fn table(generation: u64) -> String {
    format!("table.{generation}")
}

/// Returns a tenant's key file in one generation, without the ending of a copy.
pub(super) fn tenant(id: TenantId, generation: u64) -> String {
    let hex: String = id.as_bytes().iter().map(|b| format!("{b:02x}")).collect();
    format!("tenant-{hex}.{generation}")
}

/// Writes both copies, durably.
pub(super) fn write(home: &dyn Home, stem: &str, bytes: &[u8]) -> Result<(), HomeError> {
    copies(stem).iter().try_for_each(|name| home.write_new(name, bytes))
}

/// Removes both copies.
pub(super) fn remove(home: &dyn Home, stem: &str) -> Result<(), HomeError> {
    copies(stem).iter().try_for_each(|name| home.remove(name))
}

/// Opens whichever copy is whole, and repairs the other from it.
pub(super) fn load<T>(
    home: &dyn Home,
    stem: &str,
    limit: usize,
    open: impl Fn(&[u8]) -> Result<T, KeyError>,
) -> Result<T, KeyError> {
    let [a, b] = copies(stem);
    let reads = [home.read(&a, limit), home.read(&b, limit)];
    let mut failure = None;
    for (bytes, twin, twin_name) in [(&reads[0], &reads[1], &b), (&reads[1], &reads[0], &a)] {
        let opened = match bytes {
            Ok(Some(bytes)) => open(bytes).map(|opened| (opened, bytes)),
            _ => continue,
        };
        match opened {
            Ok((opened, bytes)) => {
                if !matches!(twin, Ok(Some(twin)) if twin == bytes) {
                    home.remove(twin_name)?;
                    home.write_new(twin_name, bytes)?;
                }
                return Ok(opened);
            }
            // One that seems newer may be garbled; the twin tells.
            Err(error) if failure.as_ref().is_some_and(seals::is_newer) => drop(error),
            Err(error) => failure = Some(error),
        }
    }
    if let Some(newer) = failure.take_if(|error| seals::is_newer(error)) {
        return Err(newer);
    }
    let source = match (failure, reads) {
        (Some(error), _) => Some(error.into()),
        (None, [Err(error), _] | [_, Err(error)]) => Some(error.into()),
        (None, _) => None,
    };
    Err(KeyError::Lost { name: stem.to_owned(), source })
}

/// Returns the files of the keyring that aren't a copy of one of these.
pub(super) fn strays(home: &dyn Home, kept: impl Iterator<Item = String>) -> Result<Vec<String>, HomeError> {
    let kept: BTreeSet<String> = kept.flat_map(|stem| copies(&stem)).collect();
    Ok(home.list()?.into_iter().filter(|name| is_ours(name) && !kept.contains(name)).collect())
}

/// Tells whether a file is named like one of the keyring. Others are left alone.
pub(super) fn is_ours(name: &str) -> bool {
    let stem = name.strip_suffix(".a").or_else(|| name.strip_suffix(".b"));
    let Some((what, generation)) = stem.and_then(|s| s.split_once('.')) else { return false };
    let hex = |id: &str| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
    generation.parse::<u64>().is_ok() && (what == "table" || what.strip_prefix("tenant-").is_some_and(hex))
}

fn copies(stem: &str) -> [String; 2] {
    [format!("{stem}.a"), format!("{stem}.b")]
}

#[cfg(test)]
mod tests;
