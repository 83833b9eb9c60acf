//! Serves until asked to stop, then stops in order: refuse new calls, wait, end the rest, sync.

use std::time::Duration;

use centre::owner::DialerInput;
use journal_core::Entry;
use tokio::time::{Instant, timeout_at};

use super::signals::asked_to_stop;
use super::start::Node;
use super::supervisor;
use crate::clock_source::wall_now;

/// Runs `node` to its end.
pub(super) async fn until_stopped(mut node: Node) {
    asked_to_stop().await;
    supervisor::stopping();
    tracing::info!("stopping: new calls are refused");
    let _ = node.post.dialer.send(DialerInput::Campaigns(Box::new(dialer::runner::Input::Drain))).await;
    for lane in &node.post.shards {
        let _ = lane.send(call::Input::Drain).await;
    }
    // Carriers send their calls elsewhere from now.
    let _ = node.post.trunks.send(sip::trunk::Input::Stop).await;
    let patience = node.config.node.drain;
    if !drained(&mut node, patience).await {
        tracing::info!("ending the calls that are still up");
        for lane in &node.post.shards {
            let _ = lane.send(call::Input::EndAll).await;
        }
        drained(&mut node, LAST_BYES).await;
    }
    let _ = tokio::time::timeout(LEAVE_TRUNKS, node.trunks_left.wait_for(|left| *left)).await;
    node.stop_http.send_replace(true);
    let _ = tokio::time::timeout(HTTP_END, &mut node.http).await;
    node.entries.append(Entry::NodeStopped { at: wall_now() });
    let journal = node.post.journal.clone();
    // Waits for the disk: not on a thread that runs tasks.
    let _ = tokio::task::spawn_blocking(move || journal.close()).await;
    tracing::info!("stopped");
}

/// True when every shard said within `patience` that it holds no call.
async fn drained(node: &mut Node, patience: Duration) -> bool {
    let until = Instant::now() + patience;
    for _ in 0..node.post.shards.len() {
        match timeout_at(until, node.drained.recv()).await {
            Ok(Some(_)) => {}
            _ => return false,
        }
    }
    true
}

/// For peers to answer our BYEs: one retransmission or two.
const LAST_BYES: Duration = Duration::from_secs(3);
/// The watcher itself gives registrars 2 s.
const LEAVE_TRUNKS: Duration = Duration::from_secs(3);
const HTTP_END: Duration = Duration::from_secs(3);
