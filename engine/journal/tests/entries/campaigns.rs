//! Entries of campaigns, lists and attempts.

use clock::{AttemptId, CampaignId, LeadId, ListId};
use journal_core::{
    AnswerEntry, AttemptEntry, AttemptTimes, CampaignEntry, CampaignEvent, CampaignHour, CampaignLeadEntry,
    CampaignStep, Entry, FormAnswers, LeadBooked, LeadListNote, LeadNumberTries, LeadTries, Shared,
};

use super::{AGENT, AT, CALL};

pub(super) fn campaign(ended_by: Option<&str>, estimate: Option<&str>, archived: Option<&str>) -> Entry {
    let said = |who: &str| Some((who.to_owned(), AT));
    Entry::Campaign(Shared::from(CampaignEntry {
        campaign: CampaignId(3),
        name: "Autumn".to_owned(),
        method: "predictive".to_owned(),
        definition: "{}".to_owned(),
        status: "running".to_owned(),
        edited_by: Some("ann".to_owned()),
        submitted: said("ann"),
        approved: said("bob"),
        reason: Some("done".to_owned()),
        started_at: Some(AT),
        ended_at: None,
        resets: vec![(ListId(4), AT)],
        at: AT,
        ended_by: ended_by.map(str::to_owned),
        estimate: estimate.map(str::to_owned),
        archived: archived.and_then(said),
    }))
}

pub(super) fn lead_list() -> Entry {
    Entry::LeadList(Box::new(LeadListNote {
        list: ListId(0x0123 << 32),
        account: "demo".to_owned(),
        name: "leads.csv".to_owned(),
        state: "importing".to_owned(),
        is_progress: true,
        read_bytes: 65_536,
        file_bytes: 1_000_000,
        rows_read: 1_000,
        leads: 990,
        rows_invalid: 5,
        rows_duplicate: 3,
        rows_forbidden: 2,
        failure: Some("line 7 is not UTF-8".to_owned()),
        at: AT,
    }))
}

/// What is known of the numbers of the lead.
pub(super) fn numbers() -> Vec<LeadNumberTries> {
    let last = Some(("unobtainable".to_owned(), AT));
    let bad = LeadNumberTries { number: "+442070000001".to_owned(), ended: vec![("unobtainable".to_owned(), 1)], last };
    let untried = LeadNumberTries { number: "+442070000002".to_owned(), ..LeadNumberTries::default() };
    vec![bad, untried]
}

fn lead_tries(by_number: Vec<LeadNumberTries>) -> LeadTries {
    LeadTries {
        by_number,
        total: 3,
        counted: 2,
        recent: vec![AT],
        by_outcome: vec![("no_answer".to_owned(), 1)],
        last: Some(("busy".to_owned(), AT)),
        number: 1,
    }
}

pub(super) fn attempt(by_number: Vec<LeadNumberTries>) -> Entry {
    let at = Some(AT);
    Entry::Attempt(Shared::from(AttemptEntry {
        attempt: AttemptId(5),
        campaign: CampaignId(3),
        lead: LeadId(6),
        list: ListId(4),
        number: "+442070000001".to_owned(),
        caller_id: Some("+442071830000".to_owned()),
        waits: Some(AGENT),
        times: AttemptTimes {
            ordered_at: AT,
            rang_at: at,
            answered_at: at,
            detected_at: at,
            greeting_ended_at: at,
            connected_at: at,
            abandoned_at: None,
            played_at: None,
            ended_at: at,
        },
        call: Some(CALL),
        early: Some("ringback".to_owned()),
        detected: Some(("person".to_owned(), 97, "short greeting".to_owned())),
        agent: Some(AGENT),
        waited_ms: Some(140),
        ending: Some(("hung_up".to_owned(), "normal".to_owned(), 16, Some(200))),
        outcome: Some("connected".to_owned()),
        tries: lead_tries(by_number),
        numbers: 2,
    }))
}

pub(super) fn campaign_leads(by_number: &[LeadNumberTries]) -> Vec<(&'static str, Entry)> {
    let lead = |booked| {
        let disposition = Some("call_again".to_owned());
        let (campaign, list, lead) = (CampaignId(3), ListId(4), LeadId(6));
        let tries = lead_tries(by_number.to_vec());
        let entry = CampaignLeadEntry { campaign, list, lead, booked, tries, disposition, at: AT };
        Entry::CampaignLead(Box::new(entry))
    };
    vec![
        ("retry", lead(LeadBooked::Retry(AT))),
        ("callback", lead(LeadBooked::Callback(AT, Some(AGENT)))),
        ("done", lead(LeadBooked::Done("exhausted".to_owned()))),
    ]
}

pub(super) fn campaign_steps() -> Vec<(&'static str, Entry)> {
    let step = |event| Entry::CampaignStep(Box::new(CampaignStep { campaign: CampaignId(3), event, at: AT }));
    let text = |text: &str| text.to_owned();
    let (about, says, remedy) = (Some(text("+442071830000")), text("It is answered rarely."), text("Take it out."));
    let total = CampaignHour { attempts: 9, answered: 6, people: 4, served: 3, abandoned: 1, machines: 2, failed: 1 };
    let (agent, lead, number) = (AGENT, Some(LeadId(6)), text("+442070000001"));
    vec![
        ("alert", step(CampaignEvent::Alert { kind: text("caller_id_rare"), about, says, remedy, is_on: true })),
        ("progress", step(CampaignEvent::Progress { total, in_flight: 5 })),
        ("shown", step(CampaignEvent::Shown { agent, lead, number, until: Some(AT) })),
        ("disposed", step(CampaignEvent::Disposed { call: CALL, agent, lead, code: text("sold") })),
        ("worked", step(CampaignEvent::Worked { agent, since: AT })),
    ]
}

pub(super) fn form_answers() -> Entry {
    let answers = vec![
        ("age".to_owned(), AnswerEntry::Number(40_500_000)),
        ("plan".to_owned(), AnswerEntry::Text("Gold".to_owned())),
    ];
    let (campaign, attempt, by) = (CampaignId(3), AttemptId(5), "demo".to_owned());
    Entry::FormAnswers(Box::new(FormAnswers { campaign, attempt, call: CALL, agent: AGENT, answers, by, at: AT }))
}
