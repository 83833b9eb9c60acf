//! Random carriers, phones, people, clocks and crashes around one ACD. What happens next is drawn from what the model
//! says is possible, with a tenth of words that are stale or make no sense.

mod callbacks;
mod inputs;
mod rules;

use core::time::Duration;

use acd::*;
use clock::*;

use crate::checker::{Checker, Counted};

/// One storm.
pub(crate) struct Storm {
    pub(crate) checker: Checker,
    pub(crate) acd: Acd,
    /// Inputs so far, and those of them that changed something.
    pub(crate) events: u64,
    pub(crate) accepted: u64,
    rng: Rng,
    /// Offers of late, to be named again when they are stale.
    offers: Vec<(OfferId, Generation)>,
    /// Whose phone went away just now and may be back at once.
    flapping: Option<AgentId>,
    calls: u128,
    legs: u64,
    checkpoint: Checkpoint,
    /// Since the checkpoint.
    told: Vec<(Now, Option<Input>)>,
    /// Few callers come, so that agents are free and one of several has to be chosen.
    is_quiet: bool,
    /// No time passes.
    pub(crate) is_still: bool,
}

impl Storm {
    /// The storm of a seed; `plant` may do something to its ACD first.
    pub(crate) fn new(seed: u64, plant: impl FnOnce(&mut Acd)) -> Self {
        let mut rng = Rng::new(seed);
        let mut acd = Acd::new(Limits::default(), rng.fork());
        plant(&mut acd);
        let mut storm = Self {
            checkpoint: acd.checkpoint(),
            rng,
            acd,
            checker: Checker::default(),
            offers: Vec::new(),
            flapping: None,
            calls: 1,
            legs: 1,
            events: 0,
            accepted: 0,
            told: Vec::new(),
            is_quiet: false,
            is_still: false,
        };
        storm.checker.counted = Some(Counted::new());
        storm.checker.now = Now { mono: Instant::from_nanos(17), wall: WallTime::from_micros(1_700_000_000_000_000) };
        storm.configure();
        for id in 1..=AGENTS {
            storm.say(Input::Reachable { agent: AgentId(id), reachable: true });
        }
        storm
    }

    /// Runs until something does not hold, `events` at most.
    pub(crate) fn run(&mut self, events: u64) {
        while self.events < events && self.checker.violations.is_empty() {
            self.step();
        }
    }

    /// Some time, often none, then one event.
    pub(crate) fn step(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        if !self.is_still && self.rng.chance(0.4) {
            let by = Duration::from_nanos(self.rng.below(3_000_000_000));
            effects.extend(self.pass(by));
        }
        if self.rng.chance(0.02) {
            let jump = self.rng.below(7_200_000_000) as i64 - 3_600_000_000;
            let wall = self.checker.now.wall.as_micros() + jump;
            self.checker.now.wall = WallTime::from_micros(wall);
            self.checker.coverage.hit("clock: set");
        }
        if self.rng.chance(0.01) {
            self.crash();
        }
        // Who was taken out while he talks is often put back before his call ends.
        let reload = if self.checker.gone.is_empty() { 0.025 } else { 0.05 };
        if self.rng.chance(reload) {
            effects.extend(self.configure());
        }
        if self.rng.chance(0.002) {
            self.is_quiet = !self.is_quiet;
        }
        let input = self.any_input();
        effects.extend(self.say(input));
        if self.events.is_multiple_of(VIEW_EVERY) {
            self.checker.judge_view(&self.acd);
        }
        if self.events.is_multiple_of(FIGURES_EVERY) {
            self.checker.judge_figures();
        }
        effects
    }

    pub(crate) fn say(&mut self, input: Input) -> Vec<Effect> {
        self.events += 1;
        let mut now = self.checker.now;
        if self.rng.chance(0.01) {
            // P11: a clock that steps back is a clock that stands still.
            self.acd.handle_timeout(now);
            self.remember(now, None);
            now.mono = Instant::from_nanos(now.mono.as_nanos().saturating_sub(self.rng.below(1_000_000_000)));
            self.checker.coverage.hit("clock: monotonic one steps back");
        }
        self.acd.handle(now, input.clone());
        let accepted = self.checker.input(&input);
        self.accepted += u64::from(accepted);
        self.checker.coverage.hit(name(&input, accepted));
        self.remember(now, Some(input.clone()));
        self.judge(Some(&input))
    }

    /// Lets time pass; each timer must be due exactly when the book says.
    pub(crate) fn pass(&mut self, by: Duration) -> Vec<Effect> {
        let end = self.checker.now.plus(by);
        let mut effects = Vec::new();
        loop {
            let due = self.acd.poll_timeout().map(|(at, _)| at);
            let by_book = self.checker.next_due();
            if due != by_book {
                let timer = (self.acd.poll_timeout(), self.acd.due());
                let what = format!("due {timer:?}, by the book {by_book:?}");
                self.checker.violations.push(("P6 timers to one tick", what));
                break;
            }
            let Some(at) = due.filter(|at| *at <= end.mono) else { break };
            self.checker.now = self.checker.now.plus(at.since(self.checker.now.mono));
            self.acd.handle_timeout(self.checker.now);
            self.checker.timeout();
            self.remember(self.checker.now, None);
            effects.extend(self.judge(None));
            if !self.checker.violations.is_empty() {
                break;
            }
        }
        self.checker.now = end;
        effects
    }

    fn judge(&mut self, input: Option<&Input>) -> Vec<Effect> {
        let effects: Vec<Effect> = core::iter::from_fn(|| self.acd.poll_effect()).collect();
        self.checker.fold(input, &effects);
        self.checker.judge(&effects, true);
        for effect in &effects {
            if let Effect::Offer { offer, generation, .. } = effect {
                if self.offers.len() >= STALE_MAX {
                    self.offers.remove(0);
                }
                self.offers.push((*offer, *generation));
            }
        }
        effects
    }

    fn remember(&mut self, now: Now, input: Option<Input>) {
        self.told.push((now, input));
        if self.told.len() >= CHECKPOINT_EVERY {
            self.checkpoint = self.acd.checkpoint();
            self.told.clear();
        }
    }

    /// P10: the owner broke; the one that is built from its last checkpoint and what it was told since is the same.
    fn crash(&mut self) {
        let anew = self.checkpoint.replay(&self.told);
        let mut old = core::mem::replace(&mut self.acd, anew);
        let is_same = self.acd.snapshot() == old.snapshot()
            && self.acd.counts() == old.counts()
            // Timers of one moment have no order that a rebuild would keep.
            && self.acd.poll_timeout().map(|(at, _)| at) == old.poll_timeout().map(|(at, _)| at);
        if !is_same {
            let what = difference(&mut self.acd, &mut old);
            self.checker.violations.push(("P10 the same after a crash", what));
        }
        self.checker.coverage.hit("crash: built anew from checkpoint and log");
        if self.rng.chance(0.2) {
            self.acd = Acd::restore(self.acd.checkpoint(), self.checker.now);
            self.checkpoint = self.acd.checkpoint();
            self.told.clear();
            while self.acd.poll_effect().is_some() {}
            self.checker.coverage.hit("crash: restored from a checkpoint alone");
        }
    }

    /// The storm ends: nothing may stay behind (liveness and leaks).
    pub(crate) fn calm(&mut self) {
        while let Some(id) = self.checker.backs.values().next().and_then(|back| back.id) {
            self.say(Input::CancelCallback { request: None, pick: CallbackPick::Id(id), why: "calm" });
        }
        while let Some(call) = self.checker.calls.keys().next().copied() {
            self.say(Input::CallerGone { call });
        }
        for shard in [ShardId(0), ShardId(1)] {
            self.say(Input::ShardLost { shard });
        }
        self.pass(Duration::from_secs(3600));
        self.checker.judge_view(&self.acd);
        let counts = self.acd.counts();
        let left = (counts.timers, counts.offers, counts.waiting, counts.legs, counts.places, counts.suspects);
        if (left, counts.callbacks) != ((0, 0, 0, 0, 0, 0), 0) {
            self.checker.violations.push(("nothing stays behind", format!("{counts:?}")));
        }
    }
}

/// What of one ACD is not as in the other.
fn difference(anew: &mut Acd, old: &mut Acd) -> String {
    let (one, two) = (anew.snapshot(), old.snapshot());
    let agents = one.agents.iter().zip(&two.agents).filter(|(one, two)| one != two).map(|pair| format!("{pair:?}"));
    let queues = one.queues.iter().zip(&two.queues).filter(|(one, two)| one != two).map(|pair| format!("{pair:?}"));
    let of_one = one.callbacks.iter().filter(|it| !two.callbacks.contains(it)).map(|it| format!("anew {it:?}"));
    let of_two = two.callbacks.iter().filter(|it| !one.callbacks.contains(it)).map(|it| format!("before {it:?}"));
    let counts = [format!("{:?}", (anew.poll_timeout(), old.poll_timeout(), anew.counts(), old.counts()))];
    agents.chain(of_one).chain(of_two).chain(counts).chain(queues).collect::<Vec<_>>().join("; ")
}

/// An input's name in the table of what happened.
fn name(input: &Input, accepted: bool) -> &'static str {
    if !accepted {
        return "input: changed nothing";
    }
    match input {
        Input::Configure { .. } => "input: configure",
        Input::Enqueue { .. } => "input: enqueue",
        Input::CallerGone { .. } => "input: caller gone",
        Input::CallerMoved { .. } => "input: caller moved by a key",
        Input::AskPlace { .. } => "input: place asked",
        Input::Claim { .. } => "input: claim",
        Input::OfferEnded { .. } => "input: offer ended",
        Input::AgentBusy { .. } => "input: agent busy",
        Input::AgentFree { .. } => "input: agent free",
        Input::Reachable { .. } => "input: reachable",
        Input::SetStatus { .. } => "input: set status",
        Input::Facts { .. } => "input: facts",
        Input::ShardLost { .. } => "input: shard lost",
        Input::RestorePlace { .. } => "input: restore place",
        Input::RequestCallback(_) => "input: callback asked for",
        Input::CancelCallback { .. } => "input: callback called off",
        Input::CallbackStep { .. } => "input: step of a callback",
        Input::CallbackFacts { .. } => "input: facts of callbacks",
        Input::RestoreCallback(_) => "input: callback restored",
        Input::WhyIdle { .. } => "input: why idle",
        Input::WhyWait { .. } => "input: why calls wait",
        Input::LastAgents(_) => "input: last agents",
        Input::Owners(_) => "input: owners",
        Input::Lent(_) => "input: lent skills",
        Input::Steer(_) => "input: steer",
        Input::AgentRules { .. }
        | Input::Answers { .. }
        | Input::AgentHolds { .. }
        | Input::Dispose { .. }
        | Input::ExtendWrapUp { .. }
        | Input::SetStandingLeg { .. }
        | Input::StandingLeg { .. }
        | Input::StandingFacts { .. }
        | Input::ChooseQueues { .. } => "input: duty",
    }
}

pub(crate) const AGENTS: u32 = 9;
const VIEW_EVERY: u64 = 20;
const FIGURES_EVERY: u64 = 200;
/// Ended offers that are spoken of again: enough that late words come up often.
const STALE_MAX: usize = 32;
const CHECKPOINT_EVERY: usize = 100;
