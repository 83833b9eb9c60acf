//! What the journal costs: processor time an entry at 10,000 entries a second, and how long a start takes over many entries.
//! `cargo run --release -p journal --example measure -- FOLDER ENTRIES`; where the numbers went: docs/decisions/0013.
#![allow(clippy::disallowed_methods, reason = "a measurement has a clock and arguments")]

use std::path::Path;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use clock::{ShardId, WallTime};
use journal::{AppendError, Journal, Options, Report};
use journal_core::{Durability, Entry, NameKind, Owner};

fn main() {
    let mut args = std::env::args().skip(1);
    let folder = args.next().expect("a folder that is not there yet");
    let entries: u64 = args.next().and_then(|count| count.parse().ok()).expect("how many entries for the start");
    steady(&Path::new(&folder).join("steady"));
    let long = Path::new(&folder).join("long");
    fill(&long, entries);
    start(&long);
}

/// 10,000 entries a second for 10 s: processor time of the process, and from `append` to `written`.
fn steady(folder: &Path) {
    let (sender, reports) = channel();
    let (journal, _) = Journal::open(Options::at(folder), move |report| drop(sender.send(report))).expect("it opens");
    let (began, cpu) = (Instant::now(), cpu());
    let mut waits: Vec<Duration> = Vec::new();
    for number in 1..=STEADY {
        let due = began + Duration::from_micros(number * 100);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        append(&journal, number);
        if number.is_multiple_of(100) {
            let appended = Instant::now();
            let is_written = |report: &Report| match report {
                Report::Reached { durability: Durability::Written, entry, .. } => *entry >= number,
                _ => false,
            };
            while !is_written(&reports.recv().expect("a report")) {}
            waits.push(appended.elapsed());
        }
    }
    let used = self::cpu() - cpu;
    waits.sort_unstable();
    let at = |share: usize| waits.get(waits.len() * share / 100).copied().unwrap_or_default();
    println!("steady: {:.2} us of processor time an entry, the generator's included", used * 1e6 / STEADY as f64);
    println!("written after: p50 {:?}, p90 {:?}, p99 {:?}, most {:?}", at(50), at(90), at(99), waits.last());
    journal.close();
}

fn fill(folder: &Path, entries: u64) {
    let (journal, _) = Journal::open(Options::at(folder), |_| ()).expect("it opens");
    let began = Instant::now();
    (1..=entries).for_each(|number| append(&journal, number));
    journal.close();
    println!("filled: {entries} entries in {:.1} s", began.elapsed().as_secs_f64());
}

fn start(folder: &Path) {
    let began = Instant::now();
    let (journal, recovered) = Journal::open(Options::at(folder), |_| ()).expect("it opens");
    let opened = began.elapsed();
    let restored = recovered.replay(WallTime::default()).expect("it reads");
    println!("start: opened after {opened:?}, {} entries read after {:?}", restored.entries, began.elapsed());
    journal.close();
}

/// An entry of the size of a call's.
fn append(journal: &Journal, number: u64) {
    let id = (number % 1_000) as u32 + 1;
    let mut entry =
        Entry::Name { kind: NameKind::Agent, id, account: "demo".to_owned(), name: format!("{:x<120}", id) };
    while let Err(AppendError::Full { entry: back, .. }) = journal.append(Owner::Shard(ShardId(0)), number, entry) {
        entry = *back;
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Processor time of the process, seconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(") ").map(|(_, rest)| rest).unwrap_or_default();
    let ticks = |at: usize| fields.split(' ').nth(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) / TICKS_A_SECOND
}

const STEADY: u64 = 100_000;
const TICKS_A_SECOND: f64 = 100.0;
