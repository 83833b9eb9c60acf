//! Lists, agents and a carrier, moved by one generator.

mod reading;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use clock::{AgentId, AttemptId, CallId, CampaignId, Instant, LeadId, ListId, Now, QueueId, RequestId, Rng, WallTime};
use dialer::campaign::{Actor, Definition, Outcome, Service, Step};
use dialer::contract::{AgentFact, Detection, Dial, Doing, EndClass, Ending, Fact, Heard, OnPerson, Order, Report};
use dialer::gate::{ConsentTo, ConsentTold};
use dialer::hopper::{Booked, Done, NumberHistory, Page, Stock, Tries};
use dialer::runner::{
    AlertKind, Attempt, ByHand, CampaignSnapshot, Dialer, Effect, House, Input, JudgedNote, Ledger, Note, Refusal,
    Restored, Said, Talked, Written,
};

use super::judge::Judge;

pub(crate) struct Scene {
    pub(crate) seed: u64,
    pub(crate) definition: Definition,
    pub(crate) leads: u64,
    /// Numbers that each lead has beside its first. Of all numbers those that end with 7 do not exist.
    pub(crate) others: u64,
    pub(crate) agents: u32,
    pub(crate) seconds: u64,
}

pub(crate) struct World {
    pub(crate) dialer: Dialer,
    pub(crate) judge: Judge,
    scene: Scene,
    written: Written,
    rng: Rng,
    nanos: u64,
    made: u64,
    events: BinaryHeap<Reverse<(u64, u64, Happens)>>,
    agents: BTreeMap<AgentId, Doing>,
    waiting: Vec<AttemptId>,
    /// Rows of the database.
    rows: BTreeMap<LeadId, Row>,
    histories: BTreeMap<String, NumberHistory>,
    open: BTreeMap<AttemptId, (Attempt, Tries, u8)>,
    /// Conversations that are over, as the journal has them.
    talked: BTreeMap<LeadId, (CallId, Talked)>,
    life: dialer::campaign::Life,
    is_over: bool,
    /// Pages that are read and have not come yet; none: each comes at once.
    under_way: Option<Vec<Input>>,
    /// How often leads cannot be read.
    pub(crate) read_failure: f64,
    /// The carrier says 503 to everything.
    pub(crate) carrier_fails: bool,
    /// Orders to end what rings.
    pub(crate) given_up: u64,
    /// Alerts that were on at some time.
    pub(crate) alerted: BTreeSet<AlertKind>,
    /// What its lists have, as the database says.
    pub(crate) stock: Stock,
    /// The last that the gate said.
    pub(crate) judged: Option<JudgedNote>,
    /// Who was denied what by his own lists.
    pub(crate) own_denials: Vec<(Option<AgentId>, String)>,
    refused: Option<Refusal>,
    /// Another queue that its agents serve.
    pub(crate) serves_too: Option<QueueId>,
    /// The next conversation ends with a callback of the agent's own after so long, and he goes away.
    pub(crate) callback_in: Option<core::time::Duration>,
    /// Agents who have its skill.
    pub(crate) lent: Vec<AgentId>,
}

/// Its place, list and numbers, and what the campaign noted of it.
type Row = (u64, ListId, Vec<String>, Option<(Booked, Tries)>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    Report(AttemptId, u8),
    Free(AgentId),
    WrapUp(AgentId, AttemptId),
    Abandon(AttemptId),
    Tick,
}

pub(crate) fn actor(name: &str) -> Actor {
    Actor(name.to_owned())
}

impl World {
    /// Its first moment.
    pub(crate) const START: WallTime = WallTime::from_micros(NOON);

    pub(crate) fn new(scene: Scene) -> Self {
        let written = Written { definition: Arc::new(scene.definition.clone()), text: "{}".into() };
        let mut world = Self {
            dialer: Dialer::new(Rng::new(scene.seed)),
            judge: Judge::new(&scene.definition),
            rng: Rng::new(scene.seed ^ 0x5555),
            written,
            nanos: 0,
            made: 0,
            events: BinaryHeap::new(),
            agents: BTreeMap::new(),
            waiting: Vec::new(),
            rows: rows(&scene),
            histories: BTreeMap::new(),
            open: BTreeMap::new(),
            talked: BTreeMap::new(),
            life: Default::default(),
            is_over: false,
            under_way: None,
            read_failure: 0.1,
            carrier_fails: false,
            given_up: 0,
            alerted: BTreeSet::new(),
            stock: Stock::Whole,
            judged: None,
            own_denials: Vec::new(),
            refused: None,
            serves_too: None,
            callback_in: None,
            lent: Vec::new(),
            scene,
        };
        let written = world.written.clone();
        world.tell(Input::Lists(Arc::new(world.judge.lists.clone())));
        world.tell(Input::Write { request: None, campaign: CAMPAIGN, written, based_on: None, by: actor("ann") });
        world.step(Step::Submit(actor("ann"), None));
        world.step(Step::Approve(actor("bob")));
        world.step(Step::Start(actor("ann")));
        world.agents_come();
        world.after(0.5, Happens::Tick);
        world
    }

    pub(crate) fn now(&self) -> Now {
        Now { mono: Instant::from_nanos(self.nanos), wall: WallTime::from_micros(NOON + (self.nanos / 1_000) as i64) }
    }

    /// Leads that are done, with why.
    pub(crate) fn done(&self) -> Vec<Done> {
        let done = |row: &Row| match row.3 {
            Some((Booked::Done(why), _)) => Some(why),
            _ => None,
        };
        self.rows.values().filter_map(done).collect()
    }

    /// Leads that were given up though a number of theirs may be there that was never tried, or did not end for good.
    pub(crate) fn given_up_too_soon(&self) -> Vec<LeadId> {
        let definition = &self.scene.definition;
        let is_too_soon = |(_, _, numbers, noted): &Row| {
            let Some((Booked::Done(Done::Outcome | Done::Exhausted), tries)) = noted else { return false };
            let is_reached = tries.last.is_some_and(|(outcome, _)| outcome.is_of_lead());
            let is_bad = |number: &String| number.ends_with('7');
            let left = numbers.iter().any(|number| !is_bad(number));
            !is_reached && tries.counted < definition.recycle.attempts_max && left
        };
        self.rows.iter().filter(|(_, row)| is_too_soon(row)).map(|(lead, _)| *lead).collect()
    }

    pub(crate) fn leads(&self) -> impl Iterator<Item = LeadId> + use<> {
        self.rows.keys().copied().collect::<Vec<_>>().into_iter()
    }

    pub(crate) fn run(&mut self) {
        self.run_for(self.scene.seconds);
    }

    pub(crate) fn run_for(&mut self, seconds: u64) {
        let until = self.nanos + seconds * 1_000_000_000;
        while let Some(Reverse((at, _, happens))) = self.events.peek().cloned().filter(|Reverse((at, ..))| *at <= until)
        {
            self.events.pop();
            self.nanos = at;
            self.happen(happens);
        }
        self.nanos = until;
    }

    /// Stops, and lets everything end.
    pub(crate) fn settle(&mut self) {
        self.step(Step::Stop(actor("ann")));
        self.is_over = true;
        self.run_for(1_000);
    }

    pub(crate) fn step(&mut self, step: Step) {
        self.made += 1;
        let request = Some(RequestId(self.made));
        self.tell(Input::Step { request, campaign: CAMPAIGN, step, based_on: None });
    }

    /// Takes a step of the text that somebody has seen: why it is refused.
    pub(crate) fn step_on(&mut self, text: &str, step: Step) -> Option<Refusal> {
        let based_on = Some(text.into());
        self.tell(Input::Step { request: Some(REFUSED), campaign: CAMPAIGN, step, based_on });
        self.refused.take()
    }

    /// Whoever has the number agrees to recorded messages.
    pub(crate) fn consent(&mut self, number: &str) {
        let (number, given) = (number.to_owned(), Some("consent".to_owned()));
        let at = self.now().wall;
        let told = ConsentTold { number, to: ConsentTo::ArtificialVoice, given, at };
        self.judge.agreed(&told);
        self.tell(Input::Consent(told));
    }

    /// The configuration is this.
    pub(crate) fn house(&mut self, house: House) {
        self.judge.house = house.clone();
        self.tell(Input::House(Arc::new(house)));
    }

    /// An agent who has talked with a lead says that it is to be called again so.
    pub(crate) fn called_again(&mut self, lead: LeadId, callback: (WallTime, Option<AgentId>)) {
        let Some((call, talked)) = self.talked.get(&lead) else { return };
        let said = Said { call: *call, agent: talked.agent, code: "later".to_owned(), callback: Some(callback) };
        self.tell(Input::Disposed(said));
    }

    /// Leads with whom an agent has talked.
    pub(crate) fn talked(&self) -> Vec<LeadId> {
        self.talked.keys().copied().collect()
    }

    /// Calls a list anew.
    pub(crate) fn reset(&mut self, list: ListId) {
        self.made += 1;
        self.tell(Input::Reset { request: Some(RequestId(self.made)), campaign: CAMPAIGN, list });
    }

    /// A lead has these numbers from now.
    pub(crate) fn mend(&mut self, lead: LeadId, numbers: &[&str]) {
        let Some(row) = self.rows.get_mut(&lead) else { return };
        row.2 = numbers.iter().map(|number| (*number).to_owned()).collect();
        let list = row.1;
        self.tell(Input::Mended { request: None, list, lead });
    }

    /// An agent has a number dialed, which is refused.
    pub(crate) fn dial_refused(&mut self, agent: AgentId, number: &str) -> Option<Refusal> {
        self.by_hand_refused(
            agent,
            ByHand::Number { number: number.to_owned(), history: Some(NumberHistory::default()) },
        )
    }

    /// What an agent asks for by hand, which may be refused.
    pub(crate) fn by_hand_refused(&mut self, agent: AgentId, what: ByHand) -> Option<Refusal> {
        let now = self.now();
        self.dialer.handle(now, Input::ByHand { request: REFUSED, campaign: CAMPAIGN, agent, what });
        self.drain();
        self.refused.take()
    }

    pub(crate) fn campaign(&self) -> CampaignSnapshot {
        let snapshot = self.dialer.snapshot(self.now().wall);
        CampaignSnapshot::clone(snapshot.campaigns.values().next().expect("a campaign"))
    }

    /// Another campaign, of a queue that nobody serves, calls from the same lists.
    pub(crate) fn begin_other(&mut self) {
        let service = Service::Queue(QueueId(2));
        self.begin(Definition { service, ..self.scene.definition.clone() });
    }

    /// Another campaign begins.
    pub(crate) fn begin(&mut self, definition: Definition) {
        let definition = Arc::new(definition);
        let (campaign, written) = (self.other(), Written { definition, text: "{}".into() });
        self.tell(Input::Write { request: None, campaign, written, based_on: None, by: actor("ann") });
        let steps = [Step::Submit(actor("ann"), None), Step::Approve(actor("bob")), Step::Start(actor("ann"))];
        for step in steps {
            self.tell(Input::Step { request: None, campaign, step, based_on: None });
        }
    }

    pub(crate) fn other(&self) -> CampaignId {
        CampaignId(CAMPAIGN.0 + 1)
    }

    /// It is given other agents.
    pub(crate) fn assign(&mut self, definition: Definition) {
        self.written = Written { definition: Arc::new(definition), text: "{}".into() };
        let (written, based_on) = (self.written.clone(), "{}".into());
        self.tell(Input::Assign { request: Some(RequestId(self.made)), campaign: CAMPAIGN, written, based_on });
    }

    /// It is given the agents that it has, which is refused.
    pub(crate) fn assign_refused(&mut self) -> Option<Refusal> {
        let (written, based_on) = (self.written.clone(), "{}".into());
        self.tell(Input::Assign { request: Some(REFUSED), campaign: CAMPAIGN, written, based_on });
        self.refused.take()
    }

    /// It is paused, written anew, approved and started again.
    pub(crate) fn rewrite(&mut self, definition: Definition) {
        self.step(Step::Pause(actor("ann")));
        self.written = Written { definition: Arc::new(definition), text: "{}".into() };
        let written = self.written.clone();
        self.tell(Input::Write { request: None, campaign: CAMPAIGN, written, based_on: None, by: actor("ann") });
        self.step(Step::Submit(actor("ann"), None));
        self.step(Step::Approve(actor("bob")));
        self.step(Step::Start(actor("ann")));
    }

    /// The node is killed: what was noted is what is known.
    pub(crate) fn restart(&mut self) {
        self.restart_with(self.judge.recount());
    }

    /// After which the journal knows of these counts.
    pub(crate) fn restart_with(&mut self, ledger: Ledger) {
        self.dialer = Dialer::new(Rng::new(self.scene.seed + 1));
        self.events.clear();
        self.waiting.clear();
        let open = core::mem::take(&mut self.open).into_values().collect();
        let (written, life) = (self.written.clone(), self.life.clone());
        let restored = Restored {
            campaign: CAMPAIGN,
            written,
            life,
            resets: Vec::new(),
            ledger: Some(ledger),
            open,
            talked: self.talked.values().cloned().collect(),
            said: Vec::new(),
        };
        self.tell(Input::Lists(Arc::new(self.judge.lists.clone())));
        self.tell(Input::Consents(self.judge.consents.clone()));
        self.tell(Input::Restore(Box::new(restored)));
        self.agents_come();
        self.after(0.5, Happens::Tick);
    }

    fn agents_come(&mut self) {
        for agent in (1..=self.scene.agents).map(AgentId) {
            self.agent(agent, Doing::Ready);
        }
    }

    fn happen(&mut self, happens: Happens) {
        match happens {
            Happens::Tick => {
                let now = self.now();
                self.dialer.handle_timeout(now);
                self.drain();
                self.after(0.25, Happens::Tick);
            }
            Happens::Report(attempt, step) => self.carry(attempt, step),
            Happens::Free(agent) => self.agent(agent, Doing::Ready),
            Happens::WrapUp(agent, attempt) => {
                self.report(attempt, Fact::Ended(ending(EndClass::HungUp)));
                let call = CallId(attempt.0);
                if let Some(due) = self.callback_in.take() {
                    let callback = Some((self.now().wall + due, Some(agent)));
                    self.tell(Input::Disposed(Said { call, agent, code: "later".to_owned(), callback }));
                    return self.agent(agent, Doing::Paused);
                }
                self.agent(agent, Doing::WrapUp);
                self.tell(Input::Disposed(Said { call, agent, code: "not_set".to_owned(), callback: None }));
                let wrap = 1.0 + self.rng.unit() * 5.0;
                self.after(wrap, Happens::Free(agent));
            }
            Happens::Abandon(attempt) => {
                if let Some(at) = self.waiting.iter().position(|waits| *waits == attempt) {
                    self.waiting.remove(at);
                    self.report(attempt, Fact::Abandoned);
                    self.after(3.0, Happens::Report(attempt, END));
                }
            }
        }
        self.serve();
    }

    fn dial(&mut self, dial: &Dial) {
        let now = self.now();
        self.judge.ordered(dial, now.wall);
        if self.carrier_fails {
            return self.after(0.3, Happens::Report(dial.attempt, FAILS));
        }
        if self.scene.others > 0 && dial.number.ends_with('7') {
            return self.after(0.3, Happens::Report(dial.attempt, UNKNOWN));
        }
        let (ring, drawn) = (2.0 + self.rng.unit() * 20.0, self.rng.below(100));
        let step = match drawn {
            0..25 => PERSON,
            25..45 => MACHINE,
            45..55 => BUSY,
            // Nobody ever says what became of it.
            55 => return,
            _ => END,
        };
        if step != BUSY {
            self.after(1.0, Happens::Report(dial.attempt, RINGS));
        }
        self.after(ring, Happens::Report(dial.attempt, step));
        if dial.on_person == OnPerson::Queue(QueueId(1)) || step != PERSON {
            return;
        }
        self.after(ring + 5.0, Happens::Report(dial.attempt, PLAYED));
        self.after(ring + 6.0, Happens::Report(dial.attempt, END));
    }

    fn carry(&mut self, attempt: AttemptId, step: u8) {
        self.report(attempt, Fact::Began { call: CallId(attempt.0) });
        match step {
            BUSY => self.report(attempt, Fact::Ended(ending(EndClass::Busy))),
            PERSON | MACHINE => {
                self.report(attempt, Fact::Rang);
                self.report(attempt, Fact::Answered);
                let heard = if step == PERSON { Heard::Person } else { Heard::Machine };
                let ended = Some(self.now().wall);
                let detection =
                    Detection { heard, confidence: 90, reason: "drawn".to_owned(), greeting_ended_at: ended };
                let is_of_agents = self.scene.definition.queue().is_some();
                if is_of_agents {
                    self.report(attempt, Fact::Detected(detection));
                }
                if step == MACHINE {
                    self.after(0.2, Happens::Report(attempt, END));
                } else if is_of_agents {
                    self.waiting.push(attempt);
                    self.after(2.0, Happens::Abandon(attempt));
                }
            }
            UNKNOWN => self.report(attempt, Fact::Ended(ending(EndClass::Unobtainable))),
            FAILS => self.report(attempt, Fact::Ended(ending(EndClass::Failed))),
            RINGS => self.report(attempt, Fact::Rang),
            PLAYED => self.report(attempt, Fact::Played),
            _ => {
                self.report(attempt, Fact::Ended(ending(EndClass::NoAnswer)));
                // Told twice, and late.
                self.report(attempt, Fact::Answered);
                self.report(attempt, Fact::Ended(ending(EndClass::HungUp)));
            }
        }
    }

    /// Whoever waits gets a free agent.
    fn serve(&mut self) {
        while let Some(attempt) = self.waiting.first().copied() {
            let free = self.agents.iter().find(|(_, doing)| **doing == Doing::Ready).map(|(agent, _)| *agent);
            let Some(agent) = free else { return };
            self.waiting.remove(0);
            self.agent(agent, Doing::OnCall);
            self.report(attempt, Fact::Connected { agent, waited_ms: 100 });
            let talk = 5.0 + self.rng.unit() * 40.0;
            self.after(talk, Happens::WrapUp(agent, attempt));
        }
    }

    pub(crate) fn agent(&mut self, agent: AgentId, doing: Doing) {
        self.agents.insert(agent, doing);
        let fact = AgentFact { agent, doing, since: self.now().wall, standing: true };
        for queue in [Some(QueueId(1)), self.serves_too].into_iter().flatten() {
            self.tell(Input::Agent { queue, fact });
        }
    }

    fn report(&mut self, attempt: AttemptId, fact: Fact) {
        let at = self.now().wall;
        self.tell(Input::Report(Report { attempt, at, fact }));
    }

    fn tell(&mut self, input: Input) {
        let now = self.now();
        self.dialer.handle(now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.dialer.poll_effect() {
            match effect {
                Effect::Order(Order::Dial(dial)) => self.dial(&dial),
                Effect::Order(Order::Cancel { attempt }) => {
                    self.given_up += 1;
                    let silent = self.rng.chance(0.1);
                    if !silent {
                        self.after(15.0, Happens::Report(attempt, END));
                    }
                }
                Effect::Note(note) => self.note(note),
                Effect::Wanted { wanted, campaign } => {
                    let read = (!self.rng.chance(self.read_failure)).then(|| self.read(wanted));
                    let (leads, looked_to) = read.map_or((None, None), |(leads, to)| (Some(leads), to));
                    let page = Page { wanted, leads, stock: self.stock, looked_to };
                    self.page_comes(Input::Page { campaign, page });
                }
                Effect::Reply { request: REFUSED, result } => self.refused = result.err(),
                Effect::Reply { result, .. } => assert!(result.is_ok(), "{result:?}"),
                Effect::Lend(lent) => self.lent = lent.keys().copied().collect(),
                Effect::Repaired { .. } | Effect::Show { .. } | Effect::DoNotCall { .. } => {}
            }
        }
    }

    fn note(&mut self, note: Note) {
        match note {
            Note::Campaign(campaign) if campaign.campaign == CAMPAIGN => self.life = campaign.life,
            Note::Lead(lead) => {
                if let Some(row) = self.rows.get_mut(&lead.lead) {
                    row.3 = Some((lead.booked, lead.tries));
                }
            }
            Note::Attempt(attempt, tries, numbers) => {
                self.judge.noted(&attempt);
                let history = self.histories.entry(attempt.number.clone()).or_default();
                if attempt.is_over() {
                    self.open.remove(&attempt.attempt);
                    self.talked.extend(talked(&attempt));
                    if attempt.outcome == Some(Outcome::Failed) && self.carrier_fails {
                        history.total -= 1;
                        history.recent.retain(|at| *at != attempt.times.ordered_at);
                    }
                    match attempt.outcome {
                        Some(Outcome::Abandoned) => history.abandoned_at = attempt.times.ended_at,
                        Some(Outcome::Machine) => history.machine_at = attempt.times.ended_at,
                        _ => {}
                    }
                    return;
                }
                if self.open.insert(attempt.attempt, (*attempt.clone(), tries, numbers)).is_none() {
                    history.total += 1;
                    history.recent.push(attempt.times.ordered_at);
                }
            }
            Note::Judged(judged) => {
                if judged.verdict.is_personal() {
                    self.own_denials.push((judged.agent, judged.verdict.evidence.number.clone()));
                }
                self.judged = Some(*judged);
            }
            Note::Alert { alert, .. } => {
                assert!(!alert.says.is_empty() && !alert.kind.remedy().is_empty());
                self.alerted.insert(alert.kind);
            }
            Note::Campaign(_) | Note::Worked { .. } | Note::Answers(_) | Note::Disposed(_) | Note::Progress(_) => {}
        }
    }

    fn after(&mut self, seconds: f64, happens: Happens) {
        if self.is_over && matches!(happens, Happens::Free(_)) {
            return;
        }
        self.made += 1;
        self.events.push(Reverse((self.nanos + (seconds * 1e9) as u64, self.made, happens)));
    }
}

/// Two lists. Some leads share a number; some numbers are on the do-not-call list.
fn rows(scene: &Scene) -> BTreeMap<LeadId, Row> {
    let row = |at: u64| {
        let number = format!("+442071{:06}", 800_000 + at % (scene.leads * 9 / 10).max(1));
        let other = |which: u64| format!("+442072{:06}", at * (scene.others + 1) + which);
        let numbers = core::iter::once(number).chain((1..=scene.others).map(other)).collect();
        (LeadId(u128::from(at) + 1), (at, ListId(u128::from(at % 2) + 1), numbers, None))
    };
    (0..scene.leads).map(row).collect()
}

/// What is known of an attempt in which an agent talked.
fn talked(attempt: &Attempt) -> Option<(LeadId, (CallId, Talked))> {
    let (call, agent) = (attempt.call?, attempt.agent?);
    let Attempt { attempt: id, lead, list, number, .. } = attempt.clone();
    let talked = Talked { attempt: id, lead, list, number, agent, until: None, answers: Default::default() };
    Some((lead, (call, talked)))
}

fn ending(class: EndClass) -> Ending {
    Ending { class, code: "normal".to_owned(), q850: 16, sip: None }
}

const CAMPAIGN: CampaignId = CampaignId(77);
/// Of what is refused.
const REFUSED: RequestId = RequestId(u64::MAX);
/// 2025-10-13 12:00 UTC, a Monday.
const NOON: i64 = 1_760_356_800_000_000;
const PERSON: u8 = 0;
const MACHINE: u8 = 1;
const BUSY: u8 = 2;
const PLAYED: u8 = 3;
const END: u8 = 4;
const RINGS: u8 = 5;
const FAILS: u8 = 6;
const UNKNOWN: u8 = 7;
