//! The yardstick for packets: a relay of one thread and two sockets that does nothing but read and write.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Fault;
use crate::exchange::bind;

/// A relay in a process of its own.
pub(crate) struct Relay {
    child: Child,
    /// What comes here goes to `b`.
    pub(crate) for_a: SocketAddr,
    /// What comes here goes to `a`.
    pub(crate) for_b: SocketAddr,
}

impl Relay {
    /// Starts a relay between `a` and `b`.
    pub(crate) fn start(a: SocketAddr, b: SocketAddr) -> Result<Self, Fault> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["relay", &a.to_string(), &b.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let said = || Fault::Start(format!("the relay said {line:?}"));
        let (for_a, for_b) = line.trim().split_once(' ').ok_or_else(said)?;
        let read = |text: &str| text.parse().map_err(|_| said());
        Ok(Self { for_a: read(for_a)?, for_b: read(for_b)?, child })
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The relay itself: prints its two addresses and relays until it is killed or its parent is gone.
pub(crate) fn relay(a: SocketAddr, b: SocketAddr) -> Result<(), Fault> {
    let (for_a, for_b) = (bind(Ipv4Addr::LOCALHOST)?, bind(Ipv4Addr::LOCALHOST)?);
    println!("{} {}", for_a.local_addr()?, for_b.local_addr()?);
    std::io::stdout().flush()?;
    let parent = nix::unistd::getppid();
    let mut buffer = [0; 2_048];
    while nix::unistd::getppid() == parent {
        for (from, to, address) in [(&for_a, &for_b, b), (&for_b, &for_a, a)] {
            while let Ok(length) = from.recv(&mut buffer) {
                let _ = to.send_to(&buffer[..length], address);
            }
        }
        std::thread::sleep(DRAIN_EVERY);
    }
    Ok(())
}

/// The same rest between two drains as a busy media thread's.
const DRAIN_EVERY: Duration = Duration::from_millis(2);
