//! The dial plan a shard works by: who may call what, and where it goes.
//!
//! Built by the shell from configuration and database, swapped in whole.

mod callback;
mod rules;
mod trunk;

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use clock::{AgentId, MessageId, QueueId, SkillId, TrunkId};
use hours::Schedule;
use sip::digest::AlgorithmChoice;

pub use self::callback::CallbackPlan;
pub use self::rules::{Announcements, EntryPlan, Exit, Gate, MenuId, MenuPlan, Overflow, Unserved};
pub use self::trunk::{
    DEFAULT_TARGET_RING_START_MAX, DEFAULT_TARGET_SILENCE_MAX, IdentityPlan, NumberFormat, ShownNumber, TrunkAddress,
    TrunkDigest, TrunkPlan,
};

/// What a call asks of an agent, beside what its queue asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallNeeds {
    /// What it asks from which wait on, as long as no later one is in force.
    pub steps: Vec<CallStep>,
    /// Higher first.
    pub priority: i32,
}

/// What a call asks from some wait on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallStep {
    /// From this wait on, counted from the arrival that decides the place.
    pub after: Duration,
    /// Skills, each at least at this level.
    pub required: Vec<(SkillId, u8)>,
    /// Who has these better comes first.
    pub preferred: Vec<SkillId>,
    /// Agents above this level are not offered the call; `None`: all levels.
    pub level_max: Option<u8>,
}

/// Everything a shard must know to route.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// SIP domain; also the digest realm.
    pub domain: String,
    /// Hosts besides `domain` that mean us in a request URI: own addresses.
    pub own_hosts: Vec<String>,
    /// How numbers are written.
    pub numbers: NumberPlan,
    /// The digest algorithms that one is asked for of whom nothing is known.
    pub algorithms: AlgorithmChoice,
    /// Own numbers, E.164.
    pub dids: BTreeMap<String, Target>,
    /// What calls to some of our numbers and short numbers ask of an agent.
    pub needs: BTreeMap<String, CallNeeds>,
    /// Own extensions.
    pub extensions: BTreeMap<String, Target>,
    /// Agents.
    pub agents: BTreeMap<AgentId, AgentPlan>,
    /// Trunks.
    pub trunks: BTreeMap<TrunkId, TrunkPlan>,
    /// Routes to trunks, first match wins.
    pub routes: Vec<RoutePlan>,
    /// Queues.
    pub queues: BTreeMap<QueueId, QueuePlan>,
    /// What the dial gate goes by, beside the do-not-call list.
    pub dial_rules: dialer::gate::Rules,
    /// Conversations of agents' own callbacks are recorded, stereo; those of queues as the queue says.
    pub records_callbacks: bool,
    /// Messages to people and machines whom campaigns call, by the names of their prompts.
    pub messages: BTreeMap<MessageId, String>,
    /// Menus.
    pub menus: BTreeMap<MenuId, MenuPlan>,
    /// Rules of own numbers, by the key of `dids` or `extensions`; those without rules are not in it.
    pub entries: BTreeMap<String, EntryPlan>,
    /// Language of callers of whom nothing else is known; empty for none.
    pub language: String,
    /// Limits and times.
    pub limits: CallLimits,
}

/// How numbers are written in the home country, and which foreign ones may be dialed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberPlan {
    /// Country code without `+`, e.g. `44`.
    pub country_code: String,
    /// National trunk prefix, e.g. `0`; may be empty.
    pub trunk_prefix: String,
    /// International prefix, e.g. `00`.
    pub international_prefix: String,
    /// Shortest and longest national number, digits without trunk prefix.
    pub national_digits: (u8, u8),
    /// Foreign country codes that may be dialed; empty: home only (DESIGN section 7).
    pub allowed_countries: Vec<String>,
    /// E.164 prefixes that may never be dialed: premium rate.
    pub denied_prefixes: Vec<String>,
    /// Emergency numbers as dialed: explicit routes.
    pub emergency: BTreeMap<String, TrunkId>,
}

/// What an own number or extension reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A queue.
    Queue(QueueId),
    /// The echo service.
    Echo,
    /// The 1004 Hz test tone.
    Tone,
    /// The voicemail box of a queue.
    Voicemail(QueueId),
    /// An agent's phone.
    Agent(AgentId),
    /// A key menu.
    Menu(MenuId),
    /// The standing leg of the agent who dials it: a code.
    StandingLeg,
}

/// One agent's phone and rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentPlan {
    /// Extension: user part and digest user name.
    pub extension: String,
    /// Display name, if any.
    pub name: Option<String>,
    /// MD5 of `extension:realm:password` in hex.
    pub ha1_md5: String,
    /// SHA-256 of the same in hex.
    pub ha1_sha256: String,
    /// The digest algorithms his phone is asked for.
    pub algorithms: AlgorithmChoice,
    /// His own number, E.164, for trunks that show it.
    pub caller_id: Option<String>,
    /// He may dial numbers through trunks.
    pub may_dial_out: bool,
    /// Outbound calls a day; 0 for no cap.
    pub calls_per_day_max: u32,
    /// His own black and white list of the dial gate.
    pub personal: dialer::gate::Personal,
}

/// Whose calls a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteSource {
    /// Calls of agents.
    Agents,
    /// Calls that came in on this trunk (transit).
    Trunk(TrunkId),
}

/// One route to a trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePlan {
    /// Whose calls.
    pub from: RouteSource,
    /// E.164 prefix (`+44`), or `*` for any dialed string as it is.
    pub pattern: String,
    /// Where to.
    pub trunk: TrunkId,
}

/// What a shard must know of a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueuePlan {
    /// Name, shown to the agent as `<queue> · <number>`.
    pub name: String,
    /// Its own number, E.164, for trunks that show it.
    pub caller_id: Option<String>,
    /// Music while waiting, by name.
    pub music: String,
    /// Record conversations, stereo.
    pub recording: bool,
    /// Prompt of its voicemail box.
    pub voicemail_prompt: String,
    /// Longest voicemail.
    pub voicemail_max: Duration,
    /// A caller who is not served goes to the box where nothing else is said in `overflow`, else his call ends.
    pub voicemail_on_timeout: bool,
    /// Its callers may ask to be called back; none: they may not, by key.
    pub callback: Option<Box<CallbackPlan>>,
    /// When it is open; always where none.
    pub schedule: Option<Arc<Schedule>>,
    /// Who waits when it closes leaves it as those do who come then; else he waits on.
    pub leave_closed: bool,
    /// Where callers go whom it does not serve.
    pub overflow: BTreeMap<Unserved, Overflow>,
    /// Where a waiting caller's key leads.
    pub keys: BTreeMap<char, Exit>,
    /// What waiting callers are told.
    pub announcements: Announcements,
}

impl Plan {
    /// Where a caller goes whom a queue does not serve.
    #[must_use]
    pub fn overflow(&self, queue: QueueId, why: Unserved) -> Overflow {
        let rules = self.queues.get(&queue);
        let said = rules.and_then(|rules| rules.overflow.get(&why)).cloned();
        let closed = || rules.filter(|_| why == Unserved::Holiday)?.overflow.get(&Unserved::Closed).cloned();
        said.or_else(closed).unwrap_or_else(|| {
            let to_box = rules.is_some_and(|rules| rules.voicemail_on_timeout);
            let to = if to_box { Exit::Own(Target::Voicemail(queue)) } else { Exit::HangUp };
            Overflow { to, keeps_arrival: false }
        })
    }
}

/// Limits and times of calls, each a documented outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// Live calls of the shard; above: 503 with Retry-After.
    pub calls_max: usize,
    /// No RTP for so long from a side that should be sending ends the call.
    pub rtp_silence: Duration,
    /// OPTIONS inside the dialog of a held or receive-only side.
    pub ping_every: Duration,
    /// Ring time of extension and trunk calls.
    pub ring_max: Duration,
    /// Ring time of the agent's phone for click-to-call.
    pub click_ring_max: Duration,
    /// Voicemails shorter than this are not kept.
    pub voicemail_min: Duration,
    /// Longest call.
    pub call_max: Duration,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            calls_max: 10_000,
            rtp_silence: Duration::from_secs(60),
            ping_every: Duration::from_secs(60),
            ring_max: Duration::from_secs(120),
            click_ring_max: Duration::from_secs(30),
            voicemail_min: Duration::from_secs(2),
            call_max: Duration::from_secs(12 * 3600),
        }
    }
}
