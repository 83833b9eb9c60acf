//! The 20 ms tick: players, jitter buffers and mixes.

use clock::Instant;
use media_graph::{Event, Mode, Node, NodeIx};
use rtp_core::{FRAME_SAMPLES, mix};

use super::MediaThread;
use crate::leg::EncodedFrame;
use crate::metrics::DropReason;

impl MediaThread {
    /// Runs the slots that are due.
    pub(super) fn run_ticks(&mut self) {
        let now = self.outfit.clock.mono();
        while let Some((slot, due, late)) = self.ticks.pop_due(now) {
            if late {
                self.outfit.metrics.ticks_late.add(1);
            }
            self.run_slot(slot, due, now);
        }
    }

    /// Sources make their frames first, then mixes read them.
    fn run_slot(&mut self, slot: usize, due: Instant, now: Instant) {
        let mut nth = 0;
        while let Some(ix) = self.ticks.slot(slot).sources.get(nth).copied() {
            let goes_on = match self.graph.node(ix) {
                Some(Node::Player(_)) => self.tick_player(ix, now),
                _ => self.tick_playout(ix, due),
            };
            // A player that ended took itself off the list: the next one stands in its place.
            nth += usize::from(goes_on);
        }
        let mut nth = 0;
        while let Some(ix) = self.ticks.slot(slot).mixes.get(nth).copied() {
            self.tick_mix(ix, now);
            nth += 1;
        }
    }

    /// Plays one frame to all who hear the player; false when it ended and was removed.
    fn tick_player(&mut self, ix: NodeIx, now: Instant) -> bool {
        let Some(player) = self.nodes.player_mut(ix) else { return true };
        let played = player.advance();
        let (at_end, id, frame) = (player.is_at_end() || !played, player.id, player.frame);
        if played {
            let mut encoded = EncodedFrame::new(&frame);
            for sink in self.graph.sinks(ix) {
                match sink.mode {
                    Mode::Play => {
                        if let Some(leg) = self.nodes.leg_mut(sink.node) {
                            leg.send_frame(ix.as_u32(), &mut encoded, now, &self.outfit.metrics);
                        }
                    }
                    Mode::Tap => {
                        if let Some((tap, channel)) = self.nodes.channel_mut(sink.node)
                            && !tap.frame(channel, ix.as_u32(), &frame, now)
                        {
                            self.outfit.metrics.drop_packet(DropReason::RecordFlood);
                        }
                    }
                    _ => {}
                }
            }
        }
        if at_end {
            self.stop_play(id);
            self.outfit.events.emit(Event::Played { player: id });
        }
        !at_end
    }

    fn tick_playout(&mut self, ix: NodeIx, due: Instant) -> bool {
        let Some(leg) = self.nodes.leg_mut(ix) else { return true };
        let Some(playout) = leg.playout.as_mut() else { return true };
        playout.buffer.pop(due, &mut playout.frame);
        if let Some(listener) = leg.listener.as_mut() {
            let id = leg.id;
            for event in listener.hear(due, &playout.frame) {
                self.outfit.events.emit(Event::Line { leg: id, event });
            }
        }
        true
    }

    /// Sends a leg the sum of all that it hears.
    fn tick_mix(&mut self, ix: NodeIx, now: Instant) {
        let mut sum = [0i32; FRAME_SAMPLES];
        for source in self.graph.sources(ix) {
            if let Some(frame) = self.nodes.frame(*source) {
                mix::add(&mut sum, frame);
            }
        }
        let frame = mix::saturate(&sum);
        if let Some(leg) = self.nodes.leg_mut(ix) {
            leg.send_frame(ix.as_u32(), &mut EncodedFrame::new(&frame), now, &self.outfit.metrics);
        }
    }
}
