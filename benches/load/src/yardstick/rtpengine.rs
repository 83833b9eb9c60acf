//! The yardstick for packets: rtpengine in user space, told what to forward by its control protocol.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use super::bencode::{dictionary, text_in};
use super::{Peer, free_address};
use crate::Fault;
use crate::wire::{media_in, sdp};

/// A running rtpengine.
pub(crate) struct Rtpengine {
    peer: Peer,
    control: UdpSocket,
}

impl Rtpengine {
    /// Starts one; `None` when it is not installed.
    pub(crate) fn start() -> Result<Option<Self>, Fault> {
        let ng = free_address(Ipv4Addr::LOCALHOST)?;
        let config = CONFIG
            .replace("@NG@", &ng.to_string())
            .replace("@INTERFACE@", &Ipv4Addr::LOCALHOST.to_string())
            .replace("@FIRST_PORT@", &FIRST_PORT.to_string())
            .replace("@LAST_PORT@", &LAST_PORT.to_string());
        let arguments = |file: &str, _: &str| vec!["--config-file".to_owned(), file.to_owned()];
        let Some(mut peer) = Peer::start("rtpengine", &config, arguments)? else { return Ok(None) };
        peer.wait_for(ng, format!("ready {}", dictionary(&[("command", "ping")])).as_bytes())?;
        let control = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        control.connect(ng)?;
        control.set_read_timeout(Some(PATIENCE))?;
        Ok(Some(Self { peer, control }))
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.peer.pid()
    }

    /// Lets it forward the nth call between `a` and `b`; where `a` and where `b` send to.
    pub(crate) fn connect(&self, nth: usize, a: SocketAddr, b: SocketAddr) -> Result<(SocketAddr, SocketAddr), Fault> {
        let call = format!("bench-{nth}");
        let call = call.as_str();
        let to_b =
            self.media(nth * 2, &[("command", "offer"), ("call-id", call), ("from-tag", "a"), ("sdp", &sdp(a))])?;
        let answer = sdp(b);
        let answer = [("command", "answer"), ("call-id", call), ("from-tag", "a"), ("to-tag", "b"), ("sdp", &answer)];
        Ok((self.media(nth * 2 + 1, &answer)?, to_b))
    }

    /// Asks, and reads the media address from the SDP of the answer.
    fn media(&self, cookie: usize, question: &[(&str, &str)]) -> Result<SocketAddr, Fault> {
        let cookie = format!("{cookie} ");
        self.control.send(format!("{cookie}{}", dictionary(question)).as_bytes())?;
        let mut buffer = [0; 8_192];
        let length = self.control.recv(&mut buffer)?;
        let said = String::from_utf8_lossy(&buffer[..length]);
        let address = said.strip_prefix(&cookie).and_then(|said| media_in(text_in(said, "sdp")?));
        address.ok_or_else(|| Fault::Answer(format!("rtpengine says {said}")))
    }
}

const CONFIG: &str = include_str!("../../../rtpengine.conf");
/// Above the ports of `config/bench.toml` and below those that Linux gives to anyone.
const FIRST_PORT: u16 = 10_000;
const LAST_PORT: u16 = 19_999;
const PATIENCE: Duration = Duration::from_secs(2);
