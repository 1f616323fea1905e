use super::super::tree_state::KeptNode;
use super::*;

fn encoded(numbers: &[u32]) -> Result<Vec<u8>, FormatError> {
    let tree = |key| TreeState { levels: TREE_LEVELS, nodes: vec![KeptNode { depth: 0, first: 0, key }] };
    let mut out = Vec::new();
    TenantFile {
        index: &[1; 32],
        links: &[2; 32],
        state: &[3; 32],
        names: &[4; 32],
        schema: &[5; 32],
        digest: &[6; 32],
        sum: &[7; 32],
        journal: &[8; 32],
        commit: &[9; 32],
        ceiling: 65_536,
        epochs: numbers.iter().map(|n| (*n, tree(&[10; 32]))).collect(),
    }
    .encode(&mut out)
    .map(|()| out)
}

#[test]
fn key_file_reads_back_and_every_truncation_is_refused() {
    let bytes = encoded(&[0, 7]).unwrap();
    assert_eq!(bytes.len(), bytes.capacity(), "the buffer grew more than once");
    let f = TenantFile::decode(&bytes).unwrap();
    let keys = [f.index, f.links, f.state, f.names, f.schema, f.digest, f.sum, f.journal, f.commit];
    assert_eq!(keys.map(|k| k[0]), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(f.ceiling, 65_536);
    assert_eq!(f.epochs.iter().map(|(n, t)| (*n, t.nodes[0].key[0])).collect::<Vec<_>>(), [(0, 10), (7, 10)]);
    for cut in 0..bytes.len() {
        assert!(TenantFile::decode(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    assert!(TenantFile::decode(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn epochs_out_of_order_missing_or_too_many_are_refused() {
    assert!(TenantFile::decode(&encoded(&[7, 0]).unwrap()).is_err());
    assert!(TenantFile::decode(&encoded(&[7, 7]).unwrap()).is_err());
    assert!(encoded(&[]).is_err());
    assert!(encoded(&(0..=64).collect::<Vec<_>>()).is_err());
    let mut none = encoded(&[0]).unwrap();
    none.truncate(FIXED);
    none[FIXED - 2..].copy_from_slice(&[0, 0]);
    assert!(TenantFile::decode(&none).is_err());
}
