//! Judges answer detection by the openings that tools/make-openings.py has spoken.
//!
//! `openings FOLDER` prints how many people and machines are mistaken, when it was decided and which beeps were found, and
//! fails when more are mistaken than may be. `openings FOLDER --rows` prints every opening, for tools/train-detection.py.

mod opening;
mod outcome;
mod report;
mod sound;

use std::path::Path;
use std::process::ExitCode;

use opening::Opening;
use outcome::Outcome;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(folder) = arguments.first().map(Path::new) else {
        eprintln!("usage: openings FOLDER [--rows]");
        return ExitCode::FAILURE;
    };
    let openings = Opening::all(folder);
    let outcomes: Vec<Outcome> = openings.iter().map(|opening| Outcome::of(opening, folder)).collect();
    if arguments.iter().any(|argument| argument == "--rows") {
        report::rows(&outcomes);
        return ExitCode::SUCCESS;
    }
    if report::all(&outcomes) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
