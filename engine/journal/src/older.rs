//! Entries as they were first written, of kinds that have changed since; and what checkpoints had of them.

use std::collections::BTreeMap;

use clock::{AgentId, AttemptId, CallId, CampaignId, LeadId, ListId, WallTime};
use serde::Deserialize;

use crate::dialing::Dialing;
use crate::{
    AttemptEntry, AttemptTimes, CampaignEntry, CampaignHour, CampaignLeadEntry, Disposition, LeadBooked, LeadTries,
    Shared, TalkedEntry, WantedCallback,
};

/// A disposition before it was known who calls back.
#[derive(Deserialize)]
pub(crate) struct DispositionV1 {
    call: CallId,
    agent: AgentId,
    code: String,
    label: String,
    is_success: bool,
    note: Option<String>,
    callback: Option<(String, Option<WallTime>)>,
    at: WallTime,
    by: String,
}

/// What was tried before each number had its own.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct LeadTriesV1 {
    total: u32,
    counted: u32,
    recent: Vec<WallTime>,
    by_outcome: Vec<(String, u8)>,
    last: Option<(String, WallTime)>,
    number: u8,
}

/// An attempt with what was tried so.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(crate) struct AttemptV1 {
    attempt: AttemptId,
    campaign: CampaignId,
    lead: LeadId,
    list: ListId,
    number: String,
    caller_id: Option<String>,
    waits: Option<AgentId>,
    times: AttemptTimes,
    call: Option<CallId>,
    early: Option<String>,
    detected: Option<(String, u8, String)>,
    agent: Option<AgentId>,
    waited_ms: Option<u32>,
    ending: Option<(String, String, u8, Option<u16>)>,
    outcome: Option<String>,
    tries: LeadTriesV1,
    numbers: u8,
}

/// A lead of a campaign with what was tried so.
#[derive(Deserialize)]
pub(crate) struct CampaignLeadV1 {
    campaign: CampaignId,
    list: ListId,
    lead: LeadId,
    booked: LeadBooked,
    tries: LeadTriesV1,
    disposition: Option<String>,
    at: WallTime,
}

/// A campaign before it was known who ended it.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(crate) struct CampaignV1 {
    campaign: CampaignId,
    name: String,
    method: String,
    definition: String,
    status: String,
    edited_by: Option<String>,
    submitted: Option<(String, WallTime)>,
    approved: Option<(String, WallTime)>,
    reason: Option<String>,
    started_at: Option<WallTime>,
    ended_at: Option<WallTime>,
    resets: Vec<(ListId, WallTime)>,
    at: WallTime,
}

/// A campaign before it was known what it was estimated to take, and that it was put away.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(crate) struct CampaignV2 {
    /// Fields of a struct within are written as its own.
    before: CampaignV1,
    ended_by: Option<String>,
}

/// What a restart needs of campaigns, as checkpoints of version 6 have it.
pub(crate) type DialingV1 = DialingOf<CampaignV1, AttemptV1>;
/// As those of version 7 have it.
pub(crate) type DialingV2 = DialingOf<CampaignV2, AttemptEntry>;

/// What a restart needs of campaigns, of entries as they were.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(crate) struct DialingOf<C, A> {
    pub(crate) campaigns: BTreeMap<CampaignId, C>,
    pub(crate) open: BTreeMap<AttemptId, A>,
    hours: BTreeMap<CampaignId, BTreeMap<i64, CampaignHour>>,
    totals: BTreeMap<CampaignId, CampaignHour>,
    talked: BTreeMap<CallId, TalkedEntry>,
    said: BTreeMap<CallId, Disposition>,
}

impl<C: Into<CampaignEntry>, A: Into<AttemptEntry>> From<DialingOf<C, A>> for Dialing {
    fn from(dialing: DialingOf<C, A>) -> Self {
        let DialingOf { campaigns, open, hours, totals, talked, said } = dialing;
        let campaigns = campaigns.into_iter().map(|(id, entry)| (id, Shared::from(entry.into())));
        let open = open.into_iter().map(|(id, entry)| (id, Shared::from(entry.into())));
        Self { campaigns: campaigns.collect(), open: open.collect(), hours, totals, talked, said }
    }
}

impl From<CampaignV1> for CampaignEntry {
    fn from(entry: CampaignV1) -> Self {
        Self {
            campaign: entry.campaign,
            name: entry.name,
            method: entry.method,
            definition: entry.definition,
            status: entry.status,
            edited_by: entry.edited_by,
            submitted: entry.submitted,
            approved: entry.approved,
            reason: entry.reason,
            started_at: entry.started_at,
            ended_at: entry.ended_at,
            resets: entry.resets,
            at: entry.at,
            ended_by: None,
            estimate: None,
            archived: None,
        }
    }
}

impl From<CampaignV2> for CampaignEntry {
    fn from(entry: CampaignV2) -> Self {
        Self { ended_by: entry.ended_by, ..Self::from(entry.before) }
    }
}

#[cfg(test)]
impl<C, A> Default for DialingOf<C, A> {
    fn default() -> Self {
        let (campaigns, open, hours, totals) = Default::default();
        let (talked, said) = Default::default();
        Self { campaigns, open, hours, totals, talked, said }
    }
}

impl From<DispositionV1> for Disposition {
    fn from(given: DispositionV1) -> Self {
        let DispositionV1 { call, agent, code, label, is_success, note, callback, at, by } = given;
        let callback = callback.map(|(number, due_at)| WantedCallback { number, due_at, agent: None, zone: None });
        Self { call, agent, code, label, is_success, note, callback, at, by }
    }
}

impl From<LeadTriesV1> for LeadTries {
    fn from(tries: LeadTriesV1) -> Self {
        let LeadTriesV1 { total, counted, recent, by_outcome, last, number } = tries;
        Self { total, counted, recent, by_outcome, last, number, by_number: Vec::new() }
    }
}

impl From<AttemptV1> for AttemptEntry {
    fn from(entry: AttemptV1) -> Self {
        Self {
            attempt: entry.attempt,
            campaign: entry.campaign,
            lead: entry.lead,
            list: entry.list,
            number: entry.number,
            caller_id: entry.caller_id,
            waits: entry.waits,
            times: entry.times,
            call: entry.call,
            early: entry.early,
            detected: entry.detected,
            agent: entry.agent,
            waited_ms: entry.waited_ms,
            ending: entry.ending,
            outcome: entry.outcome,
            tries: entry.tries.into(),
            numbers: entry.numbers,
        }
    }
}

impl From<CampaignLeadV1> for CampaignLeadEntry {
    fn from(entry: CampaignLeadV1) -> Self {
        let CampaignLeadV1 { campaign, list, lead, booked, tries, disposition, at } = entry;
        Self { campaign, list, lead, booked, tries: tries.into(), disposition, at }
    }
}
