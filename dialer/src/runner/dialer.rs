//! The core: inputs, ticks, effects.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use clock::{AgentId, CampaignId, Instant, Now, QueueId, Rng, SkillId, WallTime};

use super::alert::{Alert, AlertKind};
use super::campaign::{Campaign, Shared};
use super::contract::{Effect, Input, Note, Progress, Question, Refusal, Reply};
use super::disposing::Disposing;
use super::ledger::Window;
use super::sharing::Post;
use crate::campaign::{Status, Step};
use crate::contract::{AgentFact, Doing, Fact};
use crate::gate::{ConsentTold, Consents, packed};
use crate::hopper::{HELD_MAX, NUMBERS_MAX, Numbers, Stock, What};
use crate::pacing::AgentState;

/// All campaigns, with what they share.
#[derive(Clone, Debug)]
pub struct Dialer {
    pub(super) shared: Shared,
    pub(super) campaigns: BTreeMap<CampaignId, Campaign>,
    pub(super) four_eyes: bool,
    pub(super) agents: BTreeMap<(QueueId, AgentId), AgentFact>,
    /// For which campaign each agent counts.
    pub(super) posts: BTreeMap<AgentId, Post>,
    /// Skills that agents have for now, as was told.
    pub(super) lent: Arc<BTreeMap<AgentId, Vec<SkillId>>>,
    next_tick: Option<Instant>,
    swept_at: Option<Instant>,
}

impl Dialer {
    /// A dialer without campaigns.
    #[must_use]
    pub fn new(rng: Rng) -> Self {
        let shared = Shared {
            rng,
            reads: 0,
            rules: Arc::default(),
            lists: Arc::default(),
            house: None,
            consents: Consents::default(),
            numbers: Numbers::default(),
            busy_leads: BTreeSet::new(),
            busy_numbers: BTreeSet::new(),
            attempts: BTreeMap::new(),
            journal_is_well: true,
            is_draining: false,
            disposing: Disposing::default(),
            out: VecDeque::new(),
            #[cfg(feature = "planted-faults")]
            planted: None,
        };
        Self {
            shared,
            campaigns: BTreeMap::new(),
            four_eyes: true,
            agents: BTreeMap::new(),
            posts: BTreeMap::new(),
            lent: Arc::default(),
            next_tick: None,
            swept_at: None,
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Rules(rules) => self.shared.rules = rules,
            Input::Lists(lists) => self.shared.lists = lists,
            Input::Consents(consents) => self.shared.consents = consents,
            Input::Consent(told) => {
                // Whether there is room was asked by who wrote it down.
                self.shared.consents.take(&told);
                self.consented(&told, now);
            }
            Input::House(house) => {
                self.shared.house = Some(house);
                self.campaigns.values_mut().for_each(|campaign| campaign.halt(&mut self.shared, now));
            }
            Input::Reread { campaign, written } => self.reread(campaign, written),
            Input::FourEyes(four_eyes) => self.four_eyes = four_eyes,
            Input::Journal { is_well } => self.shared.journal_is_well = is_well,
            Input::Drain => self.shared.is_draining = true,
            Input::Restore(restored) => self.restore(*restored, now),
            Input::Write { request, campaign, written, based_on, by } => {
                let seen = based_on.is_none_or(|text| self.is_written(campaign, &text));
                let result = if seen { self.write(campaign, written, by, now) } else { Err(Refusal::Changed) };
                self.reply(request, result);
            }
            Input::Step { request, campaign, step, based_on } => {
                let seen = based_on.is_none_or(|text| self.is_written(campaign, &text));
                let result = if seen { self.step(campaign, step, now) } else { Err(Refusal::Changed) };
                self.reply(request, result);
            }
            Input::Assign { request, campaign, written, based_on } => {
                let seen = self.is_written(campaign, &based_on);
                let result = if seen { self.assign(campaign, written, now) } else { Err(Refusal::Changed) };
                self.reply(request, result);
            }
            Input::Reset { request, campaign, list } => {
                let result = self.reset(campaign, list, now);
                self.reply(request, result);
            }
            Input::Page { campaign, page } => self.page(campaign, page, now),
            Input::Added { request, list } => {
                let is_its =
                    |campaign: &&mut Campaign| campaign.written.definition.lists.iter().any(|share| share.list == list);
                let runs = self.campaigns.values_mut().filter(is_its).filter_map(|campaign| campaign.run.as_mut());
                runs.for_each(|run| run.hopper.look());
                self.reply(request, Ok(Reply::Done));
            }
            Input::Mended { request, list, lead } => {
                self.mended(list, lead, now);
                self.reply(request, Ok(Reply::Done));
            }
            Input::Agent { queue, fact } => self.agent(queue, fact, now),
            Input::Report(report) => {
                let connected = match &report.fact {
                    Fact::Connected { agent, .. } => Some((*agent, report.at)),
                    _ => None,
                };
                let campaign = self.shared.attempts.get(&report.attempt).and_then(|id| self.campaigns.get_mut(id));
                if let Some(campaign) = campaign {
                    campaign.report(&mut self.shared, report.attempt, report.at, report.fact, now);
                }
                if let Some((agent, at)) = connected {
                    self.connected(agent, at, now);
                }
            }
            Input::Live(live) => {
                self.campaigns.values_mut().for_each(|campaign| campaign.compare(&mut self.shared, &live, now));
            }
            Input::Disposed(said) => self.disposed(said, now),
            Input::Answer { request, answered } => {
                let result = self.answer(answered, now);
                self.reply(Some(request), result);
            }
            Input::ByHand { request, campaign, agent, what } => {
                let found = self.campaigns.get_mut(&campaign).ok_or(Refusal::UnknownCampaign);
                let result = found.and_then(|campaign| campaign.by_hand(&mut self.shared, agent, what, now));
                self.reply(Some(request), result);
            }
            Input::Ask { request, question } => {
                let result = match question {
                    Question::WhyNot { campaign, lead } => {
                        self.why_not(campaign, lead, now).map(Reply::WhyNot).ok_or(Refusal::UnknownCampaign)
                    }
                    Question::Callback(asked) => self.may_call_back(asked, now),
                    Question::Consents(numbers) => Ok(Reply::Consents(self.shared.consents.about(&numbers))),
                };
                self.reply(Some(request), result);
            }
        }
        self.arm(now);
    }

    /// Ticks when it is time; early calls do nothing.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.next_tick.is_none_or(|at| now.mono < at) {
            return;
        }
        self.next_tick = None;
        for campaign in
            self.campaigns.values_mut().filter(|campaign| campaign.run.is_some() || campaign.life.status.is_live())
        {
            campaign.tick(&mut self.shared, now);
        }
        for (campaign, lead, list) in self.shared.disposing.late(now) {
            self.shared.ask_one(campaign, lead, list, now);
        }
        // A run that began at this tick knows no agent yet.
        self.tell_agents(now);
        self.sweep(now);
        self.arm(now);
    }

    /// What is to be done next; drained before the next input.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.shared.out.pop_front()
    }

    /// There is room for what somebody tells of a consent.
    #[must_use]
    pub fn has_room_for(&self, told: &ConsentTold) -> bool {
        self.shared.consents.has_room(told)
    }

    /// How much it holds, in rows: leads and numbers. What a copy of it costs goes by that.
    #[must_use]
    pub fn held(&self) -> usize {
        let runs = self.campaigns.values().filter_map(|campaign| campaign.run.as_ref());
        let leads = runs.map(|run| run.hopper.held()).sum::<usize>();
        self.campaigns.len() + leads + self.shared.numbers.len() + self.shared.consents.count()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next_tick
    }

    fn reply(&mut self, request: Option<clock::RequestId>, result: Result<Reply, Refusal>) {
        if let Some(request) = request {
            self.shared.out.push_back(Effect::Reply { request, result });
        }
    }

    fn page(&mut self, id: CampaignId, page: crate::hopper::Page, now: Now) {
        if let What::One { lead } = page.wanted.what {
            self.mend(id, lead, &page);
            return self.placed(id, lead, page, now);
        }
        if let What::Denied { number } = page.wanted.what {
            return self.judge_anew(id, number, page, now);
        }
        let Some(campaign) = self.campaigns.get_mut(&id).filter(|its| !its.is_from_before(&page.wanted)) else {
            return;
        };
        let Some(run) = campaign.run.as_mut() else { return };
        for (number, history) in page.leads.iter().flatten().flat_map(|lead| &lead.numbers) {
            self.shared.numbers.learn(number, history);
        }
        run.hopper.page(page, now.wall, &mut self.shared.rng);
        // What was tried before a restart may be hundreds of pages: the next is asked for as soon as one came.
        campaign.want(&mut self.shared, now);
    }

    fn agent(&mut self, queue: QueueId, fact: AgentFact, now: Now) {
        if fact.doing == Doing::Gone {
            self.agents.remove(&(queue, fact.agent));
        } else {
            self.agents.insert((queue, fact.agent), fact);
        }
        let gone = |run: &mut super::campaign::Run| run.tell(&AgentFact { doing: Doing::Gone, ..fact }, now);
        if fact.doing == Doing::Gone {
            let of_queue = |campaign: &&mut Campaign| campaign.written.definition.queue() == Some(queue);
            self.campaigns.values_mut().filter(of_queue).filter_map(|campaign| campaign.run.as_mut()).for_each(gone);
        }
        self.tell_agents(now);
    }

    /// He talks, whoever tells of it first: until his own fact comes, nobody else is dialed for him.
    fn connected(&mut self, agent: AgentId, at: WallTime, now: Now) {
        let was_ready = |fact: &AgentFact| fact.doing == Doing::Ready && fact.since <= at;
        let his = self.agents.iter_mut().filter(|((_, id), fact)| *id == agent && was_ready(fact));
        his.for_each(|(_, fact)| (fact.doing, fact.since) = (Doing::OnCall, at));
        self.tell_agents(now);
    }

    fn sweep(&mut self, now: Now) {
        let is_due = self.swept_at.is_none_or(|at| now.mono.since(at) >= SWEEP_EVERY);
        if !is_due || self.shared.numbers.len() < NUMBERS_MAX / 2 {
            return;
        }
        self.swept_at = Some(now.mono);
        let runs = self.campaigns.values().filter_map(|campaign| campaign.run.as_ref());
        let held: BTreeSet<u64> = runs.flat_map(|run| run.hopper.numbers()).filter_map(packed).collect();
        self.shared.numbers.sweep(now.wall, |key| held.contains(&key));
    }

    fn arm(&mut self, now: Now) {
        let is_on = |campaign: &Campaign| campaign.run.is_some() || campaign.life.status.is_live();
        let has_work = self.campaigns.values().any(is_on) || self.shared.disposing.waits();
        if self.next_tick.is_some() || !has_work {
            return;
        }
        let agents =
            self.campaigns.values().filter_map(|campaign| campaign.run.as_ref()).map(|run| run.told.len()).max();
        let every = if agents.unwrap_or_default() > COARSE_FROM { TICK * 2 } else { TICK };
        self.next_tick = Some(now.mono + every);
    }
}

impl Campaign {
    fn tick(&mut self, shared: &mut Shared, now: Now) {
        if self.life.status == Status::Processing && (self.run.is_none() || self.is_stale()) {
            // What was begun under the former definition ends first.
            if self.run.as_ref().is_none_or(|run| run.flights.is_empty()) {
                self.begin(shared, now);
            }
        }
        self.halt(shared, now);
        self.give_up(shared, now);
        self.read_denied_again(shared, now);
        let is_stale = self.is_stale();
        let Some(run) = &mut self.run else { return };
        run.hopper.expire(now.wall);
        self.want(shared, now);
        self.read_again(shared, now);
        let Some(run) = &mut self.run else { return };
        if self.life.status == Status::Processing && !is_stale && run.hopper.is_ready() {
            let _ = self.step(shared, Step::Ready, now, false);
        }
        self.write_worked(shared, now);
        self.pace(shared, now);
        self.preview(shared, now);
        self.look(shared, now);
        self.finish(shared, now);
    }

    /// Asks for the pages that are needed now, one of each list at most.
    fn want(&mut self, shared: &mut Shared, now: Now) {
        let Some(run) = self.run.as_mut().filter(|_| self.life.status.is_live()) else { return };
        while let Some(wanted) = run.hopper.wanted(now.wall) {
            shared.ask(self.id, wanted, now);
        }
    }

    /// Every lead is done: so is the campaign. One that is over is let go of with its last attempt.
    fn finish(&mut self, shared: &mut Shared, now: Now) {
        let Some(run) = &self.run else { return };
        if !run.flights.is_empty() {
            return;
        }
        let is_manual = run.definition.method == crate::campaign::Method::Manual;
        let is_awaited = self.awaited.values().any(|until| *until > now.wall);
        if self.life.status == Status::Running && run.hopper.is_finished() && !is_manual && !is_awaited {
            let _ = self.step(shared, Step::Finish, now, false);
        }
        let is_quiet = self.run.as_ref().is_some_and(|run| run.hopper.counts().busy == 0);
        if self.life.status.is_final() && is_quiet {
            self.run = None;
        }
    }

    fn write_worked(&mut self, shared: &mut Shared, now: Now) {
        let campaign = self.id;
        let Some(run) = &mut self.run else { return };
        run.clock_in(now);
        for (agent, since, until) in run.worked.drain(..) {
            shared.out.push_back(Effect::Note(Note::Worked { campaign, agent, since, until }));
        }
    }

    /// Progress and alerts, every few seconds.
    fn look(&mut self, shared: &mut Shared, now: Now) {
        let total = self.ledger.as_ref().map(|ledger| ledger.total()).unwrap_or_default();
        let found = self.alerts(shared, now);
        let (id, is_on) = (self.id, self.life.status.is_live());
        let Some(run) = &mut self.run else { return };
        if run.looked_at.is_some_and(|at| now.mono.since(at) < LOOK_EVERY) {
            return;
        }
        run.looked_at = Some(now.mono);
        let in_flight = u32::try_from(run.flights.len()).unwrap_or(u32::MAX);
        if run.told_attempts != total.attempts {
            run.told_attempts = total.attempts;
            let progress = Progress { campaign: id, total, in_flight, at: now.wall };
            shared.out.push_back(Effect::Note(Note::Progress(progress)));
        }
        let found: BTreeMap<_, _> =
            found.into_iter().filter(|_| is_on).map(|alert| ((alert.kind, alert.about.clone()), alert)).collect();
        let over: Vec<_> = run.alerts.keys().filter(|key| !found.contains_key(*key)).cloned().collect();
        for alert in over.iter().filter_map(|key| run.alerts.remove(key)) {
            shared.out.push_back(Effect::Note(Note::Alert { campaign: id, alert, is_on: false }));
        }
        for (key, alert) in found {
            if let Some(known) = run.alerts.get_mut(&key) {
                // It stands since then, and says what is so now.
                known.says = alert.says;
                continue;
            }
            shared.out.push_back(Effect::Note(Note::Alert { campaign: id, alert: alert.clone(), is_on: true }));
            run.alerts.insert(key, alert);
        }
    }

    fn alerts(&self, shared: &Shared, now: Now) -> Vec<Alert> {
        let Some(run) = &self.run else { return Vec::new() };
        let alert = |kind, about, says| Alert { kind, about, since: now.wall, says };
        let mut found = Vec::new();
        found.extend(self.lacks(shared).map(|says| alert(AlertKind::TargetGone, None, says)));
        if self.life.status != Status::Running {
            return found;
        }
        let is_dry = run.hopper.is_dry() && run.hopper.next_due().is_none_or(|at| at > now.wall + DRY_FOR);
        if is_dry && run.definition.method != crate::campaign::Method::Manual {
            let waiting = run.hopper.counts().retries + run.hopper.counts().callbacks;
            let why = match run.hopper.stock() {
                Stock::Whole => "",
                Stock::Empty => " A list of it never had a lead.",
                Stock::Importing => " A list of it is not imported to its end.",
            };
            let says = format!("No new lead is left; {waiting} wait for their next try.{why}");
            found.push(alert(AlertKind::ListDry, None, says));
        }
        if run.hopper.is_full() {
            let says = format!("It holds {HELD_MAX} leads that wait or were let go of, and reads no more.");
            found.push(alert(AlertKind::HopperFull, None, says));
        }
        let at_work = run.told.values().filter(|state| **state != AgentState::Away).count();
        if run.definition.queue().is_some() && at_work == 0 && !run.is_closed(now) && !run.lends(now) {
            found.push(alert(AlertKind::NoAgents, None, "Nobody with a standing leg serves its queue.".to_owned()));
        }
        let month = self.ledger.as_ref().map(|ledger| ledger.within(Window::Month, now.wall)).unwrap_or_default();
        let rate = month.abandon_rate().filter(|_| month.people >= NEAR_FROM);
        if let Some(rate) = rate.filter(|rate| *rate >= run.definition.abandon.target * NEAR) {
            let says =
                format!("{:.2} % of {} people who answered in 30 days were abandoned.", rate * 100.0, month.people);
            found.push(alert(AlertKind::AbandonNear, None, says));
        }
        let overdue: Vec<AgentId> = run.hopper.overdue(overdue_by(now.wall)).collect();
        if !overdue.is_empty() {
            let (count, agents) = (overdue.len(), overdue.iter().collect::<BTreeSet<_>>().len());
            let says = format!("{count} callbacks of {agents} agents, their own, are overdue by more than 15 minutes.");
            found.push(alert(AlertKind::CallbackOverdue, None, says));
        }
        if let Some((failed, last)) = run.recent.failing() {
            found.push(alert(AlertKind::TrunkFailing, None, format!("{failed} of the last {last} attempts failed.")));
        }
        for (own, answered, others) in run.recent.rare() {
            let says = format!("{own} is answered in {answered} % of its calls, the others in {others} %.");
            found.push(alert(AlertKind::CallerIdRare, Some(own), says));
        }
        found
    }
}

fn overdue_by(now: WallTime) -> WallTime {
    WallTime::from_micros(now.as_micros().saturating_sub(OVERDUE_MICROS))
}

/// An agent who talks is late by some minutes; one who is not there by more.
const OVERDUE_MICROS: i64 = 15 * 60 * 1_000_000;
/// How often it is decided how many numbers to dial (pacing.md section 4).
const TICK: Duration = Duration::from_millis(500);
/// With more agents, half as often.
const COARSE_FROM: usize = 100;
/// Progress and alerts.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// With no lead due for so long a list has run dry.
const DRY_FOR: Duration = Duration::from_secs(600);
/// Of the target: near.
const NEAR: f64 = 0.9;
/// People who answered, before a rate tells anything.
const NEAR_FROM: u64 = 100;
/// Numbers that nothing looks back at are forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);
