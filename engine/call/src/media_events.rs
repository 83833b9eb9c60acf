//! What the media worker says.

use clock::LegId;
use media_graph::{Command, Event};

use crate::call::Flow;
use crate::recording::Finished;
use crate::shard::Shard;
use crate::termination::{Reason, Termination};

impl Shard {
    pub(crate) fn on_media(&mut self, event: Event) {
        match event {
            Event::Opened { leg, rtp } => self.ports_opened(leg, rtp),
            Event::OpenFailed { leg } => {
                self.ports.remove(&leg);
                self.ports_failed(leg);
            }
            Event::Digit { leg, digit } => self.digit(leg, digit),
            Event::Silent { leg } => self.silent(leg),
            Event::Played { player } => self.greeted(player, false),
            Event::PlayFailed { player, .. } => self.greeted(player, true),
            Event::Recorded { recorder, duration_ms, sha256 } => {
                self.recorded(recorder, Finished::Ready { duration_ms, sha256 });
            }
            Event::Discarded { recorder } => self.recorded(recorder, Finished::Discarded),
            Event::RecordFailed { recorder, .. } => self.recorded(recorder, Finished::Failed),
            Event::Closed { leg, .. } => {
                self.ports.remove(&leg);
            }
            Event::FirstPacket { leg } => {
                if let Some(known) = self.legs.get_mut(&leg) {
                    known.heard = true;
                }
            }
        }
    }

    /// A key. Between parties it passes in the media and is nobody's business; a voicemail box takes it, and a queue.
    pub(crate) fn digit(&mut self, leg: LegId, digit: char) {
        let Some(call) = self.legs.get(&leg).map(|leg| leg.call) else { return };
        match self.calls.get(&call).map(|call| &call.flow) {
            Some(Flow::Voicemail(_)) => self.voicemail_digit(call, leg, digit),
            Some(Flow::Waiting { .. }) => _ = self.callback_digit(call, leg, digit),
            Some(Flow::Farewell { .. }) => self.farewell_digit(call, leg, digit),
            _ => {}
        }
    }

    /// RTP stopped. A word that crossed a hold says nothing: the leg is not watched any more. Nor does the silence of
    /// a caller who waits and never spoke: carriers that send nothing towards music are met with, and his wait has
    /// a limit of its own. He is watched on, for the talk that follows.
    fn silent(&mut self, leg: LegId) {
        let Some(known) = self.legs.get(&leg).filter(|leg| leg.watched == Some(true)) else { return };
        let flow = self.calls.get(&known.call).map(|call| &call.flow);
        if !known.heard && matches!(flow, Some(Flow::Waiting { party, .. }) if *party == leg) {
            self.media(Command::Watch { leg, limit: Some(self.plan.limits.rtp_silence) });
            return;
        }
        let why = Termination::new(known.who(), Reason::RtpTimeout);
        self.leg_lost(leg, why, false);
    }
}
