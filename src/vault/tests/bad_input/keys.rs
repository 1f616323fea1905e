//! Wrong, missing and weak keys.

use std::fs;

use crate::keys::KeyFile;
use crate::vault::tests::bad_input::*;

#[test]
fn vault_opens_with_its_own_key_file_only_and_says_which_it_wants() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let (own, other) = (KeyFile::create(path("own")).unwrap(), KeyFile::create(path("other")).unwrap());
    let (own_id, other_id) = (own.id(), other.id());
    Vault::options(path("vault")).master_key(own).policy(roles()).create().unwrap().close().unwrap();
    let content = |dir: &std::path::Path| -> Vec<(std::path::PathBuf, Vec<u8>)> {
        let mut all: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        all.sort();
        all
    };
    let all = || [path("vault"), path("vault/keys"), path("vault/store")].map(|dir| content(&dir));
    let before = all();
    match Vault::options(path("vault")).master_key(other).open() {
        Err(Error::WrongMasterKey { wanted, given }) => assert_eq!((wanted, given), (own_id, other_id)),
        other => panic!("{other:?}"),
    }
    assert!(matches!(Vault::options(path("vault")).open(), Err(Error::NoMasterKey)));
    assert!(matches!(Vault::options(path("new")).create(), Err(Error::NoMasterKey)));
    assert!(matches!(KeyFile::open(path("missing")), Err(MasterKeyError::Missing { .. })));
    #[cfg(feature = "passphrase")]
    {
        let phrase = crate::keys::Passphrase::new("correct horse battery staple, and more");
        let opened = Vault::options(path("vault")).master_key(phrase).open();
        assert!(matches!(opened, Err(Error::WrongMasterKey { .. } | Error::MasterKey(_))), "{opened:?}");
    }
    assert!(all() == before, "the wrong key changed a file");
    Vault::options(path("vault")).master_key(KeyFile::open(path("own")).unwrap()).open().unwrap();
}

#[test]
fn vault_in_memory_needs_no_key_and_keeps_the_one_it_is_given() {
    let memory = Memory::new();
    Vault::in_memory(&memory).create().unwrap().close().unwrap();
    Vault::in_memory(&memory).open().unwrap();
    let locked = Memory::new();
    Vault::in_memory(&locked).master_key(Unlocked).create().unwrap().close().unwrap();
    assert!(matches!(Vault::in_memory(&locked).open(), Err(Error::WrongMasterKey { .. })));
}

#[cfg(feature = "passphrase")]
#[test]
fn vault_under_a_passphrase_opens_with_no_other_and_a_weak_one_is_refused() {
    use crate::keys::Passphrase;

    let memory = Memory::new();
    let weak = Vault::in_memory(&memory).master_key(Passphrase::new("password1")).create();
    match weak {
        Err(Error::MasterKey(MasterKeyError::Weak { advice })) => assert!(!advice.is_empty()),
        other => panic!("{other:?}"),
    }
    let phrase = |text: &str| Passphrase::new(text).cost(19, 2, 1).unwrap();
    Vault::in_memory(&memory).master_key(phrase("violet anchor tidal 84 mesa")).create().unwrap().close().unwrap();
    let opened = Vault::in_memory(&memory).master_key(phrase("violet anchor tidal 85 mesa")).open();
    assert!(matches!(opened, Err(Error::WrongMasterKey { .. })), "{opened:?}");
    Vault::in_memory(&memory).master_key(phrase("violet anchor tidal 84 mesa")).open().unwrap();
}

/// A key service that is up or down.
#[derive(Clone)]
struct Service(Arc<std::sync::atomic::AtomicBool>);

impl MasterKey for Service {
    fn id(&self) -> String {
        "service".to_owned()
    }

    fn wrap(&self, key: &[u8; 32], context: &WrapContext) -> Result<Vec<u8>, MasterKeyError> {
        self.up()?;
        Unlocked.wrap(key, context)
    }

    fn unwrap(&self, wrapped: &[u8], context: &WrapContext, key: &mut [u8; 32]) -> Result<(), MasterKeyError> {
        self.up()?;
        Unlocked.unwrap(wrapped, context, key)
    }
}

impl Service {
    fn up(&self) -> Result<(), MasterKeyError> {
        if self.0.load(std::sync::atomic::Ordering::SeqCst) {
            Ok(())
        } else {
            Err(MasterKeyError::Unavailable("down".into()))
        }
    }
}

#[test]
fn key_service_that_is_down_is_an_error_and_nothing_is_half_made() {
    use std::sync::atomic::Ordering::SeqCst;

    let service = Service(Arc::default());
    let down = |error: Option<Error>| matches!(error, Some(Error::MasterKey(MasterKeyError::Unavailable(_))));
    let dir = tempfile::tempdir().unwrap();
    let options = || Vault::options(dir.path().join("v")).master_key(service.clone()).policy(roles());
    assert!(down(options().create().err()));
    assert!(!dir.path().join("v").exists());
    service.0.store(true, SeqCst);
    let vault = options().create().unwrap();
    service.0.store(false, SeqCst);
    // The vault is open, but new keys can't be locked away.
    assert!(down(vault.session(admin()).unwrap().create_tenant("acme").err()));
    assert!(matches!(vault.tenant("acme"), Err(Error::UnknownTenant { .. })));
    vault.close().unwrap();
    assert!(down(options().open().err()));
    service.0.store(true, SeqCst);
    let vault = options().open().unwrap();
    vault.session(admin()).unwrap().create_tenant("acme").unwrap();
    assert_eq!(vault.session(admin()).unwrap().verify().unwrap(), Verdict::Intact);
}
