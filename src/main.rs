//! The one binary. `trunkline run --config FILE` serves, `trunkline check --config FILE` only checks.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;
use trunkline::config::{Config, ConfigError};
use trunkline::init::{InitOptions, init};
use trunkline::menu_try::{MenuCommand, TryError, TryOptions, try_menu};
use trunkline::node::{self, StartError};
use trunkline::simulate::{SimulateOptions, simulate};

/// A message is a dozen small allocations, and a call some hundreds: this one takes a tenth less CPU a call than the
/// system's, and gives memory back after a rush (docs/benchmarks.md).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// A telephony engine with a call centre inside it.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve calls until SIGTERM or SIGINT.
    Run {
        /// The configuration file, e.g. config/demo.toml.
        #[arg(long)]
        config: PathBuf,
    },
    /// Let the database go on with this journal, after a refusal to start that names this command.
    Adopt {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
    /// Let the running node read its configuration again. No call is dropped; a wrong file changes nothing.
    Reload {
        /// The configuration file of the running node.
        #[arg(long)]
        config: PathBuf,
    },
    /// Change what the running node logs; without a filter, back to the usual.
    Log {
        /// The configuration file of the running node.
        #[arg(long)]
        config: PathBuf,
        /// Levels by part, e.g. info,sip=debug,call=debug.
        #[arg(default_value = "")]
        filter: String,
    },
    /// Write a configuration that works on this network, with random secrets. Asks nothing, overwrites nothing.
    Init(InitOptions),
    /// Run the days of a pacing scenario through the pacer that runs in production, and say what came of them.
    Simulate(SimulateOptions),
    /// Try menus and opening hours out; opens nothing.
    #[command(subcommand)]
    Menu(MenuCommand),
    /// Check a configuration and open nothing.
    Check {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Run { config } => with_config(&config, node::run),
        Command::Adopt { config } => with_config(&config, node::adopt),
        Command::Reload { config } => ask(&config, "reload"),
        Command::Log { config, filter } => ask(&config, &format!("log {filter}")),
        Command::Init(options) => match init(&options) {
            Ok(next) => say(&next),
            Err(error) => {
                eprintln!("trunkline: {error}");
                ExitCode::from(EXIT_CANNOT_START)
            }
        },
        Command::Simulate(options) => match simulate(&options) {
            Ok(report) => say(&report),
            Err(error) => {
                eprintln!("trunkline: {error}");
                ExitCode::from(EXIT_CANNOT_START)
            }
        },
        Command::Menu(MenuCommand::Try(options)) => try_out(&options),
        Command::Check { config } => match Config::load(&config) {
            Ok(_) => say(&format!("{}: no faults", config.display())),
            Err(error) => refuse(&error),
        },
    }
}

/// Prints what was asked for. Who closed the pipe has read what he wanted.
fn say(text: &str) -> ExitCode {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("trunkline: {error}");
            ExitCode::from(EXIT_CANNOT_START)
        }
        _ => ExitCode::SUCCESS,
    }
}

fn try_out(options: &TryOptions) -> ExitCode {
    match try_menu(options) {
        Ok(way) => say(&way.join("\n")),
        Err(TryError::Config(error)) => refuse(&error),
        Err(error) => {
            eprintln!("trunkline: {error}");
            ExitCode::from(EXIT_CANNOT_START)
        }
    }
}

fn with_config(path: &Path, run: fn(Config) -> Result<(), StartError>) -> ExitCode {
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => return refuse(&error),
    };
    node::start_log();
    keep_private();
    match run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trunkline: {error}");
            ExitCode::from(EXIT_CANNOT_START)
        }
    }
}

/// What callers said, who they are, and hashes of passwords are in files that other users of the machine cannot read.
fn keep_private() {
    use nix::sys::stat::{Mode, umask};
    let of_starter = umask(Mode::S_IRWXO);
    umask(of_starter | Mode::S_IRWXO);
}

/// Asks the node that runs with this configuration; its data folder leads to it.
fn ask(path: &Path, request: &str) -> ExitCode {
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => return refuse(&error),
    };
    match node::ask(&config.node.data_dir, request) {
        Ok(Ok(done)) => say(&done),
        Ok(Err(refused)) => {
            eprintln!("trunkline: {refused}");
            ExitCode::from(EXIT_CANNOT_START)
        }
        Err(error) => {
            let folder = config.node.data_dir.display();
            eprintln!("trunkline: no node answers in {folder}: {error}; is it running, and are you its user?");
            ExitCode::from(EXIT_CANNOT_START)
        }
    }
}

fn refuse(error: &ConfigError) -> ExitCode {
    eprintln!("trunkline: {error}");
    if let ConfigError::Faults { faults, .. } = error {
        for fault in faults {
            eprintln!("  {fault}");
        }
    }
    ExitCode::from(EXIT_BAD_CONFIG)
}

/// The configuration is wrong; nothing was opened.
const EXIT_BAD_CONFIG: u8 = 2;
/// The node could not start, or could not go on.
const EXIT_CANNOT_START: u8 = 1;
