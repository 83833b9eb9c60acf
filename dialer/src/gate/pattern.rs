//! A number, or a prefix of numbers.

use core::fmt;
use core::str::FromStr;

/// A number in E.164, or with `*` at its end every number that begins so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    digits: String,
    is_prefix: bool,
}

/// The text is neither a number in E.164 nor a prefix of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a number like +442071234567, or a prefix like +4479* was expected, got {got:?}")]
pub struct BadPattern {
    /// What came, cut to a bounded length.
    pub got: String,
}

impl Pattern {
    /// Whether it takes this number (E.164).
    #[must_use]
    pub fn takes(&self, number: &str) -> bool {
        if self.is_prefix { number.starts_with(&self.digits) } else { number == self.digits }
    }

    /// Every number that begins so.
    #[must_use]
    pub fn is_prefix(&self) -> bool {
        self.is_prefix
    }

    /// The number or the prefix, with `+`, without `*`.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// A pattern for every number that begins with `digits`.
    ///
    /// # Errors
    /// When they are no `+` with at least one digit.
    pub fn prefix(digits: &str) -> Result<Self, BadPattern> {
        format!("{digits}*").parse()
    }
}

impl FromStr for Pattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        let (digits, is_prefix) = match text.strip_suffix('*') {
            Some(prefix) => (prefix, true),
            None => (text, false),
        };
        let shortest = if is_prefix { 1 } else { NUMBER_DIGITS_MIN };
        let number = digits.strip_prefix('+').filter(|number| {
            (shortest..=NUMBER_DIGITS_MAX).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
        });
        match number {
            Some(_) => Ok(Self { digits: digits.to_owned(), is_prefix }),
            None => Err(BadPattern { got: text.chars().take(NUMBER_DIGITS_MAX * 2).collect() }),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.digits, if self.is_prefix { "*" } else { "" })
    }
}

/// ITU-T E.164 6.2: at most 15 digits.
const NUMBER_DIGITS_MAX: usize = 15;
/// The shortest international numbers in use have seven digits.
const NUMBER_DIGITS_MIN: usize = 7;
