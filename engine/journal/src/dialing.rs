//! Campaigns, their attempts and leads, as the journal keeps them.
//!
//! Words that stand for something of the dialer's (status, outcome, what was heard) are kept as its stable words.

use std::collections::BTreeMap;

use clock::{AgentId, AttemptId, CallId, CampaignId, LeadId, ListId, WallTime};
use serde::{Deserialize, Serialize};

use crate::{CallEntry, CallEvent, Disposition, Shared};

/// A campaign; replaces its former entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignEntry {
    /// Which.
    pub campaign: CampaignId,
    /// Its name.
    pub name: String,
    /// Word of its dial method.
    pub method: String,
    /// What it is, as the API wrote it: JSON.
    pub definition: String,
    /// Word of where it stands.
    pub status: String,
    /// Who wrote it as it is now.
    pub edited_by: Option<String>,
    /// Who submitted it, and when.
    pub submitted: Option<(String, WallTime)>,
    /// Who approved or rejected it, and when.
    pub approved: Option<(String, WallTime)>,
    /// Why it was rejected or called off.
    pub reason: Option<String>,
    /// When it was started first.
    pub started_at: Option<WallTime>,
    /// When it was over.
    pub ended_at: Option<WallTime>,
    /// When its lists were reset.
    pub resets: Vec<(ListId, WallTime)>,
    /// When it became so.
    pub at: WallTime,
    /// Who ended it, if somebody did.
    pub ended_by: Option<String>,
    /// What it was estimated to take when it was submitted, as the API wrote it: JSON.
    pub estimate: Option<String>,
    /// Who put it away, and when.
    pub archived: Option<(String, WallTime)>,
}

/// An attempt; replaces its former entry. After its end none follows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptEntry {
    /// Which.
    pub attempt: AttemptId,
    /// Whose it is.
    pub campaign: CampaignId,
    /// Whom it is to reach; 0: nobody on a list.
    pub lead: LeadId,
    /// The lead's list.
    pub list: ListId,
    /// The number, E.164.
    pub number: String,
    /// What the called phone shows.
    pub caller_id: Option<String>,
    /// The agent who waits for this very call.
    pub waits: Option<AgentId>,
    /// When everything happened.
    pub times: AttemptTimes,
    /// Its call.
    pub call: Option<CallId>,
    /// Word of what the line told before the answer.
    pub early: Option<String>,
    /// Word of who answered, how sure that is in percent, and why.
    pub detected: Option<(String, u8, String)>,
    /// The agent who talked with it.
    pub agent: Option<AgentId>,
    /// How long it had waited for him, ms.
    pub waited_ms: Option<u32>,
    /// How it ended: word of the class, stable word of the cause, Q.850 cause, SIP status.
    pub ending: Option<(String, String, u8, Option<u16>)>,
    /// Word of what came of it; it has ended.
    pub outcome: Option<String>,
    /// What was tried with the lead so far, with it.
    pub tries: LeadTries,
    /// How many numbers the lead has.
    pub numbers: u8,
}

/// When everything of an attempt happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptTimes {
    /// It was ordered.
    pub ordered_at: WallTime,
    /// The phone rang.
    pub rang_at: Option<WallTime>,
    /// It was answered.
    pub answered_at: Option<WallTime>,
    /// The detection had decided.
    pub detected_at: Option<WallTime>,
    /// The greeting was over.
    pub greeting_ended_at: Option<WallTime>,
    /// An agent talked.
    pub connected_at: Option<WallTime>,
    /// Nobody had been there in time.
    pub abandoned_at: Option<WallTime>,
    /// A message had been played.
    pub played_at: Option<WallTime>,
    /// It was over.
    pub ended_at: Option<WallTime>,
}

/// What a campaign tried with a lead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadTries {
    /// Attempts ever.
    pub total: u32,
    /// Those that count for the campaign's maximum.
    pub counted: u32,
    /// When those of the last days began.
    pub recent: Vec<WallTime>,
    /// Times in a row that it was our fault, by word of the outcome; and retries from before each number had its own.
    pub by_outcome: Vec<(String, u8)>,
    /// Word of what came of the last, and when.
    pub last: Option<(String, WallTime)>,
    /// Which of its numbers comes next.
    pub number: u8,
    /// What came of each of its numbers, in their order; none: from before that was kept.
    #[serde(default)]
    pub by_number: Vec<LeadNumberTries>,
}

/// What came of one number of a lead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadNumberTries {
    /// E.164; empty: not known.
    pub number: String,
    /// Attempts by word of what came of them.
    pub ended: Vec<(String, u8)>,
    /// Word of what came of the last, and when.
    pub last: Option<(String, WallTime)>,
}

/// A lead of a campaign; replaces its former entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignLeadEntry {
    /// The campaign.
    pub campaign: CampaignId,
    /// Its list.
    pub list: ListId,
    /// The lead.
    pub lead: LeadId,
    /// When it comes again, or that it does not.
    pub booked: LeadBooked,
    /// What was tried.
    pub tries: LeadTries,
    /// The agent's disposition that made it so.
    pub disposition: Option<String>,
    /// When it became so.
    pub at: WallTime,
}

/// When a lead comes again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeadBooked {
    /// Not before then.
    Retry(WallTime),
    /// Then; by that agent alone, if one is named.
    Callback(WallTime, Option<AgentId>),
    /// Not any more: word for why.
    Done(String),
}

/// Something else that happened to a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignStep {
    /// Which.
    pub campaign: CampaignId,
    /// What.
    pub event: CampaignEvent,
    /// When.
    pub at: WallTime,
}

/// What else can happen to a campaign. New ones go at the end: the place in this list is what is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CampaignEvent {
    /// `campaign.alert`: something is wrong from now, or is so no more.
    Alert {
        /// Stable word.
        kind: String,
        /// What it concerns, if not the whole campaign.
        about: Option<String>,
        /// In a sentence.
        says: String,
        /// What to do about it.
        remedy: String,
        /// From now, or no more.
        is_on: bool,
    },
    /// `campaign.progress`: how far it has come.
    Progress {
        /// What was counted in all.
        total: CampaignHour,
        /// Attempts in flight.
        in_flight: u32,
    },
    /// `lead.shown`: an agent sees a lead, or nothing more.
    Shown {
        /// The agent.
        agent: AgentId,
        /// The lead; none: what was shown is over.
        lead: Option<LeadId>,
        /// The number that would be dialed.
        number: String,
        /// It is dialed then, unless he says something.
        until: Option<WallTime>,
    },
    /// `lead.disposed`: what an agent said came of a call has reached the lead, if the call was one's.
    Disposed {
        /// The call.
        call: CallId,
        /// The agent.
        agent: AgentId,
        /// The lead; none: nobody on a list.
        lead: Option<LeadId>,
        /// The disposition's code.
        code: String,
    },
    /// An agent was at work for the campaign until now. It is a row, and no event.
    Worked {
        /// The agent.
        agent: AgentId,
        /// From then.
        since: WallTime,
    },
}

/// A conversation of a campaign, of which an agent may still say what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TalkedEntry {
    /// The attempt.
    pub attempt: AttemptId,
    /// Its campaign.
    pub campaign: CampaignId,
    /// With whom; 0: nobody on a list.
    pub lead: LeadId,
    /// The lead's list.
    pub list: ListId,
    /// The number, E.164.
    pub number: String,
    /// The agent.
    pub agent: AgentId,
    /// When the attempt was ordered.
    pub at: WallTime,
    /// What he said has reached the lead.
    pub is_disposed: bool,
    /// What he answered to the campaign's form.
    pub answers: Vec<(String, AnswerEntry)>,
}

/// An answer to a campaign's form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnswerEntry {
    /// Text, a choice or a date.
    Text(String),
    /// A number, in millionths.
    Number(i64),
}

/// The answers of an attempt to a campaign's form; replaces its former entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormAnswers {
    /// The campaign.
    pub campaign: CampaignId,
    /// The attempt.
    pub attempt: AttemptId,
    /// Its call.
    pub call: CallId,
    /// The agent who asked.
    pub agent: AgentId,
    /// The answers, by the names of their fields.
    pub answers: Vec<(String, AnswerEntry)>,
    /// Who gave them.
    pub by: String,
    /// When.
    pub at: WallTime,
}

/// What ended in an hour, or in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignHour {
    /// Attempts that ended.
    pub attempts: u64,
    /// That were answered, by whomever.
    pub answered: u64,
    /// That a person answered.
    pub people: u64,
    /// People who talked with an agent, or heard the message.
    pub served: u64,
    /// People who were left without an agent.
    pub abandoned: u64,
    /// Machines.
    pub machines: u64,
    /// Failed for a cause of ours, the trunk's or the network's.
    pub failed: u64,
}

/// What a restart needs of campaigns: each whole, attempts that have not ended, and what was counted by the hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialing {
    pub(crate) campaigns: BTreeMap<CampaignId, Shared<CampaignEntry>>,
    pub(crate) open: BTreeMap<AttemptId, Shared<AttemptEntry>>,
    pub(crate) hours: BTreeMap<CampaignId, BTreeMap<i64, CampaignHour>>,
    pub(crate) totals: BTreeMap<CampaignId, CampaignHour>,
    /// Conversations, the newest: ids of calls begin with their time.
    pub(crate) talked: BTreeMap<CallId, TalkedEntry>,
    /// What agents said came of them, and has not reached the lead.
    pub(crate) said: BTreeMap<CallId, Disposition>,
}

impl Dialing {
    /// Takes a campaign as it is from now.
    pub fn campaign(&mut self, entry: &Shared<CampaignEntry>) {
        self.campaigns.insert(entry.campaign, entry.clone());
    }

    /// Takes an attempt as it is from now.
    pub fn attempt(&mut self, entry: &Shared<AttemptEntry>) {
        self.talk(entry);
        let Some(outcome) = entry.outcome.as_deref() else {
            let known = self.open.get(&entry.attempt).filter(|known| known.is_ahead_of(entry));
            let open = known.map_or_else(|| entry.clone(), |known| Shared::from(entry.with_what_befell(known)));
            self.open.insert(entry.attempt, open);
            return;
        };
        // Each began with an entry, and counts once however often its end is read.
        if self.open.remove(&entry.attempt).is_none() {
            return;
        }
        let hour = entry.times.ended_at.unwrap_or(entry.times.ordered_at).as_micros().div_euclid(HOUR_MICROS);
        let hours = self.hours.entry(entry.campaign).or_default();
        let counted = [hours.entry(hour).or_default(), self.totals.entry(entry.campaign).or_default()];
        let is_answered = entry.times.answered_at.is_some();
        counted.into_iter().for_each(|counts| counts.count(outcome, is_answered));
        while hours.len() > HOURS_MAX {
            hours.pop_first();
        }
    }

    /// Takes what befell the call of an attempt. Whoever carries the call out writes it down first, and the dialer may not
    /// have heard of it when the node ends: who had answered by then had answered.
    pub fn befell(&mut self, step: &CallEntry) {
        let open = match &step.event {
            CallEvent::AttemptStarted { attempt, .. } => self.open.get_mut(attempt),
            CallEvent::PickedUp { .. }
            | CallEvent::LineHeard { early: false, .. }
            | CallEvent::Answered { agent: Some(_), .. } => {
                self.open.values_mut().find(|open| open.call == Some(step.call))
            }
            _ => None,
        };
        if let Some(open) = open {
            *open = Shared::from(open.after(step));
        }
    }

    fn talk(&mut self, entry: &AttemptEntry) {
        let (Some(call), Some(agent)) = (entry.call, entry.agent.or(entry.waits)) else { return };
        let AttemptEntry { attempt, campaign, lead, list, .. } = *entry;
        let (number, at) = (entry.number.clone(), entry.times.ordered_at);
        let (is_disposed, answers) =
            self.talked.remove(&call).map(|known| (known.is_disposed, known.answers)).unwrap_or_default();
        self.talked
            .insert(call, TalkedEntry { attempt, campaign, lead, list, number, agent, at, is_disposed, answers });
        if self.talked.len() > TALKED_MAX {
            self.talked.pop_first();
        }
    }

    /// Takes what an agent said came of a call.
    pub fn disposed(&mut self, given: &Disposition) {
        if self.talked.contains_key(&given.call) {
            self.said.insert(given.call, given.clone());
        }
        if self.said.len() > TALKED_MAX {
            self.said.pop_first();
        }
    }

    /// Takes what was answered to a campaign's form.
    pub fn answered(&mut self, entry: &FormAnswers) {
        self.talked.entry(entry.call).and_modify(|talked| talked.answers.clone_from(&entry.answers));
    }

    /// Takes what else happened to a campaign.
    pub fn step(&mut self, step: &CampaignStep) {
        if let CampaignEvent::Disposed { call, .. } = &step.event {
            self.said.remove(call);
            self.talked.entry(*call).and_modify(|talked| talked.is_disposed = true);
        }
    }

    /// Conversations of a campaign of which an agent may still say something.
    pub fn talked(&self, campaign: CampaignId) -> impl Iterator<Item = (CallId, &TalkedEntry)> {
        self.talked.iter().filter(move |(_, talked)| talked.campaign == campaign).map(|(call, talked)| (*call, talked))
    }

    /// What was said of a campaign's conversations and has not reached the lead.
    pub fn said(&self, campaign: CampaignId) -> impl Iterator<Item = &Disposition> {
        let is_its = move |call: &CallId| self.talked.get(call).is_some_and(|talked| talked.campaign == campaign);
        self.said.values().filter(move |given| is_its(&given.call))
    }

    /// All campaigns.
    pub fn campaigns(&self) -> impl Iterator<Item = &CampaignEntry> {
        self.campaigns.values().map(|campaign| &**campaign)
    }

    /// Attempts of a campaign that have not ended.
    pub fn open(&self, campaign: CampaignId) -> impl Iterator<Item = &AttemptEntry> {
        self.open.values().map(|attempt| &**attempt).filter(move |attempt| attempt.campaign == campaign)
    }

    /// What was counted of a campaign, by hours since 1970.
    pub fn hours(&self, campaign: CampaignId) -> impl Iterator<Item = (i64, CampaignHour)> {
        self.hours.get(&campaign).into_iter().flatten().map(|(hour, counts)| (*hour, *counts))
    }

    /// What was counted of a campaign in all.
    #[must_use]
    pub fn total(&self, campaign: CampaignId) -> CampaignHour {
        self.totals.get(&campaign).copied().unwrap_or_default()
    }
}

impl AttemptEntry {
    /// The same after a step of its call; what was known stays.
    fn after(&self, step: &CallEntry) -> Self {
        let (mut entry, at) = (self.clone(), step.at);
        match &step.event {
            CallEvent::AttemptStarted { .. } => entry.call = entry.call.or(Some(step.call)),
            CallEvent::PickedUp { .. } => entry.times.answered_at = entry.times.answered_at.or(Some(at)),
            CallEvent::LineHeard { heard, confidence, reason, greeting_ended_at, .. } if entry.detected.is_none() => {
                entry.detected = Some((heard.clone(), *confidence, reason.clone()));
                (entry.times.detected_at, entry.times.greeting_ended_at) = (Some(at), *greeting_ended_at);
            }
            CallEvent::Answered { agent, .. } if entry.times.connected_at.is_none() => {
                (entry.times.connected_at, entry.agent) = (Some(at), *agent);
            }
            _ => {}
        }
        entry
    }

    /// Its call has told more than the dialer had heard when it wrote the other one.
    fn is_ahead_of(&self, written: &Self) -> bool {
        let (known, other) = (&self.times, &written.times);
        (self.call.is_some() && written.call.is_none())
            || (known.answered_at.is_some() && other.answered_at.is_none())
            || (known.detected_at.is_some() && other.detected_at.is_none())
            || (known.connected_at.is_some() && other.connected_at.is_none())
    }

    /// The same with what is known of its call besides.
    fn with_what_befell(&self, known: &Self) -> Self {
        let (mut entry, times) = (self.clone(), &known.times);
        entry.call = entry.call.or(known.call);
        entry.agent = entry.agent.or(known.agent);
        entry.detected = entry.detected.or_else(|| known.detected.clone());
        entry.times.answered_at = entry.times.answered_at.or(times.answered_at);
        entry.times.detected_at = entry.times.detected_at.or(times.detected_at);
        entry.times.greeting_ended_at = entry.times.greeting_ended_at.or(times.greeting_ended_at);
        entry.times.connected_at = entry.times.connected_at.or(times.connected_at);
        entry
    }
}

impl CampaignHour {
    /// Counts an attempt that ended, by the word of its outcome.
    fn count(&mut self, outcome: &str, is_answered: bool) {
        let of = |words: &[&str]| u64::from(words.contains(&outcome));
        self.attempts += 1;
        self.answered += u64::from(is_answered);
        self.people += of(&["connected", "abandoned", "hung_up", "message"]);
        self.served += of(&["connected", "message"]);
        self.abandoned += of(&["abandoned"]);
        self.machines += of(&["machine", "machine_message"]);
        self.failed += of(&["failed", "not_dialed", "congestion"]);
    }
}

impl CampaignEvent {
    /// Its `type` among the events.
    #[must_use]
    pub const fn type_word(&self) -> &'static str {
        match self {
            Self::Alert { .. } => "campaign.alert",
            Self::Progress { .. } => "campaign.progress",
            Self::Shown { .. } => "lead.shown",
            Self::Disposed { .. } => "lead.disposed",
            Self::Worked { .. } => "campaign.worked",
        }
    }
}

const HOUR_MICROS: i64 = 3_600 * 1_000_000;
/// 30 days, and an hour that has begun.
const HOURS_MAX: usize = 30 * 24 + 1;
/// Conversations of which an agent may still say something: those of some hours of the largest house.
const TALKED_MAX: usize = 20_000;
