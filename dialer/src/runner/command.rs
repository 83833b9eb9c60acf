//! What somebody does with a campaign.

use std::collections::BTreeMap;
use std::sync::Arc;

use clock::{CampaignId, ListId, Now};

use super::campaign::{Campaign, Shared};
use super::contract::{Refusal, Reply, Restored, Written};
use super::dialer::Dialer;
use super::disposing::Talked;
use super::ledger::Ledger;
use crate::campaign::{Actor, Definition, Denied, Life, Status, Step, check};

impl Dialer {
    pub(super) fn restore(&mut self, restored: Restored, now: Now) {
        let Restored { campaign: id, written, life, resets, ledger, open, talked, said } = restored;
        let awaited = talked.iter().filter_map(|(_, talked)| Some((talked.lead, talked.until?)));
        let awaited = awaited.filter(|(_, until)| *until > now.wall).collect();
        let is_after = |talked: &Talked| talked.until.is_some_and(|until| until > now.wall);
        let after = talked.iter().filter(|(_, talked)| is_after(talked)).map(|(call, talked)| (talked.agent, *call));
        let after = after.collect();
        let mut campaign = Campaign::idle(id, written, life, resets.into_iter().collect(), ledger);
        (campaign.awaited, campaign.after) = (awaited, after);
        for (attempt, tries, numbers) in open {
            campaign.close(&mut self.shared, attempt, tries, numbers, now);
        }
        // Its leads are read anew before it dials.
        if campaign.life.status == Status::Running {
            campaign.life.status = Status::Processing;
        }
        self.campaigns.insert(id, campaign);
        for (call, talked) in talked {
            self.shared.disposing.restore(call, id, talked);
        }
        said.into_iter().for_each(|said| self.disposed(said, now));
        self.consented_lately(id, now);
    }

    pub(super) fn write(&mut self, id: CampaignId, written: Written, by: Actor, now: Now) -> Result<Reply, Refusal> {
        let faults = check(&written.definition);
        if !faults.is_empty() {
            return Err(Refusal::Faults(faults));
        }
        let kept = self.kept();
        let Some(campaign) = self.campaigns.get_mut(&id) else {
            if kept >= CAMPAIGNS_MAX {
                return Err(Refusal::TooMany);
            }
            let life = Life { edited_by: Some(by), ..Life::default() };
            let campaign = Campaign::idle(id, written, life.clone(), BTreeMap::new(), Some(Ledger::default()));
            self.shared.out.push_back(campaign.note(now));
            self.campaigns.insert(id, campaign);
            return Ok(Reply::Life(life));
        };
        campaign.life.take(Step::Edit(by), now.wall, self.four_eyes).map_err(Refusal::Denied)?;
        campaign.written = written;
        campaign.hide_all(&mut self.shared, now);
        self.shared.out.push_back(campaign.note(now));
        Ok(Reply::Life(campaign.life.clone()))
    }

    /// What a campaign names is there again: its text means that from now. Otherwise it goes on by what it knows.
    pub(super) fn reread(&mut self, id: CampaignId, written: Written) {
        let Some(campaign) = self.campaigns.get_mut(&id).filter(|campaign| campaign.written == written) else { return };
        let lacks = |definition| self.shared.house.as_ref().is_some_and(|house| house.lacks(definition).is_some());
        if lacks(&campaign.written.definition) && !lacks(&written.definition) {
            campaign.written = written;
        }
    }

    /// Campaigns that nobody has put away.
    fn kept(&self) -> usize {
        self.campaigns.values().filter(|campaign| campaign.life.archived.is_none()).count()
    }

    /// That is its text as it is now.
    pub(super) fn is_written(&self, id: CampaignId, text: &str) -> bool {
        self.campaigns.get(&id).is_some_and(|campaign| *campaign.written.text == *text)
    }

    pub(super) fn step(&mut self, id: CampaignId, step: Step, now: Now) -> Result<Reply, Refusal> {
        if matches!(step, Step::Start(_)) {
            let campaign = self.campaigns.get(&id).ok_or(Refusal::UnknownCampaign)?;
            self.agents_are_free(id, &campaign.written.definition)?;
        }
        if matches!(step, Step::Archive(_)) && self.campaigns.len() - self.kept() >= ARCHIVED_MAX {
            return Err(Refusal::TooMany);
        }
        let campaign = self.campaigns.get_mut(&id).ok_or(Refusal::UnknownCampaign)?;
        if let Step::Submit(_, Some(estimated)) = &step
            && estimated.of != campaign.written.text
        {
            return Err(Refusal::Changed);
        }
        if matches!(step, Step::Submit(..) | Step::Approve(_) | Step::Start(_)) {
            let faults = check(&campaign.written.definition);
            if !faults.is_empty() {
                return Err(Refusal::Faults(faults));
            }
        }
        campaign.step(&mut self.shared, step, now, self.four_eyes)?;
        let life = campaign.life.clone();
        self.tell_agents(now);
        Ok(Reply::Life(life))
    }

    pub(super) fn reset(&mut self, id: CampaignId, list: ListId, now: Now) -> Result<Reply, Refusal> {
        let campaign = self.campaigns.get_mut(&id).ok_or(Refusal::UnknownCampaign)?;
        if campaign.written.definition.lists.iter().all(|share| share.list != list) {
            return Err(Refusal::UnknownList);
        }
        campaign.life.take(Step::Reset, now.wall, self.four_eyes).map_err(Refusal::Denied)?;
        campaign.resets.insert(list, now.wall);
        if let Some(run) = &mut campaign.run {
            run.hopper.reset(list, now.wall);
        }
        self.shared.out.push_back(campaign.note(now));
        Ok(Reply::Done)
    }

    /// Gives a campaign other agents, at once.
    pub(super) fn assign(&mut self, id: CampaignId, written: Written, now: Now) -> Result<Reply, Refusal> {
        let faults = check(&written.definition);
        if !faults.is_empty() {
            return Err(Refusal::Faults(faults));
        }
        let campaign = self.campaigns.get(&id).ok_or(Refusal::UnknownCampaign)?;
        let status = campaign.life.status;
        if campaign.life.archived.is_some() {
            return Err(Refusal::Denied(Denied::Archived(status)));
        }
        if status.is_final() {
            return Err(Refusal::Denied(Denied::Status { status, verb: "assigned" }));
        }
        if matches!(status, Status::Processing | Status::Running) {
            self.agents_are_free(id, &written.definition)?;
        }
        let Some(campaign) = self.campaigns.get_mut(&id) else { return Err(Refusal::UnknownCampaign) };
        let is_stale = campaign.is_stale();
        campaign.written = written;
        if let Some(run) = campaign.run.as_mut().filter(|_| !is_stale) {
            run.definition = Arc::clone(&campaign.written.definition);
        }
        self.shared.out.push_back(campaign.note(now));
        let life = campaign.life.clone();
        self.tell_agents(now);
        Ok(Reply::Life(life))
    }

    /// Agents of a queue are counted for one campaign: whoever is idle could be promised twice.
    fn agents_are_free(&self, id: CampaignId, definition: &Definition) -> Result<(), Refusal> {
        let is_taken = |other: &&Campaign| {
            let is_on = matches!(other.life.status, Status::Processing | Status::Running);
            other.id != id && is_on && other.written.definition.shares_agents_with(definition)
        };
        let taken = self.campaigns.values().find(is_taken);
        taken.map_or(Ok(()), |other| Err(Refusal::QueueTaken(other.id)))
    }
}

impl Campaign {
    /// What it names and the configuration has no more.
    pub(super) fn lacks(&self, shared: &Shared) -> Option<String> {
        shared.house.as_ref()?.lacks(&self.written.definition)
    }

    /// Without what it names it dials nothing: it pauses itself and says why, before calls fail one after another.
    pub(super) fn halt(&mut self, shared: &mut Shared, now: Now) {
        let Some(why) = self.lacks(shared).filter(|_| self.life.status.is_live()) else { return };
        if self.life.status == Status::Paused {
            // After a restart too its alert is seen.
            if self.run.is_none() {
                self.begin(shared, now);
            }
            return;
        }
        // From where it stands it may.
        let _ = self.step(shared, Step::Halt(why), now, false);
        if let Some(run) = &mut self.run {
            run.looked_at = None;
        }
    }

    /// Takes a step of its life, and does what follows at once.
    pub(super) fn step(&mut self, shared: &mut Shared, step: Step, now: Now, four_eyes: bool) -> Result<(), Refusal> {
        let ends = matches!(step, Step::Stop(_) | Step::Cancel(..) | Step::Halt(_));
        let is_news = self.life.take(step, now.wall, four_eyes).map_err(Refusal::Denied)?;
        if !is_news {
            return Ok(());
        }
        if self.life.status != Status::Running {
            self.hide_all(shared, now);
        }
        if ends {
            self.cancel_ringing(shared);
        }
        shared.out.push_back(self.note(now));
        Ok(())
    }
}

/// Campaigns that a house has at once, ended ones that nobody has put away included.
const CAMPAIGNS_MAX: usize = 10_000;
/// Campaigns that are put away, which can be read still: ten a day for ten years.
const ARCHIVED_MAX: usize = 40_000;
