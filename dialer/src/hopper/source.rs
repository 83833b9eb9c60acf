//! A list as leads come from it, in pages.

use std::collections::VecDeque;

use clock::{LeadId, ListId, WallTime};

use super::lead::Lead;
use crate::campaign::LeadOrder;

/// A page of leads that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Of which list.
    pub list: ListId,
    /// Which of its leads.
    pub what: What,
    /// At most so many.
    pub limit: u16,
    /// When it was asked for, among all that the dialer asks for: what has a greater number is read later. 0: not yet.
    pub read: u64,
}

/// Which leads of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Those that this campaign tried and that are not done, in the order of their places, after this one.
    Tried {
        /// The place of the last that was read.
        after: Option<u64>,
    },
    /// Those that this campaign never tried, in the order of their places, after this one.
    NewAfter {
        /// The place of the last that was read.
        place: Option<u64>,
    },
    /// Those that this campaign never tried, the last first, before this place.
    NewBefore {
        /// The place of the last that was read.
        place: Option<u64>,
    },
    /// Those that have this number, packed, and are done because the gate denied them.
    Denied {
        /// The number.
        number: u64,
    },
    /// This one, whatever became of it.
    One {
        /// Which.
        lead: LeadId,
    },
    /// Those that were done before the list was reset, in the order of their places, after this one.
    DoneBefore {
        /// When the list was reset.
        reset_at: WallTime,
        /// The place of the last that was read.
        after: Option<u64>,
    },
}

/// Leads as they were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What was asked.
    pub wanted: Wanted,
    /// The leads; none: they could not be read.
    pub leads: Option<Vec<Lead>>,
    /// What the list had just before they were read.
    pub stock: Stock,
    /// The place up to which the list was looked through, where its end was not reached: fewer leads than were asked for
    /// are not the last then. None: they are.
    pub looked_to: Option<u64>,
}

/// What a list has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stock {
    /// All its leads, unless some are added.
    #[default]
    Whole,
    /// It never had a lead.
    Empty,
    /// It is not imported to its end: more leads come by themselves.
    Importing,
}

/// A list of a campaign.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) list: ListId,
    pub(super) share: u32,
    /// New leads taken from it.
    pub(super) served: u64,
    /// New leads that are to come, next first.
    pub(super) buffer: VecDeque<LeadId>,
    order: LeadOrder,
    step: Step,
    /// Its highest place read.
    highest: Option<u64>,
    lowest: Option<u64>,
    /// A page is under way, or was not to be had: which, and since when.
    asked: Option<(What, WallTime)>,
    /// Everything was read, when it was looked last.
    dry_at: Option<WallTime>,
    /// Leads were added since the page that is under way was asked for.
    has_more: bool,
    /// What it had, when it was looked last.
    pub(super) stock: Stock,
    pub(super) reset_at: Option<WallTime>,
}

/// How far the reading of a list has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Tried(Option<u64>),
    Done(Option<u64>),
    New,
    /// Of a list that is read from its end: what was added since.
    Added,
}

impl Source {
    pub(super) fn new(list: ListId, share: u32, order: LeadOrder, reset_at: Option<WallTime>) -> Self {
        Self {
            list,
            share: share.max(1),
            served: 0,
            buffer: VecDeque::new(),
            order,
            step: Step::Tried(None),
            highest: None,
            lowest: None,
            asked: None,
            dry_at: None,
            has_more: false,
            stock: Stock::default(),
            reset_at,
        }
    }

    /// What to ask for at `now`, if anything.
    pub(super) fn wanted(&mut self, now: WallTime) -> Option<Wanted> {
        let waits = |at: Option<WallTime>, pause| at.is_some_and(|at| now < at + pause);
        // Nothing is dialed before all that was tried is known, so nothing would make room.
        let is_full = self.is_ready() && self.buffer.len() >= LOW_WATER;
        if waits(self.asked.map(|(_, at)| at), ASK_AGAIN) || is_full || waits(self.dry_at, LOOK_AGAIN) {
            return None;
        }
        let what = match (self.step, self.order, self.reset_at) {
            (Step::Tried(after), _, _) => What::Tried { after },
            (Step::Done(after), _, Some(reset_at)) => What::DoneBefore { reset_at, after },
            (Step::New, LeadOrder::NewestFirst, _) => What::NewBefore { place: self.lowest },
            _ => What::NewAfter { place: self.highest },
        };
        (self.asked, self.has_more) = (Some((what, now)), false);
        Some(Wanted { list: self.list, what, limit: PAGE, read: 0 })
    }

    /// Notes that a page came. `None`: it could not be read, and is asked for again later. One that came twice, or was
    /// asked for before the list was reset, says nothing of how far the reading has come.
    pub(super) fn came(&mut self, page: &Page, now: WallTime) {
        let Page { wanted, stock, looked_to, .. } = *page;
        let Some(leads) = page.leads.as_deref() else { return };
        if self.asked.is_none_or(|(what, _)| what != wanted.what) {
            return;
        }
        (self.asked, self.stock) = (None, stock);
        let is_last = leads.len() < usize::from(wanted.limit) && looked_to.is_none();
        let places = || leads.iter().map(|lead| lead.place).chain(looked_to);
        match wanted.what {
            What::Tried { .. } if is_last => self.step = self.reset_at.map_or(Step::New, |_| Step::Done(None)),
            What::Tried { .. } => self.step = Step::Tried(places().max()),
            What::DoneBefore { .. } if is_last => self.step = Step::New,
            What::DoneBefore { .. } => self.step = Step::Done(places().max()),
            What::One { .. } | What::Denied { .. } => {}
            What::NewAfter { .. } | What::NewBefore { .. } => {
                self.highest = places().max().max(self.highest);
                self.lowest = places().chain(self.lowest).min();
                if is_last {
                    // A list that is read from its end is read forwards from then on.
                    self.step = if self.order == LeadOrder::NewestFirst { Step::Added } else { Step::New };
                    self.dry_at = (!self.has_more).then_some(now);
                } else {
                    self.dry_at = None;
                }
            }
        }
    }

    /// The list was reset: what is done is read again, after what waits for its next try.
    pub(super) fn reset(&mut self, at: WallTime) {
        (self.reset_at, self.asked, self.dry_at) = (Some(at), None, None);
        self.step = if self.is_ready() { Step::Done(None) } else { Step::Tried(None) };
    }

    /// Leads may have been added.
    pub(super) fn look(&mut self) {
        (self.dry_at, self.has_more) = (None, true);
    }

    /// Everything of it was read, when it was looked last.
    pub(super) const fn is_dry(&self) -> bool {
        self.dry_at.is_some()
    }

    /// What was tried before is known.
    pub(super) const fn is_ready(&self) -> bool {
        !matches!(self.step, Step::Tried(_))
    }

    /// By chance, within what is there.
    pub(super) const fn is_shuffled(&self) -> bool {
        matches!(self.order, LeadOrder::Random)
    }
}

/// Leads a page: a query of some milliseconds.
pub const PAGE: u16 = 500;
/// With fewer than so many new leads the next page is asked for: some seconds of 200 attempts a second.
const LOW_WATER: usize = 500;
/// A page that has not come is asked for again.
const ASK_AGAIN: core::time::Duration = core::time::Duration::from_secs(5);
/// A list that has run dry is looked at again.
const LOOK_AGAIN: core::time::Duration = core::time::Duration::from_secs(30);
