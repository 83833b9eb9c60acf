//! Random commands and random packets: nothing breaks, and nothing is left behind.

use std::net::UdpSocket;
use std::time::Duration;

use clock::{CallId, LegId, Rng};
use media_graph::{ChannelLayout, Codec, Command, Event, Node, PlaySource, PlayerId, RecorderId, ToneKind};

use crate::kit::{Desk, LOOPBACK, Phone};

const LEGS: u64 = 6;

fn any_node(rng: &mut Rng) -> Node {
    match rng.below(4) {
        0 => Node::Player(PlayerId(rng.below(4))),
        1 => Node::Recorder(RecorderId(rng.below(8)), rng.below(2) as u8),
        _ => Node::Leg(LegId(rng.below(LEGS))),
    }
}

fn any_source(rng: &mut Rng) -> PlaySource {
    match rng.below(5) {
        0 => PlaySource::Tone(ToneKind::Beep),
        1 => PlaySource::Music("default".into()),
        2 => PlaySource::Prompt("absent".into()),
        3 => PlaySource::File("../../etc/passwd".into()),
        _ => PlaySource::Prompt("short".into()),
    }
}

fn any_command(rng: &mut Rng, phones: &[Phone], step: u64) -> Command {
    let leg = LegId(rng.below(LEGS));
    let call = CallId(u128::from(rng.below(3)));
    match rng.below(16) {
        0..=2 => Command::Open { leg, call },
        3..=5 => {
            let mut remote = phones[rng.below(phones.len() as u64) as usize].remote();
            remote.may_send = rng.chance(0.8);
            remote.may_receive = rng.chance(0.8);
            Command::SetRemote { leg, remote }
        }
        6..=9 => Command::Connect { source: any_node(rng), sink: any_node(rng) },
        10 => Command::Disconnect { source: any_node(rng), sink: any_node(rng) },
        11 => {
            let sources = (0..rng.below(3)).map(|_| any_source(rng)).collect();
            Command::Play { player: PlayerId(rng.below(4)), call, sources, looped: rng.chance(0.3) }
        }
        12 => Command::StopPlay { player: PlayerId(rng.below(4)) },
        13 => {
            let layout = if rng.chance(0.5) { ChannelLayout::Mono } else { ChannelLayout::Stereo };
            let path = if rng.chance(0.1) { "../up".to_owned() } else { format!("storm/{step}") };
            Command::Record { recorder: RecorderId(rng.below(8)), call, path, layout }
        }
        14 if rng.chance(0.3) => Command::PauseRecord { recorder: RecorderId(rng.below(8)), paused: rng.chance(0.5) },
        14 => {
            let least = if rng.chance(0.3) { Duration::MAX } else { Duration::ZERO };
            Command::StopRecord { recorder: RecorderId(rng.below(8)), least }
        }
        _ if rng.chance(0.5) => {
            Command::Watch { leg, limit: rng.chance(0.7).then(|| Duration::from_millis(rng.below(30))) }
        }
        _ => Command::Close { leg },
    }
}

/// Junk, half of it with the look of RTP or RTCP.
fn any_bytes(rng: &mut Rng) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..rng.below(300)).map(|_| rng.next_u32() as u8).collect();
    if let Some(first) = bytes.first_mut().filter(|_| rng.chance(0.5)) {
        *first = 0x80 | (*first & 0x1F);
    }
    if let (Some(second), true) = (bytes.get_mut(1), rng.chance(0.5)) {
        *second = [0, 8, 101, 200, 201, 203][rng.below(6) as usize];
    }
    bytes
}

#[test]
fn a_storm_leaves_nothing_behind() {
    let mut rng = Rng::new(20_261_120);
    let mut desk = Desk::with(60, |config| config.port_rest = Duration::ZERO);
    let phones: Vec<_> = (0..4).map(|n| Phone::new(if n % 2 == 0 { Codec::Pcma } else { Codec::Pcmu })).collect();
    let stranger = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    let (mut opened, mut closed, mut ports) = (0u64, 0u64, Vec::new());
    for step in 0..6_000 {
        desk.send(any_command(&mut rng, &phones, step));
        while let Some(event) = desk.events.try_recv() {
            match event {
                Event::Opened { rtp, .. } => {
                    opened += 1;
                    ports.push(rtp);
                }
                Event::Closed { .. } => closed += 1,
                _ => {}
            }
        }
        if let Some(target) = ports.last() {
            let mut target = *target;
            target.set_port(target.port() + rng.below(2) as u16);
            let from = if rng.chance(0.2) { &stranger } else { &phones[rng.below(4) as usize].rtp };
            // A full socket buffer is part of the storm.
            let _ = from.send_to(&any_bytes(&mut rng), target);
        }
    }
    let metrics = std::sync::Arc::clone(desk.worker.metrics());
    let Desk { worker, mut events, dir, .. } = desk;
    drop(worker);
    while let Some(event) = events.blocking_recv() {
        opened += u64::from(matches!(event, Event::Opened { .. }));
        closed += u64::from(matches!(event, Event::Closed { .. }));
    }
    assert!(opened > 100, "the storm did something: {opened} legs");
    assert_eq!(opened, closed);
    let left = [&metrics.ports_in_use, &metrics.legs_open, &metrics.recordings_active].map(|gauge| gauge.value());
    assert_eq!(left, [0, 0, 0]);
    assert!(!dir.path().join("up.wav.part").exists());
    let folder = dir.path().join("data/storm");
    let parts =
        std::fs::read_dir(folder).unwrap().flatten().filter(|f| f.path().extension().is_some_and(|e| e == "part"));
    assert_eq!(parts.count(), 0, "every recording was finished");
}
