//! A lead becomes an attempt, if the gate lets it.

use core::time::Duration;

use clock::{AgentId, AttemptId, Now, WallTime};

use super::attempt::Attempt;
use super::campaign::{Barred, Campaign, Flight, Shared, Stage};
use super::contract::{Effect, JudgedNote, Note};
use super::planted::Planted;
use crate::campaign::{Definition, Outcome, Recycle, Service};
use crate::contract::{Dial, OnPerson, Order};
use crate::gate::{self, Caps, Facts, Purpose, Rule, Verdict, packed};
use crate::hopper::{Booked, Done, Kind, Lead, Taken, Tries};
use crate::pacing;

/// Why a lead that was taken is not dialed.
#[derive(Debug)]
pub(super) enum NotDialed {
    /// The gate says no.
    Gate(Box<Verdict>),
    /// The lead or the number is being called already.
    Busy,
    /// It is gone.
    Gone,
}

/// A number of a lead that may be dialed, and what the gate said.
type Allowed = (u8, Verdict);

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
        if shared.busy_leads.contains(&lead.id) {
            run.hopper.book(taken.lead, later(taken.kind, now.wall + BUSY_AGAIN));
            return Err(NotDialed::Busy);
        }
        let waits = waits.or(if let Kind::Callback(agent) = taken.kind { agent } else { None });
        let keeps_agent = waits.is_some() || run.definition.method.keeps_agent();
        match allowed(shared, &run.definition, lead, keeps_agent, now) {
            Ok((number, verdict)) => Ok(self.order(shared, taken, number, verdict, waits, now)),
            Err(NotDialed::Gate(verdict)) if shared.strikes(Planted::GateForged) => {
                let number = lead.tries.number;
                Ok(self.order(shared, taken, number, Verdict { denial: None, ..*verdict }, waits, now))
            }
            Err(NotDialed::Gate(verdict)) => {
                self.bar(shared, taken, &verdict, now);
                Err(NotDialed::Gate(verdict))
            }
            Err(other) => {
                run.hopper.book(taken.lead, later(taken.kind, now.wall + BUSY_AGAIN));
                Err(other)
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

    /// The gate did not let a lead pass: it is asked again later, or never.
    fn bar(&mut self, shared: &mut Shared, taken: Taken, verdict: &Verdict, now: Now) {
        let campaign = self.id;
        let Some(run) = &mut self.run else { return };
        let Some(denial) = &verdict.denial else { return };
        let (caps, queue) = (run.definition.terms.caps, run.definition.queue());
        let Some(lead) = run.hopper.lead(taken.lead) else { return };
        let (list, tries, numbers) = (lead.list, lead.tries.clone(), lead.numbers.clone());
        let is_final = is_final(denial.rule, &caps, lead, shared);
        let again_at = now.wall + GATE_AGAIN;
        let booked = if is_final { Booked::Done(Done::Denied) } else { Booked::Retry(again_at) };
        run.hopper.book(taken.lead, if is_final { booked } else { later(taken.kind, again_at) });
        let barred = Barred { rule: denial.rule, because: denial.because.clone(), again_at };
        let is_known = run.denied.get(&taken.lead).is_some_and(|known| known.rule == barred.rule);
        if is_final {
            run.denied.remove(&taken.lead);
            numbers.iter().for_each(|(number, _)| shared.numbers.forget(number, now.wall));
        } else {
            run.denied.insert(taken.lead, barred);
        }
        if !is_known {
            let note =
                JudgedNote { campaign, lead: taken.lead, queue, attempt: None, agent: None, verdict: verdict.clone() };
            shared.out.push_back(Effect::Note(Note::Judged(Box::new(note))));
        }
        if is_final {
            shared.out.push_back(self.lead_note(taken.lead, list, booked, tries, now));
        }
    }
}

/// A lead that can not be called now comes again; a callback keeps its rank.
const fn later(kind: Kind, at: WallTime) -> Booked {
    match kind {
        Kind::Callback(agent) => Booked::Callback(at, agent),
        _ => Booked::Retry(at),
    }
}

/// The first of a lead's numbers, from the one whose turn it is, that may be dialed.
fn allowed(
    shared: &Shared,
    definition: &Definition,
    lead: &Lead,
    keeps_agent: bool,
    now: Now,
) -> Result<Allowed, NotDialed> {
    let from = usize::from(lead.tries.number).min(lead.numbers.len().saturating_sub(1));
    let mut denied: Option<Verdict> = None;
    let mut busy = false;
    for (at, (number, _)) in lead.numbers.iter().enumerate().skip(from) {
        if packed(number).is_some_and(|key| shared.busy_numbers.contains(&key)) {
            busy = true;
            continue;
        }
        let attempt = gate::Attempt {
            terms: &definition.terms,
            zone: lead.zone.as_deref(),
            region: lead.region.as_deref(),
            history: shared.numbers.history(number, lead.tries.facts()),
            consents: &lead.consents,
            ring: Some(Duration::from_secs(definition.ring_min_s.into())),
            agent_waits: keeps_agent,
        };
        let facts = Facts { attempt: Some(attempt), ..Facts::new(number, Purpose::Campaign, now.wall) };
        let verdict = gate::judge(&shared.rules, &shared.lists, &facts);
        if verdict.is_allowed() && is_resting(shared, definition, lead, number, now) {
            busy = true;
            continue;
        }
        if verdict.is_allowed() {
            return Ok((u8::try_from(at).unwrap_or_default(), verdict));
        }
        // What may change decides when it is asked again.
        let lasts = |verdict: &Verdict| verdict.denial.as_ref().is_some_and(|denial| lasts(denial.rule));
        if denied.as_ref().is_none_or(|known| lasts(known) && !lasts(&verdict)) {
            denied = Some(verdict);
        }
    }
    match denied {
        Some(verdict) if !busy => Err(NotDialed::Gate(Box::new(verdict))),
        _ if busy => Err(NotDialed::Busy),
        _ => {
            let facts = Facts::new("", Purpose::Campaign, now.wall);
            Err(NotDialed::Gate(Box::new(gate::judge(&shared.rules, &shared.lists, &facts))))
        }
    }
}

/// Another lead, here or in another campaign, has the same number and tried it of late: nobody is called twice in a row.
/// It rests for as long as one who did not pick up.
fn is_resting(shared: &Shared, definition: &Definition, lead: &Lead, number: &str, now: Now) -> bool {
    let rest = definition.recycle.after(Outcome::NoAnswer).map_or(Recycle::AFTER_MIN, |again| again.after);
    let is_own = |at: WallTime| lead.tries.recent.contains(&at);
    shared.numbers.last(number).is_some_and(|at| !is_own(at) && at + rest > now.wall)
}

/// Waiting does not help against it.
const fn lasts(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::Number
            | Rule::DoNotCall
            | Rule::CampaignDoNotCall
            | Rule::ImportedDoNotCall
            | Rule::CompanyBlacklist
            | Rule::CompanyWhitelist
            | Rule::PersonalBlacklist
            | Rule::PersonalWhitelist
            | Rule::Country
            | Rule::Pin
            | Rule::Territory
            | Rule::UnknownRegion
            | Rule::UnknownTimeZone
            | Rule::Consent
    )
}

fn is_final(rule: Rule, caps: &Caps, lead: &Lead, shared: &Shared) -> bool {
    let reached = |count: u32, cap: Option<u32>| cap.is_some_and(|cap| count >= cap);
    let is_capped = || {
        let of_number =
            |number: &String| shared.numbers.history(number, lead.tries.facts()).map_or(0, |known| known.number.total);
        reached(lead.tries.total, caps.lead)
            || lead.numbers.iter().all(|(number, _)| reached(of_number(number), caps.number))
    };
    lasts(rule) || (rule == Rule::Attempts && is_capped())
}

/// A lead that another campaign calls, or whose number is being called, is looked at again.
const BUSY_AGAIN: Duration = Duration::from_secs(30);
/// What the gate denied for now is asked again: hours open at full and half hours, and quarters in some zones.
const GATE_AGAIN: Duration = Duration::from_secs(15 * 60);
/// An attempt of which nobody has told anything so long after its ring must be over is given up.
const SILENCE_MAX: Duration = Duration::from_secs(45);
