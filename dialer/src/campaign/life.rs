//! How a campaign lives (data-model.md section 4): pending, approved, processing, running and paused in turns,
//! completed; rejected with a reason; cancelled.

use std::sync::Arc;

use clock::WallTime;
use serde::{Deserialize, Serialize};

/// Where a campaign stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Written, submitted or not; nobody has approved it as it is now.
    #[default]
    Pending,
    /// May be started.
    Approved,
    /// Started, and its first leads are being read.
    Processing,
    /// Dials.
    Running,
    /// Dials nothing new.
    Paused,
    /// Over: somebody stopped it, or every lead is done.
    Completed,
    /// Not approved, with a reason.
    Rejected,
    /// Called off.
    Cancelled,
}

/// A person or program that does something with a campaign: its stable id in the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor(pub String);

/// Something that somebody does with a campaign, or that happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is written anew.
    Edit(Actor),
    /// It is to be approved, with what it was estimated to take.
    Submit(Actor, Option<Estimated>),
    /// It is approved.
    Approve(Actor),
    /// It is not.
    Reject(Actor, String),
    /// It is to dial, for the first time or again.
    Start(Actor),
    /// Its first leads have been read.
    Ready,
    /// Nothing new is dialed.
    Pause(Actor),
    /// It pauses itself, with the reason.
    Halt(String),
    /// It is over.
    Stop(Actor),
    /// Every lead is done.
    Finish,
    /// A list of it is called anew.
    Reset,
    /// It is called off.
    Cancel(Actor, Option<String>),
    /// It is over, and put away.
    Archive(Actor),
    /// It is taken out again.
    Unarchive,
}

/// What a campaign was estimated to take. The dialer keeps it and does not read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimated {
    /// The campaign's text that it is of.
    pub of: Arc<str>,
    /// What it says.
    pub says: Arc<str>,
}

/// A campaign's life so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// Where it stands.
    pub status: Status,
    /// Who wrote it as it is now.
    pub edited_by: Option<Actor>,
    /// Who submitted it as it is now, and when.
    pub submitted: Option<(Actor, WallTime)>,
    /// What it was estimated to take when it was submitted.
    pub estimate: Option<Arc<str>>,
    /// Who approved it, and when.
    pub approved: Option<(Actor, WallTime)>,
    /// Why it was rejected, was called off, or paused itself.
    pub reason: Option<String>,
    /// When it was started first.
    pub started_at: Option<WallTime>,
    /// When it was over.
    pub ended_at: Option<WallTime>,
    /// Who stopped it or called it off; none: nobody, it came to its end.
    pub ended_by: Option<Actor>,
    /// Who put it away, and when.
    pub archived: Option<(Actor, WallTime)>,
}

/// Why a step is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Not from where it stands.
    #[error("a campaign that is {} cannot be {verb}", .status.word())]
    Status {
        /// Where it stands.
        status: Status,
        /// What was asked, as a participle.
        verb: &'static str,
    },
    /// It is put away: nothing is done with it before it is taken out again.
    #[error("it is put away")]
    Archived(Status),
    /// Nobody submitted it as it is now.
    #[error("it was not submitted as it is now")]
    NotSubmitted,
    /// Whoever wrote or submitted it does not approve it.
    #[error("another person than who wrote or submitted it must approve it")]
    SamePerson,
    /// A rejection says why.
    #[error("a reason was expected")]
    NoReason,
    /// Somebody stopped it for good.
    #[error("a campaign that somebody stopped is over: only one that came to its end is reset, and called again")]
    Stopped,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Approved,
        Self::Processing,
        Self::Running,
        Self::Paused,
        Self::Completed,
        Self::Rejected,
        Self::Cancelled,
    ];

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Processing => "processing",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status with this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// Nothing follows.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }

    /// It has started, and is not over.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Processing | Self::Running | Self::Paused)
    }
}

impl Life {
    /// Takes a step. True when anything changed: a step that leads to where it stands already is no fault.
    ///
    /// # Errors
    /// [`Denied`], and nothing changed.
    pub fn take(&mut self, step: Step, now: WallTime, four_eyes: bool) -> Result<bool, Denied> {
        let status = self.status;
        let from = |allowed: &[Status], verb| {
            if allowed.contains(&status) { Ok(()) } else { Err(Denied::Status { status, verb }) }
        };
        if self.archived.is_some() && !matches!(step, Step::Archive(_) | Step::Unarchive) {
            return Err(Denied::Archived(status));
        }
        match step {
            Step::Edit(by) => {
                from(&[Status::Pending, Status::Approved, Status::Rejected, Status::Paused], "changed")?;
                // What was approved is not what it is now.
                *self = Self { edited_by: Some(by), started_at: self.started_at, ..Self::default() };
            }
            Step::Submit(by, estimated) => {
                from(&[Status::Pending], "submitted")?;
                if self.submitted.is_some() {
                    return Ok(false);
                }
                self.submitted = Some((by, now));
                self.estimate = estimated.map(|estimated| estimated.says);
            }
            Step::Approve(by) => return self.approve(by, now, four_eyes),
            Step::Reject(by, reason) => {
                from(&[Status::Pending], "rejected")?;
                self.submitted.as_ref().ok_or(Denied::NotSubmitted)?;
                if reason.trim().is_empty() {
                    return Err(Denied::NoReason);
                }
                (self.status, self.reason, self.approved) = (Status::Rejected, Some(reason), Some((by, now)));
            }
            Step::Start(_) => match status {
                Status::Processing | Status::Running => return Ok(false),
                Status::Paused => (self.status, self.reason) = (Status::Processing, None),
                _ => {
                    from(&[Status::Approved], "started")?;
                    (self.status, self.started_at) = (Status::Processing, self.started_at.or(Some(now)));
                }
            },
            Step::Ready => {
                from(&[Status::Processing], "run")?;
                self.status = Status::Running;
            }
            Step::Pause(_) => {
                if status == Status::Paused {
                    return Ok(false);
                }
                from(&[Status::Processing, Status::Running], "paused")?;
                self.status = Status::Paused;
            }
            Step::Halt(why) => {
                from(&[Status::Processing, Status::Running], "paused")?;
                (self.status, self.reason) = (Status::Paused, Some(why));
            }
            Step::Stop(_) | Step::Finish if status == Status::Completed => return Ok(false),
            Step::Stop(by) => {
                from(&[Status::Processing, Status::Running, Status::Paused], "stopped")?;
                (self.status, self.ended_at, self.ended_by) = (Status::Completed, Some(now), Some(by));
                self.reason = None;
            }
            Step::Finish => {
                from(&[Status::Processing, Status::Running, Status::Paused], "completed")?;
                (self.status, self.ended_at) = (Status::Completed, Some(now));
            }
            Step::Reset if status == Status::Completed && self.ended_by.is_some() => return Err(Denied::Stopped),
            Step::Reset if status == Status::Completed => {
                // Nobody wrote it anew: its approval stands.
                (self.status, self.ended_at) = (Status::Approved, None);
            }
            Step::Reset if status == Status::Cancelled => return Err(Denied::Status { status, verb: "reset" }),
            Step::Reset => return Ok(false),
            Step::Cancel(by, reason) => {
                match status {
                    Status::Cancelled => return Ok(false),
                    Status::Completed => return Err(Denied::Status { status, verb: "cancelled" }),
                    _ => {}
                }
                (self.status, self.reason) = (Status::Cancelled, reason);
                (self.ended_at, self.ended_by) = (Some(now), Some(by));
            }
            Step::Archive(by) => {
                if self.archived.is_some() {
                    return Ok(false);
                }
                from(&[Status::Completed, Status::Rejected, Status::Cancelled], "put away")?;
                self.archived = Some((by, now));
            }
            Step::Unarchive => return Ok(self.archived.take().is_some()),
        }
        Ok(true)
    }

    fn approve(&mut self, by: Actor, now: WallTime, four_eyes: bool) -> Result<bool, Denied> {
        match self.status {
            Status::Pending => {}
            Status::Approved => return Ok(false),
            status => return Err(Denied::Status { status, verb: "approved" }),
        }
        let submitted_by = self.submitted.as_ref().map(|(by, _)| by).ok_or(Denied::NotSubmitted)?;
        if four_eyes && (*submitted_by == by || self.edited_by.as_ref() == Some(&by)) {
            return Err(Denied::SamePerson);
        }
        (self.status, self.approved) = (Status::Approved, Some((by, now)));
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: WallTime = WallTime::from_micros(1);

    fn who(name: &str) -> Actor {
        Actor(name.to_owned())
    }

    fn lived(steps: &[Step]) -> Life {
        let mut life = Life::default();
        steps.iter().for_each(|step| assert_eq!(life.take(step.clone(), AT, true), Ok(true), "{step:?}"));
        life
    }

    #[test]
    fn another_person_approves() {
        let mut life = lived(&[Step::Edit(who("ann"))]);
        assert_eq!(life.take(Step::Approve(who("bob")), AT, true), Err(Denied::NotSubmitted));
        life = lived(&[Step::Edit(who("ann")), Step::Submit(who("eve"), None)]);
        for same in ["ann", "eve"] {
            assert_eq!(life.take(Step::Approve(who(same)), AT, true), Err(Denied::SamePerson));
        }
        assert_eq!(life.clone().take(Step::Approve(who("eve")), AT, false), Ok(true), "a house may do without");
        assert_eq!(life.take(Step::Approve(who("bob")), AT, true), Ok(true));
        assert_eq!(life.status, Status::Approved);
    }

    #[test]
    fn an_edit_takes_the_approval_back() {
        let approved = [Step::Submit(who("ann"), None), Step::Approve(who("bob"))];
        let mut life = lived(&approved);
        assert_eq!(life.take(Step::Edit(who("ann")), AT, true), Ok(true));
        assert_eq!((life.status, &life.submitted, &life.approved), (Status::Pending, &None, &None));
        let mut running = lived(&[approved.to_vec(), vec![Step::Start(who("ann")), Step::Ready]].concat());
        let denied = running.take(Step::Edit(who("ann")), AT, true);
        assert_eq!(denied, Err(Denied::Status { status: Status::Running, verb: "changed" }));
        assert_eq!(running.take(Step::Pause(who("ann")), AT, true), Ok(true));
        assert_eq!(running.take(Step::Edit(who("ann")), AT, true), Ok(true));
        assert_eq!(running.status, Status::Pending);
    }

    #[test]
    fn a_rejection_says_why_and_can_be_mended() {
        let mut life = lived(&[Step::Submit(who("ann"), None)]);
        assert_eq!(life.take(Step::Reject(who("bob"), " ".to_owned()), AT, true), Err(Denied::NoReason));
        assert_eq!(life.take(Step::Reject(who("bob"), "no consent".to_owned()), AT, true), Ok(true));
        assert_eq!((life.status, life.reason.as_deref()), (Status::Rejected, Some("no consent")));
        assert!(life.take(Step::Start(who("ann")), AT, true).is_err());
        assert_eq!(life.take(Step::Edit(who("ann")), AT, true), Ok(true));
        assert_eq!((life.status, life.reason), (Status::Pending, None));
    }

    #[test]
    fn a_reset_takes_what_is_completed_back_to_where_it_can_be_started() {
        let mut life = lived(&[Step::Submit(who("ann"), None), Step::Approve(who("bob")), Step::Start(who("ann"))]);
        assert_eq!(life.take(Step::Reset, AT, true), Ok(false), "while it runs it goes on");
        assert_eq!(life.take(Step::Finish, AT, true), Ok(true));
        assert_eq!(life.take(Step::Reset, AT, true), Ok(true));
        assert_eq!((life.status, life.ended_at), (Status::Approved, None));
        assert_eq!(life.take(Step::Start(who("ann")), AT, true), Ok(true));
    }

    #[test]
    fn what_somebody_stopped_is_over_for_good() {
        let run = [Step::Submit(who("ann"), None), Step::Approve(who("bob")), Step::Start(who("ann")), Step::Ready];
        let mut life = lived(&[run.to_vec(), vec![Step::Stop(who("eve"))]].concat());
        assert_eq!((life.status, &life.ended_by), (Status::Completed, &Some(who("eve"))));
        assert_eq!(life.take(Step::Reset, AT, true), Err(Denied::Stopped));
        assert_eq!(life.status, Status::Completed);
        let mut ended = lived(&[run.to_vec(), vec![Step::Finish]].concat());
        assert_eq!(ended.take(Step::Stop(who("eve")), AT, true), Ok(false), "it was over already");
        assert_eq!((ended.ended_by.clone(), ended.take(Step::Reset, AT, true)), (None, Ok(true)));
        assert_eq!(ended.take(Step::Cancel(who("eve"), None), AT, true), Ok(true));
        assert_eq!(ended.ended_by, Some(who("eve")));
    }

    #[test]
    fn what_is_put_away_stays_as_it_is_until_it_is_taken_out() {
        let mut life = lived(&[Step::Submit(who("ann"), None), Step::Reject(who("bob"), "no".to_owned())]);
        assert_eq!(life.take(Step::Archive(who("ann")), AT, true), Ok(true));
        assert_eq!(life.take(Step::Archive(who("bob")), AT, true), Ok(false));
        for step in [Step::Edit(who("ann")), Step::Cancel(who("ann"), None), Step::Reset] {
            assert_eq!(life.take(step, AT, true), Err(Denied::Archived(Status::Rejected)));
        }
        assert_eq!((life.take(Step::Unarchive, AT, true), life.archived.is_none()), (Ok(true), true));
        assert_eq!(life.take(Step::Edit(who("ann")), AT, true), Ok(true));
    }

    #[test]
    fn an_estimate_is_of_what_was_submitted() {
        let estimated = Estimated { of: "text".into(), says: "1000 calls".into() };
        let mut life = lived(&[Step::Submit(who("ann"), Some(estimated))]);
        assert_eq!(life.take(Step::Submit(who("ann"), None), AT, true), Ok(false));
        assert_eq!(life.take(Step::Approve(who("bob")), AT, true), Ok(true));
        assert_eq!(life.estimate.as_deref(), Some("1000 calls"), "the approver has seen it");
        assert_eq!(life.take(Step::Edit(who("ann")), AT, true), Ok(true));
        assert_eq!(life.estimate, None, "it was of the former text");
    }

    /// The arrows of data-model.md section 4, the way out for what was rejected, and the way back for what is completed.
    #[test]
    fn every_arrow() {
        let steps = |status| match status {
            Status::Pending => "submit approve? reject? cancel edit reset unarchive",
            Status::Approved => "approve start cancel edit reset unarchive",
            Status::Processing => "ready start pause stop cancel reset unarchive",
            Status::Running => "start pause stop cancel reset unarchive",
            Status::Paused => "pause start stop cancel edit reset unarchive",
            Status::Completed => "stop reset archive unarchive",
            Status::Rejected => "edit cancel reset archive unarchive",
            Status::Cancelled => "cancel archive unarchive",
        };
        for status in Status::ALL {
            let all: [(&str, Step); 12] = [
                ("submit", Step::Submit(who("ann"), None)),
                ("approve", Step::Approve(who("bob"))),
                ("reject", Step::Reject(who("bob"), "x".to_owned())),
                ("start", Step::Start(who("ann"))),
                ("ready", Step::Ready),
                ("pause", Step::Pause(who("ann"))),
                ("stop", Step::Stop(who("ann"))),
                ("cancel", Step::Cancel(who("ann"), None)),
                ("edit", Step::Edit(who("ann"))),
                ("reset", Step::Reset),
                ("archive", Step::Archive(who("ann"))),
                ("unarchive", Step::Unarchive),
            ];
            for (verb, step) in all {
                let mut life = Life { status, ..Life::default() };
                let taken = life.take(step, AT, true).is_ok();
                assert_eq!(taken, steps(status).split(' ').any(|word| word == verb), "{verb} of {status:?}");
            }
        }
    }
}
