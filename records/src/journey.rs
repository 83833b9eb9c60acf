//! The journey of a call: its entries as typed steps with plain data.

mod kind;
mod tell;

use clock::{LegId, QueueId, WallTime};
use journal_core::{CallEntry, CallEvent, Cause, HoursFound, LegKind, Steering};
use serde_json::{Map, Value, json};

use crate::Naming;
use crate::routing;
use crate::words::Word;
use kind::StepKind;

pub use tell::tell;

/// One step of a journey (DESIGN section 10).
#[derive(Clone, Debug, PartialEq)]
pub struct JourneyStep {
    /// From 1, in order.
    pub seq: u32,
    /// When.
    pub at: WallTime,
    /// `call.started`, `offer.ringing` ...
    pub kind: String,
    /// The leg it is about.
    pub leg: Option<LegId>,
    /// What else is known, as a JSON object.
    pub data: Value,
}

impl JourneyStep {
    /// The step of an entry.
    #[must_use]
    pub fn of(entry: &CallEntry, naming: &Naming) -> Self {
        Self {
            seq: entry.seq,
            at: entry.at,
            kind: StepKind::of(&entry.event).word().to_owned(),
            leg: entry.event.leg(),
            data: Value::Object(data(&entry.event, naming)),
        }
    }
}

fn data(event: &CallEvent, naming: &Naming) -> Map<String, Value> {
    let value = match event {
        CallEvent::Started { direction, internal, from, to, parent, trunk, agent } => json!({
            "direction": direction.word(),
            "internal": internal,
            "from": from,
            "to": to,
            "parent_call_id": parent.map(|id| id.to_string()),
            "trunk": trunk.map(|id| naming.trunk(id)),
            "agent": agent.map(|id| naming.agent(id)),
        }),
        CallEvent::LegStarted { kind, sip_call_id, agent, .. } => json!({
            "kind": leg_kind(*kind),
            "sip_call_id": sip_call_id,
            "agent": agent.map(|id| naming.agent(id)),
        }),
        CallEvent::QueueEntered { queue, priority, .. } => {
            json!({ "queue": naming.queue(*queue), "priority": priority })
        }
        CallEvent::QueueLeft { queue, how } => json!({ "queue": naming.queue(*queue), "how": how.word() }),
        CallEvent::OfferRinging { agent, .. }
        | CallEvent::OfferAnswered { agent, .. }
        | CallEvent::OfferMissed { agent, .. }
        | CallEvent::OfferTooLate { agent, .. } => json!({ "agent": naming.agent(*agent) }),
        CallEvent::OfferRefused { agent, status, .. } => json!({ "agent": naming.agent(*agent), "sip": status }),
        CallEvent::OfferWithdrawn { agent, why, .. } => json!({ "agent": naming.agent(*agent), "why": why }),
        CallEvent::Answered { agent, .. } => json!({ "agent": agent.map(|id| naming.agent(id)) }),
        CallEvent::TransferStarted { to, .. } => json!({ "to": to }),
        CallEvent::TransferFailed { status, .. } => json!({ "sip": status }),
        CallEvent::Transferred { to, agent, .. } => json!({ "to": to, "agent": agent.map(|id| naming.agent(id)) }),
        CallEvent::Digit { digit, .. } => json!({ "digit": digit.to_string() }),
        CallEvent::VoicemailStarted { queue } => json!({ "queue": naming.queue(*queue) }),
        CallEvent::VoicemailLeft { queue, duration_ms, .. } => {
            json!({ "queue": naming.queue(*queue), "duration_ms": duration_ms })
        }
        CallEvent::TargetFailed { target, next, .. } => json!({ "target": target, "next": next }),
        CallEvent::MenuEntered { menu } => json!({ "menu": menu }),
        CallEvent::MenuMissed { menu, keys } => json!({ "menu": menu, "keys": keys }),
        CallEvent::MenuLeft { menu, keys, to } => json!({ "menu": menu, "keys": keys, "to": to }),
        CallEvent::HoursChecked { at, schedule, hours, to } => hours_checked(at, schedule, hours, to.as_deref()),
        CallEvent::Overflowed { queue, why, to } => json!({ "queue": naming.queue(*queue), "why": why, "to": to }),
        CallEvent::Announced { queue, position, wait_s, message } => json!({
            "queue": naming.queue(*queue),
            "position": position,
            "wait_s": wait_s,
            "message": message,
        }),
        CallEvent::MessagePlayed { prompt } => json!({ "prompt": prompt }),
        CallEvent::CallbackRequested { queue, callback, is_duplicate } => json!({
            "queue": naming.queue(*queue),
            "callback": callback.to_string(),
            "duplicate": is_duplicate,
        }),
        CallEvent::CallbackRejected { queue, reason } => json!({ "queue": naming.queue(*queue), "reason": reason }),
        CallEvent::CallbackDialing { callback, agent } => json!({
            "callback": callback.to_string(),
            "agent": agent.map(|id| naming.agent(id)),
        }),
        CallEvent::LegDevice { name, device, .. } => json!({ "name": name, "device": device }),
        CallEvent::DialDenied { number, rule, evidence } => {
            json!({ "number": number, "rule": rule, "evidence": evidence })
        }
        CallEvent::Routed(routing) => routing::data(routing, naming),
        CallEvent::AttemptStarted { attempt, campaign, lead } => json!({
            "attempt": attempt.to_string(),
            "campaign": campaign.to_string(),
            "lead": lead.to_string(),
        }),
        CallEvent::LineHeard { heard, early, confidence, reason, .. } => json!({
            "heard": heard,
            "early": early,
            "confidence": confidence,
            "reason": reason,
        }),
        CallEvent::QueueSteered { queue, steering } => steered(*queue, *steering, naming),
        CallEvent::RecordingEnded { duration_ms, .. } => json!({ "duration_ms": duration_ms }),
        CallEvent::LegEnded { cause, .. } => json!({ "cause": cause_json(cause) }),
        CallEvent::Ended { status, outcome, cause } => json!({
            "status": status.word(),
            "outcome": outcome.word(),
            "cause": cause_json(cause),
        }),
        CallEvent::Ringing { .. }
        | CallEvent::PickedUp { .. }
        | CallEvent::Held { .. }
        | CallEvent::Resumed { .. }
        | CallEvent::RecordingStarted { .. } => json!({}),
    };
    match value {
        Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Map::new(),
    }
}

fn steered(queue: QueueId, steering: Steering, naming: &Naming) -> Value {
    let queue = naming.queue(queue);
    match steering {
        Steering::Moved { to, keep_arrival } => {
            json!({ "queue": queue, "to": naming.queue(to), "keep_arrival": keep_arrival })
        }
        Steering::Prioritised { priority } => json!({ "queue": queue, "priority": priority }),
        Steering::Pulled { agent } => json!({ "queue": queue, "agent": naming.agent(agent) }),
        Steering::Requeued { keep_arrival } => json!({ "queue": queue, "keep_arrival": keep_arrival }),
    }
}

fn hours_checked(at: &str, schedule: &str, hours: &HoursFound, to: Option<&str>) -> Value {
    let (word, holiday) = match hours {
        HoursFound::Open => ("open", None),
        HoursFound::Closed => ("closed", None),
        HoursFound::Holiday(name) => ("holiday", Some(name)),
    };
    json!({ "at": at, "schedule": schedule, "hours": word, "holiday": holiday, "to": to })
}

fn cause_json(cause: &Cause) -> Value {
    json!({ "who": cause.who.word(), "q850": cause.q850, "sip": cause.sip, "code": cause.code })
}

const fn leg_kind(kind: LegKind) -> &'static str {
    match kind {
        LegKind::Caller => "caller",
        LegKind::Agent => "agent",
        LegKind::Callee => "callee",
        LegKind::Transfer => "transfer",
    }
}

#[cfg(test)]
mod tests;
