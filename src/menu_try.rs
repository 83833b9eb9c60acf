//! `trunkline menu try`: the way of a caller through numbers, menus and queues, by the very functions that calls run.

use std::path::PathBuf;

use call::menu::{Heard, Next, Steered, Walk, steer, steer_number};
use call::{Destination, Dialer, Exit, MenuId, Plan, Target, Unserved};
use clap::{Args, Subcommand};
use clock::{QueueId, TrunkId, WallTime};
use journal_core::HoursFound;

use crate::clock_source::wall_now;
use crate::config::{Config, ConfigError};

/// What can be done with menus.
#[derive(Subcommand)]
pub enum MenuCommand {
    /// Print the way of a caller: which schedules, menus and queues he comes to, and what he hears.
    Try(TryOptions),
}

/// A caller to be tried out.
#[derive(Args)]
pub struct TryOptions {
    /// The configuration file.
    #[arg(long)]
    config: PathBuf,
    /// The number that is called, e.g. +442071830001.
    #[arg(long)]
    number: String,
    /// When (RFC 3339), e.g. 2026-12-25T10:00:00Z; without it, now.
    #[arg(long)]
    at: Option<String>,
    /// What the caller does, with commas between: keys ("1", "1001"; he waits after them until they count), "timeout"
    /// (presses nothing), in a queue also "full" and "empty" (what he finds there).
    #[arg(long, default_value = "")]
    keys: String,
}

/// Why there is no way to print.
#[derive(Debug, thiserror::Error)]
pub enum TryError {
    /// No configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A time that cannot be read.
    #[error("\"{0}\" is no time; expected RFC 3339, e.g. 2026-12-25T10:00:00Z")]
    BadTime(String),
    /// A word that is neither keys nor an event.
    #[error("\"{0}\" is nothing that a caller does; expected keys (0-9, *, #), \"timeout\", \"full\" or \"empty\"")]
    BadStep(String),
    /// A number that is not ours.
    #[error("{0} is none of the numbers of this configuration: a call to it is answered with 404")]
    UnknownNumber(String),
}

/// Tries a caller out: one line for each step of his way.
///
/// # Errors
/// The configuration has faults, or the caller cannot be what was asked for.
pub fn try_menu(options: &TryOptions) -> Result<Vec<String>, TryError> {
    let config = Config::load(&options.config)?;
    let now = match &options.at {
        Some(text) => hours::moment(text).ok_or_else(|| TryError::BadTime(text.clone()))?,
        None => wall_now(),
    };
    let mut names = journal_core::Names::default();
    let plan = crate::ids::resolve(&config, Vec::new(), &mut names).plan;
    let steps = steps(&options.keys)?;
    way(&plan, now, &options.number, &steps)
}

/// What a caller does next.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Act {
    Keys(String),
    TimeOut,
    Full,
    Empty,
}

fn steps(text: &str) -> Result<Vec<Act>, TryError> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| match word {
            "timeout" => Ok(Act::TimeOut),
            "full" => Ok(Act::Full),
            "empty" => Ok(Act::Empty),
            keys if keys.bytes().all(|byte| b"0123456789*#".contains(&byte)) => Ok(Act::Keys(keys.to_owned())),
            other => Err(TryError::BadStep(other.to_owned())),
        })
        .collect()
}

fn way(plan: &Plan, now: WallTime, number: &str, acts: &[Act]) -> Result<Vec<String>, TryError> {
    // As a call from the first trunk; without one, as from a phone of ours.
    let dialer = plan.trunks.keys().next().map_or(Dialer::System, |trunk: &TrunkId| Dialer::Trunk(*trunk));
    let unknown = || TryError::UnknownNumber(number.to_owned());
    let route = plan.route(dialer, number).map_err(|_| unknown())?;
    let Destination::Own(target) = route.destination else { return Err(unknown()) };
    let mut caller = Caller { plan, acts: acts.iter().cloned().collect(), lines: Vec::new(), has_entered: false };
    caller.say(format!("{} calls {}", hours::written(now), route.to));
    let mut steered = steer_number(plan, now, &route.to, target);
    for _ in 0..STEPS_MAX {
        match caller.follow(steered) {
            Some(exit) => steered = steer(plan, now, exit),
            None => return Ok(caller.lines),
        }
    }
    caller.say("and so on without end".to_owned());
    Ok(caller.lines)
}

/// A caller on his way.
struct Caller<'a> {
    plan: &'a Plan,
    acts: std::collections::VecDeque<Act>,
    lines: Vec<String>,
    /// He pressed the last key of a word.
    has_entered: bool,
}

impl Caller<'_> {
    /// Where he goes from where he was steered to; none at the end of the way.
    fn follow(&mut self, steered: Steered) -> Option<Exit> {
        for passed in steered.passed {
            let hours = match passed.hours {
                HoursFound::Open => "open".to_owned(),
                HoursFound::Closed => "closed".to_owned(),
                HoursFound::Holiday(name) if name.is_empty() => "holiday".to_owned(),
                HoursFound::Holiday(name) => format!("holiday ({name})"),
            };
            let onward = passed.to.map(|to| format!(" -> {to}")).unwrap_or_default();
            self.say(format!("{}: schedule {} is {hours}{onward}", passed.at, passed.schedule));
        }
        match steered.to {
            Exit::Own(Target::Menu(menu)) => self.menu(menu),
            Exit::Own(Target::Queue(queue)) => self.queue(queue),
            end => {
                self.say(format!("end: {}", self.plan.written(&end)));
                None
            }
        }
    }

    fn menu(&mut self, id: MenuId) -> Option<Exit> {
        let name = self.plan.menus.get(&id)?.name.clone();
        let (mut walk, mut next) = Walk::enter(self.plan, id)?;
        loop {
            let heard = match next {
                Next::Play(prompts) => {
                    self.has_entered = false;
                    self.say(format!("menu:{name}: plays {}", prompts.join(", ")));
                    // A key cuts the prompts; a time-out begins after them.
                    let is_key = matches!(self.acts.front(), Some(Act::Keys(_)));
                    is_key.then(|| self.key()).flatten().unwrap_or(Heard::PromptOver)
                }
                Next::Listen(_) if core::mem::take(&mut self.has_entered) => Heard::TimeOut,
                // Whoever does nothing more waits until the menu decides.
                Next::Listen(_) | Next::Same => self.key().unwrap_or(Heard::TimeOut),
                Next::Leave { keys, to } => {
                    self.has_entered = false;
                    let why = if keys.is_empty() { "default".to_owned() } else { format!("key {keys}") };
                    self.say(format!("menu:{name}: {why} -> {}", self.plan.written(&to)));
                    return Some(to);
                }
            };
            let turn = walk.handle(self.plan, heard);
            if let Some(missed) = turn.missed {
                match missed.keys.as_str() {
                    "" => self.say(format!("menu:{name}: nothing pressed")),
                    keys => self.say(format!("menu:{name}: {keys} is not valid")),
                }
            }
            next = turn.next;
        }
    }

    fn queue(&mut self, id: QueueId) -> Option<Exit> {
        let queue = self.plan.queues.get(&id)?;
        let name = queue.name.clone();
        let why = match self.acts.front() {
            Some(Act::Full) => Unserved::Full,
            Some(Act::Empty) => Unserved::Empty,
            _ => {
                self.say(format!("queue:{name}: waits"));
                match self.acts.front().cloned()? {
                    Act::TimeOut => Unserved::TimedOut,
                    Act::Keys(keys) => return self.queue_keys(&name, id, &keys),
                    Act::Full | Act::Empty => return None,
                }
            }
        };
        self.acts.pop_front();
        let to = self.plan.overflow(id, why).to;
        self.say(format!("queue:{name}: {} -> {}", why.word(), self.plan.written(&to)));
        Some(to)
    }

    /// Keys in a queue: those without a meaning are passed over.
    fn queue_keys(&mut self, name: &str, id: QueueId, keys: &str) -> Option<Exit> {
        self.acts.pop_front();
        let queue = self.plan.queues.get(&id)?;
        let exits = &queue.keys;
        let asks = queue.callback.as_ref().and_then(|callback| keys.find(callback.key));
        if asks.is_some_and(|at| !keys[..at].contains(|key| exits.contains_key(&key))) {
            self.say(format!("queue:{name}: asks to be called back"));
            return None;
        }
        let found = keys.char_indices().find_map(|(at, key)| Some((at, key, exits.get(&key)?.clone())));
        let Some((at, key, to)) = found else {
            self.say(format!("queue:{name}: key {keys} means nothing"));
            return Some(Exit::Own(Target::Queue(id))).filter(|_| !self.acts.is_empty());
        };
        let rest = &keys[at + 1..];
        if !rest.is_empty() {
            self.acts.push_front(Act::Keys(rest.to_owned()));
        }
        self.say(format!("queue:{name}: key {key} -> {}", self.plan.written(&to)));
        Some(to)
    }

    /// The next key or time-out of the script; what a queue is says nothing to a menu.
    fn key(&mut self) -> Option<Heard> {
        match self.acts.pop_front()? {
            Act::Keys(keys) => {
                let (first, rest) = keys.split_at_checked(1)?;
                self.has_entered = rest.is_empty();
                if !rest.is_empty() {
                    self.acts.push_front(Act::Keys(rest.to_owned()));
                }
                first.chars().next().map(Heard::Key)
            }
            Act::TimeOut => Some(Heard::TimeOut),
            of_queue => {
                self.acts.push_front(of_queue);
                None
            }
        }
    }

    fn say(&mut self, line: String) {
        self.lines.push(line);
    }
}

/// Menus and queues that one caller may pass: his keys are at most a line of a shell.
const STEPS_MAX: usize = 1_000;

#[cfg(test)]
mod tests;
