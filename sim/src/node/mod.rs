//! The node under test: production's cores and outlets in one loop, over a simulated journal and media worker, with
//! delays between them that the seed draws. It can die at any moment, and starts again from its journal.

mod campaigns;
mod clock;
mod delivery;
mod dispatch;
mod faults;
mod journal;
mod leads;
mod media;
mod owners;
mod rules;
mod setup;

use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeMap;

use ::clock::{CallId, Instant, RequestId, Rng, ShardId};
use centre::owner::{AcdOwner, DialerInput, DialerOwner, LocationOwner, ShardOwner};
use centre::restore;
use journal_core::{Durability, Entry, Owner};

use self::campaigns::CampaignEvent;
use self::clock::NodeClock;
use self::dispatch::Directory;
use self::journal::Store;
use self::media::{MediaTimer, Worker};
use self::owners::{Core, Post};
use crate::chance::between;
use crate::ctx::{Ctx, Event, StopStage};
use crate::network::Datagram;
use crate::planted::Planted;
use crate::scenario::{NodeScenario, Scenario};
use crate::watch::Seen;

pub(crate) use self::campaigns::Campaigns;
pub(crate) use self::leads::{any_list, is_number_of_lead};
pub(crate) use self::owners::Input;
pub(crate) use self::rules::{MENU, WRONG_KEY};
pub(crate) use self::setup::{
    DOMAIN, ECHO, Setup, TONE, VOICEMAIL, carrier_addr, extension, gateways, password, phone_addr, queue_number,
    targets,
};

/// Something inside the node that takes time.
#[derive(Debug)]
pub(crate) enum NodeEvent {
    /// An input reaches an owner.
    Input { owner: usize, input: Input },
    /// An owner's timer may be due.
    Wake { owner: usize },
    /// A command reaches the media worker.
    Media { shard: usize, command: media_graph::Command },
    /// The media worker looks again.
    MediaTimer(MediaTimer),
    /// What is appended is handed to the operating system.
    Write,
    /// What is handed over is synced.
    Sync,
    /// An owner looks whether the journal fails or works again.
    JournalState { owner: usize },
    /// An owner hears how far its entries have come.
    Progress { owner: usize, durability: Durability, number: u64 },
    /// Something of campaigns.
    Campaigns(CampaignEvent),
}

/// The node, through all its lives.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) setup: Setup,
    scenario: NodeScenario,
    shards: u16,
    rng: Rng,
    clock: NodeClock,
    store: Store,
    life: u32,
    running: Option<Running>,
    /// Until when the disk takes nothing.
    disk_fails_until: Option<Instant>,
    planted: Option<Planted>,
    pub(crate) campaigns: Option<Campaigns>,
    /// Calls that began and have not ended, as `GET /v1/calls` would show them, with their shard.
    live: BTreeMap<CallId, usize>,
    /// Datagrams that owners dropped or refused, by their word.
    pub(crate) dropped: BTreeMap<&'static str, u64>,
}

/// One life of the node.
#[derive(Debug)]
struct Running {
    /// Shards, then the ACD, then location, then the dialer.
    posts: Vec<Post>,
    media: Worker,
    directory: Directory,
    /// When the last message from one part to another arrives: none overtakes another.
    channels: Vec<Instant>,
    syncing: bool,
    /// Shards that still hold something, once a stop has begun.
    draining: Option<usize>,
}

impl Node {
    pub(crate) fn new(scenario: &Scenario, mut rng: Rng) -> Self {
        Self {
            setup: Setup::new(scenario, &mut rng),
            scenario: scenario.node.clone(),
            shards: scenario.shards(),
            rng,
            clock: NodeClock::of(scenario),
            store: Store::default(),
            life: 0,
            running: None,
            disk_fails_until: None,
            planted: scenario.planted,
            campaigns: Campaigns::new(scenario),
            live: BTreeMap::new(),
            dropped: BTreeMap::new(),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.running.is_some()
    }

    /// Starts from what the journal holds.
    pub(crate) fn start(&mut self, ctx: &mut Ctx) {
        self.life += 1;
        self.clock.restart(ctx.now);
        let count = usize::from(self.shards);
        let mut posts: Vec<Post> = (0..self.shards).map(|number| self.shard(ShardId(number))).collect();
        posts.push(Post::new(Core::Acd(Box::new(AcdOwner::new(acd::Limits::default(), self.rng.fork())))));
        let config = self.setup.location(&mut self.rng);
        let location = LocationOwner::new(config, self.shards, self.rng.fork());
        posts.push(Post::new(Core::Location(Box::new(location))));
        let chance = self.campaigns.as_mut().map_or_else(|| Rng::new(DIALER_SEED), Campaigns::dialer_rng);
        posts.push(Post::new(Core::Dialer(Box::new(DialerOwner::new(self.shards, chance)))));
        for (post, fault) in posts.iter_mut().zip(core::iter::repeat(self.planted)) {
            fault.into_iter().for_each(|fault| post.plant(fault));
        }
        let parts = posts.len() + 1;
        self.running = Some(Running {
            posts,
            media: Worker::new(self.scenario.media_failure, self.rng.fork()),
            directory: Directory::new(self.shards, self.rng.next_u64()),
            channels: vec![ctx.now; parts * parts],
            syncing: false,
            draining: None,
        });
        ctx.see(&Seen::Started);
        self.append(ctx, Owner::Node, 1, Entry::NodeStarted { at: self.clock.at(ctx.now).wall });
        self.restore(ctx, count);
    }

    /// As production does it: rules first, then what the journal gives back.
    fn restore(&mut self, ctx: &mut Ctx, shards: usize) {
        let wall = self.clock.at(ctx.now).wall;
        let replay = self.store.replay(wall);
        let agents = restore::agents(replay, self.setup.agents.clone());
        let places = restore::places(replay, wall);
        let last_agents = restore::last_agents(replay);
        let (calls, dials) = (restore::calls(replay), restore::dials(replay, wall));
        let (callbacks, do_not_call) = (restore::callbacks(replay), replay.do_not_call.clone());
        let consents = replay.consents.clone();
        if replay.stopped_in_order {
            ctx.see(&Seen::StartedInOrder { live: calls.len() });
        }
        let bindings: Vec<_> = replay.bindings().map(centre::binding_of).collect();
        ctx.see(&Seen::Replayed { same_again: self.store.folds_again() });
        for (entry, anomaly) in self.store.take_misfits() {
            ctx.see(&Seen::Misfit { entry: &entry, anomaly });
        }
        for shard in 0..shards {
            self.step(ctx, shard, Some(Input::Shard(call::Input::Configure(self.setup.plan.clone()))));
            if let Some(targets) = self.setup.targets() {
                self.step(ctx, shard, Some(Input::Shard(call::Input::TrunkTargets(targets))));
            }
        }
        let configure = acd::Input::Configure { queues: self.setup.queues.clone(), agents };
        self.step(ctx, shards, Some(Input::Acd(configure)));
        self.step(ctx, shards, Some(Input::Acd(last_agents)));
        for place in places {
            self.step(ctx, shards, Some(Input::Acd(place)));
        }
        for callback in callbacks {
            self.step(ctx, shards, Some(Input::Acd(callback)));
        }
        self.step(ctx, shards + 2, Some(Input::Dialer(DialerInput::Configure(self.setup.plan.clone()))));
        self.step(
            ctx,
            shards + 2,
            Some(Input::Dialer(DialerInput::Restore { listed: do_not_call, imported: Vec::new(), consents })),
        );
        self.restore_campaigns(ctx);
        self.step(ctx, shards + 1, Some(Input::Location(self.setup.users())));
        self.step(ctx, shards + 1, Some(Input::Location(sip::location::Input::Restore(bindings))));
        self.step(ctx, 0, Some(Input::Shard(dials)));
        self.step(ctx, 0, Some(Input::Shard(call::Input::Restore(calls))));
    }

    fn shard(&mut self, id: ShardId) -> Post {
        let config = self.setup.shard(id, &mut self.rng);
        Post::new(Core::Shard(id, Box::new(ShardOwner::new(id, config, self.rng.fork()))))
    }

    /// Dies: what was on its way inside is gone, and what the disk does not have.
    pub(crate) fn crash(&mut self, ctx: &mut Ctx) {
        if self.running.take().is_none() {
            return;
        }
        let power_loss = self.rng.chance(self.scenario.power_loss);
        ctx.see(&Seen::Crashed);
        let kept = self.campaigns.as_mut().map_or(0.0, Campaigns::kept_of_a_crash);
        for line in self.store.crash(power_loss, kept) {
            ctx.see(&Seen::EntryLost { owner: line.owner, entry: &line.entry });
        }
    }

    /// The number of this life.
    pub(crate) const fn life(&self) -> u32 {
        self.life
    }

    /// An orderly stop has begun.
    pub(crate) fn is_stopping(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.draining.is_some())
    }

    /// Takes an orderly stop one stage on.
    pub(crate) fn stop(&mut self, ctx: &mut Ctx, stage: StopStage) {
        let Some(running) = &mut self.running else { return };
        match stage {
            StopStage::Drain => running.draining = Some(usize::from(self.shards)),
            StopStage::EndAll(_) => {}
            StopStage::Down(_) => return self.go_down(ctx),
        }
        for shard in 0..usize::from(self.shards) {
            let input = if stage == StopStage::Drain { call::Input::Drain } else { call::Input::EndAll };
            let at = self.arrival(ctx.now, self.parts() - 1, shard);
            self.schedule(ctx, at, NodeEvent::Input { owner: shard, input: Input::Shard(input) });
        }
    }

    /// The last of an orderly stop: everything is on the disk.
    fn go_down(&mut self, ctx: &mut Ctx) {
        if self.is_journal_failing() {
            // It cannot say that it stopped in order.
            return self.crash(ctx);
        }
        let left = self.running.as_ref().and_then(|running| running.draining).unwrap_or(0);
        ctx.see(&Seen::Stopped { left });
        self.append(ctx, Owner::Node, 2, Entry::NodeStopped { at: self.clock.at(ctx.now).wall });
        self.store.write();
        self.store.sync();
        self.running = None;
        ctx.see(&Seen::Crashed);
    }

    /// Somebody sets its wall clock.
    pub(crate) fn set_clock(&mut self) {
        let by = between(&mut self.rng, Duration::ZERO, CLOCK_SET_MAX);
        let by = i64::try_from(by.as_micros()).unwrap_or(0);
        self.clock.set_off(if self.rng.chance(0.5) { by } else { -by });
    }

    /// How long it stays down.
    pub(crate) fn down_for(&mut self) -> Duration {
        between(&mut self.rng, Duration::from_millis(10), self.scenario.down_max)
    }

    /// Faults are over.
    pub(crate) fn calm(&mut self) {
        self.scenario.stall = 0.0;
        self.scenario.media_failure = 0.0;
        if let Some(running) = &mut self.running {
            running.media.calm();
        }
        if let Some(campaigns) = &mut self.campaigns {
            campaigns.leads.calm();
        }
    }

    /// A datagram reaches the node.
    pub(crate) fn receive(&mut self, ctx: &mut Ctx, datagram: Datagram) {
        let Some(running) = &self.running else { return };
        let (owner, input) = running.directory.place(datagram);
        let at = self.arrival(ctx.now, self.parts() - 1, owner);
        self.schedule(ctx, at, NodeEvent::Input { owner, input });
    }

    /// A command of a client of the API.
    pub(crate) fn command(&mut self, ctx: &mut Ctx, input: Input) {
        if self.running.is_none() {
            return;
        }
        let owner = match &input {
            Input::Shard(call::Input::HangUp { call, .. }) => self.live.get(call).copied().unwrap_or(0),
            Input::Shard(_) => usize::try_from(self.rng.below(u64::from(self.shards))).unwrap_or(0),
            Input::Acd(_) => usize::from(self.shards),
            Input::Location(_) => usize::from(self.shards) + 1,
            Input::Dialer(_) => usize::from(self.shards) + 2,
        };
        let at = self.arrival(ctx.now, self.parts() - 1, owner);
        self.schedule(ctx, at, NodeEvent::Input { owner, input });
    }

    /// What its wall clock shows.
    pub(crate) fn wall(&self, now: Instant) -> ::clock::WallTime {
        self.clock.at(now).wall
    }

    /// One of the calls that are up, if there is one.
    pub(crate) fn any_live_call(&self, draw: u64) -> Option<CallId> {
        let at = draw.checked_rem(self.live.len() as u64)?;
        self.live.keys().nth(usize::try_from(at).ok()?).copied()
    }

    /// A party presses a key.
    pub(crate) fn press(&mut self, ctx: &mut Ctx, remote: SocketAddr, digit: char) {
        let outcome = self.running.as_mut().and_then(|running| running.media.press(remote, digit));
        self.media_outcomes(ctx, outcome.into_iter().collect());
    }

    /// Whether the party at `sink` hears the one at `source`.
    pub(crate) fn hears(&self, sink: SocketAddr, source: SocketAddr) -> bool {
        self.running.as_ref().is_some_and(|running| running.media.hears(sink, source))
    }

    /// Lets what was scheduled in life `life` happen.
    pub(crate) fn on_event(&mut self, ctx: &mut Ctx, life: u32, event: NodeEvent) {
        if life != self.life || self.running.is_none() {
            return;
        }
        match event {
            NodeEvent::Input { owner, input } => self.step(ctx, owner, Some(input)),
            NodeEvent::Wake { owner } => self.wake(ctx, owner),
            NodeEvent::Media { shard, command } => self.media_command(ctx, shard, &command),
            NodeEvent::MediaTimer(timer) => {
                let Some(running) = &mut self.running else { return };
                let outcomes = running.media.on_timer(
                    ctx.now,
                    timer,
                    |addr| ctx.sounds(addr),
                    |addr| ctx.lines.get(&addr).copied(),
                );
                self.media_outcomes(ctx, outcomes);
            }
            NodeEvent::Write => self.write(ctx),
            NodeEvent::Sync => self.sync(ctx),
            NodeEvent::JournalState { owner } => self.notice_journal(ctx, owner),
            NodeEvent::Progress { owner, durability, number } => {
                if let Some(post) = self.post(owner) {
                    post.gate.advance(durability, number);
                }
                self.open_gate(ctx, owner);
            }
            NodeEvent::Campaigns(event) => self.on_campaign_event(ctx, event),
        }
    }

    /// What should be empty when all is quiet.
    pub(crate) fn left(&self) -> Vec<(&'static str, usize)> {
        let Some(running) = &self.running else { return vec![("node that is down", 1)] };
        let posts = running.posts.iter().flat_map(Post::left);
        posts.chain(running.media.counts()).collect()
    }

    /// What the ACD's own counters say of each queue.
    pub(crate) fn tallies(&self) -> Vec<(::clock::QueueId, acd::QueueTally)> {
        let Some(running) = &self.running else { return Vec::new() };
        let acd = running.posts.iter().find_map(|post| match &post.core {
            Core::Acd(acd) => Some(acd),
            _ => None,
        });
        acd.map(|acd| acd.snapshot().queues.iter().map(|queue| (queue.queue, queue.tally)).collect())
            .unwrap_or_default()
    }

    fn step(&mut self, ctx: &mut Ctx, owner: usize, input: Option<Input>) {
        let now = self.clock.at(ctx.now);
        let Some(post) = self.post(owner) else { return };
        let deliveries = post.step(ctx, now, input);
        for delivery in deliveries {
            self.deliver(ctx, owner, delivery);
        }
        self.open_gate(ctx, owner);
        self.arm(ctx, owner);
        if owner == usize::from(self.shards) {
            self.tell_agents(ctx);
        }
    }

    fn wake(&mut self, ctx: &mut Ctx, owner: usize) {
        let now = ctx.now;
        let Some(post) = self.post(owner).filter(|post| post.wake == Some(now)) else { return };
        post.wake = None;
        self.step(ctx, owner, None);
    }

    /// Lets the owner be woken when its next timer is due.
    fn arm(&mut self, ctx: &mut Ctx, owner: usize) {
        let clock = self.clock;
        let Some(post) = self.post(owner) else { return };
        let Some(due) = post.due().map(|due| clock.when(due).max(ctx.now)) else { return };
        if post.wake.is_none_or(|wake| due < wake) {
            post.wake = Some(due);
            self.schedule(ctx, due, NodeEvent::Wake { owner });
        }
    }

    /// When a message from one part reaches another: soon as a rule, after those before it always.
    fn arrival(&mut self, from_time: Instant, from: usize, to: usize) -> Instant {
        let is_late = self.rng.chance(self.scenario.stall);
        let most = if is_late { self.scenario.stall_max } else { Duration::from_micros(50) };
        let at = from_time + between(&mut self.rng, Duration::from_micros(1), most);
        let parts = self.parts();
        let Some(running) = &mut self.running else { return at };
        let Some(last) = running.channels.get_mut(from * parts + to) else { return at };
        *last = at.max(*last);
        *last
    }

    fn schedule(&self, ctx: &mut Ctx, at: Instant, event: NodeEvent) {
        ctx.events.at(at, Event::Node { life: self.life, event });
    }

    fn post(&mut self, owner: usize) -> Option<&mut Post> {
        self.running.as_mut()?.posts.get_mut(owner)
    }

    fn owner_of(&mut self, owner: usize) -> Owner {
        self.post(owner).map_or(Owner::Node, |post| post.owner())
    }

    /// Owners, and the outside with the media worker as one more.
    fn parts(&self) -> usize {
        usize::from(self.shards) + 4
    }
}

/// The request id of a client, for whoever asks.
pub(crate) fn request(number: u64) -> RequestId {
    RequestId(number)
}

/// The node's address.
pub(crate) const NODE_IP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// Where it listens.
pub(crate) const NODE_ADDR: SocketAddr = SocketAddr::V4(core::net::SocketAddrV4::new(NODE_IP, 5060));
/// Chance of a dialer without campaigns, which draws on none.
const DIALER_SEED: u64 = 7;
/// The farthest that a wall clock is set.
const CLOCK_SET_MAX: Duration = Duration::from_secs(3_600);
