//! kill -9 while recording: after the restart the recording plays up to one second before the kill.
//!
//! The test starts itself as a child that records a tone and prints how long
//! it has been at it; the child is killed, and its data folder recovered.
#![allow(clippy::disallowed_types, reason = "tests are shells: files")]
#![allow(clippy::disallowed_methods, reason = "tests are shells: clocks and pacing")]
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clock::CallId;
use media_graph::{ChannelLayout, Command as Order, Node, PlaySource, PlayerId, RecorderId, ToneKind};
use media_worker::{Manifest, MediaConfig, MediaWorker, Recovered, RecoveredAs};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some(CHILD) => record_for_ever(Path::new(&args[2])),
        Some("--list") => println!("kill: test"),
        _ => (1..=3).for_each(round),
    }
}

fn round(round: u64) {
    let dir = tempfile::tempdir().unwrap();
    let lived_ms = killed_after(dir.path(), Duration::from_millis(900 * round));
    let recovered = media_worker::recover(dir.path()).unwrap();
    let [Recovered { path, outcome: RecoveredAs::Playable { duration_ms, .. } }] = recovered.as_slice() else {
        panic!("one recording that plays: {recovered:?}");
    };
    assert_eq!(path, "calls/one");
    assert!(duration_ms + 1_000 >= lived_ms, "{duration_ms} ms of {lived_ms} ms are there");
    let wav = dir.path().join("calls/one.wav");
    let samples: Vec<i16> = hound::WavReader::open(&wav).unwrap().samples().map(Result::unwrap).collect();
    assert_eq!(samples.len() as u64 / 8, *duration_ms);
    if let Some(last) = samples.last_chunk::<160>() {
        assert!(last.iter().any(|sample| sample.abs() > 1_000), "the tone sounds to the end");
    }
    let manifest = Manifest::read(&wav.with_extension("json")).unwrap();
    assert_eq!(manifest.gaps.len(), 1, "the manifest says what is missing");
    println!("round {round}: {duration_ms} ms of {lived_ms} ms are there");
}

/// Kills a recording child that has recorded for so long; how long it was when it last said so, ms.
fn killed_after(folder: &Path, wanted: Duration) -> u64 {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program).arg(CHILD).arg(folder).stdout(Stdio::piped()).spawn().unwrap();
    let mut lived_ms = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        lived_ms = line.unwrap().parse().unwrap();
        if Duration::from_millis(lived_ms) >= wanted {
            // More lines may come before the kill is felt: they only make the test milder.
            child.kill().unwrap();
            break;
        }
    }
    child.wait().unwrap();
    lived_ms
}

fn record_for_ever(folder: &Path) {
    let config = MediaConfig::new([127, 0, 0, 1].into(), 40_000..=40_009, folder.to_owned(), folder.join("prompts"));
    let (worker, _events) = MediaWorker::start(&config).unwrap();
    let (player, recorder, call) = (PlayerId(1), RecorderId(1), CallId(1));
    let sources = vec![PlaySource::Tone(ToneKind::Milliwatt)];
    worker.send(Order::Play { player, call, sources, looped: false }).unwrap();
    let (path, layout) = ("calls/one".to_owned(), ChannelLayout::Mono);
    let start = Instant::now();
    worker.send(Order::Record { recorder, call, path, layout }).unwrap();
    worker.send(Order::Connect { source: Node::Player(player), sink: Node::Recorder(recorder, 0) }).unwrap();
    loop {
        println!("{}", start.elapsed().as_millis());
        std::thread::sleep(Duration::from_millis(20));
    }
}

const CHILD: &str = "record-for-ever";
