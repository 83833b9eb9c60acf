//! A caller in a key menu: the walk of `crate::menu`, with sound and time.

use clock::CallId;
use journal_core::CallEvent;

use crate::announce::Said;
use crate::call::{Call, Flow};
use crate::menu::{Heard, Next, Walk};
use crate::plan::{Exit, MenuId};
use crate::shard::{Shard, Timer};

impl Shard {
    /// A party hears a menu from now.
    pub(crate) fn enter_menu(&mut self, call: CallId, party: clock::LegId, menu: MenuId) {
        let plan = self.plan.clone();
        let (Some(rules), Some((walk, next))) = (plan.menus.get(&menu), Walk::enter(&plan, menu)) else {
            return self.send_to(call, party, Exit::HangUp);
        };
        let Some(known) = self.calls.get_mut(&call) else { return };
        if let Some(language) = &rules.language {
            known.language = Some(language.as_str().into());
        }
        self.log(call, CallEvent::MenuEntered { menu: rules.name.clone() });
        self.set_flow(call, Flow::Menu { party, walk, said: None });
        self.menu_goes_on(call, next);
    }

    /// Something happened in the menu of a call.
    pub(crate) fn menu_heard(&mut self, call: CallId, heard: Heard) {
        let plan = self.plan.clone();
        let Some(Flow::Menu { walk, .. }) = self.calls.get_mut(&call).map(|call| &mut call.flow) else { return };
        let menu = walk.menu();
        let turn = walk.handle(&plan, heard);
        if let Some(missed) = turn.missed {
            let menu = plan.menus.get(&menu).map(|menu| menu.name.clone()).unwrap_or_default();
            self.log(call, CallEvent::MenuMissed { menu, keys: missed.keys });
        }
        self.menu_goes_on(call, turn.next);
    }

    fn menu_goes_on(&mut self, call: CallId, next: Next) {
        let Some(Flow::Menu { party, walk, .. }) = self.calls.get(&call).map(|call| &call.flow) else { return };
        let (party, menu) = (*party, walk.menu());
        match next {
            Next::Same => {}
            Next::Play(prompts) if prompts.is_empty() => self.menu_heard(call, Heard::PromptOver),
            Next::Play(prompts) => {
                self.timers.cancel(&Timer::Menu(call));
                let words = self.words(call, &prompts);
                self.menu_says(call, Some(words));
            }
            Next::Listen(wait) => {
                self.menu_says(call, None);
                self.arm(Timer::Menu(call), wait);
            }
            Next::Leave { keys, to } => {
                if let Some(known) = self.calls.get_mut(&call).filter(|_| !keys.is_empty()) {
                    (known.unserved, known.detours) = (None, 0);
                }
                let menu = self.plan.menus.get(&menu).map(|menu| menu.name.clone()).unwrap_or_default();
                self.log(call, CallEvent::MenuLeft { menu, keys, to: self.plan.written(&to) });
                self.send_to(call, party, to);
            }
        }
    }

    fn menu_says(&mut self, call: CallId, words: Option<Said>) {
        if let Some(Flow::Menu { said, .. }) = self.calls.get_mut(&call).map(|call| &mut call.flow) {
            *said = words;
        }
        self.rewire(call);
    }

    /// Prompts in the language of the call, to be said once.
    pub(crate) fn words(&mut self, call: CallId, prompts: &[String]) -> Said {
        let Some(known) = self.calls.get_mut(&call) else { return Said { turn: 0, prompts: Vec::new() } };
        known.turns = known.turns.wrapping_add(1);
        let turn = known.turns;
        let prompts = self.calls.get(&call).map(|known| prompts.iter().map(|name| self.spoken(known, name)).collect());
        Said { turn, prompts: prompts.unwrap_or_default() }
    }

    /// The prompt of that name in the language of the call.
    pub(crate) fn spoken(&self, call: &Call, name: &str) -> String {
        match call.language.as_deref().unwrap_or(&self.plan.language) {
            "" => name.to_owned(),
            _ if name.contains('/') => name.to_owned(),
            language => format!("{language}/{name}"),
        }
    }
}
