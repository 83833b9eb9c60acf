//! One caller in one menu: what he hears, what he presses, where he goes.

use core::time::Duration;
use std::ops::Bound;

use crate::plan::{Exit, MenuId, MenuPlan, Plan, Target};

/// A caller in a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    menu: MenuId,
    /// Pressed so far.
    keys: String,
    /// How often nothing, or nothing valid, was pressed.
    misses: u8,
    playing: bool,
}

/// What happens to him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A key: `0`-`9`, `*`, `#`, `A`-`D`.
    Key(char),
    /// The prompts are over, or cannot be played.
    PromptOver,
    /// The time that [`Next::Listen`] named is over.
    TimeOut,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it goes on as it is.
    Same,
    /// He hears these; the first key cuts them.
    Play(Vec<String>),
    /// Silence; `Heard::TimeOut` after so long without a key.
    Listen(Duration),
    /// He goes there. What he pressed; empty for the menu's default.
    Leave {
        /// Keys.
        keys: String,
        /// Where to.
        to: Exit,
    },
}

/// A try that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// What was pressed; empty when nothing was.
    pub keys: String,
}

/// What one thing that happened leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// A try that came to nothing ended with it.
    pub missed: Option<Missed>,
    /// What follows.
    pub next: Next,
}

/// What the keys pressed so far mean.
enum Meaning {
    /// Exactly this, and nothing longer.
    Exit(Exit),
    /// This, but more could follow.
    Maybe(Option<Exit>),
    /// Nothing, whatever follows.
    Nothing,
}

impl Walk {
    /// A caller enters a menu; what he hears. None when there is no such menu.
    #[must_use]
    pub fn enter(plan: &Plan, menu: MenuId) -> Option<(Self, Next)> {
        let rules = plan.menus.get(&menu)?;
        let walk = Self { menu, keys: String::new(), misses: 0, playing: true };
        Some((walk, Next::Play(rules.prompts.clone())))
    }

    /// The menu.
    #[must_use]
    pub const fn menu(&self) -> MenuId {
        self.menu
    }

    /// Something happens. In a menu that a reload took away the caller is let go.
    pub fn handle(&mut self, plan: &Plan, heard: Heard) -> Turn {
        let Some(rules) = plan.menus.get(&self.menu) else {
            return turn(Next::Leave { keys: String::new(), to: Exit::HangUp });
        };
        match heard {
            Heard::Key(key) => self.key(plan, rules, key),
            Heard::PromptOver if self.playing => {
                self.playing = false;
                turn(Next::Listen(rules.wait))
            }
            Heard::TimeOut if !self.playing => match self.meaning(plan, rules) {
                Meaning::Exit(to) | Meaning::Maybe(Some(to)) => self.leave(to),
                _ => self.miss(rules),
            },
            Heard::PromptOver | Heard::TimeOut => turn(Next::Same),
        }
    }

    fn key(&mut self, plan: &Plan, rules: &MenuPlan, key: char) -> Turn {
        self.playing = false;
        let ends_entry = key == '#' && !self.keys.is_empty();
        if ends_entry && !rules.keys.keys().any(|known| known.starts_with(&format!("{}#", self.keys))) {
            return match self.meaning(plan, rules) {
                Meaning::Exit(to) | Meaning::Maybe(Some(to)) => self.leave(to),
                _ => self.miss(rules),
            };
        }
        self.keys.push(key);
        match self.meaning(plan, rules) {
            Meaning::Exit(to) => self.leave(to),
            Meaning::Maybe(_) => turn(Next::Listen(rules.digit_wait)),
            Meaning::Nothing => self.miss(rules),
        }
    }

    fn leave(&mut self, to: Exit) -> Turn {
        turn(Next::Leave { keys: core::mem::take(&mut self.keys), to })
    }

    /// Once more, or the default after the last try.
    fn miss(&mut self, rules: &MenuPlan) -> Turn {
        let keys = core::mem::take(&mut self.keys);
        let why = if keys.is_empty() { &rules.silence_prompt } else { &rules.invalid_prompt };
        let missed = Some(Missed { keys });
        if self.misses >= rules.retries {
            let next = Next::Leave { keys: String::new(), to: rules.default.clone() };
            return Turn { missed, next };
        }
        self.misses += 1;
        self.playing = true;
        let prompts = core::iter::once(why).chain(&rules.prompts).filter(|prompt| !prompt.is_empty());
        Turn { missed, next: Next::Play(prompts.cloned().collect()) }
    }

    fn meaning(&self, plan: &Plan, rules: &MenuPlan) -> Meaning {
        let keys = self.keys.as_str();
        if keys.is_empty() || keys.len() > MAX_KEYS {
            return Meaning::Nothing;
        }
        let key = rules.keys.get(keys).cloned();
        let longer_key = after(&rules.keys, keys).next().is_some();
        let (extension, longer_extension) = if rules.extensions {
            let agent = |target: &Target| matches!(target, Target::Agent(_));
            let exact = plan.extensions.get(keys).filter(|target| agent(target)).map(|target| Exit::Own(*target));
            (exact, after(&plan.extensions, keys).any(|(_, target)| agent(target)))
        } else {
            (None, false)
        };
        match (key.or(extension), longer_key || longer_extension) {
            (Some(exit), false) => Meaning::Exit(exit),
            (exit, true) => Meaning::Maybe(exit),
            (None, false) => Meaning::Nothing,
        }
    }
}

/// Entries whose key begins with `keys` and goes on.
fn after<'a, V>(
    map: &'a std::collections::BTreeMap<String, V>,
    keys: &'a str,
) -> impl Iterator<Item = (&'a String, &'a V)> {
    map.range::<str, _>((Bound::Excluded(keys), Bound::Unbounded)).take_while(move |(key, _)| key.starts_with(keys))
}

fn turn(next: Next) -> Turn {
    Turn { missed: None, next }
}

/// Longer than any extension: E.164 has 15 digits.
const MAX_KEYS: usize = 16;
