//! How long things take.

use core::time::Duration;

use clock::Rng;

/// A law of durations.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Law {
    /// Exponential, by its mean in seconds.
    Exp(f64),
    /// Lognormal, by its mean in seconds and its coefficient of variation.
    Lognormal(f64, f64),
}

impl Law {
    pub(crate) fn draw(self, rng: &mut Rng) -> Duration {
        let seconds = match self {
            Self::Exp(mean) => -mean * (1.0 - rng.unit()).ln(),
            Self::Lognormal(mean, cv) => {
                let variance = (1.0 + cv * cv).ln();
                (mean.ln() - variance / 2.0 + variance.sqrt() * normal(rng)).exp()
            }
        };
        Duration::from_secs_f64(seconds.clamp(0.001, 86_400.0))
    }
}

/// Box and Muller, 1958.
fn normal(rng: &mut Rng) -> f64 {
    let (radius, angle) = ((-2.0 * (1.0 - rng.unit()).ln()).sqrt(), core::f64::consts::TAU * rng.unit());
    radius * angle.cos()
}
