use clock::WallTime;

use super::*;

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| text.parse().expect("a pattern")).collect()
}

fn listed(reason: &str) -> Listed {
    Listed { reason: Some(reason.to_owned()), since: WallTime::from_micros(1) }
}

fn facts(number: &str) -> Facts<'_> {
    Facts::new(number, Purpose::ClickToCall, WallTime::from_micros(0))
}

#[test]
fn a_rule_denies_with_its_evidence_and_the_first_decides() {
    let mut lists = Lists::default();
    assert_eq!(lists.add(&"+442070000001".parse().unwrap(), listed("asked us")), Ok(true));
    lists.add(&"+4479*".parse().unwrap(), listed("mobiles")).unwrap();
    let rules = Rules {
        blacklist: patterns(&["+442070000001", "+442070000002"]),
        whitelist: patterns(&["+44*", "+331*"]),
        countries: patterns(&["+44*"]),
        pin: Some(PinRule { numbers: patterns(&["+4484*"]), pin: "4711".to_owned() }),
        ..Rules::default()
    };
    let by = |number: &str| judge(&rules, &lists, &facts(number)).denied_by();
    assert_eq!(by("+442070000001"), Some("do_not_call"), "before the black list");
    assert_eq!(by("+447900000001"), Some("do_not_call"), "by its prefix");
    assert_eq!(by("+442070000002"), Some("company_blacklist"));
    assert_eq!(by("+332000000"), Some("company_whitelist"));
    assert_eq!(by("+331000000"), Some("country"));
    assert_eq!(by("+448400000000"), Some("pin"));
    assert_eq!(by("+442079460000"), None);
    let denial = judge(&rules, &lists, &facts("+447900000001")).denial.unwrap();
    assert_eq!((denial.rule, denial.clause), (Rule::DoNotCall, None));
    assert_eq!(denial.because, "+447900000001 is on the do-not-call list as +4479* (mobiles)");
}

#[test]
fn a_pin_opens_what_takes_one() {
    let rules =
        Rules { pin: Some(PinRule { numbers: patterns(&["+33*"]), pin: "4711".to_owned() }), ..Rules::default() };
    let with = |pin| judge(&rules, &Lists::default(), &Facts { pin, ..facts("+33100000000") }).is_allowed();
    assert_eq!([with(None), with(Some("4712")), with(Some("47")), with(Some("4711"))], [false, false, false, true]);
}

#[test]
fn no_rules_let_everything_pass() {
    assert!(judge(&Rules::default(), &Lists::default(), &facts("+442079460000")).is_allowed());
}

#[test]
fn a_copy_keeps_what_it_had() {
    let mut lists = Lists::default();
    let number = "+442070000001".parse().unwrap();
    assert_eq!(lists.add(&number, listed("a")), Ok(true));
    let before = lists.clone();
    assert_eq!(lists.add(&number, listed("b")), Ok(false), "the first stands");
    assert!(lists.remove(&number) && !lists.remove(&number));
    assert!(lists.is_empty() && lists.find("+442070000001").is_none());
    assert_eq!(before.find("+442070000001").map(|(_, listed)| listed.reason.as_deref()), Some(Some("a")));
}

#[test]
fn pages_follow_each_other_in_order() {
    let mut lists = Lists::default();
    for text in ["+442070000003", "+4420*", "+442070000001", "+33*"] {
        lists.add(&text.parse().unwrap(), listed("x")).unwrap();
    }
    let texts = |after| lists.page(after, 2).into_iter().map(|(text, _)| text).collect::<Vec<_>>();
    assert_eq!(texts(None), ["+33*", "+4420*"]);
    assert_eq!(texts(Some("+4420*")), ["+442070000001", "+442070000003"]);
    assert!(texts(Some("+442070000003")).is_empty());
}

#[test]
fn what_is_no_number_is_no_pattern() {
    for bad in ["", "*", "+*", "442070000001", "+44", "+44x*", "+4420700000011234", "+é*"] {
        assert!(bad.parse::<Pattern>().is_err(), "{bad}");
    }
    assert!(Pattern::prefix("+44").unwrap().takes("+442070000001"));
}
