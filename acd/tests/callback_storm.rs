//! P7 (pacing.md section 10) in storms of random events: callbacks that are open never exceed the limit, duplicates
//! collapse to the first, the original arrival is kept, each ends in exactly one terminal state, and none begins out of hours.

mod desk;

use std::collections::BTreeMap;
use std::sync::Arc;

use acd::*;
use clock::*;
use desk::*;

const MAX: u32 = 3;
const NUMBERS: u64 = 8;
const AGENTS: [u32; 3] = [1, 2, 3];
const STEPS: usize = 600;
const SEEDS: u64 = 60;
/// Minutes of the day, from the first that the desk's clock shows, of which each second one is closed: 22:13, 22:15 ...
const FIRST_MINUTE: i64 = 22 * 60 + 13;
const MINUTES: i64 = 20;

/// What the outside knows, from effects alone.
#[derive(Default)]
struct Judge {
    known: BTreeMap<CallbackId, Callback>,
    over: BTreeMap<CallbackId, CallbackState>,
    /// Open offers and whom they are for.
    offers: Vec<(Ringing, CallId)>,
    /// Calls of callbacks that shards were told to begin.
    begun: Vec<CallId>,
    begins: u64,
    /// Calls on the line.
    lines: Vec<(CallId, String)>,
    talking: Vec<(u32, CallId)>,
    taken: u64,
    refused: u64,
    duplicates: u64,
}

impl Judge {
    fn see(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::CallbackChanged(now) => self.changed(now),
                Effect::Reply { result: Ok(Reply::Callback(taken)), .. } if !taken.callback.state.is_terminal() => {
                    self.answered(taken.callback.id, taken.is_duplicate);
                }
                Effect::Reply { result: Err(CommandError::Callback(CallbackRefusal::Limit)), .. } => self.refused += 1,
                Effect::CallbackAnswer { call, result, .. } => {
                    if let Ok((id, is_duplicate)) = result {
                        self.answered(*id, *is_duplicate);
                    }
                    if matches!(result, Ok(_) | Err(CallbackRefusal::Limit)) {
                        self.lines.retain(|(known, _)| known != call);
                    }
                    self.refused += u64::from(*result == Err(CallbackRefusal::Limit));
                }
                Effect::BeginCallback { order, .. } => {
                    self.begun.push(order.call);
                    self.begins += 1;
                }
                Effect::EndCallback { call, .. } => self.begun.retain(|known| known != call),
                Effect::Offer { call, .. } => {
                    for ringing in offers(core::slice::from_ref(effect)) {
                        self.offers.push((ringing, *call));
                    }
                }
                Effect::Withdraw { offer, .. } => self.offers.retain(|(known, _)| known.offer != *offer),
                Effect::LeaveQueue { call, .. } => self.lines.retain(|(known, _)| known != call),
                Effect::Repaired { what, .. } => panic!("{what}"),
                _ => {}
            }
        }
    }

    fn answered(&mut self, id: CallbackId, is_duplicate: bool) {
        assert!(self.known.contains_key(&id), "journaled before it is answered");
        *(if is_duplicate { &mut self.duplicates } else { &mut self.taken }) += 1;
    }

    fn changed(&mut self, now: &Callback) {
        assert!(!self.over.contains_key(&now.id), "{:?} after its end: {now:?}", self.over.get(&now.id));
        if let Some(before) = self.known.get(&now.id) {
            assert_eq!((before.arrived, before.requested_at, before.seq), (now.arrived, now.requested_at, now.seq));
            assert!(now.attempts >= before.attempts);
        }
        if now.state.is_terminal() {
            self.known.remove(&now.id);
            self.over.insert(now.id, now.state);
        } else {
            self.known.insert(now.id, now.clone());
        }
        let mut numbers: Vec<&str> = self.known.values().map(|callback| callback.number.as_str()).collect();
        let open = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), open, "one open callback a number");
        // A caller who took the place of his over and asks again keeps it, without a slot.
        assert!(open <= MAX as usize + self.lines.len() + 1, "{open} open");
    }
}

struct Storm {
    desk: Desk,
    judge: Judge,
    rng: Rng,
    next_leg: u64,
    has_hours: bool,
    /// Steps in which callbacks waited and the queue was closed.
    closed: u64,
}

/// Open in every minute but those of the storm that are odd.
fn hours() -> Arc<hours::Schedule> {
    let closed = (FIRST_MINUTE..FIRST_MINUTE + MINUTES).filter(|minute| minute % 2 == 1);
    let written = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let ends = closed.flat_map(|minute| [minute, minute + 1]);
    let ends: Vec<i64> = core::iter::once(0).chain(ends).chain([24 * 60]).collect();
    let open: Vec<String> =
        ends.chunks(2).map(|span| format!("mon-sun {}-{}", written(span[0]), written(span[1]))).collect();
    Arc::new(hours::Schedule::parse("storm", "UTC", &open, &[]).expect("a schedule"))
}

/// The same, told without a schedule.
fn is_closed(at: WallTime) -> bool {
    let minute = at.as_micros().div_euclid(60_000_000).rem_euclid(24 * 60);
    (FIRST_MINUTE..FIRST_MINUTE + MINUTES).contains(&minute) && minute % 2 == 1
}

impl Storm {
    fn new(seed: u64) -> Self {
        let callbacks = CallbackRules {
            max: MAX,
            attempts_max: 2,
            retry_after: secs(30),
            expire_after: secs(1_800),
            customer_first: seed.is_multiple_of(3),
            ..CallbackRules::default()
        };
        let has_hours = seed.is_multiple_of(4);
        let rules = QueueConfig { callbacks, hours: has_hours.then(hours), ..queue(SUPPORT, &AGENTS) };
        Self {
            desk: Desk::new(&[rules], &AGENTS),
            judge: Judge::default(),
            rng: Rng::new(seed),
            next_leg: 1,
            has_hours,
            closed: 0,
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound.max(1)
    }

    fn pick<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        let at = self.below(all.len() as u64) as usize;
        all.get(at).cloned()
    }

    fn say(&mut self, input: Input) {
        let effects = self.desk.say(input);
        self.judge.see(&effects);
    }

    fn request(&mut self, asker: Asker, number: String) -> Input {
        Input::RequestCallback(Box::new(CallbackRequest {
            asker,
            number: Some(number),
            queue: Some(SUPPORT),
            agent: None,
            source: CallbackSource::Api,
            related: None,
            due_at: None,
            priority: 0,
            device: None,
            is_verified: false,
            is_open: self.below(20) > 0,
            denied_by: (self.below(20) == 0).then_some("do_not_call"),
        }))
    }

    /// No call begins while the queue is closed. Within one step a minute may begin.
    fn step(&mut self) {
        let (before, from) = (self.judge.begins, self.desk.now.wall);
        self.event();
        let is_closed = self.has_hours && is_closed(from) && is_closed(self.desk.now.wall);
        assert!(!is_closed || self.judge.begins == before, "begun out of hours, at {from:?}");
        self.closed += u64::from(is_closed && self.judge.known.values().any(|it| it.state == CallbackState::Queued));
    }

    fn event(&mut self) {
        let number = format!("+44207000000{}", self.below(NUMBERS));
        match self.below(12) {
            0 => {
                let input = self.request(Asker::Client(RequestId(1)), number);
                self.say(input);
            }
            1 | 2 => {
                let (call, effects) = self.desk.call_from(SUPPORT, Some(&number), 0);
                self.judge.lines.push((call, number));
                self.judge.see(&effects);
            }
            3 => {
                let lines = self.judge.lines.clone();
                if let Some((call, number)) = self.pick(&lines) {
                    let input = self.request(Asker::Caller { call, shard: SHARD }, number);
                    self.say(input);
                }
            }
            4 | 5 => self.answer_an_offer(),
            6 => self.miss_an_offer(),
            7 | 8 => self.step_of_a_callback(),
            9 => {
                let talking = self.judge.talking.clone();
                if let Some((agent, call)) = self.pick(&talking) {
                    self.judge.talking.retain(|known| *known != (agent, call));
                    self.next_leg += 1;
                    let leg = LegId(self.next_leg);
                    self.say(Input::AgentFree { agent: AgentId(agent), call, leg, talked: true });
                }
            }
            10 => {
                let open: Vec<CallbackId> = self.judge.known.keys().copied().collect();
                if let Some(id) = self.pick(&open).filter(|_| self.rng.chance(0.2)) {
                    self.say(Input::CancelCallback { request: None, pick: CallbackPick::Id(id), why: "api" });
                }
            }
            _ => {
                let by = core::time::Duration::from_millis(self.below(20_000));
                let effects = self.desk.pass(by);
                self.judge.see(&effects);
            }
        }
    }

    fn answer_an_offer(&mut self) {
        let open = self.judge.offers.clone();
        let Some((ringing, call)) = self.pick(&open) else { return };
        self.judge.offers.retain(|(known, _)| *known != ringing);
        let effects = self.desk.claim(ringing);
        if granted(&effects) == 1 {
            self.judge.talking.push((ringing.agent, call));
            self.judge.lines.retain(|(known, _)| *known != call);
        }
        self.judge.see(&effects);
    }

    fn miss_an_offer(&mut self) {
        let open = self.judge.offers.clone();
        let Some((ringing, _)) = self.pick(&open) else { return };
        self.judge.offers.retain(|(known, _)| *known != ringing);
        let outcome = if self.rng.chance(0.5) { OfferOutcome::Refused } else { OfferOutcome::Unreachable };
        let effects = self.desk.ended(ringing, outcome);
        self.judge.see(&effects);
    }

    fn step_of_a_callback(&mut self) {
        let begun = self.judge.begun.clone();
        let Some(call) = self.pick(&begun) else { return };
        let step = match self.below(4) {
            0 => CallbackStep::Connected,
            1 => CallbackStep::Failed { may_retry: self.rng.chance(0.7), why: "no_answer".to_owned() },
            _ => CallbackStep::Dialing,
        };
        if step != CallbackStep::Dialing {
            self.judge.begun.retain(|known| *known != call);
            let agent = self.judge.talking.iter().find(|(_, talks)| *talks == call).map(|(agent, _)| *agent);
            self.judge.talking.retain(|(_, talks)| *talks != call);
            let talked = step == CallbackStep::Connected;
            self.say(Input::CallbackStep { call, step });
            if let Some(agent) = agent {
                self.next_leg += 1;
                let leg = LegId(self.next_leg);
                self.say(Input::AgentFree { agent: AgentId(agent), call, leg, talked });
            }
            return;
        }
        self.say(Input::CallbackStep { call, step });
    }
}

#[test]
fn p7_holds_in_storms() {
    let (mut taken, mut refused, mut duplicates, mut closed) = (0, 0, 0, 0);
    let mut ends = BTreeMap::<CallbackState, u64>::new();
    for seed in 1..=SEEDS {
        let mut storm = Storm::new(seed);
        for _ in 0..STEPS {
            storm.step();
        }
        // Everything ends: nobody answers any more, and what is dialed comes to nothing.
        for call in storm.judge.begun.clone() {
            storm
                .say(Input::CallbackStep { call, step: CallbackStep::Failed { may_retry: true, why: "x".to_owned() } });
        }
        for agent in AGENTS {
            let effects = storm.desk.status(agent, Status::Paused);
            storm.judge.see(&effects);
        }
        let effects = storm.desk.pass(secs(4 * 3_600));
        storm.judge.see(&effects);
        assert!(storm.judge.known.is_empty(), "seed {seed}: {:?}", storm.judge.known);
        assert_eq!(storm.desk.acd.counts().callbacks, 0);
        taken += storm.judge.taken;
        refused += storm.judge.refused;
        duplicates += storm.judge.duplicates;
        closed += storm.closed;
        for state in storm.judge.over.into_values() {
            *ends.entry(state).or_default() += 1;
        }
    }
    assert!(
        taken > 1_000 && refused > 100 && duplicates > 100 && closed > 500,
        "{taken} {refused} {duplicates} {closed}"
    );
    let terminal = [
        CallbackState::Connected,
        CallbackState::Exhausted,
        CallbackState::Cancelled,
        CallbackState::Expired,
        CallbackState::Superseded,
    ];
    for state in terminal {
        assert!(ends.get(&state).is_some_and(|count| *count > 20), "{state:?}: {ends:?}");
    }
}
