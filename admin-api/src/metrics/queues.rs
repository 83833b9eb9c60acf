//! Figures of queues on the page: how they stand by the calls of the last half hour.

use acd::measure::{AbandonRate, AlertKind, Formula};
use centre::{Directory, QueueStanding, Snapshot};
use prometheus::{GaugeVec, IntGaugeVec};

use super::Maker;
use crate::time::wall_now;

/// The gauges of queues that are rates, times and alerts.
#[derive(Debug)]
pub(super) struct QueueGauges {
    longest_wait: GaugeVec,
    expected_wait: GaugeVec,
    service_level: GaugeVec,
    abandoned: GaugeVec,
    occupancy: GaugeVec,
    alert: IntGaugeVec,
}

impl QueueGauges {
    pub(super) fn new(make: &Maker<'_>) -> prometheus::Result<Self> {
        Ok(Self {
            longest_wait: make.reals(
                "queue_longest_wait_seconds",
                "How long the first caller of a queue waits; 0 when none does.",
                &["queue"],
            )?,
            expected_wait: make.reals(
                "queue_expected_wait_seconds",
                "How long a caller who comes now may expect to wait; no value while nobody is on duty.",
                &["queue"],
            )?,
            service_level: make.reals(
                "queue_service_level",
                "Service level, 0 to 1, of the calls that entered in the last half hour, by its common definitions a to e \
                 (c: answered_in_time / (answered + abandoned - abandoned_in_time)); no value while nothing is counted.",
                &["queue", "formula"],
            )?,
            abandoned: make.reals(
                "queue_abandoned_ratio",
                "Part of the calls of the last half hour that gave up, with (all) and without short ones.",
                &["queue", "variant"],
            )?,
            occupancy: make.reals(
                "queue_occupancy",
                "Of the time of a queue's agents in the last half hour that was no break: the part on calls or in wrap-up.",
                &["queue"],
            )?,
            alert: make.gauges("queue_alert", "1 while a value of a queue is beyond its threshold.", &["queue", "alert"])?,
        })
    }

    pub(super) fn read(&self, snapshot: &Snapshot, directory: &Directory) {
        for gauge in [&self.longest_wait, &self.expected_wait, &self.service_level, &self.abandoned, &self.occupancy] {
            gauge.reset();
        }
        self.alert.reset();
        let now = wall_now();
        for queue in &snapshot.acd.queues {
            let Some(named) = directory.queues.get(&queue.queue) else { continue };
            let longest = queue.waiting.iter().map(|call| now.millis_since(call.entered)).max().unwrap_or(0);
            self.longest_wait.with_label_values(&[&named.name]).set(longest as f64 / 1_000.0);
            if let Some(expected) = snapshot.acd.expected_next(queue.queue) {
                self.expected_wait.with_label_values(&[&named.name]).set(expected.mean.as_secs_f64());
            }
        }
        for (id, standing) in snapshot.standings.iter() {
            if let Some(named) = directory.queues.get(id) {
                self.stand(&named.name, standing);
            }
        }
    }

    fn stand(&self, queue: &str, standing: &QueueStanding) {
        let rolling = &standing.figures.rolling;
        for formula in Formula::ALL {
            if let Some(value) = formula.of(rolling) {
                self.service_level.with_label_values(&[queue, formula.word()]).set(value);
            }
        }
        for rate in AbandonRate::ALL {
            if let Some(value) = rate.of(rolling) {
                self.abandoned.with_label_values(&[queue, rate.word()]).set(value);
            }
        }
        if let Some(value) = standing.duty_rolling.occupancy() {
            self.occupancy.with_label_values(&[queue]).set(value);
        }
        for kind in AlertKind::ALL {
            let stands = standing.alerts.iter().any(|alert| alert.kind == kind);
            self.alert.with_label_values(&[queue, kind.word()]).set(stands.into());
        }
    }
}
