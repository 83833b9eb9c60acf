//! A SIP peer on a TCP connection, which decides how its bytes are cut.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use super::{Msg, PATIENCE};

/// An open connection.
pub(crate) struct Stream {
    reader: BufReader<TcpStream>,
}

impl Stream {
    /// Connects from an address of the loopback network.
    pub(crate) fn connect(server: SocketAddr, from: [u8; 4]) -> Self {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::from((from, 0)).into()).expect("a free port");
        socket.connect(&server.into()).expect("the node takes connections");
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        stream.set_nodelay(true).expect("an option of TCP");
        Self { reader: BufReader::new(stream) }
    }

    /// Our side of it.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.reader.get_ref().local_addr().expect("a connection")
    }

    /// Sends bytes in one piece.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.reader.get_mut().write_all(bytes.as_ref()).expect("the node reads");
    }

    /// Ends our direction.
    pub(crate) fn finish(&self) {
        self.reader.get_ref().shutdown(Shutdown::Write).expect("a connection");
    }

    /// The next message; `None` when the node closed the connection.
    pub(crate) fn read(&mut self) -> Option<Msg> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let mut line = String::new();
            if self.reader.read_line(&mut line).expect("a line in time") == 0 {
                return None;
            }
            // Line breaks between messages keep the connection alive.
            if !(head.is_empty() && line == "\r\n") {
                head += &line;
            }
        }
        let length = Msg::read(head.as_bytes()).and_then(|msg| msg.header("Content-Length").parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).expect("the body");
        Msg::read(&[head.as_bytes(), &body].concat())
    }

    /// The next final response to a method.
    pub(crate) fn expect_final(&mut self, method: &str) -> Msg {
        loop {
            let msg = self.read().expect("the connection stays open");
            if msg.status() >= 200 && msg.method() == method {
                return msg;
            }
        }
    }

    /// The raw bytes of an answer that is no message, such as a keep-alive.
    pub(crate) fn read_exact(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.reader.read_exact(&mut bytes).expect("an answer in time");
        bytes
    }
}
