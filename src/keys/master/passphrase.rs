//! A master key that is stretched from a passphrase.
//!
//! Guarantees: Argon2id (RFC 9106) with a random salt, parameters stored and bounded when read back; a passphrase that
//! an estimator finds easy is refused for a new vault. Does not: make a guessable passphrase safe against someone who
//! holds the anchor, or wipe the copies that the estimator makes while it looks.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use unicode_normalization::UnicodeNormalization as _;
use zxcvbn::{Score, zxcvbn};

use super::{MasterKey, MasterKeyError, WrapContext};
use crate::crypto::stretch::stretch;
use crate::crypto::{Key, Label, Zeroize as _, Zeroizing, fill, role, unwrap_into, wrap};
use crate::format::master::{ByPassphrase, StretchCost};

/// A master key stretched from a passphrase by Argon2id (RFC 9106): 64 MiB, 3 passes and 1 lane, unless told otherwise.
///
/// The text is compared after Unicode normalization to NFC, so it doesn't matter which keyboard typed an accent.
/// Stretching happens once, when the vault is opened or created, and takes about as long as a log-in.
///
/// ```
/// use strongroom::Passphrase;
/// use strongroom::keys::{MasterKey, MasterKeyError};
/// assert!(Passphrase::new("eleven purple otters misplace the ladder").check_new().is_ok());
/// assert!(matches!(Passphrase::new("password1").check_new(), Err(MasterKeyError::Weak { .. })));
/// ```
pub struct Passphrase {
    text: Zeroizing<String>,
    cost: StretchCost,
    /// The last result, so that each change of the keyring doesn't stretch anew.
    stretched: Mutex<Option<Stretched>>,
}

struct Stretched {
    cost: StretchCost,
    salt: [u8; 16],
    key: Key<role::Master>,
}

impl Passphrase {
    /// Returns the master key of this passphrase. The text given is wiped.
    #[must_use]
    pub fn new(passphrase: impl Into<String>) -> Self {
        let mut given: String = passphrase.into();
        // NFC makes UTF-8 at most three times longer: the buffer never moves and leaves no copy behind.
        let mut text = Zeroizing::new(String::with_capacity(given.len().saturating_mul(3)));
        text.extend(given.nfc());
        given.zeroize();
        Self { text, cost: StretchCost::DEFAULT, stretched: Mutex::new(None) }
    }

    /// Sets other parameters for a vault that is created under this passphrase: memory in MiB (19 to 1,024), passes (2
    /// to 16) and lanes (1 to 16). An existing vault keeps its own, which are stored in it.
    ///
    /// # Errors
    /// [`MasterKeyError::Parameter`] for one that is out of bounds.
    pub fn cost(mut self, memory_mib: u32, passes: u32, lanes: u32) -> Result<Self, MasterKeyError> {
        let mib = |kib: &u32| kib / 1024;
        let memory = mib(StretchCost::MEMORY_KIB.start())..=mib(StretchCost::MEMORY_KIB.end());
        for (what, value, bounds) in [
            ("the memory, in MiB,", memory_mib, memory),
            ("the number of passes", passes, StretchCost::PASSES),
            ("the number of lanes", lanes, StretchCost::LANES),
        ] {
            if !bounds.contains(&value) {
                return Err(MasterKeyError::Parameter { what, least: *bounds.start(), most: *bounds.end() });
            }
        }
        if let Some(cost) = StretchCost::new(memory_mib.saturating_mul(1024), passes, lanes) {
            self.cost = cost;
        }
        Ok(self)
    }

    /// Calls `with` on the stretched key. `wanted` is what the anchor asks for; a new wrap takes what is there.
    fn with_key<T>(
        &self,
        wanted: Option<(StretchCost, &[u8; 16])>,
        with: impl FnOnce(&Stretched) -> Result<T, MasterKeyError>,
    ) -> Result<T, MasterKeyError> {
        let mut cached = self.stretched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = &*cached
            && wanted.is_none_or(|(cost, salt)| found.cost == cost && found.salt == *salt)
        {
            return with(found);
        }
        let (cost, salt) = match wanted {
            Some((cost, salt)) => (cost, *salt),
            None => {
                let mut salt = [0; 16];
                fill(&mut salt)?;
                (self.cost, salt)
            }
        };
        let key = stretch(self.text.as_bytes(), &salt, cost.memory_kib(), cost.passes(), cost.lanes())?;
        with(cached.insert(Stretched { cost, salt, key }))
    }
}

impl MasterKey for Passphrase {
    fn id(&self) -> String {
        "passphrase".to_owned()
    }

    fn check_new(&self) -> Result<(), MasterKeyError> {
        let estimate = zxcvbn(&self.text, &[]);
        if estimate.score() >= Score::Three {
            return Ok(());
        }
        let mut advice = String::new();
        if let Some(feedback) = estimate.feedback() {
            advice.extend(feedback.warning().map(|w| format!("{w} ")));
            advice.extend(feedback.suggestions().iter().map(|s| format!("{s} ")));
        }
        advice.push_str("Four or more words chosen at random make a good one.");
        Err(MasterKeyError::Weak { advice })
    }

    fn wrap(&self, key: &[u8; 32], context: &WrapContext) -> Result<Vec<u8>, MasterKeyError> {
        self.with_key(None, |stretched| {
            let wrap = &wrap(&stretched.key, Label::MasterWrap, context.context(), key)?;
            Ok(ByPassphrase { cost: stretched.cost, salt: &stretched.salt, wrap }.encode())
        })
    }

    fn unwrap(&self, wrapped: &[u8], context: &WrapContext, key: &mut [u8; 32]) -> Result<(), MasterKeyError> {
        let stored = ByPassphrase::decode(wrapped)?;
        self.with_key(Some((stored.cost, stored.salt)), |stretched| {
            Ok(unwrap_into(&stretched.key, Label::MasterWrap, context.context(), stored.wrap, key)?)
        })
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passphrase").field("cost", &self.cost).finish_non_exhaustive()
    }
}
