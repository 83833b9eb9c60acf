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
mod exchange;
mod machine;
mod measure;
mod node;
mod process;
mod relay;
mod rest;
mod rig;
mod rtp;
mod stats;
mod wire;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use measure::{calls, held, packets};
use node::Recipe;

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
    /// Everything: about eight minutes, or one with --quick.
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
    /// CPU a forwarded packet, delay added, packets lost.
    Packets {
        #[command(flatten)]
        common: Common,
        #[arg(long, default_value_t = 500)]
        calls: usize,
        #[arg(long, default_value_t = 30)]
        seconds: u64,
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
    if !matches!(what, What::Relay { .. }) {
        machine::describe();
    }
    match run(what) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("trunkline-bench: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn run(what: What) -> Result<(), Fault> {
    match what {
        What::All { common, quick: true } => {
            let recipe = recipe(common);
            calls::steady(&recipe, 100.0, 5, 1)?;
            calls::highest(&recipe, &[100.0, 200.0], 3)?;
            held::held(&recipe, 200)?;
            packets::packets(&recipe, 50, 6)
        }
        What::All { common, quick: false } => {
            let recipe = recipe(common);
            calls::steady(&recipe, 1000.0, 60, 3)?;
            calls::highest(&recipe, &RATES, 15)?;
            held::held(&recipe, 2000)?;
            packets::packets(&recipe, 500, 30)
        }
        What::Calls { common, rate, seconds, runs } => calls::steady(&recipe(common), rate, seconds, runs),
        What::Rates { common, rates, seconds } => calls::highest(&recipe(common), &rates, seconds),
        What::Held { common, calls } => held::held(&recipe(common), calls),
        What::Packets { common, calls, seconds } => packets::packets(&recipe(common), calls, seconds),
        What::Relay { a, b } => relay::relay(a, b),
    }
}

fn recipe(common: Common) -> Recipe {
    Recipe { binary: common.binary, config: common.config }
}

/// Up to twice what the next bar asks for.
const RATES: [f64; 8] = [100.0, 200.0, 400.0, 600.0, 800.0, 1000.0, 1500.0, 2000.0];
