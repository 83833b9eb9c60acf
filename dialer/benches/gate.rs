//! How fast the gate judges: 1,000,000 leads of the United States and Canada against 10,000,000 imported do-not-call
//! numbers, 100,000 internal ones and 1,000 wildcards, with zones, state rules, caps, consents and earlier attempts.
//! Asked for: 1,000,000 leads a minute. What is stated is one thread, verdict with evidence included.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use clock::{Rng, WallTime};
use dialer::gate::*;

fn main() {
    let mut rng = Rng::new(1);
    let before = memory_bytes();
    let lists = lists(&mut rng);
    let held = lists.imported().iter().map(|list| list.numbers.bytes()).sum::<usize>();
    println!("imported numbers: {LISTED}, {held} bytes, {:.2} a number", held as f64 / LISTED as f64);
    println!("all lists, resident: {:.1} MB", (memory_bytes() - before) as f64 / 1e6);
    let before = memory_bytes();
    let numbers: Vec<String> = (0..LEADS).map(|_| format!("+{}", number(&mut rng))).collect();
    println!("(the numbers of the leads, resident: {:.1} MB)", (memory_bytes() - before) as f64 / 1e6);
    for _ in 0..RUNS {
        run(&lists, &numbers);
    }
}

fn run(lists: &Lists, numbers: &[String]) {
    let rules = Rules { blacklist: vec!["+1900*".parse().expect("a pattern")], ..Rules::default() };
    let terms = Terms { rule_set: Choice::ByNumber, caps: CAPS, ..Terms::default() };
    let recent = [AT - 3_600_000_000, AT - 90_000_000_000].map(WallTime::from_micros);
    let history = History {
        lead: Tries { total: 2, recent: &recent },
        number: Tries { total: 2, recent: &recent },
        ..History::default()
    };
    let attempt = Attempt {
        terms: &terms,
        zone: None,
        region: None,
        history: Some(history),
        consents: &[],
        ring: Some(Duration::from_secs(20)),
        agent_waits: false,
    };
    let mut denied = vec![0_u32; Rule::ALL.len()];
    let (mut allowed, mut longest) = (0_u32, Duration::ZERO);
    let begun = Clock::now();
    for batch in numbers.chunks(BATCH) {
        let batch_begun = Clock::now();
        for number in batch {
            let facts =
                Facts { attempt: Some(attempt), ..Facts::new(number, Purpose::Campaign, WallTime::from_micros(AT)) };
            let verdict = std::hint::black_box(judge(&rules, lists, &facts));
            match verdict.denial {
                None => allowed += 1,
                Some(denial) => denied[denial.rule as usize] += 1,
            }
        }
        longest = longest.max(batch_begun.elapsed());
    }
    let spent = begun.elapsed().as_secs_f64();
    let a_minute = numbers.len() as f64 / spent * 60.0;
    println!(
        "judged {} leads in {spent:.2} s: {:.2} us each, {:.1} million a minute; slowest {BATCH} took {:.2} ms",
        numbers.len(),
        spent / numbers.len() as f64 * 1e6,
        a_minute / 1e6,
        longest.as_secs_f64() * 1e3,
    );
    let reasons = Rule::ALL.iter().filter(|rule| denied[**rule as usize] > 0);
    let reasons: Vec<_> = reasons.map(|rule| format!("{} {}", rule.word(), denied[*rule as usize])).collect();
    println!("  allowed {allowed}; denied: {}", reasons.join(", "));
}

fn lists(rng: &mut Rng) -> Lists {
    let mut lists = Lists::default();
    // Distinct, so that as many are held as are stated.
    let numbers = (0..).map(|at: u64| 12_010_000_000 + at * 797 + rng.below(797)).take(LISTED);
    let numbers = Numbers::new(numbers.collect()).expect("as many as fit");
    let imported =
        Imported { name: "registry".to_owned(), as_of: WallTime::from_micros(AT), numbers, prefixes: vec![] };
    lists.replace_imported(vec![Arc::new(imported)]);
    let listed = || Listed { reason: Some("asked us".to_owned()), since: WallTime::from_micros(AT) };
    for _ in 0..INTERNAL {
        lists.add(&format!("+{}", number(rng)).parse().expect("a number"), listed()).expect("room");
    }
    for _ in 0..WILDCARDS {
        lists.add(&format!("+{}*", number(rng) / 1_000).parse().expect("a wildcard"), listed()).expect("room");
    }
    lists
}

/// A number of North America, in an area code of a state or province.
fn number(rng: &mut Rng) -> u64 {
    loop {
        let number = 10_000_000_000 + (201 + rng.below(789)) * 10_000_000 + 2_000_000 + rng.below(8_000_000);
        if !Place::of(&format!("+{number}")).regions().is_empty() {
            return number;
        }
    }
}

fn memory_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() * 1_024
}

const LEADS: usize = 1_000_000;
const LISTED: usize = 10_000_000;
const INTERNAL: usize = 100_000;
const WILDCARDS: usize = 1_000;
const RUNS: usize = 3;
const BATCH: usize = 1_000;
const CAPS: Caps = Caps {
    lead: Some(10),
    number: Some(10),
    lead_a_day: Some(3),
    number_a_day: Some(3),
    lead_in_24_h: Some(3),
    number_in_24_h: Some(3),
};
/// 2026-01-14, 18:00 UTC: 13:00 in New York, 10:00 in Los Angeles.
const AT: i64 = 1_768_413_600_000_000;
