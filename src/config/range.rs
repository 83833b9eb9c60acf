//! Extensions written as single ones (`1001`) and ranges (`1001-1030`).

/// The extensions that `text` names, in order; `None` when it is neither an
/// extension nor a rising range of at most `RANGE_MAX`.
pub(super) fn extensions(text: &str) -> Option<Vec<String>> {
    match text.split_once('-') {
        None => is_extension(text).then(|| vec![text.to_owned()]),
        Some((first, last)) => {
            if !is_extension(first) || !is_extension(last) || first.len() != last.len() {
                return None;
            }
            let (low, high): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            if low > high || high - low >= RANGE_MAX {
                return None;
            }
            Some((low..=high).map(|number| format!("{number:0width$}", width = first.len())).collect())
        }
    }
}

fn is_extension(text: &str) -> bool {
    (1..=EXTENSION_DIGITS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// More digits than that is a telephone number.
const EXTENSION_DIGITS_MAX: usize = 6;
/// A range of more agents than a node serves is a typing error.
const RANGE_MAX: u64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_ones_and_ranges() {
        assert_eq!(extensions("1001"), Some(vec!["1001".to_owned()]));
        assert_eq!(extensions("0998-1000"), Some(vec!["0998".to_owned(), "0999".to_owned(), "1000".to_owned()]));
        for wrong in ["", "abc", "10-9", "1-10", "1000-", "-1", "1234567", "100000-199999"] {
            assert_eq!(extensions(wrong), None, "{wrong}");
        }
    }
}
