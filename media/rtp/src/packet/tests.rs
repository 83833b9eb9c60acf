use super::*;
use proptest::prelude::*;

fn header() -> Header {
    Header { marker: true, payload_type: 8, sequence: 65_535, timestamp: 0xdead_beef, ssrc: 0x0102_0304 }
}

fn plain(payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_LEN];
    assert_eq!(header().write(&mut bytes), Some(HEADER_LEN));
    bytes.extend_from_slice(payload);
    bytes
}

#[test]
fn what_is_written_is_read() {
    let bytes = plain(&[1, 2, 3]);
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(packet, Packet { header: header(), csrc: &[], extension: None, payload: &[1, 2, 3], padding: 0 });
}

#[test]
fn csrc_extension_and_padding_are_taken_off() {
    let mut bytes = plain(&[]);
    bytes[0] |= PADDING_BIT | EXTENSION_BIT | 2;
    bytes.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 2]);
    bytes.extend_from_slice(&[0xbe, 0xde, 0, 1, 9, 9, 9, 9]);
    bytes.extend_from_slice(&[7, 7, 7, 0, 0, 3]);
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(packet.csrc, [0, 0, 0, 1, 0, 0, 0, 2]);
    assert_eq!(packet.extension, Some(Extension { profile: 0xbede, data: &[9, 9, 9, 9] }));
    assert_eq!((packet.payload, packet.padding), (&[7u8, 7, 7][..], 3));
}

#[test]
fn lengths_that_lie_are_refused() {
    let mut csrc = plain(&[0; 4]);
    csrc[0] |= 2;
    let mut extension = plain(&[0xbe, 0xde, 0xff, 0xff, 0]);
    extension[0] |= EXTENSION_BIT;
    let mut zero_padding = plain(&[1, 0]);
    zero_padding[0] |= PADDING_BIT;
    let mut long_padding = plain(&[1, 3]);
    long_padding[0] |= PADDING_BIT;
    let mut no_padding = plain(&[]);
    no_padding[0] |= PADDING_BIT;
    let mut version = plain(&[]);
    version[0] = 0x40;
    for (bytes, wanted) in [
        (vec![], PacketError::Short { needed: 12, len: 0 }),
        (plain(&[])[..11].to_vec(), PacketError::Short { needed: 12, len: 11 }),
        (csrc, PacketError::Short { needed: 20, len: 16 }),
        (extension, PacketError::Short { needed: 16 + 4 * 65_535, len: 17 }),
        (zero_padding, PacketError::Padding { padding: 0, available: 2 }),
        (long_padding, PacketError::Padding { padding: 3, available: 2 }),
        (no_padding, PacketError::Padding { padding: 0, available: 0 }),
        (version, PacketError::Version { version: 1 }),
        (plain(&[0; 1_500]), PacketError::Long { len: 1_512 }),
    ] {
        assert_eq!(Packet::parse(&bytes), Err(wanted));
    }
}

#[test]
fn a_relay_rewrites_only_the_fixed_fields() {
    let mut bytes = plain(&[0, 0, 0, 5, 6]);
    bytes[0] |= 1;
    let new = Header { marker: false, payload_type: 0, sequence: 7, timestamp: 8, ssrc: 9 };
    assert!(new.rewrite(&mut bytes));
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!((packet.header, packet.csrc, packet.payload), (new, &[0u8, 0, 0, 5][..], &[6u8][..]));
    assert!(!new.rewrite(&mut []));
    let mut short = [0x80u8; 11];
    assert!(!new.rewrite(&mut short));
    assert_eq!(short, [0x80; 11]);
    assert_eq!(new.write(&mut short), None);
}

#[test]
fn rtcp_is_told_from_rtp() {
    for (bytes, rtcp) in [
        (&[0x80u8, 200, 0, 6][..], true),
        (&[0x81, 223], true),
        (&[0x80, 8], false),
        (&[0x80, 0x80 | 8], false),
        (&[0x40, 200], false),
        (&[0x80], false),
        (&[], false),
    ] {
        assert_eq!(is_rtcp(bytes), rtcp, "{bytes:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(packet) = Packet::parse(&bytes) {
            let extension = packet.extension.map_or(0, |e| 4 + e.data.len());
            let sum = HEADER_LEN + packet.csrc.len() + extension + packet.payload.len() + usize::from(packet.padding);
            prop_assert_eq!(sum, bytes.len());
        }
    }

    #[test]
    fn any_header_survives_the_wire(
        marker: bool, payload_type in 0u8..128, sequence: u16, timestamp: u32, ssrc: u32,
    ) {
        let header = Header { marker, payload_type, sequence, timestamp, ssrc };
        let mut bytes = [0; HEADER_LEN];
        prop_assert_eq!(header.write(&mut bytes), Some(HEADER_LEN));
        prop_assert_eq!(Packet::parse(&bytes).unwrap().header, header);
    }
}
