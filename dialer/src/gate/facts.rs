//! What is known of one attempt at the moment in which it would be dialed.

use core::time::Duration;
use std::sync::Arc;

use clock::WallTime;
use serde::{Deserialize, Serialize};

use super::lists::Lists;
use super::pattern::Pattern;
use super::rule_set::Choice;

/// One attempt, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The number, E.164.
    pub number: &'a str,
    /// What it is dialed for.
    pub purpose: Purpose,
    /// When.
    pub at: WallTime,
    /// The PIN that was typed, if one was.
    pub pin: Option<&'a str>,
    /// The lists of the agent who dials it, if one does.
    pub personal: Option<&'a Personal>,
    /// What a campaign knows. A campaign without it may not dial.
    pub attempt: Option<Attempt<'a>>,
}

/// What an attempt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A customer asked to be called back.
    QueueCallback,
    /// An agent calls a customer back.
    AgentCallback,
    /// An agent dials from a screen.
    ClickToCall,
    /// A campaign calls somebody who did not ask for it, by whatever dial method.
    Campaign,
}

/// An agent's own lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Personal {
    /// Numbers and prefixes that he never dials.
    pub blacklist: Vec<Pattern>,
    /// When not empty: he dials nothing else.
    pub whitelist: Vec<Pattern>,
}

/// What a campaign knows of an attempt.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// What the campaign is judged by.
    pub terms: &'a Terms,
    /// The IANA zone that the lead's own data names. Among those of the number it decides; beside them it must be open too.
    pub zone: Option<&'a str>,
    /// The state or province (ISO 3166-2) that the lead's own data names; its rules hold beside those of the number's.
    pub region: Option<&'a str>,
    /// Earlier attempts; none: not known, and nothing is dialed that depends on it.
    pub history: Option<History<'a>>,
    /// Consents of whom the lead names.
    pub consents: &'a [Consent],
    /// How long it rings before we give up, at least.
    pub ring: Option<Duration>,
    /// An agent is kept free for this very call (manual, preview, progressive).
    pub agent_waits: bool,
}

/// What a campaign is judged by, beside the company's rules.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Which law.
    pub rule_set: Choice,
    /// Who speaks.
    pub voice: Voice,
    /// What it is about.
    pub subject: Subject,
    /// How often anyone is tried.
    pub caps: Caps,
    /// Numbers and prefixes that this campaign does not call.
    pub do_not_call: Arc<Lists>,
}

impl Terms {
    /// Rule sets may demand that the called person agreed: to a machine that talks, a recorded message, or the subject.
    #[must_use]
    pub fn may_need_consent(&self) -> bool {
        self.voice != Voice::Person || self.subject == Subject::ClaimsManagement
    }
}

/// Who speaks when a person answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Voice {
    /// An agent.
    #[default]
    Person,
    /// A recorded message.
    Recorded,
    /// A machine that talks.
    Ai,
}

/// What a campaign is about, where a law asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Sales or anything else.
    #[default]
    General,
    /// Claims management (compensation for accidents, mis-sold policies ...).
    ClaimsManagement,
}

/// How often anyone is tried; none: as often as the rule set lets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Of one lead, ever.
    pub lead: Option<u32>,
    /// Of one number, ever, whichever lead it belongs to.
    pub number: Option<u32>,
    /// Of one lead on one day of the called person.
    pub lead_a_day: Option<u32>,
    /// Of one number on one day of the called person.
    pub number_a_day: Option<u32>,
    /// Of one lead within any 24 hours.
    pub lead_in_24_h: Option<u32>,
    /// Of one number within any 24 hours.
    pub number_in_24_h: Option<u32>,
}

/// Earlier attempts.
#[derive(Clone, Copy, Debug, Default)]
pub struct History<'a> {
    /// Of this lead, by whichever of its numbers.
    pub lead: Tries<'a>,
    /// Of this number, for whichever lead and campaign.
    pub number: Tries<'a>,
    /// When the number was last abandoned: somebody answered, and nobody was there.
    pub abandoned_at: Option<WallTime>,
    /// When a machine was last found on the number.
    pub machine_at: Option<WallTime>,
}

/// Attempts of a lead or number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tries<'a> {
    /// All, ever.
    pub total: u32,
    /// When each began, of at least the last [`RECENT`]; in any order.
    pub recent: &'a [WallTime],
}

/// Somebody agreed to something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// To what.
    pub to: ConsentTo,
    /// Where it can be shown: id of the record.
    pub id: String,
    /// Since when.
    pub given_at: WallTime,
    /// Until when; none: it stands.
    pub revoked_at: Option<WallTime>,
}

/// What people agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentTo {
    /// To be called by recorded or artificial voices.
    ArtificialVoice,
    /// To be called about claims management.
    ClaimsManagement,
}

impl ConsentTo {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::ArtificialVoice, Self::ClaimsManagement];

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ArtificialVoice => "artificial_voice",
            Self::ClaimsManagement => "claims_management",
        }
    }

    /// What has this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|to| to.word() == word)
    }
}

impl<'a> Facts<'a> {
    /// What is known without a PIN, personal lists or a campaign.
    #[must_use]
    pub const fn new(number: &'a str, purpose: Purpose, at: WallTime) -> Self {
        Self { number, purpose, at, pin: None, personal: None, attempt: None }
    }
}

impl Personal {
    /// He may dial it, as far as these lists go.
    #[must_use]
    pub fn lets(&self, number: &str) -> bool {
        let has = |list: &[Pattern]| list.iter().any(|pattern| pattern.takes(number));
        !has(&self.blacklist) && (self.whitelist.is_empty() || has(&self.whitelist))
    }
}

impl Consent {
    /// Whether it stands at a moment.
    #[must_use]
    pub fn stands(&self, at: WallTime) -> bool {
        self.given_at <= at && self.revoked_at.is_none_or(|revoked| at < revoked)
    }
}

impl Tries<'_> {
    /// How many began at or after a moment. Those that a clock set back shows ahead of now count.
    #[must_use]
    pub fn since(&self, moment: WallTime) -> u32 {
        u32::try_from(self.recent.iter().filter(|begun| **begun >= moment).count()).unwrap_or(u32::MAX)
    }
}

/// No rule looks farther back: a day of 25 hours in zones that lie 26 hours apart, and 24 hours.
pub const RECENT: Duration = Duration::from_secs(72 * 3_600);
