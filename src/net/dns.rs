//! Asks name servers for the trunk watcher, away from everything else.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{RData, RecordType};
use sip::trunk::{Input, MAX_RECORDS, Query, Record};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

/// What a name server said.
type Answer = Result<(Vec<Record>, Duration), NetError>;

/// Serves questions until their sender is gone. `servers` empty means those of the system.
pub(crate) async fn serve_dns(servers: Vec<SocketAddr>, mut questions: mpsc::Receiver<Query>, to: mpsc::Sender<Input>) {
    let resolver = match resolver(&servers) {
        Ok(resolver) => Some(Arc::new(resolver)),
        Err(error) => {
            tracing::error!(%error, "no name servers: trunks by name stay down; see [dns] in the configuration");
            None
        }
    };
    let slots = Arc::new(Semaphore::new(AT_ONCE_MAX));
    while let Some(query) = questions.recv().await {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let (resolver, to) = (resolver.clone(), to.clone());
        tokio::spawn(async move {
            let answer = match &resolver {
                Some(resolver) => timeout(PATIENCE, ask(resolver, &query)).await.unwrap_or(Err(NetError::Timeout)),
                None => Err(NetError::NoConnections),
            };
            let input = match answer {
                Ok((records, ttl)) => Input::Resolved { query, records, ttl },
                Err(error) => {
                    tracing::warn!(name = query.name(), %error, "a name could not be looked up");
                    Input::ResolveFailed { query }
                }
            };
            let _ = to.send(input).await;
            drop(slot);
        });
    }
}

fn resolver(servers: &[SocketAddr]) -> Result<TokioResolver, NetError> {
    let mut builder = match servers.is_empty() {
        true => TokioResolver::builder_tokio()?,
        false => {
            let mut config = ResolverConfig::default();
            config.name_servers = servers.iter().copied().map(server).collect();
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    let options = builder.options_mut();
    // The watcher keeps answers as long as they live, and no longer.
    options.cache_size = 0;
    options.timeout = TRY_TIME;
    options.attempts = TRIES;
    builder.build()
}

fn server(addr: SocketAddr) -> NameServerConfig {
    let at_port = |mut connection: ConnectionConfig| {
        connection.port = addr.port();
        connection
    };
    let connections = vec![at_port(ConnectionConfig::udp()), at_port(ConnectionConfig::tcp())];
    NameServerConfig::new(addr.ip(), true, connections)
}

async fn ask(resolver: &TokioResolver, query: &Query) -> Answer {
    let name = absolute(&query.name());
    if let Query::Srv { .. } = query {
        return look_up(resolver, &name, RecordType::SRV).await;
    }
    if let Some(known) = hosts_of(resolver, &name).await {
        return Ok(known);
    }
    let (v4, v6) = tokio::join!(look_up(resolver, &name, RecordType::A), look_up(resolver, &name, RecordType::AAAA));
    match (v4, v6) {
        // IPv4 first: where both are announced, it is what carriers run.
        (Ok((mut records, ttl)), Ok((more, other_ttl))) => {
            let ttl = if more.is_empty() { ttl } else { ttl.min(other_ttl) };
            records.extend(more);
            Ok((records, ttl))
        }
        (Ok(found), Err(_)) | (Err(_), Ok(found)) if !found.0.is_empty() => Ok(found),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// Names of the file of hosts, which `lookup` passes over.
async fn hosts_of(resolver: &TokioResolver, name: &str) -> Option<(Vec<Record>, Duration)> {
    if !is_local(name) {
        return None;
    }
    let found = resolver.lookup_ip(name.trim_end_matches('.')).await.ok()?;
    let records: Vec<Record> = found.iter().take(MAX_RECORDS).map(Record::Address).collect();
    (!records.is_empty()).then_some((records, HOSTS_TTL))
}

/// A name without a dot is one of this network: hosts file and search list know it.
fn is_local(name: &str) -> bool {
    !name.trim_end_matches('.').contains('.')
}

async fn look_up(resolver: &TokioResolver, name: &str, kind: RecordType) -> Answer {
    match resolver.lookup(name, kind).await {
        Ok(found) => {
            let answers = found.answers();
            let ttl = answers.iter().map(|record| record.ttl).min().unwrap_or_default();
            let records = answers.iter().filter_map(|record| taken(&record.data)).take(MAX_RECORDS).collect();
            Ok((records, Duration::from_secs(ttl.into())))
        }
        Err(NetError::Dns(DnsError::NoRecordsFound(none))) => {
            let ttl = none.negative_ttl.map_or(NEGATIVE_TTL, |ttl| Duration::from_secs(ttl.into()));
            Ok((Vec::new(), ttl))
        }
        Err(error) => Err(error),
    }
}

fn taken(data: &RData) -> Option<Record> {
    Some(match data {
        RData::A(address) => Record::Address(address.0.into()),
        RData::AAAA(address) => Record::Address(address.0.into()),
        RData::SRV(srv) => {
            Record::Srv { priority: srv.priority, weight: srv.weight, target: srv.target.to_ascii(), port: srv.port }
        }
        _ => return None,
    })
}

/// With a dot at its end no search list is tried: a carrier's name is whole.
fn absolute(name: &str) -> String {
    if is_local(name) || name.ends_with('.') { name.to_owned() } else { format!("{name}.") }
}

/// Questions under way: a start with a hundred trunks is through in a few round trips.
const AT_ONCE_MAX: usize = 16;
/// One server's time for one try.
const TRY_TIME: Duration = Duration::from_secs(2);
/// Tries of one server.
const TRIES: usize = 2;
/// All servers and tries together; below the watcher's own 30 s.
const PATIENCE: Duration = Duration::from_secs(20);
/// A "there is none" without a time of its own.
const NEGATIVE_TTL: Duration = Duration::from_secs(60);
/// The file of hosts says nothing of time.
const HOSTS_TTL: Duration = Duration::from_secs(60);
