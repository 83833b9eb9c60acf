//! In which order leads are read, so that what was read before a change is not taken for what is so now.

use clock::{CampaignId, LeadId, ListId, Now};

use super::campaign::{Campaign, Run, Shared};
use super::contract::Effect;
use crate::hopper::{Wanted, What};

impl Shared {
    /// Asks for leads. Whoever reads does it in the order in which he is asked.
    pub(super) fn ask(&mut self, campaign: CampaignId, wanted: Wanted, now: Now) {
        let wanted = Wanted { read: self.next_read(now), ..wanted };
        self.out.push_back(Effect::Wanted { campaign, wanted });
    }

    /// Asks for one lead.
    pub(super) fn ask_one(&mut self, campaign: CampaignId, lead: LeadId, list: ListId, now: Now) {
        self.ask(campaign, Wanted { list, what: What::One { lead }, limit: 1, read: 0 }, now);
    }

    /// The number of what is asked for next. It goes by the time, so that it is greater than those of a dialer that was
    /// built before this one and whose pages are still under way.
    pub(super) fn next_read(&mut self, now: Now) -> u64 {
        self.reads = now.mono.as_nanos().max(self.reads + 1);
        self.reads
    }
}

impl Campaign {
    /// It was asked for before the run began, which reads everything itself.
    pub(super) fn is_from_before(&self, wanted: &Wanted) -> bool {
        self.run.as_ref().is_some_and(|run| wanted.read < run.began)
    }
}

impl Run {
    /// A lead was asked for before it was mended, and is being read again since.
    pub(super) fn was_mended_since(&self, lead: LeadId, wanted: &Wanted) -> bool {
        self.mending.get(&lead).is_some_and(|mending| wanted.read < mending.read)
    }
}
