//! Numbers as lists have them: in every spelling, several in a cell, and as spreadsheets spoil them.

use super::issue::IssueCode;

/// How numbers are written in a country. The plans are the call engine's; who reads a list brings them.
pub trait Numbering {
    /// What was dialed from `country` (ISO 3166-1, upper case) as E.164 with its `+`; none when it is no number.
    fn e164(&mut self, country: &str, dialed: &str) -> Option<String>;

    /// What a national number is dialed with (`0`), where something is; none for a country that is not known.
    fn trunk_prefix(&mut self, country: &str) -> Option<String>;
}

/// Reads one number of a cell.
pub(super) fn read(text: &str, country: &str, numbering: &mut dyn Numbering) -> Result<String, IssueCode> {
    let cleaned = cleaned(text);
    if is_rounded(&cleaned) {
        return Err(IssueCode::RoundedNumber);
    }
    if let Some(number) = numbering.e164(country, &cleaned) {
        return Ok(number);
    }
    // A spreadsheet that takes it for a quantity drops the zero in front.
    let prefix = numbering.trunk_prefix(country).filter(|prefix| !prefix.is_empty());
    let whole = prefix.filter(|_| cleaned.starts_with(|c: char| c.is_ascii_digit() && c != '0'));
    let number = whole.and_then(|prefix| numbering.e164(country, &(prefix + &cleaned)));
    number.ok_or(IssueCode::InvalidNumber)
}

/// The numbers of a cell: `020 7183 0001 / 07700 900123`. One without a digit (`n/a`) is one that is none.
pub(super) fn several(cell: &str) -> impl Iterator<Item = &str> {
    let has_digits = cell.contains(|c: char| c.is_ascii_digit());
    let between = move |c| has_digits && [';', '/', '|', ',', '\n', '\r'].contains(&c);
    cell.split(between).map(str::trim).filter(|part| !part.is_empty())
}

/// Whether a cell can be nothing but a number: enough digits, and nothing but what is written between them.
pub(super) fn is_like_a_number(cell: &str) -> bool {
    let cleaned = cleaned(cell);
    let digits = cleaned.bytes().filter(u8::is_ascii_digit).count();
    let is_written_so = |(place, c): (usize, char)| match c {
        '0'..='9' | ' ' | '-' | '.' | '(' | ')' => true,
        '+' => place == 0,
        _ => false,
    };
    (DIGITS_MIN..=DIGITS_MAX).contains(&digits) && cleaned.char_indices().all(is_written_so)
}

/// Whether a cell holds what was a number: one at least, or one that a spreadsheet has rounded.
pub(super) fn holds_a_number(cell: &str) -> bool {
    several(cell).any(|part| is_like_a_number(part) || is_rounded(&cleaned(part)))
}

/// Without what is around a number and is none of it: `tel:`, a spreadsheet's apostrophe, an extension, odd spaces and
/// dashes.
fn cleaned(text: &str) -> String {
    let text = text.trim().trim_start_matches('\'').trim_matches('"');
    let text = text.strip_prefix("tel:").or_else(|| text.strip_prefix("TEL:")).unwrap_or(text);
    let text = text.split(['x', 'X', '#']).next().unwrap_or_default();
    let text = text.strip_suffix(['e', 'E']).unwrap_or(text);
    let ascii = |c: char| match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        c if c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}') => ' ',
        '\u{ff0b}' => '+',
        c => c,
    };
    let cleaned: String = text.chars().take(NUMBER_CHARS_MAX).map(ascii).collect();
    // A spreadsheet's quantity: 442071830001.0
    cleaned.trim().strip_suffix(".0").map_or_else(|| cleaned.trim().to_owned(), str::to_owned)
}

/// `4.42072E+11`: the digits are gone.
fn is_rounded(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_number(mantissa) && is_number(exponent.trim_start_matches('+'))
}

/// A number that people call has as many (ITU-T E.164 6.2 for the most, and a prefix).
const DIGITS_MIN: usize = 7;
const DIGITS_MAX: usize = 18;
/// With all that may stand between the digits.
const NUMBER_CHARS_MAX: usize = 64;
