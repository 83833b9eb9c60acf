//! Entries as bytes, and keys in the order of the journal.
//!
//! An entry is: kind (1 byte), version of that kind (1 byte), wall time of the
//! write (8 bytes, microseconds, big-endian), then the fields in postcard. A
//! kind whose fields change gets a new version, and the old one stays readable;
//! the golden files under `tests/golden` hold every kind to that.

use clock::WallTime;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::older::{AttemptV1, CampaignLeadV1, DispositionV1};
use crate::{AttemptEntry, CampaignLeadEntry, Disposition, Entry, Shared, StateCause};

/// Where an entry stands: (node, epoch, sequence), in this order. The sequence
/// goes on over epochs; the epoch tells apart what a power loss took back and
/// what was written in its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The node that wrote it.
    pub node: u16,
    /// Grows with each opening of the journal, from 1.
    pub epoch: u32,
    /// Grows with each entry, from 1.
    pub sequence: u64,
}

impl Position {
    /// Before every entry.
    pub const START: Self = Self { node: 0, epoch: 0, sequence: 0 };

    /// The key: big-endian, so that keys sort as positions do.
    #[must_use]
    pub fn to_key(self) -> [u8; KEY_BYTES] {
        let mut key = [0; KEY_BYTES];
        key[..2].copy_from_slice(&self.node.to_be_bytes());
        key[2..6].copy_from_slice(&self.epoch.to_be_bytes());
        key[6..].copy_from_slice(&self.sequence.to_be_bytes());
        key
    }

    /// The position with this key; `None` when it has not the length of one.
    #[must_use]
    pub fn from_key(key: &[u8]) -> Option<Self> {
        let (node, rest) = key.split_first_chunk::<2>()?;
        let (epoch, rest) = rest.split_first_chunk::<4>()?;
        let sequence = <[u8; 8]>::try_from(rest).ok()?;
        Some(Self {
            node: u16::from_be_bytes(*node),
            epoch: u32::from_be_bytes(*epoch),
            sequence: u64::from_be_bytes(sequence),
        })
    }
}

/// Why bytes are no entry that this version knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Shorter than kind, version and time.
    #[error("an entry has at least {HEAD_BYTES} bytes, this one {got}")]
    Short {
        /// Length found.
        got: usize,
    },
    /// A kind of a newer program, or damage.
    #[error("kind {kind} is not known (kinds 1 to {LAST_KIND} are)")]
    UnknownKind {
        /// Kind found.
        kind: u8,
    },
    /// A version of a newer program, or damage.
    #[error("version {version} of kind {kind} is not known (1 to {} are)", version_of(*.kind))]
    UnknownVersion {
        /// Kind found.
        kind: u8,
        /// Version found.
        version: u8,
    },
    /// The fields do not read as those of their kind.
    #[error("the fields of kind {kind} version {version} are damaged")]
    Malformed {
        /// Kind found.
        kind: u8,
        /// Version found.
        version: u8,
    },
}

/// The entry cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// Longer than any entry may be.
    #[error("an entry has at most {MAX_ENTRY_BYTES} bytes, this one {got}")]
    TooLong {
        /// Its length.
        got: usize,
    },
    /// A type that postcard cannot write. No field of an entry has one.
    #[error("a field has no postcard form")]
    Unsupported,
}

/// The bytes of `entry`, written at `at`.
///
/// # Errors
/// `TooLong` above [`MAX_ENTRY_BYTES`].
pub fn encode(at: WallTime, entry: &Entry) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::with_capacity(96);
    let kind = kind(entry);
    bytes.extend_from_slice(&[kind, version_of(kind)]);
    bytes.extend_from_slice(&at.as_micros().to_be_bytes());
    let bytes = fields(entry, bytes).map_err(|_| EncodeError::Unsupported)?;
    if bytes.len() > MAX_ENTRY_BYTES {
        return Err(EncodeError::TooLong { got: bytes.len() });
    }
    Ok(bytes)
}

/// When these bytes were written, and the entry.
///
/// # Errors
/// See [`DecodeError`]; the time of unreadable entries: [`written_at`].
pub fn decode(bytes: &[u8]) -> Result<(WallTime, Entry), DecodeError> {
    let short = DecodeError::Short { got: bytes.len() };
    let at = written_at(bytes).ok_or(short)?;
    let ([kind, version], rest) = bytes.split_first_chunk::<2>().ok_or(short)?;
    let (kind, version) = (*kind, *version);
    if kind == 0 || kind > LAST_KIND {
        return Err(DecodeError::UnknownKind { kind });
    }
    if !(1..=version_of(kind)).contains(&version) {
        return Err(DecodeError::UnknownVersion { kind, version });
    }
    let body = rest.get(HEAD_BYTES - 2..).ok_or(short)?;
    let entry = entry_of(kind, version, body).ok_or(DecodeError::Malformed { kind, version })?;
    Ok((at, entry))
}

/// When these bytes were written, even if the entry itself cannot be read.
#[must_use]
pub fn written_at(bytes: &[u8]) -> Option<WallTime> {
    let micros = bytes.get(2..HEAD_BYTES)?;
    Some(WallTime::from_micros(i64::from_be_bytes(micros.try_into().ok()?)))
}

/// Numbers of kinds are never used again for another kind.
const fn kind(entry: &Entry) -> u8 {
    match entry {
        Entry::Call(_) => 1,
        Entry::Dialog(_) => 2,
        Entry::DialogOver { .. } => 3,
        Entry::BindingSet(_) => 4,
        Entry::BindingRemoved { .. } => 5,
        Entry::AgentStatus { .. } => 6,
        Entry::AgentStateChanged { .. } => 7,
        Entry::Idempotency { .. } => 8,
        Entry::Name { .. } => 9,
        Entry::NodeStarted { .. } => 10,
        Entry::NodeStopped { .. } => 11,
        Entry::LostCallRules { .. } => 12,
        Entry::LostCallOverdue { .. } => 13,
        Entry::Callback(_) => 14,
        Entry::DoNotCall { .. } => 15,
        Entry::Audit(_) => 16,
        Entry::Quarantine(_) => 17,
        Entry::Agent(_) => 18,
        Entry::Disposition(_) => 19,
        Entry::NodeAlive { .. } => 20,
        Entry::FailureReason { .. } => 21,
        Entry::CallRecovered(_) => 22,
        Entry::PlaceKept { .. } => 23,
        Entry::DialDecision(_) => 24,
        Entry::Campaign(_) => 25,
        Entry::Attempt(_) => 26,
        Entry::CampaignLead(_) => 27,
        Entry::CampaignStep(_) => 28,
        Entry::LeadList(_) => 30,
        Entry::FormAnswers(_) => 31,
        Entry::Consent(_) => 32,
    }
}

/// The version of a kind that is written; older ones are read.
const fn version_of(kind: u8) -> u8 {
    match kind {
        // Since the second the cause of a state is known.
        7 => 2,
        // Since the second the skills that a callback asks for are known.
        14 => 2,
        // Since the second it is known who calls back, and in which time zone that was agreed.
        19 => 2,
        // Since the second it is known who ended a campaign; since the third what it was estimated to take, and that it was
        // put away.
        25 => 3,
        // Since the second it is known what came of each number of a lead.
        26 | 27 => 2,
        _ => 1,
    }
}

/// Appends the fields: postcard writes a tuple as it writes a struct of the same fields.
fn fields(entry: &Entry, to: Vec<u8>) -> postcard::Result<Vec<u8>> {
    use postcard::to_extend as put;
    match entry {
        Entry::Call(step) => put(step, to),
        Entry::Dialog(dialog) => put(dialog, to),
        Entry::DialogOver { call, leg } => put(&(call, leg), to),
        Entry::BindingSet(binding) => put(binding, to),
        Entry::BindingRemoved { agent, contact } => put(&(agent, contact), to),
        Entry::AgentStatus { agent, status, reason, at } => put(&(agent, status, reason, at), to),
        Entry::AgentStateChanged { agent, state, reason, call, at, cause } => {
            put(&(agent, state, reason, call, at, cause), to)
        }
        Entry::Idempotency { key_hash, body_hash, status, body, at } => {
            put(&(key_hash, body_hash, status, body, at), to)
        }
        Entry::Name { kind, id, account, name } => put(&(kind, id, account, name), to),
        Entry::LostCallRules { rules, at } => put(&(rules, at), to),
        Entry::LostCallOverdue { call, account, number, queue, agent, lost_at, at } => {
            put(&(call, account, number, queue, agent, lost_at, at), to)
        }
        Entry::Callback(callback) => put(callback, to),
        Entry::DoNotCall { pattern, listed, reason, at } => put(&(pattern, listed, reason, at), to),
        Entry::Audit(note) => put(note, to),
        Entry::Quarantine(note) => put(note, to),
        Entry::NodeStarted { at } | Entry::NodeStopped { at } | Entry::NodeAlive { at } => put(at, to),
        Entry::Agent(step) => put(step, to),
        Entry::Disposition(disposition) => put(disposition, to),
        Entry::FailureReason { call, reason, by, at } => put(&(call, reason, by, at), to),
        Entry::CallRecovered(recovered) => put(recovered, to),
        Entry::PlaceKept { queue, caller, arrived, until } => put(&(queue, caller, arrived, until), to),
        Entry::DialDecision(decision) => put(decision, to),
        Entry::Campaign(campaign) => put(campaign, to),
        Entry::Attempt(attempt) => put(attempt, to),
        Entry::CampaignLead(lead) => put(lead, to),
        Entry::CampaignStep(step) => put(step, to),
        Entry::LeadList(note) => put(note, to),
        Entry::FormAnswers(answers) => put(answers, to),
        Entry::Consent(consent) => put(consent, to),
    }
}

fn entry_of(kind: u8, version: u8, body: &[u8]) -> Option<Entry> {
    Some(match kind {
        1 => Entry::Call(whole(body)?),
        2 => Entry::Dialog(whole(body)?),
        3 => {
            let (call, leg) = whole(body)?;
            Entry::DialogOver { call, leg }
        }
        4 => Entry::BindingSet(whole(body)?),
        5 => {
            let (agent, contact) = whole(body)?;
            Entry::BindingRemoved { agent, contact }
        }
        6 => {
            let (agent, status, reason, at) = whole(body)?;
            Entry::AgentStatus { agent, status, reason, at }
        }
        7 if version == 1 => {
            let (agent, state, reason, call, at) = whole(body)?;
            Entry::AgentStateChanged { agent, state, reason, call, at, cause: StateCause::Unknown }
        }
        7 => {
            let (agent, state, reason, call, at, cause) = whole(body)?;
            Entry::AgentStateChanged { agent, state, reason, call, at, cause }
        }
        8 => {
            let (key_hash, body_hash, status, body, at) = whole(body)?;
            Entry::Idempotency { key_hash, body_hash, status, body, at }
        }
        9 => {
            let (kind, id, account, name) = whole(body)?;
            Entry::Name { kind, id, account, name }
        }
        10 => Entry::NodeStarted { at: whole(body)? },
        11 => Entry::NodeStopped { at: whole(body)? },
        12 => {
            let (rules, at) = whole(body)?;
            Entry::LostCallRules { rules, at }
        }
        13 => {
            let (call, account, number, queue, agent, lost_at, at) = whole(body)?;
            Entry::LostCallOverdue { call, account, number, queue, agent, lost_at, at }
        }
        // A list that is empty is one zero.
        14 if version == 1 => Entry::Callback(whole(&[body, &[0]].concat())?),
        14 => Entry::Callback(whole(body)?),
        15 => {
            let (pattern, listed, reason, at) = whole(body)?;
            Entry::DoNotCall { pattern, listed, reason, at }
        }
        16 => Entry::Audit(whole(body)?),
        17 => Entry::Quarantine(whole(body)?),
        18 => Entry::Agent(whole(body)?),
        19 if version == 1 => Entry::Disposition(Box::new(Disposition::from(whole::<DispositionV1>(body)?))),
        19 => Entry::Disposition(whole(body)?),
        20 => Entry::NodeAlive { at: whole(body)? },
        21 => {
            let (call, reason, by, at) = whole(body)?;
            Entry::FailureReason { call, reason, by, at }
        }
        22 => Entry::CallRecovered(whole(body)?),
        23 => {
            let (queue, caller, arrived, until) = whole(body)?;
            Entry::PlaceKept { queue, caller, arrived, until }
        }
        24 => Entry::DialDecision(whole(body)?),
        // What is not there is a zero.
        25 if version == 1 => Entry::Campaign(whole(&[body, &[0, 0, 0]].concat())?),
        25 if version == 2 => Entry::Campaign(whole(&[body, &[0, 0]].concat())?),
        25 => Entry::Campaign(whole(body)?),
        26 if version == 1 => Entry::Attempt(Shared::from(AttemptEntry::from(whole::<AttemptV1>(body)?))),
        26 => Entry::Attempt(whole(body)?),
        27 if version == 1 => Entry::CampaignLead(Box::new(CampaignLeadEntry::from(whole::<CampaignLeadV1>(body)?))),
        27 => Entry::CampaignLead(whole(body)?),
        28 => Entry::CampaignStep(whole(body)?),
        30 => Entry::LeadList(whole(body)?),
        31 => Entry::FormAnswers(whole(body)?),
        32 => Entry::Consent(whole(body)?),
        _ => return None,
    })
}

/// Reads a value that fills `body` to the last byte.
fn whole<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    match postcard::take_from_bytes(body) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}

/// Node, epoch and sequence.
pub const KEY_BYTES: usize = 14;
/// Larger than any answer kept for an Idempotency-Key, which is the longest kind.
pub const MAX_ENTRY_BYTES: usize = 256 * 1024;
const HEAD_BYTES: usize = 10;
const LAST_KIND: u8 = 32;
