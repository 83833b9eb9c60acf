//! What campaigns did, by orders that left the dialer, entries of the journal and messages: no word of the dialer's own
//! snapshot is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use centre::owner::DialerInput;
use clock::{AttemptId, CallId, CampaignId, Instant, LeadId, LegId, WallTime};
use dialer::campaign::Definition;
use dialer::contract::Dial;
use dialer::runner::{Input, Written};
use journal_core::{AttemptEntry, CallEvent, DialOccasion, Durability, Entry, LegKind, Owner, Shared};

use crate::watch::Seen;

/// The book.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) now: Instant,
    /// Campaigns as they are written now.
    pub(super) definitions: BTreeMap<CampaignId, Arc<Definition>>,
    pub(super) attempts: BTreeMap<AttemptId, Row>,
    /// Attempts under way, in this life of the node.
    pub(super) in_flight: BTreeSet<AttemptId>,
    /// Attempts by their calls and by the legs that called.
    pub(super) of_call: BTreeMap<CallId, AttemptId>,
    pub(super) of_leg: BTreeMap<LegId, AttemptId>,
    pub(super) of_sip_call_id: BTreeMap<String, AttemptId>,
    /// Zones that leads name.
    pub(super) zones: BTreeMap<LeadId, Option<String>>,
    /// How leads are booked, entry by entry: a crash takes the last ones.
    pub(super) booked: BTreeMap<(CampaignId, LeadId), Vec<u64>>,
    /// Entries of the dialer that are synced, in this life.
    pub(super) synced: u64,
    /// When somebody set the node's clock last.
    pub(super) clock_set: Option<Instant>,
    /// Entries seen, ever: their order.
    pub(super) seen: u64,
}

/// An attempt.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) campaign: CampaignId,
    pub(super) lead: LeadId,
    pub(super) number: String,
    /// The dialer's number of its first entry in this life, and its place among all.
    pub(super) begun: (u64, u64),
    /// The verdict that let it pass: its entry's number, the number judged, when by the node's clock and in truth.
    pub(super) verdict: Option<(u64, String, WallTime, Instant)>,
    /// What its campaign was when it was judged.
    pub(super) definition: Option<Arc<Definition>>,
    /// The order, and when it left the dialer.
    pub(super) ordered: Option<(Box<Dial>, Instant, WallTime)>,
    /// Its entries, as far as the disk has them.
    pub(super) entries: Vec<Shared<AttemptEntry>>,
    /// What its call said, as far as the disk has it.
    pub(super) steps: Vec<CallEvent>,
}

impl Row {
    /// Its end, if it has one.
    pub(super) fn end(&self) -> Option<&AttemptEntry> {
        self.entries.iter().map(|entry| &**entry).find(|entry| entry.outcome.is_some())
    }

    /// There is no such number.
    pub(super) fn is_of_no_number(&self) -> bool {
        self.end().is_some_and(|end| end.outcome.as_deref() == Some("unobtainable"))
    }

    /// How often it ended.
    pub(super) fn ends(&self) -> usize {
        self.entries.iter().filter(|entry| entry.outcome.is_some()).count()
    }
}

impl Book {
    /// Notes what happened; the rules have been asked.
    pub(super) fn see(&mut self, seen: &Seen<'_>) {
        match seen {
            Seen::Journaled { owner: Owner::Dialer, number, entry } => self.dialer_wrote(*number, entry),
            Seen::Journaled { entry: Entry::Call(step), .. } => self.call_wrote(step.call, &step.event),
            Seen::EntryLost { entry, .. } => self.lost(entry),
            Seen::Progress { owner: Owner::Dialer, durability: Durability::Synced, number } => self.synced = *number,
            Seen::DialHandedOver { dial, wall } => {
                let now = self.now;
                if let Some(row) = self.attempts.get_mut(&dial.attempt) {
                    row.ordered = Some((Box::new((*dial).clone()), now, *wall));
                }
                self.in_flight.insert(dial.attempt);
            }
            Seen::DialerTold { input: DialerInput::Campaigns(input) } => match &**input {
                Input::Restore(restored) => self.written(restored.campaign, &restored.written),
                Input::Page { page, .. } => {
                    let leads = page.leads.iter().flatten();
                    self.zones.extend(leads.map(|lead| (lead.id, lead.zone.clone())));
                }
                _ => {}
            },
            Seen::CampaignWritten { campaign, written } => self.written(*campaign, written),
            Seen::ClockSet => self.clock_set = Some(self.now),
            Seen::Crashed => {
                self.synced = 0;
                self.in_flight.clear();
            }
            _ => {}
        }
    }

    /// The attempt that a call is.
    pub(super) fn row_of_call(&self, call: CallId) -> Option<(AttemptId, &Row)> {
        let attempt = *self.of_call.get(&call)?;
        Some((attempt, self.attempts.get(&attempt)?))
    }

    fn written(&mut self, campaign: CampaignId, written: &Written) {
        self.definitions.insert(campaign, Arc::clone(&written.definition));
    }

    fn dialer_wrote(&mut self, number: u64, entry: &Entry) {
        self.seen += 1;
        let (seen, now) = (self.seen, self.now);
        match entry {
            Entry::DialDecision(judged) => {
                let DialOccasion::Campaign { attempt: Some(attempt), campaign, lead, .. } = judged.occasion else {
                    return;
                };
                let row = self.attempts.entry(attempt).or_default();
                (row.campaign, row.lead) = (campaign, lead);
                row.definition = self.definitions.get(&campaign).cloned();
                row.verdict = judged.denial.is_none().then(|| (number, judged.number.clone(), judged.at, now));
            }
            Entry::Attempt(attempt) => {
                let row = self.attempts.entry(attempt.attempt).or_default();
                if row.entries.is_empty() {
                    row.begun = (number, seen);
                }
                (row.campaign, row.lead) = (attempt.campaign, attempt.lead);
                row.number.clone_from(&attempt.number);
                row.entries.push(attempt.clone());
                if attempt.outcome.is_some() {
                    self.in_flight.remove(&attempt.attempt);
                }
            }
            Entry::CampaignLead(lead) => {
                self.booked.entry((lead.campaign, lead.lead)).or_default().push(seen);
            }
            _ => {}
        }
    }

    fn call_wrote(&mut self, call: CallId, event: &CallEvent) {
        if let CallEvent::AttemptStarted { attempt, .. } = event {
            self.of_call.insert(call, *attempt);
        }
        let Some(attempt) = self.of_call.get(&call).copied() else { return };
        if let CallEvent::LegStarted { leg, kind: LegKind::Callee, sip_call_id, agent: None } = event {
            self.of_leg.insert(*leg, attempt);
            self.of_sip_call_id.insert(sip_call_id.clone(), attempt);
        }
        self.attempts.get_mut(&attempt).into_iter().for_each(|row| row.steps.push(event.clone()));
    }

    fn lost(&mut self, entry: &Entry) {
        match entry {
            Entry::Attempt(lost) => {
                let Some(row) = self.attempts.get_mut(&lost.attempt) else { return };
                if let Some(at) = row.entries.iter().rposition(|known| known == lost) {
                    row.entries.remove(at);
                }
                if row.entries.is_empty() && row.ordered.is_none() {
                    self.attempts.remove(&lost.attempt);
                }
            }
            Entry::CampaignLead(lead) => {
                if let Some(places) = self.booked.get_mut(&(lead.campaign, lead.lead)) {
                    places.pop();
                }
            }
            Entry::Call(step) => {
                let attempt = self.of_call.get(&step.call);
                let Some(row) = attempt.and_then(|attempt| self.attempts.get_mut(attempt)) else { return };
                if let Some(at) = row.steps.iter().rposition(|known| *known == step.event) {
                    row.steps.remove(at);
                }
            }
            _ => {}
        }
    }
}
