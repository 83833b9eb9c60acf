//! Reads leads for the campaigns: pages of lists, with what was tried and what is known of each number.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use centre::owner::DialerInput;
use centre::tries_of;
use clock::{CampaignId, LeadId, WallTime};
use dialer::gate::RECENT;
use dialer::hopper::{Booked, Done, Lead, NumberHistory, Page, Stock, Wanted, What};
use dialer::list::Details;
use dialer::runner::Input;
use journal::Journal;
use journal_core::{Durability, LeadBooked, Position};
use records::{
    CampaignLead, CampaignLeadFilter, Database, DatabaseUnavailable, LeadList, StoredLead, lead_of_row, list_of_lead,
    row_of_lead,
};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::clock_source::wall_now;
use crate::owner::Post;

/// Where leads come from, and whom they are told to.
pub(super) struct LeadReader {
    pub(super) account: String,
    pub(super) database: Database,
    pub(super) journal: Journal,
    pub(super) applied: watch::Receiver<Position>,
    pub(super) post: Arc<Post>,
}

impl LeadReader {
    /// Answers until nobody asks any more.
    pub(super) async fn run(mut self, mut asked: mpsc::Receiver<(CampaignId, Wanted)>) {
        while let Some((campaign, wanted)) = asked.recv().await {
            let read = self.read(campaign, wanted).await;
            if let Err(away) = &read {
                tracing::warn!(%campaign, %away, "leads could not be read: they are asked for again");
            }
            let page = read.unwrap_or(Page { wanted, leads: None, stock: Stock::default(), looked_to: None });
            let input = DialerInput::Campaigns(Box::new(Input::Page { campaign, page }));
            if self.post.dialer.send(input).await.is_err() {
                return;
            }
        }
    }

    async fn read(&mut self, campaign: CampaignId, wanted: Wanted) -> Result<Page, DatabaseUnavailable> {
        // First: what is imported afterwards is read another time.
        let stock = stock(self.database.lead_list(&self.account, wanted.list).await?);
        let row = |place: u64| lead_of_row(wanted.list, u32::try_from(place).unwrap_or(u32::MAX));
        let limit = usize::from(wanted.limit);
        let account = self.account.clone();
        let tried = |states: Vec<&'static str>, before, after: Option<u64>| CampaignLeadFilter {
            account: account.clone(),
            campaign,
            list: Some(wanted.list),
            states,
            before,
            after: after.map(row),
            limit,
        };
        let mut looked_to = None;
        let (stored, booked) = match wanted.what {
            What::Tried { after } => {
                if after.is_none() {
                    self.caught_up().await?;
                }
                self.tried(&tried(vec!["retry", "callback"], None, after)).await?
            }
            What::One { lead } => {
                self.caught_up().await?;
                (self.database.leads_by_id(&[lead]).await?, self.database.campaign_leads_of(campaign, &[lead]).await?)
            }
            What::DoneBefore { reset_at, after } => {
                if after.is_none() {
                    self.caught_up().await?;
                }
                self.tried(&tried(vec!["done"], Some(reset_at), after)).await?
            }
            What::Denied { number } => {
                self.caught_up().await?;
                self.denied(campaign, wanted, number).await?
            }
            What::NewAfter { place } | What::NewBefore { place } => {
                let newest_first = matches!(wanted.what, What::NewBefore { .. });
                let (fresh, end) = self.fresh(campaign, wanted, newest_first, place.map(row)).await?;
                looked_to = end.map(|lead| row_of_lead(lead).into());
                (fresh, Vec::new())
            }
        };
        let leads = Some(self.leads(wanted, stored, &booked).await?);
        Ok(Page { wanted, leads, stock, looked_to })
    }

    /// Leads of the list that have this number and are done because the gate denied them.
    async fn denied(
        &self,
        campaign: CampaignId,
        wanted: Wanted,
        number: u64,
    ) -> Result<(Vec<StoredLead>, Vec<CampaignLead>), DatabaseUnavailable> {
        let mut stored = self.database.leads_with_number(&self.account, number, wanted.limit.into()).await?;
        stored.retain(|lead| list_of_lead(lead.id) == wanted.list);
        let ids: Vec<LeadId> = stored.iter().map(|lead| lead.id).collect();
        let mut booked = self.database.campaign_leads_of(campaign, &ids).await?;
        booked.retain(|lead| matches!(booking(&lead.booked), Booked::Done(Done::Denied)));
        stored.retain(|lead| booked.iter().any(|denied| denied.lead == lead.id));
        Ok((stored, booked))
    }

    /// What was journaled before a start or a reset stands in the rows: a lead that was called is not read as a new one,
    /// and none that is done is missing.
    async fn caught_up(&mut self) -> Result<(), DatabaseUnavailable> {
        let written = self.journal.reached(Durability::Written);
        let reached = timeout(CATCH_UP, self.applied.wait_for(|applied| *applied >= written)).await;
        match reached {
            Ok(Ok(_)) => Ok(()),
            _ => Err(DatabaseUnavailable { why: "the rows are behind the journal".to_owned() }),
        }
    }

    async fn tried(
        &self,
        filter: &CampaignLeadFilter,
    ) -> Result<(Vec<StoredLead>, Vec<CampaignLead>), DatabaseUnavailable> {
        let (booked, _) = self.database.campaign_leads(filter).await?;
        let ids: Vec<LeadId> = booked.iter().map(|lead| lead.lead).collect();
        Ok((self.database.leads_by_id(&ids).await?, booked))
    }

    /// Leads that the campaign has no row of, and where it stopped looking for them before the end of the list: of a long
    /// list of which nearly all was tried others are read in between.
    async fn fresh(
        &self,
        campaign: CampaignId,
        wanted: Wanted,
        newest_first: bool,
        mut after: Option<LeadId>,
    ) -> Result<(Vec<StoredLead>, Option<LeadId>), DatabaseUnavailable> {
        let limit = usize::from(wanted.limit);
        let mut fresh = Vec::new();
        for _ in 0..LOOKS {
            let page = self.database.next_leads(wanted.list, newest_first, after, limit).await?;
            let is_last = page.len() < limit;
            after = page.last().map(|lead| lead.id);
            let ids: Vec<LeadId> = page.iter().map(|lead| lead.id).collect();
            let tried = self.database.campaign_leads_of(campaign, &ids).await?;
            let is_fresh = |lead: &StoredLead| tried.binary_search_by_key(&lead.id, |tried| tried.lead).is_err();
            fresh.extend(page.into_iter().filter(is_fresh));
            if is_last || fresh.len() >= limit {
                fresh.truncate(limit);
                return Ok((fresh, None));
            }
        }
        Ok((fresh, after))
    }

    async fn leads(
        &self,
        wanted: Wanted,
        stored: Vec<StoredLead>,
        booked: &[CampaignLead],
    ) -> Result<Vec<Lead>, DatabaseUnavailable> {
        let numbers = stored.iter().flat_map(|lead| &lead.numbers).map(|number| digits(&number.e164));
        let numbers: Vec<u64> = numbers.collect();
        let mut known = BTreeMap::new();
        let since = WallTime::from_micros(wall_now().as_micros().saturating_sub(micros(RECENT)));
        for some in numbers.chunks(NUMBERS_AT_ONCE) {
            known.extend(self.database.number_histories(&self.account, some, since).await?);
        }
        let history = |number: &str| {
            known.get(&digits(number)).map_or_else(NumberHistory::default, |known| NumberHistory {
                total: known.total,
                recent: known.recent.clone(),
                abandoned_at: known.abandoned_at,
                machine_at: known.machine_at,
            })
        };
        let lead = |stored: StoredLead| {
            let details: Details = serde_json::from_str(&stored.details).unwrap_or_default();
            let tried = booked.iter().find(|tried| tried.lead == stored.id);
            let number = |number: records::StoredNumber| (number.e164.clone(), history(&number.e164));
            Lead {
                id: stored.id,
                list: wanted.list,
                place: row_of_lead(stored.id).into(),
                consents: details.consents(stored.id),
                numbers: stored.numbers.into_iter().map(number).collect(),
                zone: details.time_zone,
                region: details.region,
                tries: tried.map(|tried| tries_of(&tried.tries)).unwrap_or_default(),
                booked: tried.map(|tried| booking(&tried.booked)),
            }
        };
        Ok(stored.into_iter().map(lead).collect())
    }
}

fn stock(list: Option<LeadList>) -> Stock {
    match list {
        Some(list) if !list.state.is_over() => Stock::Importing,
        Some(list) if list.counts.leads > 0 => Stock::Whole,
        _ => Stock::Empty,
    }
}

fn booking(booked: &LeadBooked) -> Booked {
    match booked {
        LeadBooked::Retry(at) => Booked::Retry(*at),
        LeadBooked::Callback(at, agent) => Booked::Callback(*at, *agent),
        LeadBooked::Done(word) => {
            let why = Done::ALL.into_iter().find(|why| why.word() == word);
            Booked::Done(why.unwrap_or(Done::Outcome))
        }
    }
}

fn digits(number: &str) -> u64 {
    number.trim_start_matches('+').parse().unwrap_or(0)
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// Numbers of a query: databases take some thousand values at once.
const NUMBERS_AT_ONCE: usize = 500;
/// Pages of a list that are looked through for one of new leads: a tenth of a second.
const LOOKS: usize = 20;
/// For the rows to follow the journal after a start.
const CATCH_UP: Duration = Duration::from_secs(30);
