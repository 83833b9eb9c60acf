//! Who hears whom in one call, as edges and players at the media worker.
//!
//! The bridge says what should be heard; the wiring knows what is, and makes
//! the difference.

use clock::{CallId, LegId};
use media_graph::{Command, Node, PlaySource, PlayerId, ToneKind};

use crate::announce::Said;
use crate::ids::Ids;

/// What a party or a recording may hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Leg(LegId),
    Sound(Sound),
}

/// Something that we play.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sound {
    /// Music, over and over.
    Music(String),
    /// The other side rings.
    RingBack,
    /// The 1004 Hz test tone.
    Milliwatt,
    /// Nothing to be heard, so that the phone of a standing leg sees that we are there.
    Comfort,
    /// The short tone that says: a customer. With a leg, then the first words that it said before anybody heard it.
    Cue(Option<LegId>),
    /// A prompt, once.
    Once(String),
    /// A voicemail box's prompt and beep, once.
    Greeting(String),
    /// Prompts, once.
    Said(Said),
}

/// Edges and players of one call.
#[derive(Debug, Default)]
pub(crate) struct Wiring {
    edges: Vec<(Node, Node)>,
    players: Vec<Player>,
}

#[derive(Debug)]
struct Player {
    id: PlayerId,
    sound: Sound,
    /// The worker could not play it and removed it.
    failed: bool,
}

impl Wiring {
    /// Makes `wanted` true: who is heard, and by whom. The sound `kept` goes on unheard, if it runs.
    pub(crate) fn apply(
        &mut self,
        call: CallId,
        wanted: &[(Heard, Node)],
        kept: Option<&Sound>,
        ids: &mut Ids,
    ) -> Vec<Command> {
        let mut commands = Vec::new();
        self.stop_unheard(wanted, kept, &mut commands);
        self.start_new(call, wanted, ids, &mut commands);
        let edges: Vec<(Node, Node)> =
            wanted.iter().filter_map(|(heard, sink)| Some((self.source(heard)?, *sink))).collect();
        let gone = self.edges.iter().filter(|edge| !edges.contains(edge));
        commands.extend(gone.map(|(source, sink)| Command::Disconnect { source: *source, sink: *sink }));
        let new = edges.iter().filter(|edge| !self.edges.contains(edge));
        commands.extend(new.map(|(source, sink)| Command::Connect { source: *source, sink: *sink }));
        self.edges = edges;
        commands
    }

    /// The worker removed this node, and its edges with it.
    pub(crate) fn node_gone(&mut self, node: Node) {
        self.edges.retain(|(source, sink)| *source != node && *sink != node);
    }

    /// The node goes elsewhere: nobody here hears it any more, nor it anybody.
    pub(crate) fn part(&mut self, node: Node) -> Vec<Command> {
        let (parted, kept) = core::mem::take(&mut self.edges).into_iter().partition(|(a, b)| *a == node || *b == node);
        self.edges = kept;
        let parted: Vec<(Node, Node)> = parted;
        parted.into_iter().map(|(source, sink)| Command::Disconnect { source, sink }).collect()
    }

    /// The worker could not play it: nobody hears it, and it is not tried again.
    pub(crate) fn play_failed(&mut self, player: PlayerId) {
        self.node_gone(Node::Player(player));
        if let Some(player) = self.players.iter_mut().find(|known| known.id == player) {
            player.failed = true;
        }
    }

    /// What a player plays.
    pub(crate) fn sound_of(&self, player: PlayerId) -> Option<&Sound> {
        self.players.iter().find(|known| known.id == player).map(|known| &known.sound)
    }

    fn stop_unheard(&mut self, wanted: &[(Heard, Node)], kept: Option<&Sound>, commands: &mut Vec<Command>) {
        let is_heard = |sound: &Sound| wanted.iter().any(|(heard, _)| matches!(heard, Heard::Sound(s) if s == sound));
        let is_wanted = |sound: &Sound| is_heard(sound) || kept == Some(sound);
        let (kept, stopped) = core::mem::take(&mut self.players).into_iter().partition(|p| is_wanted(&p.sound));
        self.players = kept;
        let stopped: Vec<Player> = stopped;
        for player in stopped.into_iter().filter(|player| !player.failed) {
            self.node_gone(Node::Player(player.id));
            commands.push(Command::StopPlay { player: player.id });
        }
    }

    fn start_new(&mut self, call: CallId, wanted: &[(Heard, Node)], ids: &mut Ids, commands: &mut Vec<Command>) {
        for (heard, _) in wanted {
            let Heard::Sound(sound) = heard else { continue };
            if self.players.iter().any(|player| player.sound == *sound) {
                continue;
            }
            let id = ids.player();
            let (sources, looped) = sound.sources();
            commands.push(Command::Play { player: id, call, sources, looped });
            self.players.push(Player { id, sound: sound.clone(), failed: false });
        }
    }

    fn source(&self, heard: &Heard) -> Option<Node> {
        match heard {
            Heard::Leg(leg) => Some(Node::Leg(*leg)),
            Heard::Sound(sound) => {
                let player = self.players.iter().find(|player| player.sound == *sound && !player.failed)?;
                Some(Node::Player(player.id))
            }
        }
    }
}

impl Sound {
    fn sources(&self) -> (Vec<PlaySource>, bool) {
        match self {
            Self::Music(name) => (vec![PlaySource::Music(name.clone())], true),
            Self::RingBack => (vec![PlaySource::Tone(ToneKind::RingBack)], true),
            Self::Milliwatt => (vec![PlaySource::Tone(ToneKind::Milliwatt)], true),
            Self::Comfort => (vec![PlaySource::Tone(ToneKind::Comfort)], true),
            Self::Cue(leg) => {
                let tone = PlaySource::Tone(ToneKind::Cue);
                (core::iter::once(tone).chain(leg.map(PlaySource::FirstWords)).collect(), false)
            }
            Self::Once(prompt) => (vec![PlaySource::Prompt(prompt.clone())], false),
            Self::Greeting(prompt) => {
                (vec![PlaySource::Prompt(prompt.clone()), PlaySource::Tone(ToneKind::Beep)], false)
            }
            Self::Said(said) => (said.prompts.iter().cloned().map(PlaySource::Prompt).collect(), false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clock::ShardId;

    fn music() -> Heard {
        Heard::Sound(Sound::Music("m".to_owned()))
    }

    #[test]
    fn only_differences_are_commanded() {
        let (mut wiring, mut ids, call) = (Wiring::default(), Ids::new(ShardId(0)), CallId(1));
        let (a, b) = (Node::Leg(LegId(1)), Node::Leg(LegId(2)));
        let waiting = wiring.apply(call, &[(music(), a)], None, &mut ids);
        assert!(matches!(waiting[..], [Command::Play { .. }, Command::Connect { .. }]), "{waiting:?}");
        assert!(wiring.apply(call, &[(music(), a)], None, &mut ids).is_empty());
        let talking = [(Heard::Leg(LegId(1)), b), (Heard::Leg(LegId(2)), a)];
        let bridged = wiring.apply(call, &talking, None, &mut ids);
        assert!(
            matches!(bridged[..], [Command::StopPlay { .. }, Command::Connect { .. }, Command::Connect { .. }]),
            "a player's edges go with it: {bridged:?}"
        );
        let held = wiring.apply(call, &[(music(), b)], None, &mut ids);
        let disconnects = held.iter().filter(|command| matches!(command, Command::Disconnect { .. })).count();
        assert_eq!((held.len(), disconnects), (4, 2));
    }

    #[test]
    fn music_goes_on_unheard_while_something_is_said() {
        let (mut wiring, mut ids, call) = (Wiring::default(), Ids::new(ShardId(0)), CallId(1));
        let (leg, keeps) = (Node::Leg(LegId(1)), Sound::Music("m".to_owned()));
        let words = Sound::Said(Said { turn: 1, prompts: vec!["comfort".to_owned()] });
        wiring.apply(call, &[(music(), leg)], None, &mut ids);
        let says = wiring.apply(call, &[(Heard::Sound(words), leg)], Some(&keeps), &mut ids);
        assert!(
            matches!(says[..], [Command::Play { .. }, Command::Disconnect { .. }, Command::Connect { .. }]),
            "{says:?}"
        );
        let back = wiring.apply(call, &[(music(), leg)], None, &mut ids);
        assert!(matches!(back[..], [Command::StopPlay { .. }, Command::Connect { .. }]), "the same music: {back:?}");
    }

    #[test]
    fn what_cannot_be_played_is_silent_and_not_tried_again() {
        let (mut wiring, mut ids, call) = (Wiring::default(), Ids::new(ShardId(0)), CallId(1));
        let sink = Node::Leg(LegId(1));
        let commands = wiring.apply(call, &[(music(), sink)], None, &mut ids);
        let Command::Play { player, .. } = commands[0] else { panic!("{commands:?}") };
        wiring.play_failed(player);
        assert!(wiring.apply(call, &[(music(), sink)], None, &mut ids).is_empty());
        assert!(wiring.apply(call, &[], None, &mut ids).is_empty(), "the worker removed it already");
    }
}
