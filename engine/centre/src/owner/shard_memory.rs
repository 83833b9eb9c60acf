//! What is remembered of a shard outside of it: the fold of its own entries, what it was told to live by, and what the
//! media worker runs for it. Enough to end its calls and to build another one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use call::{Contact, Input, Lost, LostRecording, Plan};
use clock::{AgentId, AttemptId, CallId, LegId, Now, TrunkId, WallTime};
use dialer::contract::Fact;
use journal_core::{CallRecord, Entry, Replay};
use media_graph::{ChannelLayout, Command, Event, PlayerId, RecorderId};
use sip::location::Silence;
use sip::trunk::Targets;

use crate::{Delivery, restore};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct ShardMemory {
    replay: Replay,
    plan: Option<Arc<Plan>>,
    contacts: BTreeMap<AgentId, Vec<Contact>>,
    silences: Vec<Silence>,
    targets: BTreeMap<TrunkId, Targets>,
    /// What agents had dialed before this life of the node, and when that was said.
    dialed: Option<(WallTime, Vec<(AgentId, u32)>)>,
    do_not_call: Option<Input>,
    journal_failing: bool,
    drain: Option<Input>,
    owned: BTreeSet<String>,
    ports: BTreeSet<LegId>,
    players: BTreeMap<PlayerId, CallId>,
    recordings: BTreeMap<RecorderId, Running>,
    /// Campaigns' attempts that began and are not over.
    attempts: BTreeSet<AttemptId>,
    last_id: u64,
}

/// A recording that the media worker writes.
#[derive(Clone, Debug)]
struct Running {
    call: CallId,
    path: String,
    is_message: bool,
    stopping: bool,
}

impl ShardMemory {
    /// Notes an input that the shard took.
    pub(super) fn told(&mut self, now: Now, input: Input) {
        match input {
            Input::Configure(plan) => self.plan = Some(plan),
            Input::Contacts { agent, contacts } if contacts.is_empty() => drop(self.contacts.remove(&agent)),
            Input::Contacts { agent, contacts } => drop(self.contacts.insert(agent, contacts)),
            Input::Silenced(silence) => {
                self.silences.retain(|one| one.until > now.mono);
                self.silences.push(silence);
            }
            Input::Released { address, user } => {
                self.silences.retain(|one| one.address != address || (user.is_some() && one.user != user));
            }
            Input::TrunkTargets(targets) => drop(self.targets.insert(targets.trunk, targets)),
            Input::Dialed(dials) => self.dialed = Some((now.wall, dials)),
            Input::DoNotCall(_) => self.do_not_call = Some(input),
            Input::JournalFailing(failing) => self.journal_failing = failing,
            Input::Drain | Input::EndAll => self.drain = Some(Input::Drain),
            Input::Media(event) => self.media_said(&event),
            _ => {}
        }
    }

    /// Notes what the shard said.
    pub(super) fn said(&mut self, delivery: &Delivery) {
        match delivery {
            Delivery::Journal { entry, .. } => {
                if let Entry::Dialog(dialog) = entry {
                    self.last_id = self.last_id.max(dialog.leg.0);
                }
                // What does not fit is the journal's to report, which folds the same entries.
                let _ = self.replay.apply(entry);
            }
            Delivery::CallIdOwned { sip_call_id, owned: true } => drop(self.owned.insert(sip_call_id.clone())),
            Delivery::CallIdOwned { sip_call_id, owned: false } => drop(self.owned.remove(sip_call_id)),
            Delivery::Media(command) => self.media_told(command),
            Delivery::Attempt(report) if matches!(report.fact, Fact::Ended(_)) => {
                self.attempts.remove(&report.attempt);
            }
            Delivery::Attempt(report) => drop(self.attempts.insert(report.attempt)),
            _ => {}
        }
    }

    /// The highest id that went out.
    pub(super) const fn last_id(&self) -> u64 {
        self.last_id
    }

    /// What another shard must be told first, to live by the same rules.
    pub(super) fn rules(&self, now: Now) -> Vec<Input> {
        let mut rules: Vec<Input> = self.plan.iter().cloned().map(Input::Configure).collect();
        let contacts = self.contacts.iter();
        rules.extend(contacts.map(|(agent, contacts)| Input::Contacts { agent: *agent, contacts: contacts.clone() }));
        rules.extend(self.silences.iter().cloned().map(Input::Silenced));
        rules.extend(self.targets.values().cloned().map(Input::TrunkTargets));
        rules.push(Input::Dialed(self.dials(now.wall)));
        rules.extend(self.do_not_call.clone());
        rules.push(Input::JournalFailing(self.journal_failing));
        rules.extend(self.drain.clone());
        rules
    }

    /// Attempts that the shard carried out.
    pub(super) fn attempts(&self) -> impl Iterator<Item = AttemptId> {
        self.attempts.iter().copied()
    }

    /// Call-IDs for which the directory names the shard.
    pub(super) fn owned(&self) -> impl Iterator<Item = &String> {
        self.owned.iter()
    }

    /// Whether a live dialog of the shard has this Call-ID.
    pub(super) fn has_dialog(&self, sip_call_id: &str) -> bool {
        self.replay.dialogs().any(|dialog| dialog.sip_call_id == sip_call_id)
    }

    /// Places of callers who wait: theirs again if they ring in time.
    pub(super) fn places(&self, now: WallTime) -> Vec<acd::Input> {
        restore::places(&self.replay, now)
    }

    /// What the shard holds.
    pub(super) fn lost(&self) -> Lost {
        let recordings =
            self.recordings.iter().filter_map(|(recorder, running)| self.lost_recording(*recorder, running));
        Lost {
            calls: restore::calls(&self.replay),
            ports: self.ports.iter().copied().collect(),
            players: self.players.keys().copied().collect(),
            recordings: recordings.collect(),
        }
    }

    /// `None` for a message whose call has said all there is to say about it.
    fn lost_recording(&self, recorder: RecorderId, running: &Running) -> Option<LostRecording> {
        let record = self.replay.call(running.call)?;
        let message = record.awaited_message().filter(|_| running.is_message && !record.is_ended());
        (message.is_some() || !running.is_message).then(|| LostRecording {
            recorder,
            call: running.call,
            next_seq: CallRecord::next_seq(record),
            path: running.path.clone(),
            message,
            stopping: running.stopping,
        })
    }

    /// Those before this life of the node, if they are of today, and those of this life.
    fn dials(&self, now: WallTime) -> Vec<(AgentId, u32)> {
        let mut dials: BTreeMap<AgentId, u32> = self.replay.dialed_on(now).collect();
        let before = self.dialed.iter().filter(|(said, _)| day_of(*said) == day_of(now));
        for (agent, calls) in before.flat_map(|(_, dials)| dials) {
            let sum = dials.entry(*agent).or_default();
            *sum = sum.saturating_add(*calls);
        }
        dials.into_iter().collect()
    }

    fn media_told(&mut self, command: &Command) {
        match command {
            Command::Open { leg, .. } => {
                self.last_id = self.last_id.max(leg.0);
                self.ports.insert(*leg);
            }
            Command::Play { player, call, .. } => {
                self.last_id = self.last_id.max(player.0);
                self.players.insert(*player, *call);
            }
            Command::StopPlay { player } => drop(self.players.remove(player)),
            Command::Record { recorder, call, path, layout } => {
                self.last_id = self.last_id.max(recorder.0);
                let is_message = *layout == ChannelLayout::Mono;
                let running = Running { call: *call, path: path.clone(), is_message, stopping: false };
                self.recordings.insert(*recorder, running);
            }
            Command::StopRecord { recorder, .. } => {
                if let Some(running) = self.recordings.get_mut(recorder) {
                    running.stopping = true;
                }
            }
            _ => {}
        }
    }

    /// Ports that are closed are, also when the shard broke over hearing it: nobody says so again.
    pub(super) fn ports_closed(&mut self, event: &Event) {
        if let Event::Closed { leg, .. } | Event::OpenFailed { leg } = event {
            self.ports.remove(leg);
        }
    }

    fn media_said(&mut self, event: &Event) {
        self.ports_closed(event);
        match event {
            Event::PlayFailed { player, .. } => drop(self.players.remove(player)),
            Event::Recorded { recorder, .. } | Event::Discarded { recorder } | Event::RecordFailed { recorder, .. } => {
                self.recordings.remove(recorder);
            }
            _ => {}
        }
    }
}

fn day_of(at: WallTime) -> i64 {
    at.as_micros().div_euclid(MICROS_A_DAY)
}

const MICROS_A_DAY: i64 = 24 * 60 * 60 * 1_000_000;
