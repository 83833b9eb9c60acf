//! Judges answer detection by the openings that tools/make-openings.py has spoken.
//!
//! `openings FOLDER` prints how many of the test's people and machines are mistaken and when it was decided, and fails
//! when more are than may be. `openings FOLDER --rows` prints every opening of both parts, for tools/train-detection.py.

mod opening;
mod sound;

use core::time::Duration;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use clock::Instant;
use detect::{Detector, Event, Features, Heard, Input, Settings, Verdict};
use opening::Opening;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(folder) = arguments.first().map(Path::new) else {
        eprintln!("usage: openings FOLDER [--rows]");
        return ExitCode::FAILURE;
    };
    let rows = arguments.iter().any(|argument| argument == "--rows");
    let openings = Opening::all(folder);
    let wanted = openings.iter().filter(|opening| rows || opening.text("part") == "test");
    let outcomes: Vec<Outcome> = wanted.map(|opening| Outcome::of(opening, folder)).collect();
    if rows {
        print_rows(&outcomes);
        return ExitCode::SUCCESS;
    }
    let fails =
        [report("people", &outcomes, true, PEOPLE_AT_MOST), report("machines", &outcomes, false, MACHINES_AT_MOST)];
    if fails.contains(&true) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What was decided about an opening.
struct Outcome<'a> {
    opening: &'a Opening,
    verdict: Option<Verdict>,
    /// The shape of what was said until then.
    features: Features,
    /// Seconds from the end of the last part that was over by then; negative for who was still speaking.
    late_s: f64,
}

impl<'a> Outcome<'a> {
    fn of(opening: &'a Opening, folder: &Path) -> Self {
        let (sound, ends) = opening.sound(folder);
        let mut detector = Detector::new(Settings::default());
        let mut now = Instant::ZERO;
        detector.handle(now, Input::Answered);
        let (mut verdict, mut features) = (None, Features::default());
        for frame in sound.frames() {
            now += Duration::from_millis(20);
            detector.handle(now, Input::Frame(&frame));
            features = detector.features();
            verdict = std::iter::from_fn(|| detector.poll_event()).find_map(|event| match event {
                Event::Verdict(verdict) => Some(verdict).filter(|verdict| verdict.heard.ends_detection()),
                _ => None,
            });
            if verdict.is_some() {
                break;
            }
        }
        let at = now.as_nanos() as f64 / 1e9;
        let end = ends.iter().copied().filter(|end| *end < at).fold(0.0, f64::max);
        let late_s = at - if end > 0.0 { end } else { at };
        Self { opening, verdict, features, late_s }
    }

    fn heard(&self) -> &'static str {
        self.verdict.map_or("undecided", |verdict| verdict.heard.word())
    }

    fn is_mistaken(&self) -> bool {
        let as_person = self.verdict.is_none_or(|verdict| verdict.heard == Heard::Person);
        as_person != self.opening.is_person()
    }
}

/// Prints the figures of a class; whether they are worse than they may be.
fn report(name: &str, outcomes: &[Outcome<'_>], people: bool, at_most: f64) -> bool {
    let of: Vec<_> = outcomes.iter().filter(|outcome| outcome.opening.is_person() == people).collect();
    let mistaken: Vec<_> = of.iter().filter(|outcome| outcome.is_mistaken()).collect();
    let share = mistaken.len() as f64 / of.len().max(1) as f64;
    let bound = upper_bound(mistaken.len(), of.len());
    println!(
        "{name}: {} of {} mistaken, {:.2} % (upper 95 % bound {:.2} %; at most {:.1} %)",
        mistaken.len(),
        of.len(),
        share * 100.0,
        bound * 100.0,
        at_most * 100.0
    );
    let mut kinds: BTreeMap<&str, (BTreeMap<&str, u32>, u32)> = BTreeMap::new();
    for outcome in &of {
        let (heard, all) = kinds.entry(outcome.opening.text("subtype")).or_default();
        *heard.entry(outcome.heard()).or_default() += 1;
        *all += 1;
    }
    for (kind, (heard, all)) in kinds {
        println!("  {kind}: {all}, {heard:?}");
    }
    let mut late: Vec<f64> = of.iter().filter(|outcome| outcome.late_s > 0.0).map(|outcome| outcome.late_s).collect();
    late.sort_by(f64::total_cmp);
    let at = |share: f64| {
        late.get(((late.len() as f64 * share) as usize).min(late.len().max(1) - 1)).copied().unwrap_or(0.0)
    };
    let over = late.iter().filter(|late| **late > DECIDED_WITHIN_S).count();
    println!(
        "  decided after the end of the greeting: p50 {:.2} s, p95 {:.2} s, most {:.2} s; {over} later than {DECIDED_WITHIN_S} s",
        at(0.5),
        at(0.95),
        at(1.0)
    );
    for outcome in mistaken.iter().filter(|_| people) {
        let why = outcome.verdict.map_or_else(String::new, |verdict| verdict.reason.to_string());
        println!("  {} {:?} {}: {why}", outcome.opening.text("voice"), outcome.opening.text("text"), outcome.heard());
    }
    share > at_most || over > 0
}

/// The largest share that would give so few in 5 of 100 cases (Clopper and Pearson, 1934).
fn upper_bound(found: usize, of: usize) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let share: f64 = (low + high) / 2.0;
        let mut term = of as f64 * (1.0 - share).ln();
        let mut sum = term.exp();
        for k in 1..=found {
            term += ((of - k + 1) as f64 / k as f64).ln() + (share / (1.0 - share)).ln();
            sum += term.exp();
        }
        if sum > 0.05 { low = share } else { high = share }
    }
    high
}

fn print_rows(outcomes: &[Outcome<'_>]) {
    println!("id,part,class,subtype,heard,by_shape,late,lead,span,spoken,longest,pause,phrases,syllables,reason");
    for outcome in outcomes {
        let text = |column| outcome.opening.text(column);
        let Features { lead, span, spoken, longest, pause, phrases, syllables } = outcome.features;
        let s = |duration: Duration| duration.as_millis() as f64 / 1_000.0;
        let reason = outcome.verdict.map_or_else(String::new, |verdict| verdict.reason.to_string());
        println!(
            "{},{},{},{},{},{},{:.2},{},{},{},{},{},{phrases},{syllables},{}",
            text("id"),
            text("part"),
            text("class"),
            text("subtype"),
            outcome.heard(),
            u8::from(reason.ends_with("then silence")),
            outcome.late_s,
            s(lead),
            s(span),
            s(spoken),
            s(longest),
            s(pause),
            reason.replace(',', ";")
        );
    }
}

/// The bars: so many may be mistaken.
const PEOPLE_AT_MOST: f64 = 0.005;
const MACHINES_AT_MOST: f64 = 0.1;
/// And so late it may be.
const DECIDED_WITHIN_S: f64 = 1.2;
