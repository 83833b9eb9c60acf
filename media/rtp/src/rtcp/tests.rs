use super::*;
use proptest::prelude::*;

fn block() -> ReportBlock {
    ReportBlock {
        ssrc: 0x902f_9e2e,
        fraction_lost: 12,
        cumulative_lost: -3,
        highest_sequence: 0x0001_0005,
        jitter: 273,
        last_sr: 0x09f3_6432,
        delay_since_last_sr: 150_137,
    }
}

fn info() -> SenderInfo {
    SenderInfo { ntp: NtpTime(0x0102_0304_0506_0708), rtp_timestamp: 9, packets: 10, bytes: 1_600 }
}

#[test]
fn a_full_compound_packet_survives_the_wire() {
    let mut buffer = [0xaa; MAX_OWN_LEN];
    let mut writer = Writer::new(&mut buffer);
    writer.sender_report(7, &info(), &[block()]).unwrap();
    writer.cname(7, b"a@b").unwrap();
    writer.bye(7, b"hang-up").unwrap();
    let packets: Vec<_> = parse(writer.finish()).unwrap().collect();
    let Packet::SenderReport { ssrc: 7, info: read, blocks } = packets[0] else { panic!("{packets:?}") };
    assert_eq!((read, blocks.about(0x902f_9e2e), blocks.about(1)), (info(), Some(block()), None));
    assert_eq!(packets[1], Packet::SourceDescription { cname: Some((7, b"a@b")) });
    assert_eq!(packets[2], Packet::Bye { sources: &[0, 0, 0, 7], reason: Some(b"hang-up") });
    assert_eq!(packets.len(), 3);
}

#[test]
fn an_empty_receiver_report_is_eight_bytes() {
    let mut buffer = [0; 8];
    let mut writer = Writer::new(&mut buffer);
    writer.receiver_report(0x0102_0304, &[]).unwrap();
    assert_eq!(writer.bye(1, b""), None);
    assert_eq!(writer.finish(), [0x80, 201, 0, 1, 1, 2, 3, 4]);
}

#[test]
fn longest_own_packet_fits_the_stated_length() {
    let mut buffer = [0; MAX_OWN_LEN];
    let mut writer = Writer::new(&mut buffer);
    writer.sender_report(1, &info(), &[block()]).unwrap();
    writer.cname(1, &[b'x'; 300]).unwrap();
    writer.bye(1, &[b'y'; 300]).unwrap();
    let last = parse(writer.finish()).unwrap().last().unwrap();
    assert_eq!(last, Packet::Bye { sources: &[0, 0, 0, 1], reason: Some(&[b'y'; 255]) });
}

#[test]
fn what_does_not_fit_is_refused() {
    for (bytes, wanted) in [
        (&[][..], RtcpError::Length { at: 0, needed: 4, len: 0 }),
        (&[0x80, 201, 0], RtcpError::Length { at: 0, needed: 4, len: 3 }),
        (&[0x40, 201, 0, 1, 0, 0, 0, 0], RtcpError::Version { version: 1, at: 0 }),
        (&[0x80, 201, 0, 2, 0, 0, 0, 0], RtcpError::Length { at: 0, needed: 12, len: 8 }),
        (&[0x81, 201, 0, 1, 0, 0, 0, 0], RtcpError::Length { at: 0, needed: 32, len: 8 }),
        (&[0x81, 203, 0, 1, 0, 0, 0, 0], RtcpError::FirstNotReport { packet_type: 203 }),
        (&[0xa0, 201, 0, 1, 0, 0, 0, 0], RtcpError::Padding { at: 0, padding: 0 }),
        (&[0xa0, 201, 0, 1, 0, 0, 0, 8], RtcpError::Padding { at: 0, padding: 8 }),
        (
            &[0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 202, 0, 2, 0, 0, 0, 1, 1, 9, b'a', 0],
            RtcpError::Length { at: 8, needed: 19, len: 12 },
        ),
    ] {
        assert_eq!(parse(bytes).err(), Some(wanted), "{bytes:?}");
    }
}

#[test]
fn padding_of_the_last_packet_is_taken_off() {
    let bytes = [0x80, 201, 0, 1, 0, 0, 0, 1, 0xa1, 203, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4];
    assert_eq!(parse(&bytes).unwrap().last(), Some(Packet::Bye { sources: &[0, 0, 0, 1], reason: None }));
}

#[test]
fn round_trip_is_the_example_of_rfc_3550() {
    // Figure 2: sent 0xb44d:b705..., answered after 5.25 s, back at 0xb710:8000.
    let block = ReportBlock { last_sr: 0xb705_2000, delay_since_last_sr: 0x0005_4000, ..ReportBlock::default() };
    assert_eq!(block.round_trip(NtpTime(0xb710_8000 << 16)), Some(Duration::from_millis(6_125)));
    assert_eq!(ReportBlock::default().round_trip(NtpTime(1)), None);
    assert_eq!(block.round_trip(NtpTime(0xb705_2000 << 16)), None);
}

#[test]
fn wall_time_becomes_ntp_time() {
    assert_eq!(NtpTime::from_wall(WallTime::from_micros(0)), NtpTime(2_208_988_800 << 32));
    let half = NtpTime::from_wall(WallTime::from_micros(1_500_000));
    assert_eq!(half, NtpTime((2_208_988_801 << 32) | 0x8000_0000));
    assert_eq!(to_short(Duration::from_millis(1_500)), 0x0001_8000);
    assert_eq!(from_short(0x0001_8000), Duration::from_millis(1_500));
    assert_eq!(to_short(Duration::from_secs(100_000)), u32::MAX);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        if let Ok(packets) = parse(&bytes) {
            prop_assert!(packets.count() > 0);
        }
    }

    #[test]
    fn bytes_that_look_like_rtcp_never_panic(
        heads in prop::collection::vec((0x80u8..0xc0, 198u8..208, 0u16..12), 1..6),
        filler in prop::collection::vec(any::<u8>(), 48),
    ) {
        let mut bytes = Vec::new();
        for (first, packet_type, words) in heads {
            bytes.extend_from_slice(&[first, packet_type]);
            bytes.extend_from_slice(&words.to_be_bytes());
            bytes.extend_from_slice(&filler[..usize::from(words) * 4]);
        }
        if let Ok(packets) = parse(&bytes) {
            for packet in packets {
                if let Packet::SenderReport { blocks, .. } | Packet::ReceiverReport { blocks, .. } = packet {
                    prop_assert!(blocks.iter().count() <= MAX_REPORT_BLOCKS);
                }
            }
        }
    }
}
