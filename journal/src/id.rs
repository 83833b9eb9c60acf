//! Which journal this is.

/// Tells one journal from another: 16 random bytes given at creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JournalId(pub [u8; 16]);

impl JournalId {
    /// One that no other journal has: the standard library's hash keys are seeded by the
    /// operating system, once a thread, and mixed with the time and the process here.
    #[allow(clippy::disallowed_types, reason = "only its random keys are used")]
    pub(crate) fn new() -> Self {
        use std::hash::{BuildHasher, RandomState};
        let seed = (crate::time::wall_now(), std::process::id());
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&RandomState::new().hash_one(seed).to_be_bytes());
        bytes[8..].copy_from_slice(&RandomState::new().hash_one(seed).to_be_bytes());
        Self(bytes)
    }
}

impl std::fmt::Display for JournalId {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}
