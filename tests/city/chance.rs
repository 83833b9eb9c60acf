//! What chance allows: the binomial interval.

/// The least and the most of `n` trials of chance `p` that are within 99 %: half a percent lies below, and above.
pub(crate) fn interval_99(n: u64, p: f64) -> (u64, u64) {
    if p <= 0.0 {
        return (0, 0);
    }
    let (ln_p, ln_q) = (p.ln(), (1.0 - p).max(f64::MIN_POSITIVE).ln());
    let mut ln_choose = 0.0;
    let (mut below, mut least, mut most) = (0.0, None, n);
    for k in 0..=n {
        if k > 0 {
            ln_choose += ((n - k + 1) as f64).ln() - (k as f64).ln();
        }
        below += (ln_choose + k as f64 * ln_p + (n - k) as f64 * ln_q).exp();
        if least.is_none() && below > TAIL {
            least = Some(k);
        }
        if below >= 1.0 - TAIL {
            most = k;
            break;
        }
    }
    (least.unwrap_or(0), most)
}

const TAIL: f64 = 0.005;

#[test]
fn the_interval_of_a_thousand_answers() {
    // As scipy's binom.ppf says.
    assert_eq!(interval_99(1_000, 0.03), (17, 45));
    assert_eq!(interval_99(10, 0.5), (1, 9));
    assert_eq!(interval_99(50, 0.0), (0, 0));
}
