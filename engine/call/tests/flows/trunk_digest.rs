//! Trunks and digest, both ways: one that proves by a password that it is one, and
//! one that asks us for ours.

use call::{Input, Plan, TrunkAddress, TrunkDigest, TrunkPlan};
use clock::TrunkId;
use journal_core::{CallEvent, CallStatus};
use sip::auth::ClientCredentials;
use sip::digest::{Algorithm, AlgorithmChoice, Challenge, Ha1};
use sip::trunk::Targets;

use crate::rig::phone::header;
use crate::rig::plan::{CARRIER, ECHO_DID, demo};
use crate::rig::{World, start_line};

const PBX: TrunkId = TrunkId(7);

/// The demo with a trunk that has a password instead of an address.
fn with_pbx(algorithms: AlgorithmChoice, calls_max: u32) -> Plan {
    let ha1 = |algorithm| Ha1::new(algorithm, "pbx", "demo.local", "pbx-secret").as_str().to_owned();
    let digest = TrunkDigest {
        user: "pbx".to_owned(),
        ha1_md5: ha1(Algorithm::Md5),
        ha1_sha256: ha1(Algorithm::Sha256),
        algorithms,
    };
    let mut plan = demo();
    let pbx = TrunkPlan::new("pbx", "127.0.9.9:5060".parse().unwrap());
    plan.trunks.insert(PBX, TrunkPlan { digest: Some(digest), calls_max, ..pbx });
    plan
}

/// The PBX, somewhere, with this password.
fn pbx(world: &mut World, password: &str) -> usize {
    let peer = world.guesser("pbx", "127.0.9.9:6000");
    world.phones[peer].set_password(password);
    world.phones[peer].from = Some("<sip:+441632960001@pbx.example>".to_owned());
    peer
}

#[test]
fn a_trunk_is_known_by_its_password_wherever_it_is() {
    for (algorithms, asked) in [
        (AlgorithmChoice::Md5, vec![Algorithm::Md5]),
        (AlgorithmChoice::Sha256, vec![Algorithm::Sha256, Algorithm::Md5]),
        (AlgorithmChoice::Both, vec![Algorithm::Sha256, Algorithm::Md5]),
    ] {
        let mut world = World::with(with_pbx(algorithms, 1), 1);
        let caller = pbx(&mut world, "pbx-secret");
        world.phones[caller].call(world.now.mono, ECHO_DID);
        world.settle();
        assert!(world.phones[caller].is_answered(), "{algorithms:?}");
        let refusal = world.last_to(caller, "401");
        let offered = refusal.www_authenticate().unwrap().iter().map(|one| one.algorithm).collect::<Vec<_>>();
        assert_eq!(offered, asked, "a number in From may be any trunk's: best first (RFC 8760 2.3)");
        assert!(world.has(world.call(), |event| matches!(
            event,
            CallEvent::Started { trunk: Some(PBX), from, .. } if from == "+441632960001"
        )));
        let second = pbx(&mut world, "pbx-secret");
        world.phones[second].addr = "127.0.9.10:6001".parse().unwrap();
        world.phones[second].call(world.now.mono, ECHO_DID);
        world.settle();
        assert_eq!(world.phones[second].refusal_status(), Some(503), "limits count by trunk, not by address");
        world.phones[caller].hang_up(world.now.mono);
        world.assert_nothing_left();
    }
}

#[test]
fn a_wrong_password_is_a_failure_that_counts() {
    let mut world = World::with(with_pbx(AlgorithmChoice::Both, 0), 1);
    // That calls to it go to this address proves nothing.
    let sources = vec!["127.0.9.9".parse().unwrap()];
    world.input(Input::TrunkTargets(Targets { trunk: PBX, targets: Vec::new(), sources, contact_user: None }));
    let caller = pbx(&mut world, "guess");
    world.phones[caller].call(world.now.mono, ECHO_DID);
    world.settle();
    assert_eq!(world.phones[caller].refusal_status(), Some(401));
    assert_eq!(world.auth_failed, [("127.0.9.9".parse().unwrap(), "pbx".to_owned())]);
    assert!(world.calls().is_empty());
    world.assert_nothing_left();
}

#[test]
fn an_agent_is_asked_for_his_phones_algorithms() {
    for (algorithms, asked) in [
        (AlgorithmChoice::Md5, vec![Algorithm::Md5]),
        (AlgorithmChoice::Sha256, vec![Algorithm::Sha256]),
        (AlgorithmChoice::Both, vec![Algorithm::Sha256, Algorithm::Md5]),
    ] {
        let mut plan = demo();
        plan.agents.values_mut().for_each(|agent| agent.algorithms = algorithms);
        let mut world = World::with(plan, 2);
        let caller = world.agent("1001");
        world.phones[caller].call(world.now.mono, ECHO_DID);
        world.settle();
        assert!(world.phones[caller].is_answered());
        let offered = world.last_to(caller, "401").www_authenticate().unwrap();
        assert_eq!(offered.iter().map(|one| one.algorithm).collect::<Vec<_>>(), asked);
    }
}

/// A call to the Contact that we registered is the trunk's from anywhere; whom it is for says its To.
#[test]
fn a_call_to_our_registered_contact_is_the_trunks() {
    let mut world = World::new();
    let targets = Targets {
        trunk: CARRIER,
        targets: Vec::new(),
        sources: vec!["127.0.8.1".parse().unwrap()],
        contact_user: Some("f81d4fae7dec".to_owned()),
    };
    world.input(Input::TrunkTargets(targets));
    let (edge, registrar) = (world.stranger("127.0.8.8:5060"), world.stranger("127.0.8.1:5060"));
    world.phones[edge].to = Some(format!("<sip:{ECHO_DID}@carrier.example>"));
    world.phones[edge].call(world.now.mono, "f81d4fae7dec");
    world.phones[registrar].call(world.now.mono, ECHO_DID);
    world.settle();
    assert!(world.phones[edge].is_answered() && world.phones[registrar].is_answered());
    assert_eq!(world.shard.snapshot().trunks[0].calls, 2);
    let other = world.stranger("127.0.8.9:5060");
    world.phones[other].call(world.now.mono, ECHO_DID);
    world.settle();
    assert_eq!(world.phones[other].refusal_status(), Some(401));
}

fn with_login(algorithms: AlgorithmChoice) -> Plan {
    let mut plan = demo();
    let login = ClientCredentials { algorithms, ..ClientCredentials::new("acme", "acme-secret") };
    plan.trunks.get_mut(&CARRIER).unwrap().login = Some(login);
    plan.trunks.get_mut(&CARRIER).unwrap().sources = vec![TrunkAddress { ip: [127, 0, 0, 2].into(), port: None }];
    plan
}

fn challenge(algorithm: Algorithm) -> (&'static str, String) {
    let challenge = Challenge {
        realm: "carrier.example".to_owned(),
        nonce: "n1".to_owned(),
        opaque: Some("o".to_owned()),
        algorithm,
        stale: false,
        qop: vec![sip::digest::Qop::Auth],
    };
    ("Proxy-Authenticate", challenge.to_string())
}

#[test]
fn a_trunk_that_asks_gets_its_password_and_a_wrong_one_is_not_tried_again() {
    for (right, algorithms) in [(true, AlgorithmChoice::Both), (false, AlgorithmChoice::Both)] {
        let mut world = World::with(with_login(algorithms), 4);
        let (carrier, caller) = (world.carrier(), world.agent("1001"));
        world.phones[caller].call(world.now.mono, "02079460000");
        world.settle();
        let asked = vec![challenge(Algorithm::Md5), challenge(Algorithm::Sha256)];
        world.phones[carrier].refuse(world.now.mono, 407, asked.clone());
        world.settle();
        let invite = world.phones[carrier].invite_received();
        assert!(header(invite, "Proxy-Authorization").contains("algorithm=SHA-256"), "the better one");
        assert_eq!(invite.cseq().unwrap().0, 2);
        if right {
            world.phones[carrier].answer_call(world.now.mono);
            world.settle();
            assert!(world.phones[caller].is_answered());
            world.phones[caller].hang_up(world.now.mono);
            world.settle();
            let bye = world.last_to(carrier, "BYE");
            assert!(header(bye, "Proxy-Authorization").contains("nc=00000002"));
        } else {
            world.phones[carrier].refuse(world.now.mono, 407, asked);
            world.settle();
            assert_eq!(world.phones[caller].refusal_status(), Some(502));
            assert_eq!(world.verdict(), (CallStatus::Failed, "rejected".to_owned()));
            let invites = world.lines_to(carrier).into_iter().filter(|line| line.starts_with("INVITE")).count();
            assert_eq!(invites, 2);
        }
        world.assert_nothing_left();
    }
}

#[test]
fn a_trunk_that_may_only_use_sha_256_is_not_talked_down() {
    let mut world = World::with(with_login(AlgorithmChoice::Sha256), 4);
    let (carrier, caller) = (world.carrier(), world.agent("1001"));
    world.phones[caller].call(world.now.mono, "02079460000");
    world.settle();
    world.phones[carrier].refuse(world.now.mono, 407, vec![challenge(Algorithm::Md5)]);
    world.settle();
    assert_eq!(world.phones[caller].refusal_status(), Some(502));
    assert!(world.sent.iter().all(|(_, message, _)| !message.has("Proxy-Authorization")));
    assert!(start_line(world.last_to(carrier, "ACK")).starts_with("ACK"));
    world.assert_nothing_left();
}
