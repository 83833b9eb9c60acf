//! The media worker, without sound: ports, players, recordings, and the graph of who hears whom.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use clock::{Instant, LegId, Rng};
use media_graph::{
    Command, Event, Graph, GraphError, LegStats, LineEvent, LineVerdict, Node, PlaySource, PlayerId, RecorderId,
    ToneKind,
};

use crate::chance::between;
use crate::ctx::Line;

/// What is to happen in the worker later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaTimer {
    /// The player has reached its end.
    Played(PlayerId),
    /// Is the leg still heard? Only the newest watch counts.
    Watched(LegId, u32),
    /// The first packet may have come.
    FirstPacket(LegId),
    /// The detection may have something to listen to: of the leg, and of which order to listen.
    Listens(LegId, u32),
    /// It has decided.
    Decides(LegId, u32),
    /// The beep of a machine is over.
    Beeped(LegId, u32),
    /// The recording is on disk, or cannot be.
    Finished(RecorderId),
}

/// What follows from a command or timer.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Tell this shard.
    Tell(usize, Event),
    /// Look again after so long.
    Later(Duration, MediaTimer),
}

/// The worker of one life of the node.
#[derive(Debug)]
pub(crate) struct Worker {
    rng: Rng,
    failure: f64,
    pub(crate) graph: Graph,
    legs: BTreeMap<LegId, Leg>,
    players: BTreeMap<PlayerId, usize>,
    recorders: BTreeMap<RecorderId, (usize, Instant)>,
    /// Recordings that are being finished: whom to tell, and how long they are, if they are kept.
    finishing: BTreeMap<RecorderId, (usize, Option<u64>)>,
    by_remote: BTreeMap<SocketAddr, LegId>,
    /// Nodes that the worker itself took away: commands about them may still be on their way.
    failed: BTreeSet<Node>,
    next_port: u16,
}

#[derive(Debug)]
struct Leg {
    shard: usize,
    remote: Option<SocketAddr>,
    limit: Option<Duration>,
    watch: u32,
    heard_last: Instant,
    first_packet: bool,
    listening: Listening,
}

/// The detection on a leg.
#[derive(Clone, Copy, Debug, Default)]
struct Listening {
    /// Only the newest order to listen counts.
    order: u32,
    answered: bool,
    line: Option<Line>,
}

impl Worker {
    pub(crate) fn new(failure: f64, rng: Rng) -> Self {
        Self {
            rng,
            failure,
            graph: Graph::new(),
            legs: BTreeMap::new(),
            players: BTreeMap::new(),
            recorders: BTreeMap::new(),
            finishing: BTreeMap::new(),
            by_remote: BTreeMap::new(),
            failed: BTreeSet::new(),
            next_port: FIRST_PORT,
        }
    }

    /// Nothing fails from now on.
    pub(crate) fn calm(&mut self) {
        self.failure = 0.0;
    }

    /// Takes a command of a shard.
    ///
    /// # Errors
    /// The graph refuses it, and not because of a failure of the worker's own.
    pub(crate) fn take(&mut self, now: Instant, shard: usize, command: &Command) -> Result<Vec<Outcome>, GraphError> {
        let may_fail = matches!(command, Command::Open { .. } | Command::Play { .. } | Command::Record { .. });
        if may_fail && self.rng.chance(self.failure) {
            return Ok(self.fail(shard, command));
        }
        if let Err(error) = self.graph.apply(command) {
            return if self.is_aftermath(command) { Ok(Vec::new()) } else { Err(error) };
        }
        Ok(self.carry_out(now, shard, command))
    }

    /// A timer of its own has come; `sounds` tells whether RTP comes from an address.
    pub(crate) fn on_timer(
        &mut self,
        now: Instant,
        timer: MediaTimer,
        sounds: impl Fn(SocketAddr) -> bool,
        line: impl Fn(SocketAddr) -> Option<Line>,
    ) -> Vec<Outcome> {
        match timer {
            MediaTimer::Listens(leg, order) => self.listen(leg, order, line),
            MediaTimer::Decides(leg, order) => self.decide(leg, order),
            MediaTimer::Beeped(leg, order) => self.tell_line(leg, order, LineEvent::MaySpeak),
            MediaTimer::Played(player) => match self.players.remove(&player) {
                // The node stays until `StopPlay`; it is silent from now on.
                Some(shard) => vec![Outcome::Tell(shard, Event::Played { player })],
                None => Vec::new(),
            },
            MediaTimer::Finished(recorder) => self.finish_record(recorder),
            MediaTimer::FirstPacket(leg) => {
                let Some(known) = self.legs.get_mut(&leg) else { return Vec::new() };
                if known.first_packet || !known.remote.is_some_and(sounds) {
                    return Vec::new();
                }
                known.first_packet = true;
                let shard = known.shard;
                vec![Outcome::Tell(shard, Event::FirstPacket { leg })]
            }
            MediaTimer::Watched(leg, watch) => {
                let Some(known) = self.legs.get_mut(&leg).filter(|known| known.watch == watch) else {
                    return Vec::new();
                };
                let Some(limit) = known.limit else { return Vec::new() };
                if known.remote.is_some_and(sounds) {
                    known.heard_last = now;
                    return vec![Outcome::Later(limit.min(LOOK_EVERY), timer)];
                }
                if now.since(known.heard_last) < limit {
                    return vec![Outcome::Later(limit.min(LOOK_EVERY), timer)];
                }
                let shard = known.shard;
                vec![Outcome::Tell(shard, Event::Silent { leg })]
            }
        }
    }

    /// A key that the party at this address presses.
    pub(crate) fn press(&mut self, remote: SocketAddr, digit: char) -> Option<Outcome> {
        let leg = *self.by_remote.get(&remote)?;
        let shard = self.legs.get(&leg)?.shard;
        Some(Outcome::Tell(shard, Event::Digit { leg, digit }))
    }

    /// Whether the party at `sink` hears the one at `source`.
    pub(crate) fn hears(&self, sink: SocketAddr, source: SocketAddr) -> bool {
        let node = |addr| self.by_remote.get(&addr).and_then(|leg| self.graph.ix(Node::Leg(*leg)));
        let (Some(sink), Some(source)) = (node(sink), node(source)) else { return false };
        self.graph.sources(sink).contains(&source)
    }

    /// Ports that are open, players and recordings that are there.
    pub(crate) fn counts(&self) -> [(&'static str, usize); 3] {
        [
            ("ports at the media worker", self.legs.len()),
            ("recordings at the media worker", self.recorders.len() + self.finishing.len()),
            ("nodes in the media graph", self.graph.len()),
        ]
    }

    fn carry_out(&mut self, now: Instant, shard: usize, command: &Command) -> Vec<Outcome> {
        match command {
            Command::Open { leg, .. } => {
                let known = Leg {
                    shard,
                    remote: None,
                    limit: None,
                    watch: 0,
                    heard_last: now,
                    first_packet: false,
                    listening: Listening::default(),
                };
                self.legs.insert(*leg, known);
                let rtp = self.port();
                vec![Outcome::Tell(shard, Event::Opened { leg: *leg, rtp })]
            }
            Command::SetRemote { leg, remote } => {
                let Some(known) = self.legs.get_mut(leg) else { return Vec::new() };
                if let Some(former) = known.remote.replace(remote.rtp) {
                    self.by_remote.remove(&former);
                }
                self.by_remote.insert(remote.rtp, *leg);
                vec![Outcome::Later(FIRST_PACKET, MediaTimer::FirstPacket(*leg))]
            }
            Command::Watch { leg, limit } => {
                let Some(known) = self.legs.get_mut(leg) else { return Vec::new() };
                known.limit = *limit;
                known.watch += 1;
                known.heard_last = now;
                let timer = MediaTimer::Watched(*leg, known.watch);
                limit.iter().map(|limit| Outcome::Later((*limit).min(LOOK_EVERY), timer)).collect()
            }
            Command::Play { player, sources, looped, .. } => {
                let goes_on = |source: &PlaySource| matches!(source, PlaySource::Tone(kind) if *kind != ToneKind::Cue);
                if *looped || sources.iter().any(goes_on) && sources.len() == 1 {
                    return Vec::new();
                }
                self.players.insert(*player, shard);
                vec![Outcome::Later(PROMPT, MediaTimer::Played(*player))]
            }
            Command::StopPlay { player } => {
                self.players.remove(player);
                Vec::new()
            }
            Command::Record { recorder, .. } => {
                self.recorders.insert(*recorder, (shard, now));
                Vec::new()
            }
            Command::StopRecord { recorder, least } => self.stop_record(now, *recorder, *least),
            Command::Close { leg } => {
                // One whose ports could not be opened has nothing to close.
                let Some(known) = self.legs.remove(leg) else { return Vec::new() };
                if let Some(remote) = known.remote.filter(|remote| self.by_remote.get(remote) == Some(leg)) {
                    self.by_remote.remove(&remote);
                }
                vec![Outcome::Tell(shard, Event::Closed { leg: *leg, stats: LegStats::default() })]
            }
            Command::Listen { leg, answered } => {
                let Some(known) = self.legs.get_mut(leg) else { return Vec::new() };
                known.listening = Listening { order: known.listening.order + 1, answered: *answered, line: None };
                vec![Outcome::Later(LISTEN_EVERY, MediaTimer::Listens(*leg, known.listening.order))]
            }
            Command::StopListening { leg } => {
                self.legs.get_mut(leg).into_iter().for_each(|known| known.listening.order += 1);
                Vec::new()
            }
            Command::Connect { .. } | Command::Disconnect { .. } | Command::PauseRecord { .. } => Vec::new(),
        }
    }

    /// Whoever is on the line is heard from now; while nobody is, it is listened on.
    fn listen(&mut self, leg: LegId, order: u32, line: impl Fn(SocketAddr) -> Option<Line>) -> Vec<Outcome> {
        let Some(known) = self.legs.get_mut(&leg).filter(|known| known.listening.order == order) else {
            return Vec::new();
        };
        known.listening.line = known.remote.and_then(line);
        match known.listening.line {
            Some(Line { heard: Some(_), after, .. }) => vec![Outcome::Later(after, MediaTimer::Decides(leg, order))],
            Some(Line { heard: None, .. }) => Vec::new(),
            None => vec![Outcome::Later(LISTEN_EVERY, MediaTimer::Listens(leg, order))],
        }
    }

    fn decide(&mut self, leg: LegId, order: u32) -> Vec<Outcome> {
        let Some(Listening { answered, line: Some(line), .. }) = self.legs.get(&leg).map(|known| known.listening)
        else {
            return Vec::new();
        };
        let Some(heard) = line.heard else { return Vec::new() };
        let verdict = LineVerdict {
            heard,
            early: !answered,
            confidence: 90,
            reason: "drawn by the scenario".to_owned(),
            greeting_ended_ago: line.greeting_ended_ago,
        };
        let mut outcomes = self.tell_line(leg, order, LineEvent::Verdict(verdict));
        outcomes.extend(line.beep.map(|beep| Outcome::Later(beep, MediaTimer::Beeped(leg, order))));
        outcomes
    }

    fn tell_line(&self, leg: LegId, order: u32, event: LineEvent) -> Vec<Outcome> {
        let known = self.legs.get(&leg).filter(|known| known.listening.order == order);
        known.map(|known| Outcome::Tell(known.shard, Event::Line { leg, event })).into_iter().collect()
    }

    fn stop_record(&mut self, now: Instant, recorder: RecorderId, least: Duration) -> Vec<Outcome> {
        let Some((shard, since)) = self.recorders.remove(&recorder) else { return Vec::new() };
        let length = now.since(since);
        let duration_ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        self.finishing.insert(recorder, (shard, (length >= least).then_some(duration_ms)));
        let after = between(&mut self.rng, Duration::from_millis(1), Duration::from_millis(300));
        vec![Outcome::Later(after, MediaTimer::Finished(recorder))]
    }

    fn finish_record(&mut self, recorder: RecorderId) -> Vec<Outcome> {
        let Some((shard, kept)) = self.finishing.remove(&recorder) else { return Vec::new() };
        let event = match kept {
            _ if self.rng.chance(self.failure) => Event::RecordFailed { recorder, why: "no space left".to_owned() },
            Some(duration_ms) => Event::Recorded { recorder, duration_ms, sha256: [7; 32] },
            None => Event::Discarded { recorder },
        };
        vec![Outcome::Tell(shard, event)]
    }

    fn fail(&mut self, shard: usize, command: &Command) -> Vec<Outcome> {
        let why = || "drawn by the scenario".to_owned();
        let event = match command {
            Command::Open { leg, .. } => {
                self.failed.insert(Node::Leg(*leg));
                Event::OpenFailed { leg: *leg }
            }
            Command::Play { player, .. } => {
                self.failed.insert(Node::Player(*player));
                Event::PlayFailed { player: *player, why: why() }
            }
            Command::Record { recorder, .. } => {
                self.failed.extend([Node::Recorder(*recorder, 0), Node::Recorder(*recorder, 1)]);
                Event::RecordFailed { recorder: *recorder, why: why() }
            }
            _ => return Vec::new(),
        };
        vec![Outcome::Tell(shard, event)]
    }

    fn is_aftermath(&self, command: &Command) -> bool {
        match command {
            Command::Connect { source, sink } => self.failed.contains(source) || self.failed.contains(sink),
            Command::SetRemote { leg, .. } => self.failed.contains(&Node::Leg(*leg)),
            _ => false,
        }
    }

    fn port(&mut self) -> SocketAddr {
        let port = self.next_port;
        self.next_port = if port >= LAST_PORT { FIRST_PORT } else { port + 2 };
        SocketAddr::from((super::NODE_IP, port))
    }
}

/// The even ports of the pool. They are many more than calls at a time, so none is given twice.
const FIRST_PORT: u16 = 20_000;
const LAST_PORT: u16 = 39_998;
/// The first RTP packet after the addresses are known.
const FIRST_PACKET: Duration = Duration::from_millis(60);
/// Length of a greeting.
const PROMPT: Duration = Duration::from_millis(1_500);
/// How often it is looked whether there is something to listen to.
const LISTEN_EVERY: Duration = Duration::from_millis(100);
/// How often a watched leg is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
