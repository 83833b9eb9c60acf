//! A campaign as it is written over the API: what the dialer means by it, and what is wrong with it.

mod form;
mod known;
mod ranges;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use centre::Directory;
use clock::{AgentId, ListId, MessageId, WallTime};
use dialer::campaign::{
    AbandonRules, Again, CallerIds, Definition, DetectionRules, Fault, LeadAction, ListShare, Method, Outcome, Recycle,
    Service, check,
};
use dialer::contract::OnMachine;
use dialer::gate::{Caps, Listed, Lists, Pattern, Terms};
use dialer::runner::Written;
use hours::Schedule;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::{object, objects};
use crate::compliance::{RuleSetChoice, SubjectWord, VoiceWord};
use crate::problem::{Code, Problem};

pub(super) use form::CampaignFormField;
pub(crate) use words::{ActionWord, MachineWord, MixWord, OrderWord, Pacing};

/// A campaign as it is written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignDefinition {
    /// Its name.
    #[schema(example = "Autumn", min_length = 1, max_length = 100)]
    pub(super) name: String,
    /// How numbers are dialed.
    pub(super) pacing: Pacing,
    /// Lines an idle agent, with `ratio`.
    #[serde(default)]
    #[schema(example = 2.0, minimum = 1, maximum = 10)]
    lines_per_agent: Option<f64>,
    /// Calls at once, with `bot`.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 5000)]
    concurrent: Option<u32>,
    /// After so long without a word from the agent a lead that he sees is dialed, with `preview`; without it never.
    #[serde(default)]
    #[schema(minimum = 5, maximum = 3600)]
    preview_limit_s: Option<u64>,
    /// Agents may pass leads on, with `preview`.
    #[serde(default = "yes")]
    preview_may_skip: bool,
    /// Name of the queue whose agents, human or not, serve it.
    #[serde(default)]
    #[schema(example = "sales")]
    pub(super) queue: Option<String>,
    /// Extensions of agents of the queue who alone work for it; empty: all of them.
    #[serde(default)]
    #[schema(max_items = 1000)]
    agents: Vec<AssignedAgent>,
    /// Name of the message that people hear instead, with `bot`.
    #[serde(default)]
    message: Option<String>,
    /// Whom it calls.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub(super) lists: Vec<CampaignList>,
    /// How several lists are mixed.
    #[serde(default)]
    mix: MixWord,
    /// In which order new leads of a list come.
    #[serde(default)]
    order: OrderWord,
    /// When it dials; without it whenever the called person may be called.
    #[serde(default)]
    schedule: Option<CampaignSchedule>,
    /// What called phones show: own numbers, E.164; empty: the trunk's.
    #[serde(default)]
    #[schema(max_items = 1000)]
    caller_ids: Vec<OwnNumber>,
    /// Of these, that which is nearest to the called number; otherwise they take turns.
    #[serde(default)]
    local_presence: bool,
    /// Conversations are recorded.
    #[serde(default = "yes")]
    record: bool,
    /// A number rings at least so long.
    #[serde(default = "ring_min")]
    #[schema(minimum = 15, maximum = 120)]
    ring_min_s: u16,
    /// A number rings at most so long.
    #[serde(default = "ring_max")]
    #[schema(minimum = 15, maximum = 120)]
    ring_max_s: u16,
    /// Lines in use at once, conversations included.
    #[serde(default = "max_lines")]
    #[schema(minimum = 1, maximum = 5000)]
    max_lines: u32,
    /// Listen for who answered.
    #[serde(default = "yes")]
    detect: bool,
    /// What becomes of machines.
    #[serde(default)]
    on_machine: MachineWord,
    /// Name of the message that machines get after the beep, with `message`.
    #[serde(default)]
    machine_message: Option<String>,
    /// Share of the people who answer that may be left without an agent.
    #[serde(default = "target")]
    #[schema(example = 0.03, minimum = 0.001, maximum = 0.05)]
    abandon_target: f64,
    /// The share holds for each 24 hours too, not only for 30 days.
    #[serde(default)]
    strict_day: bool,
    /// How long after the end of the greeting an agent must be there.
    #[serde(default = "connect_limit")]
    #[schema(minimum = 500, maximum = 2000)]
    connect_limit_ms: u32,
    /// Name of the message that people hear whom no agent took in time.
    #[serde(default)]
    abandon_message: Option<String>,
    /// Audited estimate of the share of people whom the detection calls machines.
    #[serde(default)]
    #[schema(example = 0.005, minimum = 0, maximum = 0.05)]
    people_called_machines: f64,
    /// Attempts of a lead in all, since its list was reset.
    #[serde(default = "attempts_max")]
    #[schema(minimum = 1, maximum = 100)]
    attempts_max: u32,
    /// When a lead is tried again, by outcome; without it as is usual.
    #[serde(default)]
    recycle: Option<BTreeMap<String, RecycleRule>>,
    /// What agents' dispositions do to a lead, by code; one that is not named ends the lead.
    #[serde(default)]
    dispositions: BTreeMap<String, DispositionAction>,
    /// What agents say: `{first_name}` and the like stand for what is known of the lead, by the names of its fields
    /// and of the list's other columns; `{number}` and `{agent}` for who talk.
    #[serde(default)]
    #[schema(example = "Hello {first_name}, it is about your policy {policy}.", min_length = 1, max_length = 8000)]
    script: Option<String>,
    /// What agents ask; answers are kept with the attempt.
    #[serde(default, deserialize_with = "objects")]
    #[schema(max_items = 40)]
    pub(super) form: Vec<CampaignFormField>,
    /// A callback that is one agent's own is anyone's of the campaign when it is overdue by so long.
    #[serde(default = "handover")]
    #[schema(minimum = 60, maximum = 2_592_000)]
    callback_handover_s: u64,
    /// Which law it is judged by.
    #[serde(default)]
    rule_set: RuleSetChoice,
    /// Who speaks.
    #[serde(default)]
    voice: VoiceWord,
    /// What it is about.
    #[serde(default)]
    subject: SubjectWord,
    /// How often anyone is tried.
    #[serde(default, deserialize_with = "object")]
    caps: CampaignCaps,
    /// Numbers, and prefixes with `*`, that this campaign does not call.
    #[serde(default)]
    #[schema(max_items = 1000)]
    do_not_call: Vec<NumberPattern>,
}

/// Extension of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = "1031", min_length = 1, max_length = 40)]
pub(crate) struct AssignedAgent(String);

/// An own number, E.164.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = "+442071838750", pattern = "^\\+[1-9][0-9]{0,14}$")]
pub(crate) struct OwnNumber(String);

/// A number, E.164, or a prefix of it with `*`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = "+4477009*", pattern = "^\\+([0-9]{7,15}|[0-9]{1,15}\\*)$")]
pub(crate) struct NumberPattern(String);

/// A list of a campaign.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignList {
    /// The list.
    #[schema(example = "list_0190f5a2b6d07c3a9d1e4f5000000000", pattern = "^list_[0-9a-f]{32}$")]
    pub(super) list_id: String,
    /// Percent of the new leads, with `shares`.
    #[serde(default)]
    #[schema(maximum = 100)]
    share: u8,
}

/// When a campaign dials.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignSchedule {
    /// IANA time zone.
    #[schema(example = "Europe/London")]
    time_zone: String,
    /// Open spans.
    #[schema(example = json!(["mon-fri 09:00-17:30"]))]
    open: Vec<String>,
    /// Days that differ.
    #[serde(default)]
    #[schema(example = json!(["12-25"]))]
    holidays: Vec<String>,
}

/// When a lead is tried again.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecycleRule {
    /// After how long.
    #[schema(example = 14400, minimum = 120, maximum = 31_536_000)]
    after_s: u64,
    /// So many times.
    #[schema(example = 3, maximum = 10)]
    times: u8,
    /// The lead's other numbers are tried first.
    #[serde(default)]
    next_number: bool,
}

/// What a disposition does to a lead.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DispositionAction {
    /// What.
    action: ActionWord,
    /// After how long, with `again`.
    #[serde(default)]
    #[schema(minimum = 120, maximum = 31_536_000)]
    after_s: Option<u64>,
}

/// How often anyone is tried; without a figure as often as the rule set lets.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CampaignCaps {
    /// Of one lead, ever.
    #[schema(minimum = 1, maximum = 1000)]
    lead: Option<u32>,
    /// Of one number, ever.
    #[schema(minimum = 1, maximum = 1000)]
    number: Option<u32>,
    /// Of one lead a day of the called person.
    #[schema(minimum = 1, maximum = 1000)]
    lead_a_day: Option<u32>,
    /// Of one number a day of the called person.
    #[schema(minimum = 1, maximum = 1000)]
    number_a_day: Option<u32>,
    /// Of one lead within any 24 hours.
    #[schema(minimum = 1, maximum = 1000)]
    lead_in_24_h: Option<u32>,
    /// Of one number within any 24 hours.
    #[schema(minimum = 1, maximum = 1000)]
    number_in_24_h: Option<u32>,
}

/// What a text of a campaign means; none: it cannot be read, or names what there is no more.
#[must_use]
pub fn read_campaign(text: &str, directory: &Directory) -> Option<Written> {
    let definition: CampaignDefinition = serde_json::from_str(text).ok()?;
    let (definition, _) = definition.read(directory);
    Some(Written { definition: Arc::new(definition), text: text.into() })
}

impl CampaignDefinition {
    /// What it means, or everything that is wrong with it and its lists.
    pub(super) fn written(&self, directory: &Directory, of_lists: Vec<Fault>) -> Result<Written, Problem> {
        let (definition, mut faults) = self.read(directory);
        let named = of_lists.into_iter().chain(self.unknown(directory));
        let more = named.chain(self.ranges()).chain(check(&definition));
        for fault in more {
            if faults.iter().all(|known| known.at != fault.at) {
                faults.push(fault);
            }
        }
        if !faults.is_empty() {
            return Err(refused(&faults));
        }
        let text = serde_json::to_string(self)
            .map_err(|_| Problem::new(Code::InternalError, "The campaign cannot be written down."))?;
        Ok(Written { definition: Arc::new(definition), text: text.into() })
    }

    /// What can be read of it, and what cannot.
    fn read(&self, directory: &Directory) -> (Definition, Vec<Fault>) {
        let mut faults = Faults(Vec::new());
        let service = self.service(directory, &mut faults);
        let mut definition = Definition::new(&self.name, self.method(&mut faults), service);
        definition.agents = self.assigned(directory);
        definition.lists = self.shares(&mut faults);
        definition.mix = self.mix.into();
        definition.order = self.order.into();
        definition.schedule = self.schedule(&mut faults);
        let pool = self.caller_ids.iter().map(|OwnNumber(number)| number.clone()).collect();
        definition.caller_ids = CallerIds { pool, local_presence: self.local_presence };
        definition.record = self.record;
        (definition.ring_min_s, definition.ring_max_s) = (self.ring_min_s, self.ring_max_s);
        definition.max_lines = self.max_lines;
        let on_machine = self.machine(service, directory, &mut faults);
        definition.detection = DetectionRules { enabled: self.detect, on_machine };
        definition.abandon = AbandonRules {
            target: self.abandon_target,
            strict_day: self.strict_day,
            connect_limit_ms: self.connect_limit_ms,
            message: self.abandon_message.as_ref().map(|name| known("/abandon_message", name, directory, &mut faults)),
            people_called_machines: self.people_called_machines,
        };
        definition.recycle = self.recycle(&mut faults);
        definition.dispositions = self.actions(&mut faults);
        definition.script = self.script();
        definition.callback_handover = Duration::from_secs(self.callback_handover_s);
        definition.terms = self.terms(&mut faults);
        (definition, faults.0)
    }

    fn service(&self, directory: &Directory, faults: &mut Faults) -> Service {
        match (&self.queue, &self.message) {
            (Some(name), None) => match directory.queue(name) {
                Some(queue) => Service::Queue(queue),
                None => {
                    faults.add("/queue", "unknown", "the name of a queue");
                    Service::Queue(clock::QueueId(u32::MAX))
                }
            },
            (None, Some(name)) => Service::Message(known("/message", name, directory, faults)),
            _ => {
                faults.add("/queue", "required", "a queue, or with `bot` a message, and not both");
                Service::Queue(clock::QueueId(u32::MAX))
            }
        }
    }

    /// Its agents; one whom nobody knows is said elsewhere, and takes no call.
    fn assigned(&self, directory: &Directory) -> Option<BTreeSet<AgentId>> {
        let known = self.agents.iter().filter_map(|AssignedAgent(extension)| directory.agent(extension));
        (!self.agents.is_empty()).then(|| known.collect())
    }

    /// The same with other agents.
    pub(super) fn with_agents(self, agents: Vec<AssignedAgent>) -> Self {
        Self { agents, ..self }
    }

    fn method(&self, faults: &mut Faults) -> Method {
        match self.pacing {
            Pacing::Manual => Method::Manual,
            Pacing::Preview => {
                let limit = self.preview_limit_s.map(Duration::from_secs);
                Method::Preview { may_skip: self.preview_may_skip, limit }
            }
            Pacing::Progressive => Method::Progressive,
            Pacing::Ratio => {
                let lines = self.lines_per_agent.filter(|lines| lines.is_finite());
                faults.unless(lines.is_some(), "/lines_per_agent", "required", "lines an idle agent");
                Method::Ratio { lines: lines.unwrap_or(1.0) }
            }
            Pacing::Predictive => Method::Predictive,
            Pacing::Bot => {
                faults.unless(self.concurrent.is_some(), "/concurrent", "required", "calls at once");
                Method::Bot { concurrent: self.concurrent.unwrap_or(1) }
            }
        }
    }

    fn shares(&self, faults: &mut Faults) -> Vec<ListShare> {
        let share = |(at, list): (usize, &CampaignList)| {
            let id = list.list_id.parse::<ListId>();
            faults.unless(id.is_ok(), &format!("/lists/{at}/list_id"), "invalid", "the id of a list of leads");
            Some(ListShare { list: id.ok()?, share: list.share })
        };
        self.lists.iter().enumerate().filter_map(share).collect()
    }

    fn schedule(&self, faults: &mut Faults) -> Option<Arc<Schedule>> {
        let written = self.schedule.as_ref()?;
        match Schedule::parse(&self.name, &written.time_zone, &written.open, &written.holidays) {
            Ok(schedule) => Some(Arc::new(schedule)),
            Err(wrong) => {
                let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
                faults.add("/schedule", "invalid", &wrong.join("; "));
                None
            }
        }
    }

    fn machine(&self, service: Service, directory: &Directory, faults: &mut Faults) -> OnMachine {
        match (self.on_machine, &self.machine_message, service) {
            (MachineWord::HangUp, ..) => OnMachine::HangUp,
            (MachineWord::Message, Some(name), _) => {
                OnMachine::Message(known("/machine_message", name, directory, faults))
            }
            (MachineWord::Message, None, _) => {
                faults.add("/machine_message", "required", "the name of the message");
                OnMachine::HangUp
            }
            (MachineWord::Queue, _, Service::Queue(queue)) => OnMachine::Queue(queue),
            (MachineWord::Queue, _, Service::Message(_)) => {
                faults.add("/on_machine", "contradiction", "hang_up or message, as no queue serves it");
                OnMachine::HangUp
            }
        }
    }

    fn recycle(&self, faults: &mut Faults) -> Recycle {
        let Some(rules) = &self.recycle else {
            return Recycle { attempts_max: self.attempts_max, ..Recycle::default() };
        };
        let rule = |(word, rule): (&String, &RecycleRule)| {
            let outcome = Outcome::of_word(word);
            faults.unless(outcome.is_some(), &format!("/recycle/{word}"), "unknown", "the word of an outcome");
            let (after, times) = (Duration::from_secs(rule.after_s), rule.times);
            Some((outcome?, Again { after, times, next_number: rule.next_number }))
        };
        Recycle { rules: rules.iter().filter_map(rule).collect(), attempts_max: self.attempts_max }
    }

    fn actions(&self, faults: &mut Faults) -> BTreeMap<String, LeadAction> {
        let action = |(code, given): (&String, &DispositionAction)| {
            let needs_time = matches!(given.action, ActionWord::Again) && given.after_s.is_none();
            faults.unless(!needs_time, &format!("/dispositions/{code}/after_s"), "required", "after how long");
            let action = match given.action {
                ActionWord::Done => LeadAction::Done,
                ActionWord::Again => LeadAction::Again(Duration::from_secs(given.after_s.unwrap_or_default())),
                ActionWord::Callback => LeadAction::Callback,
                ActionWord::DoNotCall => LeadAction::DoNotCall,
            };
            (code.clone(), action)
        };
        self.dispositions.iter().map(action).collect()
    }

    fn terms(&self, faults: &mut Faults) -> Terms {
        let mut lists = Lists::default();
        let is_short = self.do_not_call.len() <= DO_NOT_CALL_MAX;
        faults.unless(is_short, "/do_not_call", "too_many", &format!("at most {DO_NOT_CALL_MAX}; more go in a list"));
        for (at, NumberPattern(text)) in self.do_not_call.iter().enumerate() {
            let pattern = text.parse::<Pattern>();
            let is_listed = pattern
                .is_ok_and(|pattern| lists.add(&pattern, Listed { reason: None, since: WallTime::default() }).is_ok());
            faults.unless(is_listed, &format!("/do_not_call/{at}"), "invalid", "E.164, or a prefix of it with `*`");
        }
        let CampaignCaps { lead, number, lead_a_day, number_a_day, lead_in_24_h, number_in_24_h } = self.caps;
        Terms {
            rule_set: self.rule_set.into(),
            voice: self.voice.into(),
            subject: self.subject.into(),
            caps: Caps { lead, number, lead_a_day, number_a_day, lead_in_24_h, number_in_24_h },
            do_not_call: Arc::new(lists),
        }
    }
}

/// The problem of a campaign that makes no sense.
pub(super) fn refused(faults: &[Fault]) -> Problem {
    let problem = Problem::new(Code::InvalidBody, "What was sent is not as expected.");
    faults.iter().fold(problem, |problem, fault| {
        problem.at(format!("#{}", fault.at), fault.code, format!("expected {}", fault.expected))
    })
}

/// The message of that name: an id that follows from the name alone (FNV-1a).
#[must_use]
pub fn message(name: &str) -> MessageId {
    MessageId(name.bytes().fold(0x811C_9DC5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)))
}

/// The message of that name, one of those that the configuration lets campaigns play.
fn known(at: &str, name: &str, directory: &Directory, faults: &mut Faults) -> MessageId {
    let is_known = directory.messages.iter().any(|message| message == name);
    faults.unless(is_known, at, "unknown", "the name of a message of `dialing.messages`");
    message(name)
}

struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, at: &str, code: &'static str, expected: &str) {
        self.0.push(Fault { at: at.to_owned(), code, expected: expected.to_owned() });
    }

    fn unless(&mut self, is_right: bool, at: &str, code: &'static str, expected: &str) {
        if !is_right {
            self.add(at, code, expected);
        }
    }
}

/// With as many own numbers it fits into one body.
const DO_NOT_CALL_MAX: usize = 1_000;

const fn yes() -> bool {
    true
}

const fn ring_min() -> u16 {
    15
}

const fn ring_max() -> u16 {
    25
}

const fn max_lines() -> u32 {
    1_000
}

const fn target() -> f64 {
    0.03
}

const fn connect_limit() -> u32 {
    2_000
}

const fn handover() -> u64 {
    86_400
}

const fn attempts_max() -> u32 {
    6
}
