//! CPU a forwarded packet, delay added, packets lost.

use std::net::SocketAddr;
use std::time::Duration;

use crate::Fault;
use crate::exchange::bind;
use crate::machine::CpuTimes;
use crate::node::Recipe;
use crate::process::{Group, Usage, micros_each};
use crate::relay::Relay;
use crate::rig::{ADDRESS_A, ADDRESS_B, PATIENCE, Rig};
use crate::rtp::{Heard, Streams};

/// Forwards the packets of `calls` calls, both ways, for `seconds`, and the same packets over a bare relay and
/// over nothing.
pub(crate) fn packets(recipe: &Recipe, calls: usize, seconds: u64) -> Result<(), Fault> {
    println!("\nForwarded packets: {calls} calls, G.711 at 20 ms both ways, {seconds} s");
    let (a, b) = (bind(ADDRESS_A)?, bind(ADDRESS_B)?);
    let (at_a, at_b) = (a.local_addr()?, b.local_addr()?);
    let mut streams = Streams::new(a, b)?;
    let time = Duration::from_secs(seconds);

    let mut direct = streams.run((&vec![at_b; calls], &vec![at_a; calls]), WARM_UP, time / 3, || {});
    print("nothing between", &mut direct);

    let relay = Relay::start(at_a, at_b)?;
    let mut before = Usage::default();
    let to = (vec![relay.for_a; calls], vec![relay.for_b; calls]);
    let mut heard = streams.run((&to.0, &to.1), WARM_UP, time / 3, || before = Usage::of(relay.pid()));
    let relay_us = micros_each(Usage::of(relay.pid()).since(&before).whole, heard.received);
    print("bare relay", &mut heard);
    println!("  {:<16} CPU {relay_us:.2} us a packet", "");
    drop(relay);

    let rig = Rig::start(recipe, |_| {})?;
    rig.warm_up()?;
    let mut exchange = rig.exchange("rtp", at_a, at_b)?;
    exchange.call(RATE, Duration::from_secs_f64(calls as f64 / RATE), None, PATIENCE);
    let to_a: Vec<SocketAddr> = exchange.caller.media().collect();
    let to_b: Vec<SocketAddr> = exchange.callee.media().collect();
    if to_a.len() != calls || to_b.len() != calls {
        let tally = exchange.caller.tally();
        return Err(Fault::Answer(format!("{} of {calls} calls are up: {:?}", to_a.len(), tally.failed)));
    }
    let (mut before, times) = (Usage::default(), CpuTimes::now());
    let mut heard = streams.run((&to_a, &to_b), WARM_UP, time, || before = Usage::of(rig.node.pid()));
    let used = Usage::of(rig.node.pid()).since(&before);
    let (stolen, busy) = times.until_now();
    print("trunkline", &mut heard);
    let whole_us = micros_each(used.whole, heard.received);
    println!(
        "  {:<16} CPU {whole_us:.2} us a packet (media threads {:.2}), {:.2} times the bare relay; machine in use \
         {busy:.0} %, stolen {stolen:.2} %",
        "",
        micros_each(used.group(Group::Media), heard.received),
        whole_us / relay_us.max(0.01),
    );
    let (own, nothing) = (heard.delay_us(), direct.delay_us());
    println!(
        "  delay added: p50 {:.2} ms, p99 {:.2} ms",
        f64::from(own.0.saturating_sub(nothing.0)) / 1e3,
        f64::from(own.1.saturating_sub(nothing.1)) / 1e3
    );
    exchange.hang_up_all(RATE, PATIENCE);
    Ok(())
}

fn print(what: &str, heard: &mut Heard) {
    let (p50, p99) = heard.delay_us();
    println!(
        "  {what:<16} sent {}, received {}, lost {}; delay p50 {:.2} ms, p99 {:.2} ms",
        heard.sent,
        heard.received,
        heard.lost(),
        f64::from(p50) / 1e3,
        f64::from(p99) / 1e3
    );
}

/// Slow enough that setting up is no test of its own.
const RATE: f64 = 100.0;
/// Until addresses are learned and the media threads have found their rhythm.
const WARM_UP: Duration = Duration::from_secs(2);
