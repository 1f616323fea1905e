//! A master key in a file of its own.
//!
//! Guarantees: a new file is readable by its owner alone, on disk before it is used, and never overwrites another. On
//! Unix a file that others can read or write is refused. Does not: check who can read it elsewhere (Windows, backups).

use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::{MasterKey, MasterKeyError, WrapContext};
use crate::crypto::{Key, Label, Zeroizing, expand_raw, role, sha256, unwrap_into, wrap};
use crate::format::master::{
    KEY_FILE, KEY_FILE_PAYLOAD, KEY_FILE_VERSION, KeyFileFault, decode_by_key_file, decode_key_file,
    encode_by_key_file, encode_key_file,
};
use crate::store::files;

/// A master key kept in a small text file. Keep it apart from the vault and its backups.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("master.key");
/// use strongroom::KeyFile;
/// use strongroom::keys::MasterKey;
/// let created = KeyFile::create(&path)?;      // once; refuses a path that exists
/// let opened = KeyFile::open(&path)?;         // from then on
/// assert_eq!(created.id(), opened.id());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct KeyFile {
    key: Key<role::Master>,
    id: String,
}

impl KeyFile {
    /// Makes a new key and writes it to a new file, which only its owner can read (mode 0600 on Unix).
    ///
    /// # Errors
    /// [`MasterKeyError::Exists`] when there is a file already; [`MasterKeyError::Io`] when it can't be written.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, MasterKeyError> {
        let path = path.as_ref();
        let key = Key::random()?;
        let text = text(&key)?;
        let mut file = match files::private().write(true).create_new(true).open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                return Err(MasterKeyError::Exists { path: path.to_owned() });
            }
            Err(source) => return Err(failed("create", path, source)),
        };
        let written =
            file.write_all(&text).and_then(|()| file.sync_all()).and_then(|()| files::sync_dir(files::parent(path)));
        if let Err(source) = written {
            drop(file);
            // Half a key file would only be in the way. If it can't be removed, the error below still says enough.
            let _ = fs::remove_file(path);
            return Err(failed("write", path, source));
        }
        Self::from_key(key)
    }

    /// Reads the key from its file.
    ///
    /// # Errors
    /// [`MasterKeyError::Missing`]; [`MasterKeyError::KeyFileReadable`] when others than the owner can read or write it
    /// (Unix); [`MasterKeyError::NotAKeyFile`], [`MasterKeyError::DamagedKeyFile`] or [`MasterKeyError::NewerKeyFile`]
    /// for its content; [`MasterKeyError::Io`] when it can't be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, MasterKeyError> {
        let path = path.as_ref();
        let text = read(path)?;
        let mut payload = Zeroizing::new([0u8; KEY_FILE_PAYLOAD]);
        decode_key_file(&text, &mut payload).map_err(|fault| match fault {
            KeyFileFault::Foreign => MasterKeyError::NotAKeyFile { path: path.to_owned() },
            KeyFileFault::Damaged => MasterKeyError::DamagedKeyFile { path: path.to_owned() },
            KeyFileFault::Newer(found) => {
                MasterKeyError::NewerKeyFile { path: path.to_owned(), found, known: KEY_FILE_VERSION }
            }
        })?;
        match payload.split_first_chunk::<32>() {
            Some((key, sum)) if *sum == checksum(key) => Self::from_key(Key::copied(key)),
            _ => Err(MasterKeyError::DamagedKeyFile { path: path.to_owned() }),
        }
    }

    pub(in crate::keys) fn from_key(key: Key<role::Master>) -> Result<Self, MasterKeyError> {
        let mut name = [0u8; 16];
        expand_raw(&key, Label::KeyFileId, &[], &mut name)?;
        let mut id = "key-file:".to_owned();
        id.extend(name.iter().map(|b| format!("{b:02x}")));
        Ok(Self { key, id })
    }
}

impl MasterKey for KeyFile {
    fn id(&self) -> String {
        self.id.clone()
    }

    fn wrap(&self, key: &[u8; 32], context: &WrapContext) -> Result<Vec<u8>, MasterKeyError> {
        Ok(encode_by_key_file(&wrap(&self.key, Label::MasterWrap, context.context(), key)?))
    }

    fn unwrap(&self, wrapped: &[u8], context: &WrapContext, key: &mut [u8; 32]) -> Result<(), MasterKeyError> {
        Ok(unwrap_into(&self.key, Label::MasterWrap, context.context(), decode_by_key_file(wrapped)?, key)?)
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Returns the text of a key file that holds `key`.
pub(in crate::keys) fn text(key: &Key<role::Master>) -> Result<Zeroizing<Vec<u8>>, MasterKeyError> {
    let mut payload = Zeroizing::new([0u8; KEY_FILE_PAYLOAD]);
    for (to, from) in payload.iter_mut().zip(key.expose().iter().chain(&checksum(key.expose()))) {
        *to = *from;
    }
    let mut text = Zeroizing::new(Vec::new());
    encode_key_file(&payload, &mut text)?;
    Ok(text)
}

/// Tells a typo from a key. Four bytes of a hash of 32 random ones help nobody guess them.
fn checksum(key: &[u8; 32]) -> [u8; 4] {
    let [a, b, c, d, ..] = sha256(&[b"strongroom-key-1", key]);
    [a, b, c, d]
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, MasterKeyError> {
    // Asked before opening, because opening a named pipe waits.
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(MasterKeyError::NotAKeyFile { path: path.to_owned() }),
        Err(e) if e.kind() == ErrorKind::NotFound => return Err(MasterKeyError::Missing { path: path.to_owned() }),
        Err(source) => return Err(failed("read", path, source)),
    }
    let file = File::open(path).map_err(|source| failed("open", path, source))?;
    refuse_readable(&file, path)?;
    let mut text = Zeroizing::new(Vec::with_capacity(KEY_FILE + 1));
    let limit = u64::try_from(KEY_FILE + 1).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut text).map_err(|source| failed("read", path, source))?;
    if text.len() > KEY_FILE {
        return Err(MasterKeyError::NotAKeyFile { path: path.to_owned() });
    }
    Ok(text)
}

#[cfg(unix)]
fn refuse_readable(file: &File, path: &Path) -> Result<(), MasterKeyError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata().map_err(|source| failed("read", path, source))?.permissions().mode();
    if mode & 0o077 == 0 { Ok(()) } else { Err(MasterKeyError::KeyFileReadable { path: path.to_owned() }) }
}

#[cfg(not(unix))]
fn refuse_readable(_: &File, _: &Path) -> Result<(), MasterKeyError> {
    Ok(())
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> MasterKeyError {
    MasterKeyError::Io { action, path: PathBuf::from(path), source }
}
