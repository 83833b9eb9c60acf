//! Prompts, music and tones.

use std::time::{Duration, Instant};

use clock::LegId;
use media_graph::{Codec, Command, Event, PlaySource, PlayerId, ToneKind};

use crate::kit::{CALL, Desk, Phone, encoded, lead_db, leg, player, sine, write_wav};

fn played(event: &Event) -> Option<PlayerId> {
    match event {
        Event::Played { player } => Some(*player),
        _ => None,
    }
}

#[test]
fn a_prompt_starts_when_connected_is_bit_exact_and_tells_its_end() {
    let mut desk = Desk::new();
    let mut phone = Phone::new(Codec::Pcma);
    desk.join(1, &mut phone);
    desk.play(1, PlaySource::Prompt("short".into()), false);
    desk.connect(player(1), leg(1));
    let started = Instant::now();
    let mut heard = Vec::new();
    let mut last = None;
    for _ in 0..50 {
        let (header, payload) = phone.hear();
        if let Some((sequence, timestamp)) = last {
            assert_eq!(
                (header.sequence, header.timestamp),
                (u16::wrapping_add(sequence, 1), u32::wrapping_add(timestamp, 160))
            );
        }
        last = Some((header.sequence, header.timestamp));
        heard.extend(payload);
    }
    assert!(started.elapsed() >= Duration::from_millis(960), "at the pace of speech");
    assert_eq!(heard, encoded(phone.law(), &sine(440.0, 8_000)));
    assert_eq!(desk.expect(played), PlayerId(1));
}

#[test]
fn the_held_side_hears_music_in_the_same_stream_and_the_agent_again_after_it() {
    let mut desk = Desk::new();
    let (mut customer, mut agent) = (Phone::new(Codec::Pcmu), Phone::new(Codec::Pcma));
    desk.join(1, &mut customer);
    desk.join(2, &mut agent);
    desk.connect(leg(1), leg(2));
    desk.connect(leg(2), leg(1));
    customer.greet(&mut agent);
    agent.say(&[0x11; 160]);
    let (talk, _) = customer.hear();

    // Hold: the agent neither sends nor receives; the customer gets music.
    let held = media_graph::RemoteMedia { may_send: false, may_receive: false, ..agent.remote() };
    desk.send(Command::SetRemote { leg: LegId(2), remote: held });
    desk.disconnect(leg(2), leg(1));
    desk.play(7, PlaySource::Music("default".into()), true);
    desk.connect(player(7), leg(1));
    let (music, _) = customer.hear();
    assert_eq!((music.ssrc, music.sequence), (talk.ssrc, talk.sequence.wrapping_add(1)));
    let samples = customer.listen(16_000);
    assert!(lead_db(&samples, 1_000.0, 440.0) > 20.0, "two seconds of a loop of one");
    desk.after_packets(1, || customer.say(&[0x22; 160]));

    desk.send(Command::SetRemote { leg: LegId(2), remote: agent.remote() });
    desk.send(Command::StopPlay { player: PlayerId(7) });
    desk.connect(leg(2), leg(1));
    customer.say(&[0x33; 160]);
    let mut expected = [0x33; 160];
    rtp_core::g711::Law::U.transcode(rtp_core::g711::Law::A, &mut expected);
    // What the customer says is heard again; what it said during hold went nowhere.
    assert_eq!(agent.hear().1, expected);
    agent.say(&[0x44; 160]);
    let mut last = music;
    loop {
        let (header, payload) = customer.hear();
        assert_eq!(header.ssrc, talk.ssrc);
        assert!((header.sequence.wrapping_sub(last.sequence) as i16) > 0);
        last = header;
        if payload.iter().all(|code| *code == payload[0]) {
            break;
        }
    }
}

#[test]
fn parts_follow_each_other_and_tones_are_tones() {
    let mut desk = Desk::new();
    let mut phone = Phone::new(Codec::Pcmu);
    desk.join(1, &mut phone);
    let sources = vec![PlaySource::Tone(ToneKind::Beep), PlaySource::Prompt("short".into())];
    desk.send(Command::Play { player: PlayerId(1), call: CALL, sources, looped: false });
    desk.connect(player(1), leg(1));
    let heard = phone.listen(10_000);
    assert!(lead_db(&heard[..2_000], 1_000.0, 440.0) > 20.0, "a quarter second of beep");
    assert!(lead_db(&heard[2_000..10_000], 440.0, 1_000.0) > 20.0, "then the prompt");
    assert_eq!(desk.expect(played), PlayerId(1));
    desk.play(2, PlaySource::Tone(ToneKind::Milliwatt), false);
    desk.connect(player(2), leg(1));
    assert!(lead_db(&phone.listen(4_000), 1_004.0, 440.0) > 20.0);
}

#[test]
fn a_missing_file_fails_its_player_and_a_stored_one_plays() {
    let mut desk = Desk::new();
    let mut phone = Phone::new(Codec::Pcma);
    desk.join(1, &mut phone);
    desk.play(1, PlaySource::Prompt("absent".into()), false);
    desk.connect(player(1), leg(1));
    let why = desk.expect(|event| match event {
        Event::PlayFailed { player: PlayerId(1), why } => Some(why.clone()),
        _ => None,
    });
    assert!(why.contains("absent.wav"), "{why}");

    let folder = desk.dir.path().join("data/voicemail");
    std::fs::create_dir_all(&folder).unwrap();
    write_wav(&folder.join("one.wav"), &sine(700.0, 3_200));
    desk.play(2, PlaySource::File("voicemail/one.wav".into()), false);
    desk.connect(player(2), leg(1));
    assert_eq!(desk.expect(played), PlayerId(2));
    let heard = phone.listen(3_200);
    assert!(lead_db(&heard, 700.0, 440.0) > 20.0);
}

#[test]
fn a_stopped_player_tells_nothing() {
    let mut desk = Desk::new();
    let mut phone = Phone::new(Codec::Pcma);
    desk.join(1, &mut phone);
    desk.play(1, PlaySource::Prompt("short".into()), false);
    desk.connect(player(1), leg(1));
    phone.hear();
    desk.send(Command::StopPlay { player: PlayerId(1) });
    desk.play(2, PlaySource::Prompt("short".into()), false);
    desk.connect(player(2), leg(1));
    assert_eq!(desk.expect(played), PlayerId(2));
}
