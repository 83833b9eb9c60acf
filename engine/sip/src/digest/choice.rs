//! Which algorithms one peer may use.

use super::Algorithm;

/// The digest algorithms of one phone or trunk (DESIGN section 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlgorithmChoice {
    /// MD5 only: what many phones know.
    #[default]
    Md5,
    /// SHA-256 only.
    Sha256,
    /// Both, SHA-256 first (RFC 8760).
    Both,
}

impl AlgorithmChoice {
    /// The word of the configuration: `md5`, `sha-256` or `both`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha256 => "sha-256",
            Self::Both => "both",
        }
    }

    /// The choice of this word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256, Self::Both].into_iter().find(|choice| choice.as_str() == text)
    }

    /// What a server challenges with, best first (RFC 8760 2.3).
    #[must_use]
    pub fn offered(self) -> &'static [Algorithm] {
        match self {
            Self::Md5 => &[Algorithm::Md5],
            Self::Sha256 => &[Algorithm::Sha256],
            Self::Both => &[Algorithm::Sha256, Algorithm::Md5],
        }
    }

    /// Whether a client answers a challenge of this algorithm.
    #[must_use]
    pub fn accepts(self, algorithm: Algorithm) -> bool {
        match self {
            Self::Md5 => !algorithm.is_sha2(),
            Self::Sha256 => algorithm.is_sha2(),
            Self::Both => true,
        }
    }
}
