//! Which of a lead's numbers is dialed, if any may be.

use core::time::Duration;

use clock::{AgentId, Now, WallTime};

use super::campaign::Shared;
use crate::campaign::{Definition, Outcome, Recycle};
use crate::gate::{self, Caps, Facts, Purpose, Rule, Verdict, packed};
use crate::hopper::Lead;

/// What may be done with a lead now.
#[derive(Debug)]
pub(super) enum Turn {
    /// This of its numbers is dialed; with what the gate said.
    Dial(u8, Box<Verdict>),
    /// The gate lets none pass that could be dialed: by this verdict, which decides, and those of the others.
    Denied {
        verdict: Box<Verdict>,
        others: Vec<Verdict>,
        /// Waiting does not help.
        is_final: bool,
    },
    /// A number of it is being called, or was of late by another lead.
    Busy,
    /// The gate denies what could be dialed now for good; this number of it waits until then.
    Rests(u8, WallTime),
    /// No number is left that may be tried again.
    Spent,
}

/// How a number of a lead stands now.
#[derive(Debug)]
pub(super) enum Stand {
    /// It is bad, or was tried as often as it may be.
    LeftAlone,
    /// It is being called, whichever lead and campaign do it.
    Called,
    /// The gate does not let it pass.
    Denied(Box<Verdict>),
    /// It is tried again then.
    Waits(WallTime),
    /// Another lead has it and called it of late.
    Rests(WallTime),
    /// It may be dialed.
    Free(Box<Verdict>),
}

/// What the numbers are like of which none is dialed.
#[derive(Default)]
struct Passed {
    denied: Option<Verdict>,
    others: Vec<Verdict>,
    is_busy: bool,
    waits: Option<(WallTime, u8)>,
}

/// Looks at a lead's numbers, from the one whose turn it is: the first that may be dialed is. The others come only when
/// they are due again. `waits`: the agent who is known to talk with it before it is dialed; his own lists count.
pub(super) fn turn(shared: &Shared, definition: &Definition, lead: &Lead, waits: Option<AgentId>, now: Now) -> Turn {
    let mut passed = Passed::default();
    for at in lead.tries.alive(&definition.recycle) {
        let place = u8::try_from(at).unwrap_or_default();
        match stand(shared, definition, lead, at, waits, now) {
            Stand::LeftAlone => {}
            Stand::Called | Stand::Rests(_) => passed.is_busy = true,
            Stand::Denied(verdict) => passed.deny(*verdict),
            Stand::Waits(due) => passed.wait(due, place),
            Stand::Free(verdict) => return Turn::Dial(place, verdict),
        }
    }
    if lead.numbers.is_empty() {
        passed.deny(gate::judge(&shared.rules, &shared.lists, &Facts::new("", Purpose::Campaign, now.wall)));
    }
    passed.turn(shared, &definition.terms.caps, lead, &definition.recycle)
}

/// How the number at a place stands.
pub(super) fn stand(
    shared: &Shared,
    definition: &Definition,
    lead: &Lead,
    at: usize,
    waits: Option<AgentId>,
    now: Now,
) -> Stand {
    let recycle = &definition.recycle;
    let Some((number, _)) = lead.numbers.get(at).filter(|_| !lead.tries.is_spent(at, recycle)) else {
        return Stand::LeftAlone;
    };
    if packed(number).is_some_and(|key| shared.busy_numbers.contains(&key)) {
        return Stand::Called;
    }
    let verdict = Box::new(judge(shared, definition, lead, number, waits, now));
    // For the one whose turn it is the booking of its lead says it: a callback may come before.
    let is_its_turn = at == usize::from(lead.tries.number);
    let due = lead.tries.due(at, recycle).filter(|due| !is_its_turn && *due > now.wall);
    match (due, rests(shared, definition, lead, number, now)) {
        _ if !verdict.is_allowed() => Stand::Denied(verdict),
        (Some(due), _) => Stand::Waits(due),
        (None, Some(until)) => Stand::Rests(until),
        (None, None) => Stand::Free(verdict),
    }
}

impl Passed {
    /// What may change decides when it is asked again.
    fn deny(&mut self, verdict: Verdict) {
        let decides = self.denied.as_ref().is_none_or(|known| lasts(known) && !lasts(&verdict));
        let other = if decides { self.denied.replace(verdict) } else { Some(verdict) };
        self.others.extend(other);
    }

    /// Who is due first comes first.
    fn wait(&mut self, due: WallTime, number: u8) {
        if self.waits.is_none_or(|(known, _)| due < known) {
            self.waits = Some((due, number));
        }
    }

    fn turn(self, shared: &Shared, caps: &Caps, lead: &Lead, recycle: &Recycle) -> Turn {
        let others = self.others;
        match (self.denied, self.waits) {
            _ if self.is_busy => Turn::Busy,
            (Some(verdict), None) => {
                let is_final = lasts(&verdict) || is_capped(&verdict, caps, lead, recycle, shared);
                Turn::Denied { verdict: Box::new(verdict), others, is_final }
            }
            (Some(verdict), Some(_)) if !lasts(&verdict) => {
                Turn::Denied { verdict: Box::new(verdict), others, is_final: false }
            }
            (_, Some((due, number))) => Turn::Rests(number, due),
            (None, None) => Turn::Spent,
        }
    }
}

fn judge(
    shared: &Shared,
    definition: &Definition,
    lead: &Lead,
    number: &str,
    waits: Option<AgentId>,
    now: Now,
) -> Verdict {
    let consents = shared.consents.of(number, &lead.consents);
    let attempt = gate::Attempt {
        terms: &definition.terms,
        zone: lead.zone.as_deref(),
        region: lead.region.as_deref(),
        history: shared.numbers.history(number, lead.tries.facts()),
        consents: &consents,
        ring: Some(Duration::from_secs(definition.ring_min_s.into())),
        agent_waits: waits.is_some() || definition.method.keeps_agent(),
    };
    let personal = shared.personal(waits);
    let facts = Facts { personal, attempt: Some(attempt), ..Facts::new(number, Purpose::Campaign, now.wall) };
    gate::judge(&shared.rules, &shared.lists, &facts)
}

/// Another lead, here or in another campaign, has the same number and tried it of late: nobody is called twice in a row.
/// It rests for as long as one who did not pick up: until when.
fn rests(shared: &Shared, definition: &Definition, lead: &Lead, number: &str, now: Now) -> Option<WallTime> {
    let rest = definition.recycle.after(Outcome::NoAnswer).map_or(Recycle::AFTER_MIN, |again| again.after);
    let is_own = |at: &WallTime| lead.tries.recent.contains(at);
    let until = shared.numbers.last(number).filter(|at| !is_own(at)).map(|at| at + rest);
    until.filter(|until| *until > now.wall)
}

/// Waiting does not help against it.
pub(crate) fn lasts(verdict: &Verdict) -> bool {
    verdict.denial.as_ref().is_some_and(|denial| {
        matches!(
            denial.rule,
            Rule::Number
                | Rule::DoNotCall
                | Rule::CampaignDoNotCall
                | Rule::ImportedDoNotCall
                | Rule::CompanyBlacklist
                | Rule::CompanyWhitelist
                | Rule::Country
                | Rule::Pin
                | Rule::OutboundPolicy
                | Rule::Territory
                | Rule::UnknownRegion
                | Rule::UnknownTimeZone
                | Rule::Consent
        )
    })
}

/// The lead, or every number of it that is left, was called as often as it may ever be.
fn is_capped(verdict: &Verdict, caps: &Caps, lead: &Lead, recycle: &Recycle, shared: &Shared) -> bool {
    let reached = |count: u32, cap: Option<u32>| cap.is_some_and(|cap| count >= cap);
    let of_number = |at: usize| {
        let history = lead.numbers.get(at).and_then(|(number, _)| shared.numbers.history(number, lead.tries.facts()));
        history.map_or(0, |known| known.number.total)
    };
    let is_attempts = verdict.denial.as_ref().is_some_and(|denial| denial.rule == Rule::Attempts);
    let all = || lead.tries.alive(recycle).all(|at| reached(of_number(at), caps.number));
    is_attempts && (reached(lead.tries.total, caps.lead) || all())
}
