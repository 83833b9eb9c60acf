//! The rules that owners work by: made from the configuration at the start, replaced whole by a reload.

use std::sync::Arc;

use admin_api::{Phones, Roster};
use centre::Directory;
use centre::owner::DialerInput;
use journal_core::{Entry, Names};
use tokio::sync::{mpsc, oneshot, watch};

use super::entries::NodeEntries;
use super::lost_calls::Patience;
use super::owners::{agent_rules, four_eyes, location_rules};
use super::records::config_keys;
use super::trunks::{Listeners, trunk_rules};
use crate::clock_source::wall_now;
use crate::config::{Config, ConfigError};
use crate::ids::{Resolved, resolve};
use crate::owner::Post;
use crate::snapshots::Snapshots;

/// The one place that tells owners their rules after the start.
pub(super) struct Rules {
    pub(super) config: Config,
    pub(super) own_hosts: Vec<String>,
    pub(super) names: Names,
    pub(super) entries: NodeEntries,
    pub(super) post: Arc<Post>,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) directory: watch::Sender<Arc<Directory>>,
    pub(super) listeners: Listeners,
    /// Who may use which phone.
    pub(super) roster: Arc<Roster>,
    /// How long lost calls may wait.
    pub(super) patience: watch::Sender<Patience>,
    /// Whose the phones are, as owners were told last.
    pub(super) phones: Phones,
}

/// Asks for a reload; the answer names what was changed.
pub(super) type ReloadRequest = oneshot::Sender<Result<Vec<String>, ReloadError>>;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReloadError {
    /// The file is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Some of what differs is fixed for the life of the process.
    #[error("{} cannot change while the node runs: restart it, or put the former values back", keys.join(", "))]
    NeedsRestart {
        /// Which keys.
        keys: Vec<String>,
    },
    /// The database has a key of that name.
    #[error(transparent)]
    Keys(#[from] admin_api::RosterError),
    /// New names must be in the journal first.
    #[error("the journal takes no entries now ({0}); try again")]
    Journal(#[from] journal::AppendError),
}

impl Rules {
    /// Serves requests until their senders are gone.
    pub(super) async fn serve(mut self, mut requests: mpsc::Receiver<ReloadRequest>) {
        let mut people = self.roster.watch();
        // Who changed since these rules were made.
        self.follow_people().await;
        loop {
            let reply = tokio::select! {
                request = requests.recv() => match request {
                    Some(reply) => reply,
                    None => return,
                },
                // The roster lives as long as these rules.
                Ok(()) = people.changed() => {
                    self.follow_people().await;
                    continue;
                }
            };
            let result = self.reload().await;
            match &result {
                Ok(changed) => tracing::info!(?changed, "configuration read again"),
                Err(error) => {
                    tracing::error!(%error, "configuration read again and refused: the former one stays");
                }
            }
            // Who asked may be gone; it is done all the same.
            let _ = reply.send(result);
        }
    }

    /// Reads the file again and tells every owner, all of it or nothing.
    async fn reload(&mut self) -> Result<Vec<String>, ReloadError> {
        let path = self.config.source.path().to_owned();
        let read = tokio::task::spawn_blocking(move || Config::load(&path)).await;
        let config = read.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        let mut changed = self.config.source.changed(&config.source);
        if config.imported != self.config.imported {
            changed.insert("do_not_call_list".to_owned());
        }
        let changed: Vec<String> = changed.into_iter().collect();
        let fixed = |key: &&String| !CHANGEABLE.contains(&key.as_str());
        let keys: Vec<String> = changed.iter().filter(fixed).cloned().collect();
        if !keys.is_empty() {
            return Err(ReloadError::NeedsRestart { keys });
        }
        let mut names = self.names.clone();
        let mut resolved = resolve(&config, self.own_hosts.clone(), &mut names);
        for entry in std::mem::take(&mut resolved.new_names) {
            self.entries.try_append(entry)?;
        }
        if config.lost_calls.rules != self.config.lost_calls.rules {
            self.entries.try_append(Entry::LostCallRules { rules: config.lost_calls.rules, at: wall_now() })?;
        }
        self.roster.replace_config_keys(config_keys(&config))?;
        self.patience.send_replace(Patience::of(&config));
        (self.config, self.names) = (config, names);
        self.phones = self.roster.phones();
        resolved.give_to(&self.phones);
        self.tell(resolved).await;
        Ok(changed)
    }

    /// Phones of users who may do nothing any more are forgotten, and cannot register or call until they may again;
    /// agents have the names of their users.
    async fn follow_people(&mut self) {
        let phones = self.roster.phones();
        if phones == self.phones {
            return;
        }
        if phones.barred != self.phones.barred {
            tracing::info!(barred = ?phones.barred, "phones of these extensions may not be used");
        }
        self.phones = phones;
        let mut resolved = resolve(&self.config, self.own_hosts.clone(), &mut self.names);
        resolved.give_to(&self.phones);
        self.directory.send_replace(Arc::clone(&resolved.directory));
        for lane in &self.post.shards {
            let _ = lane.send(call::Input::Configure(Arc::clone(&resolved.plan))).await;
        }
        let _ = self.post.location.send(location_rules(&self.config, &resolved)).await;
    }

    /// Calls and agents that are known keep what they have; the rest is as at a start.
    async fn tell(&self, resolved: Resolved) {
        self.snapshots.set_trunks(resolved.directory.trunks.keys().copied().collect());
        self.directory.send_replace(Arc::clone(&resolved.directory));
        for lane in &self.post.shards {
            let _ = lane.send(call::Input::Configure(Arc::clone(&resolved.plan))).await;
        }
        let _ = self.post.location.send(location_rules(&self.config, &resolved)).await;
        let _ = self.post.dialer.send(DialerInput::Configure(Arc::clone(&resolved.plan))).await;
        let shown = Arc::clone(&self.snapshots.watch().borrow());
        for campaign in shown.campaigns.campaigns.values() {
            let Some(written) = admin_api::read_campaign(&campaign.written.text, &resolved.directory) else { continue };
            let input = dialer::runner::Input::Reread { campaign: campaign.campaign, written };
            let _ = self.post.dialer.send(DialerInput::Campaigns(Box::new(input))).await;
        }
        let _ = self.post.dialer.send(DialerInput::Import(self.config.imported.clone())).await;
        let _ = self.post.dialer.send(DialerInput::Campaigns(Box::new(four_eyes(&self.config)))).await;
        let _ = self.post.dialer.send(DialerInput::Directory(Arc::clone(&resolved.directory))).await;
        let _ = self.post.trunks.send(trunk_rules(&self.config, &resolved.directory, &self.listeners)).await;
        let _ = self.post.acd.send(agent_rules(&self.config)).await;
        let _ = self.post.acd.send(acd::Input::Owners(resolved.owners)).await;
        let _ = self.post.acd.send(acd::Input::Configure { queues: resolved.queues, agents: resolved.agents }).await;
    }
}

/// Keys that owners take at any time (docs/configuration.md names the same). All others need a restart, so a key
/// that is forgotten here is refused instead of silently ignored.
const CHANGEABLE: [&str; 33] = [
    "agents",
    "dialing.blacklist",
    "dialing.countries",
    "dialing.pin",
    "dialing.pin_for",
    "dialing.rule_set",
    "dialing.verified",
    "dialing.whitelist",
    "disposition",
    "do_not_call_list",
    "key",
    "limits.call_max_s",
    "limits.calls_max",
    "limits.ping_every_s",
    "limits.ring_max_s",
    "lost_calls.only_answered",
    "lost_calls.outbound_auto",
    "lost_calls.overdue_s",
    "lost_calls.recovers",
    "lost_calls.window_s",
    "menu",
    "node.allowed_countries",
    "node.denied_prefixes",
    "node.home_country",
    "node.language",
    "number",
    "owner",
    "pause_reason",
    "queue",
    "route",
    "rtp.silence_s",
    "schedule",
    "trunk",
];
