//! Manual and preview dialing: an agent asks for each call.

use clock::{AgentId, AttemptId, LeadId, ListId, Now};

use super::attempt::Attempt;
use super::campaign::{Campaign, Preview, Run, Shared};
use super::contract::{ByHand, Effect, JudgedNote, Note, Refusal, Reply, Shown};
use super::dial::{NotDialed, later};
use super::explain::Hold;
use super::turn::{Turn, turn};
use crate::campaign::{Method, Recycle, Status};
use crate::gate::{self, Facts, Purpose, Verdict, packed};
use crate::hopper::{Kind, NumberHistory, Taken, Tries};
use crate::pacing::AgentState;

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
        let is_closed = run.is_closed(now);
        if !run.definition.has(agent) {
            return Err(Refusal::NotAssigned);
        }
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
            let has_line = |run: &Run| run.flights.len() < run.definition.max_lines as usize;
            if self.run.as_ref().is_some_and(has_line) {
                let _ = self.accept(shared, agent, now);
            }
        }
        for agent in idle {
            // Without a lead for one who may call them all there is none for anybody.
            if self.show(shared, agent, now).is_err() && shared.personal(Some(agent)).is_none() {
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
        let (taken, number) = self.take_for(shared, agent, now).ok_or(Refusal::NoLead)?;
        let Some(run) = &mut self.run else { return Err(Refusal::NotByHand) };
        let until = limit.map(|limit| now.wall + limit);
        let shown = Shown { campaign, lead: taken.lead, number, until, may_skip };
        run.shown.insert(agent, Preview { taken, shown: shown.clone(), until: limit.map(|limit| now.mono + limit) });
        shared.out.push_back(Effect::Show { campaign, agent, shown: Some(shown.clone()) });
        Ok(Reply::Shown(shown))
    }

    /// The next lead that the agent's own lists let him call, and by which number. Those that they do not stay for the
    /// others, or come again later if nobody at work may call them.
    fn take_for(&mut self, shared: &mut Shared, agent: AgentId, now: Now) -> Option<(Taken, String)> {
        let run = self.run.as_mut()?;
        let (mut found, mut passed) = (None, Vec::new());
        while found.is_none() && passed.len() < LOOKED_AT {
            let Some(taken) = run.hopper.take(now.wall, |other| other == agent) else { break };
            match run.choose(shared, taken, agent, now) {
                Ok(number) => found = Some((taken, number)),
                Err(verdict) => passed.push((taken, verdict)),
            }
        }
        for (taken, verdict) in passed.into_iter().rev() {
            let run = self.run.as_mut()?;
            if taken.kind != Kind::Callback(Some(agent)) && run.is_for_others(shared, taken.lead, agent) {
                run.hopper.put_back(taken.lead, now.wall);
            } else {
                self.bar(shared, taken, Some(agent), &[&*verdict], false, now);
            }
        }
        found
    }

    fn skip(&mut self, shared: &mut Shared, agent: AgentId, now: Now) -> Result<Reply, Refusal> {
        let Some(run) = &mut self.run else { return Err(Refusal::NotByHand) };
        let may_skip = run.shown.get(&agent).ok_or(Refusal::NothingShown)?.shown.may_skip;
        if !may_skip {
            return Err(Refusal::MayNotSkip);
        }
        if let Some(preview) = run.shown.remove(&agent) {
            run.hopper.book(preview.taken.lead, later(preview.taken.kind, now.wall + SKIPPED_FOR));
            shared.out.push_back(Effect::Show { campaign: self.id, agent, shown: None });
        }
        match self.show(shared, agent, now) {
            // It is passed on, whether there is another one or not.
            Err(Refusal::NoLead | Refusal::AgentNotReady) => Ok(Reply::Done),
            other => other,
        }
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
        let consents = shared.consents.of(&number, &[]);
        let attempt = gate::Attempt {
            terms: &run.definition.terms,
            zone: None,
            region: None,
            history: shared.numbers.history(&number, tries.facts()),
            consents: &consents,
            ring: Some(core::time::Duration::from_secs(run.definition.ring_min_s.into())),
            agent_waits: true,
        };
        let personal = shared.personal(Some(agent));
        let facts = Facts { personal, attempt: Some(attempt), ..Facts::new(&number, Purpose::Campaign, now.wall) };
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

impl Run {
    /// The number by which an agent would call a lead, unless his own lists are against all of them. What else stands
    /// against it is said when he wants it dialed.
    fn choose(&self, shared: &Shared, taken: Taken, agent: AgentId, now: Now) -> Result<String, Box<Verdict>> {
        let Some(lead) = self.hopper.lead(taken.lead) else { return Ok(String::new()) };
        let first = lead.number(&self.definition.recycle).unwrap_or_default().to_owned();
        if shared.personal(Some(agent)).is_none() {
            return Ok(first);
        }
        match turn(shared, &self.definition, lead, Some(agent), now) {
            Turn::Dial(_, verdict) => Ok(verdict.evidence.number.clone()),
            Turn::Denied { verdict, .. } if verdict.is_personal() => Err(verdict),
            _ => Ok(first),
        }
    }

    /// Somebody else at work may call the lead, by his own lists.
    fn is_for_others(&self, shared: &Shared, lead: LeadId, agent: AgentId) -> bool {
        let Some(lead) = self.hopper.lead(lead) else { return false };
        let may = |other: AgentId| {
            let own = shared.personal(Some(other));
            own.is_none_or(|own| lead.numbers.iter().any(|(number, _)| own.lets(number)))
        };
        self.told.iter().any(|(other, state)| *other != agent && *state != AgentState::Away && may(*other))
    }
}

/// Leads that one agent's own lists do not let him call are looked at so many at once; the next tick goes on.
const LOOKED_AT: usize = 50;
/// A lead that was passed on comes again.
pub(super) const SKIPPED_FOR: core::time::Duration = core::time::Duration::from_secs(600);
const _: () = assert!(SKIPPED_FOR.as_secs() >= Recycle::AFTER_MIN.as_secs());
