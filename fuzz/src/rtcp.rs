//! RTCP: what is read, written by us, is read as the same.

use rtp_core::rtcp::{MAX_OWN_LEN, MAX_REPORT_BLOCKS, Packet, ReportBlock, Writer, parse};

/// Reads `data` as a compound packet.
pub fn check(data: &[u8]) {
    let Ok(packets) = parse(data) else { return };
    let mut bytes = 0;
    for packet in packets {
        bytes += 4;
        match packet {
            Packet::SenderReport { ssrc, info, blocks } => {
                let blocks: Vec<ReportBlock> = blocks.iter().collect();
                same(&blocks, |writer, blocks| writer.sender_report(ssrc, &info, blocks));
            }
            Packet::ReceiverReport { ssrc, blocks } => {
                let blocks: Vec<ReportBlock> = blocks.iter().collect();
                same(&blocks, |writer, blocks| writer.receiver_report(ssrc, blocks));
            }
            Packet::SourceDescription { cname } => assert!(cname.is_none_or(|(_, name)| name.len() <= 255)),
            Packet::Bye { sources, reason } => {
                assert!(sources.len() % 4 == 0 && sources.len() <= 31 * 4);
                assert!(reason.is_none_or(|reason| reason.len() <= 255));
            }
            Packet::Other { .. } => {}
        }
    }
    assert!(bytes <= data.len(), "no more packets than there is room for");
}

fn same(blocks: &[ReportBlock], write: impl Fn(&mut Writer<'_>, &[ReportBlock]) -> Option<()>) {
    assert!(blocks.len() <= MAX_REPORT_BLOCKS);
    let mut room = [0; MAX_OWN_LEN + 24 * MAX_REPORT_BLOCKS];
    let mut writer = Writer::new(&mut room);
    write(&mut writer, blocks).expect("there is room");
    let written = writer.finish();
    let mut again = parse(written).expect("our report is RTCP");
    match again.next() {
        Some(Packet::SenderReport { blocks: read, .. } | Packet::ReceiverReport { blocks: read, .. }) => {
            assert!(read.iter().eq(blocks.iter().copied()));
        }
        other => panic!("a report was written, {other:?} is read"),
    }
}
