//! The incremental graph against a model that knows only sets of nodes and edges.

use std::collections::{BTreeMap, BTreeSet};

use clock::LegId;
use proptest::prelude::*;

use super::*;
use crate::{Codec, Mode, PlayerId, RecorderId};

fn leg(id: u64) -> Node {
    Node::Leg(LegId(id))
}

fn player(id: u64) -> Node {
    Node::Player(PlayerId(id))
}

fn codecs(receives: Codec, sends: Codec) -> LegCodecs {
    LegCodecs { receives_pcma: receives == Codec::Pcma, receives_pcmu: receives == Codec::Pcmu, sends: Some(sends) }
}

/// The mode of `source` -> `sink`, if there is an edge.
fn mode_of(graph: &Graph, source: Node, sink: Node) -> Option<Mode> {
    let (from, to) = (graph.ix(source)?, graph.ix(sink)?);
    graph.sinks(from).iter().find(|edge| edge.node == to).map(|edge| edge.mode)
}

#[test]
fn the_mode_follows_codecs_and_the_number_of_sources() {
    let mut graph = Graph::new();
    for node in [leg(1), leg(2), player(1), Node::Recorder(RecorderId(1), 0)] {
        graph.add(node).unwrap();
    }
    graph.set_codecs(LegId(1), codecs(Codec::Pcma, Codec::Pcma)).unwrap();
    graph.connect(leg(1), leg(2)).unwrap();
    assert_eq!(mode_of(&graph, leg(1), leg(2)), Some(Mode::Transcode), "nothing is known of the sink yet");
    graph.set_codecs(LegId(2), codecs(Codec::Pcma, Codec::Pcma)).unwrap();
    assert_eq!(mode_of(&graph, leg(1), leg(2)), Some(Mode::Relay));
    graph.set_codecs(LegId(2), codecs(Codec::Pcmu, Codec::Pcmu)).unwrap();
    assert_eq!(mode_of(&graph, leg(1), leg(2)), Some(Mode::Transcode));

    graph.connect(player(1), leg(2)).unwrap();
    assert_eq!(mode_of(&graph, leg(1), leg(2)), Some(Mode::Mix));
    assert_eq!(mode_of(&graph, player(1), leg(2)), Some(Mode::Mix));
    assert!(graph.disconnect(leg(1), leg(2)));
    assert_eq!(mode_of(&graph, player(1), leg(2)), Some(Mode::Play));

    graph.connect(leg(1), leg(1)).unwrap();
    assert_eq!(mode_of(&graph, leg(1), leg(1)), Some(Mode::Echo));
    graph.connect(leg(1), Node::Recorder(RecorderId(1), 0)).unwrap();
    graph.connect(leg(2), Node::Recorder(RecorderId(1), 0)).unwrap();
    assert_eq!(mode_of(&graph, leg(2), Node::Recorder(RecorderId(1), 0)), Some(Mode::Tap));
}

#[test]
fn a_leg_that_may_send_both_laws_is_never_relayed_blindly() {
    let both = LegCodecs { receives_pcma: true, receives_pcmu: true, sends: Some(Codec::Pcma) };
    assert!(!both.fits(both));
    assert!(codecs(Codec::Pcma, Codec::Pcmu).fits(both));
}

#[test]
fn what_cannot_be_connected_is_refused() {
    let mut graph = Graph::new();
    let channel = Node::Recorder(RecorderId(1), 0);
    for node in [leg(1), player(1), channel] {
        graph.add(node).unwrap();
    }
    assert_eq!(graph.add(leg(1)), Err(GraphError::Twice(leg(1))));
    assert_eq!(graph.connect(leg(1), leg(9)), Err(GraphError::Unknown(leg(9))));
    assert_eq!(graph.connect(channel, leg(1)), Err(GraphError::NotASource(channel)));
    assert_eq!(graph.connect(leg(1), player(1)), Err(GraphError::NotASink(player(1))));
    assert!(!graph.disconnect(leg(1), channel));
}

#[test]
fn sources_and_sinks_are_bounded() {
    let mut graph = Graph::new();
    for id in 0..=MAX_SINKS as u64 {
        graph.add(leg(id)).unwrap();
        graph.add(player(id)).unwrap();
    }
    for id in 0..MAX_SOURCES as u64 {
        assert_eq!(graph.connect(player(id), leg(0)), Ok(true));
    }
    assert_eq!(graph.connect(player(99), leg(0)), Err(GraphError::TooManySources(leg(0))));
    for id in 1..=MAX_SINKS as u64 {
        assert_eq!(graph.connect(player(200), leg(id)), Ok(true));
    }
    graph.add(leg(1000)).unwrap();
    assert_eq!(graph.connect(player(200), leg(1000)), Err(GraphError::TooManySinks(player(200))));
}

#[derive(Clone, Debug)]
enum Edit {
    Add(Node),
    Remove(Node),
    Connect(Node, Node),
    Disconnect(Node, Node),
    Codecs(u64, LegCodecs),
}

/// The naive model: what the graph should say, computed afresh from sets.
#[derive(Default)]
struct Model {
    nodes: BTreeMap<Node, LegCodecs>,
    edges: BTreeSet<(Node, Node)>,
}

impl Model {
    fn apply(&mut self, edit: &Edit) {
        match edit {
            Edit::Add(node) => {
                self.nodes.entry(*node).or_default();
            }
            Edit::Remove(node) => {
                self.nodes.remove(node);
                self.edges.retain(|(source, sink)| source != node && sink != node);
            }
            Edit::Connect(source, sink) => {
                let possible = !matches!(source, Node::Recorder(..)) && !matches!(sink, Node::Player(_));
                if possible && self.nodes.contains_key(source) && self.nodes.contains_key(sink) {
                    self.edges.insert((*source, *sink));
                }
            }
            Edit::Disconnect(source, sink) => {
                self.edges.remove(&(*source, *sink));
            }
            Edit::Codecs(id, codecs) => {
                if let Some(own) = self.nodes.get_mut(&leg(*id)) {
                    *own = *codecs;
                }
            }
        }
    }

    fn compile(&self) -> BTreeSet<(Node, Node, Mode)> {
        let sources_of = |sink: Node| self.edges.iter().filter(|(_, to)| *to == sink).count();
        let edge = |(from, to): &(Node, Node)| {
            let mode = match (from, to) {
                (_, Node::Recorder(..)) => Mode::Tap,
                (_, to) if sources_of(*to) > 1 => Mode::Mix,
                (Node::Player(_), _) => Mode::Play,
                (from, to) if from == to => Mode::Echo,
                (from, to) if self.nodes[from].fits(self.nodes[to]) => Mode::Relay,
                _ => Mode::Transcode,
            };
            (*from, *to, mode)
        };
        self.edges.iter().map(edge).collect()
    }
}

fn apply(graph: &mut Graph, edit: &Edit) {
    match edit {
        Edit::Add(node) => drop(graph.add(*node)),
        Edit::Remove(node) => drop(graph.remove(*node)),
        Edit::Connect(source, sink) => drop(graph.connect(*source, *sink)),
        Edit::Disconnect(source, sink) => drop(graph.disconnect(*source, *sink)),
        Edit::Codecs(id, codecs) => drop(graph.set_codecs(LegId(*id), *codecs)),
    }
}

/// What the packet path of `graph` would do, with names in place of indices.
fn compiled(graph: &Graph) -> BTreeSet<(Node, Node, Mode)> {
    let mut edges = BTreeSet::new();
    for source in graph.nodes() {
        for sink in graph.sinks(graph.ix(source).unwrap()) {
            let named = graph.node(sink.node).expect("a sink that exists");
            assert!(edges.insert((source, named, sink.mode)), "an edge stands once");
        }
    }
    edges
}

fn any_node() -> impl Strategy<Value = Node> {
    prop_oneof![
        4 => (0..5u64).prop_map(leg),
        2 => (0..3u64).prop_map(player),
        1 => (0..2u64, 0..2u8).prop_map(|(id, channel)| Node::Recorder(RecorderId(id), channel)),
    ]
}

fn any_codecs() -> impl Strategy<Value = LegCodecs> {
    let sends = prop_oneof![Just(None), Just(Some(Codec::Pcma)), Just(Some(Codec::Pcmu))];
    (any::<bool>(), any::<bool>(), sends).prop_map(|(receives_pcma, receives_pcmu, sends)| LegCodecs {
        receives_pcma,
        receives_pcmu,
        sends,
    })
}

fn any_edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        3 => any_node().prop_map(Edit::Add),
        1 => any_node().prop_map(Edit::Remove),
        6 => (any_node(), any_node()).prop_map(|(source, sink)| Edit::Connect(source, sink)),
        2 => (any_node(), any_node()).prop_map(|(source, sink)| Edit::Disconnect(source, sink)),
        1 => ((0..5u64), any_codecs()).prop_map(|(id, codecs)| Edit::Codecs(id, codecs)),
    ]
}

proptest! {
    #[test]
    fn the_compiled_graph_equals_the_naive_model(edits in prop::collection::vec(any_edit(), 0..120)) {
        let mut graph = Graph::new();
        let mut model = Model::default();
        for edit in &edits {
            apply(&mut graph, edit);
            model.apply(edit);
            prop_assert_eq!(compiled(&graph), model.compile());
        }
        let heard: BTreeSet<_> = graph
            .nodes()
            .flat_map(|sink| {
                let sources = graph.sources(graph.ix(sink).unwrap());
                sources.iter().map(|s| (graph.node(*s).expect("a source that exists"), sink)).collect::<Vec<_>>()
            })
            .collect();
        prop_assert_eq!(heard, model.edges);
    }
}
