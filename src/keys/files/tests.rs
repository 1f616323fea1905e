use super::*;

#[test]
fn only_files_named_like_ours_are_ours() {
    for ours in copies(&table(7)).iter().chain(&copies(&tenant(TenantId::from_bytes([0xab; 16]), u64::MAX))) {
        assert!(is_ours(ours), "{ours}");
    }
    for other in ["table.7", "table.x.a", "table..a", "tenant-12.7.a", "notes.txt", "anchor", "head", "x.table.7.a"] {
        assert!(!is_ours(other), "{other}");
    }
}
