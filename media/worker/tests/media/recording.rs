//! Recordings made of live legs.

use std::time::Duration;

use media_graph::{ChannelLayout, Codec, Command, Event, Node, RecorderId};
use media_worker::Manifest;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

use crate::kit::{CALL, Desk, Phone, encoded, lead_db, leg, sine};

fn samples(path: &std::path::Path) -> (u16, Vec<i16>) {
    let mut reader = hound::WavReader::open(path).expect("a WAV file");
    (reader.spec().channels, reader.samples::<i16>().map(Result::unwrap).collect())
}

fn recorded(event: &Event) -> Option<u64> {
    match event {
        Event::Recorded { duration_ms, .. } => Some(*duration_ms),
        Event::RecordFailed { why, .. } => panic!("{why}"),
        _ => None,
    }
}

#[test]
fn left_is_the_customer_right_the_agent_and_both_are_equally_long() {
    let mut desk = Desk::new();
    let (mut customer, mut agent) = (Phone::new(Codec::Pcma), Phone::new(Codec::Pcmu));
    desk.join(1, &mut customer);
    desk.join(2, &mut agent);
    desk.connect(leg(1), leg(2));
    desk.connect(leg(2), leg(1));
    customer.greet(&mut agent);
    let recorder = RecorderId(1);
    desk.send(Command::Record { recorder, call: CALL, path: "rec/one".into(), layout: ChannelLayout::Stereo });
    desk.connect(leg(1), Node::Recorder(recorder, 0));
    desk.connect(leg(2), Node::Recorder(recorder, 1));
    // A looped prompt paces the two: 20 ms a packet without a clock of our own.
    let (left, right) = (encoded(customer.law(), &sine(1_000.0, 16_000)), encoded(agent.law(), &sine(440.0, 16_000)));
    let mut pace = Phone::new(Codec::Pcma);
    desk.join(3, &mut pace);
    desk.play(9, media_graph::PlaySource::Music("default".into()), true);
    desk.connect(crate::kit::player(9), leg(3));
    for frame in 0..100 {
        pace.hear();
        customer.say(&left[frame * 160..][..160]);
        agent.say(&right[frame * 160..][..160]);
        agent.hear();
        customer.hear();
    }
    desk.send(Command::StopRecord { recorder, least: Duration::ZERO });
    let duration_ms = desk.expect(recorded);
    assert!(duration_ms >= 1_980, "99 times 20 ms, and until the first: {duration_ms}");

    let wav = desk.dir.path().join("data/rec/one.wav");
    let (channels, all) = samples(&wav);
    assert_eq!(channels, 2);
    let (left, right): (Vec<_>, Vec<_>) = all.chunks(2).map(|pair| (pair[0], pair[1])).unzip();
    assert_eq!(left.len(), right.len());
    for (channel, wanted, other) in [(&left, 1_000.0, 440.0), (&right, 440.0, 1_000.0)] {
        let steady = &channel[1_600..14_400];
        assert!(lead_db(steady, wanted, other) > 20.0, "{wanted} Hz");
        let first = channel.iter().position(|sample| sample.abs() > 1_000).expect("sound");
        assert!(first < 2_400, "sound within 300 ms: {first}");
        let mut quiet = 0;
        for sample in &channel[first..first + 14_400] {
            quiet = if sample.abs() > 1_000 { 0 } else { quiet + 1 };
            assert!(quiet <= 480, "no gap over 60 ms");
        }
    }
    let manifest = Manifest::read(&wav.with_extension("json")).unwrap();
    assert_eq!(manifest.samples, left.len() as u64);
    assert_eq!(manifest.channels, ["customer", "agent"]);
    assert_eq!(manifest.codecs, [["pcma"], ["pcmu"]]);
    assert!(manifest.gaps.is_empty() && !manifest.started_at_estimated);
}

#[test]
fn dropping_the_worker_finishes_what_is_being_recorded() {
    let mut desk = Desk::new();
    let mut phone = Phone::new(Codec::Pcma);
    desk.join(1, &mut phone);
    desk.connect(leg(1), leg(1));
    let recorder = RecorderId(5);
    desk.send(Command::Record { recorder, call: CALL, path: "voicemail/x".into(), layout: ChannelLayout::Mono });
    desk.connect(leg(1), Node::Recorder(recorder, 0));
    // A tone to another leg is the clock: ten frames are 200 ms.
    let mut clock = Phone::new(Codec::Pcma);
    desk.join(2, &mut clock);
    desk.play(1, media_graph::PlaySource::Tone(media_graph::ToneKind::Milliwatt), false);
    desk.connect(crate::kit::player(1), leg(2));
    for _ in 0..10 {
        clock.hear();
        phone.say(&[0x2A; 160]);
        phone.hear();
    }
    let Desk { worker, mut events, dir, .. } = desk;
    drop(worker);
    let mut seen = Vec::new();
    while let Some(event) = events.blocking_recv() {
        seen.push(event);
    }
    assert!(seen.iter().any(|event| matches!(event, Event::Closed { .. })));
    assert!(seen.iter().any(|event| recorded(event).is_some()));
    let (channels, all) = samples(&dir.path().join("data/voicemail/x.wav"));
    assert_eq!(channels, 1);
    assert!(all.iter().any(|sample| sample.abs() > 1_000));
}

#[test]
fn a_recording_that_fails_leaves_forwarding_alone() {
    let mut desk = Desk::new();
    let mut phone = Phone::new(Codec::Pcma);
    desk.join(1, &mut phone);
    desk.connect(leg(1), leg(1));
    // The folder cannot be made: a file has its name.
    std::fs::create_dir_all(desk.dir.path().join("data")).unwrap();
    std::fs::write(desk.dir.path().join("data/taken"), b"").unwrap();
    let recorder = RecorderId(1);
    desk.send(Command::Record { recorder, call: CALL, path: "taken/x".into(), layout: ChannelLayout::Mono });
    desk.connect(leg(1), Node::Recorder(recorder, 0));
    desk.expect(|event| matches!(event, Event::RecordFailed { .. }).then_some(()));
    for n in 0..5 {
        phone.say(&[n; 160]);
        assert_eq!(phone.hear().1, [n; 160]);
    }
    desk.send(Command::StopRecord { recorder, least: Duration::ZERO });
    assert_eq!(desk.leave(1).received, 5);
    let metrics = desk.worker.metrics();
    assert_eq!((metrics.recordings_active.value(), metrics.recordings_failed.value()), (0, 1));
}

/// The disk is full from one write to the next: a limit of file size stands for it, which no other test must share,
/// so this one runs once more in a process of its own that has the limit.
#[test]
fn a_disk_that_fills_up_fails_the_recording_and_nothing_else() {
    let (limit, _) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    if limit != RLIM_INFINITY {
        return record_until_the_disk_is_full();
    }
    let name = "recording::a_disk_that_fills_up_fails_the_recording_and_nothing_else";
    // Blocks of 512 bytes. A write beyond fails instead of raising a signal when that is ignored.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" --exact {name}", FULL_AT_BYTES / 512);
    let this = std::env::current_exe().unwrap();
    let run = std::process::Command::new("sh").arg("-c").arg(script).arg(this).output().unwrap();
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && told.contains("1 passed"), "{told}\n{}", String::from_utf8_lossy(&run.stderr));
}

fn record_until_the_disk_is_full() {
    let mut desk = Desk::new();
    let (mut customer, mut agent) = (Phone::new(Codec::Pcma), Phone::new(Codec::Pcma));
    desk.join(1, &mut customer);
    desk.join(2, &mut agent);
    desk.connect(leg(1), leg(2));
    desk.connect(leg(2), leg(1));
    customer.greet(&mut agent);
    let recorder = RecorderId(1);
    desk.send(Command::Record { recorder, call: CALL, path: "rec/full".into(), layout: ChannelLayout::Stereo });
    desk.connect(leg(1), Node::Recorder(recorder, 0));
    desk.connect(leg(2), Node::Recorder(recorder, 1));
    let mut pace = Phone::new(Codec::Pcma);
    desk.join(3, &mut pace);
    desk.play(9, media_graph::PlaySource::Music("default".into()), true);
    desk.connect(crate::kit::player(9), leg(3));
    let failed = |event: &Event| match event {
        Event::RecordFailed { why, .. } => Some(why.clone()),
        _ => None,
    };
    let (mut why, mut after) = (None, 0);
    for frame in 0..500u32 {
        pace.hear();
        let (said, answered) = ([frame as u8; 160], [!frame as u8; 160]);
        customer.say(&said);
        assert_eq!(agent.hear().1, said, "forwarding goes on");
        agent.say(&answered);
        assert_eq!(customer.hear().1, answered, "forwarding goes on");
        while let Some(event) = desk.events.try_recv() {
            why = why.or(failed(&event));
        }
        after += u32::from(why.is_some());
        if after == 25 {
            break;
        }
    }
    let why = why.expect("the recording failed");
    assert!(why.contains("full.wav.part"), "{why}");
    let part = desk.dir.path().join("data/rec/full.wav.part");
    assert!(std::fs::metadata(&part).unwrap().len() > FULL_AT_BYTES / 2, "what was written stays");
    desk.send(Command::StopRecord { recorder, least: Duration::ZERO });
    desk.settle();
    let metrics = desk.worker.metrics();
    assert_eq!((metrics.recordings_active.value(), metrics.recordings_failed.value()), (0, 1));
    assert_eq!(desk.leave(1).lost, 0);
}

/// Room for the kit's prompts, and for a second of stereo.
const FULL_AT_BYTES: u64 = 32 * 1024;
