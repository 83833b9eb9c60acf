//! A caller in a key menu: the walk of `crate::menu`, with sound and time.

use clock::CallId;
use journal_core::CallEvent;

use crate::announce::Said;
use crate::call::{Call, Flow};
use crate::menu::{Heard, Next, Walk};
use crate::plan::{Exit, MenuId, Target};
use crate::route::Dialer;
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
                    (known.unserved, known.chose_nothing, known.detours) = (None, false, 0);
                }
                let rules = self.plan.menus.get(&menu);
                let default = rules.map(|menu| menu.default.clone());
                let menu = rules.map(|menu| menu.name.clone()).unwrap_or_default();
                let (keys, to) = match default.filter(|_| self.leads_nowhere(&to)) {
                    // Better than silence: he is where those go who pressed nothing.
                    Some(default) if !keys.is_empty() => {
                        self.log(call, CallEvent::MenuMissed { menu: menu.clone(), keys });
                        (String::new(), default)
                    }
                    _ => (keys, to),
                };
                if let Some(known) = self.calls.get_mut(&call) {
                    known.chose_nothing |= keys.is_empty();
                }
                self.log(call, CallEvent::MenuLeft { menu, keys, to: self.plan.written(&to) });
                self.send_to(call, party, to);
            }
        }
    }

    /// An agent without a phone, or a number that is none or may not be dialed.
    fn leads_nowhere(&self, exit: &Exit) -> bool {
        match exit {
            Exit::Own(Target::Agent(agent)) => self.phones_of(*agent).is_empty(),
            Exit::Number(number) => self.plan.route(Dialer::System, number).is_err(),
            _ => false,
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
