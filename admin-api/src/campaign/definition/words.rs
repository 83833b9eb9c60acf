//! Words of a campaign's definition.

use dialer::campaign::{LeadOrder, Mix};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How numbers are dialed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pacing {
    /// An agent types each number, with all checks.
    Manual,
    /// An agent sees a lead, then has it dialed.
    Preview,
    /// One line an idle agent.
    Progressive,
    /// So many lines an idle agent.
    Ratio,
    /// By the chance that an answer finds no agent.
    Predictive,
    /// Without people: bots, or a message.
    Bot,
}

/// How several lists are mixed.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MixWord {
    /// One after the other.
    #[default]
    InOrder,
    /// As many from each.
    Even,
    /// By their shares.
    Shares,
}

/// In which order new leads come.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderWord {
    /// As they stand in the list.
    #[default]
    OldestFirst,
    /// The other way round.
    NewestFirst,
    /// By chance, page by page.
    Random,
}

/// What becomes of machines.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MachineWord {
    /// We hang up.
    #[default]
    HangUp,
    /// They get a message after the beep.
    Message,
    /// To an agent.
    Queue,
}

/// What a disposition does.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActionWord {
    /// The lead is done.
    Done,
    /// It is tried again.
    Again,
    /// It is called back at the time that was agreed.
    Callback,
    /// It is done, and its numbers go on the do-not-call list.
    DoNotCall,
}

impl From<MixWord> for Mix {
    fn from(word: MixWord) -> Self {
        match word {
            MixWord::InOrder => Self::InOrder,
            MixWord::Even => Self::Even,
            MixWord::Shares => Self::Shares,
        }
    }
}

impl From<OrderWord> for LeadOrder {
    fn from(word: OrderWord) -> Self {
        match word {
            OrderWord::OldestFirst => Self::OldestFirst,
            OrderWord::NewestFirst => Self::NewestFirst,
            OrderWord::Random => Self::Random,
        }
    }
}
