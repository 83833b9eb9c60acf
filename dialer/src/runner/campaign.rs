//! One campaign with what runs of it.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use clock::{AgentId, AttemptId, CallId, CampaignId, Instant, LeadId, ListId, Now, Rng, WallTime};

use super::alert::{Alert, AlertKind, Recent};
use super::attempt::Attempt;
use super::contract::{CampaignNote, Effect, LeadNote, Note, Shown, Written};
use super::disposing::{Disposing, Said};
use super::explain::Pace;
use super::house::House;
use super::ledger::Ledger;
use crate::campaign::{Definition, Life, Service};
use crate::contract::{AgentFact, Heard};
use crate::gate::{Consents, Lists, Personal, Rule, Rules};
use crate::hopper::{Booked, Hopper, Numbers, Taken, Tries};
use crate::pacing::{self, AgentState, Pacer};

/// A campaign.
#[derive(Clone, Debug)]
pub(super) struct Campaign {
    pub(super) id: CampaignId,
    pub(super) written: Written,
    pub(super) life: Life,
    pub(super) resets: BTreeMap<ListId, WallTime>,
    /// None: what was counted before is not known.
    pub(super) ledger: Option<Ledger>,
    pub(super) run: Option<Run>,
    /// Leads of conversations from before a restart, of which an agent may still say that they come again; until when.
    pub(super) awaited: BTreeMap<LeadId, WallTime>,
    /// Numbers of which a consent was written down and whose denied leads are being read, by list; since when.
    pub(super) consented: BTreeMap<(ListId, u64), Instant>,
    /// The last conversation of each agent, while he has not said what came of it.
    pub(super) after: BTreeMap<AgentId, CallId>,
}

/// What runs of it, from its start until its last attempt is over.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) definition: Arc<Definition>,
    pub(super) hopper: Hopper,
    pub(super) pacer: Pacer,
    pub(super) flights: BTreeMap<AttemptId, Flight>,
    /// What the pacer was told of each agent.
    pub(super) told: BTreeMap<AgentId, AgentState>,
    /// One of its agents counts for another campaign.
    pub(super) shares: bool,
    pub(super) shown: BTreeMap<AgentId, Preview>,
    pub(super) denied: BTreeMap<LeadId, Barred>,
    /// What was asked for before that is from before it.
    pub(super) began: u64,
    /// Leads whose data was mended and that are being read again: they are not dialed before.
    pub(super) mending: BTreeMap<LeadId, Mending>,
    pub(super) recent: Recent,
    pub(super) alerts: BTreeMap<(AlertKind, Option<String>), Alert>,
    pub(super) pace: Pace,
    /// Attempts begun: the pacer's names for them, and whose turn it is among caller ids.
    pub(super) turn: u64,
    pub(super) looked_at: Option<Instant>,
    /// Since when each agent has been at work for it, as far as nobody has written down.
    pub(super) at_work: BTreeMap<AgentId, WallTime>,
    /// Spans that are to be written down.
    pub(super) worked: Vec<(AgentId, WallTime, WallTime)>,
    pub(super) told_attempts: u64,
    /// Attempts in a row that we, the trunk or the network failed, and when the last of them did.
    pub(super) failing: (u32, Option<Instant>),
}

/// An attempt under way.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) attempt: Attempt,
    /// The pacer's name of it.
    pub(super) key: u64,
    /// Somebody must have said by then that it is over or answered.
    pub(super) due: Instant,
    pub(super) tries: Tries,
    pub(super) numbers: u8,
    pub(super) canceled: bool,
    /// Times in a row that nobody who carries attempts out knew of it.
    pub(super) missing: u8,
    pub(super) ordered: Instant,
    pub(super) stage: Stage,
    /// What the agent said came of it while he still talked.
    pub(super) said: Option<Said>,
}

/// Where an attempt stands, as the pacing sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Ringing,
    Detecting,
    /// Needs an agent.
    Waiting,
    /// With an agent, or a message is played.
    Talking,
}

/// A lead that an agent looks at.
#[derive(Clone, Debug)]
pub(super) struct Preview {
    pub(super) taken: Taken,
    pub(super) shown: Shown,
    pub(super) until: Option<Instant>,
}

/// A lead that is read again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mending {
    pub(super) list: ListId,
    /// What is asked for before this may be older than what was mended.
    pub(super) read: u64,
    pub(super) asked: Instant,
}

/// A lead that the gate did not let pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Barred {
    /// Which number by which rule, and why; the one that decides first.
    pub(super) numbers: Vec<(String, Rule, String)>,
    /// The agent by whose own lists, where it is by those.
    pub(super) agent: Option<AgentId>,
    pub(super) again_at: WallTime,
}

/// What all campaigns share.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) rng: Rng,
    /// The last number of what was asked for.
    pub(super) reads: u64,
    pub(super) rules: Arc<Rules>,
    pub(super) lists: Arc<Lists>,
    /// None: the configuration has not come yet.
    pub(super) house: Option<Arc<House>>,
    /// Consents of numbers, beside those of leads.
    pub(super) consents: Consents,
    pub(super) numbers: Numbers,
    /// Leads and (packed) numbers that are being called, whichever campaign does it.
    pub(super) busy_leads: BTreeSet<LeadId>,
    pub(super) busy_numbers: BTreeSet<u64>,
    /// Whose attempt it is.
    pub(super) attempts: BTreeMap<AttemptId, CampaignId>,
    pub(super) journal_is_well: bool,
    pub(super) is_draining: bool,
    pub(super) disposing: Disposing,
    pub(super) out: VecDeque<Effect>,
    #[cfg(feature = "planted-faults")]
    pub(super) planted: Option<(super::planted::Planted, u32)>,
}

impl Campaign {
    /// A campaign of which nothing runs.
    pub(super) fn idle(
        id: CampaignId,
        written: Written,
        life: Life,
        resets: BTreeMap<ListId, WallTime>,
        ledger: Option<Ledger>,
    ) -> Self {
        let (awaited, consented, after) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { id, written, life, resets, ledger, run: None, awaited, consented, after }
    }

    /// A run of it, as it is written now.
    pub(super) fn begin(&mut self, shared: &mut Shared, now: Now) {
        let definition = Arc::clone(&self.written.definition);
        let lists: Vec<_> = definition.lists.iter().map(|list| (*list, self.resets.get(&list.list).copied())).collect();
        self.run = Some(Run {
            hopper: Hopper::new(&lists, definition.mix, definition.order).handing_over(definition.callback_handover),
            pacer: Pacer::new(definition.pacing_rules(), now.mono),
            definition,
            flights: BTreeMap::new(),
            told: BTreeMap::new(),
            shares: false,
            shown: BTreeMap::new(),
            denied: BTreeMap::new(),
            began: shared.next_read(now),
            mending: BTreeMap::new(),
            recent: Recent::default(),
            alerts: BTreeMap::new(),
            pace: Pace::default(),
            turn: 0,
            looked_at: None,
            at_work: BTreeMap::new(),
            worked: Vec::new(),
            told_attempts: 0,
            failing: (0, None),
        });
    }

    /// The run is of a campaign that was written anew since.
    pub(super) fn is_stale(&self) -> bool {
        self.run.as_ref().is_some_and(|run| !Arc::ptr_eq(&run.definition, &self.written.definition))
    }

    pub(super) fn note(&self, now: Now) -> Effect {
        Effect::Note(Note::Campaign(Box::new(CampaignNote {
            campaign: self.id,
            written: self.written.clone(),
            life: self.life.clone(),
            resets: self.resets.iter().map(|(list, at)| (*list, *at)).collect(),
            at: now.wall,
        })))
    }

    /// A lead is booked from now.
    pub(super) fn lead_note(&self, lead: LeadId, list: ListId, booked: Booked, tries: Tries, now: Now) -> Effect {
        let (campaign, at) = (self.id, now.wall);
        Effect::Note(Note::Lead(Box::new(LeadNote { campaign, list, lead, booked, tries, disposition: None, at })))
    }
}

impl Shared {
    /// The own lists of the agent for whom a number is dialed; none: he has none, or nobody knows yet who he will be.
    pub(super) fn personal(&self, agent: Option<AgentId>) -> Option<&Personal> {
        self.house.as_ref()?.personal(agent)
    }
}

impl Run {
    /// Tells the pacer of an agent, if that is new to it.
    pub(super) fn tell(&mut self, fact: &AgentFact, now: Now) {
        use crate::contract::Doing;
        let state = match fact.doing {
            Doing::Gone => AgentState::Gone,
            Doing::Ready if fact.standing => AgentState::Idle,
            Doing::Ready | Doing::Paused => AgentState::Away,
            Doing::OnCall => AgentState::Talking,
            Doing::WrapUp => AgentState::WrapUp,
        };
        let known =
            if state == AgentState::Gone { self.told.remove(&fact.agent) } else { self.told.insert(fact.agent, state) };
        self.work(fact.agent, !matches!(state, AgentState::Gone | AgentState::Away), now);
        if known.unwrap_or(AgentState::Gone) != state {
            self.pacer.handle(now.mono, pacing::Event::Agent { agent: fact.agent.0, state });
        }
    }

    fn work(&mut self, agent: AgentId, is_at_work: bool, now: Now) {
        if is_at_work {
            self.at_work.entry(agent).or_insert(now.wall);
        } else if let Some(since) = self.at_work.remove(&agent).filter(|since| *since < now.wall) {
            self.worked.push((agent, since, now.wall));
        }
    }

    /// Who works on is written down every minute, so that a crash loses no more.
    pub(super) fn clock_in(&mut self, now: Now) {
        for (agent, since) in self.at_work.iter_mut().filter(|(_, since)| **since + CLOCKED_EVERY <= now.wall) {
            self.worked.push((*agent, *since, now.wall));
            *since = now.wall;
        }
    }

    /// He can take a call now, and none is under way for him alone.
    pub(super) fn is_free(&self, agent: AgentId) -> bool {
        let has_his =
            self.flights.values().any(|flight| flight.attempt.waits == Some(agent) && flight.stage != Stage::Talking);
        self.told.get(&agent) == Some(&AgentState::Idle) && !has_his
    }

    pub(super) fn count(&self, stage: Stage) -> u32 {
        let count = self.flights.values().filter(|flight| flight.stage == stage).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    pub(super) fn agents(&self, state: AgentState) -> u32 {
        u32::try_from(self.told.values().filter(|told| **told == state).count()).unwrap_or(u32::MAX)
    }

    /// What was heard needs an agent.
    pub(super) fn needs_agent(&self, heard: Heard) -> bool {
        use crate::contract::OnMachine;
        match (self.definition.service, heard) {
            (Service::Queue(_), Heard::Person) => true,
            (_, Heard::Machine) => matches!(self.definition.detection.on_machine, OnMachine::Queue(_)),
            _ => false,
        }
    }
}

/// Of a minute of an agent's work nobody makes a case.
const CLOCKED_EVERY: Duration = Duration::from_secs(60);
