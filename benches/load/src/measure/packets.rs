//! CPU a forwarded packet, beside rtpengine's; delay added, packets lost.

use std::net::SocketAddr;
use std::time::Duration;

use crate::Fault;
use crate::exchange::bind;
use crate::machine::{CpuTimes, undisturbed};
use crate::node::Recipe;
use crate::process::{Group, Usage, micros_each};
use crate::relay::Relay;
use crate::report::Report;
use crate::rig::{ADDRESS_A, ADDRESS_B, PATIENCE, Rig};
use crate::rtp::{Heard, Streams};
use crate::stats::median;
use crate::yardstick::Rtpengine;

/// One run over one forwarder.
struct Run {
    heard: Heard,
    /// Microseconds of CPU a packet: the whole process, and a node's media threads.
    whole_us: f64,
    media_us: f64,
    stolen: f64,
    busy: f64,
}

impl Run {
    /// Sends over what `to` leads to, whose CPU `usage` reads.
    fn over(
        streams: &mut Streams,
        to: (&[SocketAddr], &[SocketAddr]),
        time: Duration,
        usage: impl Fn() -> Usage,
    ) -> Self {
        let (mut before, times) = (Usage::default(), CpuTimes::now());
        let heard = streams.run(to, WARM_UP, time, || before = usage());
        let used = usage().since(&before);
        let (stolen, busy) = times.until_now();
        let (whole_us, media_us) =
            (micros_each(used.whole, heard.received), micros_each(used.group(Group::Media), heard.received));
        Self { heard, whole_us, media_us, stolen, busy }
    }

    fn print(&mut self, what: &str) {
        let (p50, p99) = self.heard.delay_us();
        println!(
            "  {what:<16} sent {}, received {}, lost {}; delay p50 {:.2} ms, p99 {:.2} ms; CPU {:.2} us a packet; machine \
             in use {:.0} %, stolen {:.2} %",
            self.heard.sent,
            self.heard.received,
            self.heard.lost(),
            f64::from(p50) / 1e3,
            f64::from(p99) / 1e3,
            self.whole_us,
            self.busy,
            self.stolen,
        );
    }
}

/// Forwards the packets of `calls` calls, both ways, for `seconds` in each of `runs` runs, and the same packets over
/// rtpengine, a bare relay and nothing.
pub(crate) fn packets(
    recipe: &Recipe,
    calls: usize,
    seconds: u64,
    runs: usize,
    report: &mut Report,
) -> Result<(), Fault> {
    println!("\nForwarded packets: {calls} calls, G.711 at 20 ms both ways, {seconds} s, {runs} run(s)");
    let (a, b) = (bind(ADDRESS_A)?, bind(ADDRESS_B)?);
    let (at_a, at_b) = (a.local_addr()?, b.local_addr()?);
    let mut streams = Streams::new(a, b)?;
    let (time, short) = (Duration::from_secs(seconds), Duration::from_secs(seconds.min(YARDSTICK_S_MAX)));

    let to = (vec![at_b; calls], vec![at_a; calls]);
    let mut direct = Run::over(&mut streams, (&to.0, &to.1), short, Usage::default);
    direct.print("nothing between");
    let relay = Relay::start(at_a, at_b)?;
    let to = (vec![relay.for_a; calls], vec![relay.for_b; calls]);
    let mut bare = Run::over(&mut streams, (&to.0, &to.1), short, || Usage::of(relay.pid()));
    bare.print("bare relay");
    drop(relay);

    let nothing = direct.heard.delay_us();
    let (mut own_us, mut theirs_us, mut added_ms) = (Vec::new(), Vec::new(), Vec::new());
    let (mut sent, mut lost) = (0, 0);
    for nth in 0..runs {
        let mut own = undisturbed(|| through_node(recipe, &mut streams, (at_a, at_b), calls, time), |run| run.stolen)?;
        own.print("trunkline");
        if nth == 0 {
            println!("  {:<16} media threads {:.2} us a packet", "", own.media_us);
        }
        own_us.push(own.whole_us);
        added_ms.push(f64::from(own.heard.delay_us().1.saturating_sub(nothing.1)) / 1e3);
        (sent, lost) = (sent + own.heard.sent, lost + own.heard.lost());
        let measure = || through_rtpengine(&mut streams, (at_a, at_b), calls, short);
        let theirs = undisturbed(measure, |run| run.as_ref().map_or(0.0, |run| run.stolen))?;
        if let Some(mut theirs) = theirs {
            theirs.print("rtpengine");
            theirs_us.push(theirs.whole_us);
        }
    }
    let (own, added) = (median(&mut own_us), median(&mut added_ms));
    println!(
        "  median: {own:.2} us a packet, {:.2} times the bare relay; delay added p99 {added:.2} ms",
        own / bare.whole_us
    );
    report.note("CPU a packet over a bare relay of one thread", format!("{:.2} us", bare.whole_us));
    if theirs_us.is_empty() {
        println!("  rtpengine is not installed (tools/needs bench): no yardstick");
        report.note(PACKET, format!("{own:.2} us"));
    } else {
        let theirs = median(&mut theirs_us);
        report.note("CPU a packet through rtpengine, in user space", format!("{theirs:.2} us"));
        let figure = format!("{own:.2} us, {:.2} times rtpengine", own / theirs);
        report.against(PACKET, figure, "at most 0.6 times".to_owned(), own <= 0.6 * theirs);
    }
    let what = format!("packets lost, {calls} calls");
    report.against(&what, format!("{lost} of {sent}"), "0".to_owned(), lost == 0);
    let what = format!("delay added at {calls} calls, p99");
    report.against(&what, format!("{added:.2} ms"), "at most 5 ms".to_owned(), added <= 5.0);
    Ok(())
}

fn through_node(
    recipe: &Recipe,
    streams: &mut Streams,
    (at_a, at_b): (SocketAddr, SocketAddr),
    calls: usize,
    time: Duration,
) -> Result<Run, Fault> {
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
    let run = Run::over(streams, (&to_a, &to_b), time, || Usage::of(rig.node.pid()));
    exchange.hang_up_all(RATE, PATIENCE);
    Ok(run)
}

fn through_rtpengine(
    streams: &mut Streams,
    (at_a, at_b): (SocketAddr, SocketAddr),
    calls: usize,
    time: Duration,
) -> Result<Option<Run>, Fault> {
    let Some(rtpengine) = Rtpengine::start()? else { return Ok(None) };
    let mut to = (Vec::new(), Vec::new());
    for nth in 0..calls {
        let (from_a, from_b) = rtpengine.connect(nth, at_a, at_b)?;
        to.0.push(from_a);
        to.1.push(from_b);
    }
    Ok(Some(Run::over(streams, (&to.0, &to.1), time, || Usage::of(rtpengine.pid()))))
}

const PACKET: &str = "CPU a forwarded packet, whole process";
/// Slow enough that setting up is no test of its own.
const RATE: f64 = 100.0;
/// Until addresses are learned and the threads have found their rhythm.
const WARM_UP: Duration = Duration::from_secs(3);
/// The yardsticks' cost does not change after this.
const YARDSTICK_S_MAX: u64 = 15;
