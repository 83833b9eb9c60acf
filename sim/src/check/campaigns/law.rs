//! No dial outside the gate, judged without it: the verdict that let a number pass was made and synced, and windows,
//! do-not-call list, caps and lock-outs hold by an own reading of them. And what a campaign may have at once.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use centre::owner::DialerInput;
use clock::{AttemptId, CampaignId, Instant, LeadId, RequestId, WallTime};
use dialer::campaign::{Method, Outcome, Step};
use dialer::contract::Dial;
use dialer::gate::Caps;
use dialer::runner::Input;
use hours::Hours;
use journal_core::Entry;

use super::Bench;
use super::book::{Book, Row};
use crate::watch::Seen;

/// What binds whoever dials.
#[derive(Debug, Default)]
pub(super) struct LawJudge {
    /// Changes of the do-not-call list that are not acknowledged.
    listing: BTreeMap<RequestId, (String, bool)>,
    listed: BTreeSet<String>,
    /// When a number was abandoned last, and when a machine was found there.
    abandoned: BTreeMap<String, WallTime>,
    machines: BTreeMap<String, WallTime>,
    /// Requests to dial nothing new, and campaigns of which one was answered.
    holding: BTreeMap<RequestId, CampaignId>,
    held: BTreeSet<CampaignId>,
    /// When leads and numbers were dialed.
    of_lead: BTreeMap<(CampaignId, LeadId), Vec<WallTime>>,
    of_number: BTreeMap<String, Vec<WallTime>>,
    /// When a campaign's leads were made new again, in entries seen.
    reset: BTreeMap<CampaignId, u64>,
    /// Numbers of leads as the database has them since they were mended.
    numbers: BTreeMap<LeadId, Vec<String>>,
    /// The same when the dialer was told, in entries seen.
    mended: BTreeMap<LeadId, (Vec<String>, u64)>,
    /// When a lead was dialed last, and in which attempt.
    last: BTreeMap<(CampaignId, LeadId), (Instant, AttemptId)>,
}

impl LawJudge {
    pub(super) fn see(&mut self, seen: &Seen<'_>, book: &Book, bench: &mut Bench) {
        match seen {
            Seen::DialHandedOver { dial, wall } => self.dialed(dial, *wall, book, bench),
            Seen::DialerTold { input: DialerInput::DoNotCall { request, pattern, listed, .. } } => {
                let number = pattern.to_string();
                if !listed {
                    self.listed.remove(&number);
                }
                self.listing.insert(*request, (number, *listed));
            }
            Seen::DialerTold { input: DialerInput::Campaigns(input) } => self.stepped(input, book),
            Seen::LeadMended { lead, numbers } => drop(self.numbers.insert(*lead, numbers.to_vec())),
            Seen::Answered { request } => {
                if let Some((number, true)) = self.listing.remove(request) {
                    self.listed.insert(number);
                }
                self.held.extend(self.holding.remove(request));
            }
            Seen::Refused { request } => {
                self.listing.remove(request);
                self.holding.remove(request);
            }
            Seen::Journaled { entry: Entry::Attempt(attempt), .. } => {
                let at = attempt.times.ended_at.unwrap_or_default();
                // A call that never rang was our fault, and costs nobody a try.
                if attempt.outcome.is_some() && attempt.times.rang_at.or(attempt.times.answered_at).is_none() {
                    let begun = attempt.times.ordered_at;
                    let of_lead = self.of_lead.get_mut(&(attempt.campaign, attempt.lead));
                    let of_number = self.of_number.get_mut(&attempt.number);
                    of_lead.into_iter().chain(of_number).for_each(|tries| tries.retain(|at| *at != begun));
                }
                match attempt.outcome.as_deref() {
                    Some("abandoned") => drop(self.abandoned.insert(attempt.number.clone(), at)),
                    Some("machine" | "machine_message") => drop(self.machines.insert(attempt.number.clone(), at)),
                    _ => {}
                }
            }
            // What the disk does not have nobody knows.
            Seen::EntryLost { entry: Entry::Attempt(attempt), .. } => match attempt.outcome.as_deref() {
                Some("abandoned") => drop(self.abandoned.remove(&attempt.number)),
                Some("machine" | "machine_message") => drop(self.machines.remove(&attempt.number)),
                _ => {}
            },
            Seen::Crashed => {
                self.listing.clear();
                self.holding.clear();
            }
            _ => {}
        }
    }

    fn stepped(&mut self, input: &Input, book: &Book) {
        match input {
            // Its leads are new again.
            Input::Reset { campaign, .. } => {
                self.last.retain(|(of, _), _| of != campaign);
                self.reset.insert(*campaign, book.seen);
            }
            Input::Mended { lead, .. } => {
                let now = self.numbers.get(lead).cloned().unwrap_or_default();
                self.mended.insert(*lead, (now, book.seen));
            }
            Input::Step { campaign, step: Step::Start(_), .. } => {
                self.held.remove(campaign);
                self.holding.retain(|_, held| held != campaign);
            }
            Input::Step {
                request: Some(request),
                campaign,
                step: Step::Pause(_) | Step::Stop(_) | Step::Cancel(..),
                ..
            } => {
                self.holding.insert(*request, *campaign);
            }
            _ => {}
        }
    }

    fn dialed(&mut self, dial: &Dial, wall: WallTime, book: &Book, bench: &mut Bench) {
        let none = Row::default();
        let row = book.attempts.get(&dial.attempt).unwrap_or(&none);
        allowed(dial, wall, row, book, bench);
        self.lawful(dial, row, book, bench);
        self.one_at_a_time(dial, row, book, bench);
        let lead = (dial.campaign, dial.lead);
        let last = self.last.insert(lead, (book.now, dial.attempt));
        // Where there is no such number nobody was called.
        let last = last.filter(|(_, attempt)| book.attempts.get(attempt).is_none_or(|row| !row.is_of_no_number()));
        let last = last.map(|(at, _)| at).filter(|last| book.clock_set.is_none_or(|set| set < *last));
        if let Some(rested) = last.map(|last| book.now.since(last)).filter(|rested| *rested < RESTS_MIN) {
            bench.broken("C4 nobody is called twice in a row", format!("{} again after {rested:?}", dial.lead));
        }
        let at = row.verdict.as_ref().map_or(wall, |(_, _, at, _)| *at);
        self.of_lead.entry(lead).or_default().push(at);
        self.of_number.entry(dial.number.clone()).or_default().push(at);
    }

    /// By the moment at which it was judged: windows, lists, caps, lock-outs.
    fn lawful(&self, dial: &Dial, row: &Row, book: &Book, bench: &mut Bench) {
        let Some((_, _, at, _)) = &row.verdict else { return };
        let (at, number) = (*at, &dial.number);
        let zones = offsets(book.zones.get(&dial.lead).and_then(Option::as_deref));
        let is_open = |offset: &i64| (8 * 60..21 * 60).contains(&minute_of_day(at, *offset));
        if zones.as_ref().is_none_or(|zones| !zones.iter().all(is_open)) {
            bench.broken("C1 calling window", format!("{number} is dialed at {at:?}, zones at {zones:?} min of UTC"));
        }
        if self.listed.contains(number) {
            bench.broken("C1 do not call", format!("{number} is on the list, and is dialed"));
        }
        if dial.ring_min_s < 15 {
            bench.broken("C7 it rings for 15 s", format!("{} s are ordered", dial.ring_min_s));
        }
        let mended = self.mended.get(&dial.lead).filter(|(_, told)| row.begun.1 > *told);
        if let Some((numbers, _)) = mended.filter(|(numbers, _)| !numbers.contains(number)) {
            bench.broken("C1 a mended lead", format!("{} has {numbers:?} now, and {number} is dialed", dial.lead));
        }
        let Some(definition) = &row.definition else { return };
        if definition.schedule.as_ref().is_some_and(|schedule| schedule.at(at) != Hours::Open) {
            bench.broken("C1 schedule", format!("{} is closed at {at:?}, and {number} is dialed", dial.campaign));
        }
        let again = definition.recycle.after(Outcome::Unobtainable).map_or(0, |again| usize::from(again.times));
        let reset = self.reset.get(&dial.campaign).copied().unwrap_or_default();
        let is_same = |row: &&Row| {
            let is_his = row.campaign == dial.campaign && row.lead == dial.lead && row.number == *number;
            is_his && row.begun.1 > reset && row.is_of_no_number()
        };
        let unknown = if dial.lead == LeadId::default() { 0 } else { book.attempts.values().filter(is_same).count() };
        if unknown > again {
            bench.broken("C5 a bad number is left alone", format!("{number} of {} is dialed again", dial.lead));
        }
        let keeps_agent = dial.agent.is_some()
            || matches!(definition.method, Method::Manual | Method::Preview { .. } | Method::Progressive);
        let within = |known: Option<&WallTime>, span: Duration| known.is_some_and(|since| *since + span > at);
        if !keeps_agent && within(self.abandoned.get(number), Duration::from_secs(72 * 3_600)) {
            bench.broken("C8 72 h only with an agent", format!("{number} was abandoned, and is dialed without one"));
        }
        if !keeps_agent && within(self.machines.get(number), Duration::from_secs(24 * 3_600)) {
            bench.broken("C8 24 h after a machine", format!("{number} is a machine's, and is dialed without an agent"));
        }
        let midnight = zones.iter().flatten().map(|offset| midnight(at, *offset)).min().unwrap_or(at);
        let empty = Vec::new();
        let of_lead = self.of_lead.get(&(dial.campaign, dial.lead)).unwrap_or(&empty);
        let of_number = self.of_number.get(number).unwrap_or(&empty);
        for (what, max, count) in counts(definition.terms.caps, of_lead, of_number, at, midnight) {
            if max.is_some_and(|max| count >= max as usize) {
                bench.broken("C1 caps", format!("{number} of {}: {count} attempts {what}, {max:?} allowed", dial.lead));
            }
        }
    }

    /// Nobody is called twice at a time, no campaign has more lines than it may, none dials that was told not to.
    fn one_at_a_time(&self, dial: &Dial, row: &Row, book: &Book, bench: &mut Bench) {
        if self.held.contains(&dial.campaign) {
            bench.broken("C6 nothing new after the answer", format!("{} is held and dials", dial.campaign));
        }
        let others = || book.in_flight.iter().filter_map(|attempt| book.attempts.get(attempt));
        if others().any(|row| row.lead == dial.lead) {
            bench.broken("C4 a lead once at a time", format!("{} is in flight and is dialed", dial.lead));
        }
        if others().any(|row| row.number == dial.number) {
            bench.broken("C4 a number once at a time", format!("{} is in flight and is dialed", dial.number));
        }
        let Some(definition) = &row.definition else {
            return bench.broken("C1 only what is written", format!("{} is not known", dial.campaign));
        };
        let lines = others().filter(|row| row.campaign == dial.campaign).count();
        let concurrent = if let Method::Bot { concurrent } = definition.method { concurrent } else { u32::MAX };
        let max = definition.max_lines.min(concurrent);
        if lines >= max as usize {
            bench.broken("C2 lines", format!("{} has {lines} of {max} lines and dials", dial.campaign));
        }
    }
}

/// It passed the gate a moment ago, and the disk has it.
fn allowed(dial: &Dial, wall: WallTime, row: &Row, book: &Book, bench: &mut Bench) {
    let Some((entry, number, at, judged)) = &row.verdict else {
        return bench.broken("C1 no dial outside the gate", format!("{} has no verdict that allows it", dial.number));
    };
    if *number != dial.number || row.number != dial.number {
        bench.broken("C1 no dial outside the gate", format!("{number} was judged, {} is dialed", dial.number));
    }
    if *entry > book.synced || row.begun.0 > book.synced || row.entries.is_empty() {
        let what = format!("{}: entries {entry} and {} of {} synced", dial.number, row.begun.0, book.synced);
        bench.broken("an attempt waits for the sync", what);
    }
    let is_old = book.now.since(*judged) > JUDGED_BEFORE_MAX;
    let was_set = book.clock_set.is_some_and(|set| set >= *judged);
    let off = wall.as_micros().abs_diff(at.as_micros());
    if is_old || (!was_set && u128::from(off) > JUDGED_BEFORE_MAX.as_micros()) {
        bench
            .broken("C1 judged when it is dialed", format!("{} was judged at {at:?}, dialed at {wall:?}", dial.number));
    }
}

/// Each cap with what it counts.
fn counts(
    caps: Caps,
    lead: &[WallTime],
    number: &[WallTime],
    at: WallTime,
    midnight: WallTime,
) -> [(&'static str, Option<u32>, usize); 6] {
    let day = Duration::from_secs(86_400);
    let since = |tries: &[WallTime], from: WallTime| tries.iter().filter(|begun| **begun >= from).count();
    let within = |tries: &[WallTime]| tries.iter().filter(|begun| **begun + day > at).count();
    [
        ("of the lead", caps.lead, lead.len()),
        ("of the number", caps.number, number.len()),
        ("of the lead today", caps.lead_a_day, since(lead, midnight)),
        ("of the number today", caps.number_a_day, since(number, midnight)),
        ("of the lead in 24 h", caps.lead_in_24_h, within(lead)),
        ("of the number in 24 h", caps.number_in_24_h, within(number)),
    ]
}

/// Minutes that clocks are ahead of UTC where the lead may be, in January: London, and the zone that it names. None:
/// nobody knows.
fn offsets(zone: Option<&str>) -> Option<Vec<i64>> {
    Some(match zone {
        None => vec![0],
        Some("Pacific/Noumea") => vec![0, 11 * 60],
        Some("Atlantic/Azores") => vec![0, -60],
        Some("Asia/Calcutta") => vec![0, 5 * 60 + 30],
        Some(_) => return None,
    })
}

fn minute_of_day(at: WallTime, offset: i64) -> i64 {
    (at.as_micros().div_euclid(60_000_000) + offset).rem_euclid(24 * 60)
}

fn midnight(at: WallTime, offset: i64) -> WallTime {
    let minutes = at.as_micros().div_euclid(60_000_000);
    WallTime::from_micros((minutes - minute_of_day(at, offset)) * 60_000_000)
}

/// From an attempt's end to the next one of its lead pass 120 s at least; clocks drift.
const RESTS_MIN: Duration = Duration::from_secs(119);
/// A sync, and a disk of which nobody has noticed yet that it fails.
const JUDGED_BEFORE_MAX: Duration = Duration::from_secs(2);
