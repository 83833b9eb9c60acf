//! The call distributor that is built anew when it breaks, while calls stay up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use acd::{Acd, AgentConfig, Checkpoint, Counts, Effect, Input, Limits, QueueConfig, Snapshot, Status, Steer};
use clock::{AgentId, CallId, Instant, Now, QueueId, Rng, ShardId};

use super::guard::{Guard, attempt};
use super::{Alarm, Named};
use crate::{AcdOutlet, CommandError, Delivery};

/// The ACD with its outlet, its last checkpoint and what it was told since.
///
/// A core of one shape does the same with the same inputs. So the one that takes the place of a broken one has every
/// caller, offer, leg, wrap-up and status where they were, save what the failing input would have changed; and as a
/// checkpoint holds rows alone, a broken index does not outlive its owner.
#[derive(Debug)]
pub struct AcdOwner {
    acd: Acd,
    outlet: AcdOutlet,
    checkpoint: Checkpoint,
    /// Since the checkpoint; none for a time-out.
    told: Vec<(Now, Option<Input>)>,
    /// What the entries of `told` amount to.
    weight: usize,
    rules: Option<(Vec<QueueConfig>, Vec<AgentConfig>)>,
    shards: BTreeSet<ShardId>,
    /// Queues of which a call was quarantined when it entered: at the next one it is the queue.
    blamed: BTreeSet<QueueId>,
    /// What is known of quarantined agents, for their return.
    away: BTreeMap<AgentId, Away>,
    guard: Guard,
    out: VecDeque<Delivery>,
    #[cfg(feature = "fault-injection")]
    faults: super::fault::Faults,
}

/// A quarantined agent, of whom the ACD knows nothing.
#[derive(Clone, Debug)]
struct Away {
    status: Status,
    reason: Option<String>,
    reachable: bool,
}

impl AcdOwner {
    /// An ACD without queues and agents.
    #[must_use]
    pub fn new(limits: Limits, rng: Rng) -> Self {
        let acd = Acd::new(limits, rng);
        Self {
            checkpoint: acd.checkpoint(),
            acd,
            outlet: AcdOutlet::new(),
            told: Vec::new(),
            weight: 0,
            rules: None,
            shards: BTreeSet::new(),
            blamed: BTreeSet::new(),
            away: BTreeMap::new(),
            guard: Guard::default(),
            out: VecDeque::new(),
            #[cfg(feature = "fault-injection")]
            faults: super::fault::Faults::default(),
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Now, input: Input) {
        if self.guard.has_given_up() {
            return;
        }
        self.note(&input);
        let input = self.without_quarantined(input);
        if self.guard.bars_anything() && self.is_barred(&input) {
            return self.refuse(input);
        }
        match self.take(now, input.clone()) {
            Ok(()) => self.remember(now, Some(input)),
            Err(why) => self.recover(now, Some(input), why),
        }
    }

    /// Takes inputs that name this again: a queue and an agent come back as the rules have them, the agent as reachable
    /// as he is and with the status that he chose. Whatever broke it may do so again.
    pub fn release(&mut self, now: Now, named: &Named) {
        if self.guard.has_given_up() || !self.guard.release(named) {
            return;
        }
        self.out.push_back(Delivery::Alarm(Alarm::Released(named.clone())));
        if let Named::Queue(queue) = named {
            self.blamed.remove(queue);
        }
        if let (Named::Queue(_) | Named::Agent(_), Some((queues, agents))) = (named, self.rules.clone()) {
            self.handle(now, Input::Configure { queues, agents });
        }
        if let Named::Agent(agent) = named
            && let Some(away) = self.away.remove(agent)
        {
            away.inputs(*agent).into_iter().for_each(|input| self.handle(now, input));
        }
        // What he does on a call is the shards' to say.
        self.out.extend(self.shards.iter().map(|shard| Delivery::Shard(*shard, call::Input::TellFacts)));
    }

    /// Runs the timers that are due; early calls do nothing.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.guard.has_given_up() {
            return;
        }
        let is_due = self.acd.poll_timeout().is_some_and(|(at, _)| at <= now.mono);
        match self.take_timeout(now) {
            Ok(()) if is_due => self.remember(now, None),
            Ok(()) => {}
            Err(why) => self.recover(now, None, why),
        }
    }

    /// What is to be delivered next; drained before the next input.
    pub fn poll_delivery(&mut self, now: Now) -> Option<Delivery> {
        self.poll_seen(now, |_| {})
    }

    /// The same, with the core's own words shown to `see` (the simulator judges them).
    pub fn poll_seen(&mut self, now: Now, see: impl FnOnce(&Effect)) -> Option<Delivery> {
        if let Some(first) = self.out.pop_front() {
            return Some(first);
        }
        let effect = self.acd.poll_effect()?;
        see(&effect);
        if let Effect::Disposed(said) = &effect {
            // Of a call of a campaign: its lead comes again, or not.
            self.out.push_back(Delivery::Disposed(said.clone()));
        }
        Some(self.outlet.route(now.wall, effect))
    }

    /// When to call `handle_timeout` again.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        self.acd.poll_timeout().map(|(at, _)| at)
    }

    /// What others may see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.acd.snapshot()
    }

    /// How much it holds.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.acd.counts()
    }

    /// Lets it break, as `fault` says.
    #[cfg(feature = "fault-injection")]
    pub fn break_at(&mut self, fault: super::Fault) {
        self.faults.add(fault);
    }

    /// Plants a fault in the ACD.
    #[cfg(feature = "planted-faults")]
    pub fn plant(&mut self, fault: acd::Planted) {
        self.acd.plant(fault);
        self.checkpoint = self.acd.checkpoint();
    }

    fn note(&mut self, input: &Input) {
        match input {
            Input::Configure { queues, agents } => self.rules = Some((queues.clone(), agents.clone())),
            Input::Enqueue(acd::Enqueue { shard, .. }) | Input::Facts { shard, .. } => drop(self.shards.insert(*shard)),
            Input::Reachable { agent, reachable } => {
                if let Some(away) = self.away.get_mut(agent) {
                    away.reachable = *reachable;
                }
            }
            _ => {}
        }
    }

    fn take(&mut self, now: Now, input: Input) -> Result<(), String> {
        attempt(|| {
            #[cfg(feature = "fault-injection")]
            let names = Named::all_in_acd(&input, &self.acd);
            self.acd.handle(now, input);
            #[cfg(feature = "fault-injection")]
            self.faults.strike(Some(&names));
        })
    }

    fn take_timeout(&mut self, now: Now) -> Result<(), String> {
        attempt(|| {
            self.acd.handle_timeout(now);
            #[cfg(feature = "fault-injection")]
            self.faults.strike(None);
        })
    }

    /// Notes what it took. A checkpoint costs as much as there are rows, so it is taken after as many inputs.
    fn remember(&mut self, now: Now, input: Option<Input>) {
        self.weight += input.as_ref().map_or(1, weight);
        self.told.push((now, input));
        let counts = self.acd.counts();
        let rows = counts.agents + counts.waiting + counts.places;
        if self.weight >= rows.clamp(REPLAYED_MIN, REPLAYED_MAX) {
            self.checkpoint = self.acd.checkpoint();
            self.told.clear();
            self.weight = 0;
        }
    }

    /// Builds the ACD anew and tries again what broke it.
    fn recover(&mut self, now: Now, input: Option<Input>, why: String) {
        if !self.rebuild(now, input.as_ref(), why) {
            return;
        }
        let again = match &input {
            Some(input) => self.take(now, input.clone()),
            None => self.take_timeout(now),
        };
        match again {
            Ok(()) => self.remember(now, input),
            Err(why) => {
                if !self.rebuild(now, input.as_ref(), why) {
                    return;
                }
                let named = match &input {
                    Some(input) => self.named(input),
                    None => self.acd.due().map(|(agent, call)| match (agent, call) {
                        (Some(agent), _) => Named::Agent(agent),
                        (None, call) => Named::Call(call.unwrap_or_default()),
                    }),
                };
                named.into_iter().for_each(|named| self.quarantine(now, named));
                input.into_iter().for_each(|input| self.refuse(input));
            }
        }
        // Nothing should differ; if it does, it is repaired and alarmed.
        self.out.extend(self.shards.iter().map(|shard| Delivery::Shard(*shard, call::Input::TellFacts)));
    }

    /// The ACD before the input that broke it; false when the owner gives up.
    fn rebuild(&mut self, now: Now, input: Option<&Input>, why: String) -> bool {
        let named = input.and_then(|input| Named::in_acd(input, &self.acd));
        self.out.push_back(Delivery::Alarm(Alarm::Broke { named, why }));
        if !self.guard.may_rebuild(now.mono) {
            self.give_up();
            return false;
        }
        match attempt(|| self.checkpoint.replay(&self.told)) {
            Ok(acd) => {
                self.acd = acd;
                true
            }
            Err(_) => {
                self.give_up();
                false
            }
        }
    }

    /// What to quarantine for an input that failed twice: of a call that enters a queue the call, and the queue when
    /// another of its calls did so before.
    fn named(&mut self, input: &Input) -> Option<Named> {
        match input {
            Input::Enqueue(acd::Enqueue { queue, .. }) if !self.blamed.insert(*queue) => Some(Named::Queue(*queue)),
            input => Named::in_acd(input, &self.acd),
        }
    }

    /// Takes what is named out of the ACD: a queue and an agent by rules without them, a call by its leaving.
    fn quarantine(&mut self, now: Now, named: Named) {
        if !self.guard.quarantine(named.clone()) {
            return;
        }
        self.out.push_back(Delivery::Alarm(Alarm::Quarantined(named.clone())));
        if let Named::Agent(id) = &named
            && let Some(agent) = self.acd.snapshot().agents.into_iter().find(|agent| agent.agent == *id)
        {
            let reason = agent.reason.filter(|_| agent.status == Status::Paused);
            self.away.insert(*id, Away { status: agent.status, reason, reachable: agent.reachable });
        }
        let input = match named {
            Named::Call(call) => {
                self.send_away(call);
                Input::CallerGone { call }
            }
            _ => {
                let (queues, agents) = self.rules.clone().unwrap_or_default();
                self.without_quarantined(Input::Configure { queues, agents })
            }
        };
        match attempt(|| self.acd.handle(now, input.clone())) {
            Ok(()) => self.remember(now, Some(input)),
            Err(_) => self.give_up(),
        }
    }

    /// A call that waits goes the way of those whose longest wait is over.
    fn send_away(&mut self, call: CallId) {
        if let Some((shard, queue)) = self.acd.waits_in(call) {
            self.out.push_back(Delivery::Shard(
                shard,
                call::Input::LeaveQueue { call, queue, why: call::Unserved::TimedOut },
            ));
        }
    }

    fn without_quarantined(&self, input: Input) -> Input {
        match input {
            Input::Configure { mut queues, mut agents } => {
                queues.retain(|queue| !self.guard.bars(&Named::Queue(queue.queue)));
                agents.retain(|agent| !self.guard.bars(&Named::Agent(agent.agent)));
                Input::Configure { queues, agents }
            }
            input => input,
        }
    }

    fn is_barred(&self, input: &Input) -> bool {
        Named::in_acd(input, &self.acd).is_some_and(|named| self.guard.bars(&named))
    }

    /// What the others hear of an input that is not handed to the ACD.
    fn refuse(&mut self, input: Input) {
        self.out.push_back(match input {
            Input::Enqueue(acd::Enqueue { call, shard, queue, .. }) => {
                Delivery::Shard(shard, call::Input::LeaveQueue { call, queue, why: call::Unserved::TimedOut })
            }
            Input::Claim { shard, offer, generation } => {
                Delivery::Shard(shard, call::Input::ClaimRefused { offer, generation })
            }
            Input::RequestCallback(asked) => match asked.asker {
                acd::Asker::Client(request) => {
                    let reason = "quarantined".to_owned();
                    Delivery::Answer { request, result: Err(CommandError::Unavailable { reason }), gate: None }
                }
                acd::Asker::Caller { call, shard } => {
                    let result = Err("quarantined".to_owned());
                    Delivery::Shard(shard, call::Input::CallbackAnswer { call, result })
                }
            },
            Input::SetStatus { request: Some(request), .. }
            | Input::CancelCallback { request: Some(request), .. }
            | Input::Steer(Steer { request: Some(request), .. })
            | Input::WhyIdle { request, .. }
            | Input::WhyWait { request, .. }
            | Input::Dispose { request: Some(request), .. }
            | Input::ExtendWrapUp { request: Some(request), .. }
            | Input::SetStandingLeg { request: Some(request), .. }
            | Input::ChooseQueues { request: Some(request), .. } => {
                let reason = "quarantined".to_owned();
                Delivery::Answer { request, result: Err(CommandError::Unavailable { reason }), gate: None }
            }
            _ => Delivery::Dropped { reason: "quarantined" },
        });
    }

    fn give_up(&mut self) {
        self.guard.give_up();
        self.out.push_back(Delivery::Alarm(Alarm::GaveUp));
    }
}

impl Away {
    fn inputs(self, agent: AgentId) -> [Input; 2] {
        let Self { status, reason, reachable } = self;
        [Input::Reachable { agent, reachable }, Input::SetStatus { request: None, agent, status, reason }]
    }
}

/// How many rows an input has.
fn weight(input: &Input) -> usize {
    match input {
        Input::Facts { legs, waiting, offers, .. } => 1 + legs.len() + waiting.len() + offers.len(),
        Input::Configure { queues, agents } => 1 + queues.len() + agents.len(),
        _ => 1,
    }
}

/// Inputs between two checkpoints of a small centre: some 2 ms of replaying, some 100 KB.
const REPLAYED_MIN: usize = 1_024;
/// And of a large one: below 200 ms of replaying.
const REPLAYED_MAX: usize = 50_000;

#[cfg(all(test, feature = "fault-injection"))]
mod tests;
