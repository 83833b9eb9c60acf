//! What becomes of each number, by the laws of a scenario: the same laws that `trunkline simulate` draws from.

use std::sync::Arc;
use std::time::Duration;

use clock::Rng;
use sim::pacing::{AnswerRate, Law, Scenario};

use crate::audio::{Sound, Sounds};

/// What happens when a number is dialed.
#[derive(Clone, Debug)]
pub(crate) struct Fate {
    /// From the INVITE to the ringing.
    pub(crate) post_dial: Duration,
    pub(crate) party: Party,
}

/// Who or what is there.
#[derive(Clone, Debug)]
pub(crate) enum Party {
    Person {
        ring: Duration,
        voice: Arc<Sound>,
        /// How long he talks with an agent.
        talk: Duration,
        /// How long he waits for one after his greeting.
        patience: Duration,
    },
    Machine {
        ring: Duration,
        voice: Arc<Sound>,
        /// How long an agent stays with it.
        talk: Duration,
    },
    /// A final answer.
    Refused(u16),
    /// Told by sound before any answer; who goes on listening gets this answer in the end.
    Tone(Arc<Sound>, u16),
    /// It rings out.
    Nobody,
}

/// Draws fates: the same for the same seed and number.
#[derive(Debug)]
pub(crate) struct Fates {
    scenario: Scenario,
    sounds: Sounds,
    seed: u64,
}

impl Fates {
    pub(crate) fn new(scenario: Scenario, seed: u64) -> Self {
        Self { scenario, sounds: Sounds::read(), seed }
    }

    /// The fate of the `nth` number.
    pub(crate) fn of(&self, nth: usize) -> Fate {
        let rng = &mut Rng::new(self.seed.wrapping_mul(1_000_003).wrapping_add(nth as u64));
        let laws = &self.scenario;
        let AnswerRate::Steps { points } = &laws.answer_rate else { panic!("the city's answer rate is a step") };
        let (person, drawn) = (points[0].1, rng.unit());
        let post_dial = duration(&laws.post_dial_delay, rng);
        let party = if drawn < person {
            Party::Person {
                ring: duration(&laws.ring_human, rng),
                voice: one(&self.sounds.people, rng),
                talk: duration(&laws.talk, rng),
                patience: duration(&laws.patience, rng),
            }
        } else if drawn < person + laws.machine_rate {
            Party::Machine {
                ring: duration(&laws.ring_machine, rng),
                voice: one(&self.sounds.machines, rng),
                talk: duration(&laws.machine_talk, rng),
            }
        } else if drawn < person + laws.machine_rate + laws.busy_fail_rate {
            failure(&self.sounds, rng)
        } else {
            Party::Nobody
        };
        Fate { post_dial, party }
    }
}

/// Busies by cause, and what is told by sound.
fn failure(sounds: &Sounds, rng: &mut Rng) -> Party {
    match rng.below(8) {
        0..3 => Party::Refused(486),
        3 => Party::Refused(404),
        4 => Party::Refused(480),
        5 => Party::Refused(603),
        _ => {
            let tone = one(&sounds.tones, rng);
            let status = if tone.file.contains("busy") { 486 } else { 404 };
            Party::Tone(tone, status)
        }
    }
}

/// Draws a duration.
pub(crate) fn duration(law: &Law, rng: &mut Rng) -> Duration {
    Duration::from_secs_f64(law.draw(rng))
}

fn one(sounds: &[Arc<Sound>], rng: &mut Rng) -> Arc<Sound> {
    Arc::clone(&sounds[rng.below(sounds.len() as u64) as usize])
}
