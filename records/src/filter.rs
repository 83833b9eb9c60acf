//! Which calls a list shows, in which order, from where (DESIGN section 10, rest.md section 2).

use std::cmp::Ordering;

use clock::{CallId, WallTime};
use journal_core::outcome::WorkStatus;
use journal_core::{CallStatus, Direction, Outcome};

use crate::{Call, TeamScope};

/// What a list of calls is asked for. An empty list of values means any.
#[derive(Clone, Debug, PartialEq)]
pub struct CallFilter {
    /// The account whose calls they are; from the credential only.
    pub account: String,
    /// Call-ID header of any leg.
    pub sip_call_id: Option<String>,
    /// Any of these callers.
    pub from: Vec<String>,
    /// Any of these called numbers.
    pub to: Vec<String>,
    /// Any of these.
    pub status: Vec<CallStatus>,
    /// Any of these.
    pub outcome: Vec<Outcome>,
    /// Any of these.
    pub direction: Vec<Direction>,
    /// Any of these queues, by name; [`NONE`] for calls of no queue.
    pub queue: Vec<String>,
    /// Any of these agents, by extension; [`NONE`] for calls of no agent.
    pub agent: Vec<String>,
    /// Between own parties only, or not.
    pub internal: Option<bool>,
    /// Lost, or not.
    pub lost: Option<bool>,
    /// Lost and won back by a call out, or not.
    pub recovered: Option<bool>,
    /// Lost and the caller got through alone, or not.
    pub self_resolved: Option<bool>,
    /// From or to this customer, and not between own parties.
    pub party: Option<String>,
    /// Any of these as a piece of work.
    pub work: Vec<WorkStatus>,
    /// A call out to the number followed its end, or not.
    pub follow_up: Option<bool>,
    /// A consultation of another call, or not.
    pub consultation: Option<bool>,
    /// An attempt of a callback, or not.
    pub callback: Option<bool>,
    /// Of each of these teams.
    pub teams: Vec<TeamScope>,
    /// Started at or after.
    pub started_at_gte: Option<WallTime>,
    /// Started before.
    pub started_at_lt: Option<WallTime>,
    /// Order.
    pub sort: CallSort,
    /// Go on behind this call.
    pub cursor: Option<Cursor>,
    /// How many, 1 to [`MAX_LIMIT`].
    pub limit: usize,
}

/// Order of a list of calls; calls of one microsecond by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallSort {
    /// `-started_at`.
    #[default]
    NewestFirst,
    /// `started_at`.
    OldestFirst,
}

/// Where a page ended: opaque to clients, the same whether the call was live or stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Time of the last row.
    pub at: WallTime,
    /// Its id.
    pub id: u128,
}

/// The text is no cursor of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor that this service gave")]
pub struct BadCursor;

impl CallFilter {
    /// All calls of an account, newest first.
    #[must_use]
    pub fn of(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            sip_call_id: None,
            from: Vec::new(),
            to: Vec::new(),
            status: Vec::new(),
            outcome: Vec::new(),
            direction: Vec::new(),
            queue: Vec::new(),
            agent: Vec::new(),
            internal: None,
            lost: None,
            recovered: None,
            self_resolved: None,
            party: None,
            work: Vec::new(),
            follow_up: None,
            consultation: None,
            callback: None,
            teams: Vec::new(),
            started_at_gte: None,
            started_at_lt: None,
            sort: CallSort::default(),
            cursor: None,
            limit: DEFAULT_LIMIT,
        }
    }

    /// Whether a live call is in the list, by the same rules as the database's.
    #[must_use]
    pub fn matches(&self, call: &Call) -> bool {
        let one_of = |any: &[String], value: &str| any.is_empty() || any.iter().any(|wanted| wanted == value);
        let named = |any: &[String], value: Option<&String>| {
            let value = value.map_or(NONE, String::as_str);
            any.is_empty() || any.iter().any(|wanted| wanted == value)
        };
        call.account == self.account
            && self.sip_call_id.as_ref().is_none_or(|id| call.sip_call_ids.contains(id))
            && one_of(&self.from, &call.from)
            && one_of(&self.to, &call.to)
            && (self.status.is_empty() || self.status.contains(&call.status))
            && (self.outcome.is_empty() || self.outcome.contains(&call.outcome))
            && (self.direction.is_empty() || self.direction.contains(&call.direction))
            && named(&self.queue, call.queue.as_ref())
            && named(&self.agent, call.agent.as_ref())
            && self.internal.is_none_or(|internal| internal == call.internal)
            && self.matches_lost(call)
            && self.party.as_ref().is_none_or(|party| !call.internal && party == call.customer())
            && (self.work.is_empty() || self.work.contains(&call.work))
            && self.consultation.is_none_or(|consultation| consultation == call.parent_call_id.is_some())
            && self.callback.is_none_or(|callback| callback == call.is_callback)
            && self.teams.iter().all(|team| team.has(call.queue.as_deref(), call.agent.as_deref()))
            && self.started_at_gte.is_none_or(|at| call.started_at >= at)
            && self.started_at_lt.is_none_or(|at| call.started_at < at)
            && self.cursor.is_none_or(|cursor| self.sort.order(&cursor, &Cursor::of(call)) == Ordering::Less)
    }

    /// What wins a call back, and what follows its end, is known when its row is there: it is open until then.
    fn matches_lost(&self, call: &Call) -> bool {
        let state = call.lost.unwrap_or_default();
        self.lost.is_none_or(|lost| lost == call.is_lost)
            && self.recovered.is_none_or(|recovered| recovered == state.recovered().is_some())
            && self.self_resolved.is_none_or(|resolved| resolved == state.self_resolved().is_some())
            && self.follow_up.is_none_or(|followed| followed == call.followed_up_by.is_some())
    }

    /// Rows to read: within the limits of the API.
    pub(crate) fn rows(&self) -> usize {
        self.limit.clamp(1, MAX_LIMIT)
    }
}

impl CallSort {
    /// Order of two rows in this list.
    #[must_use]
    pub fn order(self, a: &Cursor, b: &Cursor) -> Ordering {
        match self {
            Self::OldestFirst => a.cmp(b),
            Self::NewestFirst => b.cmp(a),
        }
    }
}

impl Cursor {
    /// The place of a call in a list.
    #[must_use]
    pub const fn of(call: &Call) -> Self {
        Self { at: call.started_at, id: call.id.0 }
    }

    /// The call's id, where the list is one of calls.
    #[must_use]
    pub const fn call(self) -> CallId {
        CallId(self.id)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}{:032x}", self.at.as_micros(), self.id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let hexadecimal = text.len() == 48 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !hexadecimal {
            return Err(BadCursor);
        }
        let (at, id) = text.split_at(16);
        let at = u64::from_str_radix(at, 16).map_err(|_| BadCursor)?;
        let id = u128::from_str_radix(id, 16).map_err(|_| BadCursor)?;
        Ok(Self { at: WallTime::from_micros(at.cast_signed()), id })
    }
}

/// The value of a filter that stands for having none (rest.md section 2). No queue and no agent is called so.
pub const NONE: &str = "none";
/// A page when none is asked for.
pub const DEFAULT_LIMIT: usize = 25;
/// The largest page.
pub const MAX_LIMIT: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_nothing_else_does() {
        let cursor = Cursor { at: WallTime::from_micros(-5), id: 7 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "zz", &"0".repeat(47), &"+".repeat(48), &"é".repeat(24)] {
            assert_eq!(bad.parse::<Cursor>(), Err(BadCursor), "{bad}");
        }
    }
}
