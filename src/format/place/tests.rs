use super::*;

#[test]
fn row_key_says_whose_row_it_is() {
    let (tenant, collection, record) =
        (TenantId::from_bytes([1; 16]), CollectionId::from_bytes([2; 16]), RecordId::from_bytes([3; 16]));
    let key = row(tenant, collection, record);
    assert_eq!(key.len(), 49);
    assert_eq!(row_of_key(&key), Some((tenant, collection, record)));
    assert!(key.starts_with(&rows_of(tenant, collection)));
    assert_eq!(row_of_key(&key[..48]), None);
    assert_eq!(row_of_key(&entry(tenant, &[0; 32])), None);
}

#[test]
fn chunk_key_says_whose_part_it_is() {
    let (tenant, collection, record) =
        (TenantId::from_bytes([1; 16]), CollectionId::from_bytes([2; 16]), RecordId::from_bytes([3; 16]));
    let key = chunk(tenant, collection, record, Revision::new(4), 5);
    assert_eq!(chunk_of_key(&key), Some(((tenant, collection, record), Revision::new(4), 5)));
    assert_eq!(chunk_of_key(&key[1..]), None);
    assert_eq!(chunk_of_key(&key[..58]), None);
    assert_eq!(chunk_of_key(&row(tenant, collection, record)), None);
}

#[test]
fn blocks_sort_by_position_then_part() {
    assert!(block(1, 9) < block(2, 0));
    assert!(block(255, 0) < block(256, 0));
    assert_eq!(position_of_key(&block(7, 2)), Some((7, 2)));
}
