//! New keys, tokens and ids: random numbers of the system.

use records::RowId;

use crate::problem::{Code, Problem};
use crate::time::wall_now;

/// Random bytes.
///
/// # Errors
/// 500 when the system has none.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no random numbers");
        Problem::new(Code::InternalError, "The system gives no random numbers.")
    })?;
    Ok(bytes)
}

/// A secret of 256 random bits behind a prefix that tells what it is.
pub(crate) fn new_secret(prefix: &str) -> Result<String, Problem> {
    let digits: String = random::<32>()?.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{prefix}{digits}"))
}

/// A new id: UUIDv7 (RFC 9562 section 5.7), so that ids sort by time.
pub(crate) fn new_id() -> Result<RowId, Problem> {
    let millis = wall_now().as_micros().unsigned_abs() / 1_000;
    let chance = u128::from_be_bytes(random::<16>()?);
    let time = u128::from(millis & 0xffff_ffff_ffff) << 80;
    let version = 0x7_u128 << 76 | (chance >> 64 & 0xfff) << 64;
    let variant = 0b10_u128 << 62 | (chance & 0x3fff_ffff_ffff_ffff);
    Ok(RowId(time | version | variant))
}

/// Begins every API key.
pub(crate) const KEY_PREFIX: &str = "cck_live_";
/// Begins every session token.
pub(crate) const TOKEN_PREFIX: &str = "ccs_";
/// Characters of a key by which people recognise it: of its 64 random digits, 4.
pub(crate) const SHOWN_CHARACTERS: usize = KEY_PREFIX.len() + 4;
