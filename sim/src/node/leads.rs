//! The database as campaigns know it: lists of leads, and rows of what was journaled, which follow the synced entries
//! after a while. It reads a page at a time, by the rules of production's reader, slowly and not always.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use clock::{AttemptId, CampaignId, LeadId, ListId, Rng, WallTime};
use dialer::hopper::{Booked, Done, Lead, NumberHistory, Page, Stock, Wanted, What};
use journal_core::{AttemptEntry, CampaignLeadEntry, Entry, LeadBooked, Shared};

use crate::chance::{between, index, number};
use crate::scenario::CampaignScenario;

/// Lists and rows. They outlive the node.
#[derive(Debug)]
pub(crate) struct Leads {
    rng: Rng,
    read_max: Duration,
    read_failure: f64,
    lists: BTreeMap<ListId, Vec<Person>>,
    booked: BTreeMap<(CampaignId, LeadId), CampaignLeadEntry>,
    attempts: BTreeMap<AttemptId, Shared<AttemptEntry>>,
    of_number: BTreeMap<String, BTreeSet<AttemptId>>,
    /// Synced and not in the rows yet.
    behind: VecDeque<Entry>,
    /// Entries of all kinds that the rows have followed.
    applied: u64,
    asked: VecDeque<Asked>,
}

/// A lead as its list has it.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) lead: LeadId,
    pub(crate) numbers: Vec<String>,
    pub(crate) zone: Option<&'static str>,
}

/// A page that is asked for.
#[derive(Debug)]
struct Asked {
    campaign: CampaignId,
    wanted: Wanted,
    /// Entries that the rows must have followed.
    needs: u64,
    /// Looks that are left until it is given up.
    looks: u32,
}

impl Leads {
    pub(crate) fn new(scenario: &CampaignScenario, mut rng: Rng) -> Self {
        let mut leads = Self {
            read_max: scenario.read_max,
            read_failure: scenario.read_failure,
            lists: BTreeMap::new(),
            booked: BTreeMap::new(),
            attempts: BTreeMap::new(),
            of_number: BTreeMap::new(),
            behind: VecDeque::new(),
            applied: 0,
            asked: VecDeque::new(),
            rng: rng.fork(),
        };
        for list in LISTS {
            leads.add(list, scenario.leads);
        }
        leads
    }

    /// So many leads more on a list, while it is called perhaps.
    pub(crate) fn add(&mut self, list: ListId, count: u32) {
        let rng = &mut self.rng;
        let people = self.lists.entry(list).or_default();
        for _ in 0..count {
            let place = people.len() as u64;
            // Some share a number with one before.
            let own = if place > 0 && rng.chance(0.08) { rng.below(place) } else { place };
            let mut numbers = vec![number_of(list, own)];
            if rng.chance(0.15) {
                numbers.push(number_of(list, own + SECOND));
            }
            let zone = if rng.chance(0.25) { Some(ZONES[index(rng, ZONES.len())]) } else { None };
            people.push(Person { lead: LeadId(list.0 << 32 | u128::from(place + 1)), numbers, zone });
        }
    }

    /// Somebody on a list has other numbers from now: his last one, another one in front, or one more.
    pub(crate) fn mend(&mut self, list: ListId, draw: u64) -> Option<&Person> {
        let people = self.lists.get_mut(&list)?;
        let place = draw.checked_rem(people.len() as u64)?;
        let person = people.get_mut(usize::try_from(place).ok()?)?;
        match self.rng.below(3) {
            0 => drop(person.numbers.drain(..person.numbers.len() - 1)),
            1 => person.numbers[0] = number_of(list, SECOND - 1 - place % SECOND),
            _ if person.numbers.len() < NUMBERS_MAX => {
                person.numbers.push(number_of(list, 2 * SECOND - 1 - place % SECOND))
            }
            _ => person.numbers.reverse(),
        }
        Some(person)
    }

    /// Everybody on the lists.
    pub(crate) fn people(&self) -> impl Iterator<Item = (ListId, &Person)> {
        self.lists.iter().flat_map(|(list, people)| people.iter().map(|person| (*list, person)))
    }

    /// The number of somebody on a list.
    pub(crate) fn any_number(&self, draw: u64) -> Option<String> {
        let at = usize::try_from(draw.checked_rem(self.people().count() as u64)?).ok()?;
        self.people().nth(at)?.1.numbers.first().cloned()
    }

    /// Faults are over.
    pub(crate) fn calm(&mut self) {
        self.read_failure = 0.0;
        self.read_max = self.read_max.min(Duration::from_millis(100));
    }

    /// This was synced.
    pub(crate) fn synced(&mut self, entry: &Entry) {
        if matches!(entry, Entry::CampaignLead(_) | Entry::Attempt(_)) {
            self.behind.push_back(entry.clone());
        }
    }

    /// The rows have followed all that is synced: so many entries.
    pub(crate) fn follow(&mut self, synced: u64) {
        self.applied = synced;
        for entry in core::mem::take(&mut self.behind) {
            match entry {
                Entry::CampaignLead(lead) => drop(self.booked.insert((lead.campaign, lead.lead), *lead)),
                Entry::Attempt(attempt) => {
                    self.of_number.entry(attempt.number.clone()).or_default().insert(attempt.attempt);
                    self.attempts.insert(attempt.attempt, attempt);
                }
                _ => {}
            }
        }
    }

    /// A page is asked for, when so many entries are written; true: nobody else waits for one.
    pub(crate) fn ask(&mut self, campaign: CampaignId, wanted: Wanted, written: u64) -> bool {
        if self.asked.len() >= ASKED_MAX {
            return false;
        }
        let follows = matches!(
            wanted.what,
            What::Tried { after: None } | What::DoneBefore { after: None, .. } | What::One { .. }
        );
        let needs = if follows { written } else { 0 };
        self.asked.push_back(Asked { campaign, wanted, needs, looks: LOOKS });
        self.asked.len() == 1
    }

    /// How long until the next page is read.
    pub(crate) fn takes(&mut self) -> Duration {
        between(&mut self.rng, Duration::from_micros(200), self.read_max)
    }

    /// Reads for whoever asked first, if the rows are far enough; and whether anybody waits for a page now.
    pub(crate) fn read(&mut self, now: WallTime) -> (Option<(CampaignId, Page)>, bool) {
        let Some(first) = self.asked.front_mut() else { return (None, false) };
        let is_behind = first.needs > self.applied;
        if is_behind && first.looks > 0 {
            first.looks -= 1;
            return (None, true);
        }
        let Some(Asked { campaign, wanted, .. }) = self.asked.pop_front() else { return (None, false) };
        let fails = is_behind || self.rng.chance(self.read_failure);
        let leads = (!fails).then(|| self.page(campaign, wanted, now));
        let page = Page { wanted, leads, stock: Stock::Whole, looked_to: None };
        (Some((campaign, page)), !self.asked.is_empty())
    }

    /// The node died: nobody waits any more.
    pub(crate) fn forget_asked(&mut self) {
        self.asked.clear();
    }

    fn page(&self, campaign: CampaignId, wanted: Wanted, now: WallTime) -> Vec<Lead> {
        let none = Vec::new();
        let people = self.lists.get(&wanted.list).unwrap_or(&none).iter().zip(0_u64..);
        let after = |place: u64, after: Option<u64>| after.is_none_or(|after| place > after);
        let is_wanted = |person: &Person, place: u64| {
            let row = self.booked.get(&(campaign, person.lead));
            match wanted.what {
                What::One { lead } => person.lead == lead,
                // Nobody writes consents down here.
                What::Denied { .. } => false,
                What::Tried { after: last } => {
                    after(place, last) && row.is_some_and(|row| !matches!(row.booked, LeadBooked::Done(_)))
                }
                What::DoneBefore { reset_at, after: last } => {
                    let is_done = |row: &CampaignLeadEntry| matches!(row.booked, LeadBooked::Done(_));
                    after(place, last) && row.is_some_and(|row| is_done(row) && row.at < reset_at)
                }
                What::NewAfter { place: last } => after(place, last) && row.is_none(),
                What::NewBefore { place: last } => last.is_none_or(|last| place < last) && row.is_none(),
            }
        };
        let mut found: Vec<Lead> = people
            .filter(|(person, place)| is_wanted(person, *place))
            .map(|(person, place)| self.lead(campaign, wanted.list, person, place, now))
            .collect();
        if matches!(wanted.what, What::NewBefore { .. }) {
            found.reverse();
        }
        found.truncate(wanted.limit.into());
        found
    }

    fn lead(&self, campaign: CampaignId, list: ListId, person: &Person, place: u64, now: WallTime) -> Lead {
        let row = self.booked.get(&(campaign, person.lead));
        Lead {
            id: person.lead,
            list,
            place,
            numbers: person.numbers.iter().map(|number| (number.clone(), self.history(number, now))).collect(),
            zone: person.zone.map(str::to_owned),
            tries: row.map(|row| centre::tries_of(&row.tries)).unwrap_or_default(),
            booked: row.map(|row| booking(&row.booked)),
            ..Lead::default()
        }
    }

    fn history(&self, number: &str, now: WallTime) -> NumberHistory {
        let mut known = NumberHistory::default();
        let attempts = self.of_number.get(number).into_iter().flatten();
        for attempt in attempts.filter_map(|attempt| self.attempts.get(attempt)) {
            let times = attempt.times;
            known.total += 1;
            if times.ordered_at + dialer::gate::RECENT >= now {
                known.recent.push(times.ordered_at);
            }
            match attempt.outcome.as_deref() {
                Some("abandoned") => {
                    known.abandoned_at = known.abandoned_at.max(times.abandoned_at.or(times.ended_at));
                }
                Some("machine" | "machine_message") => {
                    known.machine_at = known.machine_at.max(times.detected_at.or(times.ended_at));
                }
                _ => {}
            }
        }
        known
    }
}

/// The list of an administrator's choice.
pub(crate) fn any_list(rng: &mut Rng) -> ListId {
    ListId(u128::from(number(rng, 1, LISTS.len() as u64)))
}

/// It is somebody's who is on a list.
pub(crate) fn is_number_of_lead(number: &str) -> bool {
    number.strip_prefix(NUMBERS).is_some_and(|rest| rest.len() == 4)
}

fn number_of(list: ListId, place: u64) -> String {
    format!("{NUMBERS}{:04}", (list.0 as u64 * 2 - 1) * SECOND + place)
}

fn booking(booked: &LeadBooked) -> Booked {
    match booked {
        LeadBooked::Retry(at) => Booked::Retry(*at),
        LeadBooked::Callback(at, agent) => Booked::Callback(*at, *agent),
        LeadBooked::Done(word) => {
            Booked::Done(Done::ALL.into_iter().find(|why| why.word() == word).unwrap_or(Done::Outcome))
        }
    }
}

/// All lists.
const LISTS: [ListId; 3] = [ListId(1), ListId(2), ListId(3)];
/// How all leads' numbers begin.
const NUMBERS: &str = "+44207951";
/// Second numbers lie so far behind the first ones; no list is so long.
const SECOND: u64 = 1_000;
/// Numbers of a lead.
const NUMBERS_MAX: usize = 4;
/// Zones that some leads name; nobody knows the last.
const ZONES: [&str; 4] = ["Pacific/Noumea", "Atlantic/Azores", "Asia/Calcutta", "Mars/Olympus"];
/// Requests that wait, as in production's lane.
const ASKED_MAX: usize = 64;
/// Rows that stay behind for 30 s are not waited for, as in production.
const LOOKS: u32 = 1_500;
/// How often it is looked whether they have followed.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(20);
