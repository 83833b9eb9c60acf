//! What reports share: spans of time that are counted apart, in a time zone.

pub(crate) mod queues;
mod visits;

use clock::WallTime;
use hours::{Period, Zone};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::problem::Problem;
use crate::query::Time;
use crate::rights::Permission;
use crate::time::wall_now;

/// Length of the spans that a report counts apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bucket {
    /// One span.
    #[default]
    Whole,
    /// Quarters of an hour.
    QuarterHour,
    /// Half hours.
    HalfHour,
    /// Clock hours.
    Hour,
    /// Days.
    Day,
    /// Weeks from Monday.
    Week,
    /// Months.
    Month,
}

/// A time zone by its IANA name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimeZone(pub(crate) Zone);

/// From when to when a report is, and in which parts.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The parameter that has the begin, for what is said of a fault.
    pub(crate) name: &'static str,
    /// From here on; a day before the end without it.
    pub(crate) from: Option<Time>,
    /// To before here; now without it.
    pub(crate) before: Option<Time>,
    /// Length of the parts.
    pub(crate) bucket: Bucket,
    /// By whose clock they begin.
    pub(crate) zone: Zone,
}

/// Spans that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spans {
    /// Where each begins, and where the last one ends.
    pub(crate) bounds: Vec<WallTime>,
}

pub(crate) fn routes() -> Routes {
    let of_teams = Access::Own(Permission::ReportsView);
    Routes::new().add(of_teams, routes!(queues::report)).add(of_teams, routes!(visits::list))
}

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let zone = Zone::named(&name).map(Self);
        zone.ok_or_else(|| D::Error::custom("expected an IANA time zone like Europe/London"))
    }
}

impl Asked {
    /// From the first moment to the last, cut where the parts begin.
    ///
    /// # Errors
    /// 400 for a span without length, and for one of too many parts.
    pub(crate) fn spans(&self) -> Result<Spans, Problem> {
        let last = self.before.map_or_else(wall_now, |Time(at)| at);
        let a_day_before = WallTime::from_micros(last.as_micros().saturating_sub(DAY_US));
        let first = self.from.map_or(a_day_before, |Time(at)| at);
        if first >= last {
            return Err(Problem::bad_parameter(self.name, "expected a moment before the end"));
        }
        let mut bounds = vec![first];
        let mut at = first;
        while let Some(next) = self.next(at).filter(|next| *next < last) {
            if bounds.len() >= MAX_SPANS {
                let detail = format!("expected at most {MAX_SPANS} spans: take longer ones");
                return Err(Problem::bad_parameter("bucket", detail));
            }
            bounds.push(next);
            at = next;
        }
        bounds.push(last);
        Ok(Spans { bounds })
    }

    /// Where the part begins that follows the one with `at`; none where there is one part only.
    fn next(&self, at: WallTime) -> Option<WallTime> {
        let period = match self.bucket {
            Bucket::Whole => return None,
            Bucket::QuarterHour => Period::QuarterHour,
            Bucket::HalfHour => Period::HalfHour,
            Bucket::Hour => Period::Hour,
            Bucket::Day => Period::Day,
            Bucket::Week => Period::Week,
            Bucket::Month => Period::Month,
        };
        period.end(&self.zone, at)
    }
}

impl Spans {
    /// From here on.
    pub(crate) fn first(&self) -> WallTime {
        self.bounds.first().copied().unwrap_or_default()
    }

    /// To before here.
    pub(crate) fn last(&self) -> WallTime {
        self.bounds.last().copied().unwrap_or_default()
    }

    /// Number of the span that a moment within them is in, from 0.
    pub(crate) fn of(&self, at: WallTime) -> usize {
        self.bounds.partition_point(|bound| *bound <= at).saturating_sub(1)
    }

    /// Begin and end of a span.
    pub(crate) fn span(&self, number: usize) -> (WallTime, WallTime) {
        let bound = |place: usize| self.bounds.get(place).copied().unwrap_or_default();
        (bound(number), bound(number + 1))
    }
}

const DAY_US: i64 = 86_400_000_000;
/// A month by the hour, ten days by the quarter of an hour, three years by the day.
const MAX_SPANS: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_rfc3339;

    fn asked(from: &str, before: &str, bucket: Bucket) -> Asked {
        let time = |text| parse_rfc3339(text).map(Time);
        let zone = Zone::named("Europe/London").unwrap();
        Asked { name: "at", from: time(from), before: time(before), bucket, zone }
    }

    #[test]
    fn spans_are_cut_by_the_clock_of_the_zone() {
        let spans = asked("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z", Bucket::Day).spans().unwrap();
        let bounds = ["2026-03-28T12:00:00Z", "2026-03-29T00:00:00Z", "2026-03-29T23:00:00Z", "2026-03-30T12:00:00Z"];
        assert_eq!(spans.bounds, bounds.map(|bound| parse_rfc3339(bound).unwrap()));
        let last_micro = WallTime::from_micros(spans.bounds[1].as_micros() - 1);
        assert_eq!([spans.of(spans.first()), spans.of(last_micro), spans.of(spans.bounds[1])], [0, 0, 1]);
        assert_eq!(spans.span(2), (spans.bounds[2], spans.last()));
    }

    #[test]
    fn there_is_a_bound_to_spans() {
        assert!(asked("2026-03-28T12:00:00Z", "2026-03-28T12:00:00Z", Bucket::Whole).spans().is_err());
        assert!(asked("2026-01-01T00:00:00Z", "2026-02-10T00:00:00Z", Bucket::Hour).spans().is_ok());
        assert!(asked("1970-01-01T00:00:00Z", "2026-02-10T00:00:00Z", Bucket::Hour).spans().is_err());
    }
}
