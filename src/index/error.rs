//! Errors of normalizers, and of the seals of entries and links.

use crate::crypto::CryptoError;
use crate::format::FormatError;

/// A normalizer that this build can't honour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum NormalizerError {
    /// A region that isn't one.
    #[error(
        "`{}` is no region that has phone numbers: give an ISO 3166-1 code of two capital letters, such as `AU`",
        region.escape_ascii()
    )]
    UnknownRegion { region: [u8; 2] },
    /// A feature that the build lacks.
    #[cfg_attr(all(feature = "phone", not(test)), expect(dead_code, reason = "this build has the feature"))]
    #[error("phone numbers can't be indexed by this build: enable the feature `phone` of strongroom")]
    PhoneFeature,
}

/// An entry or a list of links that can't be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum IndexError {
    /// A seal that failed: a wrong key, a wrong place, altered bytes, or no randomness.
    #[error("the {what} can't be sealed or opened")]
    Crypto {
        what: &'static str,
        #[source]
        source: CryptoError,
    },
    /// Sealed content that doesn't keep to its layout.
    #[error("the {what} doesn't hold together")]
    Format {
        what: &'static str,
        #[source]
        source: FormatError,
    },
}

impl IndexError {
    pub(super) fn crypto(what: &'static str) -> impl Fn(CryptoError) -> Self {
        move |source| Self::Crypto { what, source }
    }

    pub(super) fn format(what: &'static str) -> impl Fn(FormatError) -> Self {
        move |source| Self::Format { what, source }
    }
}
