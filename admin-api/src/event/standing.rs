//! Whether a client that follows the events may still do so.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::key::Principal;
use crate::rights::Permission;
use crate::roster::{Known, Roster};
use crate::time::wall_now;

/// What a client came with.
#[derive(Debug)]
pub(crate) struct Standing(Principal);

impl Standing {
    pub(crate) fn of(principal: Principal) -> Self {
        Self(principal)
    }

    /// True while its key or session is good, and permits as much as it did.
    pub(crate) fn holds(&self, roster: &Roster) -> bool {
        let Self(then) = self;
        let now = roster.admit(&then.hash, then.address, wall_now());
        now.is_ok_and(|now| {
            let reach = |principal: &Principal| principal.rights.reach(Permission::EventsFollow);
            reach(&now).is_some() && reach(&now) == reach(then) && now.extension == then.extension
        })
    }

    /// Waits until people or keys changed, or time may have ended one.
    pub(crate) async fn may_end(&self, roster: &mut watch::Receiver<Arc<Known>>) {
        tokio::select! {
            changed = roster.changed() => if changed.is_err() {
                std::future::pending::<()>().await;
            },
            () = sleep(LOOK_EVERY) => {}
        }
    }
}

/// For what ends by the clock: twice within the second in which a revocation is to take effect.
const LOOK_EVERY: Duration = Duration::from_millis(500);
