//! Those who judge. They see messages, media and records, share no code with what they judge, and each file holds
//! one subject.

mod agents;
mod callback_book;
mod callbacks;
mod campaigns;
mod connections;
mod dispatch;
mod figures;
mod gate;
mod glance;
mod ledger;
mod media;
mod offers;
mod phones;
mod queues;
mod records;
mod rest;
mod trunks;

use clock::Instant;

use self::callbacks::CallbackJudge;
use self::campaigns::CampaignJudge;
use self::connections::ConnectionJudge;
use self::figures::FigureJudge;
use self::gate::GateJudge;
use self::ledger::Ledger;
use self::media::MediaJudge;
use self::offers::OfferJudge;
use self::phones::PhoneJudge;
use self::records::RecordJudge;
use self::rest::RestJudge;
use self::trunks::TrunkJudge;
use crate::watch::{Seen, Violation};

/// Where a judge says what does not hold.
#[derive(Debug)]
pub(crate) struct Bench {
    at: Instant,
    violations: Vec<Violation>,
}

impl Bench {
    pub(crate) const fn new() -> Self {
        Self { at: Instant::ZERO, violations: Vec::new() }
    }

    /// `rule` does not hold; `what` was expected and came.
    pub(crate) fn broken(&mut self, rule: &'static str, what: impl Into<String>) {
        let same = self.violations.iter().filter(|violation| violation.rule == rule).count();
        if same < MAX_OF_A_RULE && self.violations.len() < MAX_VIOLATIONS {
            self.violations.push(Violation { at: self.at, rule, what: what.into() });
        }
    }
}

/// All judges.
#[derive(Debug)]
pub(crate) struct Judges {
    bench: Bench,
    ledger: Ledger,
    is_repaired: bool,
    callbacks: CallbackJudge,
    offers: OfferJudge,
    phones: PhoneJudge,
    connections: ConnectionJudge,
    records: RecordJudge,
    figures: FigureJudge,
    gate: GateJudge,
    media: MediaJudge,
    rest: RestJudge,
    trunks: TrunkJudge,
    campaigns: CampaignJudge,
}

impl Judges {
    /// `queues` and `agents` are all; `probed` of the queues are called in the calm.
    pub(crate) fn new(
        (queues, probed): (&[acd::QueueConfig], usize),
        agents: &[acd::AgentConfig],
        targets: Vec<usize>,
        has_campaigns: bool,
    ) -> Self {
        Self {
            bench: Bench::new(),
            ledger: Ledger::default(),
            is_repaired: false,
            callbacks: CallbackJudge::default(),
            offers: OfferJudge::default(),
            phones: PhoneJudge::new(queues),
            connections: ConnectionJudge::default(),
            records: RecordJudge::new(agents),
            figures: FigureJudge::default(),
            gate: GateJudge::default(),
            media: MediaJudge::default(),
            rest: RestJudge::new(probed),
            trunks: TrunkJudge::new(targets.into_iter()),
            campaigns: CampaignJudge::new(has_campaigns),
        }
    }

    pub(crate) fn see(&mut self, at: Instant, seen: &Seen<'_>) {
        self.bench.at = at;
        self.callbacks.see(seen, &self.ledger, &mut self.bench);
        self.see_acd(seen);
        self.phones.see(at, seen, &mut self.bench);
        self.connections.see(seen, &mut self.bench);
        self.records.see(seen, &mut self.bench);
        self.figures.see(seen, &mut self.bench);
        self.gate.see(seen, &mut self.bench);
        self.media.see(seen, &mut self.bench);
        self.trunks.see(at, seen, &mut self.bench);
        self.rest.see(seen, &mut self.bench);
        self.campaigns.see(at, seen, &mut self.bench);
    }

    pub(crate) fn violations(&self) -> &[Violation] {
        &self.bench.violations
    }

    pub(crate) fn into_violations(self) -> Vec<Violation> {
        self.bench.violations
    }

    /// Calls of which a record began.
    pub(crate) fn calls(&self) -> u64 {
        self.records.calls()
    }

    /// Callbacks that are open.
    pub(crate) fn open_callbacks(&self) -> usize {
        self.callbacks.open()
    }

    /// Conversations that were listened to.
    pub(crate) fn conversations(&self) -> u64 {
        self.media.conversations()
    }

    /// The ACD's messages: the ledger is kept, and each rule is asked before and after.
    fn see_acd(&mut self, seen: &Seen<'_>) {
        // A repair is a violation of its own, and puts the ACD ahead of what its messages said: the book is closed.
        self.is_repaired |= matches!(seen, Seen::AcdSaid { effect: acd::Effect::Repaired { .. } });
        self.is_repaired &= !matches!(seen, Seen::Crashed);
        if self.is_repaired {
            return;
        }
        let (ledger, bench) = (&mut self.ledger, &mut self.bench);
        match seen {
            Seen::AcdWoken { now } => {
                ledger.advance(*now);
                self.offers.woken(ledger, bench);
            }
            Seen::AcdTold { now, input } => {
                ledger.advance(*now);
                self.offers.told(ledger, input, bench);
                ledger.told(input);
            }
            Seen::AcdSaid { effect } => {
                agents::said(ledger, effect, bench);
                dispatch::said(ledger, effect, bench);
                self.offers.said(ledger, effect, bench);
                ledger.said(effect);
            }
            Seen::AcdSettled => {
                agents::settled(ledger, bench);
                dispatch::settled(ledger, bench);
                self.offers.settled(ledger, bench);
                queues::settled(ledger, bench);
            }
            Seen::Tally { queue, tally } => queues::compare(ledger, *queue, *tally, bench),
            Seen::Crashed => {
                *ledger = Ledger::default();
                self.offers = OfferJudge::default();
            }
            Seen::End => agents::at_the_end(ledger, bench),
            _ => {}
        }
    }
}

/// The first ones tell most.
const MAX_VIOLATIONS: usize = 12;
/// One rule must not keep the others from a word.
const MAX_OF_A_RULE: usize = 3;

#[cfg(test)]
mod tests;
