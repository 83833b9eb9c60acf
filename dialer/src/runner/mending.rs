//! What a list knows of a lead is mended while campaigns call from it: they read the lead again before they dial it.

use core::time::Duration;

use clock::{CampaignId, LeadId, ListId, Now};

use super::campaign::{Campaign, Run, Shared};
use super::contract::Effect;
use super::dialer::Dialer;
use super::disposing::wanted;
use super::planted::Planted;
use crate::hopper::{Lead, Page};

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
            run.mending.insert(lead, (list, now.mono));
            if run.mending.len() > MENDING_MAX {
                run.mending.pop_first();
            }
            self.shared.out.push_back(wanted(campaign.id, lead, list));
        }
    }

    /// A lead was read again, or could not be: then it is asked for again later.
    pub(super) fn mend(&mut self, id: CampaignId, lead: LeadId, page: &Page) {
        let Some(campaign) = self.campaigns.get_mut(&id) else { return };
        let Some((run, leads)) = campaign.run.as_mut().zip(page.leads.as_ref()) else { return };
        if run.mending.remove(&lead).is_none() {
            return;
        }
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
    /// Leads that have not come are asked for again.
    pub(super) fn read_again(&mut self, shared: &mut Shared, now: Now) {
        let Some(run) = &mut self.run else { return };
        for (lead, (list, asked)) in
            run.mending.iter_mut().filter(|(_, (_, asked))| now.mono.since(*asked) >= ASK_AGAIN)
        {
            *asked = now.mono;
            shared.out.push_back(wanted(self.id, *lead, *list));
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

/// Mended and not read yet: with the database away they wait. Beyond it the first is dialed as it was.
const MENDING_MAX: usize = 10_000;
/// A lead that has not come is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(5);
