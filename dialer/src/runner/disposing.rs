//! What agents say came of conversations, what that does to the leads, and when a lead may be called back.

use core::time::Duration;
use std::collections::BTreeMap;

use clock::{AgentId, AttemptId, CallId, CampaignId, Instant, LeadId, ListId, Now, WallTime};

use super::attempt::Attempt;
use super::campaign::{Campaign, Shared};
use super::contract::{DisposedNote, Effect, LeadNote, Note};
use super::dialer::Dialer;
use crate::campaign::{Answers, LeadAction};
use crate::hopper::{Booked, Lead, Page};

/// A conversation, of which an agent may still say what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talked {
    /// The attempt.
    pub attempt: AttemptId,
    /// With whom; 0: nobody on a list.
    pub lead: LeadId,
    /// The lead's list.
    pub list: ListId,
    /// The number, E.164.
    pub number: String,
    /// The agent.
    pub agent: AgentId,
    /// Until when his word is waited for; none: not any more.
    pub until: Option<WallTime>,
    /// What he answered to the campaign's form.
    pub answers: Answers,
}

/// What an agent said came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The call.
    pub call: CallId,
    /// The agent.
    pub agent: AgentId,
    /// The disposition's code.
    pub code: String,
    /// When the lead is to be called back, and by whom alone.
    pub callback: Option<(WallTime, Option<AgentId>)>,
}

/// Conversations, and what was said of them and has not reached the lead.
#[derive(Clone, Debug, Default)]
pub(super) struct Disposing {
    talked: BTreeMap<CallId, (CampaignId, Talked)>,
    /// What was said of leads that are not held: they are read first.
    unplaced: BTreeMap<(CampaignId, LeadId), Unplaced>,
}

#[derive(Clone, Debug)]
struct Unplaced {
    talked: Talked,
    said: Said,
    asked_at: Instant,
}

impl Disposing {
    /// An agent has a part in an attempt: he talks, or it was dialed for him.
    pub(super) fn talks(&mut self, attempt: &Attempt) {
        let (Some(call), Some(agent)) = (attempt.call, attempt.agent.or(attempt.waits)) else { return };
        let Attempt { attempt: id, campaign, lead, list, .. } = *attempt;
        let answers = self.talked.get(&call).map(|(_, known)| known.answers.clone()).unwrap_or_default();
        let talked = Talked { attempt: id, lead, list, number: attempt.number.clone(), agent, until: None, answers };
        self.restore(call, campaign, talked);
    }

    pub(super) fn restore(&mut self, call: CallId, campaign: CampaignId, talked: Talked) {
        self.talked.insert(call, (campaign, talked));
        if self.talked.len() > TALKED_MAX {
            // Ids of calls begin with their time.
            self.talked.pop_first();
        }
    }

    /// The campaign and the conversation of a call.
    pub(super) fn of_call(&self, call: CallId) -> Option<(CampaignId, &Talked)> {
        self.talked.get(&call).map(|(campaign, talked)| (*campaign, talked))
    }

    pub(super) fn of_call_mut(&mut self, call: CallId) -> Option<(CampaignId, &mut Talked)> {
        self.talked.get_mut(&call).map(|(campaign, talked)| (*campaign, talked))
    }

    /// Something waits for a lead to be read.
    pub(super) fn waits(&self) -> bool {
        !self.unplaced.is_empty()
    }

    /// Leads that have not come, and are asked for again now.
    pub(super) fn late(&mut self, now: Now) -> Vec<(CampaignId, LeadId, ListId)> {
        let late = self.unplaced.iter_mut().filter(|(_, unplaced)| now.mono.since(unplaced.asked_at) >= ASK_AGAIN);
        late.map(|((campaign, lead), unplaced)| {
            unplaced.asked_at = now.mono;
            (*campaign, *lead, unplaced.talked.list)
        })
        .collect()
    }
}

impl Dialer {
    /// An agent said what came of a call: the lead hears of it when the call is over.
    pub(super) fn disposed(&mut self, said: Said, now: Now) {
        let runs = self.campaigns.values_mut().filter_map(|campaign| campaign.run.as_mut());
        let flight =
            runs.flat_map(|run| run.flights.values_mut()).find(|flight| flight.attempt.call == Some(said.call));
        if let Some(flight) = flight {
            flight.said = Some(said);
            return;
        }
        let Some((campaign, talked)) = self.shared.disposing.of_call(said.call) else { return };
        let talked = talked.clone();
        if let Some(campaign) = self.campaigns.get_mut(&campaign) {
            campaign.dispose(&mut self.shared, talked, said, now);
        }
    }

    /// A lead that was read because something was said of it. Not to be read, or mended since: it is asked for again.
    pub(super) fn placed(&mut self, id: CampaignId, lead: LeadId, page: Page, now: Now) {
        let Some(leads) = page.leads else { return };
        let Some(campaign) = self.campaigns.get_mut(&id) else { return };
        let is_mended = campaign.run.as_ref().is_some_and(|run| run.was_mended_since(lead, &page.wanted));
        if is_mended || campaign.is_from_before(&page.wanted) {
            return;
        }
        let Some(Unplaced { talked, said, .. }) = self.shared.disposing.unplaced.remove(&(id, lead)) else { return };
        match leads.into_iter().next() {
            // Its list is gone: only the number that was called is left.
            None => campaign.of_number(&mut self.shared, &talked, &said, now),
            Some(lead) => campaign.place(&mut self.shared, lead, &said, now),
        }
    }
}

impl Campaign {
    /// Does to the lead what the disposition says.
    pub(super) fn dispose(&mut self, shared: &mut Shared, talked: Talked, said: Said, now: Now) {
        self.awaited.remove(&talked.lead);
        if self.after.get(&talked.agent) == Some(&said.call) {
            self.after.remove(&talked.agent);
            shared.out.push_back(Effect::Show { campaign: self.id, agent: talked.agent, shown: None });
        }
        if talked.lead == LeadId::default() {
            return self.of_number(shared, &talked, &said, now);
        }
        let held = self.run.as_ref().and_then(|run| run.hopper.lead(talked.lead)).cloned();
        match held {
            Some(lead) => self.place(shared, lead, &said, now),
            None => {
                let (lead, list) = (talked.lead, talked.list);
                let unplaced = Unplaced { talked, said, asked_at: now.mono };
                shared.disposing.unplaced.insert((self.id, lead), unplaced);
                if shared.disposing.unplaced.len() > UNPLACED_MAX {
                    // It comes again with a restart, as nothing says that it reached its lead.
                    shared.disposing.unplaced.pop_first();
                }
                shared.ask_one(self.id, lead, list, now);
            }
        }
    }

    /// What was said of a number that is no lead's, or no more.
    fn of_number(&self, shared: &mut Shared, talked: &Talked, said: &Said, now: Now) {
        if self.action(said) == LeadAction::DoNotCall {
            shared.out.push_back(do_not_call(vec![talked.number.clone()], said));
        }
        shared.out.push_back(self.disposed_note(None, said, now));
    }

    fn place(&mut self, shared: &mut Shared, lead: Lead, said: &Said, now: Now) {
        let (action, id) = (self.action(said), lead.id);
        if action == LeadAction::DoNotCall {
            let numbers = lead.numbers.iter().map(|(number, _)| number.clone()).collect();
            shared.out.push_back(do_not_call(numbers, said));
        }
        let (list, tries) = (lead.list, lead.tries.clone());
        let is_held = self.run.as_ref().is_some_and(|run| run.hopper.lead(id).is_some());
        let booked = match &mut self.run {
            Some(run) if is_held => run.hopper.disposed(id, action, said.callback, now.wall),
            run => {
                let booked = Booked::by(action, said.callback, now.wall);
                let run = run.as_mut().filter(|_| !self.life.status.is_final());
                let numbers = lead.numbers.clone();
                if run.is_some_and(|run| run.hopper.bring_back(lead, booked)) {
                    // Since a restart nobody may have read them, and what is not known the gate denies.
                    for (number, history) in &numbers {
                        shared.numbers.learn(number, history);
                    }
                }
                Some(booked)
            }
        };
        if let Some(booked) = booked {
            let (campaign, at, disposition) = (self.id, now.wall, Some(said.code.clone()));
            let note = LeadNote { campaign, list, lead: id, booked, tries, disposition, at };
            shared.out.push_back(Effect::Note(Note::Lead(Box::new(note))));
        }
        shared.out.push_back(self.disposed_note(Some(id), said, now));
    }

    fn action(&self, said: &Said) -> LeadAction {
        let definition = self.run.as_ref().map_or(&self.written.definition, |run| &run.definition);
        let unnamed = if said.callback.is_some() { LeadAction::Callback } else { LeadAction::Done };
        match definition.dispositions.get(&said.code).copied() {
            // Whatever else it would do, what was agreed with the customer is kept.
            Some(LeadAction::Done | LeadAction::Again(_)) if said.callback.is_some() => LeadAction::Callback,
            named => named.unwrap_or(unnamed),
        }
    }

    fn disposed_note(&self, lead: Option<LeadId>, said: &Said, now: Now) -> Effect {
        let Said { call, agent, code, .. } = said.clone();
        Effect::Note(Note::Disposed(DisposedNote { campaign: self.id, call, agent, lead, code, at: now.wall }))
    }
}

fn do_not_call(numbers: Vec<String>, said: &Said) -> Effect {
    Effect::DoNotCall { numbers, reason: format!("disposition {}", said.code) }
}

/// Calls of which an agent may still say something: those of some hours of the largest house.
const TALKED_MAX: usize = 20_000;
/// Leads that are being read, as something was said of them: with the database away they wait.
const UNPLACED_MAX: usize = 20_000;
/// A lead that has not come is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(5);
