//! What the parties of a call should hear, from nothing but the state of the call.

use std::collections::BTreeMap;

use clock::{CallId, LegId, QueueId};
use media_graph::{Command, Node};

use crate::call::{Call, Flow, VoicemailStage};
use crate::flow::callback_request::Asking;
use crate::leg::Leg;
use crate::shard::Shard;
use crate::wiring::{Heard, Sound};

impl Shard {
    /// Brings the media graph of a call in line with its state. Called after every change; no change, no command.
    pub(crate) fn rewire(&mut self, call: CallId) {
        let Some(known) = self.calls.get(&call) else { return };
        let (wanted, kept, pace) = (self.heard_in(known), self.kept_in(known), self.pace_recording(known));
        let Some(known) = self.calls.get_mut(&call) else { return };
        let commands = known.wiring.apply(call, &wanted, kept.as_ref(), &mut self.ids);
        if let Some(Command::PauseRecord { recorder, paused }) = pace {
            self.recordings.get_mut(&recorder).into_iter().for_each(|recording| recording.paused = paused);
        }
        for command in commands.into_iter().chain(pace) {
            self.media(command);
        }
    }

    fn heard_in(&self, call: &Call) -> Vec<(Heard, Node)> {
        let sound = |sound, leg| vec![(Heard::Sound(sound), Node::Leg(leg))];
        match &call.flow {
            Flow::Arriving { .. } | Flow::Originating { .. } | Flow::Prepared | Flow::Attempt | Flow::Over => {
                Vec::new()
            }
            // He has just answered, and hears an agent or the safe harbour within two seconds.
            Flow::Waiting { .. } if call.dialed.is_some() => Vec::new(),
            Flow::Waiting { party, queue, .. } if call.asking.is_some() => {
                self.heard_while_asking(call, *party, *queue)
            }
            Flow::CallingBack { agent } if call.announcing => sound(self.announcement_of(call), *agent),
            Flow::CallingBack { agent } => self.heard_while_ringing(call, *agent),
            Flow::Farewell { party, prompt, .. } => sound(Sound::Once(self.spoken(call, prompt)), *party),
            Flow::Waiting { party, .. } => {
                let said = call.comfort.as_ref().and_then(|comfort| comfort.said.clone());
                sound(said.map_or_else(|| self.music_of(call), Sound::Said), *party)
            }
            Flow::Menu { party, said, .. } => {
                said.iter().flat_map(|said| sound(Sound::Said(said.clone()), *party)).collect()
            }
            Flow::Message { party, said } => sound(Sound::Said(said.clone()), *party),
            Flow::Dialing { party } => self.heard_while_ringing(call, *party),
            Flow::Talking { customer, agent } => self.heard_while_talking(call, *customer, *agent),
            Flow::Standing(home) => match (home.leg, home.lent) {
                (Some(leg), None) => sound(Sound::Comfort, leg),
                _ => Vec::new(),
            },
            Flow::Echo { party } => vec![(Heard::Leg(*party), Node::Leg(*party))],
            Flow::Tone { party } => sound(Sound::Milliwatt, *party),
            Flow::Voicemail(voicemail) => match (voicemail.party, voicemail.stage) {
                (Some(party), VoicemailStage::Greeting) => {
                    let prompt = self.plan.queues.get(&voicemail.queue).map(|queue| queue.voicemail_prompt.clone());
                    sound(Sound::Greeting(self.spoken(call, &prompt.unwrap_or_default())), party)
                }
                (Some(party), VoicemailStage::Recording { recorder, .. }) => {
                    vec![(Heard::Leg(party), Node::Recorder(recorder, 0))]
                }
                _ => Vec::new(),
            },
        }
    }

    /// The music that goes on while something is said to a caller who waits.
    fn kept_in(&self, call: &Call) -> Option<Sound> {
        matches!(call.flow, Flow::Waiting { .. }).then(|| self.music_of(call))
    }

    /// Early media of the side that rings; a tone where there is none and the party cannot make its own.
    fn heard_while_ringing(&self, call: &Call, party: LegId) -> Vec<(Heard, Node)> {
        let rings = call.rings.iter().filter_map(|ring| self.rings.get(ring));
        let mut ringing = rings.flat_map(|ring| &ring.legs).filter_map(|leg| self.legs.get(leg));
        if let Some(early) = ringing.find(|leg| leg.audio.agreed().is_some()) {
            return both_ways(party, early.id);
        }
        if is_up(&self.legs, party) {
            return vec![(Heard::Sound(Sound::RingBack), Node::Leg(party))];
        }
        Vec::new()
    }

    /// Each other; where one holds, the other gets music and the recording silence (DESIGN section 9).
    fn heard_while_talking(&self, call: &Call, customer: LegId, agent: LegId) -> Vec<(Heard, Node)> {
        let holds = |leg| self.is_on_hold(leg);
        let music = |leg| vec![(Heard::Sound(self.music_of(call)), Node::Leg(leg))];
        match (holds(customer), holds(agent)) {
            (true, true) => Vec::new(),
            (true, false) => music(agent),
            (false, true) => music(customer),
            (false, false) => {
                let mut wires = both_ways(customer, agent);
                if let Some(recorder) = call.recorder {
                    wires.push((Heard::Leg(customer), Node::Recorder(recorder, 0)));
                    wires.push((Heard::Leg(agent), Node::Recorder(recorder, 1)));
                }
                if call.cue {
                    let words = call.dialed.as_ref().and_then(|dialed| dialed.customer);
                    wires.push((Heard::Sound(Sound::Cue(words)), Node::Leg(agent)));
                }
                if call.announcing {
                    // The customer was quick: neither waits for the other, and the announcement comes to its end.
                    wires.push((Heard::Sound(self.announcement_of(call)), Node::Leg(agent)));
                }
                wires
            }
        }
    }

    /// What a caller hears who asks to be called back.
    fn heard_while_asking(&self, call: &Call, party: LegId, queue: QueueId) -> Vec<(Heard, Node)> {
        let plan = self.plan.queues.get(&queue).and_then(|queue| queue.callback.as_deref());
        let prompt = match (&call.asking, plan) {
            (Some(Asking::Typing(_)), Some(plan)) => Some(plan.number_prompt.clone()),
            (Some(Asking::Refused), Some(plan)) => Some(plan.refused_prompt.clone()),
            _ => None,
        };
        let heard = prompt.map_or_else(|| self.music_of(call), |prompt| Sound::Once(self.spoken(call, &prompt)));
        vec![(Heard::Sound(heard), Node::Leg(party))]
    }

    /// What an agent hears while the customer whom he calls back is called.
    fn announcement_of(&self, call: &Call) -> Sound {
        let plan = call.queue.and_then(|queue| self.plan.queues.get(&queue)?.callback.as_deref());
        Sound::Once(plan.map_or_else(|| ANNOUNCEMENT.to_owned(), |plan| plan.agent_prompt.clone()))
    }

    fn music_of(&self, call: &Call) -> Sound {
        let queue = call.queue.and_then(|queue| self.plan.queues.get(&queue));
        Sound::Music(queue.map_or_else(|| self.hold_music.clone(), |queue| queue.music.clone()))
    }
}

/// For callbacks of agents, which have no queue: the prompt of `CallbackPlan::default`.
const ANNOUNCEMENT: &str = "callback";

fn both_ways(one: LegId, other: LegId) -> Vec<(Heard, Node)> {
    vec![(Heard::Leg(one), Node::Leg(other)), (Heard::Leg(other), Node::Leg(one))]
}

fn is_up(legs: &BTreeMap<LegId, Box<Leg>>, leg: LegId) -> bool {
    legs.get(&leg).is_some_and(|leg| leg.is_up())
}
