//! RTP and RTCP against an independent implementation, in both directions.

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use rtcp::goodbye::Goodbye;
use rtcp::receiver_report::ReceiverReport;
use rtcp::reception_report::ReceptionReport;
use rtcp::sender_report::SenderReport;
use rtcp::source_description::{SdesType, SourceDescription};
use rtp_core::packet::{Header, Packet};
use rtp_core::rtcp::{MAX_OWN_LEN, NtpTime, Packet as Rtcp, ReportBlock, SenderInfo, Writer, parse};
use webrtc_util::marshal::{Marshal, Unmarshal};

prop_compose! {
    fn header()(
        marker: bool, payload_type in 0u8..128, sequence: u16, timestamp: u32, ssrc: u32,
    ) -> Header {
        Header { marker, payload_type, sequence, timestamp, ssrc }
    }
}

prop_compose! {
    fn block()(
        ssrc: u32, fraction_lost: u8, cumulative_lost in 0i32..1 << 23, highest_sequence: u32,
        jitter: u32, last_sr: u32, delay_since_last_sr: u32,
    ) -> ReportBlock {
        ReportBlock { ssrc, fraction_lost, cumulative_lost, highest_sequence, jitter, last_sr, delay_since_last_sr }
    }
}

prop_compose! {
    fn info()(ntp: u64, rtp_timestamp: u32, packets: u32, bytes: u32) -> SenderInfo {
        SenderInfo { ntp: NtpTime(ntp), rtp_timestamp, packets, bytes }
    }
}

fn same_header(theirs: &rtp::header::Header, ours: &Header) -> bool {
    let fields = (theirs.marker, theirs.payload_type, theirs.sequence_number, theirs.timestamp, theirs.ssrc);
    fields == (ours.marker, ours.payload_type, ours.sequence, ours.timestamp, ours.ssrc)
}

fn same_block(theirs: &ReceptionReport, ours: &ReportBlock) -> bool {
    let lost = ours.cumulative_lost as u32 & 0x00ff_ffff;
    (theirs.ssrc, theirs.fraction_lost, theirs.total_lost) == (ours.ssrc, ours.fraction_lost, lost)
        && (theirs.last_sequence_number, theirs.jitter) == (ours.highest_sequence, ours.jitter)
        && (theirs.last_sender_report, theirs.delay) == (ours.last_sr, ours.delay_since_last_sr)
}

fn their_block(ours: &ReportBlock) -> ReceptionReport {
    ReceptionReport {
        ssrc: ours.ssrc,
        fraction_lost: ours.fraction_lost,
        total_lost: ours.cumulative_lost as u32,
        last_sequence_number: ours.highest_sequence,
        jitter: ours.jitter,
        last_sender_report: ours.last_sr,
        delay: ours.delay_since_last_sr,
    }
}

proptest! {
    #[test]
    fn they_read_the_headers_that_we_write(header in header(), payload in prop::collection::vec(any::<u8>(), 0..170)) {
        let mut bytes = vec![0; 12];
        prop_assert_eq!(header.write(&mut bytes), Some(12));
        bytes.extend_from_slice(&payload);
        let theirs = rtp::packet::Packet::unmarshal(&mut Bytes::from(bytes)).unwrap();
        prop_assert!(same_header(&theirs.header, &header));
        prop_assert_eq!(&theirs.payload[..], &payload[..]);
    }

    #[test]
    fn we_read_the_packets_that_they_write(
        header in header(), padding: bool,
        csrc in prop::collection::vec(any::<u32>(), 0..16),
        extension in prop::option::of(prop::collection::vec(any::<u8>(), 0..8)),
        payload in prop::collection::vec(any::<u8>(), 0..170),
    ) {
        let data: Option<Vec<u8>> = extension.map(|words| words.iter().flat_map(|w| [*w; 4]).collect());
        let extensions = data.iter().map(|d| rtp::header::Extension { id: 0, payload: Bytes::from(d.clone()) });
        let theirs = rtp::packet::Packet {
            header: rtp::header::Header {
                version: 2, padding, extension: data.is_some(), marker: header.marker,
                payload_type: header.payload_type, sequence_number: header.sequence, timestamp: header.timestamp,
                ssrc: header.ssrc, csrc: csrc.clone(), extension_profile: 0x0101, extensions: extensions.collect(),
                extensions_padding: 0,
            },
            payload: Bytes::from(payload.clone()),
        };
        let bytes = theirs.marshal().unwrap();
        let ours = Packet::parse(&bytes).unwrap();
        prop_assert_eq!(ours.header, header);
        prop_assert_eq!(ours.csrc, csrc.iter().flat_map(|c| c.to_be_bytes()).collect::<Vec<_>>());
        prop_assert_eq!(ours.extension.map(|e| e.data.to_vec()), data);
        prop_assert_eq!((ours.payload, ours.padding > 0), (&payload[..], padding));
    }

    #[test]
    fn we_agree_on_arbitrary_bytes(first in 0x80u8..0x90, tail in prop::collection::vec(any::<u8>(), 0..60)) {
        let bytes = [&[first][..], &tail].concat();
        let theirs = rtp::packet::Packet::unmarshal(&mut Bytes::from(bytes.clone()));
        match (Packet::parse(&bytes), theirs) {
            (Ok(ours), Ok(theirs)) => {
                prop_assert!(same_header(&theirs.header, &ours.header));
                prop_assert_eq!(&theirs.payload[..], ours.payload);
            }
            (ours, theirs) => prop_assert_eq!(ours.is_ok(), theirs.is_ok()),
        }
    }

    #[test]
    fn they_read_the_reports_that_we_write(
        ssrc: u32, info in info(), blocks in prop::collection::vec(block(), 0..4), cname in "[a-z0-9@.]{1,40}",
        reason in "[a-z ]{0,20}",
    ) {
        let mut buffer = [0; MAX_OWN_LEN];
        let mut writer = Writer::new(&mut buffer);
        writer.sender_report(ssrc, &info, &blocks).unwrap();
        writer.receiver_report(ssrc, &blocks).unwrap();
        writer.cname(ssrc, cname.as_bytes()).unwrap();
        writer.bye(ssrc, reason.as_bytes()).unwrap();
        let theirs = rtcp::packet::unmarshal(&mut Bytes::copy_from_slice(writer.finish())).unwrap();
        prop_assert_eq!(theirs.len(), 4);
        let sr = theirs[0].as_any().downcast_ref::<SenderReport>().unwrap();
        prop_assert_eq!((sr.ssrc, sr.ntp_time, sr.rtp_time), (ssrc, info.ntp.0, info.rtp_timestamp));
        prop_assert_eq!((sr.packet_count, sr.octet_count), (info.packets, info.bytes));
        let rr = theirs[1].as_any().downcast_ref::<ReceiverReport>().unwrap();
        for reports in [&sr.reports, &rr.reports] {
            prop_assert_eq!(reports.len(), blocks.len());
            prop_assert!(reports.iter().zip(&blocks).all(|(t, o)| same_block(t, o)));
        }
        let sdes = theirs[2].as_any().downcast_ref::<SourceDescription>().unwrap();
        prop_assert_eq!((sdes.chunks.len(), sdes.chunks[0].source, sdes.chunks[0].items.len()), (1, ssrc, 1));
        prop_assert!(sdes.chunks[0].items[0].sdes_type == SdesType::SdesCname);
        prop_assert_eq!(&sdes.chunks[0].items[0].text[..], cname.as_bytes());
        let bye = theirs[3].as_any().downcast_ref::<Goodbye>().unwrap();
        prop_assert_eq!((&bye.sources[..], &bye.reason[..]), (&[ssrc][..], reason.as_bytes()));
    }

    #[test]
    fn we_read_the_reports_that_they_write(
        ssrc: u32, info in info(), blocks in prop::collection::vec(block(), 0..32), sources in prop::collection::vec(any::<u32>(), 0..32),
    ) {
        let reports: Vec<_> = blocks.iter().map(their_block).collect();
        let sr = SenderReport {
            ssrc, ntp_time: info.ntp.0, rtp_time: info.rtp_timestamp, packet_count: info.packets,
            octet_count: info.bytes, reports, ..SenderReport::default()
        };
        let bye = Goodbye { sources: sources.clone(), reason: Bytes::from_static(b"done") };
        let mut bytes = BytesMut::from(&sr.marshal().unwrap()[..]);
        bytes.extend_from_slice(&bye.marshal().unwrap());
        let ours: Vec<_> = parse(&bytes).unwrap().collect();
        let Rtcp::SenderReport { ssrc: read, info: read_info, blocks: read_blocks } = ours[0] else {
            return Err(TestCaseError::fail(format!("{ours:?}")));
        };
        prop_assert_eq!((read, read_info), (ssrc, info));
        prop_assert_eq!(read_blocks.iter().collect::<Vec<_>>(), blocks);
        let sources: Vec<u8> = sources.iter().flat_map(|s| s.to_be_bytes()).collect();
        prop_assert_eq!(ours[1], Rtcp::Bye { sources: &sources, reason: Some(b"done") });
    }
}
