//! SHA-256 (FIPS 180-4).

use sha2::{Digest as _, Sha256};

/// A SHA-256 hash.
pub(crate) type Digest = [u8; 32];

/// Returns the hash of the parts joined as they are.
pub(crate) fn sha256(parts: &[&[u8]]) -> Digest {
    let mut hasher = Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finish()
}

/// A hash in the making.
#[derive(Clone)]
pub(crate) struct Hasher(Sha256);

impl Hasher {
    pub(crate) fn new() -> Self {
        Self(Sha256::new())
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Digest {
        self.0.finalize().into()
    }
}
