//! HMAC-SHA256 (RFC 2104).

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Key, Role};

/// A computed MAC or hash.
pub(crate) type Mac = [u8; 32];

/// Returns `HMAC-SHA256(key, parts…)`, the parts joined as they are.
pub(crate) fn mac<R: Role>(key: &Key<R>, parts: &[&[u8]]) -> Mac {
    MacKey::new(key).mac(parts)
}

/// A MAC key made ready once, for keys that are used often. It holds key material and has no `Debug`.
pub(crate) struct MacKey {
    ready: Hmac<Sha256>,
}

impl MacKey {
    pub(crate) fn new<R: Role>(key: &Key<R>) -> Self {
        Self::from_bytes(key.expose())
    }

    pub(super) fn from_bytes(key: &[u8; 32]) -> Self {
        // A key shorter than the hash's block is padded with zeros by HMAC itself.
        let mut block = Zeroizing::new([0u8; 64]);
        for (to, from) in block.iter_mut().zip(key) {
            *to = *from;
        }
        Self { ready: <Hmac<Sha256> as KeyInit>::new((&*block).into()) }
    }

    pub(crate) fn mac(&self, parts: &[&[u8]]) -> Mac {
        let mut mac = self.ready.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// Tells whether two MACs are equal, in constant time.
pub(crate) fn same(a: &Mac, b: &Mac) -> bool {
    let difference = a.iter().zip(b).fold(0u8, |all, (x, y)| all | (x ^ y));
    std::hint::black_box(difference) == 0
}
