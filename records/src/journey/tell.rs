//! A journey in words, from its stored steps and nothing else.

use std::collections::BTreeMap;

use clock::LegId;
use serde_json::Value;

use super::JourneyStep;
use super::kind::StepKind;
use crate::words::Word;

/// What each step says in English, in their order.
#[must_use]
pub fn tell(steps: &[JourneyStep]) -> Vec<String> {
    let mut story = Story { names: names_in(steps), ..Story::default() };
    steps.iter().map(|step| story.next(step)).collect()
}

/// Names of agents by extension, as their legs say them: also the steps before read as those behind.
fn names_in(steps: &[JourneyStep]) -> BTreeMap<String, String> {
    let of_legs = steps.iter().filter(|step| step.kind == StepKind::LegStarted.word());
    let extensions: BTreeMap<LegId, String> =
        of_legs.filter_map(|step| Some((step.leg?, optional(step, "agent")?))).collect();
    let named = steps.iter().filter(|step| step.kind == StepKind::LegDevice.word());
    named.filter_map(|step| Some((extensions.get(&step.leg?)?.clone(), optional(step, "name")?))).collect()
}

/// What earlier steps said of the call and its legs.
#[derive(Debug, Default)]
struct Story {
    from: String,
    to: String,
    parties: BTreeMap<LegId, Party>,
    /// Of agents, by extension.
    names: BTreeMap<String, String>,
}

/// Who is on a leg.
#[derive(Debug, Default)]
struct Party {
    kind: String,
    /// Extension, name and device, as far as they are known.
    agent: Option<String>,
}

impl Story {
    fn next(&mut self, step: &JourneyStep) -> String {
        let Some(kind) = StepKind::from_word(&step.kind) else { return step.kind.clone() };
        self.learn(kind, step);
        let mut text = self.words(kind, step);
        if let Some(first) = text.get(..1).map(str::to_uppercase) {
            text.replace_range(..1, &first);
        }
        text
    }

    fn learn(&mut self, kind: StepKind, step: &JourneyStep) {
        match kind {
            StepKind::CallStarted => {
                (self.from, self.to) = (text(step, "from"), text(step, "to"));
            }
            StepKind::LegStarted => {
                let party = Party { kind: text(step, "kind"), agent: self.optional_agent(step) };
                self.parties.extend(step.leg.map(|leg| (leg, party)));
            }
            StepKind::LegDevice => {
                let party = step.leg.and_then(|leg| self.parties.get_mut(&leg));
                let agent = party.and_then(|party| party.agent.as_mut());
                for (agent, device) in agent.into_iter().zip(optional(step, "device")) {
                    *agent = format!("{agent} – {device}");
                }
            }
            _ => {}
        }
    }

    /// The one table of words.
    fn words(&self, kind: StepKind, step: &JourneyStep) -> String {
        let (party, agent, queue) = (self.party(step.leg), self.agent(step), text(step, "queue"));
        match kind {
            StepKind::CallStarted => self.started(step),
            StepKind::LegStarted => match text(step, "kind").as_str() {
                "caller" => format!("{party} is on the line"),
                _ => format!("{party} is called"),
            },
            StepKind::CallRinging => format!("{party} rings"),
            StepKind::QueueEntered => format!("routed to inbox {queue}"),
            StepKind::OfferRinging => format!("ringing {agent}"),
            StepKind::OfferAnswered => format!("{agent} took the call"),
            StepKind::OfferMissed => format!("{agent} did not answer"),
            StepKind::OfferRefused => match step.data.get("sip").and_then(Value::as_u64) {
                None | Some(0) => format!("{agent} could not be reached"),
                Some(486 | 600) => format!("{agent} is busy"),
                Some(status) => format!("{agent} refused the call (SIP {status})"),
            },
            StepKind::OfferWithdrawn => format!("no longer ringing {agent}: {}", plain(&text(step, "why"))),
            StepKind::OfferTooLate => format!("{agent} answered too late"),
            StepKind::CallAnswered => format!("answered by {}", self.answerer(step)),
            StepKind::CallHeld => format!("{party} put the call on hold"),
            StepKind::CallResumed => format!("{party} took the call back"),
            StepKind::TransferStarted => format!("{party} transfers the call to {}", text(step, "to")),
            StepKind::TransferFailed => format!("the transfer failed{}", status(step)),
            StepKind::Transferred => {
                format!("transferred to {}", self.optional_agent(step).unwrap_or(text(step, "to")))
            }
            StepKind::QueueLeft => format!("left inbox {queue}: {}", plain(&text(step, "how"))),
            StepKind::Digit => format!("{party} pressed {}", text(step, "digit")),
            StepKind::VoicemailStarted => format!("voicemail of {queue} greets"),
            StepKind::VoicemailLeft => format!("voicemail of {} left for {queue}", seconds(step)),
            StepKind::RecordingStarted => "recording began".to_owned(),
            StepKind::RecordingReady => format!("recording of {} is ready", seconds(step)),
            StepKind::RecordingFailed => "recording could not be written".to_owned(),
            StepKind::TargetFailed => {
                format!("{} did not take the call, {} is tried", text(step, "target"), text(step, "next"))
            }
            StepKind::MenuEntered => format!("menu {} is heard", text(step, "menu")),
            StepKind::MenuMissed => match text(step, "keys").as_str() {
                "" => format!("nothing was chosen in menu {}", text(step, "menu")),
                keys => format!("menu {} has no {keys}", text(step, "menu")),
            },
            StepKind::MenuLeft => match text(step, "keys").as_str() {
                "" => format!("menu {} goes on to {}", text(step, "menu"), text(step, "to")),
                keys => format!("{keys} chosen in menu {}: on to {}", text(step, "menu"), text(step, "to")),
            },
            StepKind::HoursChecked => hours(step),
            StepKind::Overflowed => {
                format!("inbox {queue} sends the call on ({}): to {}", plain(&text(step, "why")), text(step, "to"))
            }
            StepKind::Announced => announced(step),
            StepKind::MessagePlayed => format!("message {} is heard", plain(&text(step, "prompt"))),
            StepKind::CallbackRequested => match step.data.get("duplicate").and_then(Value::as_bool) {
                Some(true) => format!("callback of inbox {queue} asked for again: the first one stands"),
                _ => format!("callback of inbox {queue} asked for"),
            },
            StepKind::CallbackRejected => {
                format!("no callback of inbox {queue}: {}", plain(&text(step, "reason")))
            }
            StepKind::CallbackDialing => match self.optional_agent(step) {
                Some(agent) => format!("callback, made by {agent}"),
                None => "callback".to_owned(),
            },
            StepKind::DialDenied => {
                format!("{} may not be dialed: {}", text(step, "number"), plain(&text(step, "rule")))
            }
            StepKind::LegDevice => format!("the phone is {party}"),
            StepKind::AttemptStarted => "dialed by a campaign".to_owned(),
            StepKind::PickedUp => format!("{party} picks up"),
            StepKind::LineHeard => {
                format!("{} is heard: {}", plain(&text(step, "heard")), text(step, "reason"))
            }
            StepKind::Routed => format!("inbox {queue} chooses {agent}"),
            StepKind::QueueMoved => format!("moved by a supervisor from inbox {queue} to {}", text(step, "to")),
            StepKind::QueuePrioritised => {
                let priority = step.data.get("priority").and_then(Value::as_i64).unwrap_or_default();
                format!("given priority {priority} by a supervisor")
            }
            StepKind::QueuePulled => format!("given to {agent} by a supervisor"),
            StepKind::QueueRequeued => match step.data.get("keep_arrival").and_then(Value::as_bool) {
                Some(true) => format!("put back into inbox {queue} by a supervisor, at its place"),
                _ => format!("sent to the end of inbox {queue} by a supervisor"),
            },
            StepKind::LegEnded => format!("{party} left: {}", cause(step)),
            StepKind::CallEnded => format!("call ended: {} ({})", plain(&text(step, "status")), cause(step)),
        }
    }

    fn started(&self, step: &JourneyStep) -> String {
        let (from, to) = (&self.from, &self.to);
        match (text(step, "direction").as_str(), self.optional_agent(step)) {
            ("inbound", _) => format!("call from {} to {to}", named(from)),
            ("outbound_auto", _) => format!("outgoing call to {to}, dialed by a campaign"),
            (_, Some(agent)) => format!("outgoing call initiated from {agent} to {to}"),
            _ => format!("outgoing call initiated from {} to {to}", named(from)),
        }
    }

    /// Who answered: an agent, the customer, or the service itself, which answers on the caller's leg. The step's agent
    /// is who talks from now, on whichever side.
    fn answerer(&self, step: &JourneyStep) -> String {
        match step.leg.and_then(|leg| self.parties.get(&leg)) {
            Some(party) if party.kind == "caller" => "the service".to_owned(),
            Some(Party { agent: Some(agent), .. }) => agent.clone(),
            Some(party) if party.kind == "transfer" => "the target of the transfer".to_owned(),
            Some(_) => format!("customer {}", self.to),
            None => self.optional_agent(step).unwrap_or_else(|| format!("customer {}", self.to)),
        }
    }

    /// The agent whom a step names, with what is known of his phone.
    fn agent(&self, step: &JourneyStep) -> String {
        let of_leg = step.leg.and_then(|leg| self.parties.get(&leg)).and_then(|party| party.agent.clone());
        of_leg.or_else(|| self.optional_agent(step)).unwrap_or_else(|| "an agent".to_owned())
    }

    /// Extension and name of the agent whom a step names.
    fn optional_agent(&self, step: &JourneyStep) -> Option<String> {
        let extension = optional(step, "agent")?;
        let name = self.names.get(&extension);
        Some(name.map_or_else(|| extension.clone(), |name| format!("{extension} – {name}")))
    }

    fn party(&self, leg: Option<LegId>) -> String {
        let Some(party) = leg.and_then(|leg| self.parties.get(&leg)) else { return "a party".to_owned() };
        match (&party.agent, party.kind.as_str()) {
            (Some(agent), _) => agent.clone(),
            (None, "caller") => format!("caller {}", named(&self.from)),
            (None, "callee") => self.to.clone(),
            (None, _) => "the target of the transfer".to_owned(),
        }
    }
}

fn text(step: &JourneyStep, field: &str) -> String {
    optional(step, field).unwrap_or_default()
}

fn optional(step: &JourneyStep, field: &str) -> Option<String> {
    step.data.get(field).and_then(Value::as_str).map(str::to_owned)
}

/// A withheld number has a name too.
fn named(number: &str) -> &str {
    if number.is_empty() { "a withheld number" } else { number }
}

/// A stable word as people write it.
fn plain(word: &str) -> String {
    word.replace('_', " ")
}

fn seconds(step: &JourneyStep) -> String {
    let millis = step.data.get("duration_ms").and_then(Value::as_u64).unwrap_or_default();
    format!("{} s", millis / 1_000)
}

fn hours(step: &JourneyStep) -> String {
    let schedule = text(step, "schedule");
    let found = match (text(step, "hours").as_str(), optional(step, "holiday")) {
        (_, Some(holiday)) => format!("schedule {schedule} has a holiday, {}", plain(&holiday)),
        (hours, None) => format!("schedule {schedule} is {hours}"),
    };
    optional(step, "to").map_or_else(|| found.clone(), |to| format!("{found}: on to {to}"))
}

fn announced(step: &JourneyStep) -> String {
    let number = |field: &str| step.data.get(field).and_then(Value::as_u64);
    let said = [
        number("position").map(|position| format!("place {position}")),
        number("wait_s").map(|wait_s| format!("a wait of {wait_s} s")),
        optional(step, "message").map(|message| format!("message {}", plain(&message))),
    ];
    format!("the caller is told: {}", said.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn status(step: &JourneyStep) -> String {
    step.data.get("sip").and_then(Value::as_u64).map_or_else(String::new, |status| format!(" (SIP {status})"))
}

/// Why, and who did it.
fn cause(step: &JourneyStep) -> String {
    let of = |field: &str| step.data.pointer(&format!("/cause/{field}")).and_then(Value::as_str).unwrap_or_default();
    match (of("code"), of("who")) {
        ("normal", who) => format!("{who} hung up"),
        (code, "") => plain(code),
        (code, who) => format!("{}, by {who}", plain(code)),
    }
}
