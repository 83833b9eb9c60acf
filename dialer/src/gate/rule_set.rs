//! Rule sets: what a law, a code or good practice demands of calls, as data.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use super::calendar::{Day, Holiday};
use super::facts::{ConsentTo, Purpose};
use super::place::{Country, Place};
use super::rule_sets::{CANADA, NEUTRAL, UK, US};
use super::verdict::Rule;

/// The clauses of one country, and whom they are for.
#[derive(Clone, Copy, Debug)]
pub struct RuleSet {
    /// The stable word.
    pub id: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// When its clauses were last changed.
    pub version: Day,
    /// Whom it may call; anyone else is refused.
    pub territory: Territory,
    /// What it demands, all of it.
    pub clauses: &'static [Clause],
}

/// The people whom a rule set is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Territory {
    /// Everybody.
    Anywhere,
    /// Numbers of country code 44.
    UnitedKingdom,
    /// North American numbers whose region begins so (`US-`).
    Regions(&'static str),
}

/// One demand, with where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Clause {
    /// The stable word: `us.tsr.calling-hours`.
    pub id: &'static str,
    /// What it demands, in a sentence.
    pub says: &'static str,
    /// The law, code or page that demands it.
    pub source: &'static str,
    /// Since when it is in force.
    pub effective: Day,
    /// Which calls it binds.
    pub binds: Binds,
    /// Regions (ISO 3166-2) that it holds in; empty: the whole territory.
    pub regions: &'static [&'static str],
    /// What it demands.
    pub demand: Demand,
}

/// Which calls a clause binds. Callbacks that the customer asked for are bound by none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binds {
    /// Those of campaigns.
    Campaigns,
    /// Those of campaigns, and what agents dial from a screen.
    Sales,
}

/// What a clause demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Only at these hours of the called person.
    Hours(Week),
    /// On none of these days of the called person.
    NotOn(&'static [Holiday]),
    /// At most so many attempts of a number within a time.
    Attempts {
        /// How many.
        max: u32,
        /// Within what, at most [`RECENT`](super::RECENT).
        within: Duration,
    },
    /// A consent, where the condition holds.
    Consent {
        /// When.
        when: ConsentWhen,
        /// To what.
        to: ConsentTo,
    },
    /// After an abandoned call, for so long, only with an agent who waits for this very call.
    AgentAfterAbandoned(Duration),
    /// After a machine was found, for so long, only with an agent who waits for this very call.
    AgentAfterMachine(Duration),
    /// It rings at least so long.
    Ring(Duration),
    /// At most so many in a thousand people who answer are left without an agent: asked of the campaign when it is written,
    /// kept by its pacing.
    Abandoned {
        /// Of a thousand.
        per_mille: u16,
    },
    /// Who is left without an agent hears a message: asked of the campaign when it is written.
    AbandonMessage,
    /// Imported do-not-call lists are at most so many days old.
    ListAge {
        /// How many.
        days: u32,
    },
}

/// What makes a consent necessary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentWhen {
    /// A machine talks.
    AiVoice,
    /// A recorded message is played.
    RecordedVoice,
    /// It is about claims management.
    ClaimsManagement,
}

/// Hours of the week: from a minute of the day until before another; none: not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week {
    /// Monday to Friday.
    pub weekdays: Option<(u16, u16)>,
    /// Saturday.
    pub saturday: Option<(u16, u16)>,
    /// Sunday.
    pub sunday: Option<(u16, u16)>,
}

/// Which rule set a company or campaign goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// No country's: good practice alone.
    #[default]
    Neutral,
    /// United States.
    Us,
    /// United Kingdom.
    Uk,
    /// Canada.
    Canada,
    /// That of the number's country, else the neutral one.
    ByNumber,
}

/// No rule set has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neutral, us, uk, canada or by_number was expected, got {got:?}")]
pub struct NoRuleSet {
    /// What came, cut to a bounded length.
    pub got: String,
}

impl RuleSet {
    /// All that there are.
    pub const ALL: [&'static Self; 4] = [&NEUTRAL, &US, &UK, &CANADA];
}

impl Territory {
    /// Whether it has the place.
    #[must_use]
    pub fn has(self, place: &Place) -> bool {
        match self {
            Self::Anywhere => true,
            Self::UnitedKingdom => place.country() == Country::UnitedKingdom,
            Self::Regions(prefix) => place.regions().iter().any(|region| region.starts_with(prefix)),
        }
    }
}

impl Clause {
    /// Whether it binds such calls.
    #[must_use]
    pub fn binds(&self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::QueueCallback | Purpose::AgentCallback => false,
            Purpose::ClickToCall => self.binds == Binds::Sales,
            Purpose::Campaign => true,
        }
    }
}

impl Demand {
    /// The rule that it makes, as verdicts name it.
    #[must_use]
    pub const fn rule(self) -> Rule {
        match self {
            Self::Hours(_) => Rule::CallingHours,
            Self::NotOn(_) => Rule::Holiday,
            Self::Attempts { .. } => Rule::Attempts,
            Self::Consent { .. } => Rule::Consent,
            Self::AgentAfterAbandoned(_) | Self::AgentAfterMachine(_) => Rule::LiveAgentOnly,
            Self::Ring(_) => Rule::MinRing,
            Self::ListAge { .. } => Rule::ListTooOld,
            Self::Abandoned { .. } | Self::AbandonMessage => Rule::Abandoned,
        }
    }
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = |span: &Duration| span.as_secs() / 3_600;
        match self {
            Self::Hours(week) => write!(f, "only {week}"),
            Self::NotOn(holidays) => {
                let names: Vec<&str> = holidays.iter().map(|holiday| holiday.name).collect();
                write!(f, "not on {}", names.join(", "))
            }
            Self::Attempts { max, within } => write!(f, "at most {max} attempts in {} h", hours(within)),
            Self::Consent { when, to } => {
                let when = match when {
                    ConsentWhen::AiVoice => "a machine talks",
                    ConsentWhen::RecordedVoice => "a recorded message is played",
                    ConsentWhen::ClaimsManagement => "it is about claims management",
                };
                let to = match to {
                    ConsentTo::ArtificialVoice => "artificial voices",
                    ConsentTo::ClaimsManagement => "calls about claims management",
                };
                write!(f, "consent to {to} where {when}")
            }
            Self::AgentAfterAbandoned(span) => {
                write!(f, "live agent only for {} h after an abandoned call", hours(span))
            }
            Self::AgentAfterMachine(span) => write!(f, "live agent only for {} h after a machine", hours(span)),
            Self::Ring(least) => write!(f, "rings for at least {} s", least.as_secs()),
            Self::ListAge { days } => write!(f, "imported lists at most {days} days old"),
            Self::Abandoned { per_mille } => write!(f, "at most {per_mille} of 1,000 who answer abandoned"),
            Self::AbandonMessage => f.write_str("a message for whom no agent takes"),
        }
    }
}

impl Week {
    /// The same hours every day.
    #[must_use]
    pub const fn daily(from_hour: u16, until_hour: u16) -> Self {
        let hours = Some((from_hour * 60, until_hour * 60));
        Self { weekdays: hours, saturday: hours, sunday: hours }
    }

    /// The same hours on every day but Sunday, when there are none.
    #[must_use]
    pub const fn but_sunday(from_hour: u16, until_hour: u16) -> Self {
        Self { sunday: None, ..Self::daily(from_hour, until_hour) }
    }

    /// The hours of a day, Monday 0 to Sunday 6.
    #[must_use]
    pub const fn of(&self, weekday: usize) -> Option<(u16, u16)> {
        match weekday {
            0..=4 => self.weekdays,
            5 => self.saturday,
            6 => self.sunday,
            _ => None,
        }
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = [("Mon-Fri", self.weekdays), ("Sat", self.saturday), ("Sun", self.sunday)];
        for (at, (day, hours)) in days.into_iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            match hours {
                None => write!(f, "{separator}{day} none")?,
                Some((from, until)) => {
                    write!(
                        f,
                        "{separator}{day} {:02}:{:02}-{:02}:{:02}",
                        from / 60,
                        from % 60,
                        until / 60,
                        until % 60
                    )?;
                }
            }
        }
        Ok(())
    }
}

impl Choice {
    /// The stable word of configuration and API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Us => "us",
            Self::Uk => "uk",
            Self::Canada => "canada",
            Self::ByNumber => "by_number",
        }
    }

    /// The rule set for a place; none where the place does not tell.
    #[must_use]
    pub fn rule_set(self, place: &Place) -> Option<&'static RuleSet> {
        match self {
            Self::Neutral => Some(&NEUTRAL),
            Self::Us => Some(&US),
            Self::Uk => Some(&UK),
            Self::Canada => Some(&CANADA),
            Self::ByNumber => match place.country() {
                Country::UnitedKingdom => Some(&UK),
                Country::Other => Some(&NEUTRAL),
                Country::NorthAmerica if place.regions().is_empty() => None,
                Country::NorthAmerica => {
                    Some([&US, &CANADA].into_iter().find(|set| set.territory.has(place)).unwrap_or(&NEUTRAL))
                }
            },
        }
    }
}

impl Choice {
    /// All rule sets that it may come to.
    #[must_use]
    pub fn rule_sets(self) -> &'static [&'static RuleSet] {
        match self {
            Self::Neutral => &[&NEUTRAL],
            Self::Us => &[&US],
            Self::Uk => &[&UK],
            Self::Canada => &[&CANADA],
            Self::ByNumber => &[&UK, &NEUTRAL, &US, &CANADA],
        }
    }

    /// What it demands of a campaign as a whole.
    pub fn demands(self) -> impl Iterator<Item = &'static Clause> {
        self.rule_sets().iter().flat_map(|set| set.clauses)
    }
}

impl FromStr for Choice {
    type Err = NoRuleSet;

    fn from_str(text: &str) -> Result<Self, NoRuleSet> {
        let all = [Self::Neutral, Self::Us, Self::Uk, Self::Canada, Self::ByNumber];
        let found = all.into_iter().find(|choice| choice.word() == text);
        found.ok_or_else(|| NoRuleSet { got: text.chars().take(GOT_MAX).collect() })
    }
}

/// Of a wrong word, so much is shown.
const GOT_MAX: usize = 30;
