//! Judges orders and notes, by its own books.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clock::{AttemptId, LeadId, WallTime};
use dialer::campaign::{Definition, Method, Outcome};
use dialer::contract::Dial;
use dialer::gate::{self, Caps, ConsentTold, Consents, Facts, History, Listed, Lists, Purpose, Rules, Tries};
use dialer::runner::{Attempt, Hour, House, Ledger, Snapshot};

pub(crate) struct Judge {
    definition: Definition,
    pub(crate) lists: Lists,
    /// Agents' own lists.
    pub(crate) house: House,
    pub(crate) consents: Consents,
    pub(crate) dials: u64,
    pub(crate) log: Vec<String>,
    by_number: BTreeMap<String, Vec<WallTime>>,
    by_lead: BTreeMap<LeadId, Vec<WallTime>>,
    begun: BTreeSet<AttemptId>,
    in_flight: BTreeMap<AttemptId, (LeadId, String)>,
    ended: BTreeMap<AttemptId, Attempt>,
    abandoned: BTreeMap<String, WallTime>,
    machines: BTreeMap<String, WallTime>,
    /// Numbers of leads that do not exist, as was said of them.
    pub(crate) unknown: BTreeSet<(LeadId, String)>,
}

/// Nobody is called twice in a row, whichever lead has his number.
const TWO_MINUTES: Duration = Duration::from_secs(120);

impl Judge {
    pub(crate) fn new(definition: &Definition) -> Self {
        let mut lists = Lists::default();
        for pattern in ["+442071800003", "+44207180001*"] {
            lists
                .add(&pattern.parse().expect("a pattern"), Listed { reason: None, since: WallTime::default() })
                .expect("room");
        }
        Self {
            definition: definition.clone(),
            lists,
            house: House::default(),
            consents: Consents::default(),
            dials: 0,
            log: Vec::new(),
            by_number: BTreeMap::new(),
            by_lead: BTreeMap::new(),
            begun: BTreeSet::new(),
            in_flight: BTreeMap::new(),
            ended: BTreeMap::new(),
            abandoned: BTreeMap::new(),
            machines: BTreeMap::new(),
            unknown: BTreeSet::new(),
        }
    }

    /// From now on the campaign is this.
    pub(crate) fn rewritten(&mut self, definition: &Definition) {
        self.definition = definition.clone();
    }

    /// Somebody agreed to something.
    pub(crate) fn agreed(&mut self, told: &ConsentTold) {
        assert!(self.consents.take(told), "room");
    }

    /// A number is to be dialed: it must pass everything, by what is known here.
    pub(crate) fn ordered(&mut self, dial: &Dial, at: WallTime) {
        self.dials += 1;
        let agent = dial.agent.map_or(0, |agent| agent.0);
        self.log.push(format!("{agent} {} {} {}", at.as_micros(), dial.lead, dial.number));
        assert!(self.begun.contains(&dial.attempt), "it was noted before it was ordered");
        assert!(
            !self.in_flight.values().any(|(lead, number)| *lead == dial.lead || *number == dial.number),
            "once in flight"
        );
        self.in_flight.insert(dial.attempt, (dial.lead, dial.number.clone()));
        assert!(self.in_flight.len() <= self.definition.max_lines as usize, "lines");
        if let Method::Bot { concurrent } = self.definition.method {
            assert!(self.in_flight.len() <= concurrent as usize, "concurrent calls");
        }
        assert!(dial.ring_min_s >= 15);
        assert!(!self.unknown.contains(&(dial.lead, dial.number.clone())), "the number does not exist");
        self.passes(dial, at);
        self.by_number.entry(dial.number.clone()).or_default().push(at);
        self.by_lead.entry(dial.lead).or_default().push(at);
    }

    /// The gate, and the caps counted by hand.
    fn passes(&self, dial: &Dial, at: WallTime) {
        let none = Vec::new();
        let number = self.by_number.get(&dial.number).unwrap_or(&none);
        let lead = self.by_lead.get(&dial.lead).unwrap_or(&none);
        let others = number.iter().filter(|begun| !lead.contains(begun)).max();
        let rest = self.definition.recycle.rules.get(&Outcome::NoAnswer).map_or(TWO_MINUTES, |again| again.after);
        assert!(others.is_none_or(|begun| *begun + rest <= at), "another lead of the number was called before");
        let Caps { lead: of_lead, number_in_24_h, .. } = self.definition.terms.caps;
        let day = Duration::from_secs(86_400);
        let today = number.iter().filter(|begun| **begun + day > at).count();
        assert!(number_in_24_h.is_none_or(|cap| today < cap as usize), "cap of the number");
        assert!(of_lead.is_none_or(|cap| lead.len() < cap as usize), "cap of the lead");
        let tries = |begun: &'_ [WallTime]| u32::try_from(begun.len()).unwrap_or(u32::MAX);
        let history = History {
            lead: Tries { total: tries(lead), recent: lead },
            number: Tries { total: tries(number), recent: number },
            abandoned_at: self.abandoned.get(&dial.number).copied(),
            machine_at: self.machines.get(&dial.number).copied(),
        };
        let attempt = gate::Attempt {
            terms: &self.definition.terms,
            zone: None,
            region: None,
            history: Some(history),
            consents: &self.consents.of(&dial.number, &[]),
            ring: Some(Duration::from_secs(dial.ring_min_s.into())),
            agent_waits: dial.agent.is_some() || self.definition.method.keeps_agent(),
        };
        let personal = dial.agent.and_then(|agent| self.house.personal.get(&agent));
        let facts = Facts { personal, attempt: Some(attempt), ..Facts::new(&dial.number, Purpose::Campaign, at) };
        let verdict = gate::judge(&Rules::default(), &self.lists, &facts);
        assert!(verdict.is_allowed(), "{verdict:?}");
    }

    pub(crate) fn noted(&mut self, attempt: &Attempt) {
        let id = attempt.attempt;
        assert!(!self.ended.contains_key(&id), "nothing follows the end of an attempt");
        self.begun.insert(id);
        let Some(outcome) = attempt.outcome else { return };
        let at = attempt.times.ended_at.expect("it ended");
        if outcome == Outcome::Unobtainable {
            self.unknown.insert((attempt.lead, attempt.number.clone()));
        }
        match outcome {
            Outcome::Abandoned => {
                self.abandoned.insert(attempt.number.clone(), attempt.times.abandoned_at.unwrap_or(at))
            }
            Outcome::Machine => self.machines.insert(attempt.number.clone(), attempt.times.detected_at.unwrap_or(at)),
            _ => None,
        };
        let in_flight = self.in_flight.remove(&id);
        if outcome == Outcome::Failed && attempt.ending.as_ref().is_some_and(|ending| ending.code != "silent") {
            let (lead, number) = in_flight.expect("it was ordered");
            for begun in [self.by_lead.get_mut(&lead), self.by_number.get_mut(&number)].into_iter().flatten() {
                begun.retain(|at| *at != attempt.times.ordered_at);
            }
        }
        self.ended.insert(id, attempt.clone());
    }

    /// A ledger from the attempts that ended.
    pub(crate) fn recount(&self) -> Ledger {
        let mut ledger = Ledger::default();
        self.ended.values().for_each(|attempt| ledger.count(attempt));
        ledger
    }

    /// Everything has ended: once, and the books are equal.
    pub(crate) fn close(&self, snapshot: &Snapshot) {
        let open: Vec<_> = self.begun.iter().filter(|id| !self.ended.contains_key(id)).collect();
        assert!(open.is_empty() && self.in_flight.is_empty(), "every attempt ends: {open:?}");
        let count = |is: &dyn Fn(&Attempt) -> bool| self.ended.values().filter(|attempt| is(attempt)).count() as u64;
        let of = |outcomes: &'static [Outcome]| {
            count(&move |attempt| attempt.outcome.is_some_and(|o| outcomes.contains(&o)))
        };
        let counted = Hour {
            attempts: count(&|_| true),
            answered: count(&|attempt| attempt.times.answered_at.is_some()),
            people: of(&[Outcome::Connected, Outcome::Abandoned, Outcome::HungUp, Outcome::Message]),
            served: of(&[Outcome::Connected, Outcome::Message]),
            abandoned: of(&[Outcome::Abandoned]),
            machines: of(&[Outcome::Machine, Outcome::MachineMessage]),
            failed: of(&[Outcome::Failed, Outcome::NotDialed, Outcome::Congestion]),
        };
        let campaign = snapshot.campaigns.values().next().expect("a campaign");
        assert_eq!(campaign.total, counted);
        assert_eq!((campaign.month, campaign.in_flight), (counted, 0));
    }
}
