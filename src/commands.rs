//! Brings commands from the API to their owners, and answers back.

use std::sync::Arc;

use admin_api::CommandRequest;
use centre::owner::DialerInput;
use centre::{Answer, CampaignCommand, Command, CommandError};
use clock::RequestId;
use tokio::sync::{mpsc, oneshot};

use crate::owner::Post;

/// Routes commands until the API is gone.
pub(crate) async fn route_commands(mut commands: mpsc::Receiver<CommandRequest>, post: Arc<Post>) {
    while let Some(CommandRequest { command, deadline, reply }) = commands.recv().await {
        if tokio::time::Instant::now() >= deadline {
            continue; // The client is gone; what it never hears of must not happen.
        }
        match command {
            Command::HangUp { call } => {
                let post = Arc::clone(&post);
                tokio::spawn(async move {
                    let _ = reply.send(hang_up(&post, call).await);
                });
            }
            command => begin(&post, command, reply),
        }
    }
}

fn begin(post: &Post, command: Command, reply: oneshot::Sender<Result<Answer, CommandError>>) {
    let Some(request) = post.answers.wait(reply) else { return };
    let taken = match command {
        Command::SetAgentStatus { agent, status, reason } => {
            post.acd.try_send(acd::Input::SetStatus { request: Some(request), agent, status, reason }).is_ok()
        }
        Command::WhyWait { calls } => post.acd.try_send(acd::Input::WhyWait { request, calls }).is_ok(),
        Command::WhyIdle { agent } => post.acd.try_send(acd::Input::WhyIdle { request, agent }).is_ok(),
        Command::Dispose(disposed) => {
            post.acd.try_send(acd::Input::Dispose { request: Some(request), disposed }).is_ok()
        }
        Command::ExtendWrapUp { agent, by } => {
            post.acd.try_send(acd::Input::ExtendWrapUp { request: Some(request), agent, by }).is_ok()
        }
        Command::ChooseQueues { agent, queues } => {
            post.acd.try_send(acd::Input::ChooseQueues { request: Some(request), agent, queues }).is_ok()
        }
        Command::SetStandingLeg { agent, wanted } => {
            post.acd.try_send(acd::Input::SetStandingLeg { request: Some(request), agent, wanted }).is_ok()
        }
        Command::Originate { from_agent, to, pin } => {
            to_shard(post, request, call::Input::Originate { request, from_agent, to, pin })
        }
        Command::HangUp { call } => to_shard(post, request, call::Input::HangUp { request, call }),
        Command::RequestCallback { request: mut asked, pin } => {
            asked.asker = acd::Asker::Client(request);
            post.dialer.try_send(DialerInput::Callback { request: asked, pin }).is_ok()
        }
        Command::CancelCallback { pick } => {
            let input = acd::Input::CancelCallback { request: Some(request), pick, why: "api" };
            post.acd.try_send(input).is_ok()
        }
        Command::DoNotCall { pattern, listed, reason } => {
            post.dialer.try_send(DialerInput::DoNotCall { request, pattern, listed, reason }).is_ok()
        }
        Command::Consent(entry) => post.dialer.try_send(DialerInput::Consent { request, entry }).is_ok(),
        Command::Campaign(command) => {
            post.dialer.try_send(DialerInput::Campaigns(Box::new(campaign_input(request, *command)))).is_ok()
        }
        Command::Release { quarantine } => {
            post.quarantine.order(quarantine, request, &post.answers);
            true
        }
        Command::Steer { call, steering } => {
            let order = acd::Steer { request: Some(request), call, steering };
            post.acd.try_send(acd::Input::Steer(order)).is_ok()
        }
        Command::LiftBan { ban } => post.location.try_send(sip::location::Input::Release { request, ban }).is_ok(),
    };
    if !taken {
        let reason = "owner_busy".to_owned();
        post.answers.give(request, Err(CommandError::Unavailable { reason }));
    }
}

fn campaign_input(request: RequestId, command: CampaignCommand) -> dialer::runner::Input {
    use dialer::runner::{Input, Question};
    match command {
        CampaignCommand::Write { campaign, written, based_on, by } => {
            Input::Write { request: Some(request), campaign, written, based_on, by }
        }
        CampaignCommand::Step { campaign, step, based_on } => {
            Input::Step { request: Some(request), campaign, step, based_on }
        }
        CampaignCommand::Assign { campaign, written, based_on } => {
            Input::Assign { request: Some(request), campaign, written, based_on }
        }
        CampaignCommand::Reset { campaign, list } => Input::Reset { request: Some(request), campaign, list },
        CampaignCommand::Added { list } => Input::Added { request: Some(request), list },
        CampaignCommand::Mended { list, lead } => Input::Mended { request: Some(request), list, lead },
        CampaignCommand::ByHand { campaign, agent, what } => Input::ByHand { request, campaign, agent, what },
        CampaignCommand::Answer(answered) => Input::Answer { request, answered },
        CampaignCommand::Callback(asked) => Input::Ask { request, question: Question::Callback(asked) },
        CampaignCommand::Consents(numbers) => Input::Ask { request, question: Question::Consents(numbers) },
        CampaignCommand::WhyNot { campaign, lead } => {
            Input::Ask { request, question: Question::WhyNot { campaign, lead } }
        }
    }
}

/// New calls are spread over the shards.
fn to_shard(post: &Post, request: RequestId, input: call::Input) -> bool {
    let count = post.shards.len().max(1) as u64;
    post.shards.get((request.0 % count) as usize).is_some_and(|lane| lane.try_send(input).is_ok())
}

/// Asks one shard after the other: a call id does not tell its shard.
async fn hang_up(post: &Post, call: clock::CallId) -> Result<Answer, CommandError> {
    for lane in &post.shards {
        let (reply, answer) = oneshot::channel();
        let Some(request) = post.answers.wait(reply) else { break };
        if lane.send(call::Input::HangUp { request, call }).await.is_err() {
            break;
        }
        match answer.await {
            Ok(Err(CommandError::UnknownCall)) => {}
            Ok(result) => return result,
            Err(_) => break,
        }
    }
    Err(CommandError::UnknownCall)
}
