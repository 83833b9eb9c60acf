//! Own services: queue, menu, echo, tone and voicemail answer at once (DESIGN section 9).

use clock::{CallId, LegId, WallTime};

use crate::call::Flow;
use crate::plan::{Exit, Target};
use crate::shard::Shard;
use crate::termination::{Reason, Termination};

impl Shard {
    /// Gives the party what it dialed, or where rules send it instead.
    pub(crate) fn serve(&mut self, call: CallId, party: LegId, service: Target) {
        self.send_to(call, party, Exit::Own(service));
    }

    /// Answers the party and gives it this service; in a queue, the place of `arrived` where that is said.
    pub(crate) fn serve_here(&mut self, call: CallId, party: LegId, service: Target, arrived: Option<WallTime>) {
        if !self.answer_party(party, None) {
            return;
        }
        if matches!(service, Target::Echo | Target::Tone) {
            self.log_answered(call, party, None);
        }
        match service {
            Target::Queue(queue) => self.enter_queue(call, party, queue, arrived),
            Target::Menu(menu) => self.enter_menu(call, party, menu),
            Target::Voicemail(queue) => {
                let unserved = self.calls.get(&call).is_some_and(|call| call.unserved.is_some());
                self.start_voicemail(call, party, queue, unserved);
            }
            Target::Tone => self.set_flow(call, Flow::Tone { party }),
            Target::Echo => self.set_flow(call, Flow::Echo { party }),
            // A code that is dialed on a phone, and nowhere else.
            Target::StandingLeg => self.end_call(call, Termination::refusal(Reason::UnknownNumber)),
            Target::Agent(agent) => self.send_to(call, party, Exit::Own(Target::Agent(agent))),
        }
    }
}
