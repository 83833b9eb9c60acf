//! Why a lead is not being dialed: by where it stands, what holds its campaign, and how each of its numbers stands now.

use clock::{AgentId, CampaignId, LeadId, Now, WallTime};

use super::campaign::Run;
use super::dialer::Dialer;
use super::explain::{Explained, Hold, Keeps, NumberWhy, WhyNot};
use super::turn::{Stand, lasts, stand};
use crate::campaign::Status;
use crate::gate::Rule;
use crate::hopper::{Lead, Place};

impl Dialer {
    /// Why a lead is not being dialed; none: there is no such campaign. Of leads that the dialer does not hold it knows
    /// no more than that.
    #[must_use]
    pub fn why_not(&self, campaign: CampaignId, lead: LeadId, now: Now) -> Option<Explained> {
        let campaign = self.campaigns.get(&campaign)?;
        let status = campaign.life.status;
        let run = campaign.run.as_ref();
        let held = run.and_then(|run| Some((run, run.hopper.lead(lead)?, run.hopper.place(lead)?)));
        let Some((run, held, place)) = held else {
            let over = run.and_then(|run| run.hopper.over(lead));
            let why = match (over, status) {
                (Some(done), _) => WhyNot::Done(done),
                (None, Status::Running) => WhyNot::NotRead,
                (None, Status::Processing) => WhyNot::Reading,
                (None, status) => WhyNot::Status(status),
            };
            return Some(Explained { why, numbers: Vec::new() });
        };
        let numbers = self.stands(run, held, place, now);
        let keeps: Vec<NumberWhy> = numbers
            .iter()
            .zip(&held.tries.by_number)
            .enumerate()
            .map(|(at, (stand, known))| {
                // The one whose turn it is waits for what its lead is booked for.
                let is_its_turn = at == usize::from(held.tries.number);
                let own = booked_for(place, now.wall).filter(|_| is_its_turn).map(Keeps::Waits);
                NumberWhy { number: known.number.clone(), last: known.last, why: keeps(stand).or(own) }
            })
            .collect();
        let why = match place {
            Place::InFlight(attempt) => WhyNot::InFlight(attempt),
            Place::Disposing { until } => WhyNot::Disposing { until },
            _ if status == Status::Processing => WhyNot::Reading,
            _ if status != Status::Running => WhyNot::Status(status),
            Place::Taken => WhyNot::Shown(run.shown_to(lead)),
            _ => self.waits(run, held, place, &numbers, now),
        };
        Some(Explained { why, numbers: keeps })
    }

    /// How each number of a lead stands.
    fn stands(&self, run: &Run, lead: &Lead, place: Place, now: Now) -> Vec<Stand> {
        let barred = run.denied.get(&lead.id).filter(|barred| barred.again_at > now.wall);
        let waits = match place {
            Place::Callback { agent: Some(agent), .. } => Some(agent),
            // It waits because of his own lists.
            _ => barred.and_then(|barred| barred.agent),
        };
        let stands = |at| stand(&self.shared, &run.definition, lead, at, waits, now);
        (0..lead.numbers.len()).map(stands).collect()
    }

    /// Why a lead waits that is nobody's yet.
    fn waits(&self, run: &Run, lead: &Lead, place: Place, numbers: &[Stand], now: Now) -> WhyNot {
        if let Some(elsewhere) = self.elsewhere(lead.id) {
            return elsewhere;
        }
        let booked = match (booked_for(place, now.wall), place) {
            (Some(at), Place::Callback { agent, .. }) => return WhyNot::Callback { at, agent, is_due: false },
            (booked, _) => booked,
        };
        let recycle = &run.definition.recycle;
        // Whose own number waits for its next try waits for that, whatever else there is.
        let turn = usize::from(lead.tries.number);
        let is_own = lead.tries.due(turn, recycle).is_some_and(|due| due > now.wall);
        if let Some(at) = booked.filter(|_| is_own) {
            return WhyNot::Retry { at };
        }
        let number = |at: usize| lead.numbers.get(at).map(|(number, _)| number.clone()).unwrap_or_default();
        let alive: Vec<(usize, &Stand)> =
            lead.tries.alive(recycle).filter_map(|at| Some((at, numbers.get(at)?))).collect();
        if alive.is_empty() && !lead.numbers.is_empty() {
            return WhyNot::NoneLeft;
        }
        let barred = run.denied.get(&lead.id).map(|barred| barred.again_at).filter(|at| *at > now.wall);
        let denied = denied(numbers, barred.is_some());
        let is_free = alive.iter().any(|(_, stand)| matches!(stand, Stand::Free(_)));
        let busy = alive.iter().find_map(|(at, stand)| match stand {
            Stand::Called => Some(WhyNot::NumberCalled { number: number(*at), again_at: booked }),
            Stand::Rests(until) => Some(WhyNot::NumberRests { number: number(*at), until: *until }),
            _ => None,
        });
        match (busy, denied, place) {
            (Some(busy), ..) if !is_free => busy,
            (_, Some((rule, because)), _) if !is_free => WhyNot::Denied { rule, because, again_at: barred.or(booked) },
            (_, _, Place::Callback { at, agent: Some(agent) }) if !run.is_free(agent) => {
                WhyNot::Callback { at, agent: Some(agent), is_due: true }
            }
            _ if booked.is_some() => WhyNot::Retry { at: booked.unwrap_or(now.wall) },
            _ => next(run, place, now.wall),
        }
    }

    /// Another campaign calls the lead.
    fn elsewhere(&self, lead: LeadId) -> Option<WhyNot> {
        let flights = self.campaigns.values().filter_map(|campaign| campaign.run.as_ref()).flat_map(|run| &run.flights);
        let mut of_lead = flights.filter(|(_, flight)| flight.attempt.lead == lead);
        of_lead.next().map(|(id, flight)| WhyNot::Elsewhere(flight.attempt.campaign, *id))
    }
}

/// What the gate says against the numbers: what may change first. Of a lead of which it was not asked yet it is told only
/// if waiting does not help.
fn denied(numbers: &[Stand], was_asked: bool) -> Option<(Rule, String)> {
    let verdicts =
        numbers.iter().filter_map(|stand| if let Stand::Denied(verdict) = stand { Some(verdict) } else { None });
    let mut verdicts: Vec<_> = verdicts.collect();
    verdicts.sort_by_key(|verdict| lasts(verdict));
    let verdict = verdicts.first().filter(|verdict| was_asked || lasts(verdict))?;
    verdict.denial.as_ref().map(|denial| (denial.rule, denial.because.clone()))
}

/// When the lead is called again, if that is to come.
fn booked_for(place: Place, now: WallTime) -> Option<WallTime> {
    match place {
        Place::Retry { at } | Place::Callback { at, .. } => Some(at).filter(|at| *at > now),
        _ => None,
    }
}

impl Run {
    fn shown_to(&self, lead: LeadId) -> Option<AgentId> {
        self.shown.iter().find(|(_, preview)| preview.taken.lead == lead).map(|(agent, _)| *agent)
    }
}

/// Nothing of its own keeps it: it is its turn, or will be.
fn next(run: &Run, place: Place, now: WallTime) -> WhyNot {
    if run.pace.hold == Some(Hold::Schedule) {
        return WhyNot::Schedule(run.definition.schedule.as_ref().and_then(|schedule| schedule.opens(now)));
    }
    let ahead = if let Place::New { ahead } = place { ahead } else { 0 };
    WhyNot::Next { ahead, hold: run.pace.hold }
}

fn keeps(stand: &Stand) -> Option<Keeps> {
    match stand {
        Stand::Free(_) => None,
        Stand::LeftAlone => Some(Keeps::LeftAlone),
        Stand::Called => Some(Keeps::Called),
        Stand::Waits(until) => Some(Keeps::Waits(*until)),
        Stand::Rests(until) => Some(Keeps::Rests(*until)),
        Stand::Denied(verdict) => {
            verdict.denial.as_ref().map(|denial| Keeps::Denied(denial.rule, denial.because.clone()))
        }
    }
}
