//! A lead becomes an attempt, if the gate lets it.

use core::time::Duration;

use clock::{AgentId, AttemptId, LeadId, Now, WallTime};

use super::attempt::Attempt;
use super::by_hand::SKIPPED_FOR;
use super::campaign::{Barred, Campaign, Flight, Run, Shared, Stage};
use super::contract::{Effect, JudgedNote, Note};
use super::planted::Planted;
use super::turn::{Turn, turn};
use crate::campaign::Service;
use crate::contract::{Dial, OnPerson, Order};
use crate::gate::{Rule, Verdict, packed};
use crate::hopper::{Booked, Done, Kind, Taken, Tries};
use crate::pacing;

/// Why a lead that was taken is not dialed.
#[derive(Debug)]
pub(super) enum NotDialed {
    /// The gate says no.
    Gate(Box<Verdict>),
    /// The lead or the number is being called already, or the lead is read again.
    Busy,
    /// The number that is left to it is not due again.
    Rests,
    /// It is gone.
    Gone,
}

impl Campaign {
    /// Dials a lead that was taken, or books it for later. `waits`: the agent who is kept free for this very call.
    pub(super) fn dial(
        &mut self,
        shared: &mut Shared,
        taken: Taken,
        waits: Option<AgentId>,
        now: Now,
    ) -> Result<AttemptId, NotDialed> {
        let Some(run) = &mut self.run else { return Err(NotDialed::Gone) };
        let Some(lead) = run.hopper.lead(taken.lead) else { return Err(NotDialed::Gone) };
        if shared.busy_leads.contains(&lead.id) || run.mending.contains_key(&lead.id) {
            run.hopper.book(taken.lead, later(taken.kind, now.wall + BUSY_AGAIN));
            return Err(NotDialed::Busy);
        }
        let waits = waits.or(if let Kind::Callback(agent) = taken.kind { agent } else { None });
        let later = |run: &mut Run, at| run.hopper.book(taken.lead, later(taken.kind, at));
        match turn(shared, &run.definition, lead, waits, now) {
            Turn::Dial(number, verdict) => Ok(self.order(shared, taken, number, *verdict, waits, now)),
            Turn::Denied { verdict, .. } if shared.strikes(Planted::GateForged) => {
                let number = lead.tries.number;
                Ok(self.order(shared, taken, number, Verdict { denial: None, ..*verdict }, waits, now))
            }
            Turn::Denied { verdict, others, is_final } => {
                let verdicts: Vec<&Verdict> = core::iter::once(&*verdict).chain(&others).collect();
                self.bar(shared, taken, waits, &verdicts, is_final, now);
                Err(NotDialed::Gate(verdict))
            }
            Turn::Busy => {
                later(run, now.wall + BUSY_AGAIN);
                Err(NotDialed::Busy)
            }
            Turn::Rests(number, due) => {
                if let Some(lead) = run.hopper.lead_mut(taken.lead) {
                    lead.tries.number = number;
                }
                later(run, due);
                Err(NotDialed::Rests)
            }
            Turn::Spent => {
                self.end(shared, taken.lead, Done::Exhausted, now);
                Err(NotDialed::Gone)
            }
        }
    }

    fn order(
        &mut self,
        shared: &mut Shared,
        taken: Taken,
        number: u8,
        verdict: Verdict,
        waits: Option<AgentId>,
        now: Now,
    ) -> AttemptId {
        let id = AttemptId::mint(now.wall, &mut shared.rng);
        let campaign = self.id;
        let Some(run) = &mut self.run else { return id };
        let Some(lead) = run.hopper.lead_mut(taken.lead) else { return id };
        lead.tries.number = number;
        lead.tries.begin(now.wall);
        let (tries, list) = (lead.tries.clone(), lead.list);
        let numbers = u8::try_from(lead.numbers.len()).unwrap_or(u8::MAX);
        run.hopper.dialing(taken.lead, id);
        run.denied.remove(&taken.lead);
        let number = verdict.evidence.number.clone();
        let caller_id = run.definition.caller_ids.pick(&number, run.turn).map(str::to_owned);
        let whom = (taken.lead, list);
        let attempt = Attempt::ordered(id, campaign, whom, (number, caller_id), waits, now.wall);
        self.launch(shared, attempt, verdict, (tries, numbers), now);
        id
    }

    /// An attempt that the gate let pass is written down and ordered.
    pub(super) fn launch(
        &mut self,
        shared: &mut Shared,
        attempt: Attempt,
        verdict: Verdict,
        (tries, numbers): (Tries, u8),
        now: Now,
    ) {
        let Some(run) = &mut self.run else { return };
        let definition = &run.definition;
        let dial = Dial {
            attempt: attempt.attempt,
            campaign: attempt.campaign,
            lead: attempt.lead,
            number: attempt.number.clone(),
            caller_id: attempt.caller_id.clone(),
            ring_min_s: definition.ring_min_s,
            ring_max_s: definition.ring_max_s,
            on_person: match definition.service {
                Service::Queue(queue) => OnPerson::Queue(queue),
                Service::Message(message) => OnPerson::Message(message),
            },
            on_machine: definition.detection.on_machine,
            detect: definition.detection.enabled,
            agent: attempt.waits,
            skill: definition.skill(attempt.campaign),
            connect_limit_ms: definition.abandon.connect_limit_ms,
            abandon_message: definition.abandon.message,
            record: definition.record,
        };
        shared.busy_leads.insert(attempt.lead);
        if !shared.strikes(Planted::NumberForgotten) {
            shared.numbers.begin(&attempt.number, now.wall);
            shared.busy_numbers.extend(packed(&attempt.number));
        }
        shared.attempts.insert(attempt.attempt, attempt.campaign);
        let (key, due) = (run.turn, now.mono + dial.ring_max() + SILENCE_MAX);
        run.turn += 1;
        run.pacer.handle(now.mono, pacing::Event::Dialled { attempt: key });
        let (campaign, lead, queue) = (attempt.campaign, attempt.lead, definition.queue());
        let judged =
            JudgedNote { campaign, lead, queue, attempt: Some(attempt.attempt), agent: attempt.waits, verdict };
        shared.out.push_back(Effect::Note(Note::Judged(Box::new(judged))));
        shared.out.push_back(Effect::Note(Note::Attempt(Box::new(attempt.clone()), tries.clone(), numbers)));
        shared.out.push_back(Effect::Order(Order::Dial(Box::new(dial))));
        let id = attempt.attempt;
        let flight = Flight {
            attempt,
            key,
            due,
            tries,
            numbers,
            canceled: false,
            missing: 0,
            ordered: now.mono,
            stage: Stage::Ringing,
            said: None,
        };
        run.flights.insert(id, flight);
    }

    /// The gate did not let a lead pass: it is asked again later, or never. What only `agent` may not call is for others.
    pub(super) fn bar(
        &mut self,
        shared: &mut Shared,
        taken: Taken,
        agent: Option<AgentId>,
        verdicts: &[&Verdict],
        is_final: bool,
        now: Now,
    ) {
        let campaign = self.id;
        let Some(run) = &mut self.run else { return };
        let queue = run.definition.queue();
        let is_personal = verdicts.first().is_some_and(|verdict| verdict.is_personal());
        let again_at = now.wall
            + match taken.kind {
                Kind::Callback(_) if is_personal => BUSY_AGAIN,
                _ if is_personal => SKIPPED_FOR,
                _ => GATE_AGAIN,
            };
        let denied = |verdict: &&Verdict| {
            let denial = verdict.denial.as_ref()?;
            Some((verdict.evidence.number.clone(), denial.rule, denial.because.clone()))
        };
        let barred_for = agent.filter(|_| is_personal);
        let barred = Barred { numbers: verdicts.iter().filter_map(denied).collect(), agent: barred_for, again_at };
        let is_known = run.denied.get(&taken.lead).is_some_and(|known| known.is_by_the_same_rules(&barred));
        for verdict in verdicts.iter().filter(|_| !is_known) {
            let verdict = Verdict::clone(verdict);
            let note = JudgedNote { campaign, lead: taken.lead, queue, attempt: None, agent, verdict };
            shared.out.push_back(Effect::Note(Note::Judged(Box::new(note))));
        }
        if is_final {
            return self.end(shared, taken.lead, Done::Denied, now);
        }
        run.denied.insert(taken.lead, barred);
        match taken.kind {
            // It was promised to him who is called: somebody else keeps it.
            Kind::Callback(_) if is_personal => {
                let booked = Booked::Callback(again_at, None);
                run.hopper.book(taken.lead, booked);
                let Some(lead) = run.hopper.lead(taken.lead) else { return };
                let (list, tries) = (lead.list, lead.tries.clone());
                shared.out.push_back(self.lead_note(taken.lead, list, booked, tries, now));
            }
            kind => run.hopper.book(taken.lead, later(kind, again_at)),
        }
    }

    /// A lead that was taken is done without an attempt.
    fn end(&mut self, shared: &mut Shared, lead: LeadId, why: Done, now: Now) {
        let Some(run) = &mut self.run else { return };
        let Some(held) = run.hopper.lead(lead) else { return };
        let (list, tries, numbers) = (held.list, held.tries.clone(), held.numbers.clone());
        let booked = Booked::Done(why);
        run.hopper.book(lead, booked);
        run.denied.remove(&lead);
        numbers.iter().for_each(|(number, _)| shared.numbers.forget(number, now.wall));
        shared.out.push_back(self.lead_note(lead, list, booked, tries, now));
    }
}

impl Barred {
    fn is_by_the_same_rules(&self, other: &Self) -> bool {
        let rules = |barred: &Self| -> Vec<(String, Rule)> {
            barred.numbers.iter().map(|(number, rule, _)| (number.clone(), *rule)).collect()
        };
        rules(self) == rules(other)
    }
}

/// A lead that is not called now comes again; a callback keeps its rank, and whose it is.
pub(super) const fn later(kind: Kind, at: WallTime) -> Booked {
    match kind {
        Kind::Callback(agent) => Booked::Callback(at, agent),
        _ => Booked::Retry(at),
    }
}

/// A lead that another campaign calls, or whose number is being called, is looked at again.
const BUSY_AGAIN: Duration = Duration::from_secs(30);
/// What the gate denied for now is asked again: hours open at full and half hours, and quarters in some zones.
const GATE_AGAIN: Duration = Duration::from_secs(15 * 60);
/// An attempt of which nobody has told anything so long after its ring must be over is given up: the INVITE may leave 5 s
/// late, the phone ring for its minimum from the last moment on, and the network say 32 s after our CANCEL what came of it.
const SILENCE_MAX: Duration = Duration::from_secs(90);
