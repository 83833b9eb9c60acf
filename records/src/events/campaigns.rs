//! Events of campaigns, their attempts and alerts.

use journal_core::{AttemptEntry, CampaignEntry, CampaignEvent, CampaignStep};
use serde_json::json;

use super::{Event, EventId};
use crate::naming::Naming;

/// `campaign.<status>`: it was changed, or came to another status.
pub(super) fn changed(id: EventId, entry: &CampaignEntry, naming: &Naming) -> Event {
    let data = json!({ "campaign_id": entry.campaign.to_string(), "name": entry.name, "status": entry.status,
        "method": entry.method, "reason": entry.reason, "is_archived": entry.archived.is_some() });
    let kind = format!("campaign.{}", entry.status);
    Event { id, kind, at: entry.at, account: Some(naming.home.clone()), call: None, data }
}

/// `attempt.<step>`: what is newest of it.
pub(super) fn attempt(id: EventId, entry: &AttemptEntry, naming: &Naming) -> Event {
    let times = entry.times;
    let steps = [
        (times.ended_at, "ended"),
        (times.abandoned_at, "abandoned"),
        (times.connected_at, "connected"),
        (times.played_at, "played"),
        (times.detected_at, "detected"),
        (times.answered_at, "answered"),
        (times.rang_at, "ringing"),
    ];
    let newest = steps.into_iter().find_map(|(at, word)| Some((at?, word)));
    let (at, word) = newest.unwrap_or((times.ordered_at, if entry.call.is_some() { "began" } else { "ordered" }));
    let lead = (entry.lead != clock::LeadId::default()).then(|| entry.lead.to_string());
    let data = json!({ "attempt_id": entry.attempt.to_string(), "campaign_id": entry.campaign.to_string(),
        "lead_id": lead, "number": entry.number, "caller_id": entry.caller_id,
        "agent": entry.agent.map(|agent| naming.agent(agent)),
        "detected": entry.detected.as_ref().map(|(heard, ..)| heard), "outcome": entry.outcome });
    Event { id, kind: format!("attempt.{word}"), at, account: Some(naming.home.clone()), call: entry.call, data }
}

/// Alerts, progress, and what an agent sees.
pub(super) fn step(id: EventId, step: &CampaignStep, naming: &Naming) -> Option<Event> {
    let campaign = step.campaign.to_string();
    let data = match &step.event {
        CampaignEvent::Alert { kind, about, says, remedy, is_on } => {
            json!({ "campaign_id": campaign, "alert": kind, "about": about, "says": says, "remedy": remedy, "is_on": is_on })
        }
        CampaignEvent::Progress { total, in_flight } => json!({ "campaign_id": campaign, "attempts": total.attempts,
            "answered": total.answered, "people": total.people, "served": total.served, "abandoned": total.abandoned,
            "machines": total.machines, "failed": total.failed, "in_flight": in_flight }),
        CampaignEvent::Shown { agent, lead, number, until } => json!({ "campaign_id": campaign,
            "extension": naming.agent(*agent), "lead_id": lead.map(|lead| lead.to_string()), "number": number,
            "until_us": until.map(|until| until.as_micros()) }),
        CampaignEvent::Worked { .. } => return None,
        CampaignEvent::Disposed { call, agent, lead, code } => json!({ "campaign_id": campaign,
            "call_id": call.to_string(), "extension": naming.agent(*agent),
            "lead_id": lead.map(|lead| lead.to_string()), "code": code }),
    };
    let kind = step.event.type_word().to_owned();
    Some(Event { id, kind, at: step.at, account: Some(naming.home.clone()), call: None, data })
}
