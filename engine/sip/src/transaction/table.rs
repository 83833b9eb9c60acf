//! All transactions of one user agent core, and which one a message belongs to.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::{
    Effects, InviteClient, InviteClientEvent, InviteServer, InviteServerEvent, MergeKey, NonInviteClient,
    NonInviteClientEvent, NonInviteServer, NonInviteServerEvent, ResponseClass, ServerKey, TimerName,
};
use crate::{Message, Method, Text, ua::Peer};

/// One transaction. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TxId(pub(crate) u64);

/// Either client machine.
#[derive(Debug)]
pub(crate) enum ClientMachine {
    Invite(InviteClient),
    NonInvite(NonInviteClient),
}

impl ClientMachine {
    pub(crate) fn on_response(&mut self, class: ResponseClass) -> Effects {
        match self {
            Self::Invite(machine) => machine.on(InviteClientEvent::Response(class)),
            Self::NonInvite(machine) => machine.on(NonInviteClientEvent::Response(class)),
        }
    }

    pub(crate) fn on_timer(&mut self, timer: TimerName) -> Effects {
        match self {
            Self::Invite(machine) => machine.on(InviteClientEvent::Timer(timer)),
            Self::NonInvite(machine) => machine.on(NonInviteClientEvent::Timer(timer)),
        }
    }

    pub(crate) fn on_transport_error(&mut self) -> Effects {
        match self {
            Self::Invite(machine) => machine.on(InviteClientEvent::TransportError),
            Self::NonInvite(machine) => machine.on(NonInviteClientEvent::TransportError),
        }
    }
}

/// Either server machine.
#[derive(Debug)]
pub(crate) enum ServerMachine {
    Invite(InviteServer),
    NonInvite(NonInviteServer),
}

impl ServerMachine {
    pub(crate) fn on_request(&mut self) -> Effects {
        match self {
            Self::Invite(machine) => machine.on(InviteServerEvent::Invite),
            Self::NonInvite(machine) => machine.on(NonInviteServerEvent::Request),
        }
    }

    pub(crate) fn on_ack(&mut self) -> Effects {
        match self {
            Self::Invite(machine) => machine.on(InviteServerEvent::Ack),
            Self::NonInvite(_) => Effects::new(),
        }
    }

    pub(crate) fn on_respond(&mut self, class: ResponseClass) -> Effects {
        match self {
            Self::Invite(machine) => machine.on(InviteServerEvent::Respond(class)),
            Self::NonInvite(machine) => machine.on(NonInviteServerEvent::Respond(class)),
        }
    }

    /// What was said to an INVITE never left: a failure takes its place.
    pub(crate) fn on_withdraw(&mut self) -> Effects {
        match self {
            Self::Invite(machine) => machine.on(InviteServerEvent::Withdraw),
            Self::NonInvite(_) => Effects::new(),
        }
    }

    pub(crate) fn on_timer(&mut self, timer: TimerName) -> Effects {
        match self {
            Self::Invite(machine) => machine.on(InviteServerEvent::Timer(timer)),
            Self::NonInvite(machine) => machine.on(NonInviteServerEvent::Timer(timer)),
        }
    }

    pub(crate) fn on_transport_error(&mut self) -> Effects {
        match self {
            Self::Invite(machine) => machine.on(InviteServerEvent::TransportError),
            Self::NonInvite(machine) => machine.on(NonInviteServerEvent::TransportError),
        }
    }
}

/// The ACK that one 2xx got: sent again when that 2xx comes again (RFC 3261 13.2.2.4).
#[derive(Debug)]
pub(crate) struct SentAck {
    pub(crate) to_tag: Text,
    pub(crate) ack: Message,
    pub(crate) peer: Peer,
}

/// One client transaction; `U` says whose it is.
#[derive(Debug)]
pub(crate) struct Client<U> {
    pub(crate) machine: ClientMachine,
    pub(crate) request: Message,
    pub(crate) peer: Peer,
    pub(crate) user: U,
    pub(crate) acks: SmallVec<[SentAck; 1]>,
}

/// One server transaction.
#[derive(Debug)]
pub(crate) struct Server<U> {
    pub(crate) machine: ServerMachine,
    pub(crate) key: ServerKey,
    pub(crate) merge: Option<MergeKey>,
    pub(crate) request: Message,
    /// Where the request came from.
    pub(crate) source: Peer,
    /// Where responses go.
    pub(crate) peer: Peer,
    /// Our To tag, where the request has none.
    pub(crate) to_tag: Text,
    /// The last response given, to send again.
    pub(crate) last: Option<Message>,
    pub(crate) user: U,
}

impl<U> Server<U> {
    /// Status of the last response; 0 before the first.
    pub(crate) fn status(&self) -> u16 {
        self.last.as_ref().map_or(0, Message::status)
    }
}

/// The client transactions of one branch: a CANCEL has that of its INVITE (RFC 3261 9.1).
#[derive(Debug, Default)]
struct Branch {
    request: Option<TxId>,
    cancel: Option<TxId>,
}

impl Branch {
    fn place(&mut self, method: &Method) -> &mut Option<TxId> {
        if *method == Method::Cancel { &mut self.cancel } else { &mut self.request }
    }
}

/// All transactions.
#[derive(Debug)]
pub(crate) struct Table<C, S> {
    clients: BTreeMap<TxId, Box<Client<C>>>,
    branches: BTreeMap<Text, Branch>,
    servers: BTreeMap<TxId, Box<Server<S>>>,
    keys: BTreeMap<ServerKey, TxId>,
    merges: BTreeMap<MergeKey, TxId>,
    /// Bytes of the requests that server transactions keep.
    server_bytes: usize,
    next: u64,
}

impl<C, S> Default for Table<C, S> {
    fn default() -> Self {
        Self {
            clients: BTreeMap::new(),
            branches: BTreeMap::new(),
            servers: BTreeMap::new(),
            keys: BTreeMap::new(),
            merges: BTreeMap::new(),
            server_bytes: 0,
            next: 0,
        }
    }
}

impl<C, S> Table<C, S> {
    /// Enters a client transaction under the branch of its request.
    pub(crate) fn insert_client(&mut self, client: Client<C>) -> TxId {
        let id = self.next_id();
        if let Some((branch, method)) = branch_and_method(&client.request) {
            *self.branches.entry(branch).or_default().place(&method) = Some(id);
        }
        self.clients.insert(id, Box::new(client));
        id
    }

    /// Enters a server transaction under its key.
    pub(crate) fn insert_server(&mut self, server: Server<S>) -> TxId {
        let id = self.next_id();
        self.keys.insert(server.key.clone(), id);
        if let Some(merge) = &server.merge {
            self.merges.insert(merge.clone(), id);
        }
        self.server_bytes = self.server_bytes.saturating_add(server.request.bytes().len());
        self.servers.insert(id, Box::new(server));
        id
    }

    pub(crate) fn client(&mut self, id: TxId) -> Option<&mut Client<C>> {
        self.clients.get_mut(&id).map(Box::as_mut)
    }

    pub(crate) fn server(&mut self, id: TxId) -> Option<&mut Server<S>> {
        self.servers.get_mut(&id).map(Box::as_mut)
    }

    pub(crate) fn peek_client(&self, id: TxId) -> Option<&Client<C>> {
        self.clients.get(&id).map(Box::as_ref)
    }

    pub(crate) fn peek_server(&self, id: TxId) -> Option<&Server<S>> {
        self.servers.get(&id).map(Box::as_ref)
    }

    pub(crate) fn clients(&self) -> impl Iterator<Item = (TxId, &Client<C>)> {
        self.clients.iter().map(|(id, client)| (*id, &**client))
    }

    pub(crate) fn servers(&self) -> impl Iterator<Item = (TxId, &Server<S>)> {
        self.servers.iter().map(|(id, server)| (*id, &**server))
    }

    /// The transaction that a response belongs to: same branch, same method in CSeq (RFC 3261 17.1.3).
    pub(crate) fn client_of(&self, response: &Message) -> Option<TxId> {
        let via = response.top_via().ok()?;
        let branch = self.branches.get(&Text::from(via.branch()?))?;
        let (_, method) = response.cseq().ok()?;
        let id = if method == Method::Cancel { branch.cancel } else { branch.request }?;
        let (_, sent) = self.clients.get(&id)?.request.cseq().ok()?;
        (sent == method).then_some(id)
    }

    /// True when a live request of ours has this branch.
    pub(crate) fn is_own_branch(&self, branch: &str) -> bool {
        self.branches.contains_key(&Text::from(branch))
    }

    /// The transaction that a request belongs to.
    pub(crate) fn server_of(&self, key: &ServerKey) -> Option<TxId> {
        self.keys.get(key).copied()
    }

    /// True when a request of the same origin came over another path and its transaction goes on (RFC 3261
    /// 8.2.2.2): it has no final response, or it is an INVITE that was taken. What was refused or answered may be
    /// asked again: some phones answer a challenge, or try once more, without a new CSeq.
    pub(crate) fn is_merged(&self, merge: &MergeKey) -> bool {
        let other = self.merges.get(merge).and_then(|id| self.servers.get(id));
        other.is_some_and(|server| match server.request.method() {
            Some(Method::Invite) => server.status() < 300,
            _ => server.status() < 200,
        })
    }

    pub(crate) fn remove_client(&mut self, id: TxId) -> Option<Client<C>> {
        let client = self.clients.remove(&id)?;
        if let Some((branch, method)) = branch_and_method(&client.request)
            && let Some(entry) = self.branches.get_mut(&branch)
        {
            let place = entry.place(&method);
            if *place == Some(id) {
                *place = None;
            }
            if entry.request.is_none() && entry.cancel.is_none() {
                self.branches.remove(&branch);
            }
        }
        Some(*client)
    }

    pub(crate) fn remove_server(&mut self, id: TxId) -> Option<Server<S>> {
        let server = self.servers.remove(&id)?;
        self.server_bytes = self.server_bytes.saturating_sub(server.request.bytes().len());
        if self.keys.get(&server.key) == Some(&id) {
            self.keys.remove(&server.key);
        }
        if let Some(merge) = &server.merge
            && self.merges.get(merge) == Some(&id)
        {
            self.merges.remove(merge);
        }
        Some(*server)
    }

    pub(crate) fn client_count(&self) -> usize {
        self.clients.len()
    }

    pub(crate) fn server_count(&self) -> usize {
        self.servers.len()
    }

    /// Bytes of the requests that server transactions keep.
    pub(crate) fn server_bytes(&self) -> usize {
        self.server_bytes
    }

    fn next_id(&mut self) -> TxId {
        self.next += 1;
        TxId(self.next)
    }
}

fn branch_and_method(request: &Message) -> Option<(Text, Method)> {
    let via = request.top_via().ok()?;
    Some((via.branch()?.into(), request.method()?.clone()))
}
