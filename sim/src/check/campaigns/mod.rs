//! Campaigns: no dial outside the gate, caps and lines kept, every attempt ends once, no lead lost or called twice at a
//! time, pause and stop at once, the safe harbour, and books that agree (pacing; issue of the dialer).

mod book;
mod harbour;
mod law;
mod wire;

use std::collections::BTreeMap;

use clock::{CampaignId, Instant};
use dialer::runner::Hour;

use self::book::Book;
use self::harbour::HarbourJudge;
use self::law::LawJudge;
use self::wire::WireJudge;
use super::Bench;
use crate::watch::Seen;

/// Those who judge campaigns, where there are any.
#[derive(Debug, Default)]
pub(crate) struct CampaignJudge {
    is_on: bool,
    book: Book,
    law: LawJudge,
    wire: WireJudge,
    harbour: HarbourJudge,
}

impl CampaignJudge {
    pub(crate) fn new(is_on: bool) -> Self {
        Self { is_on, ..Self::default() }
    }

    pub(crate) fn see(&mut self, at: Instant, seen: &Seen<'_>, bench: &mut Bench) {
        if !self.is_on {
            return;
        }
        self.book.now = at;
        self.law.see(seen, &self.book, bench);
        self.wire.see(seen, &self.book, bench);
        self.harbour.see(seen, &self.book, bench);
        self.book.see(seen);
        match seen {
            Seen::CampaignTotals { campaign, total, month, in_flight } => {
                self.recount(*campaign, total, month, bench);
                if *in_flight > 0 {
                    bench.broken("C3 every attempt ends", format!("{campaign}: {in_flight} under way in the calm"));
                }
            }
            Seen::End => self.at_the_end(bench),
            _ => {}
        }
    }

    /// The ledger is what the entries tell, counted by hand.
    fn recount(&self, campaign: CampaignId, total: &Hour, month: &Hour, bench: &mut Bench) {
        let mut counted = Hour::default();
        for end in self.book.attempts.values().filter(|row| row.campaign == campaign).filter_map(|row| row.end()) {
            let is = |words: &[&str]| u64::from(end.outcome.as_deref().is_some_and(|outcome| words.contains(&outcome)));
            counted.attempts += 1;
            counted.answered += u64::from(end.times.answered_at.is_some());
            counted.people += is(&["connected", "abandoned", "hung_up", "message"]);
            counted.served += is(&["connected", "message"]);
            counted.abandoned += is(&["abandoned"]);
            counted.machines += is(&["machine", "machine_message"]);
            counted.failed += is(&["failed", "not_dialed", "congestion"]);
        }
        if *total != counted || *month != counted {
            let what = format!("{campaign}: {total:?} in all and {month:?} in 30 days are shown, {counted:?} counted");
            bench.broken("C5 the ledger is a recount", what);
        }
    }

    fn at_the_end(&self, bench: &mut Bench) {
        let mut last: BTreeMap<_, u64> = BTreeMap::new();
        for (attempt, row) in &self.book.attempts {
            let ends = row.ends();
            if ends != 1 {
                bench.broken("C3 every attempt ends once", format!("{attempt} of {} ended {ends} times", row.number));
            }
            let begun = last.entry((row.campaign, row.lead)).or_default();
            *begun = (*begun).max(row.begun.1);
        }
        for (key @ (campaign, lead), begun) in last {
            let booked = self.book.booked.get(&key).and_then(|places| places.last());
            if lead.0 != 0 && booked.is_none_or(|booked| *booked < begun) {
                bench.broken("C4 no lead is lost", format!("{lead} of {campaign} was tried, and is not booked"));
            }
        }
    }
}
