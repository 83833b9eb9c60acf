//! Passwords: argon2id (RFC 9106), hashed on threads of their own, a few at a time.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::people::secret::random;
use crate::problem::{Code, Problem};

/// The bounds on hashing: each takes 19 MiB and some 30 ms of a core.
#[derive(Debug)]
pub(crate) struct Passwords {
    at_work: Arc<Semaphore>,
    waiting: Semaphore,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { at_work: Arc::new(Semaphore::new(MAX_AT_WORK)), waiting: Semaphore::new(MAX_WAITING) }
    }
}

impl Passwords {
    /// The hash of a new password, as a PHC string.
    ///
    /// # Errors
    /// 503 when too many are being hashed.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Problem> {
        let salt = random::<SALT_BYTES>()?;
        let hashed = self.run(move || hashed(&password, &salt)).await?;
        hashed.ok_or_else(|| Problem::new(Code::InternalError, "The password cannot be hashed."))
    }

    /// True when `hash` is the password's. It takes as long without a hash, so that nobody learns who exists.
    ///
    /// # Errors
    /// 503 when too many are being hashed.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Problem> {
        self.run(move || match hash {
            Some(hash) => argon2().is_some_and(|argon2| argon2.verify_password(password.as_bytes(), &*hash).is_ok()),
            None => {
                let _ = hashed(&password, &[0; SALT_BYTES]);
                false
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let busy = || Problem::new(Code::Unavailable, "Too many passwords are being checked.");
        let place = self.waiting.try_acquire().map_err(|_| busy())?;
        let turn = timeout(TURN_WITHIN, Arc::clone(&self.at_work).acquire_owned()).await;
        let turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        drop(place);
        // The turn goes with the work: a client that hangs up does not make room for another while it goes on.
        let done = spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        done.await.map_err(|_| Problem::new(Code::InternalError, "The fault is ours; it was logged."))
    }
}

fn hashed(password: &str, salt: &[u8]) -> Option<String> {
    argon2()?.hash_password_with_salt(password.as_bytes(), salt).ok().map(|hash| hash.to_string())
}

fn argon2() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// OWASP's Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// RFC 9106 section 3.1: 16 bytes are recommended.
const SALT_BYTES: usize = 16;
/// Hashes at once: 38 MiB, and never all cores.
const MAX_AT_WORK: usize = 2;
/// Who waits for a turn: what is worked off within [`TURN_WITHIN`].
const MAX_WAITING: usize = 32;
const TURN_WITHIN: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash("correct horse".into()).await.unwrap(), "a salt each");
        assert!(passwords.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("battery staple".into(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("correct horse".into(), None).await.unwrap());
        assert!(!passwords.verify("correct horse".into(), Some("no hash".into())).await.unwrap());
    }

    #[tokio::test]
    async fn a_flood_is_refused_and_does_not_pile_up() {
        let passwords = Arc::new(Passwords::default());
        let work = Arc::clone(&passwords.at_work).acquire_many_owned(MAX_AT_WORK as u32).await.unwrap();
        let ask = |passwords: Arc<Passwords>| async move { passwords.verify("x".into(), None).await };
        let waiting: Vec<_> = (0..MAX_WAITING).map(|_| tokio::spawn(ask(Arc::clone(&passwords)))).collect();
        while passwords.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(ask(Arc::clone(&passwords)).await.unwrap_err().code(), Code::Unavailable);
        waiting.iter().for_each(tokio::task::JoinHandle::abort);
        drop(work);
        for waiter in waiting {
            let _ = waiter.await;
        }
        assert!(!ask(passwords).await.unwrap());
    }
}
