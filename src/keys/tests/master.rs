//! Key files and passphrases.

use std::fs;
use std::path::Path;

use super::*;

fn key_file(path: &Path, text: &str) -> Result<KeyFile, MasterKeyError> {
    let _ = fs::remove_file(path);
    drop(KeyFile::create(path).unwrap());
    fs::write(path, text).unwrap();
    KeyFile::open(path)
}

#[test]
fn key_file_opens_as_the_key_it_was_created_with() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("master.key");
    let created = KeyFile::create(&path).unwrap();
    let opened = KeyFile::open(&path).unwrap();
    assert_eq!(created.id(), opened.id());
    assert_eq!(created.id().len(), "key-file:".len() + 32);
    let context = WrapContext::keyring(VAULT, 1);
    let wrapped = created.wrap(&[7; 32], &context).unwrap();
    let mut key = [0; 32];
    opened.unwrap(&wrapped, &context, &mut key).unwrap();
    assert_eq!(key, [7; 32]);
    for other in [WrapContext::keyring(VAULT, 2), WrapContext::keyring(VaultId::from_bytes([0; 16]), 1)] {
        assert!(matches!(opened.unwrap(&wrapped, &other, &mut key), Err(MasterKeyError::Rejected)));
    }
}

#[test]
fn key_file_is_never_overwritten_and_a_missing_one_says_what_to_do() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("master.key");
    let missing = KeyFile::open(&path).unwrap_err();
    assert!(matches!(missing, MasterKeyError::Missing { .. }));
    assert!(missing.to_string().contains("KeyFile::create"), "{missing}");
    KeyFile::create(&path).unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(KeyFile::create(&path), Err(MasterKeyError::Exists { .. })));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(matches!(KeyFile::create(scratch.path().join("no/such/dir")), Err(MasterKeyError::Io { .. })));
}

#[cfg(unix)]
#[test]
fn key_file_that_others_can_read_or_write_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("master.key");
    KeyFile::create(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for mode in [0o640, 0o604, 0o620, 0o602, 0o644, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = KeyFile::open(&path).unwrap_err();
        assert!(matches!(error, MasterKeyError::KeyFileReadable { .. }), "{mode:o}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    KeyFile::open(&path).unwrap();
}

#[test]
fn typo_in_a_key_file_is_told_from_a_foreign_file() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("master.key");
    KeyFile::create(&path).unwrap();
    let good = fs::read_to_string(&path).unwrap();
    let key = good.lines().last().unwrap().strip_prefix("strongroom-key-1 ").unwrap();
    for i in 0..key.len() {
        let typo = if &key[i..=i] == "A" { "B" } else { "A" };
        let text = format!("strongroom-key-1 {}{typo}{}", &key[..i], &key[i + 1..]);
        assert!(matches!(key_file(&path, &text), Err(MasterKeyError::DamagedKeyFile { .. })), "character {i}");
    }
    for foreign in ["", "hunter2", "-----BEGIN PRIVATE KEY-----\n", &"#\n".repeat(5_000)] {
        assert!(matches!(key_file(&path, foreign), Err(MasterKeyError::NotAKeyFile { .. })));
    }
    assert!(matches!(KeyFile::open(scratch.path()), Err(MasterKeyError::NotAKeyFile { .. })));
    let newer = key_file(&path, &good.replace("key-1 ", "key-2 ")).unwrap_err();
    assert!(newer.to_string().contains("newer release"), "{newer}");
}

#[test]
fn debug_of_a_key_file_shows_its_id_alone() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("master.key");
    let file = KeyFile::create(&path).unwrap();
    assert_eq!(format!("{file:?}"), format!("KeyFile {{ id: {:?}, .. }}", file.id()));
}

#[cfg(feature = "passphrase")]
mod passphrase {
    use super::*;

    const GOOD: &str = "eleven purple otters misplace the ladder";

    fn cheap(text: &str) -> Arc<Passphrase> {
        Arc::new(Passphrase::new(text).cost(19, 2, 1).unwrap())
    }

    #[test]
    fn vault_under_a_passphrase_opens_with_it_and_no_other() {
        let home = Arc::new(MemoryHome::new());
        let keyring = Keyring::create(home.clone(), VAULT, cheap(GOOD)).unwrap();
        keyring.add_tenant(tenant(1)).unwrap();
        // The stored parameters count, not those of the one who opens.
        let opened = Keyring::open(home.clone(), VAULT, Arc::new(Passphrase::new(GOOD))).unwrap();
        assert_eq!(state(&opened), state(&keyring));
        opened.raise_ceiling(tenant(1), 1 << 20).unwrap();
        let wrong = Keyring::open(home.clone(), VAULT, cheap("eleven purple otters misplace the adder"));
        assert!(matches!(wrong, Err(KeyError::WrongMasterKey { wanted, given }) if wanted == given));
        let key_file = Keyring::open(home, VAULT, super::super::master(1));
        assert!(matches!(key_file, Err(KeyError::WrongMasterKey { wanted, .. }) if wanted == "passphrase"));
    }

    #[test]
    fn weak_passphrase_is_refused_with_advice_and_nothing_is_created() {
        let home = Arc::new(MemoryHome::new());
        for weak in ["", "password1", "acme2024", "qwertyuiop"] {
            let error = Keyring::create(home.clone(), VAULT, cheap(weak)).err().unwrap();
            assert!(matches!(&error, KeyError::Master(MasterKeyError::Weak { advice }) if advice.contains("words")));
            assert!(weak.is_empty() || !error.to_string().contains(weak), "the error quotes the passphrase");
        }
        assert_eq!((home.read_anchor().unwrap(), home.list().unwrap()), (None, Vec::new()));
    }

    #[test]
    fn accents_typed_in_two_ways_are_one_passphrase() {
        let context = WrapContext::keyring(VAULT, 1);
        let wrapped = cheap("cafe\u{301} orbit lantern mosaic").wrap(&[7; 32], &context).unwrap();
        let mut key = [0; 32];
        cheap("caf\u{e9} orbit lantern mosaic").unwrap(&wrapped, &context, &mut key).unwrap();
        assert_eq!(key, [7; 32]);
    }

    #[test]
    fn parameters_out_of_bounds_are_refused_and_bytes_that_ask_for_more_are_not_obeyed() {
        for (memory, passes, lanes) in [(18, 3, 1), (1025, 3, 1), (64, 1, 1), (64, 17, 1), (64, 3, 0), (64, 3, 17)] {
            let refused = Passphrase::new(GOOD).cost(memory, passes, lanes);
            assert!(matches!(refused, Err(MasterKeyError::Parameter { .. })), "{memory} {passes} {lanes}");
        }
        let context = WrapContext::keyring(VAULT, 1);
        let good = cheap(GOOD).wrap(&[7; 32], &context).unwrap();
        for at in [1, 5, 9] {
            let mut hostile = good.clone();
            hostile[at..at + 4].copy_from_slice(&u32::MAX.to_be_bytes());
            let refused = cheap(GOOD).unwrap(&hostile, &context, &mut [0; 32]);
            assert!(matches!(refused, Err(MasterKeyError::Stored(_))));
        }
    }

    #[test]
    fn one_passphrase_opens_vaults_with_different_salts() {
        let context = WrapContext::keyring(VAULT, 1);
        let wraps = [1, 2].map(|byte| cheap(GOOD).wrap(&[byte; 32], &context).unwrap());
        let (opener, mut key) = (cheap(GOOD), [0; 32]);
        for (wrapped, byte) in wraps.iter().zip([1, 2]) {
            opener.unwrap(wrapped, &context, &mut key).unwrap();
            assert_eq!(key, [byte; 32]);
        }
    }

    #[test]
    fn debug_of_a_passphrase_doesnt_show_it() {
        assert!(!format!("{:?}", Passphrase::new(GOOD)).contains("otters"));
    }
}
