//! The event object: what happened, as the API shows it.

use clock::WallTime;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::call::Call;
use crate::time::rfc3339;

/// Something that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Event {
    /// Resumes the stream after this event.
    pub(crate) id: String,
    /// What: the types of a call's journey, and `agent.state_changed`, `lost_call.overdue`, `queue.stats`,
    /// `queue.alert`, `quarantine.began`, `quarantine.released`, `lead_list.` with the state of a list of leads or
    /// `progress`; `campaign.` with the status of a campaign, `progress` or `alert`, `attempt.` with the newest step of an
    /// attempt, `lead.shown` and `lead.disposed`.
    #[serde(rename = "type")]
    #[schema(example = "call.answered")]
    pub(crate) kind: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// The call it is about.
    call_id: Option<String>,
    /// What else is known; its fields go with the type.
    #[schema(value_type = Object)]
    data: Value,
    /// The call as it is when the event is sent, while it is in memory.
    call: Option<Call>,
}

impl Event {
    /// The event, with the call it is about as it is now.
    pub(crate) fn new(event: records::Event, call: Option<Call>) -> Self {
        Self {
            id: event.id.to_string(),
            kind: event.kind,
            at: rfc3339(event.at),
            call_id: event.call.map(|call| call.to_string()),
            data: with_moments(event.data),
            call,
        }
    }

    /// An event of the moment, which is not in the journal: `place` is where the stream goes on after it.
    pub(crate) fn passing(place: &str, kind: &str, at: WallTime, data: Value) -> Self {
        Self { id: place.to_owned(), kind: kind.to_owned(), at: rfc3339(at), call_id: None, data, call: None }
    }
}

/// Stored moments are microseconds, and their names end with `_us`; whoever follows sees RFC 3339, as everywhere in the API.
fn with_moments(mut data: Value) -> Value {
    let Some(fields) = data.as_object_mut() else { return data };
    let stored: Vec<String> = fields.keys().filter(|name| name.ends_with(STORED)).cloned().collect();
    for name in stored {
        let moment = fields.remove(&name).and_then(|micros| micros.as_i64()).map(WallTime::from_micros);
        fields.insert(name.trim_end_matches(STORED).to_owned(), moment.map(rfc3339).into());
    }
    data
}

/// How the name of a stored moment ends.
const STORED: &str = "_us";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn moments_are_shown_as_everywhere_else() {
        let stored = json!({"lead_id": "lead_1", "until_us": 1_769_776_496_000_001_i64, "at_us": null});
        let shown = json!({"lead_id": "lead_1", "until": "2026-01-30T12:34:56.000001Z", "at": null});
        assert_eq!(with_moments(stored), shown);
    }
}
