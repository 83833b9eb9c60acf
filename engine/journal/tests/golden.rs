//! Every kind of entry has the bytes that its golden file says, and reads back from them.
//!
//! A line of a golden file is a label and the entry in hexadecimal. A file never
//! changes: an entry whose fields change gets a new version and a new file.

mod entries;

use clock::WallTime;
use journal_core::{DecodeError, Entry, decode, encode};

#[test]
fn entries_have_their_golden_bytes() {
    for (file, golden, entries) in entries::all() {
        let lines: Vec<_> = golden.lines().collect();
        let expected: Vec<_> = entries.iter().map(|(label, entry)| format!("{label} {}", hex(entry))).collect();
        assert_eq!(lines, expected, "{file}: should be\n{}\n", expected.join("\n"));
    }
}

#[test]
fn golden_bytes_read_as_their_entries() {
    for (file, golden, entries) in entries::all().into_iter().chain(entries::older()) {
        for (line, (label, entry)) in golden.lines().zip(entries) {
            let bytes = bytes(line.split(' ').nth(1).unwrap());
            assert_eq!(decode(&bytes), Ok((WRITTEN, entry)), "{file} {label}");
        }
    }
}

#[test]
fn what_is_not_known_is_a_typed_error() {
    let (_, _, entries) = entries::all().swap_remove(0);
    let good = encode(WRITTEN, &entries[0].1).unwrap();
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        decode(&bytes)
    };
    assert_eq!(with(0, 200), Err(DecodeError::UnknownKind { kind: 200 }));
    assert_eq!(with(0, 0), Err(DecodeError::UnknownKind { kind: 0 }));
    assert_eq!(with(1, 9), Err(DecodeError::UnknownVersion { kind: 1, version: 9 }));
    assert_eq!(decode(&good[..9]), Err(DecodeError::Short { got: 9 }));
    assert_eq!(decode(&good[..good.len() - 1]), Err(DecodeError::Malformed { kind: 1, version: 1 }));
    let long = [good, vec![0]].concat();
    assert_eq!(decode(&long), Err(DecodeError::Malformed { kind: 1, version: 1 }));
}

#[test]
fn keys_sort_as_positions_do() {
    use journal_core::Position;
    let at = |node, epoch, sequence| Position { node, epoch, sequence };
    let sorted = [Position::START, at(0, 1, 1), at(0, 1, 256), at(0, 2, 2), at(0, 256, 1), at(1, 0, 0)];
    for pair in sorted.windows(2) {
        assert!(pair[0].to_key() < pair[1].to_key());
        assert_eq!(Position::from_key(&pair[1].to_key()), Some(pair[1]));
    }
    assert_eq!(Position::from_key(&[0; 13]), None);
    assert_eq!(Position::from_key(&[0; 15]), None);
}

fn hex(entry: &Entry) -> String {
    encode(WRITTEN, entry).expect("an entry fits").iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hexadecimal")).collect()
}

const WRITTEN: WallTime = WallTime::from_micros(1_760_000_000_123_456);
