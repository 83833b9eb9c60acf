//! How the call of an attempt ends, as the dialer counts it.

use clock::CallId;
use dialer::contract::{EndClass, Ending, Fact};

use crate::shard::{Shard, Timer};
use crate::termination::{Reason, Termination};

impl Shard {
    /// The call is over: the dialer hears of it once.
    pub(crate) fn attempt_over(&mut self, call: CallId, why: &Termination) {
        let Some(dialed) = self.calls.get_mut(&call).and_then(|call| call.dialed.take()) else { return };
        let attempt = dialed.order.attempt;
        self.attempts.remove(&attempt);
        self.timers.cancel(&Timer::Attempt(call));
        // Timer B: the trunk never said a word. A phone that is not there is a 480.
        let is_silence = why.reason == Reason::Unreachable && why.sip == Some(408);
        let why = if is_silence { &Termination::system(Reason::TrunkDown) } else { why };
        let class = match (why.reason, dialed.customer) {
            (Reason::NodeRestart | Reason::ShardRestart, _) => EndClass::Restart,
            (_, Some(_)) => EndClass::HungUp,
            (reason, None) => class_of(reason),
        };
        self.report(attempt, Fact::Ended(Ending { class, ..ending(*why) }));
    }
}

/// No line was taken.
pub(crate) fn not_dialed(reason: Reason) -> Ending {
    Ending { class: EndClass::NotDialed, ..ending(Termination::system(reason)) }
}

fn ending(why: Termination) -> Ending {
    let row = why.reason.row();
    Ending { class: class_of(why.reason), code: row.code.to_owned(), q850: row.q850, sip: why.sip }
}

/// What a reason means for a call that nobody answered.
const fn class_of(reason: Reason) -> EndClass {
    match reason {
        Reason::Busy => EndClass::Busy,
        Reason::NoAnswer | Reason::Rona | Reason::Unreachable => EndClass::NoAnswer,
        Reason::Rejected | Reason::Denied | Reason::NotAcceptable => EndClass::Refused,
        Reason::UnknownNumber => EndClass::Unobtainable,
        Reason::Normal | Reason::Canceled => EndClass::Canceled,
        Reason::Overload | Reason::TrunkDown => EndClass::NotDialed,
        Reason::NodeRestart | Reason::ShardRestart => EndClass::Restart,
        _ => EndClass::Failed,
    }
}
