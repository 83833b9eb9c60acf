//! A list of leads: uploaded and imported, how fast and in how much memory.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::Fault;
use crate::node::Recipe;
use crate::process::{Usage, peak_bytes, resident_bytes};
use crate::report::Report;

/// Uploads a file of `rows` rows, imports it, and prints rows a second and the node's peak memory.
pub(crate) fn lists(recipe: &Recipe, rows: u64, report: &mut Report) -> Result<(), Fault> {
    println!("\nA list of {rows} rows: name, number, a second number in every third, postcode, a note");
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let node = recipe.start(nowhere, nowhere, |_| {})?;
    let file = file(rows);
    let before = resident_bytes(node.pid());
    let (begin, usage) = (Instant::now(), Usage::of(node.pid()));
    let list = node.rest.post("/v1/lead-lists?name=bench.csv", "text/csv", file.as_bytes())?;
    let uploaded = begin.elapsed();
    let path = format!("/v1/lead-lists/{}", list["id"].as_str().unwrap_or_default());
    let begin = Instant::now();
    node.rest.post(&format!("{path}/start"), "application/json", b"")?;
    let done = loop {
        std::thread::sleep(LOOK_EVERY);
        let list = node.rest.json(&path)?;
        if list["task"].is_null() || begin.elapsed() > PATIENCE {
            break list;
        }
    };
    let (imported, cpu) = (begin.elapsed(), Usage::of(node.pid()).since(&usage).whole);
    let peak = peak_bytes(node.pid());
    let leads = done["leads"].as_u64().unwrap_or_default();
    let mib = |bytes: u64| bytes as f64 / (1024.0 * 1024.0);
    println!(
        "  {} of {:.1} MB uploaded in {:.1} s; imported in {:.1} s with {:.1} s of processor time; {} leads, {} numbers; {}",
        done["name"],
        file.len() as f64 / 1e6,
        uploaded.as_secs_f64(),
        imported.as_secs_f64(),
        cpu.as_secs_f64(),
        leads,
        done["numbers"],
        done["state"],
    );
    println!("  resident before {:.1} MiB, peak {:.1} MiB", mib(before), mib(peak));
    let whole = leads + done["rows_invalid"].as_u64().unwrap_or_default();
    let what = format!("a list of {rows} rows imported, each once");
    let rate = format!("{:.0} rows/s", rows as f64 / imported.as_secs_f64());
    report.against(&what, rate, "every row".to_owned(), whole == rows && done["state"] == STATE);
    let grown = peak.saturating_sub(before);
    report.note("memory that it took at its peak", format!("{:.1} MiB of {:.1} MiB", mib(grown), mib(peak)));
    Ok(())
}

/// One row in a hundred has no number.
fn file(rows: u64) -> String {
    let mut file = String::from("Name,Phone,Mobile,Postcode,Note\n");
    for row in 0..rows {
        let number =
            if row % 100 == 99 { "n/a".to_owned() } else { format!("020 {:04} {:04}", row / 10_000, row % 10_000) };
        let mobile = if row % 3 == 0 { format!("07{row:09}") } else { String::new() };
        let _ = writeln!(file, "\"Doe, Jo {row}\",{number},{mobile},EC1A {row},asked for an offer in spring");
    }
    file
}

/// Rows without a number are in the report.
const STATE: &str = "done_with_errors";
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A slow machine is told, not waited for for ever.
const PATIENCE: Duration = Duration::from_secs(1_800);
