//! Thresholds of a queue, with hysteresis: an alert is raised when a value
//! stays beyond its threshold, and cleared when it stays well within it.

use core::time::Duration;

use clock::{Instant, Now, WallTime};

/// When a queue's supervisors are alerted; `None` for never.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Thresholds {
    /// More callers wait than this.
    pub waiting: Option<u32>,
    /// One waits longer than this.
    pub longest_wait: Option<Duration>,
    /// The service level (formula C, rolling) is below this, 0 to 1.
    pub service_level: Option<f64>,
    /// A larger part than this gave up (without short ones, rolling), 0 to 1.
    pub abandoned: Option<f64>,
    /// No agent was ready for this long.
    pub no_agent_ready: Option<Duration>,
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertKind {
    /// Too many callers wait.
    Waiting,
    /// Someone waits too long.
    LongestWait,
    /// The service level is too low.
    ServiceLevel,
    /// Too many gave up.
    Abandoned,
    /// No agent is ready.
    NoAgentReady,
}

/// The values that thresholds are compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// Callers on the line.
    pub waiting: u32,
    /// How long the first of them has waited.
    pub longest_wait: Duration,
    /// Formula C of the rolling interval; `None` while too few calls say anything.
    pub service_level: Option<f64>,
    /// Abandon rate of the rolling interval, the same.
    pub abandoned: Option<f64>,
    /// Ready agents.
    pub ready: u32,
}

/// An alert that stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alert {
    /// What it is about.
    pub kind: AlertKind,
    /// Since when it stands.
    pub since: WallTime,
    /// The threshold, in the unit of the kind: calls, seconds, or a part from 0 to 1.
    pub threshold: f64,
    /// The value now, in the same unit.
    pub value: f64,
}

/// An alert came or went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlertChange {
    /// True when it came.
    pub raised: bool,
    /// The alert, as it is or was.
    pub alert: Alert,
}

/// The alerts of one queue.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Alerts {
    rows: [Row; AlertKind::ALL.len()],
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Row {
    standing: Option<Alert>,
    /// Since when the value calls for the other state.
    other_since: Option<Instant>,
}

/// How a value stands to its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Beyond,
    /// Neither: the band that keeps an alert as it is.
    Between,
    Within,
}

impl AlertKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Waiting, Self::LongestWait, Self::ServiceLevel, Self::Abandoned, Self::NoAgentReady];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::LongestWait => "longest_wait",
            Self::ServiceLevel => "service_level",
            Self::Abandoned => "abandoned",
            Self::NoAgentReady => "no_agent_ready",
        }
    }
}

impl Alerts {
    /// Compares the values with the thresholds; what came or went since the last time.
    pub fn compare(&mut self, now: Now, thresholds: &Thresholds, level: &Level) -> Vec<AlertChange> {
        let rows = AlertKind::ALL.into_iter().zip(&mut self.rows);
        rows.filter_map(|(kind, row)| row.compare(now, kind, thresholds, level)).collect()
    }

    /// Those that stand.
    pub fn standing(&self) -> impl Iterator<Item = &Alert> {
        self.rows.iter().filter_map(|row| row.standing.as_ref())
    }
}

impl Row {
    fn compare(&mut self, now: Now, kind: AlertKind, thresholds: &Thresholds, level: &Level) -> Option<AlertChange> {
        let Some((side, value, threshold)) = place(kind, thresholds, level) else {
            // The threshold is gone: nothing can stand for it.
            self.other_since = None;
            return self.standing.take().map(|alert| AlertChange { raised: false, alert });
        };
        if let Some(alert) = &mut self.standing {
            (alert.value, alert.threshold) = (value, threshold);
        }
        let calls_for_other = if self.standing.is_some() { side == Side::Within } else { side == Side::Beyond };
        if !calls_for_other {
            self.other_since = None;
            return None;
        }
        let since = *self.other_since.get_or_insert(now.mono);
        let needed = if self.standing.is_some() { CLEARS_AFTER } else { raises_after(kind, thresholds) };
        if now.mono - since < needed {
            return None;
        }
        self.other_since = None;
        Some(match self.standing.take() {
            Some(alert) => AlertChange { raised: false, alert },
            None => {
                let alert = Alert { kind, since: now.wall, threshold, value };
                self.standing = Some(alert);
                AlertChange { raised: true, alert }
            }
        })
    }
}

/// Where a value stands, the value and the threshold; `None` without a threshold.
fn place(kind: AlertKind, thresholds: &Thresholds, level: &Level) -> Option<(Side, f64, f64)> {
    let above = |value: f64, threshold: f64| {
        let side = match () {
            () if value > threshold => Side::Beyond,
            () if value <= threshold * BACK => Side::Within,
            () => Side::Between,
        };
        (side, value, threshold)
    };
    match kind {
        AlertKind::Waiting => thresholds.waiting.map(|most| above(level.waiting.into(), most.into())),
        AlertKind::LongestWait => {
            thresholds.longest_wait.map(|most| above(level.longest_wait.as_secs_f64(), most.as_secs_f64()))
        }
        AlertKind::Abandoned => thresholds.abandoned.map(|most| above(level.abandoned.unwrap_or(0.0), most)),
        AlertKind::ServiceLevel => thresholds.service_level.map(|least| {
            // The same with what is missed; no calls miss nothing.
            let value = level.service_level.unwrap_or(1.0);
            let (side, ..) = above(1.0 - value, 1.0 - least);
            (side, value, least)
        }),
        AlertKind::NoAgentReady => thresholds.no_agent_ready.map(|longest| {
            let side = if level.ready == 0 { Side::Beyond } else { Side::Within };
            (side, level.ready.into(), longest.as_secs_f64())
        }),
    }
}

fn raises_after(kind: AlertKind, thresholds: &Thresholds) -> Duration {
    match kind {
        // The threshold is the time itself.
        AlertKind::NoAgentReady => thresholds.no_agent_ready.unwrap_or_default(),
        // A wait cannot jump to and fro as a number of callers can.
        AlertKind::LongestWait => Duration::ZERO,
        AlertKind::Waiting | AlertKind::ServiceLevel | AlertKind::Abandoned => RAISES_AFTER,
    }
}

/// An alert clears below this part of its threshold.
const BACK: f64 = 0.8;
/// How long a value must be beyond its threshold: longer than a burst that agents take at once.
const RAISES_AFTER: Duration = Duration::from_secs(5);
/// How long it must be well within: an alert that stands stands for at least this long.
const CLEARS_AFTER: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Thresholds = Thresholds {
        waiting: Some(10),
        longest_wait: Some(Duration::from_secs(60)),
        service_level: Some(0.8),
        abandoned: Some(0.1),
        no_agent_ready: Some(Duration::from_secs(30)),
    };
    const CALM: Level =
        Level { waiting: 0, longest_wait: Duration::ZERO, service_level: Some(1.0), abandoned: Some(0.0), ready: 1 };

    /// The seconds at which an alert came (true) or went, with one look a second at what `level` says.
    fn watch(seconds: u64, level: impl Fn(u64) -> Level) -> Vec<(u64, bool)> {
        let (mut alerts, start) = (Alerts::default(), Now::default());
        let look = |second| {
            let changes = alerts.compare(start.plus(Duration::from_secs(second)), &RULES, &level(second));
            changes.into_iter().map(move |change| (second, change.raised))
        };
        (0..seconds).flat_map(look).collect()
    }

    #[test]
    fn what_stays_beyond_is_raised_once_and_cleared_once() {
        let waiting = |second| Level { waiting: if (10..40).contains(&second) { 11 } else { 3 }, ..CALM };
        assert_eq!(watch(100, waiting), [(15, true), (55, false)]);
        let ready = |second| Level { ready: u32::from(!(10..60).contains(&second)), ..CALM };
        assert_eq!(watch(100, ready), [(40, true), (75, false)]);
    }

    #[test]
    fn a_value_that_swings_about_its_threshold_does_not_flap() {
        let swinging = |second: u64| Level { waiting: 10 + u32::from(second.is_multiple_of(2)), ..CALM };
        assert_eq!(watch(600, swinging), []);
        let after_a_rise =
            |second: u64| Level { waiting: if second < 10 { 20 } else { 9 + (second % 4) as u32 }, ..CALM };
        assert_eq!(watch(600, after_a_rise), [(5, true)]);
    }

    #[test]
    fn each_kind_has_its_own_side() {
        let kinds: [(AlertKind, Level); 4] = [
            (AlertKind::LongestWait, Level { longest_wait: Duration::from_secs(61), ..CALM }),
            (AlertKind::ServiceLevel, Level { service_level: Some(0.79), ..CALM }),
            (AlertKind::Abandoned, Level { abandoned: Some(0.11), ..CALM }),
            (AlertKind::NoAgentReady, Level { ready: 0, ..CALM }),
        ];
        for (kind, level) in kinds {
            let (mut alerts, now) = (Alerts::default(), Now::default());
            assert!(alerts.compare(now, &RULES, &CALM).is_empty());
            alerts.compare(now, &RULES, &level);
            alerts.compare(now.plus(Duration::from_secs(30)), &RULES, &level);
            let standing: Vec<AlertKind> = alerts.standing().map(|alert| alert.kind).collect();
            assert_eq!(standing, [kind]);
            let cleared = alerts.compare(now.plus(Duration::from_secs(31)), &Thresholds::default(), &level);
            assert_eq!(cleared.len(), 1, "a threshold that is taken away clears its alert");
        }
    }
}
