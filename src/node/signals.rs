//! SIGTERM and SIGINT.

use tokio::signal::unix::{SignalKind, signal};

/// Ends when the process is asked to stop.
pub(super) async fn asked_to_stop() {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        tracing::error!("signals cannot be caught: only kill -9 will stop this process");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}
