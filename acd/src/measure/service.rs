//! Rates: each with its formula, as the variants differ by much (contact-centre.md section 8).

use super::figures::Figures;

/// The common definitions of the service level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Formula {
    /// Of the answered.
    A,
    /// Of all that were answered or gave up.
    B,
    /// The same without those who gave up in time: the default.
    C,
    /// Who gave up in time was served in time too.
    D,
    /// Of all that were offered, those who wait still among them.
    E,
}

/// Variants of the abandon rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AbandonRate {
    /// Of all that were offered.
    All,
    /// Who gave up within S is not counted at all.
    WithoutShort,
}

impl Formula {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::A, Self::B, Self::C, Self::D, Self::E];

    /// Its letter.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::D => "d",
            Self::E => "e",
        }
    }

    /// The formula, to be shown beside the number; the words are those of the counts.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::A => "answered_in_time / answered",
            Self::B => "answered_in_time / (answered + abandoned)",
            Self::C => "answered_in_time / (answered + abandoned - abandoned_in_time)",
            Self::D => "(answered_in_time + abandoned_in_time) / (answered + abandoned)",
            Self::E => "answered_in_time / offered",
        }
    }

    /// The value, 0 to 1; `None` while nothing is counted.
    #[must_use]
    pub fn of(self, figures: &Figures) -> Option<f64> {
        let Figures { offered, answered, answered_in_time, abandoned, abandoned_in_time, .. } = *figures;
        match self {
            Self::A => ratio(answered_in_time, answered),
            Self::B => ratio(answered_in_time, answered + abandoned),
            Self::C => ratio(answered_in_time, answered + abandoned - abandoned_in_time),
            Self::D => ratio(answered_in_time + abandoned_in_time, answered + abandoned),
            Self::E => ratio(answered_in_time, offered),
        }
    }
}

impl AbandonRate {
    /// Both.
    pub const ALL: [Self; 2] = [Self::All, Self::WithoutShort];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::WithoutShort => "without_short",
        }
    }

    /// The formula, to be shown beside the number.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::All => "abandoned / offered",
            Self::WithoutShort => "(abandoned - abandoned_short) / (offered - abandoned_short)",
        }
    }

    /// The value, 0 to 1; `None` while nothing is counted.
    #[must_use]
    pub fn of(self, figures: &Figures) -> Option<f64> {
        let Figures { offered, abandoned, abandoned_short, .. } = *figures;
        match self {
            Self::All => ratio(abandoned, offered),
            Self::WithoutShort => ratio(abandoned - abandoned_short, offered - abandoned_short),
        }
    }
}

/// Counts are far below 2^53, so the division is exact enough.
pub(crate) fn ratio(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_differ_as_the_table_says() {
        // 100 offered: 70 answered, 56 of them in time; 20 gave up, 8 of them in time and 4 of these short; 10 elsewhere.
        let figures = Figures {
            offered: 100,
            answered: 70,
            answered_in_time: 56,
            abandoned: 20,
            abandoned_in_time: 8,
            abandoned_short: 4,
            timed_out: 10,
            ..Figures::default()
        };
        let levels = Formula::ALL.map(|formula| formula.of(&figures).unwrap());
        let expected = [56.0 / 70.0, 56.0 / 90.0, 56.0 / 82.0, 64.0 / 90.0, 56.0 / 100.0];
        assert_eq!(levels, expected);
        assert_eq!(AbandonRate::All.of(&figures), Some(0.2));
        assert_eq!(AbandonRate::WithoutShort.of(&figures), Some(16.0 / 96.0));
        assert!(Formula::ALL.iter().all(|formula| formula.of(&Figures::default()).is_none()));
    }
}
