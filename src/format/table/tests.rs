use super::*;

fn entry(id: u8, kek: &[u8; 32]) -> TableEntry<'_> {
    TableEntry { tenant: TenantId::from_bytes([id; 16]), generation: u64::from(id), kek }
}

fn encoded(tenants: Vec<TableEntry<'_>>) -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::new();
    Table {
        journal: &[1; 32],
        commit: &[2; 32],
        state: &[3; 32],
        signing: &[4; 32],
        ledger: &[5; 32],
        names: &[6; 32],
        journal_epoch: JournalEpochId::from_bytes([7; 16]),
        tenants,
    }
    .encode(&mut out)
    .map(|()| out)
}

#[test]
fn table_reads_back_and_every_truncation_is_refused() {
    let bytes = encoded(vec![entry(1, &[8; 32]), entry(2, &[9; 32])]).unwrap();
    assert_eq!(bytes.len(), bytes.capacity(), "the buffer grew more than once");
    let table = Table::decode(&bytes).unwrap();
    let keys = [table.journal, table.commit, table.state, table.signing, table.ledger, table.names];
    assert_eq!(keys.map(|k| k[0]), [1, 2, 3, 4, 5, 6]);
    assert_eq!(table.journal_epoch, JournalEpochId::from_bytes([7; 16]));
    let tenants: Vec<_> = table.tenants.iter().map(|t| (t.tenant.as_bytes()[0], t.generation, t.kek[0])).collect();
    assert_eq!(tenants, [(1, 1, 8), (2, 2, 9)]);
    for cut in 0..bytes.len() {
        assert!(Table::decode(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    assert!(Table::decode(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn tenants_out_of_order_or_twice_are_refused() {
    for ids in [[2, 1], [1, 1]] {
        let bytes = encoded(ids.map(|id| entry(id, &[8; 32])).into()).unwrap();
        assert!(Table::decode(&bytes).is_err());
    }
}

#[test]
fn more_tenants_than_the_limit_are_refused_both_ways() {
    assert!(encoded((0..=TENANTS).map(|_| entry(1, &[8; 32])).collect()).is_err());
    let mut bytes = encoded(Vec::new()).unwrap();
    let length = bytes.len();
    bytes[length - 4..].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(Table::decode(&bytes).is_err());
}
