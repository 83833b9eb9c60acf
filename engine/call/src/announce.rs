//! What a waiting caller is told: his position, the expected wait, comfort messages, as prompts in a row.
//!
//! A sentence is made of prompts: `position-before number-3 position-after`. Position and wait are the ACD's, which
//! sees to it that a wait is never raised without cause; here it is rounded up to whole minutes.

use core::time::Duration;

use crate::plan::Announcements;

/// What a caller who waits hears now, and what is next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Comfort {
    /// He hears this now.
    pub(crate) said: Option<Said>,
    /// What is said is an announcement, not the welcome.
    pub(crate) announcing: bool,
    /// Which comfort message comes next.
    pub(crate) next_message: usize,
}

/// Prompts that are played once, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// Counts within the call: the same words twice are two.
    pub(crate) turn: u32,
    /// With the folder of their language.
    pub(crate) prompts: Vec<String>,
}

/// An announcement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Announcement {
    /// Names, without a language.
    pub(crate) prompts: Vec<String>,
    /// The position that is said.
    pub(crate) position: Option<u32>,
    /// The wait that is said, s.
    pub(crate) wait_s: Option<u32>,
    /// The comfort message.
    pub(crate) message: Option<String>,
}

impl Announcements {
    /// Whether the ACD has to be asked first.
    pub(crate) const fn need_place(&self) -> bool {
        self.position_max > 0 || self.wait
    }
}

impl Comfort {
    /// The next announcement; `place` is the caller's position from 1 and the upper estimate of his wait.
    pub(crate) fn announce(&mut self, rules: &Announcements, place: Option<(u32, Option<Duration>)>) -> Announcement {
        let mut next = Announcement::default();
        if let Some((position, wait)) = place {
            if (1..=rules.position_max.min(NUMBER_MAX)).contains(&position) {
                next.position = Some(position);
                next.prompts.extend(position_prompts(position));
            }
            if let Some(minutes) = wait.filter(|_| rules.wait).map(whole_minutes) {
                next.wait_s = Some(minutes.saturating_mul(60));
                next.prompts.extend(wait_prompts(minutes));
            }
        }
        if let Some(message) = rules.messages.get(self.next_message.checked_rem(rules.messages.len()).unwrap_or(0)) {
            self.next_message = self.next_message.wrapping_add(1);
            next.message = Some(message.clone());
            next.prompts.push(message.clone());
        }
        next
    }
}

/// Rounded up, and at least one.
fn whole_minutes(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(60_000)).unwrap_or(u32::MAX).max(1)
}

fn position_prompts(position: u32) -> Vec<String> {
    match position {
        1 => vec!["position-next".to_owned()],
        _ => vec!["position-before".to_owned(), number(position), "position-after".to_owned()],
    }
}

fn wait_prompts(minutes: u32) -> Vec<String> {
    match minutes {
        1 => vec!["wait-minute".to_owned()],
        2..=NUMBER_MAX => vec!["wait-before".to_owned(), number(minutes), "wait-after".to_owned()],
        _ => vec!["wait-long".to_owned()],
    }
}

fn number(number: u32) -> String {
    format!("number-{number}")
}

/// Numbers that have a prompt: `tools/make-prompts.py` makes so many.
const NUMBER_MAX: u32 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Announcements = Announcements {
        welcome: None,
        first: Duration::ZERO,
        every: Duration::from_secs(30),
        position_max: 10,
        wait: true,
        messages: Vec::new(),
    };

    fn said(comfort: &mut Comfort, position: u32, wait_s: u64) -> String {
        comfort.announce(&ALL, Some((position, Some(Duration::from_secs(wait_s))))).prompts.join(" ")
    }

    #[test]
    fn sentences_are_made_of_prompts() {
        let comfort = Comfort::default;
        assert_eq!(
            said(&mut comfort(), 3, 241),
            "position-before number-3 position-after wait-before number-5 wait-after"
        );
        assert_eq!(said(&mut comfort(), 1, 60), "position-next wait-minute");
        assert_eq!(said(&mut comfort(), 1, 0), "position-next wait-minute");
        assert_eq!(said(&mut comfort(), 11, 3_600), "wait-before number-60 wait-after", "too far back to be told");
        assert_eq!(said(&mut comfort(), 11, 3_601), "wait-long");
        assert!(comfort().announce(&ALL, None).prompts.is_empty());
        assert_eq!(comfort().announce(&ALL, Some((2, None))).wait_s, None, "no estimate, no promise");
    }

    #[test]
    fn comfort_messages_come_in_turn() {
        let rules = Announcements { messages: vec!["a".to_owned(), "b".to_owned()], ..Announcements::default() };
        let mut comfort = Comfort::default();
        let heard: Vec<_> = (0..3).filter_map(|_| comfort.announce(&rules, None).message).collect();
        assert_eq!(heard, ["a", "b", "a"]);
        assert!(!rules.need_place() && ALL.need_place());
    }
}
