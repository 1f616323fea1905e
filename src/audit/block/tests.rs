use super::*;
use crate::audit::{EntryBuilder, Outcome};
use crate::model::{Action, Timestamp};

fn entry(reason: &str) -> Entry {
    let mut builder = EntryBuilder::new(Timestamp::from_micros(1), Action::Read);
    builder.outcome(Outcome::Permitted, "", "").reason(reason);
    builder.finish().unwrap()
}

fn key(byte: u8) -> Key<role::Journal> {
    Key::copied(&[byte; 32])
}

const PLACE: Place =
    Place { vault: VaultId::from_bytes([1; 16]), epoch: JournalEpochId::from_bytes([2; 16]), position: 3 };

fn sealed(entries: &[Entry]) -> SealedBlock {
    let tenant = Some(TenantId::from_bytes([4; 16]));
    seal_block(&key(9), &NewBlock { place: PLACE, tenant, sequence: 5, commit_mac: [6; 32], entries }).unwrap()
}

#[test]
fn block_opens_to_its_entries() {
    let entries = [entry("a"), entry("b"), entry("")];
    for entries in [&entries[..], &[]] {
        let block = sealed(entries);
        let opened = open_block(&block.bytes, &key(9), &PLACE).unwrap();
        assert_eq!(opened.entries, entries);
        assert_eq!((opened.header.sequence, opened.header.commit_mac), (5, [6; 32]));
        assert_eq!(leaf_of(&block.bytes), Ok(block.leaf));
    }
}

#[test]
fn flipped_byte_anywhere_does_not_open_and_changes_the_leaf() {
    let block = sealed(&[entry("a"), entry("b")]);
    for at in 0..block.bytes.len() {
        let mut bytes = block.bytes.clone();
        bytes[at] ^= 1;
        assert!(open_block(&bytes, &key(9), &PLACE).is_err(), "{at}");
        assert_ne!(leaf_of(&bytes), Ok(block.leaf), "{at}");
    }
}

#[test]
fn block_moved_or_under_another_key_does_not_open() {
    let block = sealed(&[entry("a")]).bytes;
    let authentication = |key: &Key<role::Journal>, place: Place| {
        matches!(open_block(&block, key, &place), Err(AuditError::Crypto(CryptoError::Authentication)))
    };
    assert!(authentication(&key(8), PLACE));
    assert!(authentication(&key(9), Place { position: 4, ..PLACE }));
    assert!(authentication(&key(9), Place { vault: VaultId::from_bytes([0; 16]), ..PLACE }));
    assert!(authentication(&key(9), Place { epoch: JournalEpochId::from_bytes([0; 16]), ..PLACE }));
}

#[test]
fn equal_entries_have_unlike_hashes_and_nothing_of_them_is_readable() {
    let block = sealed(&[entry("hidden words"), entry("hidden words")]).bytes;
    let parts = split(&block).unwrap();
    assert_ne!(parts.hashes[0], parts.hashes[1]);
    assert!(!block.windows(6).any(|window| window == b"hidden"));
}

#[test]
fn entries_over_a_block_part_into_runs_that_fit() {
    let many = vec![entry(&"r".repeat(8000)); 1200];
    let runs = batches(&many);
    assert!(runs.len() > 1);
    assert_eq!(runs.iter().map(|run| run.len()).sum::<usize>(), many.len());
    for run in &runs {
        sealed(run);
    }
    assert_eq!(batches(&[]), [&[][..]]);
    let new = NewBlock { place: PLACE, tenant: None, sequence: 1, commit_mac: [0; 32], entries: &many };
    assert!(matches!(seal_block(&key(9), &new), Err(AuditError::Format(_))));
}
