//! One task an owner: takes inputs from its lanes, runs its core, delivers what comes out.
//!
//! It decides nothing. What must wait for the journal is held in the gate
//! without any task waiting; what a full lane does not take is kept and tried again.

mod acd;
mod backlog;
mod dialer;
mod location;
mod post;
mod progress;
mod shard;
#[cfg(any(test, feature = "measured"))]
pub(crate) mod speed;
mod trunks;

use std::sync::Arc;
use std::time::Duration;

use ::dialer::hopper::Wanted;
use bytes::Bytes;
use centre::owner::Named;
use centre::{Answer, CommandError, Delivery};
use clock::{AttemptId, CampaignId, Instant, Now, RequestId, ShardId};
use journal_core::{Gate, Mark, Owner};
use sip::ua::Peer;
use tokio::sync::mpsc;

use self::backlog::Backlog;
use crate::clock_source::ClockSource;
use crate::net::{LaneEnd, SipInput};

pub(crate) use self::acd::AcdCore;
pub(crate) use self::dialer::DialerCore;
pub(crate) use self::location::LocationCore;
pub(crate) use self::post::{AnswerTable, Post};
pub(crate) use self::progress::{OwnerProgress, Progress};
pub(crate) use self::shard::ShardCore;
pub(crate) use self::trunks::{Outside, TrunkCore};

/// What becomes of a message for which a failing journal cannot stand.
pub(crate) enum Refused<I> {
    /// The core answers in its place.
    Tell(I),
    /// It leaves nevertheless: what it says is true as long as the process lives.
    Send,
    /// Its transaction sends it again.
    Drop,
}

/// A core as its task sees it: inputs in, deliveries out.
pub(crate) trait Core: Send + 'static {
    /// What happens to it.
    type Input: Send + 'static;

    /// What comes from the network as an input; `None` for owners that take nothing from there.
    fn from_sip(input: SipInput) -> Option<Self::Input>;
    /// The journal cannot be written (true), or can again.
    fn from_journal(failing: bool) -> Option<Self::Input>;
    /// A message that the journal, which fails, was to have first: what becomes of it.
    fn from_refused(_message: &Bytes) -> Refused<Self::Input> {
        Refused::Drop
    }
    /// An attempt whose start could not be journaled is not carried out: what the core is to do about it.
    fn from_undialed(_attempt: AttemptId) -> Option<Self::Input> {
        None
    }
    fn handle(&mut self, now: Now, input: Self::Input);
    fn handle_timeout(&mut self, now: Now);
    fn poll_delivery(&mut self, now: Now) -> Option<Delivery>;
    fn poll_timeout(&mut self) -> Option<Instant>;
    /// Breaks an assertion, as a test wants it.
    #[cfg(feature = "fault-injection")]
    fn break_at(&mut self, fault: centre::owner::Fault);
    /// Handles inputs that name this again.
    fn release(&mut self, _now: Now, _named: &Named) {}
    /// Publishes what others may see, when it changed. Called after each batch and before its answers leave.
    fn publish(&mut self, now: Now);
}

/// Where an owner's inputs come from, first one first.
pub(crate) struct Lanes<I> {
    /// Other owners, media, commands.
    pub(crate) owners: mpsc::Receiver<I>,
    /// The network: existing dialogs; for location what known addresses send.
    pub(crate) dialogs: Option<LaneEnd>,
    /// The network: new calls.
    pub(crate) new_calls: Option<LaneEnd>,
    /// The network: strangers.
    pub(crate) strangers: Option<LaneEnd>,
}

/// What waits in the gate.
enum Held {
    Transmit { peer: Peer, bytes: Bytes },
    Answer { request: RequestId, result: Result<Answer, CommandError> },
    Shard { shard: ShardId, input: Box<call::Input> },
    Leads { campaign: CampaignId, wanted: Wanted },
}

/// Gated effects keep their order among themselves; what has no mark passes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum GateLane {
    Network,
    Answers,
}

/// One owner's task.
pub(crate) struct Runner<C: Core> {
    core: C,
    owner: Owner,
    post: Arc<Post>,
    clock: ClockSource,
    progress: Arc<OwnerProgress>,
    gate: Gate<GateLane, Held>,
    backlog: Backlog,
    failed_peers: Vec<Peer>,
    journal_failing: bool,
    #[cfg(feature = "fault-injection")]
    faults: crate::faults::Orders,
}

impl<C: Core> Runner<C> {
    pub(crate) fn new(
        core: C,
        owner: Owner,
        post: Arc<Post>,
        clock: ClockSource,
        progress: Arc<OwnerProgress>,
    ) -> Self {
        Self {
            #[cfg(feature = "fault-injection")]
            faults: post.faults.of(owner),
            core,
            owner,
            post,
            clock,
            progress,
            gate: Gate::default(),
            backlog: Backlog::default(),
            failed_peers: Vec::new(),
            journal_failing: false,
        }
    }

    /// Runs until the owners' lane is closed.
    pub(crate) async fn run(mut self, mut lanes: Lanes<C::Input>) {
        let sleep = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(sleep);
        let progress = Arc::clone(&self.progress);
        loop {
            let wake = self.wake_at();
            sleep.as_mut().reset(wake);
            tokio::select! {
                biased;
                () = progress.changed() => {}
                input = lanes.owners.recv() => {
                    let Some(input) = input else { return };
                    self.core.handle(self.clock.now(), input);
                }
                input = receive(&mut lanes.dialogs) => self.take_sip(input),
                input = receive(&mut lanes.new_calls) => self.take_sip(input),
                input = receive(&mut lanes.strangers) => self.take_sip(input),
                () = &mut sleep => {}
            }
            self.drain();
            self.take_more(&mut lanes);
            self.settle();
        }
    }

    fn wake_at(&mut self) -> tokio::time::Instant {
        let now = tokio::time::Instant::now();
        let timer = self.core.poll_timeout().map(|at| self.clock.to_tokio(at));
        let retry = (!self.backlog.is_empty()).then(|| now + RETRY_EVERY);
        let journal = self.journal_failing.then(|| now + JOURNAL_LOOK_EVERY);
        let orders = cfg!(feature = "fault-injection").then(|| now + ORDERS_LOOK_EVERY);
        [timer, retry, journal, orders].into_iter().flatten().min().unwrap_or(now + IDLE_LOOK_EVERY)
    }

    /// Takes what else is there, up to a bound, so that a batch shares one settling.
    fn take_more(&mut self, lanes: &mut Lanes<C::Input>) {
        for _ in 0..INPUTS_MAX {
            if let Ok(input) = lanes.owners.try_recv() {
                self.core.handle(self.clock.now(), input);
            } else if let Some(input) = lanes.try_receive() {
                self.take_sip(input);
            } else {
                return;
            }
            self.drain();
        }
    }

    fn take_sip(&mut self, input: SipInput) {
        if let Some(input) = C::from_sip(input) {
            self.core.handle(self.clock.now(), input);
        }
    }

    /// Timers, deliveries, the gate and the published state, until nothing more comes.
    fn settle(&mut self) {
        let now = self.clock.now();
        #[cfg(feature = "fault-injection")]
        for fault in crate::faults::take(&self.faults) {
            self.core.break_at(fault);
        }
        for named in self.post.quarantine.orders(self.owner) {
            self.core.release(now, &named);
        }
        self.core.handle_timeout(now);
        self.drain();
        self.watch_journal();
        self.tell_failures();
        self.retry();
        self.core.publish(self.clock.now());
        self.open_gate();
    }

    fn drain(&mut self) {
        let now = self.clock.now();
        while let Some(delivery) = self.core.poll_delivery(now) {
            if let Delivery::Transmit { again: true, .. } = delivery {
                self.post.metrics.sip_retransmissions.inc();
            }
            match delivery {
                Delivery::Transmit { peer, bytes, gate: Some(mark), .. } => {
                    self.hold(GateLane::Network, mark, Held::Transmit { peer, bytes });
                }
                Delivery::Transmit { peer, bytes, gate: None, .. } => self.transmit(peer, bytes),
                Delivery::Answer { request, result, gate: Some(mark) } => {
                    self.hold(GateLane::Answers, mark, Held::Answer { request, result });
                }
                Delivery::Answer { request, result, gate: None } => {
                    self.hold(GateLane::Answers, NO_MARK, Held::Answer { request, result });
                }
                Delivery::GatedShard { shard, input, gate } => {
                    self.hold(GateLane::Answers, gate, Held::Shard { shard, input: Box::new(input) });
                }
                Delivery::Leads { campaign, wanted, gate } => {
                    self.hold(GateLane::Answers, gate, Held::Leads { campaign, wanted });
                }
                other => self.deliver(other),
            }
        }
    }

    fn hold(&mut self, lane: GateLane, mark: Mark, held: Held) {
        if let Err((_, refused)) = self.gate.push(lane, Some(mark), held) {
            self.refuse_held(refused);
        }
    }

    /// What cannot be promised: a client hears so, the sender of an INVITE gets a final answer, a phone that registers
    /// is bound for as long as the process lives; any other response is dropped, and its transaction sends it again.
    fn refuse_held(&mut self, held: Held) {
        match held {
            Held::Transmit { peer, bytes } => match C::from_refused(&bytes) {
                Refused::Tell(input) => self.core.handle(self.clock.now(), input),
                Refused::Send => self.transmit(peer, bytes),
                Refused::Drop => self.post.metrics.dropped("journal_failing"),
            },
            Held::Answer { request, .. } => {
                let reason = "journal_failing".to_owned();
                self.post.answers.give(request, Err(CommandError::Unavailable { reason }));
            }
            // Who asks for leads asks again when none came.
            Held::Leads { .. } => self.post.metrics.dropped("leads_wanted"),
            // What was to be promised to a caller is not: he waits on, and may ask again.
            Held::Shard { shard, input } => match *input {
                call::Input::CallbackAnswer { call, .. } => {
                    let result = Err("journal_failing".to_owned());
                    self.deliver(Delivery::Shard(shard, call::Input::CallbackAnswer { call, result }));
                }
                // What is not written down is not dialed.
                call::Input::Dial(dial) => {
                    if let Some(input) = C::from_undialed(dial.attempt) {
                        self.core.handle(self.clock.now(), input);
                    }
                }
                other => self.deliver(Delivery::Shard(shard, other)),
            },
        }
    }

    fn transmit(&mut self, peer: Peer, bytes: Bytes) {
        if let Err(failure) = self.post.flows.send(peer, bytes) {
            self.post.metrics.dropped(failure.word());
            if failure.is_final() && self.failed_peers.len() < FAILED_PEERS_MAX {
                self.failed_peers.push(peer);
            }
        }
    }

    fn deliver(&mut self, delivery: Delivery) {
        if let Some(refused) = self.backlog.behind(delivery, &self.post.metrics)
            && let Err(refused) = self.post.deliver(self.owner, refused)
        {
            self.backlog.keep(*refused, &self.post.metrics);
        }
    }

    fn retry(&mut self) {
        let (post, owner) = (Arc::clone(&self.post), self.owner);
        self.backlog.retry(|delivery| post.deliver(owner, delivery));
    }

    fn open_gate(&mut self) {
        let (written, synced) = self.progress.read();
        self.gate.advance(journal_core::Durability::Written, written);
        self.gate.advance(journal_core::Durability::Synced, synced);
        while let Some(held) = self.gate.poll() {
            match held {
                Held::Transmit { peer, bytes } => self.transmit(peer, bytes),
                Held::Answer { request, result } => self.post.answers.give(request, result),
                Held::Shard { shard, input } => self.deliver(Delivery::Shard(shard, *input)),
                Held::Leads { campaign, wanted } => self.post.want_leads(campaign, wanted),
            }
        }
    }

    /// Tells the core when the journal begins to fail, and when it works again.
    fn watch_journal(&mut self) {
        let failing = !self.post.journal.is_writable() || self.backlog.holds_entries();
        if failing == self.journal_failing {
            return;
        }
        self.journal_failing = failing;
        if failing {
            for held in self.gate.fail() {
                self.refuse_held(held);
            }
        } else {
            self.gate.recover();
        }
        if let Some(input) = C::from_journal(failing) {
            self.core.handle(self.clock.now(), input);
            self.drain();
        }
    }

    fn tell_failures(&mut self) {
        for peer in std::mem::take(&mut self.failed_peers) {
            self.take_sip(SipInput::TransportFailed(peer));
            self.drain();
        }
    }
}

impl<I> Lanes<I> {
    /// What waits from the network, the most important first.
    fn try_receive(&mut self) -> Option<SipInput> {
        let lanes = [&mut self.dialogs, &mut self.new_calls, &mut self.strangers];
        lanes.into_iter().flatten().find_map(LaneEnd::try_recv)
    }
}

async fn receive(lane: &mut Option<LaneEnd>) -> SipInput {
    match lane {
        Some(lane) => match lane.recv().await {
            Some(input) => input,
            // The readers are gone: the node stops.
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

/// "Internal software error" (sysexits.h): a supervisor starts the process again.
pub(crate) const EXIT_BROKEN: i32 = 70;
/// A mark that is always reached, so that answers keep their order.
const NO_MARK: Mark = Mark { entry: 0, durability: journal_core::Durability::Written };
/// Inputs that share one settling: about 200 us of work.
const INPUTS_MAX: usize = 64;
/// A full lane is tried again after so long.
const RETRY_EVERY: Duration = Duration::from_millis(1);
/// While the journal fails, its recovery is looked for this often.
const JOURNAL_LOOK_EVERY: Duration = Duration::from_millis(200);
/// In a build for tests, what they want broken is looked for this often.
const ORDERS_LOOK_EVERY: Duration = Duration::from_millis(20);
/// Without any timer.
const IDLE_LOOK_EVERY: Duration = Duration::from_secs(1);
/// Peers of one batch whose failure is told at once; more fail by their timers.
const FAILED_PEERS_MAX: usize = 256;
