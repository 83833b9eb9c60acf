//! Rules before and around the queues: menus, keys while waiting, what waiting callers are told.

use core::time::Duration;
use std::collections::BTreeMap;

use call::{Announcements, Exit, MenuId, MenuPlan, Target};
use clock::QueueId;

/// Two menus: the first leads to the queues by their numbers, and to the second.
pub(crate) fn menus(queues: &[QueueId]) -> BTreeMap<MenuId, MenuPlan> {
    let first = queues.first().copied().unwrap_or_default();
    let to_queues = queues.iter().map(|queue| (queue.0.to_string(), Exit::Own(Target::Queue(*queue))));
    let elsewhere = [
        ("7", Exit::Number("+442079460000".to_owned())),
        ("8", Exit::Message("closed".to_owned())),
        ("9", Exit::Own(Target::Menu(SECOND))),
    ];
    let elsewhere = elsewhere.map(|(key, exit)| (key.to_owned(), exit));
    let main = MenuPlan {
        extensions: true,
        retries: 1,
        default: Exit::Own(Target::Queue(first)),
        ..menu("main", to_queues.chain(elsewhere).collect())
    };
    let keys = [("1", Exit::Own(Target::Queue(first))), ("9", Exit::Own(Target::Menu(MAIN)))];
    let keys = keys.map(|(key, exit)| (key.to_owned(), exit));
    [(MAIN, main), (SECOND, menu("second", keys.into()))].into()
}

/// `0` while waiting: to the box, or to the next queue.
pub(crate) fn keys(queue: QueueId, queues: u32) -> BTreeMap<char, Exit> {
    let next = QueueId(queue.0 % queues + 1);
    let to = if queue.0.is_multiple_of(2) || next == queue { Target::Voicemail(queue) } else { Target::Queue(next) };
    [('0', Exit::Own(to))].into()
}

/// What waiting callers are told, so often.
pub(crate) fn announcements(every: Duration) -> Announcements {
    if every.is_zero() {
        return Announcements::default();
    }
    Announcements {
        welcome: Some("connecting".to_owned()),
        first: every / 2,
        every,
        position_max: 10,
        wait: true,
        messages: vec!["comfort".to_owned()],
    }
}

fn menu(name: &str, keys: BTreeMap<String, Exit>) -> MenuPlan {
    MenuPlan {
        name: name.to_owned(),
        language: None,
        gate: None,
        prompts: vec!["welcome".to_owned(), "menu".to_owned()],
        keys,
        extensions: false,
        wait: Duration::from_secs(3),
        digit_wait: Duration::from_secs(1),
        retries: 0,
        invalid_prompt: "invalid".to_owned(),
        silence_prompt: "nothing-pressed".to_owned(),
        default: Exit::HangUp,
    }
}

/// Number of the first menu.
pub(crate) const MENU: &str = "+442071839004";
/// A key that no menu knows: a scenario has fewer queues.
pub(crate) const WRONG_KEY: char = '6';
pub(crate) const MAIN: MenuId = MenuId(1);
const SECOND: MenuId = MenuId(2);
