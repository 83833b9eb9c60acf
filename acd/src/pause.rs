//! Pauses and their limits: of one pause, and of all with the same reason on a (UTC) day.

use core::time::Duration;

use clock::{AgentId, Instant, Now, WallTime};

use crate::acd::Acd;
use crate::agent::Agent;
use crate::contract::{AtLimit, Effect, Note, PauseRule, State, Status};
use crate::timers::Timer;

/// A pause that runs.
#[derive(Clone, Debug)]
pub(crate) struct Pause {
    pub(crate) reason: String,
    pub(crate) since: Instant,
    pub(crate) since_wall: WallTime,
    /// He was warned of the limit of one pause, and of that of the day.
    warned: [bool; 2],
}

/// Time in pauses that are over, of one day.
#[derive(Clone, Debug, Default)]
pub(crate) struct PausedToday {
    day: i64,
    by_reason: Vec<(String, Duration)>,
}

impl PausedToday {
    /// What was known before a restart.
    pub(crate) fn restored(now: WallTime, by_reason: Vec<(String, Duration)>) -> Self {
        Self { day: day_of(now), by_reason }
    }

    fn of(&self, reason: &str, now: WallTime) -> Duration {
        let total = self.by_reason.iter().find(|(known, _)| known == reason).map_or(Duration::ZERO, |(_, time)| *time);
        if self.day == day_of(now) { total } else { Duration::ZERO }
    }

    fn add(&mut self, reason: String, time: Duration, now: WallTime) {
        if self.day != day_of(now) {
            *self = Self { day: day_of(now), by_reason: Vec::new() };
        }
        if let Some((_, total)) = self.by_reason.iter_mut().find(|(known, _)| *known == reason) {
            *total += time;
        } else if self.by_reason.len() < REASONS_MAX {
            self.by_reason.push((reason, time));
        }
    }
}

impl Agent {
    /// The part of the running pause that lies in the present day, and all pauses of its reason of the day.
    fn paused_today(&self, pause: &Pause, now: Now) -> Duration {
        let of_day = u64::try_from(now.wall.as_micros() - day_of(now.wall) * MICROS_A_DAY).unwrap_or(0);
        let running = now.mono.since(pause.since).min(Duration::from_micros(of_day));
        running + self.paused_before.of(&pause.reason, now.wall)
    }

    /// When the first limit of the running pause is reached of which he was not warned: (is it the day's, when, which).
    fn next_limit(&self, rule: &PauseRule, now: Now) -> Option<(bool, Instant, Duration)> {
        let pause = self.pause.as_ref()?;
        let of_pause = rule.limit.filter(|_| !pause.warned[0]).map(|limit| (false, pause.since + limit, limit));
        let of_day = rule
            .day_limit
            .filter(|_| !pause.warned[1])
            .map(|limit| (true, now.mono + limit.saturating_sub(self.paused_today(pause, now)), limit));
        of_pause.into_iter().chain(of_day).min_by_key(|(_, at, _)| *at)
    }
}

impl Acd {
    /// His state became another: a pause may have begun or ended.
    pub(crate) fn follow_pause(&mut self, slot: usize) {
        let now = self.now;
        let row = &mut self.agents[slot];
        let paused = row.shown.reason.clone().filter(|_| row.shown.state == State::Paused);
        if row.pause.as_ref().map(|pause| &pause.reason) == paused.as_ref() {
            return;
        }
        if let Some(Pause { reason, since, since_wall, .. }) = row.pause.take() {
            let midnight = WallTime::from_micros(day_of(now.wall) * MICROS_A_DAY);
            let of_day = if since_wall >= midnight {
                now.mono.since(since)
            } else {
                now.mono
                    .since(since)
                    .min(Duration::from_micros((now.wall.as_micros() - midnight.as_micros()).unsigned_abs()))
            };
            row.paused_before.add(reason, of_day, now.wall);
        }
        if let Some(reason) = paused {
            row.pause = Some(Pause { reason, since: now.mono, since_wall: now.wall, warned: [false; 2] });
        }
        self.arm_pause(slot);
    }

    /// Sets the timer of the running pause anew: it began, or the rules are others.
    pub(crate) fn arm_pause(&mut self, slot: usize) {
        let row = &self.agents[slot];
        let rule = row.pause.as_ref().and_then(|pause| self.pauses.iter().find(|rule| rule.reason == pause.reason));
        let due = rule.and_then(|rule| row.next_limit(rule, self.now)).map(|(_, at, _)| at);
        let timer = Timer::Pause(row.agent);
        match due {
            Some(at) => self.timers.set(timer, at),
            None => self.timers.cancel(&timer),
        }
    }

    /// A limit may be reached; at midnight that of the day is not.
    pub(crate) fn pause_due(&mut self, agent: AgentId) {
        let Some(slot) = self.agent_slot(agent) else { return };
        let row = &self.agents[slot];
        let Some(reason) = row.pause.as_ref().map(|pause| pause.reason.clone()) else { return };
        let Some(rule) = self.pauses.iter().find(|rule| rule.reason == reason) else { return };
        let (then, Some((of_day, at, limit))) = (rule.at_limit, row.next_limit(rule, self.now)) else { return };
        if at > self.now.mono {
            return self.arm_pause(slot);
        }
        self.effects.push_back(Effect::Noted { agent, note: Note::PauseLimit { reason, of_day, limit, then } });
        match then {
            AtLimit::Warn => {
                if let Some(pause) = &mut self.agents[slot].pause {
                    pause.warned[usize::from(of_day)] = true;
                }
                self.arm_pause(slot);
            }
            AtLimit::Ready => self.impose(slot, Status::Ready, ""),
            AtLimit::SignOff => self.impose(slot, Status::Offline, PAUSE_LIMIT),
        }
        self.settle(slot);
    }
}

fn day_of(wall: WallTime) -> i64 {
    wall.as_micros().div_euclid(MICROS_A_DAY)
}

const MICROS_A_DAY: i64 = 24 * 60 * 60 * 1_000_000;
/// Reasons of one agent that are summed; configured ones are fewer, free texts beyond have no limit to be held to.
const REASONS_MAX: usize = 100;
/// Reason of an agent who was signed off by a pause.
const PAUSE_LIMIT: &str = "pause_limit";
