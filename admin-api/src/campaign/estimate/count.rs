//! Reads a campaign's lists for an estimate: page by page, each judged where nobody waits for it.

use std::sync::Arc;

use centre::{Directory, tries_of};
use clock::{LeadId, WallTime};
use dialer::campaign::Definition;
use dialer::estimate::{Counted, Counter, Law};
use dialer::gate::{Consents, Lists};
use dialer::hopper::{Booked, Done, Lead, NumberHistory};
use dialer::list::Details;
use dialer::runner::CampaignSnapshot;
use journal_core::LeadBooked;
use records::{CampaignLead, LEADS_A_PAGE_MAX, StoredLead, list_of_lead, row_of_lead};
use tokio::sync::Semaphore;

use crate::api::Shared;
use crate::problem::{Code, Problem};
use crate::time::wall_now;
use crate::voicemail::away;

/// What the lists of a campaign hold for it, and whether all of them have been imported to their ends.
pub(super) async fn count(
    shared: &Shared,
    account: &str,
    found: &CampaignSnapshot,
) -> Result<(Counted, bool), Problem> {
    let _turn = AT_ONCE.acquire().await.map_err(|_| broken())?;
    let (database, definition) = (&shared.services.database, &found.written.definition);
    let law = Arc::new(Judges {
        definition: Arc::clone(definition),
        directory: shared.directory(),
        lists: Arc::clone(&shared.snapshot().do_not_call),
        at: wall_now(),
    });
    let asks_consents = definition.terms.may_need_consent();
    let (mut counter, mut is_complete) = (Counter::default(), true);
    for share in &definition.lists {
        let list = database.lead_list(account, share.list).await.map_err(away)?;
        is_complete &= list.is_some_and(|list| list.state.is_over());
        let reset_at = found.resets.iter().find(|(list, _)| *list == share.list).map(|(_, at)| *at);
        let mut after = None;
        loop {
            let leads = database.next_leads(share.list, false, after, LEADS_A_PAGE_MAX).await.map_err(away)?;
            let is_last = leads.len() < LEADS_A_PAGE_MAX;
            after = leads.last().map(|lead| lead.id);
            let tried = match found.life.started_at {
                Some(_) => {
                    let ids: Vec<LeadId> = leads.iter().map(|lead| lead.id).collect();
                    database.campaign_leads_of(found.campaign, &ids).await.map_err(away)?
                }
                None => Vec::new(),
            };
            let numbers = leads.iter().filter(|_| asks_consents).flat_map(|lead| &lead.numbers);
            let consents =
                crate::campaign::consents(shared, numbers.map(|number| number.e164.clone()).collect()).await?;
            let page = Page { leads, tried, consents, reset_at };
            let law = Arc::clone(&law);
            counter = tokio::task::spawn_blocking(move || page.judged(counter, &law)).await.map_err(|_| broken())?;
            if is_last {
                break;
            }
        }
    }
    Ok((counter.counted(), is_complete))
}

/// The fault is ours.
pub(super) fn broken() -> Problem {
    Problem::new(Code::InternalError, "The leads could not be counted.")
}

struct Judges {
    definition: Arc<Definition>,
    directory: Arc<Directory>,
    lists: Arc<Lists>,
    at: WallTime,
}

struct Page {
    leads: Vec<StoredLead>,
    /// Those of them that the campaign tried, in the order of their ids.
    tried: Vec<CampaignLead>,
    /// What is known of consents of their numbers, where the campaign may need any.
    consents: Consents,
    reset_at: Option<WallTime>,
}

impl Page {
    fn judged(self, mut counter: Counter, judges: &Judges) -> Counter {
        let Judges { definition, directory, lists, at } = judges;
        let Self { leads, tried, consents, reset_at } = self;
        let law = Law { definition, rules: &directory.dial_rules, lists, consents: &consents, at: *at };
        for stored in leads {
            let of_lead = tried.binary_search_by_key(&stored.id, |tried| tried.lead).ok().and_then(|at| tried.get(at));
            counter.take(&lead(stored, of_lead, reset_at), law);
        }
        counter
    }
}

fn lead(stored: StoredLead, tried: Option<&CampaignLead>, reset_at: Option<WallTime>) -> Lead {
    let details: Details = serde_json::from_str(&stored.details).unwrap_or_default();
    let mut lead = Lead {
        id: stored.id,
        list: list_of_lead(stored.id),
        place: row_of_lead(stored.id).into(),
        consents: details.consents(stored.id),
        numbers: stored.numbers.into_iter().map(|number| (number.e164, NumberHistory::default())).collect(),
        zone: details.time_zone,
        region: details.region,
        tries: tried.map(|tried| tries_of(&tried.tries)).unwrap_or_default(),
        booked: tried
            .and_then(|tried| matches!(tried.booked, LeadBooked::Done(_)).then_some(Booked::Done(Done::Outcome))),
    };
    if tried.zip(reset_at).is_some_and(|(tried, reset_at)| tried.updated_at < reset_at) {
        lead.tries.reset();
        lead.booked = None;
    }
    lead
}

/// A million leads keep the database busy for some time.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
