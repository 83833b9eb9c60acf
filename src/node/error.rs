//! Why a node cannot start: one line each, with what to do.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No threads.
    #[error("cannot start the runtime: {0}; raise the limit of processes (ulimit -u)")]
    Runtime(io::Error),
    /// A SIP port is taken.
    #[error("{0}")]
    Sip(String),
    /// The HTTP port is taken.
    #[error("cannot listen on http://{addr}: {source}; is another process using the port (`ss -lntp`)?")]
    Http {
        /// The address.
        addr: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The data folder cannot be used.
    #[error("cannot use the data folder {path}: {source}; make it writable, or free some space")]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The journal cannot be opened or read.
    #[error("{0}")]
    Journal(String),
    /// The database refuses.
    #[error("{0}")]
    Database(String),
    /// The media worker cannot start.
    #[error(transparent)]
    Media(#[from] media_worker::StartError),
    /// No random numbers.
    #[error("cannot read random numbers from the system: {0}")]
    Entropy(io::Error),
    /// Two metrics have one name.
    #[error("metrics: {0}")]
    Metrics(String),
}
