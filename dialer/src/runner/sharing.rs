//! Agents whom several campaigns would have: each counts for one of them at a time, and goes to another when nothing rings
//! any more that was dialed in reliance on him.

use std::collections::BTreeMap;
use std::sync::Arc;

use clock::{AgentId, CampaignId, Instant, Now, QueueId, SkillId};

use super::campaign::{Campaign, Flight, Run, Stage};
use super::contract::Effect;
use super::dialer::Dialer;
use crate::campaign::Status;
use crate::contract::{AgentFact, Doing};

/// For which campaign an agent counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Post {
    campaign: CampaignId,
    /// Since when he is to count for another one, or none: nothing new is dialed for him, but whoever answers what rings
    /// already may need him.
    leaves: Option<Instant>,
}

impl Dialer {
    /// Tells each campaign which agents count for it.
    pub(super) fn tell_agents(&mut self, now: Now) {
        let turns = self.turns(now);
        self.posts = self.posted(&turns, now.mono);
        for (id, campaign) in &mut self.campaigns {
            let is_on = is_on(campaign);
            let Some(run) = &mut campaign.run else { continue };
            let Some(queue) = run.definition.queue() else { continue };
            run.shares = false;
            for fact in serving(&self.agents, queue) {
                let post = self.posts.get(&fact.agent);
                let is_ours = post.is_some_and(|post| post.campaign == *id && post.leaves.is_none());
                run.shares |= is_on && run.definition.has(fact.agent) && !is_ours;
                let fact = if is_ours { *fact } else { AgentFact { doing: Doing::Gone, ..*fact } };
                run.tell(&fact, now);
            }
        }
        self.lend();
    }

    /// Each agent is to count for one campaign that runs: the first that names him, or else the first of whose queues he
    /// serves. One that has nobody to call comes last: its agents are there for the others.
    fn turns(&self, now: Now) -> BTreeMap<AgentId, CampaignId> {
        let rests = |campaign: &Campaign| campaign.run.as_ref().is_some_and(|run| run.rests(now));
        let mut by_turn: Vec<&Campaign> = self.campaigns.values().filter(|campaign| is_on(campaign)).collect();
        by_turn.sort_by_cached_key(|campaign| (rests(campaign), campaign.written.definition.agents.is_none()));
        let mut turns = BTreeMap::new();
        for campaign in by_turn {
            let Some(run) = &campaign.run else { continue };
            let Some(queue) = run.definition.queue() else { continue };
            for fact in serving(&self.agents, queue).filter(|fact| run.definition.has(fact.agent)) {
                turns.entry(fact.agent).or_insert(campaign.id);
            }
        }
        turns
    }

    /// Each agent at his turn, but for those on whom a campaign that they are to leave still relies: of these as many as
    /// numbers that ring, the idle ones first, whom the next answer finds.
    fn posted(&self, turns: &BTreeMap<AgentId, CampaignId>, now: Instant) -> BTreeMap<AgentId, Post> {
        let at_turn = |(agent, campaign): (&AgentId, &CampaignId)| (*agent, Post { campaign: *campaign, leaves: None });
        let mut posts: BTreeMap<AgentId, Post> = turns.iter().map(at_turn).collect();
        let is_to_leave = |(agent, post): &(&AgentId, &Post)| turns.get(agent) != Some(&post.campaign);
        let mut leaving: Vec<(&AgentId, &Post)> = self.posts.iter().filter(is_to_leave).collect();
        let is_idle = |campaign, agent| self.at(campaign, agent).is_some_and(|(_, fact)| fact.is_eligible());
        leaving.sort_by_cached_key(|(agent, post)| !is_idle(post.campaign, **agent));
        let mut kept: BTreeMap<CampaignId, usize> = BTreeMap::new();
        for (agent, post) in leaving {
            let since = post.leaves.unwrap_or(now);
            let kept = kept.entry(post.campaign).or_default();
            if *kept < self.relying(post.campaign, *agent, since) {
                *kept += 1;
                posts.insert(*agent, Post { leaves: Some(since), ..*post });
            }
        }
        posts
    }

    /// How many numbers of a campaign that were dialed by then may yet need an agent; none that he could not serve.
    fn relying(&self, campaign: CampaignId, agent: AgentId, since: Instant) -> usize {
        let Some((run, _)) = self.at(campaign, agent).filter(|(run, _)| run.definition.has(agent)) else { return 0 };
        let is_open = |flight: &&Flight| flight.attempt.waits.is_none() && flight.stage != Stage::Talking;
        run.flights.values().filter(is_open).filter(|flight| flight.ordered <= since).count()
    }

    /// What is true of an agent who serves the queue of a campaign of which something runs.
    fn at(&self, campaign: CampaignId, agent: AgentId) -> Option<(&Run, &AgentFact)> {
        let run = self.campaigns.get(&campaign)?.run.as_ref()?;
        Some((run, self.agents.get(&(run.definition.queue()?, agent))?))
    }

    /// Whoever distributes calls hears of it when other agents have skills of campaigns.
    fn lend(&mut self) {
        let mut lent: BTreeMap<AgentId, Vec<SkillId>> = BTreeMap::new();
        for campaign in self.campaigns.values() {
            let Some(run) = &campaign.run else { continue };
            let Some(skill) = run.definition.skill(campaign.id) else { continue };
            for agent in run.definition.agents.iter().flatten() {
                lent.entry(*agent).or_default().push(skill);
            }
        }
        if *self.lent != lent {
            self.lent = Arc::new(lent);
            self.shared.out.push_back(Effect::Lend(Arc::clone(&self.lent)));
        }
    }
}

fn is_on(campaign: &Campaign) -> bool {
    matches!(campaign.life.status, Status::Processing | Status::Running)
}

fn serving(agents: &BTreeMap<(QueueId, AgentId), AgentFact>, queue: QueueId) -> impl Iterator<Item = &AgentFact> {
    agents.range((queue, AgentId(0))..=(queue, AgentId(u32::MAX))).map(|(_, fact)| fact)
}
