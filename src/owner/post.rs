//! Delivers to the other owners, the media worker, the journal and the network. Never waits.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use admin_api::Metrics;
use centre::owner::{Alarm, DialerInput};
use centre::{Answer, CommandError, Delivery};
use clock::{CampaignId, RequestId, ShardId};
use dialer::hopper::Wanted;
use journal::{AppendError, Journal};
use journal_core::{Entry, Owner};
use media_worker::{CommandRefused, MediaWorker};
use tokio::sync::{mpsc, oneshot};

use super::EXIT_BROKEN;
use crate::net::{CallIdDirectory, Flows};
use crate::quarantine::Quarantine;

/// The ways to everyone, shared by all owners' tasks.
pub(crate) struct Post {
    /// Owners' lanes of the shards, by number.
    pub(crate) shards: Vec<mpsc::Sender<call::Input>>,
    /// The ACD.
    pub(crate) acd: mpsc::Sender<acd::Input>,
    /// The dialer.
    pub(crate) dialer: mpsc::Sender<DialerInput>,
    /// Who reads leads for campaigns.
    pub(crate) leads: mpsc::Sender<(CampaignId, Wanted)>,
    /// Location.
    pub(crate) location: mpsc::Sender<sip::location::Input>,
    /// The trunk watcher.
    pub(crate) trunks: mpsc::Sender<sip::trunk::Input>,
    /// The media worker.
    pub(crate) media: MediaWorker,
    /// The journal.
    pub(crate) journal: Journal,
    /// The network.
    pub(crate) flows: Arc<Flows>,
    /// Clients that wait for answers.
    pub(crate) answers: AnswerTable,
    /// Call-IDs of the shards.
    pub(crate) directory: Arc<CallIdDirectory>,
    /// Counters.
    pub(crate) metrics: Arc<Metrics>,
    /// What owners are spared.
    pub(crate) quarantine: Quarantine,
    /// Shards that hold no call any more, at shutdown.
    pub(crate) drained: mpsc::Sender<ShardId>,
    /// What tests want broken.
    #[cfg(feature = "fault-injection")]
    pub(crate) faults: crate::faults::Faults,
}

impl Post {
    /// Delivers what an owner made.
    ///
    /// # Errors
    /// Gives it back when its place is full.
    pub(super) fn deliver(&self, owner: Owner, delivery: Delivery) -> Result<(), Box<Delivery>> {
        match delivery {
            Delivery::Shard(shard, input) => match self.shards.get(usize::from(shard.0)) {
                Some(lane) => {
                    lane.try_send(input).map_err(|refused| Box::new(Delivery::Shard(shard, refused.into_inner())))
                }
                None => Ok(()),
            },
            Delivery::Acd(input) => {
                self.acd.try_send(input).map_err(|refused| Box::new(Delivery::Acd(refused.into_inner())))
            }
            Delivery::Location(input) => {
                self.location.try_send(input).map_err(|refused| Box::new(Delivery::Location(refused.into_inner())))
            }
            Delivery::Attempt(report) => self.to_dialer(DialerInput::Attempt(report)),
            Delivery::AttemptFacts { shard, attempts } => self.to_dialer(DialerInput::AttemptFacts { shard, attempts }),
            Delivery::Disposed(said) => self.to_dialer(DialerInput::Disposed(said)),
            Delivery::Media(command) => match self.media.send(command) {
                Err(CommandRefused::Full(command)) => Err(Box::new(Delivery::Media(*command))),
                Ok(()) | Err(CommandRefused::Ended) => Ok(()),
            },
            Delivery::Journal { number, entry } => self.append(owner, number, entry),
            Delivery::CallIdOwned { sip_call_id, owned } => {
                if let Owner::Shard(shard) = owner {
                    self.directory.set(shard, sip_call_id, owned);
                }
                Ok(())
            }
            Delivery::Dropped { reason } => {
                self.metrics.dropped(reason);
                Ok(())
            }
            Delivery::Repaired { what } => {
                self.metrics.facts_repaired.inc();
                tracing::error!(what, "leases and facts differed; repaired");
                Ok(())
            }
            Delivery::Alarm(alarm) => {
                self.alarm(owner, &alarm);
                Ok(())
            }
            Delivery::Drained(shard) => {
                let _ = self.drained.try_send(shard);
                Ok(())
            }
            // Network and answers go through the owner's gate, never here.
            gated @ (Delivery::Transmit { .. }
            | Delivery::Answer { .. }
            | Delivery::GatedShard { .. }
            | Delivery::Leads { .. }) => Err(Box::new(gated)),
        }
    }

    /// Who asks for leads asks again when none came.
    pub(crate) fn want_leads(&self, campaign: CampaignId, wanted: Wanted) {
        if self.leads.try_send((campaign, wanted)).is_err() {
            self.metrics.dropped("leads_wanted");
        }
    }

    fn to_dialer(&self, input: DialerInput) -> Result<(), Box<Delivery>> {
        self.dialer.try_send(input).map_err(|refused| {
            Box::new(match refused.into_inner() {
                DialerInput::Attempt(report) => Delivery::Attempt(report),
                DialerInput::AttemptFacts { shard, attempts } => Delivery::AttemptFacts { shard, attempts },
                DialerInput::Disposed(said) => Delivery::Disposed(said),
                _ => Delivery::Dropped { reason: "dialer_lane" },
            })
        })
    }

    /// What an operator must hear of a broken owner. One that gave up takes the process down: the restart ends its
    /// calls with a record each, while an owner that is silently gone would leave calls and agents stuck.
    fn alarm(&self, owner: Owner, alarm: &Alarm) {
        match alarm {
            Alarm::Broke { named, why } => {
                self.metrics.owner_panicked(owner_word(owner));
                tracing::error!(?owner, ?named, why, "an owner broke an assertion and was built anew");
            }
            Alarm::Quarantined(named) => {
                self.metrics.quarantined(named.kind());
                self.quarantine.began(owner, owner_word(owner), named);
                tracing::error!(
                    ?owner,
                    ?named,
                    "the same input broke its owner twice: quarantined until it is released"
                );
            }
            Alarm::Released(named) => {
                self.metrics.released(named.kind());
                self.quarantine.released(owner, named, &self.answers);
                tracing::warn!(?owner, ?named, "an operator released it: its owner handles it again");
            }
            Alarm::GaveUp => {
                tracing::error!(?owner, "an owner cannot be built anew: the process ends, its next start recovers");
                std::process::exit(EXIT_BROKEN);
            }
        }
    }

    fn append(&self, owner: Owner, number: u64, entry: Entry) -> Result<(), Box<Delivery>> {
        match self.journal.append(owner, number, entry) {
            Ok(()) => Ok(()),
            Err(AppendError::Full { entry, .. }) => Err(Box::new(Delivery::Journal { number, entry: *entry })),
            Err(error) => {
                self.metrics.dropped("journal_entry");
                tracing::error!(%error, ?owner, number, "an entry could not be journaled");
                Ok(())
            }
        }
    }
}

/// The word of `trunkline_owner_panics_total{owner}`.
const fn owner_word(owner: Owner) -> &'static str {
    match owner {
        Owner::Shard(_) => "shard",
        Owner::Acd => "acd",
        Owner::Location => "location",
        Owner::Dialer => "dialer",
        // The trunk watcher journals nothing, and has no owner's number of its own.
        Owner::Node => "trunks",
        Owner::Api => "other",
    }
}

/// Clients that wait for the answer to a command.
#[derive(Debug, Default)]
pub(crate) struct AnswerTable {
    next: AtomicU64,
    waiting: Mutex<HashMap<RequestId, oneshot::Sender<Result<Answer, CommandError>>>>,
}

impl AnswerTable {
    /// Notes a client; the id goes with the command. Refused when too many wait.
    pub(crate) fn wait(&self, reply: oneshot::Sender<Result<Answer, CommandError>>) -> Option<RequestId> {
        let id = RequestId(self.next.fetch_add(1, Ordering::Relaxed) + 1);
        let mut waiting = self.lock();
        if waiting.len() >= WAITING_MAX {
            waiting.retain(|_, reply| !reply.is_closed());
        }
        if waiting.len() >= WAITING_MAX {
            return None;
        }
        waiting.insert(id, reply);
        Some(id)
    }

    /// Gives the client its answer, if it still waits.
    pub(crate) fn give(&self, request: RequestId, result: Result<Answer, CommandError>) {
        if let Some(reply) = self.lock().remove(&request) {
            let _ = reply.send(result);
        }
    }

    /// Nothing that holds the lock can panic.
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<RequestId, oneshot::Sender<Result<Answer, CommandError>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Commands under way: as many as the API's own lane takes, several times over.
const WAITING_MAX: usize = 4_096;
