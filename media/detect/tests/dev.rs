//! The 48 labelled openings of `tests/data` (speech synthesis and tones made for this project, G.711 mu-law) at every noise
//! level: no person is taken for a machine, and every tone is what it is.

#[allow(dead_code, reason = "`make detect` uses the rest of it")]
#[path = "../examples/openings/sound.rs"]
mod sound;

use core::time::Duration;
use std::collections::BTreeMap;
use std::path::Path;

use clock::{Instant, Rng};
use detect::{Detector, Event, Fax, Heard, Input, Settings, Sit, Verdict};
use rtp_core::g711::Law;
use sound::{Noise, Sound};

/// Signal to noise in dB of each run; `None` is as it is.
const LEVELS: [Option<u32>; 4] = [None, Some(30), Some(20), Some(10)];
/// Level of active speech that the noise is measured against.
const SPEECH_RMS: f64 = 3_290.0;

#[test]
fn no_person_is_a_machine_at_any_noise_level() {
    for (noise, level) in noises() {
        for opening in openings("human") {
            let events = run(&opening.with_noise(noise, level), true);
            let verdict = decided(&events).unwrap_or_else(|| panic!("{} {noise:?} {level:?}: undecided", opening.file));
            let told = format!("{} {noise:?} {level:?}: {} ({})", opening.file, verdict.heard.word(), verdict.reason);
            assert_eq!(verdict.heard, Heard::Person, "{told}");
            let spoken = opening.spoken_until(seconds(verdict.at));
            assert!(seconds(verdict.at) - spoken <= 1.2, "{told}: decided at {:?}", verdict.at);
            let end = seconds(verdict.greeting.expect("somebody spoke").to);
            assert!((end - spoken).abs() < 0.3, "{told}: {end} {spoken}");
        }
    }
}

#[test]
fn few_machines_are_taken_for_persons() {
    for (noise, level) in noises() {
        let machines = openings("machine");
        let missed: Vec<_> = machines
            .iter()
            .filter(|opening| {
                let events = run(&opening.with_noise(noise, level), true);
                !matches!(decided(&events).map(|v| v.heard), Some(Heard::Machine | Heard::Sit(_)))
            })
            .map(|opening| opening.file.as_str())
            .collect();
        assert!(missed.len() <= 2, "{noise:?} {level:?}: {missed:?}");
    }
}

#[test]
fn beeps_are_found_where_they_are() {
    for (noise, level) in noises() {
        for opening in openings("machine").iter().filter(|opening| opening.number("beep_hz") > 0.0) {
            let (start, length) = (opening.number("beep_start_s"), opening.number("beep_dur_s"));
            let beeps: Vec<_> = run(&opening.with_noise(noise, level), true)
                .into_iter()
                .filter_map(|event| if let Event::Beep { from, to, hz } = event { Some((from, to, hz)) } else { None })
                .collect();
            let told = format!("{} {noise:?} {level:?}: {beeps:?}, not {start} s", opening.file);
            let [(from, to, hz)] = beeps[..] else { panic!("{told}") };
            assert!((seconds(from) - start).abs() < 0.06 && (seconds(to) - start - length).abs() < 0.08, "{told}");
            assert!((f64::from(hz) - opening.number("beep_hz")).abs() < 3.0, "{told}");
        }
    }
}

#[test]
fn tones_before_the_answer_are_what_they_are() {
    for (noise, level) in noises() {
        for opening in openings("tone") {
            let expected = match opening.row["subtype"].as_str() {
                "ringback" => Some(Heard::Ringback),
                "busy" => Some(Heard::Busy),
                "congestion" => Some(Heard::Congestion),
                "dial" | "unobtainable" => Some(Heard::Unobtainable),
                "sit-ic" => Some(Heard::Sit(Sit::Intercept)),
                "sit-vc" => Some(Heard::Sit(Sit::VacantCode)),
                "sit-ro" => Some(Heard::Sit(Sit::Reorder)),
                "sit-nc" => Some(Heard::Sit(Sit::NoCircuit)),
                "sit-itu" => Some(Heard::Sit(Sit::Itu)),
                _ => continue,
            };
            let verdicts = verdicts(&run(&opening.with_noise(noise, level), false));
            let heard: Vec<_> = verdicts.iter().map(|verdict| verdict.heard).collect();
            assert_eq!(heard, Vec::from_iter(expected), "{} {noise:?} {level:?}", opening.file);
        }
    }
}

#[test]
fn fax_machines_are_told_after_the_answer_and_digits_are_nothing() {
    for (noise, level) in noises() {
        for opening in openings("tone") {
            let expected = match opening.row["subtype"].as_str() {
                "fax-cng" => Some(Heard::Fax(Fax::Cng)),
                "fax-ced" => Some(Heard::Fax(Fax::Ced)),
                "dtmf" => None,
                _ => continue,
            };
            let verdict = decided(&run(&opening.with_noise(noise, level), true)).map(|verdict| verdict.heard);
            assert_eq!(verdict, expected, "{} {noise:?} {level:?}", opening.file);
        }
    }
}

/// One labelled file.
struct Opening {
    file: String,
    row: BTreeMap<String, String>,
}

impl Opening {
    fn number(&self, column: &str) -> f64 {
        self.row[column].parse().unwrap_or(0.0)
    }

    /// The file, with so much noise that it is at `level` in all.
    fn with_noise(&self, noise: Noise, level: Option<u32>) -> Sound {
        let mut sound = Sound::from_wav(&std::fs::read(data().join(&self.file)).expect("a file of the list"));
        let rms = |db: f64| SPEECH_RMS / 10f64.powf(db / 20.0);
        let own = self.row["snr_db"].parse().map_or(0.0, rms);
        if let Some(level) = level {
            let wanted = rms(f64::from(level));
            let more = (wanted * wanted - own * own).max(0.0).sqrt();
            sound.noise(noise, more, &mut Rng::new(u64::from(level)));
        }
        sound
    }

    /// When the last part of what is said ends that ends before `at`, seconds.
    fn spoken_until(&self, at: f64) -> f64 {
        let parts = self.row["speech_segments_s"].split(';').filter_map(|part| part.split_once('-'));
        let mut parts = parts.map(|(_, to)| to.parse::<f64>().expect("seconds"));
        parts.rfind(|to| *to < at).unwrap_or(0.0)
    }
}

fn openings(class: &str) -> Vec<Opening> {
    let text = std::fs::read_to_string(data().join("labels.csv")).expect("the list");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().expect("a first line").split(',').collect();
    let rows = lines.map(|line| {
        let cells = names.iter().zip(line.splitn(names.len(), ','));
        cells.map(|(name, cell)| ((*name).to_owned(), cell.to_owned())).collect::<BTreeMap<_, _>>()
    });
    rows.filter(|row| row["class"] == class).map(|row| Opening { file: row["file"].clone(), row }).collect()
}

fn data() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// White noise at every level, and pink noise where there is any.
fn noises() -> impl Iterator<Item = (Noise, Option<u32>)> {
    let white = LEVELS.into_iter().map(|level| (Noise::White, level));
    white.chain(LEVELS.into_iter().skip(1).map(|level| (Noise::Pink, level)))
}

/// All events of a call whose far side sends `sound`, answered at its start or not at all.
fn run(sound: &Sound, answered: bool) -> Vec<Event> {
    let mut detector = Detector::new(Settings::default());
    let mut now = Instant::ZERO;
    if answered {
        detector.handle(now, Input::Answered);
    }
    let mut events = Vec::new();
    for frame in sound.frames(Law::U) {
        now += Duration::from_millis(20);
        detector.handle(now, Input::Frame(&frame));
        events.extend(std::iter::from_fn(|| detector.poll_event()));
    }
    events
}

fn verdicts(events: &[Event]) -> Vec<Verdict> {
    events.iter().filter_map(|event| if let Event::Verdict(verdict) = event { Some(*verdict) } else { None }).collect()
}

fn decided(events: &[Event]) -> Option<Verdict> {
    verdicts(events).into_iter().find(|verdict| verdict.heard.ends_detection())
}

fn seconds(at: Instant) -> f64 {
    at.as_nanos() as f64 / 1e9
}
