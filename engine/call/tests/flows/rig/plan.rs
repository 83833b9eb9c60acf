//! The demo call centre's plan (DESIGN section 9), with three agents.

use core::time::Duration;

use call::{
    AgentPlan, CallLimits, NumberPlan, Plan, QueuePlan, RoutePlan, RouteSource, Target, TrunkAddress, TrunkPlan,
};
use clock::{AgentId, MessageId, QueueId, TrunkId};
use sip::digest::{Algorithm, AlgorithmChoice, Ha1};

pub(crate) const CARRIER: TrunkId = TrunkId(1);
pub(crate) const SUPPORT: QueueId = QueueId(1);
pub(crate) const SUPPORT_DID: &str = "+442071830001";
pub(crate) const ECHO_DID: &str = "+442071830003";
pub(crate) const VOICEMAIL_DID: &str = "+442071830004";
pub(crate) const STANDING_CODE: &str = "*45";
pub(crate) const TONE_DID: &str = "+442071830005";

pub(crate) fn agent_id(extension: &str) -> AgentId {
    AgentId(extension.parse().unwrap())
}

pub(crate) fn demo() -> Plan {
    let own = ["1001", "1002", "1003"];
    let did = |number: &str, target| (number.to_owned(), target);
    Plan {
        dial_rules: dialer::gate::Rules::default(),
        domain: "demo.local".to_owned(),
        own_hosts: vec!["127.0.0.1".to_owned()],
        numbers: NumberPlan {
            country_code: "44".to_owned(),
            trunk_prefix: "0".to_owned(),
            international_prefix: "00".to_owned(),
            national_digits: (9, 10),
            denied_prefixes: vec!["+449".to_owned()],
            ..NumberPlan::default()
        },
        algorithms: AlgorithmChoice::Md5,
        needs: std::collections::BTreeMap::new(),
        dids: [
            did(SUPPORT_DID, Target::Queue(SUPPORT)),
            did(ECHO_DID, Target::Echo),
            did(VOICEMAIL_DID, Target::Voicemail(SUPPORT)),
            did(TONE_DID, Target::Tone),
        ]
        .into(),
        extensions: own
            .map(|extension| (extension.to_owned(), Target::Agent(agent_id(extension))))
            .into_iter()
            .chain([(STANDING_CODE.to_owned(), Target::StandingLeg)])
            .collect(),
        agents: own.map(|extension| (agent_id(extension), agent(extension))).into(),
        trunks: [(CARRIER, carrier())].into(),
        routes: vec![RoutePlan { from: RouteSource::Agents, pattern: "+44".to_owned(), trunk: CARRIER }],
        queues: [(SUPPORT, support())].into(),
        messages: [(MessageId(1), "sorry".to_owned())].into(),
        limits: CallLimits::default(),
        ..Plan::default()
    }
}

fn agent(extension: &str) -> AgentPlan {
    let ha1 = |algorithm| Ha1::new(algorithm, extension, "demo.local", &format!("demo-{extension}"));
    AgentPlan {
        extension: extension.to_owned(),
        name: Some(format!("Agent {extension}")),
        ha1_md5: ha1(Algorithm::Md5).as_str().to_owned(),
        ha1_sha256: ha1(Algorithm::Sha256).as_str().to_owned(),
        algorithms: AlgorithmChoice::Md5,
        caller_id: None,
        may_dial_out: true,
        calls_per_day_max: 0,
        personal: dialer::gate::Personal::default(),
    }
}

fn carrier() -> TrunkPlan {
    TrunkPlan {
        sources: vec![TrunkAddress { ip: [127, 0, 0, 2].into(), port: None }],
        caller_id: Some("+442071830000".to_owned()),
        ..TrunkPlan::new("carrier", super::CARRIER.parse().unwrap())
    }
}

fn support() -> QueuePlan {
    QueuePlan {
        callback: Some(Box::default()),
        name: "support".to_owned(),
        caller_id: None,
        music: "waiting".to_owned(),
        recording: true,
        voicemail_prompt: "voicemail".to_owned(),
        voicemail_max: Duration::from_secs(120),
        voicemail_on_timeout: true,
        ..QueuePlan::default()
    }
}
