//! The city's numbers: as many as wanted, in a country where people may be called at this hour.

use std::time::SystemTime;

/// Numbers of one country.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    /// The country's code, without `+`.
    pub(crate) country: &'static str,
    prefix: &'static str,
    /// Digits after the prefix.
    digits: usize,
}

impl Numbers {
    /// Britain by day; at its night a place where it is day, as the gate calls nobody between 21:00 and 8:00.
    pub(crate) fn now() -> Self {
        let since = SystemTime::UNIX_EPOCH.elapsed().expect("it is after 1970").as_secs();
        match since / 3_600 % 24 {
            8..19 => Self { country: "44", prefix: "+44207", digits: 7 },
            // Los Angeles, 11:00 to 20:00 there.
            19.. | 0..3 => Self { country: "1", prefix: "+12137", digits: 6 },
            // Tokyo, 12:00 to 17:00 there.
            _ => Self { country: "81", prefix: "+8133", digits: 7 },
        }
    }

    /// The `nth` number, E.164.
    pub(crate) fn number(&self, nth: usize) -> String {
        let base = 10_usize.pow(self.digits as u32 - 1) * 4;
        format!("{}{:0width$}", self.prefix, base + nth, width = self.digits)
    }

    /// Which of them a URI or number names.
    pub(crate) fn nth(&self, text: &str) -> Option<usize> {
        let digits: String = text.split('@').next()?.chars().filter(char::is_ascii_digit).collect();
        let rest = digits.strip_prefix(self.prefix.trim_start_matches('+'))?;
        rest.parse::<usize>().ok()?.checked_sub(10_usize.pow(self.digits as u32 - 1) * 4)
    }
}
