//! What calls over a trunk show of the caller, and what is believed of those from it
//! (RFC 3323, RFC 3325).

use call::{IdentityPlan, NumberFormat, Plan, RoutePlan, RouteSource, ShownNumber};
use journal_core::CallEvent;

use crate::rig::phone::CUSTOMER;
use crate::rig::plan::{CARRIER, SUPPORT_DID, agent_id, demo};
use crate::rig::{World, start_line};

const TRUNK_NUMBER: &str = "+442071830000";
const AGENT_NUMBER: &str = "+442071830101";

/// What the carrier sees: From, P-Asserted-Identity and Privacy.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    from: String,
    asserted: Option<String>,
    privacy: Option<String>,
}

fn seen(from: &str, asserted: Option<&str>, privacy: Option<&str>) -> Seen {
    let own = |asserted: &str| asserted.to_owned();
    Seen { from: from.to_owned(), asserted: asserted.map(own), privacy: privacy.map(own) }
}

fn plan(identity: IdentityPlan, agents_own: bool) -> Plan {
    let mut plan = demo();
    plan.trunks.get_mut(&CARRIER).unwrap().identity = identity;
    if agents_own {
        plan.agents.get_mut(&agent_id("1001")).unwrap().caller_id = Some(AGENT_NUMBER.to_owned());
    }
    plan
}

/// Agent 1001 dials out, with these headers on his INVITE.
fn dialed(plan: Plan, headers: Vec<(&'static str, String)>) -> Seen {
    let mut world = World::with(plan, 3);
    let (carrier, caller) = (world.carrier(), world.agent("1001"));
    world.phones[caller].headers = headers;
    world.phones[caller].call(world.now.mono, "02079460000");
    world.settle();
    let seen = seen_by(&world, carrier);
    world.phones[carrier].reject(world.now.mono, 486);
    world.assert_nothing_left();
    seen
}

fn seen_by(world: &World, carrier: usize) -> Seen {
    let invite = world.phones[carrier].invite_received();
    let header = |name| invite.header(name).next().map(str::to_owned);
    let from = invite.from().unwrap();
    assert!(!start_line(invite).is_empty());
    Seen {
        from: from.uri.user().unwrap().into_owned(),
        asserted: header("P-Asserted-Identity"),
        privacy: header("Privacy"),
    }
}

fn policy(shown: ShownNumber, allowed: Option<&[&str]>) -> IdentityPlan {
    let allowed = allowed.map(|allowed| allowed.iter().map(|entry| (*entry).to_owned()).collect());
    IdentityPlan { shown, allowed, ..IdentityPlan::default() }
}

#[test]
fn the_policy_says_whose_number_is_shown() {
    for (shown, agents_own, wanted) in [
        (ShownNumber::Trunk, true, TRUNK_NUMBER),
        (ShownNumber::Caller, true, AGENT_NUMBER),
        (ShownNumber::Caller, false, TRUNK_NUMBER),
        (ShownNumber::Agent, true, AGENT_NUMBER),
        (ShownNumber::Agent, false, TRUNK_NUMBER),
    ] {
        let got = dialed(plan(policy(shown, None), agents_own), vec![]);
        assert_eq!(got, seen(wanted, None, None), "{shown:?} {agents_own}");
    }
}

#[test]
fn a_number_that_is_not_allowed_is_never_shown() {
    for (allowed, wanted) in [
        (vec![AGENT_NUMBER], AGENT_NUMBER),
        (vec!["+44207183*"], AGENT_NUMBER),
        (vec![TRUNK_NUMBER], TRUNK_NUMBER),
        (vec!["+4420718301"], "anonymous"),
        (vec![], "anonymous"),
    ] {
        let identity = IdentityPlan { trusted: true, ..policy(ShownNumber::Agent, Some(&allowed)) };
        let got = dialed(plan(identity, true), vec![]);
        let number = Some(wanted).filter(|wanted| *wanted != "anonymous");
        let asserted = number.map(|number| format!("<sip:{number}@demo.local>"));
        let privacy = if number.is_none() { Some("id") } else { None };
        assert_eq!(got, seen(wanted, asserted.as_deref(), privacy), "{allowed:?}");
    }
}

#[test]
fn restricted_calls_are_anonymous_and_only_a_trusted_trunk_learns_who_it_is() {
    for trusted in [false, true] {
        let asserted = Some("<sip:+442071830000@demo.local>").filter(|_| trusted);
        let identity = IdentityPlan { restricted: true, trusted, ..IdentityPlan::default() };
        assert_eq!(dialed(plan(identity, false), vec![]), seen("anonymous", asserted, Some("id")));
        let identity = IdentityPlan { trusted, ..IdentityPlan::default() };
        let privacy = vec![("Privacy", "header;id".to_owned())];
        assert_eq!(dialed(plan(identity.clone(), false), privacy), seen("anonymous", asserted, Some("id")));
        assert_eq!(dialed(plan(identity, false), vec![]), seen(TRUNK_NUMBER, asserted, None));
    }
}

#[test]
fn an_agent_cannot_claim_to_be_somebody_else() {
    let claim = ("P-Asserted-Identity", "<sip:+441632960999@demo.local>".to_owned());
    let identity = IdentityPlan { trusted: true, ..policy(ShownNumber::Caller, None) };
    let got = dialed(plan(identity, true), vec![claim]);
    assert_eq!(got, seen(AGENT_NUMBER, Some("<sip:+442071830101@demo.local>"), None));
}

#[test]
fn numbers_are_written_as_the_trunk_wants_them() {
    for (format, from, uri) in [
        (NumberFormat::Plus, "+442071830000", "INVITE sip:+442079460000@"),
        (NumberFormat::Digits, "442071830000", "INVITE sip:442079460000@"),
        (NumberFormat::National, "02071830000", "INVITE sip:02079460000@"),
    ] {
        let identity = IdentityPlan { called: format, calling: format, ..IdentityPlan::default() };
        let mut world = World::with(plan(identity, false), 3);
        let (carrier, caller) = (world.carrier(), world.agent("1001"));
        world.phones[caller].call(world.now.mono, "02079460000");
        world.settle();
        assert_eq!(seen_by(&world, carrier).from, from);
        assert!(start_line(world.phones[carrier].invite_received()).starts_with(uri));
        assert!(world.has(world.call(), |event| matches!(
            event,
            CallEvent::Started { to, .. } if to == "+442079460000"
        )));
    }
}

/// A call of the carrier to our number, passed on over the same trunk.
fn transit(identity: IdentityPlan, headers: Vec<(&'static str, String)>) -> Seen {
    let mut plan = plan(identity, false);
    plan.trunks.get_mut(&CARRIER).unwrap().caller_id = None;
    plan.routes = vec![RoutePlan { from: RouteSource::Trunk(CARRIER), pattern: "+44".to_owned(), trunk: CARRIER }];
    let mut world = World::with(plan, 5);
    let source = world.stranger("127.0.0.2:5090");
    let carrier = world.carrier();
    world.phones[source].headers = headers;
    world.phones[source].call(world.now.mono, "02079460000");
    world.settle();
    seen_by(&world, carrier)
}

#[test]
fn transit_passes_the_caller_on_with_his_wish_to_be_hidden() {
    assert_eq!(transit(IdentityPlan::default(), vec![]), seen(CUSTOMER, None, None));
    let hidden = || vec![("Privacy", "id".to_owned())];
    assert_eq!(transit(IdentityPlan::default(), hidden()), seen("anonymous", None, Some("id")));
    let trusted = IdentityPlan { trusted: true, ..IdentityPlan::default() };
    assert_eq!(transit(trusted, hidden()), seen("anonymous", Some("<sip:+441632960001@demo.local>"), Some("id")));
    let listed = policy(ShownNumber::Caller, Some(&["+4420*"]));
    assert_eq!(transit(listed, vec![]), seen("anonymous", None, Some("id")));
}

#[test]
fn an_asserted_identity_is_believed_from_a_trusted_trunk_only() {
    let from_hides = Some("\"Anonymous\" <sip:anonymous@anonymous.invalid>".to_owned());
    for (trusted, privacy, wanted) in [(true, false, CUSTOMER), (false, false, "anonymous"), (true, true, "anonymous")]
    {
        let identity = IdentityPlan { trusted, ..IdentityPlan::default() };
        let mut world = World::with(plan(identity, false), 9);
        let carrier = world.carrier();
        world.phones[carrier].from = from_hides.clone();
        world.phones[carrier].headers = vec![("P-Asserted-Identity", format!("<sip:{CUSTOMER}@carrier.example>"))];
        if privacy {
            world.phones[carrier].headers.push(("Privacy", "id".to_owned()));
        }
        world.phones[carrier].call(world.now.mono, SUPPORT_DID);
        world.settle();
        let is_wanted = |event: &CallEvent| matches!(event, CallEvent::Started { from, .. } if from == wanted);
        assert!(world.has(world.call(), is_wanted), "trusted {trusted} privacy {privacy}");
    }
}
