//! Decoders of what stands between a master key and a slot's key.

use crate::format::master::{
    ByPassphrase, KEY_FILE_PAYLOAD, decode_by_key_file, decode_key_file, encode_by_key_file, encode_key_file,
};
use crate::format::{
    Anchor, TABLE, TABLE_VERSION, TENANT_FILE_NAME, TENANT_FILE_VERSION, TREE_LEVELS, Table, TenantFile, TreeState,
    marker, sealed_file as file,
};

pub(super) fn vault_marker(bytes: &[u8]) {
    if let Ok(id) = marker::parse(bytes) {
        assert_eq!(marker::parse(marker::text(id).as_bytes()), Ok(id));
    }
}

pub(super) fn key_file(bytes: &[u8]) {
    let mut payload = [0; KEY_FILE_PAYLOAD];
    if decode_key_file(bytes, &mut payload).is_ok() {
        let (mut text, mut again) = (Vec::new(), [0; KEY_FILE_PAYLOAD]);
        assert!(encode_key_file(&payload, &mut text).is_ok());
        assert_eq!(decode_key_file(&text, &mut again), Ok(()));
        assert_eq!(again, payload);
    }
}

pub(super) fn wrapped_key(bytes: &[u8]) {
    if let Ok(wrap) = decode_by_key_file(bytes) {
        assert_eq!(encode_by_key_file(wrap), bytes);
    }
    if let Ok(wrapped) = ByPassphrase::decode(bytes) {
        assert_eq!(wrapped.encode(), bytes);
    }
}

pub(super) fn anchor(bytes: &[u8]) {
    if let Ok(anchor) = Anchor::decode(bytes) {
        assert_eq!(anchor.encode(), Ok(bytes.to_vec()));
    }
}

pub(super) fn sealed_file(bytes: &[u8]) {
    for (what, known) in [(TABLE, TABLE_VERSION), (TENANT_FILE_NAME, TENANT_FILE_VERSION)] {
        if let Ok((version, sealed)) = file::decode(what, known, bytes) {
            assert_eq!(file::encode(version, sealed), bytes);
        }
    }
}

pub(super) fn table(bytes: &[u8]) {
    if let Ok(table) = Table::decode(bytes) {
        let mut again = Vec::new();
        assert_eq!(table.encode(&mut again), Ok(()));
        assert_eq!(again, bytes);
    }
}

pub(super) fn tenant_file(bytes: &[u8]) {
    if let Ok(file) = TenantFile::decode(bytes) {
        let mut again = Vec::new();
        assert_eq!(file.encode(&mut again), Ok(()));
        assert_eq!(again, bytes);
    }
}

pub(super) fn tree_state(bytes: &[u8]) {
    let Some((levels, bytes)) = bytes.split_first() else { return };
    if let Ok(state) = TreeState::decode(levels % (TREE_LEVELS + 1), bytes) {
        let mut again = Vec::new();
        assert_eq!(state.encode(&mut again), Ok(()));
        assert_eq!(again, bytes);
        assert_eq!(state.encoded_len(), bytes.len());
    }
}
