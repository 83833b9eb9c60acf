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

/// What a restart needs of campaigns, as checkpoints of version 6 have it.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Default, serde::Serialize))]
pub(crate) struct DialingV1 {
    pub(crate) campaigns: BTreeMap<CampaignId, CampaignV1>,
    pub(crate) open: BTreeMap<AttemptId, AttemptV1>,
    hours: BTreeMap<CampaignId, BTreeMap<i64, CampaignHour>>,
    totals: BTreeMap<CampaignId, CampaignHour>,
    talked: BTreeMap<CallId, TalkedEntry>,
    said: BTreeMap<CallId, Disposition>,
}

impl From<DialingV1> for Dialing {
    fn from(dialing: DialingV1) -> Self {
        let DialingV1 { campaigns, open, hours, totals, talked, said } = dialing;
        let campaigns = campaigns.into_iter().map(|(id, entry)| (id, Shared::from(CampaignEntry::from(entry))));
        let open = open.into_iter().map(|(id, entry)| (id, Shared::from(AttemptEntry::from(entry))));
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
        }
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
