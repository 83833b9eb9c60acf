//! The load generator behind `make bench`: calls and packets through a real node, and what they cost.
//!
//! It judges nothing; it prints figures, beside each what it was measured on. Only loopback addresses are used.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program: clocks, sockets and files live here"
)]

mod callee;
mod caller;
mod dialed;
mod exchange;
mod machine;
mod measure;
mod node;
mod phones;
mod process;
mod relay;
mod report;
mod rest;
mod rig;
mod rtp;
mod stats;
mod wire;
mod yardstick;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use measure::queue::Load;
use measure::{attempts, calls, freed, held, lists, owner, packets, queue, recorded};
use node::Recipe;
use report::Report;

/// Calls and packets through a real node, and what they cost.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Args)]
struct Common {
    /// The program under test.
    #[arg(long, default_value = "target/release/trunkline")]
    binary: PathBuf,
    /// The configuration that is copied (with free ports and a fresh data folder).
    #[arg(long, default_value = "config/bench.toml")]
    config: PathBuf,
}

#[derive(Subcommand)]
enum What {
    /// Everything: about fifteen minutes, or two with --quick.
    All {
        #[command(flatten)]
        common: Common,
        /// Small numbers: shows that it works, not how fast.
        #[arg(long)]
        quick: bool,
    },
    /// CPU a bridged call.
    Calls {
        #[command(flatten)]
        common: Common,
        /// New calls a second.
        #[arg(long, default_value_t = 1000.0)]
        rate: f64,
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        #[arg(long, default_value_t = 3)]
        runs: usize,
    },
    /// The highest rate without a failure.
    Rates {
        #[command(flatten)]
        common: Common,
        /// New calls a second, in the order in which they are tried.
        #[arg(long, value_delimiter = ',', default_values_t = RATES)]
        rates: Vec<f64>,
        /// Of each step.
        #[arg(long, default_value_t = 15)]
        seconds: u64,
    },
    /// Memory a held call.
    Held {
        #[command(flatten)]
        common: Common,
        #[arg(long, default_value_t = 2000)]
        calls: u64,
    },
    /// A list of leads uploaded and imported.
    Lists {
        #[command(flatten)]
        common: Common,
        #[arg(long, default_value_t = 1_000_000)]
        rows: u64,
    },
    /// CPU a forwarded packet, delay added, packets lost.
    Packets {
        #[command(flatten)]
        common: Common,
        #[arg(long, default_value_t = 500)]
        calls: usize,
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        #[arg(long, default_value_t = 3)]
        runs: usize,
    },
    /// What recording adds to a forwarded packet.
    Recorded {
        #[command(flatten)]
        common: Common,
        #[arg(long, default_value_t = 500)]
        calls: usize,
        #[arg(long, default_value_t = 30)]
        seconds: u64,
        #[arg(long, default_value_t = 3)]
        runs: usize,
    },
    /// From an agent who is free to the next INVITE on the wire.
    Freed {
        #[command(flatten)]
        common: Common,
        /// Callers who wait with music.
        #[arg(long, default_value_t = 1000)]
        waiting: u64,
        #[arg(long, default_value_t = 20)]
        agents: u32,
        #[arg(long, default_value_t = 1000)]
        samples: usize,
    },
    /// Callers of a queue, and its phones.
    Queue {
        /// The program under test.
        #[arg(long, default_value = "target/release/trunkline")]
        binary: PathBuf,
        /// The configuration that is copied (with free ports and a fresh data folder).
        #[arg(long, default_value = QUEUE_CONFIG)]
        config: PathBuf,
        /// Phones that register, the first of the configuration's agents.
        #[arg(long, default_value_t = 200)]
        phones: u32,
        /// New callers a second.
        #[arg(long, default_value_t = 100.0)]
        rate: f64,
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// From a phone's 200 to its BYE.
        #[arg(long, default_value_t = 1000)]
        talk_ms: u64,
    },
    /// Attempts of a campaign a second.
    Attempts {
        /// The program under test.
        #[arg(long, default_value = "target/release/trunkline")]
        binary: PathBuf,
        /// The configuration that is copied (with free ports and a fresh data folder).
        #[arg(long, default_value = QUEUE_CONFIG)]
        config: PathBuf,
        /// Lines that the campaign keeps busy.
        #[arg(long, default_value_t = 300)]
        lines: u32,
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// From an agent who is free to the offer, in the distributor's real task, which runs in this process.
    Owner {
        /// Calls that wait.
        #[arg(long, default_value_t = 10_000)]
        waiting: u64,
        #[arg(long, default_value_t = 3_000)]
        samples: u64,
    },
    /// The bare relay that packets are compared with.
    #[command(hide = true)]
    Relay { a: SocketAddr, b: SocketAddr },
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Start(String),
    #[error("unexpected: {0}")]
    Answer(String),
}

fn main() -> ExitCode {
    let what = Arguments::parse().what;
    let result = match what {
        What::Relay { a, b } => relay::relay(a, b),
        what => {
            let machine = machine::description();
            println!("{machine}");
            let mut report = Report::default();
            let result = run(what, &mut report);
            result.and(report.conclude(&machine, Path::new(SUMMARY)).map_err(Fault::from))
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("trunkline-bench: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn run(what: What, report: &mut Report) -> Result<(), Fault> {
    match what {
        What::All { common, quick } => all(&recipe(common), quick, report),
        What::Calls { common, rate, seconds, runs } => calls::steady(&recipe(common), rate, seconds, runs, report),
        What::Rates { common, rates, seconds } => calls::highest(&recipe(common), &rates, seconds, report),
        What::Lists { common, rows } => lists::lists(&recipe(common), rows, report),
        What::Held { common, calls } => held::held(&recipe(common), calls, report),
        What::Packets { common, calls, seconds, runs } => {
            packets::packets(&recipe(common), calls, seconds, runs, report)
        }
        What::Recorded { common, calls, seconds, runs } => {
            recorded::recorded(&recipe(common), calls, seconds, runs, report)
        }
        What::Freed { common, waiting, agents, samples } => {
            freed::freed(&recipe(common), waiting, agents, samples, report)
        }
        What::Queue { binary, config, phones, rate, seconds, talk_ms } => {
            let (time, talk) = (Duration::from_secs(seconds), Duration::from_millis(talk_ms));
            queue::queue(&Recipe { binary, config }, Load { phones, rate, time, talk }, report)
        }
        What::Attempts { binary, config, lines, seconds } => {
            attempts::attempts(&Recipe { binary, config }, lines, seconds, report)
        }
        What::Owner { waiting, samples } => owner::owner(waiting, samples, report),
        // Served by `main`: it measures nothing.
        What::Relay { .. } => Ok(()),
    }
}

/// Each measurement in turn; one that cannot be made does not take the others with it.
fn all(recipe: &Recipe, quick: bool, report: &mut Report) -> Result<(), Fault> {
    let queues = Recipe { binary: recipe.binary.clone(), config: PathBuf::from(QUEUE_CONFIG) };
    let load =
        |rate, seconds| Load { phones: 200, rate, time: Duration::from_secs(seconds), talk: Duration::from_secs(1) };
    let results = if quick {
        [
            calls::steady(recipe, 100.0, 5, 1, report),
            calls::highest(recipe, &[100.0, 200.0], 3, report),
            held::held(recipe, 200, report),
            packets::packets(recipe, 50, 5, 1, report),
            recorded::recorded(recipe, 20, 5, 1, report),
            freed::freed(recipe, 50, 5, 50, report),
            queue::queue(&queues, load(50.0, 5), report),
            attempts::attempts(&queues, 100, 5, report),
            owner::owner(500, 200, report),
            lists::lists(recipe, 20_000, report),
        ]
    } else {
        [
            calls::steady(recipe, 1000.0, 60, 3, report),
            calls::highest(recipe, &RATES, 15, report),
            held::held(recipe, 2000, report),
            packets::packets(recipe, 500, 60, 3, report),
            recorded::recorded(recipe, 500, 12, 3, report),
            freed::freed(recipe, 1000, 20, 1000, report),
            queue::queue(&queues, load(100.0, 60), report),
            attempts::attempts(&queues, 300, 60, report),
            owner::owner(10_000, 3_000, report),
            lists::lists(recipe, 1_000_000, report),
        ]
    };
    results.into_iter().find_map(Result::err).map_or(Ok(()), Err)
}

fn recipe(common: Common) -> Recipe {
    Recipe { binary: common.binary, config: common.config }
}

/// Beyond twice what is asked for.
const RATES: [f64; 4] = [1000.0, 1500.0, 2000.0, 2500.0];
/// What a queue is measured with.
const QUEUE_CONFIG: &str = "config/bench-queue.toml";
/// Where the summary is kept.
const SUMMARY: &str = "target/bench.md";
