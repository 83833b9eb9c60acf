//! What is to be true of a history, said in the plainest way: all events of a number in the order of time.

use clock::{CallId, WallTime};
use journal_core::{CallStatus, Direction, Recovers};

use super::history::{History, Kind, Made};

/// A lost call.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lost {
    pub(super) id: CallId,
    pub(super) number: String,
    pub(super) queue: Option<&'static str>,
    pub(super) agent: Option<&'static str>,
    pub(super) ended_at: WallTime,
    pub(super) standing: Standing,
}

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Standing {
    Open,
    Recovered { by: CallId, at: WallTime },
    SelfResolved { by: CallId, at: WallTime },
}

/// All lost calls of a history.
pub(super) fn judge(history: &History) -> Vec<Lost> {
    let mut lost: Vec<Lost> = history.calls.iter().filter_map(lost_call).collect();
    lost.sort_by_key(|lost| (lost.ended_at, lost.id));
    let mut follow_ups: Vec<(WallTime, &Made)> = history.calls.iter().filter_map(follow_up).collect();
    follow_ups.sort_by_key(|(at, made)| (*at, made.id));
    for (at, made) in follow_ups {
        let window = if made.rules.window_s == 0 { i64::MAX } else { i64::from(made.rules.window_s) * 1_000_000 };
        let in_time = |lost: &&mut Lost| {
            let since = at.as_micros() - lost.ended_at.as_micros();
            lost.standing == Standing::Open
                && lost.number == made.number
                && lost.id != made.id
                && (0..=window).contains(&since)
        };
        let mut open: Vec<&mut Lost> = lost.iter_mut().filter(in_time).collect();
        if made.kind == Kind::Inbound {
            open.into_iter().for_each(|lost| lost.standing = Standing::SelfResolved { by: made.id, at });
            continue;
        }
        let recovered = Standing::Recovered { by: made.id, at };
        match made.rules.recovers {
            Recovers::All => open.into_iter().for_each(|lost| lost.standing = recovered),
            Recovers::Oldest => open.into_iter().take(1).for_each(|lost| lost.standing = recovered),
            Recovers::Newest => open.pop().into_iter().for_each(|lost| lost.standing = recovered),
        }
    }
    lost
}

/// The smallest value that so many of a hundred do not exceed.
pub(super) fn nearest_rank(sorted: &[u64], percent: usize) -> Option<u64> {
    let place = (sorted.len() * percent).div_ceil(100);
    place.checked_sub(1).and_then(|place| sorted.get(place)).copied()
}

fn lost_call(made: &Made) -> Option<Lost> {
    let unserved = matches!(made.status, CallStatus::Canceled | CallStatus::NoAnswer | CallStatus::Failed);
    let lost = made.kind == Kind::Inbound && !made.internal && unserved && !made.unknown_number;
    lost.then(|| Lost {
        id: made.id,
        number: made.number.clone(),
        queue: made.queue,
        agent: made.offered_to,
        ended_at: made.ended_at,
        standing: Standing::Open,
    })
}

fn follow_up(made: &Made) -> Option<(WallTime, &Made)> {
    let counts = match made.kind {
        Kind::Inbound => return made.answered_at.filter(|_| is_customer(made)).map(|at| (at, made)),
        Kind::Dialed => true,
        Kind::Campaign => made.rules.outbound_auto,
    };
    let reached = made.answered_at.is_some() || !made.rules.only_answered;
    (counts && reached && is_customer(made)).then_some((made.started_at, made))
}

fn is_customer(made: &Made) -> bool {
    !made.internal && made.number.starts_with('+')
}

impl Kind {
    pub(super) const fn direction(self) -> Direction {
        match self {
            Self::Inbound => Direction::Inbound,
            Self::Dialed => Direction::OutboundDial,
            Self::Campaign => Direction::OutboundAuto,
        }
    }
}
