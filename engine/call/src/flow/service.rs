//! Own services: queue, echo, tone and voicemail answer at once (DESIGN section 9).

use clock::{CallId, LegId};

use crate::call::Flow;
use crate::plan::Target;
use crate::route::Destination;
use crate::shard::Shard;

impl Shard {
    /// Answers the party and gives it what it dialed.
    pub(crate) fn serve(&mut self, call: CallId, party: LegId, service: Target) {
        if !self.answer_party(party, None) {
            return;
        }
        if matches!(service, Target::Echo | Target::Tone) {
            self.log_answered(call, party, None);
        }
        match service {
            Target::Queue(queue) => self.enter_queue(call, party, queue),
            Target::Voicemail(queue) => self.start_voicemail(call, party, queue, false),
            Target::Tone => self.set_flow(call, Flow::Tone { party }),
            Target::Echo => self.set_flow(call, Flow::Echo { party }),
            Target::Agent(agent) => self.connect_to(call, party, &Destination::Own(Target::Agent(agent))),
        }
    }
}
