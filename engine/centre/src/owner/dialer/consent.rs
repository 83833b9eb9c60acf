//! Consents of numbers: written down here, and heard of by the campaigns before anybody is told that they are.

use clock::{Now, RequestId};
use dialer::gate::{ConsentTo, ConsentTold, Consents};
use dialer::runner::Input;
use journal_core::{ConsentEntry, Entry};

use super::DialerOwner;
use super::campaigns::all_of;
use crate::{Answer, CommandError, Delivery};

impl DialerOwner {
    /// The client hears of it when it is synced; it holds from the next number on.
    pub(super) fn consent(&mut self, now: Now, request: RequestId, entry: ConsentEntry) {
        let told = told(&entry).filter(|told| self.campaigns.has_room_for(told));
        let result = match told {
            Some(told) => {
                self.campaigns.handle(now, Input::Consent(told));
                self.journal(Entry::Consent(Box::new(entry.clone())));
                Ok(Answer::Consent(Box::new(entry)))
            }
            None => Err(CommandError::ListFull),
        };
        let gate = Some(all_of(self.entries));
        self.out.push_back(Delivery::Answer { request, result, gate });
    }
}

/// What the journal knows, as the gate wants to know it.
pub(super) fn known(kept: &journal_core::Consents) -> Consents {
    let mut consents = Consents::default();
    for (number, purpose, known) in kept.iter() {
        // A purpose of a newer program is nothing that this one asks for.
        let Some(to) = ConsentTo::of_word(purpose) else { continue };
        let told = |given, at| ConsentTold { number: number.to_owned(), to, given, at };
        let given = known.given.map(|(id, at)| told(Some(record(id)), at));
        let revoked = known.revoked.map(|at| told(None, at));
        for told in given.into_iter().chain(revoked) {
            // The journal took no more than fit.
            consents.take(&told);
        }
    }
    consents
}

fn told(entry: &ConsentEntry) -> Option<ConsentTold> {
    let to = ConsentTo::of_word(&entry.purpose)?;
    let given = entry.given.then(|| record(entry.id));
    Some(ConsentTold { number: entry.number.clone(), to, given, at: entry.at })
}

/// The id of a record as the API writes it.
fn record(id: u128) -> String {
    format!("consent_{id:032x}")
}
