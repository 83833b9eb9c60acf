//! Two baresips through a queue: 1 kHz one way and 440 Hz the other for 10 s.
//!
//! It measures time, so it runs alone, and once more by itself when the machine disturbed it; both results are
//! printed. Positions are counted in samples of the recorded files.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests have sockets, files and clocks")]

mod support;

use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{Baresip, Node, SUPPORT, Wav, level_db, until};

#[test]
fn alone_two_phones_hear_each_other_through_the_queue() {
    let first = measure();
    println!("audio, first run:\n{}", first.text);
    if first.faults.is_empty() {
        return;
    }
    let second = measure();
    println!("audio, second run:\n{}", second.text);
    assert!(second.faults.is_empty(), "first: {:#?}\nsecond: {:#?}", first.faults, second.faults);
}

/// What one run gave.
#[derive(Default)]
struct Report {
    talk_ms: usize,
    text: String,
    faults: Vec<String>,
}

fn measure() -> Report {
    let node = Node::demo();
    let mut agent = Baresip::start(&node, "1001", AGENT_HZ, true);
    let mut caller = Baresip::start(&node, "1050", CALLER_HZ, false);
    caller.command("dial", &format!("sip:{SUPPORT}@demo.local"));
    agent.expect("CALL_ESTABLISHED");
    talk_for(TALK);
    caller.command("hangup", "");
    agent.expect("CALL_CLOSED");
    let record = until(
        "the record",
        || node.http().calls("&queue=support"),
        |calls| calls.len() == 1 && !calls[0]["ended_at"].is_null(),
    );
    let record = &record[0];
    let waited_ms = record["queue_wait_ms"].as_u64().unwrap_or(u64::MAX);
    let recording = recording(&node, record);
    let talk_ms = record["talk_ms"].as_u64().unwrap_or(0) as usize;
    let mut report = Report { talk_ms, ..Report::default() };
    let _ = writeln!(report.text, "  answered after {waited_ms} ms, talked {talk_ms} ms");
    // The caller hears the queue first: the answer comes so many samples into what he heard.
    report.judge("the caller heard", &caller.heard().channels[0], waited_ms, AGENT_HZ, CALLER_HZ);
    report.judge("the agent heard", &agent.heard().channels[0], 0, CALLER_HZ, AGENT_HZ);
    report.judge("recorded left", &recording.channels[0], 0, CALLER_HZ, AGENT_HZ);
    report.judge("recorded right", &recording.channels[1], 0, AGENT_HZ, CALLER_HZ);
    if recording.channels.len() != 2 || recording.channels[0].len() != recording.channels[1].len() {
        report.faults.push("two channels of equal length".to_owned());
    }
    report
}

impl Report {
    /// Judges one file from the answer on.
    fn judge(&mut self, name: &str, samples: &[i16], answer_ms: u64, wanted: f64, other: f64) {
        let has_tone: Vec<bool> =
            samples.chunks_exact(WINDOW).map(|window| level_db(window, wanted) > AUDIBLE_DB).collect();
        let answer = answer_ms as usize * RATE_MS / WINDOW;
        let onset = has_tone.iter().skip(answer).position(|tone| *tone).map(|at| answer + at);
        let end = has_tone.iter().rposition(|tone| *tone);
        let (Some(onset), Some(end)) = (onset, end) else {
            return self.faults.push(format!("{name}: no tone of {wanted} Hz in {} samples", samples.len()));
        };
        let gap_ms = longest_gap(&has_tone[onset..=end]) * WINDOW_MS;
        let late_ms = (onset - answer) * WINDOW_MS;
        let length_ms = (end + 1 - onset) * WINDOW_MS;
        let spoken = &samples[onset * WINDOW..(end + 1) * WINDOW];
        let above_db = level_db(spoken, wanted) - level_db(spoken, other);
        let _ = writeln!(
            self.text,
            "  {name:17} {wanted:6} Hz {above_db:5.1} dB above {other} Hz, {late_ms} ms after the answer, longest gap \
             {gap_ms} ms, {length_ms} ms long"
        );
        for (is_right, fault) in [
            (above_db >= 20.0, format!("{above_db:.1} dB above the other, wanted 20")),
            (late_ms <= 300, format!("{late_ms} ms after the answer, wanted 300 at most")),
            (gap_ms <= 60, format!("a gap of {gap_ms} ms, wanted 60 at most")),
            // Files of phones begin with the first packet: what is late or lost makes them short.
            (length_ms + 300 >= self.talk_ms, format!("{length_ms} ms of tone in {} ms of talk", self.talk_ms)),
        ] {
            if !is_right {
                self.faults.push(format!("{name}: {fault}"));
            }
        }
    }
}

/// The longest run without the tone, in windows.
fn longest_gap(has_tone: &[bool]) -> usize {
    has_tone.split(|tone| *tone).map(<[bool]>::len).max().unwrap_or(0)
}

fn recording(node: &Node, record: &Value) -> Wav {
    let path = format!("/v1/calls/{}/recording", record["id"].as_str().unwrap_or_default());
    let file = until("the recording", || node.http().get(&path), |file| file.status == 200);
    Wav::read(&file.body)
}

/// The conversation takes its time.
fn talk_for(length: Duration) {
    let start = Instant::now();
    while let Some(left) = length.checked_sub(start.elapsed()) {
        std::thread::sleep(left);
    }
}

const TALK: Duration = Duration::from_millis(10_200);
const CALLER_HZ: f64 = 1_000.0;
const AGENT_HZ: f64 = 440.0;
const RATE_MS: usize = 8;
/// One packet: what can be missing at once.
const WINDOW_MS: usize = 20;
const WINDOW: usize = WINDOW_MS * RATE_MS;
/// The tones are sent at -12 dB; music and the other tone's skirts stay far below this.
const AUDIBLE_DB: f64 = -20.0;
