//! Tasks that the node cannot do without.

use std::future::Future;

use crate::owner::EXIT_BROKEN;

/// Runs a task for as long as the node runs. A core that breaks is built anew in place (`centre::owner`); a break
/// outside of one takes the process down: a restart ends calls with a record each and gives everyone back what was
/// theirs, while a reader or an owner that is silently gone would leave calls and agents stuck.
pub(crate) fn spawn_essential(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(async {
        if tokio::spawn(task).await.is_err_and(|error| error.is_panic()) {
            tracing::error!("a task that the node needs broke: the process ends, its next start recovers");
            std::process::exit(EXIT_BROKEN);
        }
    });
}
