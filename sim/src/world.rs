//! The one loop: an event at a time, first with faults, then in the calm.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use clock::{Instant, QueueId, Rng};

use crate::chance::between;
use crate::check::Judges;
use crate::ctx::{Ctx, Event, StopStage};
use crate::events::EventQueue;
use crate::hostile::Stranger;
use crate::network::Network;
use crate::node::{self, NODE_ADDR, Node};
use crate::peers::Peers;
use crate::report::Report;
use crate::scenario::Scenario;
use crate::watch::{Seen, Watch};

/// Runs a scenario to its end. The same scenario gives the same report, byte for byte.
#[must_use]
pub fn run(scenario: &Scenario) -> Report {
    let mut world = World::new(scenario);
    world.storm();
    world.calm();
    world.finish()
}

struct World {
    ctx: Ctx,
    node: Node,
    peers: Peers,
    stranger: Stranger,
    rng: Rng,
    scenario: Scenario,
    calls_left: u32,
    is_calm: bool,
    node_since: Instant,
    datagrams: u64,
    crashes: u64,
}

impl World {
    fn new(scenario: &Scenario) -> Self {
        let mut rng = Rng::new(scenario.seed);
        let net = Network::new(scenario.network.clone(), rng.fork());
        let node = Node::new(scenario, rng.fork());
        let judges = Judges::new(
            (&node.setup.queues, scenario.queues as usize),
            &node.setup.agents,
            node::targets(scenario),
            scenario.campaigns.is_some(),
        );
        let ctx = Ctx {
            now: Instant::from_nanos(1_000),
            events: EventQueue::default(),
            net,
            watch: Watch::new(judges, scenario.keep_log),
            sounding: BTreeSet::new(),
            lines: BTreeMap::new(),
        };
        Self {
            ctx,
            node,
            peers: Peers::new(scenario, rng.fork()),
            stranger: Stranger::new(rng.fork()),
            rng,
            scenario: scenario.clone(),
            calls_left: scenario.calls,
            is_calm: false,
            node_since: Instant::ZERO,
            datagrams: 0,
            crashes: 0,
        }
    }

    /// Calls come, and faults with them.
    fn storm(&mut self) {
        self.start_node();
        self.peers.start(&mut self.ctx);
        let first = self.ctx.now + FIRST_CALL;
        self.ctx.events.at(first, Event::NewCall);
        self.ctx.events.at(first, Event::Listen);
        let lasts = self.scenario.campaigns.as_ref().map_or(Duration::ZERO, |campaigns| campaigns.lasts);
        let long = (self.scenario.gap * self.scenario.calls).max(lasts);
        for _ in 0..self.scenario.node.crashes {
            self.sometime(first, long, Event::Crash);
        }
        for _ in 0..self.scenario.node.stops {
            self.sometime(first, long, Event::Stop(StopStage::Drain));
        }
        for _ in 0..self.scenario.node.clock_sets {
            self.sometime(first, long, Event::SetClock);
        }
        for _ in 0..self.scenario.node.journal_outages {
            self.sometime(first, long, Event::JournalFails);
        }
        for _ in 0..self.scenario.node.breaks {
            self.sometime(first, long, Event::Break);
        }
        let hostile = f64::from(self.scenario.calls) * self.scenario.network.hostile;
        for _ in 0..hostile as u64 {
            self.sometime(first, long, Event::Hostile);
        }
        while self.calls_left > 0 && self.step(Instant::from_nanos(u64::MAX)) {}
        self.run_until(first + lasts);
        let tail = self.ctx.now + self.scenario.people.talk;
        self.run_until(tail);
    }

    fn sometime(&mut self, first: Instant, long: Duration, event: Event) {
        let at = first + between(&mut self.rng, Duration::ZERO, long);
        self.ctx.events.at(at, event);
    }

    /// No faults any more: all calls end, all agents are ready, a call to each queue is served, and nothing is left.
    fn calm(&mut self) {
        self.is_calm = true;
        self.node.mend_journal(&mut self.ctx, true);
        if self.node.is_stopping() {
            // A node on its way down is let go down, or it would refuse the calls of the calm.
            let life = self.node.life();
            self.node.stop(&mut self.ctx, StopStage::EndAll(life));
            let down = self.ctx.now + DRAIN_MAX;
            self.run_until(down);
            // It may have gone down by itself, and be up again.
            if self.node.life() == life {
                self.node.stop(&mut self.ctx, StopStage::Down(life));
            }
        }
        if !self.node.is_up() {
            self.start_node();
        }
        self.ctx.net.calm();
        self.node.calm();
        self.ctx.see(&Seen::Calm);
        self.peers.calm(&mut self.ctx, &mut self.node);
        let settled = self.ctx.now + SETTLE_MAX;
        self.run_until(settled);
        self.serve_callbacks();
        // A ring that was missed after the calm began may have paused its agent.
        self.peers.all_ready(&mut self.ctx, &mut self.node);
        self.probe();
        let quiet = self.ctx.now + QUIET_MAX;
        self.run_until(quiet);
    }

    /// Who is to be called back is, by agents who are all at work, and they talk to the end.
    fn serve_callbacks(&mut self) {
        let until = self.ctx.now + CALLBACKS_MAX;
        let has_any = self.scenario.people.callbacks.is_some();
        let is_busy = |world: &Self| world.ctx.watch.open_callbacks() > 0 || world.node.any_live_call(0).is_some();
        while has_any && is_busy(self) && self.ctx.now < until {
            let next = self.ctx.now + CALLBACKS_LOOK_EVERY;
            self.run_until(next);
            self.peers.all_ready(&mut self.ctx, &mut self.node);
        }
    }

    /// A call to each queue, one after the other: an agent takes it.
    fn probe(&mut self) {
        for queue in (1..=self.scenario.queues).map(QueueId) {
            let caller = self.peers.probe(&mut self.ctx, queue);
            let mut taken = false;
            for _ in 0..PROBE_LOOKS {
                let next = self.ctx.now + PROBE_LOOK_EVERY;
                self.run_until(next);
                taken |= self.peers.is_served(&caller);
            }
            self.ctx.see(&Seen::Probed { queue, taken });
        }
    }

    fn finish(mut self) -> Report {
        for (what, count) in self.node.left().into_iter().chain(self.peers.left()) {
            self.ctx.see(&Seen::Left { what, count });
        }
        for (queue, tally) in self.node.tallies() {
            self.ctx.see(&Seen::Tally { queue, tally });
        }
        let campaigns = self.node.campaign_snapshot(self.ctx.now).into_iter().flat_map(|all| all.campaigns);
        for (campaign, shown) in campaigns {
            let (total, month, in_flight) = (shown.total, shown.month, shown.in_flight);
            self.ctx.see(&Seen::CampaignTotals { campaign, total, month, in_flight });
        }
        self.ctx.see(&Seen::End);
        let simulated = self.ctx.now.since(Instant::ZERO);
        for (reason, times) in &self.node.dropped {
            self.ctx.watch.marks.dropped(reason, *times);
        }
        let outcome = self.ctx.watch.finish();
        Report {
            seed: self.scenario.seed,
            calls: outcome.calls,
            conversations: outcome.conversations,
            crashes: self.crashes,
            datagrams: self.datagrams,
            simulated,
            trace_hash: outcome.hash,
            dials: outcome.dials,
            dial_hash: outcome.dialed,
            violations: outcome.violations,
            marks: outcome.marks,
            log: outcome.log,
        }
    }

    fn run_until(&mut self, until: Instant) {
        while self.step(until) {}
        self.ctx.now = self.ctx.now.max(until);
    }

    /// The next event, if it comes by then.
    fn step(&mut self, until: Instant) -> bool {
        let Some((at, event)) = self.ctx.events.pop(until) else { return false };
        self.ctx.now = at;
        match event {
            Event::Arrive(datagram) => {
                self.datagrams += 1;
                if datagram.to == NODE_ADDR {
                    self.stranger.hear(&datagram.bytes);
                    if self.node.is_up() {
                        self.ctx.see(&Seen::Arrived { bytes: &datagram.bytes });
                    }
                    self.node.receive(&mut self.ctx, datagram);
                } else {
                    self.peers.receive(&mut self.ctx, datagram);
                }
            }
            Event::Node { life, event } => self.node.on_event(&mut self.ctx, life, event),
            Event::Carrier(carrier, act) => self.peers.carrier_acts(&mut self.ctx, &mut self.node, carrier, act),
            Event::Phone(phone, act) => self.peers.phone_acts(&mut self.ctx, phone, act),
            Event::Supervisor(act) => self.peers.supervisor_acts(&mut self.ctx, &mut self.node, act),
            Event::Administrator(act) => self.peers.administrator_acts(&mut self.ctx, &mut self.node, act),
            Event::NewCall => self.new_call(),
            Event::Hostile if !self.is_calm => self.stranger.strike(&mut self.ctx),
            Event::Hostile => {}
            Event::Crash => self.crash(),
            Event::Start => self.start_node(),
            Event::Stop(stage) => self.stop(stage),
            Event::JournalFails if !self.is_calm => self.node.fail_journal(&mut self.ctx),
            Event::JournalWorks => self.node.mend_journal(&mut self.ctx, false),
            Event::Break if !self.is_calm => self.node.break_an_owner(),
            Event::JournalFails | Event::Break => {}
            Event::SetClock => {
                self.node.set_clock();
                self.ctx.see(&Seen::ClockSet);
            }
            Event::Listen => {
                self.peers.listen(&mut self.ctx, &self.node, self.node_since);
                self.ctx.events.at(self.ctx.now + LISTEN_EVERY, Event::Listen);
            }
        }
        true
    }

    fn new_call(&mut self) {
        if self.is_calm || self.calls_left == 0 {
            return;
        }
        self.calls_left -= 1;
        self.peers.new_call(&mut self.ctx, &mut self.node);
        let next = crate::chance::exponential(&mut self.rng, self.scenario.gap);
        self.ctx.events.at(self.ctx.now + next, Event::NewCall);
    }

    fn crash(&mut self) {
        if self.is_calm || !self.node.is_up() {
            return;
        }
        self.crashes += 1;
        self.node.crash(&mut self.ctx);
        let down = self.node.down_for();
        self.ctx.events.at(self.ctx.now + down, Event::Start);
    }

    /// An orderly stop: no new calls, then the end of all, then down.
    fn stop(&mut self, stage: StopStage) {
        let waits = match stage {
            StopStage::Drain if self.is_calm || !self.node.is_up() || self.node.is_stopping() => return,
            StopStage::Drain => between(&mut self.rng, Duration::ZERO, Duration::from_secs(10)),
            StopStage::EndAll(_) => DRAIN_MAX,
            StopStage::Down(_) => self.node.down_for(),
        };
        let life = self.node.life();
        let next = match stage {
            StopStage::Drain => Event::Stop(StopStage::EndAll(life)),
            StopStage::EndAll(of) | StopStage::Down(of) if of != life || !self.node.is_up() => return,
            StopStage::EndAll(_) => Event::Stop(StopStage::Down(life)),
            StopStage::Down(_) => Event::Start,
        };
        self.node.stop(&mut self.ctx, stage);
        self.ctx.events.at(self.ctx.now + waits, next);
    }

    fn start_node(&mut self) {
        if self.node.is_up() {
            return;
        }
        if let Some(later) = self.node.cannot_start_until() {
            return self.ctx.events.at(later, Event::Start);
        }
        self.node_since = self.ctx.now;
        self.node.start(&mut self.ctx);
    }
}

/// Time for the phones to register before the first call.
const FIRST_CALL: Duration = Duration::from_secs(4);
/// How often conversations are listened to.
const LISTEN_EVERY: Duration = Duration::from_secs(2);
/// Once all calls are ended, a peer that answers no BYE holds the stop back for 64*T1 = 32 s.
const DRAIN_MAX: Duration = Duration::from_secs(45);
/// By then every call has ended and every agent is ready: a BYE to a peer that is gone takes 32 s, a phone that was
/// silent registers again, wrap-ups and rings run out, a voicemail is finished.
const SETTLE_MAX: Duration = Duration::from_secs(150);
/// By then the last callback has expired.
const CALLBACKS_MAX: Duration = Duration::from_secs(1_200);
/// How often it is looked whether any is open, and all agents are at work.
const CALLBACKS_LOOK_EVERY: Duration = Duration::from_secs(10);
/// A probing call is looked at this often.
const PROBE_LOOK_EVERY: Duration = Duration::from_millis(500);
/// And this many times: long enough to ring, talk and wrap up.
const PROBE_LOOKS: u32 = 32;
/// After the probes everything has come to rest.
const QUIET_MAX: Duration = Duration::from_secs(120);
