//! Manual and preview dialing: an agent asks for each call.

use clock::{AgentId, AttemptId, LeadId, ListId, Now};

use super::attempt::Attempt;
use super::campaign::{Campaign, Preview, Shared};
use super::contract::{ByHand, Effect, JudgedNote, Note, Refusal, Reply, Shown};
use super::dial::NotDialed;
use super::explain::Hold;
use crate::campaign::{Method, Recycle, Status};
use crate::gate::{self, Facts, Purpose, packed};
use crate::hopper::{Booked, NumberHistory, Tries};

impl Campaign {
    /// Does what an agent asks for.
    pub(super) fn by_hand(
        &mut self,
        shared: &mut Shared,
        agent: AgentId,
        what: ByHand,
        now: Now,
    ) -> Result<Reply, Refusal> {
        let Some(run) = &self.run else { return Err(Refusal::NotByHand) };
        if self.life.status != Status::Running || !run.definition.method.is_by_hand() || !shared.journal_is_well {
            return Err(Refusal::NotByHand);
        }
        let is_closed = run.pace.hold == Some(Hold::Schedule);
        match what {
            ByHand::Next => self.show(shared, agent, now),
            ByHand::Skip => self.skip(shared, agent, now),
            _ if !run.is_free(agent) => Err(Refusal::AgentNotReady),
            _ if is_closed => Err(Refusal::NotByHand),
            _ if run.flights.len() >= run.definition.max_lines as usize => Err(Refusal::Busy),
            ByHand::Accept => self.accept(shared, agent, now).map(Reply::Dialing),
            ByHand::Number { number, history } => self.dial_number(shared, agent, number, history, now),
        }
    }

    /// Previews whose agent said nothing in time are dialed; those whose agent is gone come back; free agents see one.
    pub(super) fn preview(&mut self, shared: &mut Shared, now: Now) {
        let Some(run) = &self.run else { return };
        let Method::Preview { .. } = run.definition.method else { return };
        let is_on =
            self.life.status == Status::Running && !matches!(run.pace.hold, Some(Hold::Schedule | Hold::Journal));
        let over: Vec<AgentId> = run.shown.keys().copied().filter(|agent| !is_on || !run.is_free(*agent)).collect();
        over.into_iter().for_each(|agent| self.hide(shared, agent, now));
        if !is_on {
            return;
        }
        let Some(run) = &self.run else { return };
        let is_due = |preview: &Preview| preview.until.is_some_and(|until| until <= now.mono);
        let due: Vec<AgentId> =
            run.shown.iter().filter(|(_, preview)| is_due(preview)).map(|(agent, _)| *agent).collect();
        let idle: Vec<AgentId> =
            run.told.keys().copied().filter(|agent| run.is_free(*agent) && !run.shown.contains_key(agent)).collect();
        for agent in due {
            // Without a line it is shown on.
            let has_line = |run: &super::campaign::Run| run.flights.len() < run.definition.max_lines as usize;
            if self.run.as_ref().is_some_and(has_line) {
                let _ = self.accept(shared, agent, now);
            }
        }
        for agent in idle {
            if self.show(shared, agent, now).is_err() {
                break;
            }
        }
    }

    /// All that is shown comes back to the hopper.
    pub(super) fn hide_all(&mut self, shared: &mut Shared, now: Now) {
        let agents: Vec<AgentId> = self.run.iter().flat_map(|run| run.shown.keys().copied()).collect();
        agents.into_iter().for_each(|agent| self.hide(shared, agent, now));
    }

    fn hide(&mut self, shared: &mut Shared, agent: AgentId, now: Now) {
        let Some(run) = &mut self.run else { return };
        if let Some(preview) = run.shown.remove(&agent) {
            run.hopper.put_back(preview.taken.lead, now.wall);
            shared.out.push_back(Effect::Show { campaign: self.id, agent, shown: None });
        }
    }

    fn show(&mut self, shared: &mut Shared, agent: AgentId, now: Now) -> Result<Reply, Refusal> {
        let campaign = self.id;
        let Some(run) = &mut self.run else { return Err(Refusal::NotByHand) };
        if !run.is_free(agent) {
            return Err(Refusal::AgentNotReady);
        }
        if let Some(preview) = run.shown.get(&agent) {
            return Ok(Reply::Shown(preview.shown.clone()));
        }
        let (may_skip, limit) = match run.definition.method {
            Method::Preview { may_skip, limit } => (may_skip, limit),
            _ => (true, None),
        };
        let taken = run.hopper.take(now.wall, |other| other == agent).ok_or(Refusal::NoLead)?;
        let lead = run.hopper.lead(taken.lead);
        let number = lead.and_then(|lead| lead.number(&run.definition.recycle)).unwrap_or_default().to_owned();
        let until = limit.map(|limit| now.wall + limit);
        let shown = Shown { campaign, lead: taken.lead, number, until, may_skip };
        run.shown.insert(agent, Preview { taken, shown: shown.clone(), until: limit.map(|limit| now.mono + limit) });
        shared.out.push_back(Effect::Show { campaign, agent, shown: Some(shown.clone()) });
        Ok(Reply::Shown(shown))
    }

    fn skip(&mut self, shared: &mut Shared, agent: AgentId, now: Now) -> Result<Reply, Refusal> {
        let Some(run) = &mut self.run else { return Err(Refusal::NotByHand) };
        let may_skip = run.shown.get(&agent).ok_or(Refusal::NothingShown)?.shown.may_skip;
        if !may_skip {
            return Err(Refusal::MayNotSkip);
        }
        if let Some(preview) = run.shown.remove(&agent) {
            run.hopper.book(preview.taken.lead, Booked::Retry(now.wall + SKIPPED_FOR));
            shared.out.push_back(Effect::Show { campaign: self.id, agent, shown: None });
        }
        self.show(shared, agent, now)
    }

    fn accept(&mut self, shared: &mut Shared, agent: AgentId, now: Now) -> Result<AttemptId, Refusal> {
        let Some(run) = &mut self.run else { return Err(Refusal::NotByHand) };
        let preview = run.shown.remove(&agent).ok_or(Refusal::NothingShown)?;
        shared.out.push_back(Effect::Show { campaign: self.id, agent, shown: None });
        self.dial(shared, preview.taken, Some(agent), now).map_err(|not| match not {
            NotDialed::Gate(verdict) => Refusal::Gate(verdict),
            NotDialed::Busy | NotDialed::Rests => Refusal::Busy,
            NotDialed::Gone => Refusal::NoLead,
        })
    }

    /// A number that is no lead's: with all checks, and in no list.
    fn dial_number(
        &mut self,
        shared: &mut Shared,
        agent: AgentId,
        number: String,
        history: Option<NumberHistory>,
        now: Now,
    ) -> Result<Reply, Refusal> {
        let campaign = self.id;
        let Some(run) = &self.run else { return Err(Refusal::NotByHand) };
        if packed(&number).is_some_and(|key| shared.busy_numbers.contains(&key)) {
            return Err(Refusal::Busy);
        }
        if let Some(history) = &history {
            shared.numbers.learn(&number, history);
        }
        let tries = Tries::default();
        let attempt = gate::Attempt {
            terms: &run.definition.terms,
            zone: None,
            region: None,
            history: shared.numbers.history(&number, tries.facts()),
            consents: &[],
            ring: Some(core::time::Duration::from_secs(run.definition.ring_min_s.into())),
            agent_waits: true,
        };
        let facts = Facts { attempt: Some(attempt), ..Facts::new(&number, Purpose::Campaign, now.wall) };
        let verdict = gate::judge(&shared.rules, &shared.lists, &facts);
        if !verdict.is_allowed() {
            let (queue, agent, lead) = (run.definition.queue(), Some(agent), LeadId::default());
            let judged = JudgedNote { campaign, lead, queue, attempt: None, agent, verdict: verdict.clone() };
            shared.out.push_back(Effect::Note(Note::Judged(Box::new(judged))));
            return Err(Refusal::Gate(Box::new(verdict)));
        }
        let id = AttemptId::mint(now.wall, &mut shared.rng);
        let caller_id = run.definition.caller_ids.pick(&number, run.turn).map(str::to_owned);
        let whom = (LeadId::default(), ListId::default());
        let attempt = Attempt::ordered(id, campaign, whom, (number, caller_id), Some(agent), now.wall);
        self.launch(shared, attempt, verdict, (tries, 1), now);
        Ok(Reply::Dialing(id))
    }
}

/// A lead that was passed on comes again.
const SKIPPED_FOR: core::time::Duration = core::time::Duration::from_secs(600);
const _: () = assert!(SKIPPED_FOR.as_secs() >= Recycle::AFTER_MIN.as_secs());
