//! What commands change.

use std::sync::Arc;
use std::sync::mpsc::TrySendError;
use std::time::Duration;

use clock::{CallId, Instant, LegId};
use media_graph::{
    ChannelLayout, Command, Event, GraphError, LegCodecs, Mode, Node, NodeIx, PlaySource, PlayerId, RecorderId,
    RemoteMedia,
};
use rtp_core::FRAME_SAMPLES;
use rtp_core::jitter::JitterBuffer;

use super::nodes::Place;
use super::{BATCH_EVERY, MediaThread, Timer};
use crate::leg::{Leg, Playout, Watch, report_interval};
use crate::library::{Clip, Loaded, Wanted};
use crate::listener::Listener;
use crate::player::Player;
use crate::recorder::{Begin, Tap, ToWriter};
use crate::ticks::Part;

impl MediaThread {
    /// Does what a command asks for. One that cannot be done is counted; the
    /// call layer may well speak of what ended a moment ago.
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::Open { leg, call } => self.open(leg, call),
            Command::SetRemote { leg, remote } => self.set_remote(leg, remote),
            Command::Connect { source, sink } => self.connect(source, sink),
            Command::Disconnect { source, sink } => self.disconnect(source, sink),
            Command::Play { player, call, sources, looped } => self.play(player, call, sources, looped),
            Command::StopPlay { player } => self.stop_play(player),
            Command::Record { recorder, call: _, path, layout } => self.record(recorder, path, layout),
            Command::PauseRecord { recorder, paused } => self.pause_record(recorder, paused),
            Command::StopRecord { recorder, least } => self.stop_record(recorder, least),
            Command::Listen { leg, answered } => self.listen(leg, answered),
            Command::StopListening { leg } => self.stop_listening(leg),
            Command::Watch { leg, limit } => self.watch(leg, limit),
            Command::Close { leg } => self.close(leg),
        }
    }

    fn open(&mut self, id: LegId, call: CallId) {
        let now = self.outfit.clock.mono();
        let pair = match self.graph.ix(Node::Leg(id)) {
            Some(_) => return self.ignore("leg opened twice"),
            None => self.outfit.ports.open(now),
        };
        let Some(pair) = pair else { return self.refuse_open(id) };
        let Ok(ix) = self.graph.add(Node::Leg(id)) else {
            self.outfit.ports.close(pair, now);
            return self.refuse_open(id);
        };
        let leg = Leg::new(id, call, pair, &mut self.outfit.rng, now);
        let token = u64::from(ix.as_u32()) << 1;
        let watched = self.outfit.poller.watch(&leg.pair().rtp, token);
        if watched.and_then(|()| self.outfit.poller.watch(&leg.pair().rtcp, token | 1)).is_err() {
            self.graph.remove(Node::Leg(id));
            self.outfit.ports.close(leg.into_pair(), now);
            return self.refuse_open(id);
        }
        let rtp = self.rtp_address(&leg);
        self.nodes.put(ix, Place::Leg(Box::new(leg)));
        self.outfit.metrics.legs_open.add(1);
        self.outfit.events.emit(Event::Opened { leg: id, rtp });
    }

    fn refuse_open(&mut self, leg: LegId) {
        self.outfit.metrics.opens_failed.add(1);
        self.outfit.events.emit(Event::OpenFailed { leg });
    }

    fn set_remote(&mut self, id: LegId, remote: RemoteMedia) {
        let now = self.outfit.clock.mono();
        let codecs = LegCodecs::from(&remote);
        let Some(ix) = self.graph.ix(Node::Leg(id)) else { return self.ignore("SetRemote of an unknown leg") };
        let Some(leg) = self.nodes.leg_mut(ix) else { return };
        if leg.set_remote(remote, now) {
            // The first report comes after half the interval (RFC 3550 6.2).
            self.timers.set(Timer::Report(ix), now + report_interval(&mut self.outfit.rng) / 2);
        }
        let known = self.graph.set_codecs(id, codecs);
        self.note_refusal(known);
    }

    fn listen(&mut self, id: LegId, answered: bool) {
        let now = self.outfit.clock.mono();
        let Some(ix) = self.graph.ix(Node::Leg(id)) else { return self.ignore("Listen of an unknown leg") };
        let Some(leg) = self.nodes.leg_mut(ix) else { return };
        let listener = leg.listener.get_or_insert_with(|| Box::new(Listener::new()));
        if answered {
            listener.answered(now);
        }
        self.refresh_source(ix, now);
    }

    fn stop_listening(&mut self, id: LegId) {
        let now = self.outfit.clock.mono();
        let Some(ix) = self.graph.ix(Node::Leg(id)) else { return };
        if let Some(leg) = self.nodes.leg_mut(ix) {
            leg.listener = None;
        }
        self.refresh_source(ix, now);
    }

    /// What the party of a leg said first.
    fn first_words(&mut self, leg: LegId) -> Clip {
        let ix = self.graph.ix(Node::Leg(leg));
        let words = ix.and_then(|ix| self.nodes.leg_mut(ix)?.listener.as_ref()?.first_words());
        Clip::Samples(words.unwrap_or_else(|| Arc::from([])))
    }

    fn watch(&mut self, id: LegId, limit: Option<Duration>) {
        let now = self.outfit.clock.mono();
        let Some(ix) = self.graph.ix(Node::Leg(id)) else { return self.ignore("Watch of an unknown leg") };
        let Some(leg) = self.nodes.leg_mut(ix) else { return };
        let limit = limit.map(|limit| limit.max(MIN_WATCH));
        leg.watch = limit.map(|limit| Watch { limit, since: now, told: None });
        match limit {
            Some(limit) => self.timers.set(Timer::Watch(ix), now + limit),
            None => drop(self.timers.cancel(&Timer::Watch(ix))),
        }
    }

    pub(super) fn close(&mut self, id: LegId) {
        let now = self.outfit.clock.now();
        let Some(ix) = self.graph.ix(Node::Leg(id)) else { return self.ignore("Close of an unknown leg") };
        for timer in [Timer::Report(ix), Timer::Watch(ix)] {
            self.timers.cancel(&timer);
        }
        self.remove(Node::Leg(id), ix, now.mono);
        let Place::Leg(mut leg) = self.nodes.take(ix) else { return };
        for part in [Part::Source, Part::Mix] {
            self.ticks.set(ix, leg.call, part, false, now.mono);
        }
        leg.send_bye(now, &self.outfit.metrics);
        let stats = leg.stats();
        self.outfit.metrics.packets_lost.add(leg.newly_lost());
        self.outfit.metrics.legs_open.sub(1);
        self.outfit.ports.close(leg.into_pair(), now.mono);
        self.outfit.events.emit(Event::Closed { leg: id, stats });
    }

    fn connect(&mut self, source: Node, sink: Node) {
        let now = self.outfit.clock.mono();
        match self.graph.connect(source, sink) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return self.note_refusal(Err(error)),
        }
        if let Some(from) = self.graph.ix(source) {
            if let Some(player) = self.nodes.player_mut(from) {
                player.connected = true;
            }
            self.start_if_ready(from, now);
        }
        if let Some(to) = self.graph.ix(sink) {
            self.refresh_sink(to, now);
        }
    }

    fn disconnect(&mut self, source: Node, sink: Node) {
        let now = self.outfit.clock.mono();
        if !self.graph.disconnect(source, sink) {
            return;
        }
        if let (Some(from), Some(to)) = (self.graph.ix(source), self.graph.ix(sink)) {
            self.refresh_source(from, now);
            self.refresh_sink(to, now);
        }
    }

    fn play(&mut self, id: PlayerId, call: CallId, sources: Vec<PlaySource>, looped: bool) {
        if sources.is_empty() || sources.len() > MAX_PARTS {
            let why = format!("{} sources, 1 to {MAX_PARTS} are possible", sources.len());
            return self.outfit.events.emit(Event::PlayFailed { player: id, why });
        }
        let Ok(ix) = self.graph.add(Node::Player(id)) else { return self.ignore("player made twice") };
        let mut player = Player::new(id, call, sources.len(), looped);
        let mut wanted = Vec::new();
        for (part, source) in sources.into_iter().enumerate() {
            let clip = match source {
                PlaySource::FirstWords(leg) => Some(self.first_words(leg)),
                _ => self.outfit.library.find(&source),
            };
            match clip {
                Some(clip) => player.set_part(part, clip),
                None => wanted.push((part, source)),
            }
        }
        self.nodes.put(ix, Place::Player(Box::new(player)));
        for (part, source) in wanted {
            if let Err(why) = self.ask_for(id, part, source) {
                return self.fail_play(id, why);
            }
        }
    }

    fn ask_for(&self, player: PlayerId, part: usize, source: PlaySource) -> Result<(), String> {
        let answer_to = self.answers.upgrade().ok_or("the worker is ending")?;
        let wanted = Wanted { player, part, source, answer_to: (*answer_to).clone() };
        self.outfit.loader.try_send(wanted).map_err(|error| match error {
            TrySendError::Full(_) => "too many files wait to be read".to_owned(),
            TrySendError::Disconnected(_) => "the thread that reads files has ended".to_owned(),
        })
    }

    /// A file was read for a player, or could not be.
    pub(super) fn on_loaded(&mut self, loaded: Loaded) {
        let Some(ix) = self.graph.ix(Node::Player(loaded.player)) else { return };
        match loaded.samples {
            Ok(samples) => {
                self.outfit.library.learn(&loaded.source, &samples);
                if let Some(player) = self.nodes.player_mut(ix) {
                    player.set_part(loaded.part, Clip::Samples(samples));
                }
                self.start_if_ready(ix, self.outfit.clock.mono());
            }
            Err(why) => self.fail_play(loaded.player, why),
        }
    }

    fn fail_play(&mut self, player: PlayerId, why: String) {
        self.stop_play(player);
        self.outfit.events.emit(Event::PlayFailed { player, why });
    }

    pub(super) fn stop_play(&mut self, id: PlayerId) {
        let now = self.outfit.clock.mono();
        let Some(ix) = self.graph.ix(Node::Player(id)) else { return };
        self.remove(Node::Player(id), ix, now);
        if let Place::Player(player) = self.nodes.take(ix) {
            self.ticks.set(ix, player.call, Part::Source, false, now);
        }
    }

    fn record(&mut self, id: RecorderId, path: String, layout: ChannelLayout) {
        let now = self.outfit.clock.now();
        let Ok(first) = self.graph.add(Node::Recorder(id, 0)) else { return self.ignore("recording made twice") };
        if layout == ChannelLayout::Stereo {
            let second = self.graph.add(Node::Recorder(id, 1));
            match second {
                Ok(ix) => self.nodes.put(ix, Place::Channel(first, 1)),
                Err(error) => self.note_refusal(Err(error)),
            }
        }
        let tap = Tap::new(id, now.mono);
        let begin = ToWriter::Begin(Begin { recorder: id, path, layout, started: now.wall, failed: tap.failure() });
        if self.outfit.writer.try_send(begin).is_err() {
            self.graph.remove(Node::Recorder(id, 0));
            self.graph.remove(Node::Recorder(id, 1));
            self.outfit.metrics.recordings_failed.add(1);
            let why = "the disk is behind: the writer's queue is full".to_owned();
            return self.outfit.events.emit(Event::RecordFailed { recorder: id, why });
        }
        self.nodes.put(first, Place::Recorder(Box::new(tap)));
        self.timers.set(Timer::Batch(first), now.mono + BATCH_EVERY);
    }

    fn pause_record(&mut self, id: RecorderId, paused: bool) {
        let now = self.outfit.clock.mono();
        let Some(ix) = self.graph.ix(Node::Recorder(id, 0)) else { return };
        let Some(tap) = self.nodes.tap_mut(ix) else { return };
        if paused { tap.pause(now) } else { tap.resume(now) }
    }

    pub(super) fn stop_record(&mut self, id: RecorderId, least: Duration) {
        let now = self.outfit.clock.mono();
        if let Some(mut tap) = self.remove_recorder(id) {
            self.end_recording(tap.batch(now), least);
        }
    }

    /// Takes a recording's channels out of the graph.
    pub(super) fn remove_recorder(&mut self, id: RecorderId) -> Option<Box<Tap>> {
        let first = self.graph.ix(Node::Recorder(id, 0))?;
        self.timers.cancel(&Timer::Batch(first));
        self.graph.remove(Node::Recorder(id, 0));
        if let Some(second) = self.graph.ix(Node::Recorder(id, 1)) {
            self.graph.remove(Node::Recorder(id, 1));
            self.nodes.take(second);
        }
        match self.nodes.take(first) {
            Place::Recorder(tap) => Some(tap),
            _ => None,
        }
    }

    /// Takes a node and its edges out of the graph.
    fn remove(&mut self, node: Node, ix: NodeIx, now: Instant) {
        let sources: Vec<NodeIx> = self.graph.sources(ix).to_vec();
        let deafened = self.graph.remove(node);
        for sink in deafened {
            self.refresh_sink(sink, now);
        }
        for source in sources {
            self.refresh_source(source, now);
        }
    }

    /// After a change of what a sink hears: whether it hears a mix, and who feeds it.
    fn refresh_sink(&mut self, ix: NodeIx, now: Instant) {
        let sources: Vec<NodeIx> = self.graph.sources(ix).to_vec();
        if let Some(leg) = self.nodes.leg_mut(ix) {
            leg.release_stream();
            let call = leg.call;
            self.ticks.set(ix, call, Part::Mix, sources.len() > 1, now);
        }
        for source in sources {
            self.refresh_source(source, now);
        }
    }

    /// A leg that feeds a mix or is listened to needs a jitter buffer and a turn in each tick; others need none.
    fn refresh_source(&mut self, ix: NodeIx, now: Instant) {
        let feeds_mix = self.graph.sinks(ix).iter().any(|sink| sink.mode == Mode::Mix);
        let Some(leg) = self.nodes.leg_mut(ix) else { return };
        let feeds_mix = feeds_mix || leg.listener.is_some();
        match (&leg.playout, feeds_mix) {
            (None, true) => {
                let playout = Playout { buffer: JitterBuffer::new(), frame: [0; FRAME_SAMPLES] };
                leg.playout = Some(Box::new(playout));
            }
            (Some(_), false) => leg.playout = None,
            _ => return,
        }
        let call = leg.call;
        self.ticks.set(ix, call, Part::Source, feeds_mix, now);
    }

    fn start_if_ready(&mut self, ix: NodeIx, now: Instant) {
        if let Some(player) = self.nodes.player_mut(ix).filter(|player| player.is_ready()) {
            let call = player.call;
            self.ticks.set(ix, call, Part::Source, true, now);
        }
    }

    fn note_refusal(&mut self, result: Result<(), GraphError>) {
        if let Err(error) = result {
            tracing::debug!(%error, "media command ignored");
            self.outfit.metrics.commands_ignored.add(1);
        }
    }

    fn ignore(&mut self, what: &'static str) {
        tracing::debug!(what, "media command ignored");
        self.outfit.metrics.commands_ignored.add(1);
    }
}

/// The shortest silence that means anything: one packet. It also keeps the timer from being due for ever.
const MIN_WATCH: Duration = Duration::from_millis(20);
/// Sources of one player: a long announcement of numbers has some thirty.
const MAX_PARTS: usize = 64;
