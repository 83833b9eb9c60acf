//! One running node: opens everything, gives each owner its state back, serves, and stops in order.

mod addresses;
mod alive;
mod call_figures;
mod call_log;
mod control;
mod entries;
mod error;
mod figures;
mod leads;
mod log;
mod lost_calls;
mod owners;
mod pace;
mod process_figures;
mod queue_figures;
mod records;
mod restore;
mod rules;
mod serve;
mod signals;
mod start;
mod supervisor;
mod trunks;

pub use control::ask;
pub use error::StartError;
pub use log::start as start_log;

pub(crate) use entries::NodeEntries;

use tokio::runtime::Builder;

use crate::config::Config;

/// Runs a node until SIGTERM or SIGINT. Blocks.
///
/// # Errors
/// One line that says what failed and what to do.
pub fn run(config: Config) -> Result<(), StartError> {
    // What follows the journal has threads of its own: a slow database or a long list never delays a call.
    let records = runtime("records", RECORDS_THREADS).build().map_err(StartError::Runtime)?;
    let mut signalling = runtime("signalling", usize::from(config.node.shards));
    let signalling = signalling.on_thread_unpark(pace::rest_after_waking).build().map_err(StartError::Runtime)?;
    signalling.block_on(async {
        let node = start::start(config, records.handle()).await?;
        serve::until_stopped(node).await;
        Ok(())
    })
}

fn runtime(name: &str, threads: usize) -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(threads).thread_name(name).enable_all();
    builder
}

/// Lets the configured database go on with the configured journal. Blocks.
///
/// # Errors
/// One line that says what failed and what to do.
pub fn adopt(config: Config) -> Result<(), StartError> {
    let records = runtime("records", RECORDS_THREADS).build().map_err(StartError::Runtime)?;
    records.block_on(records::adopt(&config))
}

/// One for the projector, one for REST: neither waits for the other.
const RECORDS_THREADS: usize = 2;
