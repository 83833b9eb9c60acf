//! Consents of numbers that were told to the node, beside those that lists of leads bring.
//!
//! A revocation is of a number and a purpose, and is stronger than any consent that was given before it, whoever has
//! that: a list's lead too. What is given afterwards stands again.

use std::collections::BTreeMap;

use clock::WallTime;

use super::facts::{Consent, ConsentTo};
use super::numbers::packed;

/// What is known of consents, by number and purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consents {
    known: BTreeMap<(u64, ConsentTo), Known>,
}

/// The newest consent with its record, and the newest revocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    given: Option<(String, WallTime)>,
    revoked: Option<WallTime>,
}

/// Something that is told of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentTold {
    /// The number, E.164.
    pub number: String,
    /// To what.
    pub to: ConsentTo,
    /// The id of its record where it is given; none: it is revoked.
    pub given: Option<String>,
    /// When the person said so.
    pub at: WallTime,
}

impl Consents {
    /// There is room for it, and it is of a number. A revocation has room where nothing else has.
    #[must_use]
    pub fn has_room(&self, told: &ConsentTold) -> bool {
        let most = if told.given.is_some() { CONSENTS_MAX } else { 2 * CONSENTS_MAX };
        packed(&told.number)
            .is_some_and(|number| self.known.len() < most || self.known.contains_key(&(number, told.to)))
    }

    /// Takes what is told of a number. False, and nothing changed, when there is no room.
    pub fn take(&mut self, told: &ConsentTold) -> bool {
        let Some(number) = packed(&told.number).filter(|_| self.has_room(told)) else { return false };
        let known = self.known.entry((number, told.to)).or_default();
        match &told.given {
            None => known.revoked = known.revoked.max(Some(told.at)),
            Some(id) if known.given.as_ref().is_none_or(|(_, at)| *at <= told.at) => {
                known.given = Some((id.clone(), told.at));
            }
            Some(_) => {}
        }
        true
    }

    /// How many are known.
    #[must_use]
    pub fn count(&self) -> usize {
        self.known.len()
    }

    /// What is known of these numbers, E.164, alone.
    #[must_use]
    pub fn about(&self, numbers: &[String]) -> Self {
        let keys = numbers.iter().filter_map(|number| packed(number));
        let keys = keys.flat_map(|number| ConsentTo::ALL.into_iter().map(move |to| (number, to)));
        Self { known: keys.filter_map(|key| Some((key, self.known.get(&key)?.clone()))).collect() }
    }

    /// The numbers, packed, of the consents that were written down last: of so many, by the ids of their records, which are
    /// in the order of time.
    #[must_use]
    pub fn newest(&self, count: usize) -> Vec<u64> {
        let given =
            self.known.iter().filter_map(|((number, _), known)| Some((known.given.as_ref()?.0.as_str(), *number)));
        let mut given: Vec<_> = given.collect();
        given.sort_unstable_by(|one, other| other.cmp(one));
        given.truncate(count);
        given.into_iter().map(|(_, number)| number).collect()
    }

    /// The consents that the gate goes by for a number: those of its lead, as far as nobody revoked them, and its own.
    #[must_use]
    pub fn of(&self, number: &str, of_lead: &[Consent]) -> Vec<Consent> {
        let Some(number) = packed(number) else { return Vec::new() };
        let revoked = |to: ConsentTo, given_at: WallTime| {
            let revoked = self.known.get(&(number, to)).and_then(|known| known.revoked);
            revoked.filter(|at| *at >= given_at)
        };
        let of_lead = of_lead.iter().map(|given| {
            let revoked_at = given.revoked_at.into_iter().chain(revoked(given.to, given.given_at)).min();
            Consent { revoked_at, ..given.clone() }
        });
        let own = ConsentTo::ALL.into_iter().filter_map(|to| {
            let (id, given_at) = self.known.get(&(number, to))?.given.clone()?;
            Some(Consent { to, id, given_at, revoked_at: revoked(to, given_at) })
        });
        of_lead.chain(own).collect()
    }
}

/// Numbers and purposes of which a consent is known: some 50 MB. Those of lists are kept with their leads.
pub const CONSENTS_MAX: usize = 300_000;

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: &str = "+442079460000";
    const TO: ConsentTo = ConsentTo::ArtificialVoice;

    fn told(given: Option<&str>, at: i64) -> ConsentTold {
        let (number, given) = (NUMBER.to_owned(), given.map(str::to_owned));
        ConsentTold { number, to: TO, given, at: WallTime::from_micros(at) }
    }

    fn stand(consents: &Consents, of_lead: &[Consent], at: i64) -> Vec<String> {
        let all = consents.of(NUMBER, of_lead);
        all.into_iter().filter(|one| one.stands(WallTime::from_micros(at))).map(|one| one.id).collect()
    }

    #[test]
    fn what_was_revoked_does_not_stand_whoever_has_it_and_what_is_given_later_does() {
        let mut consents = Consents::default();
        let of_lead =
            [Consent { to: TO, id: "lead".to_owned(), given_at: WallTime::from_micros(10), revoked_at: None }];
        assert!(consents.take(&told(Some("first"), 20)));
        assert_eq!(stand(&consents, &of_lead, 25), ["lead", "first"]);
        assert!(consents.take(&told(None, 30)));
        assert_eq!(stand(&consents, &of_lead, 29), ["lead", "first"], "it stood until then");
        assert!(stand(&consents, &of_lead, 30).is_empty());
        // What is told late was said before.
        assert!(consents.take(&told(Some("late"), 15)) && consents.take(&told(None, 12)));
        assert!(stand(&consents, &of_lead, 40).is_empty());
        assert!(consents.take(&told(Some("again"), 50)));
        assert_eq!(stand(&consents, &of_lead, 50), ["again"]);
        assert!(consents.of("+442079460001", &[]).is_empty());
        let about = consents.about(&[NUMBER.to_owned(), "+442079460001".to_owned()]);
        assert_eq!((stand(&about, &of_lead, 50), about == consents), (vec!["again".to_owned()], true));
        assert!(!consents.take(&ConsentTold { number: "0207".to_owned(), ..told(None, 1) }));
    }
}
