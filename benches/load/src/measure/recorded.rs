//! What recording adds to a forwarded packet.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::Fault;
use crate::exchange::bind;
use crate::machine::{CpuTimes, undisturbed};
use crate::node::Recipe;
use crate::phones::{ADDRESS_PHONES, Phones, add_queue};
use crate::process::{Usage, micros_each};
use crate::report::Report;
use crate::rig::{ADDRESS_A, ADDRESS_B, PATIENCE, Rig};
use crate::rtp::Streams;
use crate::stats::median;

/// Forwards the packets of `calls` conversations of a queue, `seconds` in each of `runs` runs, with and without
/// recording, and compares what a packet costs the whole process.
pub(crate) fn recorded(
    recipe: &Recipe,
    calls: usize,
    seconds: u64,
    runs: usize,
    report: &mut Report,
) -> Result<(), Fault> {
    println!("\nRecording: {calls} conversations of a queue, G.711 both ways, {seconds} s, {runs} run(s) each");
    let (a, b) = (bind(ADDRESS_A)?, bind(ADDRESS_B)?);
    let at = (a.local_addr()?, b.local_addr()?);
    let mut streams = Streams::new(a, b)?;
    let (mut plain, mut taped) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        for (recording, costs) in [(false, &mut plain), (true, &mut taped)] {
            let measure = || one(recipe, &mut streams, at, calls, Duration::from_secs(seconds), recording);
            costs.push(undisturbed(measure, |run| run.1)?.0);
        }
    }
    let (plain, taped) = (median(&mut plain), median(&mut taped));
    let more = taped / plain - 1.0;
    println!("  median: {plain:.2} us a packet without, {taped:.2} us with recording: {:.0} % more", more * 100.0);
    let figure = format!("{:.0} % ({plain:.2} us without, {taped:.2} us with)", more * 100.0);
    report.against("recording adds to a forwarded packet", figure, "at most 50 %".to_owned(), more <= 0.5);
    Ok(())
}

/// Microseconds of CPU a packet, and per cent stolen.
fn one(
    recipe: &Recipe,
    streams: &mut Streams,
    (at_a, at_b): (SocketAddr, SocketAddr),
    calls: usize,
    time: Duration,
    recording: bool,
) -> Result<(f64, f64), Fault> {
    let agents = u32::try_from(calls).unwrap_or(u32::MAX);
    let rig = Rig::start(recipe, |config| add_queue(config, agents, recording))?;
    let phones = bind(ADDRESS_PHONES)?;
    for nth in 0..agents {
        Phones::bench().register(&phones, rig.node.sip, nth)?;
    }
    let mut exchange = rig.queue_exchange("recorded", &phones, at_a, at_b)?;
    exchange.call(RATE, Duration::from_secs_f64(calls as f64 / RATE), None, PATIENCE);
    let deadline = Instant::now() + PATIENCE;
    while exchange.callee.connected() < calls && Instant::now() < deadline {
        exchange.serve_until(Instant::now() + LOOK_EVERY);
    }
    let to = (exchange.caller.media().collect::<Vec<_>>(), exchange.callee.media().collect::<Vec<_>>());
    if to.0.len() != calls || to.1.len() != calls {
        return Err(Fault::Answer(format!("{} and {} of {calls} sides are up", to.0.len(), to.1.len())));
    }
    let (mut before, times) = (Usage::default(), CpuTimes::now());
    let heard = streams.run((&to.0, &to.1), WARM_UP, time, || before = Usage::of(rig.node.pid()));
    let used = Usage::of(rig.node.pid()).since(&before);
    let (stolen, busy) = times.until_now();
    let cost = micros_each(used.whole, heard.received);
    println!(
        "  {}  sent {}, received {}, lost {}; CPU {cost:.2} us a packet; machine in use {busy:.0} %, stolen {stolen:.2} %",
        if recording { "with   " } else { "without" },
        heard.sent,
        heard.received,
        heard.lost(),
    );
    exchange.hang_up_all(RATE, PATIENCE);
    if recording {
        let deadline = Instant::now() + PATIENCE;
        while rig.node.recordings().0 < calls && Instant::now() < deadline {
            exchange.serve_until(Instant::now() + RECORDINGS_EVERY);
        }
        let (ready, gaps) = rig.node.recordings();
        println!("           {ready} of {calls} recordings ready, {gaps} gaps");
        if ready != calls {
            return Err(Fault::Answer(format!("{ready} of {calls} recordings")));
        }
    }
    Ok((cost, stolen))
}

/// Slow enough that setting up is no test of its own.
const RATE: f64 = 100.0;
const WARM_UP: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(10);
const RECORDINGS_EVERY: Duration = Duration::from_millis(100);
