//! What a campaign's people should know of, and what to do about it.

use std::collections::VecDeque;

use clock::WallTime;
use serde::{Deserialize, Serialize};

use super::attempt::Attempt;
use super::ledger::is_failure;

/// Something that is wrong with a campaign that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// What.
    pub kind: AlertKind,
    /// What it concerns, if not the whole campaign: a caller id.
    pub about: Option<String>,
    /// Since when.
    pub since: WallTime,
    /// In a sentence, with its figures.
    pub says: String,
}

/// A kind of alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// No lead can be called now.
    ListDry,
    /// Nobody serves it.
    NoAgents,
    /// The abandon rate is near its limit.
    AbandonNear,
    /// Calls fail for causes of ours, the trunk's or the network's.
    TrunkFailing,
    /// A caller id is answered rarely: it may be labelled as spam.
    CallerIdRare,
    /// Callbacks that are one agent's own wait for him.
    CallbackOverdue,
    /// A queue or message that it names is gone from the configuration.
    TargetGone,
    /// It holds as many leads as it may, and reads no more.
    HopperFull,
}

impl AlertKind {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ListDry => "list_dry",
            Self::NoAgents => "no_agents",
            Self::AbandonNear => "abandon_near",
            Self::TrunkFailing => "trunk_failing",
            Self::CallerIdRare => "caller_id_rare",
            Self::CallbackOverdue => "callback_overdue",
            Self::HopperFull => "hopper_full",
            Self::TargetGone => "target_gone",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::ListDry => "Add leads, reset a list, or look at why its leads are not dialed.",
            Self::NoAgents => "Have agents serve the campaign's queue and bring their standing legs up, or pause it.",
            Self::AbandonNear => {
                "Bring more agents in, lower the target, or dial progressively until it has recovered."
            }
            Self::TrunkFailing => {
                "Look at the trunk: its causes stand in the attempts; pause the campaign until it serves."
            }
            Self::CallerIdRare => {
                "Take the number out of the pool, and ask its carrier whether it is labelled as spam."
            }
            Self::CallbackOverdue => {
                "Have these agents come: the campaign's leads in state `callback` name them; or book them for anyone."
            }
            Self::HopperFull => "Reset a list, or call the rest of the leads from another campaign.",
            Self::TargetGone => {
                "Put it back into the configuration and reload, or change the campaign; then start the campaign again."
            }
        }
    }
}

/// The attempts that ended last.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    /// Whether it failed, whether it was answered, and the caller id.
    ended: VecDeque<(bool, bool, Option<String>)>,
}

impl Recent {
    pub(super) fn saw(&mut self, attempt: &Attempt) {
        if self.ended.len() >= RECENT_MAX {
            self.ended.pop_front();
        }
        let failed = attempt.outcome.is_some_and(is_failure);
        self.ended.push_back((failed, attempt.times.answered_at.is_some(), attempt.caller_id.clone()));
    }

    /// How many of the last calls failed, when that is too many.
    pub(super) fn failing(&self) -> Option<(usize, usize)> {
        let last = self.ended.len().min(FAILING_OF);
        let failed = self.ended.iter().rev().take(last).filter(|(failed, ..)| *failed).count();
        (last >= FAILING_OF && failed * 2 >= last).then_some((failed, last))
    }

    /// Caller ids that are answered less than a third as often as the others, with their shares in percent.
    pub(super) fn rare(&self) -> Vec<(String, usize, usize)> {
        let tried: Vec<_> = self.ended.iter().filter(|(failed, ..)| !failed).collect();
        let share = |of: &dyn Fn(&Option<String>) -> bool| {
            let (all, answered) = tried
                .iter()
                .filter(|(.., own)| of(own))
                .fold((0, 0), |(all, answered), (_, is, _)| (all + 1, answered + usize::from(*is)));
            (all, (answered * 100).checked_div(all).unwrap_or_default())
        };
        let mut own: Vec<&String> = tried.iter().filter_map(|(.., own)| own.as_ref()).collect();
        own.sort_unstable();
        own.dedup();
        let rare = |own: &String| {
            let (calls, answered) = share(&|other| other.as_ref() == Some(own));
            let (others, of_others) = share(&|other| other.as_ref() != Some(own));
            let is_rare = calls >= RARE_FROM && others >= RARE_FROM && answered * 3 < of_others;
            is_rare.then(|| (own.clone(), answered, of_others))
        };
        own.into_iter().filter_map(rare).collect()
    }
}

/// Attempts that are looked back at.
const RECENT_MAX: usize = 1_000;
/// Of so many, half have failed: a trunk that refuses now and then does not.
const FAILING_OF: usize = 40;
/// Calls of a caller id before its answers tell anything.
const RARE_FROM: usize = 60;

#[cfg(test)]
mod tests {
    use clock::{AttemptId, CampaignId, LeadId, ListId};

    use super::*;
    use crate::campaign::Outcome;

    /// So many attempts with this caller id, of which the first so many are answered, the others come to `outcome`.
    fn see(recent: &mut Recent, own: &str, (all, answered): (usize, usize), outcome: Outcome) {
        for at in 0..all {
            let number = ("+442079460000".to_owned(), Some(own.to_owned()));
            let whom = (LeadId(1), ListId(1));
            let mut attempt = Attempt::ordered(AttemptId(1), CampaignId(1), whom, number, None, WallTime::default());
            let is_answered = at < answered;
            attempt.times.answered_at = is_answered.then(WallTime::default);
            attempt.outcome = Some(if is_answered { Outcome::Connected } else { outcome });
            recent.saw(&attempt);
        }
    }

    #[test]
    fn a_trunk_fails_when_half_of_the_last_calls_did() {
        let mut recent = Recent::default();
        see(&mut recent, "+441", (39, 0), Outcome::Failed);
        assert_eq!(recent.failing(), None, "too few to tell");
        see(&mut recent, "+441", (1, 0), Outcome::Failed);
        assert_eq!(recent.failing(), Some((40, 40)));
        see(&mut recent, "+441", (21, 0), Outcome::NoAnswer);
        assert_eq!(recent.failing(), None, "it serves again");
    }

    #[test]
    fn a_caller_id_that_is_answered_far_less_than_the_others_is_rare() {
        let mut recent = Recent::default();
        see(&mut recent, "+441", (60, 30), Outcome::NoAnswer);
        see(&mut recent, "+442", (59, 0), Outcome::NoAnswer);
        assert_eq!(recent.rare(), [], "too few to tell");
        see(&mut recent, "+442", (1, 0), Outcome::NoAnswer);
        assert_eq!(recent.rare(), [("+442".to_owned(), 0, 50)]);
    }
}
