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

use crate::config::Config;

/// Runs a node until SIGTERM or SIGINT. Blocks.
///
/// # Errors
/// One line that says what failed and what to do.
pub fn run(config: Config) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(StartError::Runtime)?;
    runtime.block_on(async {
        let node = start::start(config).await?;
        serve::until_stopped(node).await;
        Ok(())
    })
}

/// Lets the configured database go on with the configured journal. Blocks.
///
/// # Errors
/// One line that says what failed and what to do.
pub fn adopt(config: Config) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Runtime)?;
    runtime.block_on(records::adopt(&config))
}

/// Logs go to standard error; `TRUNKLINE_LOG` filters them, e.g. `info,sip=debug`.
pub fn start_log() {
    use tracing_subscriber::EnvFilter;
    let filter =
        EnvFilter::try_from_env("TRUNKLINE_LOG").unwrap_or_else(|_| EnvFilter::new("info,fjall=warn,lsm_tree=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
