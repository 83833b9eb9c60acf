//! What the dialer is told, and what it does.

use std::collections::BTreeMap;
use std::sync::Arc;

use clock::{AgentId, AttemptId, CallId, CampaignId, LeadId, ListId, QueueId, RequestId, SkillId, WallTime};
use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::attempt::Attempt;
use super::callback::{CallbackAsked, CallbackFault, CallbackOffer};
use super::disposing::{Said, Talked};
use super::explain::Explained;
use super::house::House;
use super::ledger::{Hour, Ledger};
use crate::campaign::{Actor, Answers, Definition, Denied, Fault, Given, Life, Step};
use crate::contract::{AgentFact, Order, Report};
use crate::gate::{ConsentTold, Consents, Lists, Rules, Verdict};
use crate::hopper::{Booked, NumberHistory, Page, Tries, Wanted};

/// Something that happens to the dialer.
#[derive(Clone, Debug)]
pub enum Input {
    /// The company's own rules of the gate.
    Rules(Arc<Rules>),
    /// The do-not-call lists, whole, after each change.
    Lists(Arc<Lists>),
    /// Consents of numbers from before a restart.
    Consents(Consents),
    /// Somebody agreed to something, or agrees to it no more: it holds from the next number on.
    Consent(ConsentTold),
    /// What else the configuration has that campaigns depend on.
    House(Arc<House>),
    /// A campaign's text read anew, as the configuration changed: it may name what is there again.
    Reread {
        /// Which.
        campaign: CampaignId,
        /// Its text as it is, and what that means now.
        written: Written,
    },
    /// Another person than who wrote a campaign must approve it.
    FourEyes(bool),
    /// Entries can be written, or cannot: without them nothing is dialed (DESIGN section 6).
    Journal {
        /// They can.
        is_well: bool,
    },
    /// The node is about to stop: nothing new is dialed.
    Drain,
    /// A campaign from before a restart; before anything else of it.
    Restore(Box<Restored>),
    /// A campaign is written, for the first time or anew.
    Write {
        /// Whom to answer.
        request: Option<RequestId>,
        /// Which.
        campaign: CampaignId,
        /// What it is now.
        written: Written,
        /// The text that he had seen; none: whatever it is.
        based_on: Option<Arc<str>>,
        /// Who writes it.
        by: Actor,
    },
    /// Somebody does something with a campaign.
    Step {
        /// Whom to answer.
        request: Option<RequestId>,
        /// Which.
        campaign: CampaignId,
        /// What.
        step: Step,
        /// The text that he had seen; none: whatever it is.
        based_on: Option<Arc<str>>,
    },
    /// Other agents work for a campaign from now: it is the same but for them, and its approval stands.
    Assign {
        /// Whom to answer.
        request: Option<RequestId>,
        /// Which.
        campaign: CampaignId,
        /// What it is now.
        written: Written,
        /// The text that it was made of.
        based_on: Arc<str>,
    },
    /// A list of a campaign is called anew, from its first lead on.
    Reset {
        /// Whom to answer.
        request: Option<RequestId>,
        /// The campaign.
        campaign: CampaignId,
        /// The list.
        list: ListId,
    },
    /// Leads that were asked for.
    Page {
        /// For which campaign.
        campaign: CampaignId,
        /// The leads.
        page: Page,
    },
    /// Leads were added to a list.
    Added {
        /// Whom to answer.
        request: Option<RequestId>,
        /// The list.
        list: ListId,
    },
    /// What a list knows of a lead was mended: campaigns that have the list read it again before they dial it.
    Mended {
        /// Who waits for the answer.
        request: Option<RequestId>,
        /// The list.
        list: ListId,
        /// The lead.
        lead: LeadId,
    },
    /// What is true of an agent who serves a queue.
    Agent {
        /// The queue.
        queue: QueueId,
        /// What.
        fact: AgentFact,
    },
    /// Something happened to an attempt.
    Report(Report),
    /// All attempts that are under way where they are carried out: what is missing twice is over.
    Live(Vec<AttemptId>),
    /// An agent said what came of a conversation.
    Disposed(Said),
    /// An agent answers the campaign's form for a call.
    Answer {
        /// Whom to answer.
        request: RequestId,
        /// What.
        answered: Answered,
    },
    /// An agent of a manual or preview campaign does something.
    ByHand {
        /// Whom to answer.
        request: RequestId,
        /// The campaign.
        campaign: CampaignId,
        /// The agent.
        agent: AgentId,
        /// What.
        what: ByHand,
    },
    /// Somebody wants to know.
    Ask {
        /// Whom to answer.
        request: RequestId,
        /// What.
        question: Question,
    },
}

impl Input {
    /// Who waits for the answer.
    #[must_use]
    pub const fn request(&self) -> Option<RequestId> {
        match self {
            Self::Write { request, .. }
            | Self::Step { request, .. }
            | Self::Assign { request, .. }
            | Self::Reset { request, .. }
            | Self::Added { request, .. }
            | Self::Mended { request, .. } => *request,
            Self::Answer { request, .. } | Self::ByHand { request, .. } | Self::Ask { request, .. } => Some(*request),
            _ => None,
        }
    }
}

/// A campaign as somebody wrote it.
#[derive(Clone, Debug)]
pub struct Written {
    /// What it means.
    pub definition: Arc<Definition>,
    /// Its text, which the dialer keeps and does not read.
    pub text: Arc<str>,
}

impl PartialEq for Written {
    /// What it means follows from its text.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Written {}

/// A campaign from before a restart.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Which.
    pub campaign: CampaignId,
    /// What it is.
    pub written: Written,
    /// Its life so far.
    pub life: Life,
    /// When its lists were reset.
    pub resets: Vec<(ListId, WallTime)>,
    /// What was counted; none: not known, and nobody is called without an agent who waits.
    pub ledger: Option<Ledger>,
    /// Attempts that had not ended, each with its lead's tries and how many numbers it has.
    pub open: Vec<(Attempt, Tries, u8)>,
    /// Conversations, by their calls, of which an agent may still say what came of them.
    pub talked: Vec<(CallId, Talked)>,
    /// What was said of them and had not reached the lead.
    pub said: Vec<Said>,
}

/// Something that an agent does himself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByHand {
    /// Show me the next lead.
    Next,
    /// Dial the lead that is shown to me.
    Accept,
    /// Another one; this one comes again later.
    Skip,
    /// Dial this number, E.164, with all checks.
    Number {
        /// The number.
        number: String,
        /// What the database knows of it; none: nothing could be read, and it is not dialed.
        history: Option<NumberHistory>,
    },
}

/// What an agent answers to a campaign's form.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The call.
    pub call: CallId,
    /// The agent.
    pub agent: AgentId,
    /// Answers by the names of their fields, added to the former ones.
    pub given: Vec<(String, Given)>,
    /// Required answers must be there.
    pub is_final: bool,
    /// Who gives them.
    pub by: String,
}

/// Something that can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// May the lead of a call be called back then?
    Callback(CallbackAsked),
    /// What is known of consents to call these numbers, E.164?
    Consents(Vec<String>),
    /// Why a lead is not being dialed.
    WhyNot {
        /// The campaign.
        campaign: CampaignId,
        /// The lead.
        lead: LeadId,
    },
}

/// What the dialer does.
#[derive(Clone, Debug)]
pub enum Effect {
    /// For those who make calls. A `Dial` waits until every note before it is synced.
    Order(Order),
    /// For the journal.
    Note(Note),
    /// Leads are wanted.
    Wanted {
        /// For which campaign.
        campaign: CampaignId,
        /// Which.
        wanted: Wanted,
    },
    /// A lead is shown to an agent, or nothing more.
    Show {
        /// Of which campaign.
        campaign: CampaignId,
        /// The agent.
        agent: AgentId,
        /// What; none: what was shown is over.
        shown: Option<Shown>,
    },
    /// For whoever distributes calls: skills that agents have for now, all of them.
    Lend(Arc<BTreeMap<AgentId, Vec<SkillId>>>),
    /// Numbers are to be called no more.
    DoNotCall {
        /// E.164.
        numbers: Vec<String>,
        /// Why.
        reason: String,
    },
    /// The answer to somebody; after every note before it is synced.
    Reply {
        /// Whom.
        request: RequestId,
        /// What.
        result: Result<Reply, Refusal>,
    },
    /// Something was not as it must be, and was repaired: counted, alarmed, fails any test.
    Repaired {
        /// What.
        what: &'static str,
    },
}

/// Something for the journal.
#[derive(Clone, Debug)]
pub enum Note {
    /// A campaign is so from now.
    Campaign(Box<CampaignNote>),
    /// An attempt is so from now; with the lead's tries and how many numbers it has.
    Attempt(Box<Attempt>, Tries, u8),
    /// A lead is booked from now.
    Lead(Box<LeadNote>),
    /// What an agent said came of a call has reached the lead.
    Disposed(DisposedNote),
    /// The answers to a campaign's form are so from now.
    Answers(Box<AnswersNote>),
    /// What the gate said of a lead: each allow, and each deny by another rule than before.
    Judged(Box<JudgedNote>),
    /// A campaign's alert is on from now, or off.
    Alert {
        /// The campaign.
        campaign: CampaignId,
        /// What.
        alert: Alert,
        /// On, or off.
        is_on: bool,
    },
    /// How far a campaign has come.
    Progress(Progress),
    /// An agent was at work for a campaign: idle, talking or in wrap-up, with his standing leg up.
    Worked {
        /// The campaign.
        campaign: CampaignId,
        /// The agent.
        agent: AgentId,
        /// From then.
        since: WallTime,
        /// To before then.
        until: WallTime,
    },
}

/// A campaign, whole.
#[derive(Clone, Debug)]
pub struct CampaignNote {
    /// Which.
    pub campaign: CampaignId,
    /// What it is.
    pub written: Written,
    /// Its life so far.
    pub life: Life,
    /// When its lists were reset.
    pub resets: Vec<(ListId, WallTime)>,
    /// When it became so.
    pub at: WallTime,
}

/// A lead of a campaign, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadNote {
    /// The campaign.
    pub campaign: CampaignId,
    /// Its list.
    pub list: ListId,
    /// The lead.
    pub lead: LeadId,
    /// When it comes again, or that it does not.
    pub booked: Booked,
    /// What was tried.
    pub tries: Tries,
    /// The agent's disposition that made it so.
    pub disposition: Option<String>,
    /// When it became so.
    pub at: WallTime,
}

/// What an agent said came of a call has reached the lead, if the call was one's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisposedNote {
    /// The campaign.
    pub campaign: CampaignId,
    /// The call.
    pub call: CallId,
    /// The agent.
    pub agent: AgentId,
    /// The lead; none: nobody on a list.
    pub lead: Option<LeadId>,
    /// The disposition's code.
    pub code: String,
    /// When.
    pub at: WallTime,
}

/// The answers of an attempt to a campaign's form, all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswersNote {
    /// The campaign.
    pub campaign: CampaignId,
    /// The attempt.
    pub attempt: AttemptId,
    /// Its call.
    pub call: CallId,
    /// The agent who asked.
    pub agent: AgentId,
    /// The answers.
    pub answers: Answers,
    /// Who gave them.
    pub by: String,
    /// When.
    pub at: WallTime,
}

/// What the gate said of a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedNote {
    /// The campaign.
    pub campaign: CampaignId,
    /// The lead.
    pub lead: LeadId,
    /// The queue that serves the campaign.
    pub queue: Option<QueueId>,
    /// The attempt; none where it is denied.
    pub attempt: Option<AttemptId>,
    /// The agent who waits for it.
    pub agent: Option<AgentId>,
    /// What was said, with its evidence.
    pub verdict: Verdict,
}

/// How far a campaign has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The campaign.
    pub campaign: CampaignId,
    /// What was counted so far.
    pub total: Hour,
    /// Attempts in flight.
    pub in_flight: u32,
    /// When.
    pub at: WallTime,
}

/// A lead as an agent sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The campaign.
    pub campaign: CampaignId,
    /// The lead.
    pub lead: LeadId,
    /// The number that would be dialed.
    pub number: String,
    /// It is dialed then, unless he says something.
    pub until: Option<WallTime>,
    /// He may pass it on.
    pub may_skip: bool,
}

/// A good answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The campaign's life now.
    Life(Life),
    /// The lead that is shown.
    Shown(Shown),
    /// It is being dialed.
    Dialing(AttemptId),
    /// Done, and nothing to tell.
    Done,
    /// Why a lead is not being dialed.
    WhyNot(Explained),
    /// The form's answers now.
    Answers(Answers),
    /// The lead may be called back so.
    Callback(CallbackOffer),
    /// What is known of consents to call these numbers.
    Consents(Consents),
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such campaign.
    UnknownCampaign,
    /// Somebody wrote it anew since it was seen.
    Changed,
    /// No such list in the campaign.
    UnknownList,
    /// Not from where it stands, or not by this person.
    Denied(Denied),
    /// It makes no sense: all that is wrong.
    Faults(Vec<Fault>),
    /// Another campaign that runs is served by agents of its queue who would serve it too.
    QueueTaken(CampaignId),
    /// There are as many campaigns as there may be.
    TooMany,
    /// It does not run, or is not dialed by hand.
    NotByHand,
    /// The agent is none of those whom the campaign names.
    NotAssigned,
    /// The agent is not ready, or his standing leg is not up.
    AgentNotReady,
    /// Nothing is shown to him.
    NothingShown,
    /// He may not pass leads on.
    MayNotSkip,
    /// There is no lead that may be called now.
    NoLead,
    /// The gate lets it not pass.
    Gate(Box<Verdict>),
    /// The lead is not called back then.
    Callback(CallbackFault),
    /// The number, or as many as there are lines, are being called.
    Busy,
}
