//! Each strategy against a book that is kept by hand: who was idle, for how long, with how many calls. The agent who
//! gets a call is the first of those who could take it (pacing.md P5).

mod desk;

use std::collections::BTreeSet;

use acd::*;
use clock::*;
use core::time::Duration;
use desk::{SHARD, SUPPORT, secs};

/// What a naive supervisor writes down of an agent.
#[derive(Clone, Debug)]
struct Page {
    agent: AgentId,
    position: u64,
    level: u8,
    weight: u32,
    skills: Vec<Skill>,
    idle_since: Instant,
    answered: u64,
    talked: Duration,
    on: Option<(CallId, Instant)>,
    rings: Option<(CallId, OfferId, Generation)>,
}

/// A centre of one queue with a book beside it.
struct Centre {
    acd: Acd,
    now: Now,
    rng: Rng,
    book: Vec<Page>,
    strategy: Strategy,
    step: Step,
    last: Option<u64>,
    waiting: BTreeSet<CallId>,
    calls: u128,
    decisions: usize,
}

impl Centre {
    fn new(strategy: Strategy, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let now = Now { mono: Instant::from_nanos(1_000_000_000), wall: WallTime::from_micros(1_700_000_000_000_000) };
        let mut order: Vec<u32> = (1..=AGENTS).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, rng.below(at as u64 + 1) as usize);
        }
        let mut book = Vec::new();
        for (agent, position) in order.into_iter().zip(0..) {
            let skills = [GERMAN, BILLING].into_iter().filter(|_| rng.chance(0.7));
            let skills = skills.map(|skill| Skill { skill, level: 1 + (agent % 4) as u8 }).collect();
            book.push(Page {
                agent: AgentId(agent),
                position,
                level: 1 + rng.below(2) as u8,
                weight: 1 + rng.below(4) as u32,
                skills,
                idle_since: now.mono,
                answered: 0,
                talked: Duration::ZERO,
                on: None,
                rings: None,
            });
        }
        let needs = vec![Need { skill: GERMAN, level: 2 }];
        let step = Step { required: needs, preferred: vec![BILLING], ..Step::default() };
        let queue = QueueConfig {
            queue: SUPPORT,
            ring: secs(100_000),
            max_wait: secs(100_000),
            strategy,
            agents: book.iter().map(|p| QueueAgent { agent: p.agent, level: p.level, weight: p.weight }).collect(),
            steps: vec![step.clone()],
            ..QueueConfig::default()
        };
        let config =
            |page: &Page| AgentConfig { agent: page.agent, skills: page.skills.clone(), ..AgentConfig::default() };
        let agents = book.iter().map(config).collect();
        let acd = Acd::new(Limits::default(), rng.fork());
        let waiting = BTreeSet::new();
        let mut centre = Self { acd, now, rng, book, strategy, step, last: None, waiting, calls: 0, decisions: 0 };
        centre.say(Input::Configure { queues: vec![queue], agents });
        for agent in 1..=AGENTS {
            centre.say(Input::Reachable { agent: AgentId(agent), reachable: true });
        }
        centre
    }

    /// Time passes, then a call comes, is answered or ends.
    fn step(&mut self) {
        self.now = self.now.plus(Duration::from_millis(1 + self.rng.below(4_000)));
        self.acd.handle_timeout(self.now);
        self.judge();
        let ringing: Vec<_> = self.book.iter().filter_map(|page| page.rings).collect();
        let talking: Vec<_> = self.book.iter().filter_map(|page| Some((page.agent, page.on?.0))).collect();
        match self.rng.below(3) {
            0 if self.waiting.len() < 6 => {
                self.calls += 1;
                let call = CallId(self.calls);
                self.waiting.insert(call);
                self.say(Input::Enqueue(Enqueue { call, shard: SHARD, queue: SUPPORT, ..Enqueue::default() }));
            }
            1 if !ringing.is_empty() => {
                let (_, offer, generation) = ringing[self.rng.below(ringing.len() as u64) as usize];
                self.say(Input::Claim { shard: SHARD, offer, generation });
            }
            _ if !talking.is_empty() => {
                let (agent, call) = talking[self.rng.below(talking.len() as u64) as usize];
                let (on, mono) = (self.page(agent).on.take(), self.now.mono);
                let page = self.page(agent);
                page.idle_since = mono;
                page.talked += on.map_or(Duration::ZERO, |(_, since)| mono - since);
                self.say(Input::AgentFree { agent, call, leg: LegId(1), talked: true });
            }
            _ => {}
        }
    }

    fn say(&mut self, input: Input) {
        self.acd.handle(self.now, input);
        self.judge();
    }

    fn judge(&mut self) {
        while let Some(effect) = self.acd.poll_effect() {
            match effect {
                Effect::Offer { offer, generation, call, agent, why, .. } => {
                    self.judge_offer(call, agent, &why);
                    self.page(agent).rings = Some((call, offer, generation));
                    self.last = Some(self.page(agent).position);
                    self.decisions += 1;
                }
                Effect::ClaimGranted { offer, .. } => {
                    let mono = self.now.mono;
                    let page = self.book.iter_mut().find(|page| page.rings.is_some_and(|(_, open, _)| open == offer));
                    let page = page.expect("an open offer");
                    let (call, ..) = page.rings.take().expect("it rings");
                    (page.on, page.answered) = (Some((call, mono)), page.answered + 1);
                    self.waiting.remove(&call);
                }
                Effect::Withdraw { offer, reason, .. } => {
                    assert_eq!(reason, WithdrawReason::AnsweredElsewhere);
                    let page = self.book.iter_mut().find(|page| page.rings.is_some_and(|(_, open, _)| open == offer));
                    page.expect("an open offer").rings = None;
                }
                _ => {}
            }
        }
        self.judge_rest();
    }

    /// P5, and what the decision says of itself.
    fn judge_offer(&self, call: CallId, chosen: AgentId, why: &Why) {
        let eligible = self.eligible();
        let grade = |page: &&Page| (page.level, core::cmp::Reverse(level(page, BILLING)));
        let best = eligible.iter().map(grade).min().expect("somebody could take it");
        let equals = || eligible.iter().filter(|page| grade(page) == best);
        let first = equals().min_by_key(|page| self.key(page)).map(|page| page.agent);
        match self.strategy {
            Strategy::Random => assert!(equals().any(|page| page.agent == chosen)),
            _ => assert_eq!(Some(chosen), first, "{:?} of {:?}", self.strategy, equals().collect::<Vec<_>>()),
        }
        assert_eq!(why.candidates as usize, eligible.len());
        assert_eq!((why.agents[0].agent, why.agents[0].standing), (chosen, Standing::Chosen));
        assert_eq!(why.required, self.step.required);
        for other in &why.agents[1..] {
            let is_eligible = eligible.iter().any(|page| page.agent == other.agent);
            assert_eq!(other.standing == Standing::Behind, is_eligible, "{other:?}");
        }
        let ringing = self.book.iter().filter(|page| page.rings.is_some_and(|(other, ..)| other == call)).count();
        let many = matches!(self.strategy, Strategy::RingAll | Strategy::ProgressiveRing { .. });
        assert!(many || ringing == 0, "one rings at a time");
        assert_eq!(why.joined, ringing > 0);
    }

    /// P3: whoever waits has somebody who rings, or nobody could; the rule is named.
    fn judge_rest(&self) {
        let free = self.eligible().len();
        for call in &self.waiting {
            let ringing = self.book.iter().filter(|page| page.rings.is_some_and(|(other, ..)| other == *call)).count();
            match self.acd.why_waits(*call) {
                Some(WhyWaits::Rings(count)) => assert_eq!(count as usize, ringing),
                Some(WhyWaits::NobodyFree(others)) => {
                    assert_eq!((others.behind, free, ringing), (0, 0, 0));
                    let named = others.skill + others.states.iter().sum::<u32>();
                    assert_eq!(named, AGENTS, "each agent has a reason: {others:?}");
                }
                other => panic!("{call}: {other:?}"),
            }
            if self.strategy == Strategy::RingAll && ringing > 0 {
                assert_eq!(free, 0, "all who can take it ring");
            }
        }
    }

    /// Who could take a call now.
    fn eligible(&self) -> Vec<&Page> {
        let free = self.book.iter().filter(|page| page.on.is_none() && page.rings.is_none());
        free.filter(|page| self.step.required.iter().all(|need| level(page, need.skill) >= need.level)).collect()
    }

    fn key(&self, page: &Page) -> (u64, u64, AgentId) {
        let key = match self.strategy {
            Strategy::LongestIdle | Strategy::RingAll => page.idle_since.as_nanos(),
            Strategy::FewestCalls => page.answered,
            Strategy::LeastTalk => page.talked.as_micros() as u64,
            Strategy::Weighted => page.answered * 1_000 / u64::from(page.weight),
            Strategy::RoundRobin if self.last.is_some_and(|last| page.position <= last) => page.position + 1_000,
            _ => page.position,
        };
        (key, 0, page.agent)
    }

    fn page(&mut self, agent: AgentId) -> &mut Page {
        self.book.iter_mut().find(|page| page.agent == agent).expect("an agent of the book")
    }
}

fn level(page: &Page, skill: SkillId) -> u8 {
    page.skills.iter().find(|one| one.skill == skill).map_or(0, |one| one.level)
}

/// Every agent and every strategy, several thousand decisions each.
fn run(strategy: Strategy) {
    let mut decisions = 0;
    for seed in 1..=4 {
        let mut centre = Centre::new(strategy, seed);
        (0..4_000).for_each(|_| centre.step());
        decisions += centre.decisions;
    }
    assert!(decisions > 1_000, "{decisions} decisions");
}

#[test]
fn longest_idle() {
    run(Strategy::LongestIdle);
}

#[test]
fn ring_all() {
    run(Strategy::RingAll);
}

#[test]
fn round_robin() {
    run(Strategy::RoundRobin);
}

#[test]
fn fewest_calls() {
    run(Strategy::FewestCalls);
}

#[test]
fn least_talk() {
    run(Strategy::LeastTalk);
}

#[test]
fn top_down() {
    run(Strategy::TopDown);
}

#[test]
fn weighted() {
    run(Strategy::Weighted);
}

#[test]
fn random_takes_only_who_can() {
    run(Strategy::Random);
}

const AGENTS: u32 = 12;
const GERMAN: SkillId = SkillId(1);
const BILLING: SkillId = SkillId(2);
