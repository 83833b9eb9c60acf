//! What can be wrong with a row.

use serde::{Deserialize, Serialize};

/// Something wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// The column, from 0; none: the row as a whole.
    pub column: Option<usize>,
    /// What.
    pub code: IssueCode,
    /// More about it: the value, the list that has it, the rule that forbids it.
    pub detail: String,
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueClass {
    /// A value is left out; the row is not at fault.
    Note,
    /// It cannot be read.
    Invalid,
    /// It is there already.
    Duplicate,
    /// It must not be called.
    Forbidden,
}

macro_rules! codes {
    ($($name:ident = $word:literal, $class:ident, $says:literal;)*) => {
        /// What is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum IssueCode {
            $(#[doc = $says] $name,)*
        }

        impl IssueCode {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// It in a sentence.
            #[must_use]
            pub const fn says(self) -> &'static str {
                match self { $(Self::$name => $says,)* }
            }

            /// Its kind.
            #[must_use]
            pub const fn class(self) -> IssueClass {
                match self { $(Self::$name => IssueClass::$class,)* }
            }
        }
    };
}

codes! {
    UnclosedQuote = "unclosed_quote", Invalid, "A quote is opened and not closed.";
    RowTooLong = "row_too_long", Invalid, "The row is longer than a row may be.";
    TooManyCells = "too_many_cells", Invalid, "The row has more cells than there are columns: a separator stands in a value without quotes.";
    NoNumber = "no_number", Invalid, "The row has no number.";
    InvalidNumber = "invalid_number", Invalid, "It is no number of its country, and none with a country code.";
    RoundedNumber = "rounded_number", Invalid, "A spreadsheet rounded the number: its digits are lost.";
    UnknownCountry = "unknown_country", Invalid, "The country is not known: two letters are expected.";
    TooManyNumbers = "too_many_numbers", Note, "The lead has more numbers than are kept.";
    UnknownTimeZone = "unknown_time_zone", Note, "The time zone is none of IANA's (Europe/London): the lead is not dialed until it has one.";
    UnknownRegion = "unknown_region", Note, "The state or province is not known: the lead is not dialed under rules of states until it has one.";
    BadDate = "bad_date", Note, "The date is none: 2026-11-21 is expected.";
    ValueCut = "value_cut", Note, "The value was too long, and was cut.";
    DuplicateInList = "duplicate_in_list", Duplicate, "The number stands in the list before.";
    DuplicateInAccount = "duplicate_in_account", Duplicate, "The number stands in another list.";
    Forbidden = "forbidden", Forbidden, "The number must not be called.";
}

impl IssueCode {
    /// The code with this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.word() == word)
    }
}

impl IssueClass {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Invalid => "invalid",
            Self::Duplicate => "duplicate",
            Self::Forbidden => "forbidden",
        }
    }
}
