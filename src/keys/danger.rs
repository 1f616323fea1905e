//! A master key that protects nothing, for tests and trials.

use super::{KeyFile, MasterKey, MasterKeyError, WrapContext};
use crate::crypto::Key;

/// A master key of zeros, the same for everybody: a vault under it is open to whoever holds its bytes.
///
/// For vaults in memory, which need no protection at rest. A vault that was created with this key opens with no other.
///
/// ```
/// use strongroom::keys::MasterKey;
/// use strongroom::keys::danger::NoKey;
/// assert_eq!(NoKey.id(), "no-key");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct NoKey;

impl MasterKey for NoKey {
    fn id(&self) -> String {
        "no-key".to_owned()
    }

    fn wrap(&self, key: &[u8; 32], context: &WrapContext) -> Result<Vec<u8>, MasterKeyError> {
        KeyFile::from_key(Key::copied(&[0; 32]))?.wrap(key, context)
    }

    fn unwrap(&self, wrapped: &[u8], context: &WrapContext, key: &mut [u8; 32]) -> Result<(), MasterKeyError> {
        KeyFile::from_key(Key::copied(&[0; 32]))?.unwrap(wrapped, context, key)
    }
}
