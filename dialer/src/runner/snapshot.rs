//! What others may see of the dialer.

use std::collections::BTreeMap;
use std::sync::Arc;

use clock::{AgentId, CampaignId, ListId, WallTime};

use super::alert::Alert;
use super::contract::Written;
use super::desk::Desk;
use super::dialer::Dialer;
use super::explain::Pace;
use super::ledger::{Hour, Window, midnight};
use crate::campaign::{Life, Status};
use crate::hopper::Counts;

/// All campaigns.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// By id.
    pub campaigns: BTreeMap<CampaignId, Arc<CampaignSnapshot>>,
}

/// One campaign.
#[derive(Clone, Debug)]
pub struct CampaignSnapshot {
    /// Which.
    pub campaign: CampaignId,
    /// What it is.
    pub written: Written,
    /// Its life so far.
    pub life: Life,
    /// When its lists were reset.
    pub resets: Vec<(ListId, WallTime)>,
    /// What was counted in all.
    pub total: Hour,
    /// In the last 30 days.
    pub month: Hour,
    /// In the last 24 hours.
    pub day: Hour,
    /// Since midnight (UTC).
    pub today: Hour,
    /// Attempts under way.
    pub in_flight: u32,
    /// Leads at hand.
    pub leads: Counts,
    /// Why it dials as it does; none: it does not run.
    pub pace: Option<Pace>,
    /// What its people should know of.
    pub alerts: Vec<Alert>,
    /// What its agents see.
    pub desks: BTreeMap<AgentId, Desk>,
}

impl Dialer {
    /// What others may see, at a moment.
    #[must_use]
    pub fn snapshot(&self, at: WallTime) -> Snapshot {
        let campaigns = self.campaigns.values().map(|campaign| {
            let ledger = campaign.ledger.as_ref();
            let run = campaign.run.as_ref();
            let shown = CampaignSnapshot {
                campaign: campaign.id,
                written: campaign.written.clone(),
                life: campaign.life.clone(),
                resets: campaign.resets.iter().map(|(list, at)| (*list, *at)).collect(),
                total: ledger.map(|ledger| ledger.total()).unwrap_or_default(),
                month: ledger.map(|ledger| ledger.within(Window::Month, at)).unwrap_or_default(),
                day: ledger.map(|ledger| ledger.within(Window::Day, at)).unwrap_or_default(),
                today: ledger.map(|ledger| ledger.since(midnight(at))).unwrap_or_default(),
                in_flight: run.map_or(0, |run| u32::try_from(run.flights.len()).unwrap_or(u32::MAX)),
                leads: run.map(|run| run.hopper.counts()).unwrap_or_default(),
                pace: run.filter(|_| campaign.life.status.is_live()).map(|run| run.pace.clone()),
                desks: campaign.desks(&self.shared),
                alerts: run.iter().flat_map(|run| run.alerts.values().cloned()).collect(),
            };
            (campaign.id, Arc::new(shown))
        });
        Snapshot { campaigns: campaigns.collect() }
    }
}

impl CampaignSnapshot {
    /// It runs, or is about to.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        matches!(self.life.status, Status::Processing | Status::Running)
    }
}
