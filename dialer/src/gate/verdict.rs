//! What the gate says, with what it went by: made to be stored and shown.

use std::borrow::Cow;

use clock::WallTime;
use serde::{Deserialize, Serialize};

use super::facts::Purpose;

/// What the gate says of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What speaks against it; none: it is allowed.
    pub denial: Option<Denial>,
    /// What was known, whichever way it went.
    pub evidence: Evidence,
}

/// The first rule that does not let an attempt pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// Which kind of rule.
    pub rule: Rule,
    /// The clause of the rule set, where it is one's: `us.tsr.calling-hours`.
    pub clause: Option<String>,
    /// Why, in words: which entry, which hours, how many attempts.
    pub because: String,
}

/// What an attempt was judged by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The number, E.164.
    pub number: String,
    /// What it was dialed for.
    pub purpose: Purpose,
    /// When it was judged.
    pub at: WallTime,
    /// The company's own rules that were asked, in their order; the one that denies is the last.
    pub rules: Vec<Rule>,
    /// The rule set and its version, `us 2026-11-21`; none: no law was asked.
    pub rule_set: Option<String>,
    /// Its clauses that were asked, in their order; the one that denies is the last.
    pub clauses: Vec<Asked>,
    /// What the clocks of the called person showed: one for each zone that he may be in.
    pub clocks: Vec<LocalTime>,
    /// States and provinces that he may be in.
    pub regions: Vec<String>,
    /// Earlier attempts, where they are known.
    pub tried: Option<Tried>,
    /// Records of the consents that stood.
    pub consents: Vec<String>,
    /// Imported do-not-call lists that were asked, `tps 2026-11-01`.
    pub lists: Vec<String>,
}

/// A clause that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its id.
    pub clause: Cow<'static, str>,
    /// A person had compared it with the text of its source.
    pub verified: bool,
}

/// A clock on the wall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalTime {
    /// IANA zone.
    pub zone: String,
    /// Date and time of day there, `2026-11-21 08:05`.
    pub time: String,
}

/// Earlier attempts, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Of the lead, ever.
    pub lead: u32,
    /// Of the number, ever.
    pub number: u32,
    /// Of the lead on the called person's day.
    pub lead_today: u32,
    /// Of the number on the called person's day.
    pub number_today: u32,
    /// Of the lead within 24 hours.
    pub lead_in_24_h: u32,
    /// Of the number within 24 hours.
    pub number_in_24_h: u32,
}

/// A rule of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// What is to be dialed is no number in E.164.
    Number,
    /// The internal do-not-call list.
    DoNotCall,
    /// The campaign's do-not-call list.
    CampaignDoNotCall,
    /// An imported do-not-call list.
    ImportedDoNotCall,
    /// The company's black list.
    CompanyBlacklist,
    /// The company's white list.
    CompanyWhitelist,
    /// The agent's own black list.
    PersonalBlacklist,
    /// The agent's own white list.
    PersonalWhitelist,
    /// Countries that may be dialed.
    Country,
    /// Destinations that take a PIN.
    Pin,
    /// The node does not dial there, whoever asks: denied prefixes, other countries, own numbers.
    OutboundPolicy,
    /// No route takes the number.
    NoRoute,
    /// Something is not known that a rule depends on.
    FactsMissing,
    /// The rule set is not for where the number is.
    Territory,
    /// Nobody knows which state's rules hold there.
    UnknownRegion,
    /// Nobody knows which time it is there.
    UnknownTimeZone,
    /// Hours in which the called person is not called.
    CallingHours,
    /// A holiday of the called person.
    Holiday,
    /// Attempts so far.
    Attempts,
    /// A consent that is demanded.
    Consent,
    /// After an abandoned call or a machine: only with an agent who waits.
    LiveAgentOnly,
    /// It would not ring for long enough.
    MinRing,
    /// An imported do-not-call list is too old.
    ListTooOld,
    /// How many people may be left without an agent, and what they hear: asked of a campaign when it is written, of no attempt.
    Abandoned,
}

impl Rule {
    /// All rules, in the order in which they are asked; within a rule set its clauses are asked in theirs.
    pub const ALL: [Self; 24] = [
        Self::Number,
        Self::DoNotCall,
        Self::CampaignDoNotCall,
        Self::ImportedDoNotCall,
        Self::CompanyBlacklist,
        Self::CompanyWhitelist,
        Self::PersonalBlacklist,
        Self::PersonalWhitelist,
        Self::Country,
        Self::Pin,
        Self::OutboundPolicy,
        Self::NoRoute,
        Self::FactsMissing,
        Self::Territory,
        Self::UnknownRegion,
        Self::UnknownTimeZone,
        Self::CallingHours,
        Self::Holiday,
        Self::Attempts,
        Self::Consent,
        Self::LiveAgentOnly,
        Self::MinRing,
        Self::ListTooOld,
        Self::Abandoned,
    ];

    /// It is one agent's own rule: others may dial all the same.
    #[must_use]
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::PersonalBlacklist | Self::PersonalWhitelist)
    }

    /// The stable word of the API and of events.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::DoNotCall => "do_not_call",
            Self::CampaignDoNotCall => "campaign_do_not_call",
            Self::ImportedDoNotCall => "imported_do_not_call",
            Self::CompanyBlacklist => "company_blacklist",
            Self::CompanyWhitelist => "company_whitelist",
            Self::PersonalBlacklist => "personal_blacklist",
            Self::PersonalWhitelist => "personal_whitelist",
            Self::Country => "country",
            Self::Pin => "pin",
            Self::OutboundPolicy => "outbound_policy",
            Self::NoRoute => "no_route",
            Self::FactsMissing => "facts_missing",
            Self::Territory => "territory",
            Self::UnknownRegion => "unknown_region",
            Self::UnknownTimeZone => "unknown_time_zone",
            Self::CallingHours => "calling_hours",
            Self::Holiday => "holiday",
            Self::Attempts => "attempts",
            Self::Consent => "consent",
            Self::LiveAgentOnly => "live_agent_only",
            Self::MinRing => "min_ring",
            Self::ListTooOld => "list_too_old",
            Self::Abandoned => "abandoned",
        }
    }
}

impl Verdict {
    /// Nothing denies it.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.denial.is_none()
    }

    /// It is the own list of the agent who would dial that denies it.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.denial.as_ref().is_some_and(|denial| denial.rule.is_personal())
    }

    /// The word of the rule that denies it.
    #[must_use]
    pub fn denied_by(&self) -> Option<&'static str> {
        self.denial.as_ref().map(|denial| denial.rule.word())
    }
}

impl Denial {
    /// One of the company's own rules.
    pub(super) fn by(rule: Rule, because: String) -> Self {
        Self { rule, clause: None, because }
    }
}
