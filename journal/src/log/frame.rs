//! A frame: the entries of one group, with a checksum over all of it.
//!
//! | bytes | what (big-endian) |
//! |---|---|
//! | 4 | `TLJf` |
//! | 4 | CRC-32C of the segment's epoch and of all that follows |
//! | 4 | length of the entries |
//! | 4 | how many entries |
//! | 8 | sequence of the first |
//! | 8 | sequence of the last entry that was synced when this was written |
//! | … | each entry: 4 bytes length, then its bytes |
//!
//! The epoch in the checksum keeps blocks of a former file from being taken for
//! ours. The synced sequence is what lets a start tell an end that a power loss
//! tore, which is cut, from damage below what was promised, which is refused.

use crc::{CRC_32_ISCSI, Crc, Table};

/// What stands before the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) crc: u32,
    pub(crate) length: usize,
    pub(crate) count: u32,
    pub(crate) first: u64,
    pub(crate) synced: u64,
}

impl Head {
    /// `None` when these bytes cannot be the beginning of a frame.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEAD_BYTES] = bytes.first_chunk()?;
        let long = |at: usize| Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
        let short = |at: usize| Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
        let length = usize::try_from(short(8)?).ok()?;
        let head = Self { crc: short(4)?, length, count: short(12)?, first: long(16)?, synced: long(24)? };
        (bytes.starts_with(&MAGIC) && length <= PAYLOAD_BYTES_MAX).then_some(head)
    }

    /// True when `frame`, head and entries, is as it was written in `epoch`.
    pub(crate) fn holds(&self, epoch: u32, frame: &[u8]) -> bool {
        frame.get(CHECKED_FROM..).is_some_and(|checked| checksum(epoch, checked) == self.crc)
    }

    /// Sequence of the last entry; that before the first where there is none.
    pub(crate) const fn last(&self) -> u64 {
        (self.first + self.count as u64).saturating_sub(1)
    }
}

/// The bytes of a frame.
pub(crate) fn encode(epoch: u32, first: u64, synced: u64, entries: &[Vec<u8>]) -> Vec<u8> {
    let length: usize = entries.iter().map(|entry| entry.len() + LENGTH_BYTES).sum();
    let mut bytes = Vec::with_capacity(HEAD_BYTES + length);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&(length as u32).to_be_bytes());
    bytes.extend_from_slice(&(entries.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&first.to_be_bytes());
    bytes.extend_from_slice(&synced.to_be_bytes());
    for entry in entries {
        bytes.extend_from_slice(&(entry.len() as u32).to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    let crc = checksum(epoch, bytes.get(CHECKED_FROM..).unwrap_or_default());
    bytes[CRC_AT..CHECKED_FROM].copy_from_slice(&crc.to_be_bytes());
    bytes
}

/// The same frame, naming `synced` as the last entry that was synced.
pub(crate) fn with_synced(epoch: u32, frame: &[u8], synced: u64) -> Vec<u8> {
    let mut bytes = frame.to_vec();
    if let Some(named) = bytes.get_mut(SYNCED_AT..HEAD_BYTES) {
        named.copy_from_slice(&synced.to_be_bytes());
    }
    let crc = checksum(epoch, bytes.get(CHECKED_FROM..).unwrap_or_default());
    if let Some(stated) = bytes.get_mut(CRC_AT..CHECKED_FROM) {
        stated.copy_from_slice(&crc.to_be_bytes());
    }
    bytes
}

/// The entries in a checked payload.
pub(crate) fn entries(mut payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = payload.split_first_chunk::<LENGTH_BYTES>()?;
        let (entry, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        payload = rest;
        Some(entry)
    })
}

/// Largest synced sequence that any whole frame in `bytes` names, wherever it begins; 0 for none.
pub(crate) fn synced_named_in(epoch: u32, bytes: &[u8]) -> u64 {
    let starts = bytes.windows(MAGIC.len()).enumerate().filter(|(_, window)| *window == MAGIC);
    let frames = starts.filter_map(|(at, _)| {
        let head = Head::read(bytes.get(at..)?)?;
        let frame = bytes.get(at..at + HEAD_BYTES + head.length)?;
        head.holds(epoch, frame).then_some(head.synced)
    });
    frames.max().unwrap_or(0)
}

pub(crate) fn checksum(epoch: u32, bytes: &[u8]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(&epoch.to_be_bytes());
    digest.update(bytes);
    digest.finalize()
}

/// What stands before the entries.
pub(crate) const HEAD_BYTES: usize = 32;
/// Before each entry.
pub(crate) const LENGTH_BYTES: usize = 4;
/// A group that the writer closes at 1 MiB, and one entry of the longest kind.
pub(crate) const PAYLOAD_BYTES_MAX: usize = GROUP_BYTES + journal_core::MAX_ENTRY_BYTES + LENGTH_BYTES;
/// A group is closed when it has so many bytes: read and checked in a millisecond.
pub(crate) const GROUP_BYTES: usize = 1024 * 1024;
const MAGIC: [u8; 4] = *b"TLJf";
const CRC_AT: usize = 4;
/// The checksum covers what stands behind it.
const CHECKED_FROM: usize = 8;
const SYNCED_AT: usize = 24;
static CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_and_any_changed_bit_shows() {
        let group = [b"one".to_vec(), Vec::new(), b"three".to_vec()];
        let frame = encode(7, 41, 40, &group);
        let head = Head::read(&frame).unwrap();
        assert_eq!((head.first, head.last(), head.synced, head.count), (41, 43, 40, 3));
        assert!(head.holds(7, &frame) && !head.holds(8, &frame));
        assert_eq!(with_synced(7, &frame, 43), encode(7, 41, 43, &group));
        let back: Vec<_> = entries(&frame[HEAD_BYTES..]).map(<[u8]>::to_vec).collect();
        assert_eq!(back, group);
        for bit in 0..frame.len() * 8 {
            let mut changed = frame.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let seen = Head::read(&changed).is_some_and(|head| head.holds(7, &changed));
            assert!(!seen, "bit {bit}");
        }
    }

    #[test]
    fn marks_are_found_behind_damage() {
        let mut bytes = vec![0xA5; 100];
        bytes.extend_from_slice(b"TLJf");
        bytes.extend(encode(1, 9, 8, &[vec![1; 50]]));
        bytes.extend(encode(2, 10, 99, &[vec![1; 50]]));
        assert_eq!(synced_named_in(1, &bytes), 8, "another epoch's frames are not ours");
        assert_eq!(synced_named_in(1, &bytes[..110]), 0);
    }
}
