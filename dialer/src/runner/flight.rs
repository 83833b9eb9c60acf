//! What is told of attempts, and their one end.

use core::time::Duration;

use clock::{AttemptId, Now, WallTime};

use super::attempt::{Attempt, SILENT};
use super::campaign::{Campaign, Flight, Shared, Stage};
use super::contract::{Effect, Note};
use super::planted::Planted;
use crate::campaign::{Outcome, Service};
use crate::contract::{EndClass, Ending, Fact, Order};
use crate::gate::packed;
use crate::hopper::{After, Tries};
use crate::pacing::Event;

impl Campaign {
    /// Takes what happened to an attempt of this campaign.
    pub(super) fn report(&mut self, shared: &mut Shared, id: AttemptId, at: WallTime, fact: Fact, now: Now) {
        let Some(run) = &mut self.run else { return };
        let Some(flight) = run.flights.get_mut(&id) else { return };
        let key = flight.key;
        let is_worth_a_note = !matches!(fact, Fact::Early(_));
        let told = fact.clone();
        if !flight.attempt.take(at, fact) {
            return;
        }
        if flight.attempt.is_over() {
            run.pacer.handle(now.mono, Event::Ended { attempt: key });
            self.ended(shared, id, now);
            return;
        }
        self.follow(id, &told, now);
        let Some(flight) = self.run.as_ref().and_then(|run| run.flights.get(&id)) else { return };
        if matches!(told, Fact::Connected { .. }) {
            shared.disposing.talks(&flight.attempt);
        }
        if is_worth_a_note {
            shared.out.push_back(note(flight));
        }
        if matches!(told, Fact::Connected { .. }) {
            self.show_talking(shared, id);
        }
    }

    /// Tells the pacer, and keeps where the attempt stands.
    fn follow(&mut self, id: AttemptId, fact: &Fact, now: Now) {
        let Some(run) = &mut self.run else { return };
        let detects = run.definition.detection.enabled;
        let is_message = matches!(run.definition.service, Service::Message(_));
        let needs_agent = match fact {
            Fact::Detected(detection) => run.needs_agent(detection.heard),
            _ => !is_message,
        };
        let Some(flight) = run.flights.get_mut(&id) else { return };
        let attempt = flight.key;
        let mut tell = |event| run.pacer.handle(now.mono, event);
        match fact {
            Fact::Rang => tell(Event::Rang { attempt }),
            Fact::Answered if detects => {
                (flight.stage, flight.due) = (Stage::Detecting, now.mono + CALL_MAX);
                tell(Event::Answered { attempt, needs_agent: false });
            }
            Fact::Answered => {
                (flight.stage, flight.due) =
                    (if is_message { Stage::Talking } else { Stage::Waiting }, now.mono + CALL_MAX);
                tell(Event::Answered { attempt, needs_agent });
            }
            Fact::Detected(_) if flight.attempt.times.answered_at.is_some() && flight.stage == Stage::Detecting => {
                flight.stage = if needs_agent { Stage::Waiting } else { Stage::Talking };
                tell(Event::Detected { attempt, needs_agent });
            }
            Fact::Connected { .. } => {
                if flight.stage == Stage::Detecting {
                    tell(Event::Detected { attempt, needs_agent: true });
                }
                flight.stage = Stage::Talking;
                tell(Event::Connected { attempt });
            }
            Fact::Abandoned => {
                flight.stage = Stage::Talking;
                tell(Event::Ended { attempt });
            }
            _ => {}
        }
    }

    /// An attempt is over: everything that is counted, once.
    pub(super) fn ended(&mut self, shared: &mut Shared, id: AttemptId, now: Now) {
        let Some(run) = &mut self.run else { return };
        let Some(mut flight) = run.flights.remove(&id) else { return };
        let attempt = &flight.attempt;
        shared.attempts.remove(&id);
        shared.busy_leads.remove(&attempt.lead);
        packed(&attempt.number).map(|key| shared.busy_numbers.remove(&key));
        let outcome = attempt.outcome.unwrap_or(Outcome::Failed);
        learn(shared, attempt, outcome);
        if !shared.strikes(Planted::NotCounted) {
            self.ledger.get_or_insert_default().count(attempt);
        }
        run.recent.saw(attempt);
        run.saw(outcome, now);
        if attempt.never_rang() {
            shared.numbers.retract(&attempt.number, attempt.times.ordered_at);
            flight.tries.retract(attempt.times.ordered_at);
            if let Some(lead) = run.hopper.lead_mut(attempt.lead) {
                lead.tries.retract(attempt.times.ordered_at);
            }
        }
        let recycle = &run.definition.recycle;
        let booked = run.hopper.ended((attempt.lead, &attempt.number), outcome, now.wall, recycle);
        let held = run.hopper.lead(attempt.lead).map(|lead| lead.tries.clone());
        // The hopper may have let go of it.
        let tries = held.unwrap_or_else(|| {
            let mut tries = flight.tries.clone();
            After::attempt(&mut tries, &attempt.number, outcome, now.wall, recycle);
            tries
        });
        let (lead, list) = (attempt.lead, attempt.list);
        // The booking first: a crash between the two leaves an attempt that the restart ends, not a lead that is nowhere.
        if let Some(booked) = booked.filter(|_| !shared.strikes(Planted::BookingLost)) {
            shared.out.push_back(self.lead_note(lead, list, booked, tries.clone(), now));
        }
        let end = Effect::Note(Note::Attempt(Box::new(flight.attempt.clone()), tries, flight.numbers));
        if shared.strikes(Planted::EndedTwice) {
            shared.out.push_back(end.clone());
        }
        shared.out.push_back(end);
        shared.disposing.talks(&flight.attempt);
        if let (Some(agent), Some(call), false) = (flight.attempt.agent, flight.attempt.call, flight.said.is_some()) {
            self.after.insert(agent, call);
        }
        let known = flight.said.and_then(|said| Some((shared.disposing.of_call(said.call)?.1.clone(), said)));
        if let Some((talked, said)) = known {
            self.dispose(shared, talked, said, now);
        }
    }

    /// An attempt that had not ended before a restart ends, and its lead comes back in its order.
    pub(super) fn close(&mut self, shared: &mut Shared, mut attempt: Attempt, mut tries: Tries, numbers: u8, now: Now) {
        let ending = Ending { class: EndClass::Restart, code: "node_restart".to_owned(), q850: 41, sip: None };
        if shared.strikes(Planted::AnswerForgotten) {
            attempt.times.answered_at = None;
        }
        // It was over when the node went down, at some moment that nobody knows.
        attempt.take(now.wall, Fact::Ended(ending));
        let outcome = attempt.outcome.unwrap_or(Outcome::NodeRestart);
        self.ledger.get_or_insert_default().count(&attempt);
        tries.stand_in(numbers, &attempt.number);
        let recycle = &self.written.definition.recycle;
        let booked = After::attempt(&mut tries, &attempt.number, outcome, now.wall, recycle);
        let (id, list) = (attempt.lead, attempt.list);
        if id != clock::LeadId::default() {
            shared.out.push_back(self.lead_note(id, list, booked, tries.clone(), now));
        }
        shared.out.push_back(Effect::Note(Note::Attempt(Box::new(attempt), tries, numbers)));
    }

    /// Attempts of which nobody has told anything for too long are given up: each ends once, whoever fails.
    pub(super) fn give_up(&mut self, shared: &mut Shared, now: Now) {
        let Some(run) = &self.run else { return };
        let late = run.flights.iter().filter(|(_, flight)| flight.due <= now.mono).map(|(id, _)| *id);
        for id in late.collect::<Vec<_>>() {
            shared.out.push_back(Effect::Order(Order::Cancel { attempt: id }));
            shared.out.push_back(Effect::Repaired { what: "attempt_silent" });
            let ending = Ending { class: EndClass::Failed, code: SILENT.to_owned(), q850: 41, sip: None };
            self.report(shared, id, now.wall, Fact::Ended(ending), now);
        }
    }

    /// Attempts that nobody who carries them out knows of any more, twice in a row, are over.
    pub(super) fn compare(&mut self, shared: &mut Shared, live: &[AttemptId], now: Now) {
        let Some(run) = &mut self.run else { return };
        let mut lost = Vec::new();
        for (id, flight) in &mut run.flights {
            let is_young = now.mono.since(flight.ordered) < YOUNG;
            flight.missing = if live.contains(id) || is_young { 0 } else { flight.missing.saturating_add(1) };
            if flight.missing >= 2 {
                lost.push(*id);
            }
        }
        for id in lost {
            shared.out.push_back(Effect::Repaired { what: "attempt_unknown" });
            let ending = Ending { class: EndClass::Restart, code: "shard_restart".to_owned(), q850: 41, sip: None };
            self.report(shared, id, now.wall, Fact::Ended(ending), now);
        }
    }

    /// Ends what nobody has answered yet, as soon as the minimum ring is over.
    pub(super) fn cancel_ringing(&mut self, shared: &mut Shared) {
        let Some(run) = &mut self.run else { return };
        for (id, flight) in &mut run.flights {
            if flight.stage == Stage::Ringing && !flight.canceled {
                flight.canceled = true;
                shared.out.push_back(Effect::Order(Order::Cancel { attempt: *id }));
            }
        }
    }
}

/// What an attempt tells of its number.
fn learn(shared: &mut Shared, attempt: &Attempt, outcome: Outcome) {
    let ended = attempt.times.ended_at.unwrap_or_default();
    match outcome {
        Outcome::Abandoned if shared.strikes(Planted::LockOutForgotten) => {}
        Outcome::Abandoned => shared.numbers.abandoned(&attempt.number, attempt.times.abandoned_at.unwrap_or(ended)),
        Outcome::Machine | Outcome::MachineMessage => {
            shared.numbers.machine(&attempt.number, attempt.times.detected_at.unwrap_or(ended));
        }
        _ => {}
    }
}

fn note(flight: &Flight) -> Effect {
    Effect::Note(Note::Attempt(Box::new(flight.attempt.clone()), flight.tries.clone(), flight.numbers))
}

/// An order may be on its way for so long, as the journal syncs before it leaves.
const YOUNG: Duration = Duration::from_secs(10);
/// The longest call; whoever carries calls ends them before.
const CALL_MAX: Duration = Duration::from_secs(12 * 3_600);
