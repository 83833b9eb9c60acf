//! The packet path: one packet of one leg to all who hear it.

use clock::Instant;
use media_graph::{Event, Mode, NodeIx};
use rtp_core::{FRAME_SAMPLES, SAMPLE_RATE_HZ};

use super::MediaThread;
use crate::leg::{Came, Kind, Read};
use crate::metrics::DropReason;

impl MediaThread {
    /// Reads and forwards one packet of the leg at `ix`; false when none was there.
    pub(super) fn receive_rtp(&mut self, ix: NodeIx, now: Instant) -> bool {
        let Some(leg) = self.nodes.leg_mut(ix) else { return false };
        match leg.receive(&mut self.buffer[..], now, &self.outfit.metrics) {
            Read::Came(came) => {
                if came.first {
                    self.outfit.events.emit(Event::FirstPacket { leg: leg.id });
                }
                if let Kind::Event(Some(digit)) = came.kind {
                    self.outfit.events.emit(Event::Digit { leg: leg.id, digit });
                }
                self.forward(ix, &came, now);
                true
            }
            Read::Dropped => true,
            Read::Nothing => false,
        }
    }

    fn forward(&mut self, ix: NodeIx, came: &Came, now: Instant) {
        let mut is_mixed = self.nodes.leg_mut(ix).is_some_and(|leg| leg.listener.is_some());
        for sink in self.graph.sinks(ix) {
            match sink.mode {
                Mode::Relay | Mode::Transcode | Mode::Echo => {
                    if let Some(leg) = self.nodes.leg_mut(sink.node) {
                        let metrics = &self.outfit.metrics;
                        leg.relay(ix.as_u32(), came, &mut self.buffer[..], &mut self.scratch, now, metrics);
                    }
                }
                Mode::Mix => is_mixed = true,
                Mode::Tap => {
                    let (Kind::Audio(law), Some((tap, channel))) = (came.kind, self.nodes.channel_mut(sink.node))
                    else {
                        continue;
                    };
                    let payload = &self.buffer[came.payload.clone()];
                    if !tap.packet(channel, ix.as_u32(), &came.header, law, payload, now) {
                        self.outfit.metrics.drop_packet(DropReason::RecordFlood);
                    }
                }
                // Players are served by the tick.
                Mode::Play => {}
            }
        }
        if is_mixed {
            self.buffer_for_mix(ix, came, now);
        }
    }

    fn buffer_for_mix(&mut self, ix: NodeIx, came: &Came, now: Instant) {
        let Kind::Audio(law) = came.kind else { return };
        let Some(playout) = self.nodes.leg_mut(ix).and_then(|leg| leg.playout.as_mut()) else { return };
        let mut samples = [0; MAX_SAMPLES];
        let len = law.decode_into(&self.buffer[came.payload.clone()], &mut samples);
        playout.buffer.push(&came.header, &samples[..len], now);
    }
}

/// Samples of the longest packet that is mixed: 120 ms.
const MAX_SAMPLES: usize = SAMPLE_RATE_HZ as usize * 120 / 1_000;
const _: () = assert!(MAX_SAMPLES >= FRAME_SAMPLES);
