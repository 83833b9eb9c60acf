//! A SIP peer on a UDP socket of its own: the carrier, a phone, or a stranger.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::digest::authorization;
use super::{Call, Msg, PATIENCE, unique};

/// A peer. Clones are the same peer.
#[derive(Clone)]
pub(crate) struct Endpoint {
    inner: Arc<Inner>,
    server: SocketAddr,
    /// User part of its address.
    pub(crate) user: String,
    password: Option<String>,
    #[allow(dead_code, reason = "ends the reader when the last clone goes")]
    reader: Arc<Reader>,
}

struct Inner {
    socket: UdpSocket,
    inbox: Mutex<Inbox>,
    arrived: Condvar,
    is_mute: AtomicBool,
    ignores_options: AtomicBool,
    over: AtomicBool,
}

#[derive(Default)]
struct Inbox {
    /// Not yet taken, oldest first, each once.
    messages: Vec<Msg>,
    /// How often each datagram came.
    copies: BTreeMap<Vec<u8>, usize>,
}

struct Reader(Arc<Inner>);

/// What a phone has registered.
pub(crate) struct Registration {
    /// The last response.
    pub(crate) response: Msg,
    /// The 401 before it.
    pub(crate) challenge: Msg,
}

impl Endpoint {
    /// The carrier: the demo knows it by its address.
    pub(crate) fn carrier() -> Self {
        Self::bind([127, 0, 0, 2].into(), SocketAddr::from(([127, 0, 0, 1], 0)), "+447700900123", None)
    }

    /// Another peer of a trunk, which is never challenged. It learns its node by `set_server_to`.
    pub(crate) fn trunk_at(ip: [u8; 4], user: &str) -> Self {
        Self::bind(ip.into(), SocketAddr::from(([127, 0, 0, 1], 0)), user, None)
    }

    /// The phone of an agent of the demo.
    pub(crate) fn phone(server: SocketAddr, extension: &str) -> Self {
        Self::bind([127, 0, 0, 1].into(), server, extension, Some(format!("demo-{extension}")))
    }

    /// Someone with an address and password of his own.
    pub(crate) fn stranger(ip: [u8; 4], server: SocketAddr, user: &str, password: &str) -> Self {
        Self::bind(ip.into(), server, user, Some(password.to_owned()))
    }

    fn bind(ip: IpAddr, server: SocketAddr, user: &str, password: Option<String>) -> Self {
        let socket = UdpSocket::bind((ip, 0)).expect("a free port");
        socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a time-out can be set");
        let inner = Arc::new(Inner {
            socket,
            inbox: Mutex::default(),
            arrived: Condvar::new(),
            is_mute: AtomicBool::new(false),
            ignores_options: AtomicBool::new(false),
            over: AtomicBool::new(false),
        });
        let reading = Arc::clone(&inner);
        std::thread::spawn(move || reading.read());
        let reader = Arc::new(Reader(Arc::clone(&inner)));
        Self { inner, server, user: user.to_owned(), password, reader }
    }

    /// Its address.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.inner.socket.local_addr().expect("a bound socket")
    }

    /// Whom it talks to.
    pub(crate) fn server(&self) -> SocketAddr {
        self.server
    }

    /// Talks to another node from now.
    pub(crate) fn set_server(&mut self, server: SocketAddr) {
        self.server = server;
    }

    /// The same peer, talking to another node.
    pub(crate) fn set_server_to(mut self, server: SocketAddr) -> Self {
        self.server = server;
        self
    }

    /// The same peer under another number.
    pub(crate) fn named(&self, user: &str) -> Self {
        Self { user: user.to_owned(), ..self.clone() }
    }

    /// Neither hears nor says anything from now on, as a peer whose cable was pulled.
    pub(crate) fn mute(&self) {
        self.inner.is_mute.store(true, Ordering::SeqCst);
    }

    /// Hears and speaks again.
    pub(crate) fn unmute(&self) {
        self.inner.is_mute.store(false, Ordering::SeqCst);
    }

    /// Leaves OPTIONS without an answer from now on, or answers again; everything else goes on.
    pub(crate) fn ignore_options(&self, ignores: bool) {
        self.inner.ignores_options.store(ignores, Ordering::SeqCst);
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&self, bytes: impl AsRef<[u8]>) {
        if !self.inner.is_mute.load(Ordering::SeqCst) {
            self.inner.socket.send_to(bytes.as_ref(), self.server).expect("loopback takes datagrams");
        }
    }

    /// Takes the oldest message that pleases, waiting for it.
    #[track_caller]
    pub(crate) fn expect(&self, what: &str, pleases: impl Fn(&Msg) -> bool) -> Msg {
        self.take(PATIENCE, pleases).unwrap_or_else(|| {
            let seen: Vec<String> =
                self.lock().messages.iter().map(|msg| format!("{} ({})", msg.start, msg.method())).collect();
            panic!("{} expected {what} within {PATIENCE:?}; untaken: {seen:#?}", self.user)
        })
    }

    /// Takes the oldest message that pleases, if it comes in time.
    pub(crate) fn take(&self, limit: Duration, pleases: impl Fn(&Msg) -> bool) -> Option<Msg> {
        let start = Instant::now();
        let mut inbox = self.lock();
        loop {
            if let Some(at) = inbox.messages.iter().position(&pleases) {
                return Some(inbox.messages.remove(at));
            }
            let left = limit.checked_sub(start.elapsed())?;
            inbox = self.inner.arrived.wait_timeout(inbox, left).expect("no reader panics").0;
        }
    }

    /// True when such a message has come and was not taken.
    pub(crate) fn has(&self, pleases: impl Fn(&Msg) -> bool) -> bool {
        self.lock().messages.iter().any(pleases)
    }

    /// How many datagrams came whose text pleases, repeated ones included.
    pub(crate) fn datagrams(&self, pleases: impl Fn(&str) -> bool) -> usize {
        let inbox = self.lock();
        let all = inbox.copies.iter().filter(|(bytes, _)| pleases(&String::from_utf8_lossy(bytes)));
        all.map(|(_, count)| count).sum()
    }

    /// The head of a request outside a dialog, up to Content-Length.
    pub(crate) fn head(&self, method: &str, uri: &str, to: &str, call_id: &str, cseq: u32) -> String {
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {addr};branch=z9hG4bK{branch};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{user}@demo.local>;tag={tag}\r\nTo: <{to}>\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:{user}@{addr}>\r\n",
            addr = self.addr(),
            branch = unique(),
            user = self.user,
            tag = unique(),
        )
    }

    /// A request outside a dialog and its final response.
    pub(crate) fn request(&self, method: &str, uri: &str, headers: &str) -> Msg {
        let call_id = unique();
        self.send(self.head(method, uri, uri, &call_id, 1) + headers + "Content-Length: 0\r\n\r\n");
        self.expect(&format!("a final response to {method}"), |msg| msg.call_id() == call_id && msg.status() >= 200)
    }

    /// An answer to OPTIONS: the node lives.
    pub(crate) fn assert_alive(&self) {
        assert_eq!(self.request("OPTIONS", &format!("sip:{}", self.server), "").status(), 200);
    }

    /// Registers for an hour; the binding is confirmed.
    pub(crate) fn register(&self) -> Registration {
        let registration = self.register_for(3600);
        assert_eq!(registration.response.status(), 200, "{:?}", registration.response);
        assert!(registration.response.all("Contact").any(|contact| contact.contains(&self.addr().to_string())));
        registration
    }

    /// Registers for some seconds, answering the challenge.
    pub(crate) fn register_for(&self, expires: u32) -> Registration {
        let call_id = unique();
        let challenge = self.register_as(&call_id, 1, expires, "");
        assert_eq!(challenge.status(), 401, "{challenge:?}");
        let password = self.password.clone().unwrap_or_default();
        let header = challenge.header("WWW-Authenticate");
        let value = authorization(header, "REGISTER", "sip:demo.local", &self.user, &password, 1);
        let response = self.register_as(&call_id, 2, expires, &format!("Authorization: {value}\r\n"));
        Registration { response, challenge }
    }

    /// One REGISTER and its final response.
    pub(crate) fn register_as(&self, call_id: &str, cseq: u32, expires: u32, headers: &str) -> Msg {
        let to = format!("sip:{}@demo.local", self.user);
        let head = self.head("REGISTER", "sip:demo.local", &to, call_id, cseq);
        self.send(format!("{head}Expires: {expires}\r\n{headers}Content-Length: 0\r\n\r\n"));
        self.expect("the response to REGISTER", |msg| {
            msg.call_id() == call_id && msg.cseq() == cseq && msg.status() >= 200
        })
    }

    /// The credentials that answer a challenge to an INVITE.
    pub(crate) fn credentials(&self, challenge: &Msg, method: &str, uri: &str) -> String {
        let password = self.password.clone().unwrap_or_default();
        let value = authorization(challenge.header("WWW-Authenticate"), method, uri, &self.user, &password, 1);
        format!("Authorization: {value}\r\n")
    }

    /// Calls a number or extension; a phone answers the challenge.
    pub(crate) fn call(&self, to: &str) -> Call {
        Call::begin(self, to, &[])
    }

    /// The next call that comes in. It has not been answered at all.
    #[track_caller]
    pub(crate) fn expect_call(&self) -> Call {
        // A re-INVITE has a tag in To.
        let invite = self.expect("an INVITE", |msg| msg.is_request("INVITE") && msg.tag("To").is_empty());
        Call::incoming(self, invite)
    }

    /// True when it is a phone: its INVITEs are challenged.
    pub(crate) fn is_phone(&self) -> bool {
        self.password.is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inbox> {
        self.inner.inbox.lock().expect("no reader panics")
    }
}

impl Inner {
    fn read(&self) {
        let mut buffer = vec![0; 65_536];
        while !self.over.load(Ordering::SeqCst) {
            let Ok((length, source)) = self.socket.recv_from(&mut buffer) else { continue };
            if self.is_mute.load(Ordering::SeqCst) {
                continue;
            }
            let bytes = &buffer[..length];
            let Some(msg) = Msg::read(bytes) else { continue };
            if msg.is_request("OPTIONS") && !self.ignores_options.load(Ordering::SeqCst) {
                let _ = self.socket.send_to(response(&msg, 200, &super::unique(), "", "").as_bytes(), source);
            }
            let mut inbox = self.inbox.lock().expect("no reader panics");
            let copies = inbox.copies.entry(bytes.to_vec()).or_default();
            *copies += 1;
            if *copies == 1 {
                inbox.messages.push(msg);
            }
            self.arrived.notify_all();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::SeqCst);
    }
}

/// A response to a request, with `tag` in To unless there is one.
pub(crate) fn response(request: &Msg, status: u16, tag: &str, headers: &str, body: &str) -> String {
    let mut text = format!("SIP/2.0 {status} Peer says {status}\r\n");
    for name in ["Via", "From", "Call-ID", "CSeq", "Record-Route"] {
        request.all(name).for_each(|value| text += &format!("{name}: {value}\r\n"));
    }
    let to = request.header("To");
    let tag = if request.tag("To").is_empty() && status > 100 { format!(";tag={tag}") } else { String::new() };
    text + &format!("To: {to}{tag}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}
