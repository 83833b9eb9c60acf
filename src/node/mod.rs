//! One running node: opens everything, gives each owner its state back, serves, and stops in order.

mod addresses;
mod call_figures;
mod error;
mod figures;
mod owners;
mod records;
mod restore;
mod serve;
mod signals;
mod start;

pub use error::StartError;

use tokio::runtime::{Builder, Runtime};

use crate::config::Config;

/// Runs a node until SIGTERM or SIGINT. Blocks.
///
/// # Errors
/// One line that says what failed and what to do.
pub fn run(config: Config) -> Result<(), StartError> {
    // What follows the journal has threads of its own: a slow database or a long list never delays a call.
    let records = runtime("records", RECORDS_THREADS)?;
    let signalling = runtime("signalling", usize::from(config.node.shards))?;
    signalling.block_on(async {
        let node = start::start(config, records.handle()).await?;
        serve::until_stopped(node).await;
        Ok(())
    })
}

fn runtime(name: &str, threads: usize) -> Result<Runtime, StartError> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(threads).thread_name(name).enable_all().build().map_err(StartError::Runtime)
}

/// Lets the configured database go on with the configured journal. Blocks.
///
/// # Errors
/// One line that says what failed and what to do.
pub fn adopt(config: Config) -> Result<(), StartError> {
    runtime("records", RECORDS_THREADS)?.block_on(records::adopt(&config))
}

/// Logs go to standard error; `TRUNKLINE_LOG` filters them, e.g. `info,sip=debug`.
pub fn start_log() {
    use tracing_subscriber::EnvFilter;
    let filter =
        EnvFilter::try_from_env("TRUNKLINE_LOG").unwrap_or_else(|_| EnvFilter::new("info,fjall=warn,lsm_tree=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// One for the projector, one for REST: neither waits for the other.
const RECORDS_THREADS: usize = 2;
