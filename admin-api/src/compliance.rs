//! `/v1/compliance`: the rules of the dial gate with their sources, and what it would say of a number.

mod decision;

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::response::Response;
use dialer::gate::{
    Attempt, Binds, Choice, Clause, Facts, History, Purpose, RuleSet, Subject, Terms, Verdict, Voice, clause_named,
    judge, packed, zone_named,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::campaign::consents;
use crate::csv::{self, Csv};
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::page::{Cursor, Page};
use crate::problem::Problem;
use crate::query::{Limit, Query};
use crate::rights::Permission;
use crate::time::{parse_rfc3339, rfc3339, wall_now};

/// A rule of the dial gate, with where it stands. Not legal advice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ComplianceRule {
    /// The stable word of the clause.
    #[schema(example = "us.tsr.calling-hours")]
    id: &'static str,
    /// The rule set that it is of.
    rule_set: RuleSetWord,
    /// When the rule set was last changed.
    #[schema(format = Date, example = "2026-11-21")]
    version: String,
    /// What it demands, in a sentence.
    #[schema(example = "Between 8:00 and 21:00 of the called person.")]
    says: &'static str,
    /// What it demands, as the gate goes by it.
    #[schema(example = "only Mon-Fri 08:00-21:00, Sat 08:00-21:00, Sun 08:00-21:00")]
    demand: String,
    /// The word by which verdicts name it.
    #[schema(example = "calling_hours")]
    rule: &'static str,
    /// The law, code or page that demands it.
    #[schema(example = "FTC Telemarketing Sales Rule, 16 CFR 310.4(c); FCC, 47 CFR 64.1200(c)(1)")]
    source: &'static str,
    /// Since when it is in force.
    #[schema(format = Date, example = "1995-12-31")]
    effective: String,
    /// Regions (ISO 3166-2) that it holds in; empty: the whole territory of the rule set.
    regions: Vec<&'static str>,
    /// What it binds. Callbacks that a customer asked for are bound by no rule set.
    binds: Vec<Bound>,
    /// A person has compared it with the text of its source. It binds either way.
    verified: bool,
    /// Who, and when.
    #[schema(example = "J. Doe, legal, 2026-12-01")]
    verified_by: Option<String>,
}

/// What a rule binds.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    /// Calls of campaigns.
    Campaign,
    /// What agents dial from a screen.
    ClickToCall,
}

/// A rule set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RuleSet)]
pub(crate) enum RuleSetWord {
    /// Good practice, no country's law.
    Neutral,
    /// United States.
    Us,
    /// United Kingdom.
    Uk,
    /// Canada.
    Canada,
}

/// Which rule set to ask.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RuleSetChoice {
    /// Good practice, no country's law.
    #[default]
    Neutral,
    /// United States.
    Us,
    /// United Kingdom.
    Uk,
    /// Canada.
    Canada,
    /// That of the number's country.
    ByNumber,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CampaignVoice)]
pub(crate) enum VoiceWord {
    /// An agent.
    #[default]
    Person,
    /// A recorded message.
    Recorded,
    /// A machine that talks.
    Ai,
}

/// What it is about.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CampaignSubject)]
pub(crate) enum SubjectWord {
    /// Sales or anything else.
    #[default]
    General,
    /// Claims management.
    ClaimsManagement,
}

/// Parameters of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RulesQuery {
    /// Only those of this rule set.
    #[param(inline)]
    rule_set: Option<RuleSetWord>,
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// Which rules go into the file.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RulesExportQuery {
    /// Only those of this rule set.
    #[param(inline)]
    rule_set: Option<RuleSetWord>,
}

/// What to judge: a campaign's first attempt, of which all is known that is not asked here.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CheckQuery {
    /// The number, E.164; the `+` is `%2B`.
    #[param(example = "+442071838750", pattern = "^\\+[1-9][0-9]{0,14}$")]
    number: String,
    /// When; without it now.
    #[param(format = DateTime)]
    at: Option<String>,
    /// Which rule set.
    #[serde(default)]
    #[param(inline, default = "neutral")]
    rule_set: RuleSetChoice,
    /// Who speaks.
    #[serde(default)]
    #[param(inline, default = "person")]
    voice: VoiceWord,
    /// What it is about.
    #[serde(default)]
    #[param(inline, default = "general")]
    subject: SubjectWord,
    /// The IANA time zone that the lead's own data names.
    #[param(example = "Europe/London")]
    time_zone: Option<String>,
}

/// What the gate says.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct GateVerdict {
    /// Nothing speaks against it.
    allowed: bool,
    /// The word of the rule that denies it.
    #[schema(example = "calling_hours")]
    denied_by: Option<&'static str>,
    /// Its clause, where it is one of a rule set.
    #[schema(example = "us.tsr.calling-hours")]
    clause: Option<String>,
    /// Why, in words.
    because: Option<String>,
    /// The number, E.164.
    #[schema(example = "+442071838750")]
    number: String,
    /// The moment that it is judged for.
    #[schema(format = DateTime)]
    at: String,
    /// The rule set and its version.
    #[schema(example = "uk 2026-11-21")]
    rule_set: Option<String>,
    /// The company's own rules that were asked, in their order.
    #[schema(example = json!(["do_not_call", "company_blacklist"]))]
    rules: Vec<&'static str>,
    /// The clauses of the rule set that were asked, in their order; the one that denies is the last.
    clauses: Vec<GateClause>,
    /// What clocks show there: one for each zone that the number may be in.
    clocks: Vec<GateClock>,
    /// States and provinces (ISO 3166-2) or countries that it may be in, of a North American number.
    regions: Vec<String>,
    /// Imported do-not-call lists that were asked, with their day.
    lists: Vec<String>,
    /// Consents of the number that stood, by their ids: those of `/v1/consents`, as lists of leads are not asked.
    consents: Vec<String>,
}

/// A clause of a rule set that was asked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct GateClause {
    /// Its id.
    #[schema(example = "us.tsr.calling-hours")]
    id: String,
    /// The law, code or page that demands it; null for a clause that this version does not have any more.
    source: Option<String>,
    /// Since when it is in force.
    #[schema(format = Date, example = "1995-12-31")]
    effective: Option<String>,
    /// A person had compared it with the text of its source when it was asked.
    verified: bool,
}

/// A clock on the wall.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct GateClock {
    /// IANA time zone.
    #[schema(example = "Europe/London")]
    time_zone: String,
    /// Date and time of day there.
    #[schema(example = "2026-11-21 08:05")]
    time: String,
}

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(Access::All(Permission::ComplianceView), routes!(rules))
        .add(Access::All(Permission::ComplianceExport), routes!(export_rules))
        .add(Access::All(Permission::ComplianceView), routes!(check))
        .merge(decision::routes())
}

/// The rules of the dial gate: each with its source, since when it is in force, and whether a person has verified it.
#[utoipa::path(get, path = "/v1/compliance/rules", operation_id = "list_compliance_rules", tag = "dialing",
    params(RulesQuery),
    responses((status = 200, description = "A page of rules", body = Page<ComplianceRule>), ReadRefusals))]
async fn rules(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<RulesQuery>,
) -> Result<Page<ComplianceRule>, Problem> {
    let all = rules_of(&shared, &principal, query.rule_set);
    Page::cut(RULES, all, |rule| rule.id.to_owned(), query.cursor.as_ref(), query.limit.get())
}

/// The same as a CSV file.
#[utoipa::path(get, path = "/v1/compliance/rules/export", operation_id = "export_compliance_rules", tag = "dialing",
    params(RulesExportQuery),
    responses((status = 200, description = "The rules", body = String, content_type = "text/csv"), ReadRefusals))]
async fn export_rules(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<RulesExportQuery>,
) -> Response {
    let mut table = Csv::default();
    table.line(RULE_COLUMNS);
    for rule in rules_of(&shared, &principal, query.rule_set) {
        let cells = rule.cells();
        table.line(cells.iter().map(String::as_str));
    }
    csv::file("compliance-rules", Body::from(table.into_text()))
}

fn rules_of(shared: &Shared, principal: &Principal, asked: Option<RuleSetWord>) -> Vec<ComplianceRule> {
    let directory = shared.directory_of(principal);
    let own = &directory.dial_rules;
    let sets = RULE_SETS.into_iter().filter(|(word, _)| asked.is_none_or(|asked| asked == *word));
    let rule = |word, set: &'static RuleSet| {
        set.clauses.iter().map(move |clause| ComplianceRule::of(word, set, clause, own.verified_by(clause.id)))
    };
    sets.flat_map(|(word, set)| rule(word, set)).collect()
}

/// What the gate would say of a campaign's first attempt of a number, with what it goes by.
#[utoipa::path(get, path = "/v1/compliance/check", operation_id = "check_compliance", tag = "dialing",
    params(CheckQuery),
    responses((status = 200, description = "The verdict", body = GateVerdict), ReadRefusals))]
async fn check(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<CheckQuery>,
) -> Result<Json<GateVerdict>, Problem> {
    if packed(&query.number).is_none() {
        return Err(Problem::bad_parameter("number", "expected E.164, e.g. %2B442071838750"));
    }
    let at = match query.at.as_deref() {
        None => wall_now(),
        Some(text) => parse_rfc3339(text)
            .ok_or_else(|| Problem::bad_parameter("at", "expected a time, e.g. 2026-11-21T08:05:00Z"))?,
    };
    let zone = query.time_zone.as_deref();
    if zone.is_some_and(|zone| zone_named(zone).is_none()) {
        return Err(Problem::bad_parameter("time_zone", "expected an IANA zone, e.g. Europe/London"));
    }
    let directory = shared.directory_of(&principal);
    let snapshot = shared.snapshot();
    let is_ours = principal.account == shared.services.account;
    let lists = if is_ours { snapshot.do_not_call.clone() } else { Default::default() };
    let terms = Terms {
        rule_set: query.rule_set.into(),
        voice: query.voice.into(),
        subject: query.subject.into(),
        ..Terms::default()
    };
    let asked = if is_ours && terms.may_need_consent() { vec![query.number.clone()] } else { Vec::new() };
    let consents = consents(&shared, asked).await?.of(&query.number, &[]);
    let attempt = Attempt {
        terms: &terms,
        zone,
        region: None,
        history: Some(History::default()),
        consents: &consents,
        ring: Some(RING),
        agent_waits: false,
    };
    let facts = Facts { attempt: Some(attempt), ..Facts::new(&query.number, Purpose::Campaign, at) };
    Ok(Json(judge(&directory.dial_rules, &lists, &facts).into()))
}

impl ComplianceRule {
    fn of(rule_set: RuleSetWord, set: &RuleSet, clause: &'static Clause, verified_by: Option<&str>) -> Self {
        Self {
            id: clause.id,
            rule_set,
            version: set.version.to_string(),
            says: clause.says,
            demand: clause.demand.to_string(),
            rule: clause.demand.rule().word(),
            source: clause.source,
            effective: clause.effective.to_string(),
            regions: clause.regions.to_vec(),
            binds: match clause.binds {
                Binds::Campaigns => vec![Bound::Campaign],
                Binds::Sales => vec![Bound::Campaign, Bound::ClickToCall],
            },
            verified: verified_by.is_some(),
            verified_by: verified_by.map(str::to_owned),
        }
    }

    /// In the order of [`RULE_COLUMNS`].
    fn cells(self) -> [String; RULE_COLUMNS.len()] {
        let binds: Vec<&str> = self.binds.iter().map(|bound| bound.word()).collect();
        [
            self.id.to_owned(),
            self.rule_set.word().to_owned(),
            self.version,
            self.says.to_owned(),
            self.demand,
            self.rule.to_owned(),
            self.source.to_owned(),
            self.effective,
            self.regions.join(BETWEEN),
            binds.join(BETWEEN),
            self.verified.to_string(),
            self.verified_by.unwrap_or_default(),
        ]
    }
}

impl Bound {
    const fn word(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::ClickToCall => "click_to_call",
        }
    }
}

impl RuleSetWord {
    const fn word(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Us => "us",
            Self::Uk => "uk",
            Self::Canada => "canada",
        }
    }
}

impl GateClause {
    fn of(id: &str, verified: bool) -> Self {
        let known = clause_named(id);
        let source = known.map(|clause| clause.source.to_owned());
        let effective = known.map(|clause| clause.effective.to_string());
        Self { id: id.to_owned(), source, effective, verified }
    }

    fn said(&self) -> String {
        format!("{} ({})", self.id, if self.verified { "verified" } else { "not verified" })
    }
}

impl From<Verdict> for GateVerdict {
    fn from(verdict: Verdict) -> Self {
        let Verdict { denial, evidence } = verdict;
        let denied_by = denial.as_ref().map(|denial| denial.rule.word());
        let (clause, because) = denial.map_or((None, None), |denial| (denial.clause, Some(denial.because)));
        let clock = |clock: dialer::gate::LocalTime| GateClock { time_zone: clock.zone, time: clock.time };
        Self {
            allowed: denied_by.is_none(),
            denied_by,
            clause,
            because,
            number: evidence.number,
            at: rfc3339(evidence.at),
            rule_set: evidence.rule_set,
            rules: evidence.rules.into_iter().map(dialer::gate::Rule::word).collect(),
            clauses: evidence.clauses.iter().map(|asked| GateClause::of(&asked.clause, asked.verified)).collect(),
            clocks: evidence.clocks.into_iter().map(clock).collect(),
            regions: evidence.regions,
            lists: evidence.lists,
            consents: evidence.consents,
        }
    }
}

impl From<RuleSetChoice> for Choice {
    fn from(choice: RuleSetChoice) -> Self {
        match choice {
            RuleSetChoice::Neutral => Self::Neutral,
            RuleSetChoice::Us => Self::Us,
            RuleSetChoice::Uk => Self::Uk,
            RuleSetChoice::Canada => Self::Canada,
            RuleSetChoice::ByNumber => Self::ByNumber,
        }
    }
}

impl From<VoiceWord> for Voice {
    fn from(voice: VoiceWord) -> Self {
        match voice {
            VoiceWord::Person => Self::Person,
            VoiceWord::Recorded => Self::Recorded,
            VoiceWord::Ai => Self::Ai,
        }
    }
}

impl From<SubjectWord> for Subject {
    fn from(subject: SubjectWord) -> Self {
        match subject {
            SubjectWord::General => Self::General,
            SubjectWord::ClaimsManagement => Self::ClaimsManagement,
        }
    }
}

const RULE_SETS: [(RuleSetWord, &RuleSet); 4] = [
    (RuleSetWord::Neutral, &dialer::gate::NEUTRAL),
    (RuleSetWord::Us, &dialer::gate::US),
    (RuleSetWord::Uk, &dialer::gate::UK),
    (RuleSetWord::Canada, &dialer::gate::CANADA),
];
const RULES: &str = "compliance_rules";
/// Between several things in a cell of a file.
const BETWEEN: &str = "; ";
/// The first line of the file of rules. New columns come at the end.
const RULE_COLUMNS: [&str; 12] = [
    "id",
    "rule_set",
    "version",
    "says",
    "demand",
    "rule",
    "source",
    "effective",
    "regions",
    "binds",
    "verified",
    "verified_by",
];
/// As long as it takes to be allowed: how long a campaign rings is not asked here.
const RING: Duration = Duration::from_secs(15);
