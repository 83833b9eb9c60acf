//! What a list knows of a lead is mended while campaigns call from it: they read the lead again before they dial it.

use core::time::Duration;

use clock::{CampaignId, LeadId, ListId, Now};

use super::campaign::{Campaign, Mending, Run, Shared};
use super::contract::Effect;
use super::dialer::Dialer;
use super::planted::Planted;
use crate::hopper::{HELD_MAX, Lead, Page};

impl Dialer {
    /// A lead of a list was mended. A page that is on its way may still have it as it was, so that it is read again
    /// whether it is held or not.
    pub(super) fn mended(&mut self, list: ListId, lead: LeadId, now: Now) {
        if self.shared.strikes(Planted::MendForgotten) {
            return;
        }
        for campaign in self.campaigns.values_mut() {
            let Some(run) = &mut campaign.run else { continue };
            if run.definition.lists.iter().all(|share| share.list != list) {
                continue;
            }
            self.shared.ask_one(campaign.id, lead, list, now);
            run.mending.insert(lead, Mending { list, read: self.shared.reads, asked: now.mono });
            if run.mending.len() > MENDING_MAX {
                run.mending.pop_first();
            }
        }
    }

    /// A lead was read again, or could not be: then it is asked for again later. One that was mended once more since it
    /// was asked for waits for what is read then.
    pub(super) fn mend(&mut self, id: CampaignId, lead: LeadId, page: &Page) {
        let Some(campaign) = self.campaigns.get_mut(&id).filter(|its| !its.is_from_before(&page.wanted)) else {
            return;
        };
        let Some((run, leads)) = campaign.run.as_mut().zip(page.leads.as_ref()) else { return };
        if run.was_mended_since(lead, &page.wanted) {
            return;
        }
        run.mending.remove(&lead);
        if let Some(mended) = leads.first().cloned() {
            run.mend(&mut self.shared, mended);
        }
        let shown = run.shown.iter_mut().find(|(_, preview)| preview.taken.lead == lead);
        if let Some((agent, preview)) = shown {
            let held = run.hopper.lead(lead);
            preview.shown.number =
                held.and_then(|held| held.number(&run.definition.recycle)).unwrap_or_default().to_owned();
            let (agent, shown) = (*agent, Some(preview.shown.clone()));
            self.shared.out.push_back(Effect::Show { campaign: id, agent, shown });
        }
    }
}

impl Campaign {
    /// Leads that have not come are asked for again, some at a time: whoever reads lets go of what is too much at once.
    pub(super) fn read_again(&mut self, shared: &mut Shared, now: Now) {
        let Some(run) = &mut self.run else { return };
        let is_late = |mending: &Mending| now.mono.since(mending.asked) >= ASK_AGAIN;
        for (lead, mending) in run.mending.iter_mut().filter(|(_, mending)| is_late(mending)).take(AGAIN_AT_ONCE) {
            mending.asked = now.mono;
            shared.ask_one(self.id, *lead, mending.list, now);
        }
    }
}

impl Run {
    fn mend(&mut self, shared: &mut Shared, mended: Lead) {
        let (lead, numbers) = (mended.id, mended.numbers.clone());
        let Some(former) = self.hopper.mend(mended) else { return };
        // Learned before the others are forgotten: what is known of those that stay is the newest.
        for (number, history) in &numbers {
            shared.numbers.learn(number, history);
        }
        let at = self.pace.at;
        former.iter().for_each(|(number, _)| shared.numbers.forget(number, at));
        self.denied.remove(&lead);
    }
}

/// Mended and not read yet: with the database away they wait. All leads that a hopper may hold, so that none that could be
/// dialed is let go of.
const MENDING_MAX: usize = HELD_MAX;
/// A tick's: fewer than the reader's lane takes.
const AGAIN_AT_ONCE: usize = 50;
/// A lead that has not come is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(5);
