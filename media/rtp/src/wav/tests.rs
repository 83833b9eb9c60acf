use super::*;
use proptest::prelude::*;

fn file(format: &[u8], data: &[u8]) -> Vec<u8> {
    let mut out = b"RIFF\0\0\0\0WAVE".to_vec();
    for (id, body) in [(b"LIST", &b"odd"[..]), (b"fmt ", format), (b"data", data)] {
        out.extend_from_slice(id);
        out.extend_from_slice(&(body.len() as u32).to_le_bytes());
        out.extend_from_slice(body);
        out.resize(out.len().next_multiple_of(2), 0);
    }
    out
}

fn format(tag: u16, channels: u16, hz: u32, bits: u16) -> Vec<u8> {
    let mut out = [tag.to_le_bytes(), channels.to_le_bytes()].concat();
    out.extend_from_slice(&hz.to_le_bytes());
    out.extend_from_slice(&[0; 6]);
    out.extend_from_slice(&bits.to_le_bytes());
    out
}

#[test]
fn a_written_header_is_read() {
    let mut bytes = header(2, 8).to_vec();
    bytes.extend_from_slice(&[1, 0, 2, 0, 3, 0, 0xff, 0xff]);
    let wav = Wav::parse(&bytes).unwrap();
    assert_eq!((wav.coding, wav.channels, wav.len(), wav.is_empty()), (Coding::Pcm16, 2, 2, false));
    assert_eq!((wav.sample(0, 1), wav.sample(1, 1), wav.sample(2, 0)), (Some(2), Some(-1), None));
    assert_eq!(wav.sample(0, 2), None);
    assert_eq!(wav.mono().collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn patches_turn_an_empty_header_into_a_full_one() {
    let mut bytes = header(2, 0);
    for (at, patch) in patches(640) {
        bytes[at..at + 4].copy_from_slice(&patch);
    }
    assert_eq!(bytes, header(2, 640));
    assert_eq!(patches(u32::MAX)[0].1, [0xff; 4]);
}

#[test]
fn g711_and_extensible_files_are_read() {
    let alaw = file(&format(6, 1, 8_000, 8), &[0xd5, 0x55]);
    let wav = Wav::parse(&alaw).unwrap();
    assert_eq!((wav.coding, wav.mono().collect::<Vec<_>>()), (Coding::G711(Law::A), vec![8, -8]));
    let ulaw = file(&format(7, 2, 8_000, 8), &[0xff, 0xff, 0]);
    let wav = Wav::parse(&ulaw).unwrap();
    assert_eq!((wav.coding, wav.len()), (Coding::G711(Law::U), 1));
    let mut extensible = format(0xfffe, 1, 8_000, 16);
    extensible.extend_from_slice(&[22, 0, 16, 0, 4, 0, 0, 0, 1, 0]);
    assert_eq!(Wav::parse(&file(&extensible, &[5, 0])).unwrap().sample(0, 0), Some(5));
}

#[test]
fn a_file_that_was_cut_off_plays_as_far_as_it_goes() {
    let mut bytes = header(1, 1_000).to_vec();
    bytes.extend_from_slice(&[1, 0, 2, 0, 3]);
    assert_eq!(Wav::parse(&bytes).unwrap().mono().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn other_files_are_refused_by_name() {
    for (bytes, wanted) in [
        (vec![], WavError::NotWav),
        (b"RIFF\0\0\0\0AVI LIST".to_vec(), WavError::NotWav),
        (file(&format(1, 1, 44_100, 16), &[]), WavError::Rate { hz: 44_100 }),
        (file(&format(1, 3, 8_000, 16), &[]), WavError::Channels { channels: 3 }),
        (file(&format(1, 0, 8_000, 16), &[]), WavError::Channels { channels: 0 }),
        (file(&format(3, 1, 8_000, 32), &[]), WavError::Coding { tag: 3, bits: 32 }),
        (file(&format(1, 1, 8_000, 16)[..10], &[]), WavError::Missing { chunk: "fmt " }),
        (header(1, 0)[..36].to_vec(), WavError::Missing { chunk: "data" }),
    ] {
        assert_eq!(Wav::parse(&bytes), Err(wanted));
    }
}

proptest! {
    #[test]
    fn any_bytes_behind_the_magic_are_read_or_refused(tail in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
        bytes.extend_from_slice(&tail);
        if let Ok(wav) = Wav::parse(&bytes) {
            prop_assert_eq!(wav.mono().count(), wav.len());
        }
    }
}
