//! Legs come and go, ports and descriptors with them.

use std::collections::BTreeSet;
use std::time::Duration;

use clock::LegId;
use media_graph::{Codec, Command, Event};
use rtp_core::rtcp::{self, Packet};

use crate::kit::{CALL, Desk, Phone, leg};

fn opened(desk: &mut Desk, id: u64) -> Option<u16> {
    desk.send(Command::Open { leg: LegId(id), call: CALL });
    desk.expect(|event| match event {
        Event::Opened { leg, rtp } if *leg == LegId(id) => Some(Some(rtp.port())),
        Event::OpenFailed { leg } if *leg == LegId(id) => Some(None),
        _ => None,
    })
}

#[test]
fn ports_run_out_rest_and_come_back() {
    let mut desk = Desk::with(8, |config| config.port_rest = Duration::from_millis(50));
    let ports: BTreeSet<_> = (0..4).filter_map(|id| opened(&mut desk, id)).collect();
    assert!(!ports.is_empty() && ports.iter().all(|port| port % 2 == 0));
    assert_eq!(opened(&mut desk, 9), None, "none is left");
    for id in 0..ports.len() as u64 {
        desk.leave(id);
    }
    assert_eq!(desk.worker.metrics().ports_in_use.value(), 0);
    // Open until one has rested long enough.
    let again = (100..).find_map(|id| opened(&mut desk, id)).unwrap();
    assert!(ports.contains(&again));
}

#[test]
fn closing_releases_every_descriptor() {
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let mut desk = Desk::with(40, |config| config.port_rest = Duration::ZERO);
    let sockets = |desk: &Desk| (desk.worker.metrics().ports_in_use.value(), desk.worker.metrics().legs_open.value());
    let before = sockets(&desk);
    for round in 0..20u64 {
        for id in 0..5 {
            assert!(opened(&mut desk, round * 10 + id).is_some());
        }
        for id in 0..5 {
            desk.leave(round * 10 + id);
        }
    }
    assert_eq!(sockets(&desk), before);
    // Other tests of this program open sockets too: two hundred leaked ones would still stand out.
    assert!(descriptors() < 200, "{} descriptors", descriptors());
}

#[test]
fn first_packet_and_silence_are_told_once_each() {
    let mut desk = Desk::new();
    let mut phone = Phone::new(Codec::Pcma);
    desk.join(1, &mut phone);
    desk.send(Command::Watch { leg: LegId(1), limit: Some(Duration::from_millis(80)) });
    let silent = |event: &Event| matches!(event, Event::Silent { .. }).then_some(());
    desk.expect(silent);
    phone.say(&[0; 160]);
    desk.expect(|event| match event {
        Event::FirstPacket { .. } => Some(()),
        Event::Silent { .. } => panic!("silence was told already"),
        _ => None,
    });
    desk.expect(silent);
    desk.send(Command::Watch { leg: LegId(1), limit: None });
    desk.leave(1);
}

#[test]
fn a_report_comes_and_goes_and_the_end_is_a_bye() {
    let mut desk = Desk::new();
    let mut phone = Phone::new(Codec::Pcma);
    desk.join(1, &mut phone);
    desk.connect(leg(1), leg(1));
    for sequence in 0..10u16 {
        if sequence != 4 {
            phone.say(&[0x55; 160]);
            phone.hear();
        } else {
            phone.header.sequence = phone.header.sequence.wrapping_add(1);
        }
    }
    let mut buffer = [0; 1_500];
    let (len, from) = phone.rtcp.recv_from(&mut buffer).expect("a report");
    assert_eq!(from.port(), phone.peer.port() + 1);
    let packets: Vec<_> = rtcp::parse(&buffer[..len]).unwrap().collect();
    let Packet::SenderReport { ssrc, info, blocks } = packets[0] else { panic!("{packets:?}") };
    assert_eq!((info.packets, info.bytes), (9, 9 * 160));
    let block = blocks.about(phone.header.ssrc).expect("about the phone's stream");
    assert_eq!(block.cumulative_lost, 1);
    assert!(matches!(packets[1], Packet::SourceDescription { cname: Some((named, _)) } if named == ssrc));

    // The phone answers: the worker learns the round trip.
    let mut answer = [0; 200];
    let mut writer = rtcp::Writer::new(&mut answer);
    let seen = rtcp::ReportBlock { ssrc, last_sr: info.ntp.middle(), ..Default::default() };
    writer.receiver_report(phone.header.ssrc, &[seen]).unwrap();
    let answer = writer.finish();
    phone.rtcp.send_to(answer, from).unwrap();
    phone.rtcp.send_to(b"junk", from).unwrap();
    let metrics = std::sync::Arc::clone(desk.worker.metrics());
    while metrics.drops(media_worker::DropReason::Malformed) == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let stats = desk.leave(1);
    assert_eq!((stats.received, stats.lost), (9, 1));
    assert!(stats.round_trip_ms.is_some_and(|trip| trip < 10_000.0));
    let (len, _) = phone.rtcp.recv_from(&mut buffer).expect("a BYE");
    assert!(rtcp::parse(&buffer[..len]).unwrap().any(|packet| matches!(packet, Packet::Bye { .. })));
}

#[test]
fn commands_about_nothing_are_counted_and_do_no_harm() {
    let mut desk = Desk::new();
    desk.send(Command::Close { leg: LegId(77) });
    desk.connect(leg(1), leg(2));
    desk.send(Command::Watch { leg: LegId(77), limit: None });
    assert!(opened(&mut desk, 1).is_some());
    assert_eq!(desk.worker.metrics().commands_ignored.value(), 3);
    desk.leave(1);
}

#[test]
fn two_threads_serve_their_own_calls() {
    let mut desk = Desk::with(40, |config| config.threads = 2);
    for id in 0..6u64 {
        desk.send(Command::Open { leg: LegId(id), call: clock::CallId(u128::from(id)) });
        desk.expect(|event| matches!(event, Event::Opened { .. }).then_some(()));
    }
    for id in 0..6 {
        desk.leave(id);
    }
    assert_eq!(desk.worker.metrics().legs_open.value(), 0);
}
