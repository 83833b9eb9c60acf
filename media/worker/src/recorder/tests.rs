//! Files written and recovered; no sockets.
#![allow(clippy::disallowed_types, reason = "tests of files")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rtp_core::g711::Law;

use super::*;
use crate::metrics::MediaMetrics;
use crate::ring::{EventReceiver, event_ring};
use crate::time::Clock;
use media_graph::Event;

struct Bench {
    recorders: Recorders,
    queue: WriterQueue,
    events: EventReceiver,
}

fn bench(folder: &Path) -> Bench {
    let metrics = Arc::new(MediaMetrics::default());
    let (sender, events) = event_ring(Arc::clone(&metrics));
    let (recorders, queue) = Recorders::start(folder, &sender, &metrics, Clock::start()).unwrap();
    Bench { recorders, queue, events }
}

fn begin(path: &str, layout: ChannelLayout) -> ToWriter {
    let started = WallTime::from_micros(1_700_000_000_000_000);
    ToWriter::Begin(Begin { recorder: RecorderId(1), path: path.to_owned(), layout, started, failed: Arc::default() })
}

fn batch(until: u64, pieces: &[(u8, u64, &[u8])]) -> Batch {
    let mut batch =
        Batch { recorder: RecorderId(1), until, lost: None, pauses: Vec::new(), pieces: Vec::new(), bytes: Vec::new() };
    for (channel, at, codes) in pieces {
        let (start, len) = (batch.bytes.len(), codes.len());
        batch.bytes.extend_from_slice(codes);
        batch.pieces.push(Piece { channel: *channel, coding: Coding::Law(Law::A), at: *at, start, len });
    }
    batch
}

fn samples(path: &Path) -> (u16, Vec<i16>) {
    let mut reader = hound::WavReader::open(path).expect("a WAV file");
    assert_eq!((reader.spec().sample_rate, reader.spec().bits_per_sample), (8_000, 16));
    (reader.spec().channels, reader.samples::<i16>().map(Result::unwrap).collect())
}

#[test]
fn channels_are_equally_long_and_sound_lies_where_it_belongs() {
    let dir = tempfile::tempdir().unwrap();
    let Bench { recorders, queue, mut events } = bench(dir.path());
    queue.send(begin("2026/11/one", ChannelLayout::Stereo)).unwrap();
    queue.send(ToWriter::Batch(batch(1_600, &[(0, 100, &[0x2A; 160]), (1, 300, &[0xAA; 80])]))).unwrap();
    let mut with_loss = batch(5_600, &[(1, 5_500, &[0x2A; 160])]);
    with_loss.lost = Some((1_600, 800));
    queue.send(ToWriter::End(with_loss, Duration::ZERO)).unwrap();
    let Some(Event::Recorded { recorder, duration_ms, sha256 }) = events.blocking_recv() else {
        panic!("recorded");
    };
    assert_eq!((recorder, duration_ms), (RecorderId(1), 700));
    let wav = dir.path().join("2026/11/one.wav");
    let (channels, all) = samples(&wav);
    assert_eq!((channels, all.len()), (2, 5_600 * 2));
    let (left, right): (Vec<_>, Vec<_>) = all.chunks(2).map(|pair| (pair[0], pair[1])).unzip();
    let loud = |channel: &[i16]| channel.iter().position(|s| *s != 0).zip(channel.iter().rposition(|s| *s != 0));
    assert_eq!(loud(&left), Some((100, 259)));
    assert_eq!(loud(&right), Some((300, 5_599)), "what reaches beyond the end is cut");
    let manifest = Manifest::read(&wav.with_extension("json")).unwrap();
    assert_eq!(manifest.sha256, manifest::hex(&sha256));
    assert_eq!(manifest.bytes, std::fs::metadata(&wav).unwrap().len());
    assert_eq!(manifest.gaps, [Gap { at_sample: 1_600, samples: Some(800), reason: GapReason::Overload }]);
    assert_eq!(manifest.codecs, [["pcma"], ["pcma"]]);
    assert_eq!(manifest.started_at_us, 1_700_000_000_000_000);
    drop(queue);
    recorders.join();
    assert!(!wav.with_extension("wav.part").exists());
}

#[test]
fn many_that_end_together_are_all_ready_and_each_hash_is_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let Bench { recorders, queue, mut events } = bench(dir.path());
    for nth in 0..100u64 {
        let ToWriter::Begin(begin) = begin(&format!("day/{nth}"), ChannelLayout::Mono) else { unreachable!() };
        queue.send(ToWriter::Begin(Begin { recorder: RecorderId(nth), ..begin })).unwrap();
        let sound = batch(1_600, &[(0, nth, &[0x2A; 800])]);
        queue.send(ToWriter::End(Batch { recorder: RecorderId(nth), ..sound }, Duration::ZERO)).unwrap();
    }
    let mut ready = std::collections::BTreeMap::new();
    while ready.len() < 100 {
        match events.blocking_recv() {
            Some(Event::Recorded { recorder, sha256, .. }) => drop(ready.insert(recorder.0, sha256)),
            other => panic!("{other:?}"),
        }
    }
    for (nth, sha256) in ready {
        let wav = dir.path().join(format!("day/{nth}.wav"));
        assert_eq!(manifest::sha256_of(&wav).unwrap(), sha256);
        assert_eq!(Manifest::read(&wav.with_extension("json")).unwrap().sha256, manifest::hex(&sha256));
        assert_eq!(samples(&wav).1.iter().position(|sample| *sample != 0), Some(nth as usize));
    }
    drop(queue);
    recorders.join();
}

#[test]
fn what_is_shorter_than_wanted_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let Bench { recorders, queue, mut events } = bench(dir.path());
    let least = Duration::from_millis(2_000);
    queue.send(begin("box/short", ChannelLayout::Mono)).unwrap();
    queue.send(ToWriter::Batch(batch(8_000, &[(0, 0, &[0x2A; 8_000])]))).unwrap();
    queue.send(ToWriter::End(batch(15_999, &[]), least)).unwrap();
    assert_eq!(events.blocking_recv(), Some(Event::Discarded { recorder: RecorderId(1) }));
    assert_eq!(std::fs::read_dir(dir.path().join("box")).unwrap().count(), 0);
    queue.send(begin("box/long", ChannelLayout::Mono)).unwrap();
    queue.send(ToWriter::End(batch(16_000, &[]), least)).unwrap();
    assert!(matches!(events.blocking_recv(), Some(Event::Recorded { duration_ms: 2_000, .. })));
    drop(queue);
    recorders.join();
}

#[test]
fn what_cannot_be_written_fails_and_nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let Bench { recorders, queue, mut events } = bench(dir.path());
    std::fs::write(dir.path().join("taken.wav"), b"mine").unwrap();
    for path in ["taken", "../out", "/abs"] {
        queue.send(begin(path, ChannelLayout::Mono)).unwrap();
        assert!(matches!(events.blocking_recv(), Some(Event::RecordFailed { .. })), "{path}");
    }
    drop(queue);
    recorders.join();
    assert_eq!(std::fs::read(dir.path().join("taken.wav")).unwrap(), b"mine");
}

#[test]
fn a_full_disk_fails_the_recording() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert!(track::Track::start(full, 1).is_err());
}

#[test]
fn a_crash_leaves_a_recording_that_plays() {
    let dir = tempfile::tempdir().unwrap();
    let part = dir.path().join("a/cut.wav.part");
    std::fs::create_dir(dir.path().join("a")).unwrap();
    let mut bytes = track::header(2, 10).to_vec();
    bytes.extend((0..8_000i16).flat_map(|n| [n.to_le_bytes(), (-n).to_le_bytes()].concat()));
    bytes.extend([1, 2, 3]);
    std::fs::write(&part, &bytes).unwrap();
    std::fs::write(dir.path().join("a/torn.wav.part"), b"RIFF").unwrap();
    std::fs::write(dir.path().join("a/other.wav.part"), [0; 100]).unwrap();

    let recovered = recover(dir.path()).unwrap();
    assert_eq!(recovered.iter().map(|r| r.path.as_str()).collect::<Vec<_>>(), ["a/cut", "a/other", "a/torn"]);
    let wav = dir.path().join("a/cut.wav");
    let RecoveredAs::Playable { duration_ms: 1_000, sha256 } = recovered[0].outcome else {
        panic!("{:?}", recovered[0]);
    };
    let (channels, all) = samples(&wav);
    assert_eq!((channels, all.len()), (2, 16_000));
    assert_eq!(all[2 * 7_999..], [7_999, -7_999]);
    let manifest = Manifest::read(&wav.with_extension("json")).unwrap();
    assert_eq!(manifest.sha256, manifest::hex(&sha256));
    assert_eq!(manifest.gaps, [Gap { at_sample: 8_000, samples: None, reason: GapReason::NodeRestart }]);
    for torn in &recovered[1..] {
        assert!(matches!(torn.outcome, RecoveredAs::Quarantined { .. }), "{torn:?}");
    }
    assert!(dir.path().join("a/torn.wav.damaged").exists());
    assert_eq!(recover(dir.path()).unwrap(), [], "nothing is left to recover");
    assert_eq!(recover(&dir.path().join("absent")).unwrap(), []);
}

#[test]
fn a_crash_before_the_rename_keeps_the_manifest_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let Bench { recorders, queue, mut events } = bench(dir.path());
    queue.send(begin("whole", ChannelLayout::Mono)).unwrap();
    queue.send(ToWriter::End(batch(800, &[(0, 0, &[0x2A; 800])]), Duration::ZERO)).unwrap();
    assert!(matches!(events.blocking_recv(), Some(Event::Recorded { .. })));
    drop(queue);
    recorders.join();
    let wav = dir.path().join("whole.wav");
    let before = Manifest::read(&wav.with_extension("json")).unwrap();
    std::fs::rename(&wav, dir.path().join("whole.wav.part")).unwrap();
    assert_eq!(recover(dir.path()).unwrap().len(), 1);
    assert_eq!(Manifest::read(&wav.with_extension("json")).unwrap(), before);
}

#[test]
fn while_it_is_written_the_file_plays_up_to_a_second_ago() {
    let dir = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(dir.path().join("growing.wav")).unwrap();
    let mut track = track::Track::start(file, 1).unwrap();
    track.take(&batch(8_000, &[(0, 0, &[0x2A; 8_000])]), false).unwrap();
    assert!(track.refresh_header().unwrap());
    assert!(!track.refresh_header().unwrap());
    let (_, all) = samples(&dir.path().join("growing.wav"));
    assert!(Duration::from_millis(manifest::duration_ms(all.len() as u64)) >= Duration::from_millis(600));
}
