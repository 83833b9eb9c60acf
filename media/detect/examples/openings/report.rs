//! The figures of docs/answer-detection.md.

use core::time::Duration;
use std::collections::BTreeMap;

use detect::{Features, Heard};

use crate::outcome::Outcome;

/// Prints all figures; whether none is worse than it may be.
pub(crate) fn all(outcomes: &[Outcome<'_>]) -> bool {
    let (people, machines): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| outcome.opening.is_person());
    let holds =
        [class("people", &people, PEOPLE_AT_MOST), class("machines", &machines, MACHINES_AT_MOST), beeps(outcomes)];
    special_tones(&machines);
    people.iter().filter(|outcome| outcome.is_mistaken()).for_each(|outcome| {
        let why = outcome.verdict.map_or_else(String::new, |verdict| verdict.reason.to_string());
        let text = |column| outcome.opening.text(column);
        println!("{} at {} dB {:?} {}: {why}", text("voice"), text("snr_db"), text("text"), outcome.heard());
    });
    holds.iter().all(|holds| *holds)
}

/// Prints every opening as a line of CSV.
pub(crate) fn rows(outcomes: &[Outcome<'_>]) {
    println!(
        "id,class,subtype,voice,heard,by_shape,lead,span,longest,opening,pause,mean_pause,syllables,ending,highest_ending,pattern,words"
    );
    for outcome in outcomes {
        let text = |column| outcome.opening.text(column);
        let Features { lead, span, longest, opening, pause, syllables, ending, highest_ending, .. } = outcome.features;
        let [lead, span, longest, opening, pause, mean_pause] =
            [lead, span, longest, opening, pause, outcome.features.mean_pause()]
                .map(|d: Duration| d.as_millis() as f64 / 1_000.0);
        println!(
            "{},{},{},{},{},{},{lead},{span},{longest},{opening},{pause},{mean_pause},{syllables},{ending},{highest_ending},{},{}",
            text("id"),
            text("class"),
            text("subtype"),
            text("voice"),
            outcome.heard(),
            u8::from(outcome.is_by_shape()),
            text("pattern"),
            outcome.words.iter().map(|sure| format!("{sure:02x}")).collect::<String>(),
        );
    }
}

/// Prints the figures of a class; whether they hold.
fn class(name: &str, of: &[&Outcome<'_>], at_most: f64) -> bool {
    let mistaken = of.iter().filter(|outcome| outcome.is_mistaken()).count();
    let share = mistaken as f64 / of.len().max(1) as f64;
    let [share_percent, bound, at_most_percent] = [share, upper_bound(mistaken, of.len()), at_most].map(|x| x * 100.0);
    println!(
        "{name}: {mistaken} of {} mistaken, {share_percent:.2} % (upper 95 % bound {bound:.2} %; at most {at_most_percent:.1} %)",
        of.len(),
    );
    for column in ["subtype", "snr_db", "voice"] {
        let mut kinds: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
        for outcome in of {
            let text = outcome.opening.text(column);
            let kind = if column == "voice" { text.get(..5).unwrap_or(text) } else { text };
            let (wrong, all) = kinds.entry(kind).or_default();
            *wrong += u32::from(outcome.is_mistaken());
            *all += 1;
        }
        let told: Vec<String> = kinds.iter().map(|(kind, (wrong, all))| format!("{kind} {wrong}/{all}")).collect();
        println!("  {column}: {}", told.join(", "));
    }
    let late: Vec<f64> = of.iter().map(|outcome| outcome.late_s).filter(|late| *late > 0.0).collect();
    let over = late.iter().filter(|late| **late > DECIDED_WITHIN_S).count();
    println!(
        "  decided after the last word: p50 {:.2} s, p95 {:.2} s, most {:.2} s; {over} later than {DECIDED_WITHIN_S} s",
        quantile(&late, 0.5),
        quantile(&late, 0.95),
        quantile(&late, 1.0)
    );
    share <= at_most && over == 0
}

/// Prints how well beeps are found; whether it is well enough at 10 dB.
fn beeps(outcomes: &[Outcome<'_>]) -> bool {
    let mut holds = true;
    for level in ["clean", "30", "20", "10"] {
        let of_level = outcomes.iter().filter(|outcome| outcome.opening.text("snr_db") == level);
        let [right, wrong, missed] =
            of_level.fold([0; 3], |sum: [u32; 3], outcome| core::array::from_fn(|n| sum[n] + outcome.beeps[n]));
        let f1 = f64::from(2 * right) / f64::from((2 * right + wrong + missed).max(1));
        println!("beeps, {level} dB: {right} found, {wrong} wrong, {missed} missed, F1 {f1:.3}");
        holds &= f1 >= BEEP_F1_AT_LEAST;
    }
    holds
}

/// Prints how many special information tones were told from each other.
fn special_tones(machines: &[&Outcome<'_>]) {
    let of: Vec<_> = machines.iter().filter(|outcome| !outcome.opening.text("sit").is_empty()).collect();
    let is_right = |outcome: &&&&Outcome<'_>| {
        let heard = outcome.verdict.map(|verdict| verdict.heard);
        matches!(heard, Some(Heard::Sit(kind)) if kind.word() == outcome.opening.sit_word())
    };
    println!("special information tones: {} of {} of the right kind", of.iter().filter(is_right).count(), of.len());
}

fn quantile(of: &[f64], share: f64) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
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

/// The bars: so many may be mistaken.
const PEOPLE_AT_MOST: f64 = 0.005;
const MACHINES_AT_MOST: f64 = 0.1;
/// So late it may be.
const DECIDED_WITHIN_S: f64 = 1.2;
/// So well beeps must be found.
const BEEP_F1_AT_LEAST: f64 = 0.97;
