//! A media worker that only keeps books: ports, players, recorders, and the
//! graph of who hears whom, which refuses edits that make no sense.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use clock::{Instant, LegId, Now};
use media_graph::{Command, Event, Graph, LegStats, Node, PlaySource, PlayerId, RecorderId, RemoteMedia};

#[derive(Debug, Default)]
pub(crate) struct MediaWorker {
    events: Vec<Event>,
    pub(crate) graph: Graph,
    pub(crate) legs: BTreeSet<LegId>,
    pub(crate) remotes: BTreeMap<LegId, RemoteMedia>,
    pub(crate) watched: BTreeMap<LegId, Duration>,
    /// Legs that got no ports.
    unopened: BTreeSet<LegId>,
    pub(crate) players: BTreeMap<PlayerId, Vec<PlaySource>>,
    ends: BTreeMap<PlayerId, Instant>,
    recorders: BTreeMap<RecorderId, Instant>,
    paused: BTreeMap<RecorderId, Instant>,
    pub(crate) recorded: Vec<(String, u64)>,
    paths: BTreeMap<RecorderId, String>,
    /// Legs that were to be listened to, and whether they were answered.
    pub(crate) listens: Vec<(LegId, bool)>,
    next_port: u16,
    /// No port is left.
    pub(crate) no_ports: bool,
    /// Says nothing any more.
    pub(crate) is_dead: bool,
    /// Says nothing for now.
    pub(crate) is_slow: bool,
    /// Recordings fail.
    pub(crate) disk_full: bool,
    /// Prompts are missing.
    pub(crate) no_prompts: bool,
}

impl MediaWorker {
    pub(crate) fn take(&mut self, command: Command, now: Now) {
        if !self.is_dead {
            self.graph.apply(&command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
        }
        match command {
            Command::Open { leg, .. } if self.no_ports => {
                self.graph.remove(Node::Leg(leg));
                self.unopened.insert(leg);
                self.events.push(Event::OpenFailed { leg });
            }
            Command::Open { leg, .. } => {
                self.next_port += 2;
                assert!(self.legs.insert(leg));
                let rtp = ([127, 0, 0, 1], 20_000 + self.next_port).into();
                self.events.push(Event::Opened { leg, rtp });
            }
            Command::SetRemote { leg, remote } => drop(self.remotes.insert(leg, remote)),
            Command::Watch { leg, limit: Some(limit) } => drop(self.watched.insert(leg, limit)),
            Command::Watch { leg, limit: None } => drop(self.watched.remove(&leg)),
            Command::Close { leg } => self.close(leg),
            Command::Play { player, sources, looped, .. } => self.play(player, sources, looped, now),
            Command::StopPlay { player } => {
                assert!(self.players.remove(&player).is_some(), "stopped what does not play");
                self.ends.remove(&player);
            }
            Command::Record { recorder, path, .. } => {
                assert!(self.recorders.insert(recorder, now.mono).is_none());
                self.paths.insert(recorder, path);
            }
            Command::PauseRecord { recorder, paused } => self.pause_record(recorder, paused, now),
            Command::StopRecord { recorder, least } => self.stop_record(recorder, least, now),
            Command::Listen { leg, answered } => self.listens.push((leg, answered)),
            Command::StopListening { .. } | Command::Connect { .. } | Command::Disconnect { .. } => {}
        }
    }

    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        if self.is_slow {
            return Vec::new();
        }
        let events = core::mem::take(&mut self.events);
        for event in &events {
            if let Event::PlayFailed { player, .. } = event {
                self.graph.remove(Node::Player(*player));
            }
        }
        if self.is_dead { Vec::new() } else { events }
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.ends.values().min().copied()
    }

    pub(crate) fn handle_timeout(&mut self, now: Now) {
        let due: Vec<PlayerId> = self.ends.iter().filter(|(_, at)| **at <= now.mono).map(|(id, _)| *id).collect();
        for player in due {
            self.ends.remove(&player);
            self.events.push(Event::Played { player });
        }
    }

    pub(crate) fn say(&mut self, event: Event) {
        self.events.push(event);
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.is_dead
            || (self.legs.is_empty()
                && self.players.is_empty()
                && self.recorders.is_empty()
                && self.graph.is_empty()
                && self.watched.is_empty())
    }

    /// Does `sink` hear `source`?
    pub(crate) fn hears(&self, sink: LegId, source: LegId) -> bool {
        self.graph.edges().any(|edge| edge == (Node::Leg(source), Node::Leg(sink)))
    }

    /// What is played to a leg.
    pub(crate) fn played_to(&self, leg: LegId) -> Vec<PlaySource> {
        let players = self.graph.edges().filter_map(|(source, sink)| match source {
            Node::Player(player) if sink == Node::Leg(leg) => self.players.get(&player),
            _ => None,
        });
        players.flatten().cloned().collect()
    }

    /// Who is heard by a channel of the recordings.
    pub(crate) fn recorded_legs(&self, channel: u8) -> Vec<LegId> {
        let legs = self.graph.edges().filter_map(|(source, sink)| match (source, sink) {
            (Node::Leg(leg), Node::Recorder(_, on)) if on == channel => Some(leg),
            _ => None,
        });
        legs.collect()
    }

    fn play(&mut self, player: PlayerId, sources: Vec<PlaySource>, looped: bool, now: Now) {
        if self.no_prompts {
            return self.events.push(Event::PlayFailed { player, why: "no such file".to_owned() });
        }
        self.players.insert(player, sources);
        if !looped {
            self.ends.insert(player, now.mono + GREETING);
        }
    }

    fn close(&mut self, leg: LegId) {
        // The leg ended before it heard that it has no ports: the worker knows of none.
        if self.unopened.remove(&leg) {
            return;
        }
        self.remotes.remove(&leg);
        self.watched.remove(&leg);
        assert!(self.legs.remove(&leg), "closed what is not open");
        self.events.push(Event::Closed { leg, stats: LegStats::default() });
    }

    /// The disk is full in the middle of a recording: the worker drops it and says so.
    pub(crate) fn fail_recording(&mut self) {
        let recorder = self.recorders.pop_first().expect("something is recorded").0;
        for channel in [0, 1] {
            self.graph.remove(Node::Recorder(recorder, channel));
        }
        self.events.push(Event::RecordFailed { recorder, why: "disk full".to_owned() });
    }

    fn pause_record(&mut self, recorder: RecorderId, paused: bool, now: Now) {
        let since = self.recorders.get_mut(&recorder).expect("paused what does not record");
        match self.paused.remove(&recorder) {
            Some(at) if !paused => *since += now.mono - at,
            None if paused => drop(self.paused.insert(recorder, now.mono)),
            _ => panic!("paused or resumed twice"),
        }
    }

    fn stop_record(&mut self, recorder: RecorderId, least: Duration, now: Now) {
        let since = self.recorders.remove(&recorder).expect("stopped what does not record");
        let length = self.paused.remove(&recorder).unwrap_or(now.mono) - since;
        let duration_ms = length.as_millis() as u64;
        if length < least {
            return self.events.push(Event::Discarded { recorder });
        }
        if self.disk_full {
            return self.events.push(Event::RecordFailed { recorder, why: "disk full".to_owned() });
        }
        self.recorded.push((self.paths.remove(&recorder).unwrap_or_default(), duration_ms));
        self.events.push(Event::Recorded { recorder, duration_ms, sha256: [1; 32] });
    }
}

/// How long prompt and beep take.
pub(crate) const GREETING: Duration = Duration::from_secs(3);
