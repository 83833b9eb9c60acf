//! How a dialed string becomes an E.164 number.

use crate::plan::{NumberFormat, NumberPlan};

/// Longest dialed string that is looked at: an E.164 number has 15 digits, the
/// rest is room for prefixes and separators.
pub const MAX_DIALED_LEN: usize = 64;

impl NumberPlan {
    /// `dialed` as an E.164 number with its `+`, if it can be one: `+44…`,
    /// `0044…`, `44…` and `020…` are the same number of country 44.
    #[must_use]
    pub fn e164(&self, dialed: &str) -> Option<String> {
        // Carriers put parameters of number portability behind the number (RFC 3261 19.1.6, RFC 4694).
        let number = dialed.split_once(';').map_or(dialed, |(number, _)| number);
        let digits = strip_separators(number)?;
        let international = match digits.strip_prefix('+') {
            Some(rest) => Some(rest.to_owned()),
            None => self.after_international_prefix(&digits).or_else(|| self.national(&digits)),
        }?;
        let international = self.without_inner_trunk_prefix(international);
        let well_formed = (MIN_E164_DIGITS..=MAX_E164_DIGITS).contains(&international.len())
            && international.bytes().all(|b| b.is_ascii_digit())
            && !international.starts_with('0');
        well_formed.then(|| format!("+{international}"))
    }

    /// An E.164 number as a trunk wants it; anything else as it is.
    #[must_use]
    pub fn write(&self, number: &str, format: NumberFormat) -> String {
        let Some(digits) = number.strip_prefix('+') else { return number.to_owned() };
        match format {
            NumberFormat::Plus => number.to_owned(),
            NumberFormat::Digits => digits.to_owned(),
            NumberFormat::National => match digits.strip_prefix(self.country_code.as_str()) {
                Some(national) if !self.country_code.is_empty() => format!("{}{national}", self.trunk_prefix),
                _ => format!("{}{digits}", self.international_prefix),
            },
        }
    }

    /// Whether a number outside the home country or of a premium prefix may be dialed (DESIGN section 7).
    #[must_use]
    pub fn permits(&self, e164: &str) -> bool {
        dialer::gate::let_out(&self.country_code, &self.allowed_countries, &self.denied_prefixes, e164).is_ok()
    }

    fn after_international_prefix(&self, digits: &str) -> Option<String> {
        let prefix = Some(self.international_prefix.as_str()).filter(|prefix| !prefix.is_empty())?;
        digits.strip_prefix(prefix).map(str::to_owned)
    }

    /// A national number behind the trunk prefix, or a full one without its `+`.
    fn national(&self, digits: &str) -> Option<String> {
        if self.country_code.is_empty() {
            return None;
        }
        let (shortest, longest) = self.national_digits;
        let fits = |national: &&str| (usize::from(shortest)..=usize::from(longest)).contains(&national.len());
        let behind_trunk_prefix = digits.strip_prefix(self.trunk_prefix.as_str()).filter(fits);
        let behind_country_code = digits.strip_prefix(self.country_code.as_str()).filter(fits);
        // With an empty trunk prefix both may fit; the longer reading is the full number.
        match (behind_country_code, behind_trunk_prefix) {
            (Some(national), _) if self.trunk_prefix.is_empty() || !digits.starts_with(&self.trunk_prefix) => {
                Some(format!("{}{national}", self.country_code))
            }
            (_, Some(national)) => Some(format!("{}{national}", self.country_code)),
            _ => None,
        }
    }

    /// `+44 (0)20 …`, as letterheads have it.
    fn without_inner_trunk_prefix(&self, international: String) -> String {
        let inner = international.strip_prefix(self.country_code.as_str()).filter(|_| !self.country_code.is_empty());
        match inner.and_then(|national| national.strip_prefix(self.trunk_prefix.as_str())) {
            Some(national) if !self.trunk_prefix.is_empty() => format!("{}{national}", self.country_code),
            _ => international,
        }
    }
}

/// The string without visual separators (RFC 3966 5.1.1); `None` when something else than digits is left.
fn strip_separators(dialed: &str) -> Option<String> {
    if dialed.len() > MAX_DIALED_LEN {
        return None;
    }
    let stripped: String = dialed.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')' | ' ')).collect();
    let digits = stripped.strip_prefix('+').unwrap_or(&stripped);
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then_some(stripped)
}

/// Longest number (ITU-T E.164 6.2.1).
const MAX_E164_DIGITS: usize = 15;
/// Shortest in use: country code and subscriber number of small islands.
const MIN_E164_DIGITS: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    fn gb() -> NumberPlan {
        NumberPlan {
            country_code: "44".to_owned(),
            trunk_prefix: "0".to_owned(),
            international_prefix: "00".to_owned(),
            national_digits: (9, 10),
            allowed_countries: vec!["353".to_owned()],
            denied_prefixes: vec!["+449".to_owned()],
            ..NumberPlan::default()
        }
    }

    #[test]
    fn four_ways_to_write_one_number() {
        for dialed in [
            "+442071830001",
            "00442071830001",
            "442071830001",
            "02071830001",
            "+44 (0)20-7183.0001",
            "+442071830001;npdi;rn=+442071839999",
        ] {
            assert_eq!(gb().e164(dialed).as_deref(), Some("+442071830001"), "{dialed}");
        }
    }

    #[test]
    fn three_ways_in_which_a_trunk_wants_it() {
        use NumberFormat::{Digits, National, Plus};
        for (number, format, wanted) in [
            ("+442071830001", Plus, "+442071830001"),
            ("+442071830001", Digits, "442071830001"),
            ("+442071830001", National, "02071830001"),
            ("+35312345678", National, "0035312345678"),
            ("999", National, "999"),
        ] {
            assert_eq!(gb().write(number, format), wanted);
        }
    }

    #[test]
    fn what_is_no_number() {
        let too_long = "1".repeat(65);
        for dialed in ["", "+", "1001", "999", "alice", "0", "+0123456789", "+44207183000123456", "12+34567", &too_long]
        {
            assert_eq!(gb().e164(dialed), None, "{dialed}");
        }
    }

    #[test]
    fn abroad_and_premium_are_denied_unless_allowed() {
        let plan = gb();
        assert!(plan.permits("+442071830001"));
        assert!(plan.permits("+35312345678"));
        assert!(!plan.permits("+449098790001"), "premium");
        assert!(!plan.permits("+33123456789"), "abroad");
        assert!(!NumberPlan::default().permits("+33123456789"));
    }

    #[test]
    fn a_country_without_trunk_prefix() {
        let plan = NumberPlan {
            country_code: "351".to_owned(),
            international_prefix: "00".to_owned(),
            national_digits: (9, 9),
            ..NumberPlan::default()
        };
        for dialed in ["211234567", "351211234567", "00351211234567", "+351211234567"] {
            assert_eq!(plan.e164(dialed).as_deref(), Some("+351211234567"), "{dialed}");
        }
    }
}
