//! Whom the gate denied for want of a consent is judged anew once somebody writes one down.

use core::time::Duration;

use clock::{CampaignId, ListId, Now};

use super::campaign::{Campaign, Shared};
use super::dialer::Dialer;
use crate::gate::{ConsentTold, packed};
use crate::hopper::{Booked, Lead, Page, Wanted, What};

impl Dialer {
    /// Somebody agreed to something: leads with his number that are done because they were denied are read again, for
    /// every campaign that goes on and depends on consents.
    pub(super) fn consented(&mut self, told: &ConsentTold, now: Now) {
        let Some(number) = packed(&told.number).filter(|_| told.given.is_some()) else { return };
        for campaign in self.campaigns.values_mut() {
            campaign.look_for_denied(&mut self.shared, number, now);
        }
    }

    /// After a restart: of the last consents it may not be written what became of the leads, so that they are read again.
    pub(super) fn consented_lately(&mut self, id: CampaignId, now: Now) {
        let Some(campaign) = self.campaigns.get_mut(&id).filter(|campaign| campaign.goes_by_consents()) else { return };
        for number in self.shared.consents.newest(LATELY) {
            campaign.look_for_denied(&mut self.shared, number, now);
        }
    }

    /// They were read, or could not be, or not by this run: then they are asked for again later.
    pub(super) fn judge_anew(&mut self, id: CampaignId, number: u64, page: Page, now: Now) {
        let Some(campaign) = self.campaigns.get_mut(&id) else { return };
        let Some(leads) = page.leads else { return };
        if campaign.is_from_before(&page.wanted) {
            return;
        }
        if campaign.consented.remove(&(page.wanted.list, number)).is_some() && !campaign.life.status.is_final() {
            leads.into_iter().for_each(|lead| campaign.judge_lead_anew(&mut self.shared, lead, now));
        }
    }
}

impl Campaign {
    fn goes_by_consents(&self) -> bool {
        let depends = self.written.definition.terms.may_need_consent();
        self.life.started_at.is_some() && !self.life.status.is_final() && depends
    }

    /// Leads with this number that were denied are read again, if they may be called for a consent.
    fn look_for_denied(&mut self, shared: &mut Shared, number: u64, now: Now) {
        if !self.goes_by_consents() {
            return;
        }
        for share in &self.written.definition.lists {
            self.consented.insert((share.list, number), now.mono);
            if self.consented.len() > CONSENTED_MAX {
                self.consented.pop_first();
            }
            shared.ask(self.id, wanted(share.list, number), now);
        }
    }

    /// It is its turn at once: the gate says what stands against it now.
    fn judge_lead_anew(&mut self, shared: &mut Shared, lead: Lead, now: Now) {
        let Lead { id, list, tries, numbers, .. } = lead.clone();
        let booked = Booked::Retry(now.wall);
        if let Some(run) = &mut self.run {
            if !run.hopper.bring_back(lead, booked) {
                return;
            }
            for (number, history) in &numbers {
                shared.numbers.learn(number, history);
            }
        }
        shared.out.push_back(self.lead_note(id, list, booked, tries, now));
    }

    /// Those that have not come are asked for again.
    pub(super) fn read_denied_again(&mut self, shared: &mut Shared, now: Now) {
        for ((list, number), asked) in
            self.consented.iter_mut().filter(|(_, asked)| now.mono.since(**asked) >= ASK_AGAIN)
        {
            *asked = now.mono;
            shared.ask(self.id, wanted(*list, *number), now);
        }
    }
}

const fn wanted(list: ListId, number: u64) -> Wanted {
    Wanted { list, what: What::Denied { number }, limit: LEADS_MAX, read: 0 }
}

/// Leads of a list that have the same number: more are nobody's.
const LEADS_MAX: u16 = 100;
/// Consents whose leads are not read yet: with the database away they wait. Beyond it the first stays denied.
const CONSENTED_MAX: usize = 10_000;
/// Consents that a crash may have come after: as many as are written down in the second that a read takes.
const LATELY: usize = 200;
/// Leads that have not come are asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(5);
