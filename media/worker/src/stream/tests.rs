//! Numbers go on evenly whoever is heard.

use std::time::Duration;

use super::*;

fn at(millis: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(millis)
}

fn came(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
    Header { marker: false, payload_type: 8, sequence, timestamp, ssrc }
}

fn stream() -> OutStream {
    OutStream::new(&mut Rng::new(3), at(0))
}

#[test]
fn a_relayed_source_keeps_its_steps_loss_and_order() {
    let mut out = stream();
    let first = out.relay(1, &came(9, 65_534, u32::MAX - 100), 0, false, at(0));
    assert!(first.marker);
    assert_eq!((first.payload_type, first.ssrc), (0, out.ssrc()));
    let third = out.relay(1, &came(9, 0, (u32::MAX - 100).wrapping_add(320)), 0, false, at(40));
    assert_eq!(third.sequence, first.sequence.wrapping_add(2));
    assert_eq!(third.timestamp, first.timestamp.wrapping_add(320));
    assert!(!third.marker);
    let late = out.relay(1, &came(9, 65_535, (u32::MAX - 100).wrapping_add(160)), 0, false, at(41));
    assert_eq!(late.sequence, first.sequence.wrapping_add(1), "a late packet keeps its place");
    let fourth = out.relay(1, &came(9, 1, (u32::MAX - 100).wrapping_add(480)), 0, false, at(60));
    assert_eq!(fourth.sequence, first.sequence.wrapping_add(3), "and does not turn the stream back");
}

#[test]
fn music_agent_and_hold_music_are_one_stream() {
    let mut out = stream();
    let music = out.frame(5, 160, 8, at(0));
    let more = out.frame(5, 160, 8, at(20));
    assert_eq!((more.sequence, more.timestamp), (music.sequence.wrapping_add(1), music.timestamp.wrapping_add(160)));
    let agent = out.relay(2, &came(77, 500, 1_000), 8, false, at(120));
    assert_eq!(agent.sequence, more.sequence.wrapping_add(1));
    assert_eq!(agent.timestamp, more.timestamp.wrapping_add(800), "100 ms went by");
    assert!(agent.marker);
    let hold = out.frame(6, 160, 8, at(125));
    assert_eq!(hold.sequence, agent.sequence.wrapping_add(1));
    assert_eq!(hold.timestamp, agent.timestamp.wrapping_add(160), "never less than a packet");
    let resumed = out.relay(2, &came(77, 600, 17_000), 8, false, at(145));
    assert_eq!(resumed.sequence, hold.sequence.wrapping_add(1), "no gap though the source went on counting");
}

#[test]
fn a_restarted_source_does_not_tear_the_stream() {
    let mut out = stream();
    let before = out.relay(1, &came(9, 100, 0), 8, false, at(0));
    let ssrc = out.relay(1, &came(10, 40_000, 4_000_000), 8, false, at(20));
    assert_eq!(ssrc.sequence, before.sequence.wrapping_add(1));
    assert_eq!(ssrc.timestamp, before.timestamp.wrapping_add(160));
    let jump = out.relay(1, &came(10, 50_000, 4_000_160), 8, false, at(40));
    assert_eq!(jump.sequence, ssrc.sequence.wrapping_add(1));
    let clock = out.relay(1, &came(10, 50_001, 90_000_000), 8, false, at(60));
    assert_eq!(clock.timestamp, jump.timestamp.wrapping_add(160));
}

#[test]
fn packets_that_are_not_passed_on_leave_no_gap() {
    let mut out = stream();
    let first = out.relay(1, &came(9, 10, 0), 8, false, at(0));
    out.skip(1, &came(9, 11, 160));
    let next = out.relay(1, &came(9, 12, 320), 8, false, at(40));
    assert_eq!(next.sequence, first.sequence.wrapping_add(1));
    assert_eq!(next.timestamp, first.timestamp.wrapping_add(320));
}

#[test]
fn a_held_key_keeps_its_timestamp() {
    let mut out = stream();
    let start = out.relay(1, &came(9, 10, 800), 101, true, at(0));
    let end = out.relay(1, &came(9, 11, 800), 101, true, at(12_000));
    assert_eq!(end.timestamp, start.timestamp);
    let voice = out.relay(1, &came(9, 12, 800 + 96_160), 8, false, at(12_020));
    assert_eq!(voice.timestamp, start.timestamp.wrapping_add(96_160));
}
