//! Leads as the database would read them.

use clock::LeadId;
use dialer::gate::packed;
use dialer::hopper::{Booked, Done, Lead, Tries, Wanted, What};
use dialer::runner::Input;

use super::World;

impl World {
    /// Of new leads few rows are looked through at once, as in a list of which nearly all was tried.
    pub(super) fn read(&self, wanted: Wanted) -> (Vec<Lead>, Option<u64>) {
        let is_after = |place: u64, after: Option<u64>| after.is_none_or(|after| place > after);
        let fits = |place: u64, booked: Option<Booked>| match wanted.what {
            What::Tried { after } => {
                is_after(place, after) && matches!(booked, Some(Booked::Retry(_) | Booked::Callback(..)))
            }
            What::NewAfter { place: after } => is_after(place, after) && booked.is_none(),
            What::NewBefore { place: before } => before.is_none_or(|before| place < before) && booked.is_none(),
            What::One { .. } | What::Denied { .. } => false,
            What::DoneBefore { after, .. } => is_after(place, after) && matches!(booked, Some(Booked::Done(_))),
        };
        let looked_to = self.looked_to(wanted);
        let is_in_sight = |place: u64| looked_to.is_none_or(|to| place <= to);
        let rows = self.rows.iter().filter(|(id, (place, list, numbers, booked))| {
            let is_denied = matches!(booked, Some((Booked::Done(Done::Denied), _)));
            let has = |wanted: u64| numbers.iter().any(|number| packed(number) == Some(wanted));
            let is_one = wanted.what == What::One { lead: **id }
                || matches!(wanted.what, What::Denied { number } if is_denied && has(number));
            let fits = || fits(*place, booked.as_ref().map(|(booked, _)| *booked)) && is_in_sight(*place);
            *list == wanted.list && (is_one || fits())
        });
        let known = |number: &String| (number.clone(), self.histories.get(number).cloned().unwrap_or_default());
        let mut leads: Vec<Lead> = rows
            .map(|(id, (place, list, numbers, booked))| Lead {
                id: *id,
                list: *list,
                place: *place,
                numbers: numbers.iter().map(known).collect(),
                tries: booked.as_ref().map(|(_, tries)| tries.clone()).unwrap_or_default(),
                booked: booked.as_ref().map(|(booked, _)| *booked),
                ..Lead::default()
            })
            .collect();
        leads.sort_by_key(|lead| lead.place);
        if matches!(wanted.what, What::NewBefore { .. }) {
            leads.reverse();
        }
        leads.truncate(wanted.limit.into());
        (leads, looked_to)
    }

    /// The database has it so that a lead is booked, before anything is read.
    pub(crate) fn booked(&mut self, lead: LeadId, booked: Booked) {
        if let Some(row) = self.rows.get_mut(&lead) {
            row.3 = Some((booked, Tries::default()));
        }
    }

    /// How the journal has it.
    pub(crate) fn booking(&self, lead: LeadId) -> Option<Booked> {
        self.rows.get(&lead).and_then(|row| row.3.as_ref()).map(|(booked, _)| *booked)
    }

    /// What is read from now on is under way until it is let come.
    pub(crate) fn hold_pages(&mut self) {
        (self.read_failure, self.under_way) = (0.0, Some(Vec::new()));
    }

    /// So many pages come that are under way.
    pub(crate) fn pages_come(&mut self, count: usize) {
        for _ in 0..count {
            let page = self.under_way.as_mut().expect("pages are under way").remove(0);
            self.tell(page);
        }
    }

    /// All of them come, and others at once.
    pub(crate) fn all_pages_come(&mut self) {
        self.under_way.take().into_iter().flatten().for_each(|page| self.tell(page));
    }

    /// A page was read: it comes, or is under way.
    pub(super) fn page_comes(&mut self, page: Input) {
        match &mut self.under_way {
            Some(under_way) => under_way.push(page),
            None => self.tell(page),
        }
    }

    /// The place of the last row that is looked at for new leads; none: the list ends before.
    fn looked_to(&self, wanted: Wanted) -> Option<u64> {
        let What::NewAfter { place: after } = wanted.what else { return None };
        let of_list = self.rows.values().filter(|(_, list, ..)| *list == wanted.list).map(|(place, ..)| *place);
        let mut places: Vec<u64> = of_list.filter(|place| after.is_none_or(|after| *place > after)).collect();
        places.sort_unstable();
        (places.len() > LOOKED_AT).then(|| places[LOOKED_AT - 1])
    }
}

/// Rows that are looked at for a page of new leads.
const LOOKED_AT: usize = 40;
