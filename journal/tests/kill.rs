//! kill -9 of a process that writes: what was reported written is there afterwards.
//!
//! The test starts itself as a child that appends entries and prints each
//! report; it kills the child after some reports, reads what was printed until
//! then, opens the journal and compares. Five rounds on one journal.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use clock::ShardId;
use journal::{AppendError, Journal, Options, Report, Stored};
use journal_core::{Durability, Entry, NameKind, Owner};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some(CHILD) => write_for_ever(Path::new(&args[2])),
        Some("--list") => println!("kill: test"),
        _ => rounds(),
    }
}

fn rounds() {
    let folder = tempfile::tempdir().expect("a folder");
    for round in 1..=5 {
        let reported = killed_after(folder.path(), 20 * round);
        let options = Options::at(folder.path());
        let (journal, recovered) = Journal::open(options, |_| ()).expect("it opens after a kill");
        let epoch = journal.epoch() - 1;
        let mut expected = 1;
        for stored in recovered {
            let stored = stored.expect("it reads");
            if stored.position.epoch == epoch {
                assert_eq!(number(&stored), expected, "round {round}");
                expected += 1;
            }
        }
        assert!(expected > reported, "round {round}: {reported} reported written, {} there", expected - 1);
        journal.close();
        println!("round {round}: {reported} reported written, {} there", expected - 1);
    }
}

/// Kills a writing child after `reports` of its reports; the last entry that it reported written.
fn killed_after(folder: &Path, reports: usize) -> u64 {
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program).arg(CHILD).arg(folder).stdout(Stdio::piped()).spawn().expect("a child");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut last = 0;
    let mut note = |line: String| last = line.parse().unwrap_or(last);
    for line in lines.by_ref().take(reports) {
        note(line.expect("a line"));
    }
    child.kill().expect("it runs until it is killed");
    for line in lines {
        note(line.expect("a line"));
    }
    child.wait().expect("it ends");
    last
}

fn write_for_ever(folder: &Path) {
    let report = |report: Report| {
        if let Report::Reached { durability: Durability::Written, entry, .. } = report {
            // The parent may be gone: then this process is killed or ends soon.
            let _gone = writeln!(std::io::stdout().lock(), "{entry}");
        }
    };
    let (journal, _) = Journal::open(Options::at(folder), report).expect("it opens");
    let mut number = 1;
    loop {
        let id = u32::try_from(number).expect("killed long before");
        let entry = Entry::Name { kind: NameKind::Agent, id, account: "demo".to_owned(), name: "x".repeat(200) };
        match journal.append(Owner::Shard(ShardId(0)), number, entry) {
            Ok(()) => number += 1,
            Err(AppendError::Full { .. }) => std::thread::yield_now(),
            Err(other) => panic!("{other}"),
        }
    }
}

fn number(stored: &Stored) -> u64 {
    match &stored.entry {
        Ok(Entry::Name { id, .. }) => u64::from(*id),
        other => panic!("{other:?}"),
    }
}

const CHILD: &str = "write-for-ever";
