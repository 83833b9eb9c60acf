//! How queues stand: figures of the day and of the last half hour, and what is beyond a threshold.

use acd::measure::{Alert, Duty, Goal, QueueFigures, Thresholds};
use clock::WallTime;

/// What a queue is measured by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct QueueRules {
    /// What its service level is measured against.
    pub goal: Goal,
    /// When its supervisors are alerted.
    pub thresholds: Thresholds,
}

/// A queue as the wallboard shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueStanding {
    /// What it is measured against.
    pub goal: Goal,
    /// When the day began that is counted, by the node's time zone.
    pub day_began: WallTime,
    /// Its calls.
    pub figures: QueueFigures,
    /// The time of its agents since the day began.
    pub duty_of_day: Duty,
    /// And in the last half hour.
    pub duty_rolling: Duty,
    /// Alerts that stand.
    pub alerts: Vec<Alert>,
}
