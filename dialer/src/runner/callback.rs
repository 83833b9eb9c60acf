//! When a lead may be called back, asked while an agent talks with him or afterwards.

use core::time::Duration;

use clock::{AgentId, CallId, Now, WallTime};
use hours::{Hours, Zone};

use super::contract::{Refusal, Reply};
use super::dialer::Dialer;
use crate::gate::{self, Facts, Place, Purpose};
use crate::hopper::Tries;

/// A callback that somebody wants for the lead of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackAsked {
    /// The call.
    pub call: CallId,
    /// When.
    pub when: CallbackTime,
    /// The IANA zone in which that was said; none: the lead's own, else that of his number.
    pub zone: Option<String>,
    /// By whom alone; none: anyone of the campaign.
    pub agent: Option<AgentId>,
}

/// A time as somebody says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackTime {
    /// A moment.
    Moment(WallTime),
    /// What calendar and clock on the wall say there: `2026-11-23T15:00`.
    Local(String),
}

/// A callback that may be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackOffer {
    /// The number that was called, E.164.
    pub number: String,
    /// When.
    pub at: WallTime,
    /// The zone in which that was said, where one is known.
    pub zone: Option<String>,
    /// By whom alone.
    pub agent: Option<AgentId>,
}

/// Why a lead is not called back then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackFault {
    /// The call is none of a lead of a campaign that goes on.
    NoLead,
    /// IANA has no such zone.
    UnknownZone,
    /// No zone is known for him, so one must be named.
    NoZone,
    /// It is no date and time.
    Unreadable,
    /// It is over.
    Past {
        /// The moment.
        at: WallTime,
    },
    /// Nobody plans so far ahead.
    TooFar,
    /// The campaign does not dial then.
    Schedule {
        /// When it does again.
        opens: Option<WallTime>,
    },
}

impl Dialer {
    /// Whether a lead may be called back then: by the rules of that moment, with what is known now.
    pub(super) fn may_call_back(&self, asked: CallbackAsked, now: Now) -> Result<Reply, Refusal> {
        let fault = |fault| Err(Refusal::Callback(fault));
        let Some((id, talked)) = self.shared.disposing.of_call(asked.call) else {
            return fault(CallbackFault::NoLead);
        };
        let campaign = self.campaigns.get(&id).filter(|campaign| !campaign.life.status.is_final());
        let Some(campaign) = campaign.filter(|_| talked.lead != clock::LeadId::default()) else {
            return fault(CallbackFault::NoLead);
        };
        let lead = campaign.run.as_ref().and_then(|run| run.hopper.lead(talked.lead));
        let zone = asked.zone.or_else(|| lead.and_then(|lead| lead.zone.clone())).or_else(|| zone_of(&talked.number));
        let at = match moment(&asked.when, zone.as_deref()) {
            Ok(at) => at,
            Err(why) => return fault(why),
        };
        if at <= now.wall {
            return fault(CallbackFault::Past { at });
        }
        if at > now.wall + AHEAD_MAX {
            return fault(CallbackFault::TooFar);
        }
        let definition = campaign.run.as_ref().map_or(&campaign.written.definition, |run| &run.definition);
        if let Some(schedule) = definition.schedule.as_ref().filter(|schedule| schedule.at(at) != Hours::Open) {
            return fault(CallbackFault::Schedule { opens: schedule.opens(at) });
        }
        let none = Tries::default();
        let consents = self.shared.consents.of(&talked.number, lead.map_or(&[], |lead| &lead.consents));
        let attempt = gate::Attempt {
            terms: &definition.terms,
            zone: lead.and_then(|lead| lead.zone.as_deref()),
            region: lead.and_then(|lead| lead.region.as_deref()),
            history: self.shared.numbers.history(&talked.number, lead.map_or(&none, |lead| &lead.tries).facts()),
            consents: &consents,
            ring: Some(Duration::from_secs(definition.ring_min_s.into())),
            agent_waits: asked.agent.is_some() || definition.method.keeps_agent(),
        };
        let personal = self.shared.personal(asked.agent);
        let facts = Facts { personal, attempt: Some(attempt), ..Facts::new(&talked.number, Purpose::Campaign, at) };
        let verdict = gate::judge(&self.shared.rules, &self.shared.lists, &facts);
        if !verdict.is_allowed() {
            return Err(Refusal::Gate(Box::new(verdict)));
        }
        let number = talked.number.clone();
        Ok(Reply::Callback(CallbackOffer { number, at, zone, agent: asked.agent }))
    }
}

/// Of a number that may be in several zones, the first.
fn zone_of(number: &str) -> Option<String> {
    Place::of(number).zones().next().map(|zone| zone.name().to_owned())
}

fn moment(when: &CallbackTime, zone: Option<&str>) -> Result<WallTime, CallbackFault> {
    let zone = zone.map(|name| Zone::named(name).ok_or(CallbackFault::UnknownZone)).transpose()?;
    match when {
        CallbackTime::Moment(at) => Ok(*at),
        CallbackTime::Local(text) => zone.ok_or(CallbackFault::NoZone)?.local(text).ok_or(CallbackFault::Unreadable),
    }
}

/// A year: nobody plans further.
const AHEAD_MAX: Duration = Duration::from_secs(366 * 86_400);
