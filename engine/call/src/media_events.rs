//! What the media worker says.

use clock::{CallId, LegId};
use journal_core::CallEvent;
use media_graph::{Command, Event, PlayerId};

use crate::call::Flow;
use crate::menu::Heard;
use crate::recording::Finished;
use crate::shard::Shard;
use crate::termination::{Reason, Termination};
use crate::wiring::Sound;

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
            Event::Played { player } => self.played(player, false),
            Event::PlayFailed { player, .. } => self.played(player, true),
            Event::Recorded { recorder, duration_ms, sha256 } => {
                self.recorded(recorder, Finished::Ready { duration_ms, sha256 });
            }
            Event::Discarded { recorder } => self.recorded(recorder, Finished::Discarded),
            Event::RecordFailed { recorder, .. } => self.recorded(recorder, Finished::Failed),
            Event::Closed { leg, .. } => {
                self.ports.remove(&leg);
            }
            Event::Line { leg, event } => self.heard_on_line(leg, event),
            Event::FirstPacket { leg } => {
                if let Some(known) = self.legs.get_mut(&leg) {
                    known.heard = true;
                }
            }
        }
    }

    /// A player came to its end, or could not play at all: either way what it said is over.
    fn played(&mut self, player: PlayerId, failed: bool) {
        let Some(call) = self.players.get(&player).copied() else { return };
        let Some(known) = self.calls.get_mut(&call) else { return };
        let sound = known.wiring.sound_of(player).cloned();
        if failed {
            known.wiring.play_failed(player);
            self.players.remove(&player);
            self.dropped("play_failed");
            if matches!(sound, Some(Sound::Said(_))) {
                self.attempt_message_failed(call);
            }
        }
        match sound {
            Some(Sound::Greeting(_)) => self.begin_message(call),
            Some(Sound::Cue(_)) => self.cue_over(call),
            Some(Sound::Said(said)) => self.said(call, said.turn),
            Some(Sound::Once(_)) => {
                self.announced(call);
                self.told_of_callback(call);
            }
            _ => {}
        }
    }

    /// Words to a caller are over.
    fn said(&mut self, call: CallId, turn: u32) {
        match self.calls.get(&call).map(|call| &call.flow) {
            Some(Flow::Menu { said: Some(said), .. }) if said.turn == turn => {
                self.menu_heard(call, Heard::PromptOver);
            }
            Some(Flow::Message { said, .. }) if said.turn == turn => self.message_over(call),
            Some(Flow::Waiting { .. }) => self.words_over(call, turn),
            _ => {}
        }
    }

    /// A key. Between parties it passes in the media and is nobody's business; a menu, a queue and a voicemail box
    /// take it.
    pub(crate) fn digit(&mut self, leg: LegId, digit: char) {
        let Some(call) = self.legs.get(&leg).map(|leg| leg.call) else { return };
        match self.calls.get(&call).map(|call| &call.flow) {
            Some(Flow::Voicemail(_)) => self.voicemail_digit(call, leg, digit),
            Some(Flow::Menu { party, .. }) if *party == leg => {
                self.log(call, CallEvent::Digit { leg, digit });
                self.menu_heard(call, Heard::Key(digit));
            }
            Some(Flow::Waiting { party, queue, .. }) => {
                let (is_party, queue) = (*party == leg, *queue);
                if !self.callback_digit(call, leg, digit) && is_party {
                    self.queue_digit(call, leg, queue, digit);
                }
            }
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
