//! The log: where it goes, and what it shows, which may change while the node runs.

use std::io::IsTerminal;
use std::sync::OnceLock;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, reload};

/// Logs go to standard error, in colour on a terminal only; `TRUNKLINE_LOG` filters them, e.g. `info,sip=debug`.
pub fn start() {
    let filter = EnvFilter::try_from_env("TRUNKLINE_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let (filter, handle) = reload::Layer::new(filter);
    let lines =
        tracing_subscriber::fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    tracing_subscriber::registry().with(filter).with(lines).init();
    // A second start would have panicked in `init` above.
    let _ = FILTER.set(handle);
}

/// Shows other lines from now on; an empty filter is that of the start.
///
/// # Errors
/// The filter cannot be read, in words for the operator.
pub(super) fn set_filter(filter: &str) -> Result<(), String> {
    let text = if filter.is_empty() { DEFAULT_FILTER } else { filter };
    let read = EnvFilter::builder()
        .parse(text)
        .map_err(|error| format!("\"{text}\" is no filter ({error}); expected levels by part, e.g. info,sip=debug"))?;
    let handle = FILTER.get().ok_or("the log was not started")?;
    handle.reload(read).map_err(|error| error.to_string())?;
    tracing::info!(filter = text, "the log shows other lines");
    Ok(())
}

static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();
/// The store's own talk is of no use to an operator.
const DEFAULT_FILTER: &str = "info";
