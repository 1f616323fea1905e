//! A vault's keyring under no key at all.

use super::*;
use crate::keys::danger::NoKey;

#[test]
fn keyring_without_a_key_opens_without_one_and_under_no_other_key() {
    let home = Arc::new(MemoryHome::new());
    Keyring::create(home.clone(), VAULT, Arc::new(NoKey)).unwrap();
    assert!(Keyring::open(home.clone(), VAULT, Arc::new(NoKey)).is_ok());
    let other = Keyring::open(home, VAULT, master(7));
    assert!(matches!(other, Err(KeyError::WrongMasterKey { wanted, .. }) if wanted == "no-key"));
}
