//! Whether a client that follows the events may still do so.
//!
//! A stream looks for itself before each event it sends. One whose client does not read is never asked for another,
//! so a [`Watch`] stands beside it and cuts its connection.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::event::Topic;
use crate::key::Principal;
use crate::rights::Permission;
use crate::roster::{Known, Roster};
use crate::serve::Cut;
use crate::time::wall_now;

/// What a client came with.
#[derive(Clone, Debug)]
pub(crate) struct Standing(Principal);

/// Looks on while a stream runs, and goes with it.
#[derive(Debug)]
pub(crate) struct Watch(JoinHandle<()>);

impl Standing {
    pub(crate) fn of(principal: Principal) -> Self {
        Self(principal)
    }

    /// True while its key or session is good, and permits as much as it did.
    pub(crate) fn holds(&self, roster: &Roster) -> bool {
        let Self(then) = self;
        let now = roster.admit(&then.hash, then.address, wall_now());
        now.is_ok_and(|now| {
            let reach = |principal: &Principal| FOLLOWED.map(|permission| principal.rights.reach(permission));
            let may_follow = now.rights.reach(Permission::EventsFollow).is_some();
            may_follow && reach(&now) == reach(then) && now.extension == then.extension
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

impl Watch {
    /// Cuts the connection of a stream that did not end by itself when its client's standing did.
    pub(crate) fn over(standing: Standing, roster: Arc<Roster>, cut: Cut) -> Self {
        Self(tokio::spawn(async move {
            let mut changes = roster.watch();
            while standing.holds(&roster) {
                standing.may_end(&mut changes).await;
            }
            sleep(LAST_WORDS).await;
            cut.now();
        }))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// On which it depends what a stream shows.
const FOLLOWED: [Permission; 7] = [
    Permission::EventsFollow,
    Topic::LiveCalls.permission(),
    Topic::Agents.permission(),
    Topic::Queues.permission(),
    Topic::Quarantine.permission(),
    Topic::LeadLists.permission(),
    Topic::Campaigns.permission(),
];
/// For a client that reads to see the proper end of its stream.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// For what ends by the clock: with the last words well within the second in which a revocation is to take effect.
const LOOK_EVERY: Duration = Duration::from_millis(300);
