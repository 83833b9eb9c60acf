//! What an agent of a campaign sees: the lead that is shown to him, called for him, with whom he talks or has talked;
//! and what he answers to the campaign's form.

use std::collections::BTreeMap;

use clock::{AgentId, AttemptId, CallId, LeadId, ListId, Now, WallTime};

use super::attempt::Attempt;
use super::callback::CallbackFault;
use super::campaign::{Campaign, Shared};
use super::contract::{Answered, AnswersNote, Effect, Note, Refusal, Reply, Shown};
use super::dialer::Dialer;
use crate::campaign::Answers;

/// What an agent sees of a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// What he does with it.
    pub doing: Doing,
    /// The lead; 0: nobody on a list.
    pub lead: LeadId,
    /// Its list; 0 where it is not known.
    pub list: ListId,
    /// The number, E.164.
    pub number: String,
    /// The attempt.
    pub attempt: Option<AttemptId>,
    /// Its call.
    pub call: Option<CallId>,
    /// What he answered to the form so far.
    pub answers: Answers,
}

/// What an agent does with a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// He looks at it before it is called.
    Shown {
        /// It is called then, unless he says something.
        until: Option<WallTime>,
        /// He may pass it on.
        may_skip: bool,
    },
    /// It is called for him.
    Calling,
    /// He talks with it.
    Talking,
    /// He has talked, and not said what came of it.
    Afterwards,
}

impl Doing {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Shown { .. } => "shown",
            Self::Calling => "calling",
            Self::Talking => "talking",
            Self::Afterwards => "afterwards",
        }
    }
}

impl Campaign {
    /// What each of its agents sees; with whom he talks before what he is yet to say.
    pub(super) fn desks(&self, shared: &Shared) -> BTreeMap<AgentId, Desk> {
        let answers = |call: Option<CallId>| {
            let talked = call.and_then(|call| shared.disposing.of_call(call));
            talked.map(|(_, talked)| talked.answers.clone()).unwrap_or_default()
        };
        let mut desks = BTreeMap::new();
        for (agent, call) in &self.after {
            let Some((_, talked)) = shared.disposing.of_call(*call) else { continue };
            let (number, attempt) = (talked.number.clone(), Some(talked.attempt));
            let (lead, list, call) = (talked.lead, talked.list, Some(*call));
            let answers = talked.answers.clone();
            desks.insert(*agent, Desk { doing: Doing::Afterwards, lead, list, number, attempt, call, answers });
        }
        let Some(run) = &self.run else { return desks };
        for (agent, preview) in &run.shown {
            let Shown { lead, number, until, may_skip, .. } = preview.shown.clone();
            let list = run.hopper.lead(lead).map(|lead| lead.list).unwrap_or_default();
            let doing = Doing::Shown { until, may_skip };
            let (attempt, call, answers) = (None, None, Answers::new());
            desks.insert(*agent, Desk { doing, lead, list, number, attempt, call, answers });
        }
        for flight in run.flights.values() {
            let Attempt { attempt, lead, list, call, .. } = flight.attempt;
            let Some(agent) = flight.attempt.agent.or(flight.attempt.waits) else { continue };
            let doing = if flight.attempt.agent.is_some() { Doing::Talking } else { Doing::Calling };
            let (number, answers) = (flight.attempt.number.clone(), answers(call));
            desks.insert(agent, Desk { doing, lead, list, number, attempt: Some(attempt), call, answers });
        }
        desks
    }

    /// The agent who talks sees with whom.
    pub(super) fn show_talking(&mut self, shared: &mut Shared, id: AttemptId) {
        let Some(flight) = self.run.as_ref().and_then(|run| run.flights.get(&id)) else { return };
        let Some(agent) = flight.attempt.agent else { return };
        self.after.remove(&agent);
        let (campaign, lead, number) = (self.id, flight.attempt.lead, flight.attempt.number.clone());
        let shown = Shown { campaign, lead, number, until: None, may_skip: false };
        shared.out.push_back(Effect::Show { campaign, agent, shown: Some(shown) });
    }
}

impl Dialer {
    /// Takes what an agent answers to the campaign's form.
    pub(super) fn answer(&mut self, answered: Answered, now: Now) -> Result<Reply, Refusal> {
        let Answered { call, agent, given, is_final, by } = answered;
        let none = Refusal::Callback(CallbackFault::NoLead);
        let (campaign, talked) = self.shared.disposing.of_call_mut(call).ok_or(none)?;
        let of_call = self.campaigns.get(&campaign).ok_or(Refusal::UnknownCampaign)?;
        let definition = of_call.run.as_ref().map_or(&of_call.written.definition, |run| &run.definition);
        let answers = definition.script.answered(&talked.answers, &given, is_final).map_err(Refusal::Faults)?;
        if answers == talked.answers {
            return Ok(Reply::Answers(answers));
        }
        talked.answers = answers.clone();
        let (attempt, at) = (talked.attempt, now.wall);
        let note = AnswersNote { campaign, attempt, call, agent, answers: answers.clone(), by, at };
        self.shared.out.push_back(Effect::Note(Note::Answers(Box::new(note))));
        Ok(Reply::Answers(answers))
    }
}
