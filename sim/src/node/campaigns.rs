//! The node's campaigns: what the dialer is given at a start, who reads leads for it, and what it is told of agents.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ::clock::{AgentId, CallId, CampaignId, Instant, QueueId, Rng};
use centre::owner::DialerInput;
use centre::{Directory, NamedAgent};
use dialer::contract::Dial;
use dialer::hopper::Wanted;
use dialer::runner::{self, Written};
use journal_core::{CallEvent, Entry};

use super::leads::{LOOK_EVERY, Leads};
use super::owners::{Core, Input};
use super::{Node, NodeEvent};
use crate::chance::between;
use crate::ctx::{Ctx, Event};
use crate::scenario::{Scenario, definition};
use crate::watch::Seen;

/// What a run with campaigns has beside the rest of the node.
#[derive(Debug)]
pub(crate) struct Campaigns {
    seed: u64,
    queue: QueueId,
    rng: Rng,
    pub(crate) leads: Leads,
    /// The dialer is about to hear of the agents.
    tells: bool,
    /// Rows are about to follow.
    follows: bool,
    /// Conversations of which their agents may say what came of them.
    talked: VecDeque<(AgentId, CallId)>,
}

/// Something of campaigns that takes time.
#[derive(Debug)]
pub(crate) enum CampaignEvent {
    /// The dialer hears what is true of the agents.
    Tell,
    /// The rows follow the journal.
    Follow,
    /// A page of leads is read.
    Read,
}

impl Campaigns {
    pub(super) fn new(scenario: &Scenario) -> Option<Self> {
        let (campaigns, queue) = scenario.campaigns.as_ref().zip(scenario.campaign_queue())?;
        let mut rng = Rng::new(scenario.seed ^ 0x4C45_4144_5F5F_5F5F);
        let leads = Leads::new(campaigns, rng.fork());
        let (seed, talked) = (scenario.seed, VecDeque::new());
        Some(Self { seed, queue, rng, leads, tells: false, follows: false, talked })
    }

    /// A campaign in one of its wordings.
    pub(crate) fn written(&self, campaign: u32, version: u32) -> Written {
        let definition = Arc::new(definition(self.seed, campaign, version, self.queue));
        Written { definition, text: format!("{campaign} {version}").into() }
    }

    /// As the API's reader of texts.
    fn read(&self, text: &str) -> Option<Written> {
        let (campaign, version) = text.split_once(' ')?;
        Some(self.written(campaign.parse().ok()?, version.parse().ok()?))
    }

    /// A conversation of which its agent says something now.
    pub(crate) fn take_talked(&mut self) -> Option<(AgentId, CallId)> {
        self.talked.pop_front()
    }

    /// Which share of what a crash takes had reached the disk.
    pub(super) fn kept_of_a_crash(&mut self) -> f64 {
        self.rng.unit()
    }

    /// Whether it is the dialer that breaks.
    pub(super) fn breaks_the_dialer(&mut self) -> bool {
        self.rng.chance(0.5)
    }

    /// The dialer's chance in one life of the node.
    pub(super) fn dialer_rng(&mut self) -> Rng {
        self.rng.fork()
    }
}

impl Node {
    /// As production does it, after the do-not-call list.
    pub(super) fn restore_campaigns(&mut self, ctx: &mut Ctx) {
        let Some(campaigns) = &mut self.campaigns else { return };
        (campaigns.tells, campaigns.follows) = (false, false);
        campaigns.leads.forget_asked();
        campaigns.talked.clear();
        let agents = self.setup.agents.iter().map(|agent| {
            let serves = self.setup.queues.iter().filter(|queue| queue.has(agent.agent)).map(|queue| queue.queue);
            let named = NamedAgent { extension: super::extension(agent.agent), name: None, queues: serves.collect() };
            (agent.agent, named)
        });
        let agents: BTreeMap<_, _> = agents.collect();
        let mut inputs = vec![DialerInput::Directory(Arc::new(Directory { agents, ..Directory::default() }))];
        let restored = centre::restored_campaigns(&self.store.last_replay().dialing, |text| campaigns.read(text));
        let restore = |campaign| DialerInput::Campaigns(Box::new(runner::Input::Restore(Box::new(campaign))));
        inputs.extend(restored.into_iter().map(restore));
        let dialer = self.dialer();
        for input in inputs {
            self.step(ctx, dialer, Some(Input::Dialer(input)));
        }
        self.rows_follow(ctx);
        self.tell_agents(ctx);
    }

    /// Leads are wanted: who reads them has it from now.
    pub(super) fn want_leads(&mut self, ctx: &mut Ctx, campaign: CampaignId, wanted: Wanted) {
        let written = self.store.written();
        let Some(campaigns) = &mut self.campaigns else { return };
        if campaigns.leads.ask(campaign, wanted, written) {
            let at = ctx.now + campaigns.leads.takes();
            self.campaign_event(ctx, at, CampaignEvent::Read);
        }
    }

    /// The ACD shows something new: the dialer hears of it, of the newest only.
    pub(super) fn tell_agents(&mut self, ctx: &mut Ctx) {
        let Some(campaigns) = self.campaigns.as_mut().filter(|campaigns| !campaigns.tells) else { return };
        campaigns.tells = true;
        let at = ctx.now + between(&mut campaigns.rng, Duration::from_micros(20), TOLD_WITHIN);
        self.campaign_event(ctx, at, CampaignEvent::Tell);
    }

    /// Something more is synced.
    pub(super) fn rows_follow(&mut self, ctx: &mut Ctx) {
        let Some(campaigns) = &mut self.campaigns else { return };
        self.store.take_synced(|entry| campaigns.leads.synced(entry));
        if !core::mem::replace(&mut campaigns.follows, true) {
            let at = ctx.now + between(&mut campaigns.rng, Duration::from_millis(1), FOLLOWED_WITHIN);
            self.campaign_event(ctx, at, CampaignEvent::Follow);
        }
    }

    pub(super) fn on_campaign_event(&mut self, ctx: &mut Ctx, event: CampaignEvent) {
        match event {
            CampaignEvent::Tell => {
                let Some(campaigns) = &mut self.campaigns else { return };
                campaigns.tells = false;
                let posts = self.running.iter().flat_map(|running| &running.posts);
                let mut shown =
                    posts.filter_map(|post| if let Core::Acd(acd) = &post.core { Some(acd.snapshot()) } else { None });
                let Some(acd) = shown.next_back() else { return };
                let dialer = self.dialer();
                self.step(ctx, dialer, Some(Input::Dialer(DialerInput::Agents(acd.into()))));
            }
            CampaignEvent::Follow => {
                let synced = self.store.synced();
                let Some(campaigns) = &mut self.campaigns else { return };
                campaigns.follows = false;
                campaigns.leads.follow(synced);
            }
            CampaignEvent::Read => self.read_leads(ctx),
        }
    }

    fn read_leads(&mut self, ctx: &mut Ctx) {
        let now = self.clock.at(ctx.now).wall;
        let Some(campaigns) = &mut self.campaigns else { return };
        let (read, more) = campaigns.leads.read(now);
        let waits = if read.is_some() { campaigns.leads.takes() } else { LOOK_EVERY };
        if let Some((campaign, page)) = read {
            // What was read may be old when it comes.
            let at = ctx.now + between(&mut campaigns.rng, Duration::from_micros(50), Duration::from_millis(20));
            let input = DialerInput::Campaigns(Box::new(runner::Input::Page { campaign, page }));
            let owner = self.dialer();
            self.schedule(ctx, at, NodeEvent::Input { owner, input: Input::Dialer(input) });
        }
        if more {
            self.campaign_event(ctx, ctx.now + waits, CampaignEvent::Read);
        }
    }

    /// An order to dial leaves the dialer: the journal has what it must have.
    pub(super) fn hand_over(&self, ctx: &mut Ctx, input: &call::Input) {
        if let call::Input::Dial(dial) = input {
            let dial: &Dial = dial;
            ctx.see(&Seen::DialHandedOver { dial, wall: self.clock.at(ctx.now).wall });
        }
    }

    /// Whom an agent talked with, for whoever says what came of it; and how a campaign is written.
    pub(super) fn note_campaign(&mut self, ctx: &mut Ctx, entry: &Entry) {
        let Some(campaigns) = &mut self.campaigns else { return };
        match entry {
            Entry::Call(step) => {
                let CallEvent::OfferAnswered { agent, .. } = step.event else { return };
                campaigns.talked.push_back((agent, step.call));
                if campaigns.talked.len() > TALKED_MAX {
                    campaigns.talked.pop_front();
                }
            }
            Entry::Campaign(entry) => {
                if let Some(written) = campaigns.read(&entry.definition) {
                    ctx.see(&Seen::CampaignWritten { campaign: entry.campaign, written: &written });
                }
            }
            _ => {}
        }
    }

    /// What is to be shown of campaigns at this moment.
    pub(crate) fn campaign_snapshot(&mut self, now: Instant) -> Option<runner::Snapshot> {
        let now = self.clock.at(now);
        let posts = self.running.as_mut()?.posts.iter_mut();
        let mut dialers =
            posts.filter_map(|post| if let Core::Dialer(dialer) = &mut post.core { Some(dialer) } else { None });
        dialers.next()?.changed_campaigns(now)
    }

    pub(super) fn dialer(&self) -> usize {
        usize::from(self.shards) + 2
    }

    fn campaign_event(&self, ctx: &mut Ctx, at: Instant, event: CampaignEvent) {
        ctx.events.at(at, Event::Node { life: self.life, event: NodeEvent::Campaigns(event) });
    }
}

/// The dialer hears what the ACD shows within this.
const TOLD_WITHIN: Duration = Duration::from_millis(5);
/// The rows follow what is synced within this.
const FOLLOWED_WITHIN: Duration = Duration::from_millis(300);
/// Conversations that are remembered for a disposition.
const TALKED_MAX: usize = 20;
