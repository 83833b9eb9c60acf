//! Threads by their turn when all processors are busy: packets first, files last.

use std::thread::JoinHandle;

use crate::config::StartError;

/// Starts a thread that goes before others where the system allows it (root, or `CAP_SYS_NICE`); a packet waits for it.
pub(crate) fn spawn_ahead(
    name: &'static str,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, StartError> {
    spawn(name, AHEAD, run)
}

/// Starts a thread that gives way to others; only files wait for it.
pub(crate) fn spawn_behind(
    name: &'static str,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, StartError> {
    spawn(name, BEHIND, run)
}

fn spawn(name: &'static str, niceness: i32, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    let body = move || {
        // On Linux niceness is a thread's own.
        if let Err(error) = rustix::process::nice(niceness) {
            tracing::debug!(name, niceness, %error, "the thread keeps its niceness");
        }
        run();
    };
    thread.spawn(body).map_err(|source| StartError::System { what: name, source })
}

/// Ten times the share of a thread of usual niceness.
const AHEAD: i32 = -10;
/// A third of the usual share: enough to write, too little to make packets wait.
const BEHIND: i32 = 5;
