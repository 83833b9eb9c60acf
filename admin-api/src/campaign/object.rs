//! Campaigns as the API shows them.

use clock::WallTime;
use dialer::campaign::{Actor, Status};
use dialer::runner::{CampaignSnapshot, Hour, Pace};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::definition::CampaignDefinition;
use super::estimate::CampaignEstimate;
use crate::time::rfc3339;

/// A campaign.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Campaign {
    /// Its id.
    #[schema(example = "campaign_0190f5a2b6d07c3a9d1e4f5061728394")]
    pub(super) id: String,
    /// Its name.
    #[schema(example = "Autumn")]
    name: String,
    /// Where it stands.
    status: CampaignStatusWord,
    /// How numbers are dialed.
    #[schema(example = "predictive")]
    pacing: &'static str,
    /// What it is; null when its text is of a newer program.
    definition: Option<CampaignDefinition>,
    /// Who wrote it as it is now.
    edited_by: Option<String>,
    /// Who submitted it as it is now.
    submitted_by: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    submitted_at: Option<String>,
    /// What it was estimated to take when it was submitted; null before, and when it is of a newer program.
    estimate: Option<CampaignEstimate>,
    /// Who approved or rejected it.
    approved_by: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    approved_at: Option<String>,
    /// Why it was rejected or called off.
    rejection_reason: Option<String>,
    /// Why it paused itself: a queue or message that it names is gone from the configuration.
    paused_because: Option<String>,
    /// When it was started first.
    #[schema(format = DateTime)]
    started_at: Option<String>,
    /// When it was over.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// Who stopped it or called it off; null while nobody has, also when it came to its end.
    ended_by: Option<String>,
    /// Who put it away.
    archived_by: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    archived_at: Option<String>,
    /// What was counted so far.
    total: CampaignCounts,
    /// In the last 30 days.
    last_30_days: CampaignCounts,
    /// In the last 24 hours.
    last_24_hours: CampaignCounts,
    /// Since midnight, UTC.
    today: CampaignCounts,
    /// Attempts under way.
    in_flight: u32,
    /// Leads that the dialer holds.
    leads: CampaignLeadCounts,
    /// Why it dials as it does, at its last tick; null while it does not run.
    pace: Option<CampaignPace>,
    /// What its people should know of.
    alerts: Vec<CampaignAlert>,
}

/// What attempts came to.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct CampaignCounts {
    /// Attempts that ended.
    attempts: u64,
    /// That were answered, by whomever.
    answered: u64,
    /// That a person answered.
    people: u64,
    /// People who talked with an agent, or heard the message.
    served: u64,
    /// People who were left without an agent.
    abandoned: u64,
    /// Machines.
    machines: u64,
    /// Failed for a cause of ours, the trunk's or the network's.
    failed: u64,
    /// Abandoned of the people who answered; null while nobody has.
    abandon_rate: Option<f64>,
}

/// Leads that the dialer holds.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct CampaignLeadCounts {
    /// New ones at hand.
    new: usize,
    /// That wait for their next try.
    retries: usize,
    /// That wait for a callback.
    callbacks: usize,
    /// That are shown, called, or wait for an agent's word.
    busy: usize,
    /// That were done since the start.
    done: usize,
}

/// Why a campaign dials as it does.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CampaignPace {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Stable word of what holds it, if anything does.
    #[schema(example = "pacing")]
    hold: Option<&'static str>,
    /// Numbers dialed at this tick.
    dialed: u32,
    /// Numbers that it would have dialed, had there been leads.
    wanted: u32,
    /// Leads that the gate did not let pass at this tick.
    denied: u32,
    /// Agents who can take a call now.
    idle: u32,
    /// Agents logged in: idle, talking, in wrap-up.
    agents: u32,
    /// Numbers that ring.
    ringing: u32,
    /// People who wait for an agent.
    waiting: u32,
    /// Conversations and messages.
    talking: u32,
    /// Lines an agent, conversations included.
    lines_per_agent: Option<f64>,
    /// Agents who will have become free when a number dialed now is answered, on average (`predictive`).
    expected_releases: Option<f64>,
    /// Calls that will have come for them by then, on average.
    expected_answers: Option<f64>,
    /// Chance that a number dialed now will be answered by somebody.
    answer_chance: Option<f64>,
    /// Chance that its answer would find no agent.
    risk: Option<f64>,
    /// What that chance may be at most now.
    risk_bound: Option<f64>,
    /// Abandoned calls that the target would still allow.
    budget_left: Option<f64>,
    /// Too little is known: one line an idle agent.
    is_progressive: Option<bool>,
}

/// Something that is wrong with a campaign.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CampaignAlert {
    /// Stable word.
    #[schema(example = "no_agents")]
    kind: &'static str,
    /// What it concerns, if not the whole campaign.
    about: Option<String>,
    /// Since when.
    #[schema(format = DateTime)]
    since: String,
    /// In a sentence.
    says: String,
    /// What to do about it.
    remedy: &'static str,
}

/// Where a campaign stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CampaignStatus)]
pub(crate) enum CampaignStatusWord {
    /// Nobody has approved it as it is now.
    Pending,
    /// May be started.
    Approved,
    /// Its first leads are being read.
    Processing,
    /// Dials.
    Running,
    /// Dials nothing new.
    Paused,
    /// Over.
    Completed,
    /// Not approved.
    Rejected,
    /// Called off.
    Cancelled,
}

impl Campaign {
    /// As the dialer shows it.
    pub(super) fn of(campaign: &CampaignSnapshot) -> Self {
        let life = &campaign.life;
        let who = |said: &Option<(Actor, WallTime)>| said.as_ref().map(|(who, _)| who.0.clone());
        let when = |said: &Option<(Actor, WallTime)>| said.as_ref().map(|(_, at)| rfc3339(*at));
        let leads = campaign.leads;
        Self {
            id: campaign.campaign.to_string(),
            name: campaign.written.definition.name.clone(),
            status: life.status.into(),
            pacing: campaign.written.definition.method.word(),
            definition: serde_json::from_str(&campaign.written.text).ok(),
            edited_by: life.edited_by.as_ref().map(|who| who.0.clone()),
            submitted_by: who(&life.submitted),
            submitted_at: when(&life.submitted),
            estimate: (life.estimate.as_ref()).and_then(|says| CampaignEstimate::kept(says, &campaign.written.text)),
            approved_by: who(&life.approved),
            approved_at: when(&life.approved),
            rejection_reason: life.reason.clone().filter(|_| life.status != Status::Paused),
            paused_because: life.reason.clone().filter(|_| life.status == Status::Paused),
            started_at: life.started_at.map(rfc3339),
            ended_at: life.ended_at.map(rfc3339),
            ended_by: life.ended_by.as_ref().map(|who| who.0.clone()),
            archived_by: who(&life.archived),
            archived_at: when(&life.archived),
            total: campaign.total.into(),
            last_30_days: campaign.month.into(),
            last_24_hours: campaign.day.into(),
            today: campaign.today.into(),
            in_flight: campaign.in_flight,
            leads: CampaignLeadCounts {
                new: leads.new,
                retries: leads.retries,
                callbacks: leads.callbacks,
                busy: leads.busy,
                done: leads.over,
            },
            pace: campaign.pace.as_ref().map(CampaignPace::of),
            alerts: campaign.alerts.iter().map(CampaignAlert::of).collect(),
        }
    }
}

impl CampaignPace {
    fn of(pace: &Pace) -> Self {
        let why = pace.predictive;
        let lines = f64::from(pace.ringing + pace.waiting + pace.talking);
        Self {
            at: rfc3339(pace.at),
            hold: pace.hold.map(dialer::runner::Hold::word),
            dialed: pace.dialed,
            wanted: pace.wanted,
            denied: pace.denied,
            idle: pace.idle,
            agents: pace.agents,
            ringing: pace.ringing,
            waiting: pace.waiting,
            talking: pace.talking,
            lines_per_agent: (pace.agents > 0).then(|| lines / f64::from(pace.agents)),
            expected_releases: why.map(|why| why.expected_releases),
            expected_answers: why.map(|why| why.expected_answers),
            answer_chance: why.map(|why| why.answer_chance),
            risk: why.map(|why| why.risk),
            risk_bound: why.map(|why| why.bound),
            budget_left: why.map(|why| why.budget_left),
            is_progressive: why.map(|why| why.mode == dialer::pacing::Mode::Progressive),
        }
    }
}

impl CampaignAlert {
    fn of(alert: &dialer::runner::Alert) -> Self {
        Self {
            kind: alert.kind.word(),
            about: alert.about.clone(),
            since: rfc3339(alert.since),
            says: alert.says.clone(),
            remedy: alert.kind.remedy(),
        }
    }
}

impl From<Hour> for CampaignCounts {
    fn from(hour: Hour) -> Self {
        let abandon_rate = hour.abandon_rate();
        let Hour { attempts, answered, people, served, abandoned, machines, failed } = hour;
        Self { attempts, answered, people, served, abandoned, machines, failed, abandon_rate }
    }
}

impl From<Status> for CampaignStatusWord {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Approved => Self::Approved,
            Status::Processing => Self::Processing,
            Status::Running => Self::Running,
            Status::Paused => Self::Paused,
            Status::Completed => Self::Completed,
            Status::Rejected => Self::Rejected,
            Status::Cancelled => Self::Cancelled,
        }
    }
}

impl From<CampaignStatusWord> for Status {
    fn from(word: CampaignStatusWord) -> Self {
        match word {
            CampaignStatusWord::Pending => Self::Pending,
            CampaignStatusWord::Approved => Self::Approved,
            CampaignStatusWord::Processing => Self::Processing,
            CampaignStatusWord::Running => Self::Running,
            CampaignStatusWord::Paused => Self::Paused,
            CampaignStatusWord::Completed => Self::Completed,
            CampaignStatusWord::Rejected => Self::Rejected,
            CampaignStatusWord::Cancelled => Self::Cancelled,
        }
    }
}
