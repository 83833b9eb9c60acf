//! Whom the gate denied for want of a consent is judged anew once somebody writes one down.

use core::time::Duration;

use clock::{CampaignId, ListId, Now};

use super::campaign::{Campaign, Shared};
use super::contract::Effect;
use super::dialer::Dialer;
use crate::gate::{ConsentTold, packed};
use crate::hopper::{Booked, Lead, Page, Wanted, What};

impl Dialer {
    /// Somebody agreed to something: leads with his number that are done because they were denied are read again, for
    /// every campaign that goes on and depends on consents.
    pub(super) fn consented(&mut self, told: &ConsentTold, now: Now) {
        let Some(number) = packed(&told.number).filter(|_| told.given.is_some()) else { return };
        let goes_on = |campaign: &&mut Campaign| {
            let life = &campaign.life;
            let depends = campaign.written.definition.terms.may_need_consent();
            life.started_at.is_some() && !life.status.is_final() && depends
        };
        for campaign in self.campaigns.values_mut().filter(goes_on) {
            for share in campaign.written.definition.lists.clone() {
                campaign.consented.insert((share.list, number), now.mono);
                if campaign.consented.len() > CONSENTED_MAX {
                    campaign.consented.pop_first();
                }
                self.shared.out.push_back(wanted(campaign.id, share.list, number));
            }
        }
    }

    /// They were read, or could not be: then they are asked for again later.
    pub(super) fn judge_anew(&mut self, id: CampaignId, number: u64, page: Page, now: Now) {
        let Some(campaign) = self.campaigns.get_mut(&id) else { return };
        let Some(leads) = page.leads else { return };
        if campaign.consented.remove(&(page.wanted.list, number)).is_some() && !campaign.life.status.is_final() {
            leads.into_iter().for_each(|lead| campaign.judge_lead_anew(&mut self.shared, lead, now));
        }
    }
}

impl Campaign {
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
            shared.out.push_back(wanted(self.id, *list, *number));
        }
    }
}

const fn wanted(campaign: CampaignId, list: ListId, number: u64) -> Effect {
    Effect::Wanted { campaign, wanted: Wanted { list, what: What::Denied { number }, limit: LEADS_MAX } }
}

/// Leads of a list that have the same number: more are nobody's.
const LEADS_MAX: u16 = 100;
/// Consents whose leads are not read yet: with the database away they wait. Beyond it the first stays denied.
const CONSENTED_MAX: usize = 10_000;
/// Leads that have not come are asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(5);
