//! What the best of all rules would reach with few agents: a Markov decision process, solved.
//!
//! The agents talk and wrap up for exponential times, so that how long a talk has lasted says nothing; a number passes
//! through phases, in each of which it may be answered by a person or end, as the usual day's laws have it, and is given up
//! when it has rung for 15 s. The rule that is best knows all of these laws and counts; of a number it knows its phase
//! alone: the more phases, the better it knows how long it has rung. No machine gets through, and nobody pauses.

use std::collections::BTreeMap;

use clock::Rng;
use sim::pacing::Scenario;

/// The most that can be had at one price of an abandoned call.
pub(crate) struct Bound {
    /// (talk + wrap-up) / (talk + wrap-up + idle).
    pub(crate) occupancy: f64,
    /// Abandoned over live answers.
    pub(crate) abandoned: f64,
}

/// The frontier of a usual day with one number of agents, where people answer this share of the numbers: from cheap
/// abandoned calls to dear ones.
pub(crate) fn frontier<const PHASES: usize>(day: &Scenario, agents: usize, answer_rate: f64) -> Vec<Bound> {
    let model = Model::<PHASES>::of(day, agents, answer_rate);
    let mut values = vec![0.0; model.agents.len() * model.calls.len()];
    let gains: Vec<f64> = PRICES.iter().map(|price| model.solve(*price, &mut values)).collect();
    let both = PRICES.windows(2).zip(gains.windows(2));
    both.map(|(price, gain)| {
        // What is gained falls with the price by the abandoned calls of a second.
        let abandoned = (gain[0] - gain[1]) / (price[1] - price[0]);
        let busy = f64::midpoint(gain[0] + price[0] * abandoned, gain[1] + price[1] * abandoned);
        let served = busy / (model.talk_s + model.wrap_s);
        Bound { occupancy: busy / agents as f64, abandoned: abandoned / (abandoned + served) }
    })
    .collect()
}

/// The states and what leads from one to another.
struct Model<const PHASES: usize> {
    talk_s: f64,
    wrap_s: f64,
    /// Chances to be answered in each phase by a person, and to end otherwise.
    answered: [f64; PHASES],
    ended: [f64; PHASES],
    count: usize,
    /// Talking and in wrap-up.
    agents: Vec<(usize, usize)>,
    /// Numbers in each phase, most numbers first.
    calls: Vec<[u8; PHASES]>,
    /// The state with one more number, one less of each phase, one gone on from each phase.
    more: Vec<Option<usize>>,
    less: Vec<[usize; PHASES]>,
    on: Vec<[usize; PHASES]>,
}

impl<const PHASES: usize> Model<PHASES> {
    fn of(day: &Scenario, count: usize, answer_rate: f64) -> Self {
        let (answered, ended) = phases(day, answer_rate);
        let mean = |law: &sim::pacing::Law| {
            let mut rng = Rng::new(1);
            (0..DRAWS).map(|_| law.draw(&mut rng)).sum::<f64>() / f64::from(DRAWS)
        };
        let busy = |talking| (0..=count - talking).map(move |wrapping| (talking, wrapping));
        let agents: Vec<_> = (0..=count).flat_map(busy).collect();
        let mut calls = all_calls::<PHASES>();
        calls.sort_by_key(|calls| core::cmp::Reverse(total(calls)));
        let known: BTreeMap<[u8; PHASES], usize> = calls.iter().enumerate().map(|(at, calls)| (*calls, at)).collect();
        let place = |calls: &[u8; PHASES], from: usize, to: Option<usize>| {
            let mut next = *calls;
            next[from] = next[from].saturating_sub(1);
            to.into_iter().for_each(|to| next[to] += 1);
            known.get(&next).copied().unwrap_or(0)
        };
        let next = |phase: usize| (phase + 1 < PHASES).then_some(phase + 1);
        let one_more = |calls: &[u8; PHASES]| {
            let mut more = *calls;
            more[0] += 1;
            known.get(&more).copied()
        };
        Self {
            talk_s: mean(&day.talk),
            wrap_s: mean(&day.wrap),
            answered,
            ended,
            count,
            agents,
            more: calls.iter().map(one_more).collect(),
            less: calls.iter().map(|calls| core::array::from_fn(|phase| place(calls, phase, None))).collect(),
            on: calls.iter().map(|calls| core::array::from_fn(|phase| place(calls, phase, next(phase)))).collect(),
            calls,
        }
    }

    /// The most that a second gains on average: busy agents, less the price of the calls abandoned (relative value iteration).
    fn solve(&self, price: f64, values: &mut [f64]) -> f64 {
        // States change at most so often a second.
        let rate = f64::from(CALLS) / phase_s(PHASES) + self.count as f64 / self.wrap_s.min(self.talk_s);
        let width = self.calls.len();
        let mut gain = 0.0;
        // A float to integer cast saturates.
        for _ in 0..(SETTLED_S * rate) as usize {
            for at in 0..values.len() {
                // More numbers come first, so their values are those after dialling already.
                if let Some(more) = self.more[at % width] {
                    values[at] = values[at].max(values[at - at % width + more]);
                }
            }
            let next: Vec<f64> = (0..values.len()).map(|at| self.next(at, price, rate, values) / rate).collect();
            gain = next[0] - values[0];
            values.iter_mut().zip(&next).for_each(|(value, worth)| *value = worth - next[0]);
        }
        gain * rate
    }

    /// Where a state of the agents stands among all.
    fn place(&self, talking: usize, wrapping: usize) -> usize {
        talking * (2 * self.count + 3 - talking) / 2 + wrapping
    }

    /// What a state is worth a moment later, times `rate`.
    fn next(&self, at: usize, price: f64, rate: f64, values: &[f64]) -> f64 {
        let width = self.calls.len();
        let (busy, calls) = (at / width, at % width);
        let (talking, wrapping) = self.agents[busy];
        let of = |talking: usize, wrapping: usize, calls: usize| values[self.place(talking, wrapping) * width + calls];
        let (ends, frees) = (talking as f64 / self.talk_s, wrapping as f64 / self.wrap_s);
        let mut worth = (talking + wrapping) as f64;
        let mut stays = rate - ends - frees;
        if talking > 0 {
            worth += ends * of(talking - 1, wrapping + 1, calls);
        }
        if wrapping > 0 {
            worth += frees * of(talking, wrapping - 1, calls);
        }
        for phase in (0..PHASES).filter(|phase| self.calls[calls][*phase] > 0) {
            let moves = f64::from(self.calls[calls][phase]) / phase_s(PHASES);
            let less = self.less[calls][phase];
            let lost = of(talking, wrapping, less) - price;
            let served = if talking + wrapping < self.count {
                of(talking + 1, wrapping, less)
            } else if wrapping > 0 {
                // Somebody may be free before the limit is over.
                let soon = 1.0 - (-SLACK_S * frees).exp();
                soon * of(talking + 1, wrapping - 1, less) + (1.0 - soon) * lost
            } else {
                lost
            };
            let (answered, ended) = (self.answered[phase], self.ended[phase]);
            let on = values[busy * width + self.on[calls][phase]];
            let other = ended * of(talking, wrapping, less) + (1.0 - answered - ended) * on;
            worth += moves * (answered * served + other);
            stays -= moves;
        }
        worth + stays * values[at]
    }
}

/// The chances of each phase, from what a day's laws draw: answered by a person, and known to be; ended otherwise.
fn phases<const PHASES: usize>(day: &Scenario, answer_rate: f64) -> ([f64; PHASES], [f64; PHASES]) {
    let mut rng = Rng::new(2);
    let mut counts = [[0.0; 3]; PHASES];
    for _ in 0..DRAWS {
        let drawn = rng.unit();
        let (is_person, ring) = if drawn < answer_rate {
            (true, day.ring_human.draw(&mut rng))
        } else if drawn < answer_rate + day.machine_rate {
            (false, day.ring_machine.draw(&mut rng))
        } else if drawn < answer_rate + day.machine_rate + day.busy_fail_rate {
            (false, 0.0)
        } else {
            (false, f64::INFINITY)
        };
        let is_answered = 0.0 < ring && ring <= RINGS_S;
        let is_person = is_person && is_answered;
        let detection = if is_answered { day.greeting.draw(&mut rng) + day.amd.delay.draw(&mut rng) } else { 0.0 };
        let known = day.post_dial_delay.draw(&mut rng) + ring.min(RINGS_S) + detection;
        for (phase, [reached, answered, ended]) in counts.iter_mut().enumerate() {
            *reached += f64::from(u8::from(known >= phase as f64 * phase_s(PHASES)));
            // A float to integer cast saturates.
            let is_here = ((known / phase_s(PHASES)) as usize).min(PHASES - 1) == phase;
            *answered += f64::from(u8::from(is_here && is_person));
            *ended += f64::from(u8::from(is_here && !is_person));
        }
    }
    (counts.map(|[reached, answered, _]| answered / reached), counts.map(|[reached, _, ended]| ended / reached))
}

fn all_calls<const PHASES: usize>() -> Vec<[u8; PHASES]> {
    let mut all = vec![[0; PHASES]];
    for phase in 0..PHASES {
        let with = |calls: [u8; PHASES]| {
            (0..=CALLS - total(&calls)).map(move |count| {
                let mut calls = calls;
                calls[phase] = count;
                calls
            })
        };
        all = all.into_iter().flat_map(with).collect();
    }
    all
}

fn total(calls: &[u8]) -> u8 {
    calls.iter().sum()
}

/// How long each of so many phases lasts on average, s.
fn phase_s(phases: usize) -> f64 {
    ATTEMPT_S / phases as f64
}

/// All phases of a number: it is set up, and rings for 15 s.
const ATTEMPT_S: f64 = 17.5;
/// So long a number rings at most, s.
const RINGS_S: f64 = 15.0;
/// Numbers at once, at most.
const CALLS: u8 = 7;
/// What is left of the limit when the detection has decided, s.
const SLACK_S: f64 = 1.45;
/// What an abandoned call costs, in seconds of an agent.
const PRICES: [f64; 8] = [130.0, 170.0, 205.0, 240.0, 290.0, 360.0, 500.0, 800.0];
/// Until nothing changes any more: so many seconds of changes of state.
const SETTLED_S: f64 = 440.0;
const DRAWS: u32 = 200_000;
