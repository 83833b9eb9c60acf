//! Nonces that need no table: time, number and a keyed hash over both.

use core::time::Duration;

use clock::WallTime;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::digest::{Hex, to_hex};

/// When a nonce was issued, and which it was: unique in the life of one key.
pub(super) type Stamp = (i64, u32);

/// Issues nonces and knows its own again.
pub(super) struct Nonces {
    key: Hmac<Sha256>,
    instance: u16,
    lifetime: Duration,
    issued: u32,
}

/// What a nonce is worth.
pub(super) enum Standing {
    /// Issued here and not too old.
    Fresh(Stamp),
    /// Too old, from the future after a clock set back, or not issued here.
    Stale,
}

impl Nonces {
    pub(super) fn new(secret: &[u8; 32], instance: u16, lifetime: Duration) -> Self {
        // HMAC pads a key with zeros to the block of its hash (RFC 2104 2).
        let mut block = [0; 64];
        block[..secret.len()].copy_from_slice(secret);
        let key = <Hmac<Sha256> as KeyInit>::new(&block.into());
        Self { key, instance, lifetime, issued: 0 }
    }

    /// A new nonce: 16 digits of time, 8 of a number that tells apart those of one
    /// microsecond, 32 of the hash.
    pub(super) fn issue(&mut self, now: WallTime) -> String {
        self.issued = self.issued.wrapping_add(1);
        let stamp = (now.as_micros(), self.issued);
        format!("{:016x}{:08x}{}", stamp.0, stamp.1, self.seal(stamp).as_str())
    }

    pub(super) fn judge(&self, now: WallTime, nonce: &str) -> Standing {
        match self.open(nonce) {
            Some(stamp) => {
                let age_us = now.as_micros().saturating_sub(stamp.0);
                let lifetime_us = i64::try_from(self.lifetime.as_micros()).unwrap_or(i64::MAX);
                if (-CLOCK_STEP_US..=lifetime_us).contains(&age_us) { Standing::Fresh(stamp) } else { Standing::Stale }
            }
            None => Standing::Stale,
        }
    }

    /// A text that only who has the key can know.
    pub(super) fn secret_text(&self) -> String {
        let sealed = self.key.clone().chain_update(b"nobody").finalize().into_bytes();
        to_hex(&sealed).as_str().to_owned()
    }

    fn open(&self, nonce: &str) -> Option<Stamp> {
        if nonce.len() != NONCE_DIGITS || !nonce.is_ascii() {
            return None;
        }
        let micros = u64::from_str_radix(&nonce[..16], 16).ok()?.cast_signed();
        let number = u32::from_str_radix(&nonce[16..24], 16).ok()?;
        let sealed = self.seal((micros, number));
        let is_ours: bool = sealed.as_str().as_bytes().ct_eq(&nonce.as_bytes()[24..]).into();
        is_ours.then_some((micros, number))
    }

    fn seal(&self, stamp: Stamp) -> Hex {
        let mac = self.key.clone().chain_update(stamp.0.to_be_bytes()).chain_update(stamp.1.to_be_bytes());
        let mac = mac.chain_update(self.instance.to_be_bytes()).finalize().into_bytes();
        to_hex(&mac[..16])
    }
}

const NONCE_DIGITS: usize = 16 + 8 + 32;
/// A wall clock that is set back by less than this spoils no nonce.
const CLOCK_STEP_US: i64 = 5_000_000;
