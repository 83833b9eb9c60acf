//! The dialer's owner: campaigns, and the internal do-not-call list.
//!
//! Every dialing part has the whole list at any time: after each change it goes to every shard, by the same lane as
//! what may be dialed next, and the client hears of it when it is synced. So nothing that is asked for after that is
//! dialed against it. Requests for callbacks pass here on their way to the ACD.

mod campaigns;
mod consent;
mod guarded;

use std::collections::VecDeque;
use std::sync::Arc;

use call::Plan;
use clock::{AttemptId, Instant, Now, RequestId, Rng, ShardId, WallTime};
use dialer::contract::Report;
use dialer::gate::{self, Facts, Imported, Listed, Lists, Pattern, Purpose};
use journal_core::{ConsentEntry, DialOccasion, DoNotCall, Durability, Entry, Mark};

use self::campaigns::{Campaigns, Done, all_of};
use crate::{Answer, CommandError, Delivery, Directory};

/// What happens to the dialer.
#[derive(Clone, Debug)]
pub enum DialerInput {
    /// The plan by which numbers are read and may be dialed.
    Configure(Arc<Plan>),
    /// The list from before a restart, and those that somebody else keeps; before any change. Until then nothing may
    /// be dialed.
    Restore {
        /// The internal list.
        listed: DoNotCall,
        /// See [`Self::Import`].
        imported: Vec<Arc<Imported>>,
        /// Consents of numbers.
        consents: journal_core::Consents,
    },
    /// Lists that somebody else keeps, in place of all that there were. They are not journaled: their files are the
    /// configuration's.
    Import(Vec<Arc<Imported>>),
    /// A number or prefix goes on the list, or off it.
    DoNotCall {
        /// Whom to answer.
        request: RequestId,
        /// The number or prefix.
        pattern: Pattern,
        /// On or off.
        listed: bool,
        /// Why, for the record.
        reason: Option<String>,
    },
    /// Somebody agreed to something, or agrees to it no more.
    Consent {
        /// Whom to answer.
        request: RequestId,
        /// What is written down.
        entry: Box<ConsentEntry>,
    },
    /// Something for the campaigns.
    Campaigns(Box<dialer::runner::Input>),
    /// Which agents serve which queues.
    Directory(Arc<Directory>),
    /// What is true of agents.
    Agents(Arc<acd::Snapshot>),
    /// Something happened to an attempt.
    Attempt(Box<Report>),
    /// All attempts that are not over on a shard, every 5 s.
    AttemptFacts {
        /// The shard.
        shard: ShardId,
        /// The attempts, in order.
        attempts: Vec<AttemptId>,
    },
    /// An agent said what came of a call.
    Disposed(Box<acd::Disposed>),
    /// An attempt was not carried out, as its start could not be written down.
    NotDialed(AttemptId),
    /// A client asks for a callback: the gate is asked, then the ACD decides and answers.
    Callback {
        /// The request; its number as it was given.
        request: Box<acd::CallbackRequest>,
        /// The PIN that the agent gave.
        pin: Option<String>,
    },
}

/// The dialer with what it told the shards.
#[derive(Debug)]
pub struct DialerOwner {
    shards: u16,
    plan: Arc<Plan>,
    lists: Arc<Lists>,
    entries: u64,
    changed: bool,
    /// The campaigns have not heard of the list as it is.
    lists_are_new: bool,
    campaigns: Campaigns,
    done: VecDeque<Done>,
    out: VecDeque<Delivery>,
    #[cfg(feature = "planted-faults")]
    planted: Option<dialer::runner::Planted>,
}

impl DialerOwner {
    /// A dialer that tells `shards` shards, numbered from 0.
    #[must_use]
    pub fn new(shards: u16, rng: Rng) -> Self {
        let (plan, lists) = (Arc::default(), Arc::new(Lists::unknown()));
        // The zones of numbers are read now, not by the first call that asks for them.
        let _ = gate::place_counts();
        Self {
            shards,
            plan,
            lists,
            entries: 0,
            changed: false,
            lists_are_new: true,
            campaigns: Campaigns::new(rng),
            done: VecDeque::new(),
            out: VecDeque::new(),
            #[cfg(feature = "planted-faults")]
            planted: None,
        }
    }

    /// Plants a fault.
    #[cfg(feature = "planted-faults")]
    pub fn plant(&mut self, fault: dialer::runner::Planted) {
        self.planted = Some(fault);
        self.campaigns.plant(fault);
    }

    /// Lets the campaigns break, as `fault` says.
    #[cfg(feature = "fault-injection")]
    pub fn break_at(&mut self, fault: super::Fault) {
        self.campaigns.break_at(fault);
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Now, input: DialerInput) {
        match input {
            DialerInput::Configure(plan) => {
                self.plan = plan;
                let rules = Arc::new(self.plan.dial_rules.clone());
                self.campaigns.handle(now, dialer::runner::Input::Rules(rules));
                self.campaigns.handle(now, dialer::runner::Input::House(Arc::new(house(&self.plan))));
            }
            DialerInput::Campaigns(input) => self.campaigns.handle(now, *input),
            DialerInput::Directory(directory) => self.campaigns.directory(&directory),
            DialerInput::Agents(acd) => self.campaigns.agents(now, &acd),
            DialerInput::Attempt(report) => self.campaigns.report(now, *report),
            DialerInput::AttemptFacts { shard, attempts } => self.campaigns.live(now, shard, attempts),
            DialerInput::Disposed(said) => self.campaigns.disposed(now, *said),
            DialerInput::NotDialed(attempt) => self.campaigns.not_dialed(now, attempt),
            DialerInput::Restore { listed, imported, consents } => {
                self.restore(&listed, imported);
                self.campaigns.handle(now, dialer::runner::Input::Consents(consent::known(&consents)));
            }
            DialerInput::Consent { request, entry } => self.consent(now, request, *entry),
            DialerInput::Import(imported) => self.import(imported),
            DialerInput::DoNotCall { request, pattern, listed, reason } => {
                let result = self.change(now, &pattern, listed, reason);
                let gate = Some(Mark { entry: self.entries, durability: Durability::Synced });
                self.out.push_back(Delivery::Answer { request, result, gate });
            }
            DialerInput::Callback { request, pin } => self.judge(now, *request, pin.as_deref()),
        }
        self.settle(now);
    }

    /// Runs what is due; early calls do nothing.
    pub fn handle_timeout(&mut self, now: Now) {
        self.campaigns.handle_timeout(now);
        self.settle(now);
    }

    /// When to call `handle_timeout` again.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.campaigns.poll_timeout()
    }

    /// Others may see something new of campaigns.
    #[must_use]
    pub const fn has_changed_campaigns(&self) -> bool {
        self.campaigns.is_changed()
    }

    /// What others may see of campaigns, if anything happened since this was asked last.
    pub fn changed_campaigns(&mut self, now: Now) -> Option<dialer::runner::Snapshot> {
        self.campaigns.changed(now)
    }

    /// What is to be delivered next; drained before the next input.
    pub fn poll_delivery(&mut self) -> Option<Delivery> {
        self.out.pop_front()
    }

    /// The list, if it changed since this was asked last.
    pub fn changed_list(&mut self) -> Option<Arc<Lists>> {
        core::mem::take(&mut self.changed).then(|| Arc::clone(&self.lists))
    }

    fn restore(&mut self, known: &DoNotCall, imported: Vec<Arc<Imported>>) {
        let mut lists = Lists::default();
        lists.replace_imported(imported);
        for (pattern, reason, since) in known.iter() {
            if let Ok(pattern) = pattern.parse::<Pattern>() {
                // The journal took no more than fit.
                let _ = lists.add(&pattern, Listed { reason: reason.map(str::to_owned), since });
            }
        }
        self.lists = Arc::new(lists);
        self.tell();
    }

    fn import(&mut self, imported: Vec<Arc<Imported>>) {
        if self.lists.imported() == imported {
            return;
        }
        Arc::make_mut(&mut self.lists).replace_imported(imported);
        self.tell();
    }

    fn change(
        &mut self,
        now: Now,
        pattern: &Pattern,
        listed: bool,
        reason: Option<String>,
    ) -> Result<Answer, CommandError> {
        let known = self.lists.find_exactly(pattern).cloned();
        let entry = match (&known, listed) {
            (Some(listed), true) => {
                let Listed { reason, since } = listed.clone();
                return Ok(Answer::DoNotCall { pattern: pattern.to_string(), reason, since, is_new: false });
            }
            (None, false) => return Err(CommandError::NotListed),
            (None, true) => Listed { reason: reason.clone(), since: now.wall },
            (Some(listed), false) => listed.clone(),
        };
        let lists = Arc::make_mut(&mut self.lists);
        if listed {
            lists.add(pattern, entry.clone()).map_err(|_| CommandError::ListFull)?;
        } else {
            lists.remove(pattern);
        }
        let text = pattern.to_string();
        self.journal(Entry::DoNotCall { pattern: text.clone(), listed, reason, at: now.wall });
        self.tell();
        Ok(Answer::DoNotCall { pattern: text, reason: entry.reason, since: entry.since, is_new: listed })
    }

    /// Delivers what the campaigns do. The do-not-call list that they go by is the newest.
    fn settle(&mut self, now: Now) {
        if core::mem::take(&mut self.lists_are_new) {
            self.campaigns.lists(now, Arc::clone(&self.lists));
        }
        let mut done = core::mem::take(&mut self.done);
        self.campaigns.drain(now, &mut done);
        for done in done.drain(..) {
            self.deliver(now, done);
        }
        self.done = done;
        if core::mem::take(&mut self.lists_are_new) {
            self.campaigns.lists(now, Arc::clone(&self.lists));
        }
    }

    fn deliver(&mut self, now: Now, done: Done) {
        match done {
            Done::Deliver(delivery) => self.out.push_back(delivery),
            Done::Journal(entry) => self.journal(entry),
            Done::Gated(shard, input) => {
                let gate = all_of(if self.is_not_synced() { 0 } else { self.entries });
                self.out.push_back(Delivery::GatedShard { shard, input, gate });
            }
            Done::Leads(campaign, wanted) => {
                let gate = all_of(self.entries);
                self.out.push_back(Delivery::Leads { campaign, wanted, gate });
            }
            Done::Answer(request, result, is_read) => {
                let gate = (!is_read).then_some(all_of(self.entries));
                self.out.push_back(Delivery::Answer { request, result, gate });
            }
            Done::DoNotCall(numbers, reason) => {
                for pattern in numbers.iter().filter_map(|number| number.parse::<Pattern>().ok()) {
                    // One that is listed stays so; a full list is told by its own limit.
                    let _ = self.change(now, &pattern, true, Some(reason.clone()));
                }
            }
        }
    }

    /// Orders are to leave before the disk has what they are about: a fault that a test planted.
    #[cfg(feature = "planted-faults")]
    fn is_not_synced(&self) -> bool {
        self.planted == Some(dialer::runner::Planted::NotSynced)
    }

    #[cfg(not(feature = "planted-faults"))]
    const fn is_not_synced(&self) -> bool {
        false
    }

    /// Writes an entry; the owner's entries are numbered from 1.
    fn journal(&mut self, entry: Entry) {
        self.entries += 1;
        self.out.push_back(Delivery::Journal { number: self.entries, entry });
    }

    /// Every shard has the list before whoever changed it hears that it is changed.
    fn tell(&mut self) {
        (self.changed, self.lists_are_new) = (true, true);
        for number in 0..self.shards {
            let lists = Arc::clone(&self.lists);
            self.out.push_back(Delivery::Shard(ShardId(number), call::Input::DoNotCall(lists)));
        }
    }

    fn judge(&mut self, now: Now, mut request: acd::CallbackRequest, pin: Option<&str>) {
        let number = request.number.as_deref().and_then(|typed| self.plan.numbers.e164(typed));
        let Some(number) = number else {
            if let acd::Asker::Client(request) = request.asker {
                self.out.push_back(Delivery::Answer { request, result: Err(CommandError::BadDestination), gate: None });
            }
            return;
        };
        let purpose = if request.agent.is_some() { Purpose::AgentCallback } else { Purpose::QueueCallback };
        let personal = request.agent.and_then(|agent| self.plan.agents.get(&agent)).map(|agent| &agent.personal);
        let facts = Facts { pin, personal, ..Facts::new(&number, purpose, request.due_at.unwrap_or(now.wall)) };
        let verdict = gate::judge(&self.plan.dial_rules, &self.lists, &facts);
        let denied = verdict.denied_by();
        let occasion =
            DialOccasion::CallbackAsked { queue: request.queue, agent: request.agent, call: request.related };
        self.journal(call::decision(verdict, occasion));
        request.denied_by = denied.or_else(|| self.plan.route_back(&number).is_none().then_some("no_route"));
        request.number = Some(number);
        request.is_open = self.is_open(&request, request.due_at.unwrap_or(now.wall));
        self.out.push_back(Delivery::Acd(acd::Input::RequestCallback(Box::new(request))));
    }

    /// Its queue is open when it is to happen. What stands before inbound calls does not stand before an agent's own.
    fn is_open(&self, request: &acd::CallbackRequest, at: WallTime) -> bool {
        let queue = request.queue.filter(|_| request.agent.is_none());
        queue.is_none_or(|queue| self.plan.is_open(queue, at))
    }
}

/// What campaigns depend on of a plan.
fn house(plan: &Plan) -> dialer::runner::House {
    let has_any = |personal: &gate::Personal| !personal.blacklist.is_empty() || !personal.whitelist.is_empty();
    let personal = plan.agents.iter().filter(|(_, agent)| has_any(&agent.personal));
    dialer::runner::House {
        personal: personal.map(|(id, agent)| (*id, agent.personal.clone())).collect(),
        queues: plan.queues.keys().copied().collect(),
        messages: plan.messages.keys().copied().collect(),
    }
}

#[cfg(test)]
mod tests;
