//! What the API stands on: the owners' commands and snapshots, the records, the keys.
//! `src/` makes one [`Services`] and passes it to [`crate::Api::serve`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use call::NumberPlan;
use centre::{Answer, Command, CommandError, Directory, Snapshot};
use journal::Journal;
use records::{Database, LiveCalls};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use crate::metrics::Metrics;
use crate::problem::{Code, Problem};
use crate::roster::Roster;

/// All that the API needs from the rest of the node.
#[derive(Debug)]
pub struct Services {
    /// Commands to the owners; `src/` routes each to its owner.
    pub commands: mpsc::Sender<CommandRequest>,
    /// The owners' last published states.
    pub snapshot: watch::Receiver<Arc<Snapshot>>,
    /// The account whose objects these are. Keys of another one see nothing of it.
    pub account: String,
    /// Names of the account's objects.
    pub directory: watch::Receiver<Arc<Directory>>,
    /// Country (ISO 3166-1) of numbers that name none.
    pub home_country: String,
    /// How numbers are written in a country, by its two letters in upper case; none for one that is not known.
    pub number_plan: fn(&str) -> Option<NumberPlan>,
    /// By which days begin in reports that name no other.
    pub time_zone: hours::Zone,
    /// Whether the node is ready for calls.
    pub readiness: watch::Receiver<Readiness>,
    /// Calls that are not in the database yet.
    pub live: LiveCalls,
    /// Stored records.
    pub database: Database,
    /// The journal: live events come from it, answers to be kept go into it as entries of [`journal_core::Owner::Api`].
    pub journal: Journal,
    /// Number of the last entry of `Owner::Api` that is synced, from the journal's reports.
    pub synced: watch::Receiver<u64>,
    /// Answers to requests with an Idempotency-Key, as the journal gave them back.
    pub answers: journal_core::Answers,
    /// Who may ask.
    pub roster: Arc<Roster>,
    /// Folder under which recordings and voicemails lie.
    pub data_dir: PathBuf,
    /// The figures that `/metrics` shows.
    pub metrics: Arc<Metrics>,
}

/// A command on its way to its owner, and where the answer goes.
#[derive(Debug)]
pub struct CommandRequest {
    /// What to do.
    pub command: Command,
    /// The client waits no longer than this: an owner does not begin later.
    pub deadline: Instant,
    /// The answer, when what it says is synced (DESIGN section 6).
    pub reply: oneshot::Sender<Result<Answer, CommandError>>,
}

/// What `/readyz` checks. The database being away does not make it fail (DESIGN section 9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// All listeners are open.
    pub sockets_open: bool,
    /// The owners have their state back.
    pub owners_restored: bool,
    /// The journal takes entries.
    pub journal_writable: bool,
}

impl Services {
    /// Sends a command to its owner and waits for the answer.
    ///
    /// # Errors
    /// 503 when the owner's queue is full or the answer late, else the problem of the owner's refusal.
    pub(crate) async fn command(&self, command: Command) -> Result<Answer, Problem> {
        let deadline = Instant::now() + COMMAND_DEADLINE;
        let reply = self.send(command, deadline)?;
        match timeout_at(deadline, reply).await {
            Ok(answered) => outcome(answered.ok()),
            Err(_) => Err(Problem::new(Code::Unavailable, "The owner did not answer in time.")),
        }
    }

    /// The same for a task that goes on when the client is gone: it learns what became of a
    /// command that was begun just before the deadline.
    pub(crate) async fn command_to_the_end(&self, command: Command) -> Result<Answer, Problem> {
        let begun_by = Instant::now() + COMMAND_DEADLINE;
        let reply = self.send(command, begun_by)?;
        match timeout_at(begun_by + OUTCOME_DEADLINE, reply).await {
            Ok(answered) => outcome(answered.ok()),
            Err(_) => Err(Problem::new(Code::Unavailable, "The owner never answered.")),
        }
    }

    fn send(
        &self,
        command: Command,
        deadline: Instant,
    ) -> Result<oneshot::Receiver<Result<Answer, CommandError>>, Problem> {
        let (reply, answer) = oneshot::channel();
        self.commands.try_send(CommandRequest { command, deadline, reply }).map_err(|_| {
            self.metrics.channel_full("commands");
            Problem::new(Code::Unavailable, "Too many commands are waiting.")
        })?;
        Ok(answer)
    }
}

fn outcome(answered: Option<Result<Answer, CommandError>>) -> Result<Answer, Problem> {
    match answered {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(error)) => Err(refusal(error)),
        None => Err(Problem::new(Code::Unavailable, "The owner is restarting.")),
    }
}

fn refusal(error: CommandError) -> Problem {
    match error {
        CommandError::UnknownAgent => Problem::new(Code::AgentNotFound, "There is no such agent."),
        CommandError::NoWrapUp => Problem::new(Code::NoWrapUp, "The agent wraps nothing up."),
        CommandError::WrapUpExtensionOver { left_s } => {
            Problem::new(Code::LimitReached, format!("The wrap-up may be extended by {left_s} s more."))
        }
        CommandError::UnknownBan => Problem::new(Code::BanNotFound, "There is no such ban, or it is over."),
        CommandError::UnknownQuarantine => {
            Problem::new(Code::QuarantineNotFound, "There is no such quarantine, or it is over.")
        }
        CommandError::UnknownQueue => Problem::new(Code::QueueNotFound, "There is no such queue."),
        CommandError::NotWaiting => Problem::new(Code::CallNotWaiting, "The call does not wait, or no more."),
        CommandError::QueueFull => Problem::new(Code::QueueFull, "The queue has no room."),
        CommandError::AgentNotReady => Problem::new(Code::AgentNotReady, "The agent is not ready."),
        CommandError::UnknownCall => Problem::new(Code::CallNotFound, "There is no such live call."),
        CommandError::UnknownCallback => {
            Problem::new(Code::CallbackNotFound, "There is no such callback, or it is over.")
        }
        CommandError::Callback(refused) => callback_refusal(refused),
        CommandError::Campaign(refused) => crate::campaign::refusal(*refused),
        CommandError::NotListed => Problem::new(Code::DncEntryNotFound, "It is not on the do-not-call list."),
        CommandError::ListFull => Problem::new(Code::LimitReached, "The list is full."),
        CommandError::NoDevice => Problem::new(Code::NoActiveDevice, "The agent's phone is not registered."),
        CommandError::Denied => Problem::new(Code::DestinationDenied, "The destination may not be dialed."),
        CommandError::BadDestination => Problem::new(Code::BadDestination, "Expected a number or an extension.").at(
            "#/to",
            "invalid",
            "expected a number or an extension",
        ),
        CommandError::Unavailable { reason } => Problem::new(Code::Unavailable, format!("Not now: {reason}.")),
    }
}

fn callback_refusal(refused: acd::CallbackRefusal) -> Problem {
    use acd::CallbackRefusal as Refused;
    if matches!(refused, Refused::Denied(NO_ROUTE)) {
        return Problem::new(
            Code::DestinationDenied,
            "The callback was not taken: no route of agents leads to the number.",
        );
    }
    let code = match refused {
        Refused::Limit => Code::CallbackLimit,
        Refused::CallerWaits => Code::CallerWaiting,
        Refused::Closed => Code::QueueClosed,
        Refused::Denied(_) => Code::DestinationDenied,
        Refused::NoDevice => Code::NoActiveDevice,
        Refused::UnknownQueue => Code::QueueNotFound,
        Refused::UnknownAgent => Code::AgentNotFound,
        Refused::Full => Code::LimitReached,
        Refused::Gone => Code::CallEnded,
        Refused::Nobody | Refused::NumberWithheld => Code::InvalidBody,
    };
    Problem::new(code, format!("The callback was not taken: {refused}."))
}

/// What keeps a number from being called beside the rules of the dial gate.
const NO_ROUTE: &str = "no_route";
/// How long a client waits for an owner: far above a sync of the journal, far below a client's own patience.
pub(crate) const COMMAND_DEADLINE: Duration = Duration::from_secs(5);
/// How much longer the fate of a begun command is waited for.
const OUTCOME_DEADLINE: Duration = Duration::from_secs(55);
