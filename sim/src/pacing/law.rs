//! Laws of chance that a scenario names.

use clock::Rng;
use serde::Deserialize;

use super::scenario::is_duration;

/// A distribution of durations, in seconds; never below 0.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Law {
    /// Always the same.
    Const {
        /// The duration.
        #[serde(alias = "value_s")]
        mean_s: f64,
    },
    /// Exponential.
    Exp {
        /// Its mean.
        mean_s: f64,
    },
    /// Uniform.
    Uniform {
        /// From here.
        lo_s: f64,
        /// To here.
        hi_s: f64,
    },
    /// Lognormal.
    Lognormal {
        /// Its mean.
        mean_s: f64,
        /// Its standard deviation over its mean.
        cv: f64,
    },
    /// Normal, cut off below.
    Normal {
        /// Its mean.
        mean_s: f64,
        /// Its standard deviation.
        sd_s: f64,
        /// Nothing is shorter.
        #[serde(default)]
        min_s: f64,
    },
    /// One of several.
    Mix {
        /// Each with its weight.
        parts: Vec<(f64, Law)>,
    },
}

impl Law {
    /// Draws one, s.
    pub fn draw(&self, rng: &mut Rng) -> f64 {
        let drawn = match self {
            Self::Const { mean_s } => *mean_s,
            Self::Exp { mean_s } => -mean_s * (1.0 - rng.unit()).ln(),
            Self::Uniform { lo_s, hi_s } => lo_s + (hi_s - lo_s) * rng.unit(),
            Self::Lognormal { mean_s, cv } => {
                let sigma_squared = (1.0 + cv * cv).ln();
                (mean_s.ln() - sigma_squared / 2.0 + sigma_squared.sqrt() * normal(rng)).exp()
            }
            Self::Normal { mean_s, sd_s, min_s } => (mean_s + sd_s * normal(rng)).max(*min_s),
            Self::Mix { parts } => return draw_part(parts, rng),
        };
        drawn.max(0.0)
    }

    /// Whether every figure of it is one.
    pub(super) fn is_sound(&self) -> bool {
        let sound = |figure: &f64| is_duration(*figure);
        match self {
            Self::Const { mean_s } | Self::Exp { mean_s } => sound(mean_s),
            Self::Uniform { lo_s, hi_s } => sound(lo_s) && sound(hi_s) && lo_s <= hi_s,
            Self::Lognormal { mean_s, cv } => sound(mean_s) && *mean_s > 0.0 && sound(cv),
            Self::Normal { mean_s, sd_s, min_s } => sound(mean_s) && sound(sd_s) && sound(min_s),
            Self::Mix { parts } => {
                let all = parts.iter().all(|(weight, law)| sound(weight) && law.is_sound());
                all && parts.iter().map(|(weight, _)| weight).sum::<f64>() > 0.0
            }
        }
    }
}

fn draw_part(parts: &[(f64, Law)], rng: &mut Rng) -> f64 {
    let all: f64 = parts.iter().map(|(weight, _)| weight).sum();
    let mut left = rng.unit() * all;
    for (weight, law) in parts {
        if left < *weight {
            return law.draw(rng);
        }
        left -= weight;
    }
    parts.last().map_or(0.0, |(_, law)| law.draw(rng))
}

/// A standard normal (Box and Muller).
pub(super) fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.unit()).ln()).sqrt();
    radius * (core::f64::consts::TAU * rng.unit()).cos()
}
