//! Makes the owners, gives each its rules and its state back, and only then lets the network in.

use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use call::ShardConfig;
use centre::owner::{AcdOwner, DialerInput, DialerOwner, LocationOwner, ShardOwner, TrunkOwner};
use centre::{Directory, binding_of, restore, restored_campaigns};
use clock::{CampaignId, FlowId, Rng, ShardId};
use dialer::hopper::Wanted;
use journal_core::Owner;
use media_worker::{Event, EventReceiver};
use sip::auth::{AuthConfig, DEFAULT_NONCE_LIFETIME};
use sip::digest::Algorithm;
use sip::location::{self, LocationConfig, Probing};
use sip::registrar::RegistrarConfig;
use sip::ua::{Addresses, Listener, Transport, UaConfig};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::StartError;
use super::start::Opened;
use super::trunks::{self, Listeners, trunk_rules};
use crate::channels;
use crate::clock_source::wall_now;
use crate::config::{Config, Listen};
use crate::essential::spawn_essential;
use crate::ids::Resolved;
use crate::net::{
    self, Admission, Bound, CallIdDirectory, Connections, Dispatch, Flows, Lane, LaneEnd, LocationLanes, ShardLanes,
    UdpListener,
};
use crate::owner::{
    AcdCore, AnswerTable, DialerCore, Lanes, LocationCore, Outside, OwnerProgress, Post, Runner, ShardCore, TrunkCore,
};
use crate::quarantine::Quarantine;
use crate::snapshots::Snapshots;

/// The started owners, as others reach them.
pub(super) struct Started {
    pub(super) post: Arc<Post>,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) directory: watch::Sender<Arc<Directory>>,
    pub(super) drained: mpsc::Receiver<ShardId>,
    /// Leads that campaigns want.
    pub(super) wanted: mpsc::Receiver<(CampaignId, Wanted)>,
    pub(super) listeners: Listeners,
    /// True once every registrar was left.
    pub(super) trunks_left: watch::Receiver<bool>,
}

/// Starts every owner's task, then the readers.
pub(super) async fn start(opened: Opened) -> Result<Started, StartError> {
    let seeds = Seeds::from_system()?;
    let shards = opened.config.node.shards;
    let (owner_lanes, owner_inputs): (Vec<_>, Vec<_>) = (0..shards).map(|_| mpsc::channel(channels::OWNERS)).unzip();
    let (shard_lanes, shard_ends): (Vec<_>, Vec<_>) = (0..shards).map(|_| shard_lanes()).unzip();
    let (acd_lane, acd_inputs) = mpsc::channel(channels::OWNERS);
    let (dialer_lane, dialer_inputs) = mpsc::channel(channels::OWNERS);
    let (location_lane, location_inputs) = mpsc::channel(channels::OWNERS);
    let (location_known, known) = Lane::new(channels::LOCATION_SIP, channels::LOCATION_SIP_BYTES);
    let (location_strangers, strangers) = Lane::new(channels::STRANGERS, channels::STRANGERS_BYTES);
    let (trunk_lane, trunk_inputs) = mpsc::channel(channels::OWNERS);
    let (trunk_sip, trunk_messages) = Lane::new(channels::TRUNK_SIP, channels::TRUNK_SIP_BYTES);
    let (resolver, questions) = mpsc::channel(channels::QUESTIONS);
    let (drained_lane, drained) = mpsc::channel(channels::DRAINED);
    let (leads, wanted) = mpsc::channel(channels::LEADS);
    let snapshots = Arc::new(Snapshots::new(opened.resolved.directory.trunks.keys().copied().collect()));
    let flows = Arc::new(Flows::default());
    let network = Network::of(opened.bound, &opened.config, &flows);
    let names = watch::Sender::new(Arc::clone(&opened.resolved.directory));
    let directory = Arc::new(CallIdDirectory::new(shards));
    let admission = Arc::new(Admission::default());
    let post = Arc::new(Post {
        shards: owner_lanes,
        acd: acd_lane,
        dialer: dialer_lane,
        leads,
        location: location_lane,
        trunks: trunk_lane,
        media: opened.media,
        journal: opened.journal,
        flows: Arc::clone(&flows),
        answers: AnswerTable::default(),
        directory: Arc::clone(&directory),
        metrics: Arc::clone(&opened.metrics),
        drained: drained_lane,
        quarantine: Quarantine::new(opened.entries, Arc::clone(&snapshots)),
        #[cfg(feature = "fault-injection")]
        faults: crate::faults::Faults::default(),
    });
    #[cfg(feature = "fault-injection")]
    tokio::spawn(post.faults.clone().follow(opened.config.node.data_dir.clone()));
    let dispatch = Dispatch {
        directory: Arc::clone(&directory),
        shards: shard_lanes,
        location: LocationLanes { known: location_known, strangers: location_strangers },
        admission: Arc::clone(&admission),
        trunks: trunk_sip,
        flows: Arc::clone(&flows),
        metrics: opened.metrics,
    };
    let runner_of = |owner| (owner, Arc::clone(&post), opened.clock, opened.progress.owner(owner));

    let mut inputs = owner_inputs.into_iter().zip(shard_ends);
    for number in 0..shards {
        let Some((owners, [dialogs, new_calls, strangers])) = inputs.next() else { break };
        let id = ShardId(number);
        let config = shard_config(&opened.config, &network.addresses, &seeds, number);
        let shard = ShardOwner::new(id, config, seeds.rng(u64::from(number)));
        let core = ShardCore::new(id, shard, Arc::clone(&snapshots), Arc::clone(&admission));
        let (owner, post, clock, progress) = runner_of(Owner::Shard(id));
        let (dialogs, new_calls, strangers) = (Some(dialogs), Some(new_calls), Some(strangers));
        let lanes = Lanes { owners, dialogs, new_calls, strangers };
        spawn_essential(Runner::new(core, owner, post, clock, progress).run(lanes));
    }
    let acd = AcdCore::new(AcdOwner::new(acd::Limits::default(), seeds.rng(ACD_STREAM)), Arc::clone(&snapshots));
    let (owner, acd_post, clock, progress) = runner_of(Owner::Acd);
    let lanes = Lanes { owners: acd_inputs, dialogs: None, new_calls: None, strangers: None };
    spawn_essential(Runner::new(acd, owner, acd_post, clock, progress).run(lanes));
    let dialer = DialerCore::new(DialerOwner::new(shards, seeds.rng(DIALER_STREAM)), Arc::clone(&snapshots));
    let (owner, dialer_post, clock, progress) = runner_of(Owner::Dialer);
    let lanes = Lanes { owners: dialer_inputs, dialogs: None, new_calls: None, strangers: None };
    spawn_essential(Runner::new(dialer, owner, dialer_post, clock, progress).run(lanes));
    let ua = ua_config(&network.addresses);
    let auth = auth_config(&opened.config, &seeds, LOCATION_INSTANCE);
    let location =
        LocationConfig { ua, auth, registrar: RegistrarConfig::default(), probing: opened.config.sip.probing };
    let location = LocationOwner::new(location, shards, seeds.rng(LOCATION_STREAM));
    let location = LocationCore::new(location, Arc::clone(&snapshots), admission);
    let (owner, location_post, clock, progress) = runner_of(Owner::Location);
    let lanes = Lanes { owners: location_inputs, dialogs: Some(known), new_calls: None, strangers: Some(strangers) };
    spawn_essential(Runner::new(location, owner, location_post, clock, progress).run(lanes));

    let (stopped, trunks_left) = watch::channel(false);
    let watcher = TrunkOwner::new(ua_config(&network.addresses), &opened.config.node.domain, seeds.rng(TRUNK_STREAM));
    let outside = Outside { shards, snapshots: Arc::clone(&snapshots), names: names.subscribe(), resolver, stopped };
    // It journals nothing, so nothing of it waits for progress.
    let runner = Runner::new(
        TrunkCore::new(watcher, outside),
        Owner::Node,
        Arc::clone(&post),
        opened.clock,
        Arc::new(OwnerProgress::default()),
    );
    let lanes = Lanes { owners: trunk_inputs, dialogs: Some(trunk_messages), new_calls: None, strangers: None };
    spawn_essential(runner.run(lanes));
    spawn_essential(net::serve_dns(opened.config.dns.servers.clone(), questions, post.trunks.clone()));

    let campaigns = give_back(&post, &opened.config, &opened.resolved, &opened.restored.replay).await;
    let mut shown = snapshots.watch();
    let _ = timeout(SHOWN_MAX, shown.wait_for(|shown| shown.campaigns.campaigns.len() >= campaigns)).await;
    let _ = post.trunks.send(trunk_rules(&opened.config, &opened.resolved.directory, &network.listeners)).await;
    spawn_essential(bring_media_events(opened.media_events, Arc::clone(&post)));
    let listeners = network.listeners.clone();
    serve_network(network, &opened.config, &flows, &dispatch);
    spawn_essential(tell_agents(snapshots.watch(), Arc::clone(&post)));
    Ok(Started { post, snapshots, directory: names, drained, wanted, listeners, trunks_left })
}

/// The lanes from the network into one shard, and their ends: dialogs, new calls, strangers.
fn shard_lanes() -> (ShardLanes, [LaneEnd; 3]) {
    let (dialogs, of_dialogs) = Lane::new(channels::DIALOGS, channels::DIALOGS_BYTES);
    let (new_calls, of_new_calls) = Lane::new(channels::NEW_CALLS, channels::NEW_CALLS_BYTES);
    let (strangers, of_strangers) = Lane::new(channels::STRANGERS, channels::STRANGERS_BYTES);
    (ShardLanes { new_calls, dialogs, strangers }, [of_dialogs, of_new_calls, of_strangers])
}

/// Rules first, then what was before the restart. The lanes are empty and deep: nothing here waits long. Returns how many
/// campaigns there were.
async fn give_back(post: &Post, config: &Config, resolved: &Resolved, replay: &journal_core::Replay) -> usize {
    let now = wall_now();
    for lane in &post.shards {
        let _ = lane.send(call::Input::Configure(Arc::clone(&resolved.plan))).await;
        let _ = lane.send(restore::dials(replay, now)).await;
    }
    if let Some(lane) = post.shards.first() {
        let _ = lane.send(call::Input::Restore(restore::calls(replay))).await;
    }
    let agents = restore::agents(replay, resolved.agents.clone());
    let agents = restore::pauses(replay, now, agents);
    let _ = post.acd.send(agent_rules(config)).await;
    let _ = post.acd.send(acd::Input::Configure { queues: resolved.queues.clone(), agents }).await;
    let _ = post.acd.send(acd::Input::Owners(Arc::clone(&resolved.owners))).await;
    let _ = post.acd.send(restore::last_agents(replay)).await;
    for place in restore::places(replay, now) {
        let _ = post.acd.send(place).await;
    }
    for callback in restore::callbacks(replay) {
        let _ = post.acd.send(callback).await;
    }
    let _ = post.dialer.send(DialerInput::Configure(Arc::clone(&resolved.plan))).await;
    let (listed, imported) = (replay.do_not_call.clone(), config.imported.clone());
    let consents = replay.consents.clone();
    let _ = post.dialer.send(DialerInput::Restore { listed, imported, consents }).await;
    let _ = post.dialer.send(DialerInput::Campaigns(Box::new(four_eyes(config)))).await;
    let _ = post.dialer.send(DialerInput::Directory(Arc::clone(&resolved.directory))).await;
    let read = |text: &str| admin_api::read_campaign(text, &resolved.directory);
    let restored = restored_campaigns(&replay.dialing, read);
    let campaigns = restored.len();
    for campaign in restored {
        let input = dialer::runner::Input::Restore(Box::new(campaign));
        let _ = post.dialer.send(DialerInput::Campaigns(Box::new(input))).await;
    }
    let _ = post.location.send(location_rules(config, resolved)).await;
    let bindings = replay.bindings().map(binding_of).collect();
    let _ = post.location.send(location::Input::Restore(bindings)).await;
    campaigns
}

/// Who approves campaigns.
pub(super) fn four_eyes(config: &Config) -> dialer::runner::Input {
    dialer::runner::Input::FourEyes(config.dialing.four_eyes)
}

/// Tells the dialer what is true of agents, each time that the ACD shows it: level-triggered, so one that is missed is
/// made up for by the next.
async fn tell_agents(mut shown: watch::Receiver<Arc<centre::Snapshot>>, post: Arc<Post>) {
    let mut told: Option<Arc<acd::Snapshot>> = None;
    while shown.changed().await.is_ok() {
        let acd = Arc::clone(&shown.borrow_and_update().acd);
        if told.as_ref().is_some_and(|told| Arc::ptr_eq(told, &acd)) {
            continue;
        }
        if post.dialer.send(DialerInput::Agents(Arc::clone(&acd))).await.is_err() {
            return;
        }
        told = Some(acd);
    }
}

/// What the ACD must know of pauses and probes.
pub(super) fn agent_rules(config: &Config) -> acd::Input {
    let pauses = config.pause_reasons.iter().map(|reason| reason.rule.clone()).collect();
    let probe_every = (config.sip.probing != Probing::Off).then_some(config.sip.probe_every);
    acd::Input::AgentRules { pauses, probe_every }
}

/// What location must know of a configuration.
pub(super) fn location_rules(config: &Config, resolved: &Resolved) -> location::Input {
    let limit = |extension: &str| {
        config.agents.iter().find(|agent| agent.extension == extension).map_or(1, |agent| agent.contacts_max)
    };
    let user = |(id, agent): (&clock::AgentId, &call::AgentPlan)| location::User {
        agent: *id,
        extension: agent.extension.clone(),
        ha1_md5: agent.ha1_md5.clone(),
        ha1_sha256: agent.ha1_sha256.clone(),
        algorithms: agent.algorithms,
        contacts_max: limit(&agent.extension),
    };
    location::Input::Configure {
        domain: resolved.plan.domain.clone(),
        own_hosts: resolved.plan.own_hosts.clone(),
        // One without a secret is barred: what he had registered is forgotten.
        users: resolved.plan.agents.iter().filter(|(_, agent)| !agent.ha1_md5.is_empty()).map(user).collect(),
        trunks: config.trunks.iter().flat_map(|trunk| &trunk.sources).map(|source| source.ip).collect(),
    }
}

/// Leg, player and recorder ids carry their shard's number in the bits above `ID_COUNT_BITS`.
async fn bring_media_events(mut events: EventReceiver, post: Arc<Post>) {
    while let Some(event) = events.recv().await {
        let id = match &event {
            Event::Opened { leg, .. }
            | Event::OpenFailed { leg }
            | Event::FirstPacket { leg }
            | Event::Digit { leg, .. }
            | Event::Silent { leg }
            | Event::Line { leg, .. }
            | Event::Closed { leg, .. } => leg.0,
            Event::Played { player } | Event::PlayFailed { player, .. } => player.0,
            Event::Recorded { recorder, .. } | Event::Discarded { recorder } | Event::RecordFailed { recorder, .. } => {
                recorder.0
            }
        };
        if let Some(lane) = post.shards.get(usize::from(call::shard_of_id(id).0)) {
            let _ = lane.send(call::Input::Media(event)).await;
        }
    }
}

/// The listeners, known to the flows but not read yet.
struct Network {
    udp: Vec<(FlowId, UdpListener)>,
    tcp: Vec<TcpListener>,
    listeners: Listeners,
    addresses: Addresses,
}

impl Network {
    fn of(bound: Bound, config: &Config, flows: &Flows) -> Self {
        let entered = |listener: UdpListener| (flows.add_udp(listener.sender()), listener);
        let udp: Vec<(FlowId, UdpListener)> = bound.udp.into_iter().map(entered).collect();
        let of_udp = udp.iter().filter_map(|(flow, listener)| {
            Some(Listener { transport: Transport::Udp, addr: listener.local_addr().ok()?, flow: Some(*flow) })
        });
        let of_tcp = bound.tcp.iter().filter_map(|listener| {
            Some(Listener { transport: Transport::Tcp, addr: listener.local_addr().ok()?, flow: None })
        });
        let addresses = trunks::addresses(config, of_udp.chain(of_tcp).collect());
        // Sockets are bound in the order of the configuration.
        let mut bound_udp = udp.iter().map(|(flow, _)| *flow);
        let listeners = config.sip.listen.iter().map(|listen| match listen {
            Listen::Udp(_) => (*listen, bound_udp.next()),
            Listen::Tcp(_) => (*listen, None),
        });
        let listeners = Listeners(listeners.collect());
        Self { udp, tcp: bound.tcp, listeners, addresses }
    }
}

fn serve_network(network: Network, config: &Config, flows: &Arc<Flows>, dispatch: &Dispatch) {
    for (flow, listener) in network.udp {
        spawn_essential(listener.sort(&dispatch.admission));
        spawn_essential(net::serve_udp(flow, listener, dispatch.clone()));
    }
    let (connector, asked) = mpsc::channel(channels::CONNECT);
    flows.set_connector(connector);
    spawn_essential(net::connect_on_demand(asked, Arc::clone(flows), dispatch.clone()));
    let connections = Connections::new(config.sip.connections_max);
    for listener in network.tcp {
        spawn_essential(net::serve_tcp(listener, Arc::clone(flows), dispatch.clone(), Arc::clone(&connections)));
    }
}

fn shard_config(config: &Config, addresses: &Addresses, seeds: &Seeds, number: u16) -> ShardConfig {
    ShardConfig {
        ua: UaConfig { session_timers: config.sip.session_timers, ..ua_config(addresses) },
        auth: auth_config(config, seeds, number),
        media: SocketAddr::from((config.rtp.address, config.rtp.first_port)),
        hold_music: config.node.hold_music.clone(),
    }
}

fn ua_config(addresses: &Addresses) -> UaConfig {
    UaConfig::new(addresses.clone(), concat!("Trunkline/", env!("CARGO_PKG_VERSION")))
}

fn auth_config(config: &Config, seeds: &Seeds, instance: u16) -> AuthConfig {
    AuthConfig {
        realm: config.node.domain.clone(),
        secret: seeds.secret,
        instance,
        algorithms: [Algorithm::Sha256, Algorithm::Md5].into_iter().collect(),
        nonce_lifetime: DEFAULT_NONCE_LIFETIME,
    }
}

/// Random numbers from the system: all tags, branches and nonces come from them.
struct Seeds {
    seed: [u8; 32],
    secret: [u8; 32],
}

impl Seeds {
    fn from_system() -> Result<Self, StartError> {
        let mut seeds = Self { seed: [0; 32], secret: [0; 32] };
        let mut source = std::fs::File::open("/dev/urandom").map_err(StartError::Entropy)?;
        source.read_exact(&mut seeds.seed).map_err(StartError::Entropy)?;
        source.read_exact(&mut seeds.secret).map_err(StartError::Entropy)?;
        Ok(seeds)
    }

    /// An own generator for each owner.
    fn rng(&self, stream: u64) -> Rng {
        let mut seed = self.seed;
        for (byte, mix) in seed.iter_mut().zip(stream.to_le_bytes()) {
            *byte ^= mix;
        }
        let mut rng = Rng::from_seed(seed);
        // Streams differ in few bits of the seed; some rounds spread them over the whole state.
        for _ in 0..STREAM_ROUNDS {
            rng.next_u64();
        }
        rng
    }
}

const ACD_STREAM: u64 = 1 << 32;
const LOCATION_STREAM: u64 = 2 << 32;
const TRUNK_STREAM: u64 = 3 << 32;
const DIALER_STREAM: u64 = 4 << 32;
/// Location's authenticator beside those of the shards.
const LOCATION_INSTANCE: u16 = u16::MAX;
const STREAM_ROUNDS: u32 = 20;

/// Campaigns from before a restart are shown within milliseconds; calls do not wait for them longer than this.
const SHOWN_MAX: Duration = Duration::from_secs(2);
