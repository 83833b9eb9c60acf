use std::path::Path;

use super::*;

fn faults(text: &str) -> Vec<String> {
    let table = text.parse().expect("TOML");
    match Config::from_table(&table) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

fn demo() -> String {
    std::fs::read_to_string(repository().join("config/demo.toml"))
        .expect("the demo")
        .replace("config/prompts", &repository().join("config/prompts").to_string_lossy())
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_demo_has_no_faults_and_the_facts_of_design_9() {
    let config = Config::from_table(&demo().parse().expect("TOML")).expect("no faults");
    assert_eq!(config.agents.len(), 50);
    assert_eq!(config.agents[0].password, "demo-1001");
    assert_eq!(config.queues[0].agents.len(), 30);
    assert_eq!(config.queues[1].agents.first().map(String::as_str), Some("1021"));
    assert_eq!(config.queues[0].wait_max, Duration::from_secs(120));
    assert_eq!(config.numbers.len(), 5);
    assert_eq!(config.sip.listen.len(), 2);
}

#[test]
fn the_bench_has_no_faults() {
    for file in ["config/bench.toml", "config/bench-queue.toml", "config/menus.toml"] {
        let text = std::fs::read_to_string(repository().join(file))
            .expect("the bench")
            .replace("config/prompts", &repository().join("config/prompts").to_string_lossy());
        assert_eq!(faults(&text), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn every_fault_is_reported_at_once_with_its_key() {
    let text = demo()
        .replace("home_country = \"GB\"", "home_country = \"Atlantis\"")
        .replace("[sip]", "allowed_countries = [\"353\", \"IE\"]\n[sip]")
        .replace("last_port = 39999", "last_port = 80000")
        .replace("wrap_up_s = 2", "wrap_up_s = \"two\"")
        .replace("target = \"tone\"", "target = \"queue:nowhere\"")
        .replace("[http]", "[http]\ncolour = 1");
    let faults = faults(&text);
    for key in [
        "node.home_country",
        "node.allowed_countries[1]",
        "rtp.last_port",
        "queue[0].wrap_up_s",
        "queue[1].wrap_up_s",
        "http.colour",
        "number[4].target",
    ] {
        assert!(faults.iter().any(|fault| fault.starts_with(&format!("{key}: "))), "{key} in {faults:#?}");
    }
    assert_eq!(faults.len(), 7, "{faults:#?}");
}

#[test]
fn an_empty_file_names_every_section_that_must_be_there() {
    let faults = faults("");
    for key in ["node.domain", "node.data_dir", "sip.listen", "rtp.address", "http.listen"] {
        assert!(faults.iter().any(|fault| fault.starts_with(&format!("{key}: "))), "{key} in {faults:#?}");
    }
}

#[test]
fn the_demos_secrets_are_refused_where_others_can_reach_us() {
    let open = demo().replace("listen = \"127.0.0.1:8080\"", "listen = \"192.0.2.1:8080\"");
    assert_eq!(faults(&open).len(), 1);
    let open = demo().replace("udp:127.0.0.1:5060", "udp:192.0.2.1:5060");
    let found = faults(&open);
    assert!(found.len() == 1 && found[0].contains("public password"), "{found:?}");
}

#[test]
fn a_missing_prompt_is_a_fault_with_the_file_that_is_missing() {
    let found = faults(&demo().replacen("voicemail_prompt = \"voicemail\"", "voicemail_prompt = \"nothing\"", 1));
    assert!(found.len() == 1 && found[0].contains("nothing.wav"), "{found:?}");
}

#[test]
fn secrets_never_stand_in_a_fault() {
    let found = faults(&demo().replace("demo-admin-key", "short"));
    assert!(!found.is_empty() && !found.iter().any(|fault| fault.contains("short")), "{found:?}");
}

#[test]
fn the_database_is_one_line_and_no_fault_shows_its_password() {
    let with = |lines: &str| demo().replace("[node]\n", &format!("[node]\n{lines}\n"));
    let config = |lines: &str| Config::from_table(&with(lines).parse().expect("TOML")).expect("no faults");
    assert!(matches!(config("").node.database, Database::Embedded));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("password");
    std::fs::write(&file, "hush-hush\n").expect("it writes");
    for lines in [
        "database = \"postgres://me:hush-hush@db:5433/calls\"".to_owned(),
        format!("database = \"postgres://me@db:5433/calls\"\ndatabase_password_file = \"{}\"", file.display()),
        "database = \"postgres://me@db:5433/calls\"\ndatabase_password_env = \"PATH\"".to_owned(),
    ] {
        let shown = format!("{:?}", config(&lines).node);
        assert!(shown.contains("postgres://me@db:5433/calls") && !shown.contains("hush-hush"), "{shown}");
    }
    for (lines, key) in [
        ("database = \"mysql://me:hush-hush@db/calls\"", "node.database:"),
        ("database = \"postgres://me:hush-hush@db:nothing/calls\"", "node.database:"),
        ("database = [\"postgres://me:hush-hush@db/calls\"]", "node.database:"),
        ("database_password_env = \"PATH\"", "node.database:"),
        ("database = \"postgres://me@db/calls\"\ndatabase_password_env = \"NOBODY_SET_THIS\"", "database_password_env"),
        ("database = \"postgres://me@db/calls\"\ndatabase_password_file = \"no/such/file\"", "database_password_file"),
    ] {
        let found = faults(&with(lines)).join("\n");
        assert!(found.contains(key) && found.lines().count() == 1 && !found.contains("hush-hush"), "{found}");
    }
}

#[test]
fn a_queue_says_who_gets_its_calls_and_each_wrong_word_is_a_fault() {
    let agents = "agents = [\"1001-1030\"]";
    let with = |lines: &str| demo().replacen(agents, lines, 1);
    let right = "agents = [\"1001-1002\", \"1003 level=2 weight=3\"]\nstrategy = \"progressive_ring\"\njoin_every_s = 4\n\
                 skills = [\"german:3\"]\npriority_worth_s = 0\nconversations_max = 5\n\
                 [[queue.step]]\nafter_s = 30\nskills_preferred = [\"german\"]\nlevel_max = 2";
    // The step's table must come last: what follows in the demo is of the queue.
    let (queue, step) = right.split_once("[[queue.step]]").expect("a step");
    let steps = format!("step = [{{ {} }}]", step.trim().replace('\n', ", "));
    let config = Config::from_table(&with(&format!("{queue}{steps}")).parse().expect("TOML")).expect("no faults");
    let routing = &config.queues[0].routing;
    assert_eq!(routing.strategy, acd::Strategy::ProgressiveRing { every: Duration::from_secs(4) });
    assert_eq!(config.queues[0].agents, ["1001", "1002", "1003"]);
    assert_eq!((routing.ranks["1003"].level, routing.ranks["1003"].weight), (2, 3));
    let german = NamedSkill { name: "german".to_owned(), level: 3 };
    assert_eq!((routing.steps[0].after, &routing.steps[0].required), (Duration::ZERO, &vec![german]));
    assert_eq!((routing.steps[1].after, routing.steps[1].level_max), (Duration::from_secs(30), Some(2)));
    assert_eq!((routing.priority_worth, routing.conversations_max), (None, Some(5)));
    assert_eq!(config.queues[1].routing.priority_worth, Some(Duration::from_secs(60)));
    for (wrong, key) in [
        ("agents = [\"1001 level=0\"]", "agents"),
        ("agents = [\"1001 height=2\"]", "agents"),
        ("strategy = \"best\"", "strategy"),
        ("order = \"random\"", "order"),
        ("skills = [\"german:0\"]", "skills"),
        ("skills = [\":3\"]", "skills"),
        ("step = [{ after_s = 0 }]", "step[0].after_s"),
    ] {
        let found = faults(&with(wrong)).join("\n");
        assert!(found.contains(key), "{wrong}: {found}");
    }
}

/// The example with menus, with `from` replaced by `to`, has these faults.
fn menu_faults(from: &str, to: &str) -> Vec<String> {
    let text = std::fs::read_to_string(repository().join("config/menus.toml")).expect("the example");
    let prompts = repository().join("config/prompts");
    let text = text.replace("config/prompts", &prompts.to_string_lossy());
    assert!(text.contains(from), "{from}");
    faults(&text.replacen(from, to, 1))
        .iter()
        .map(|fault| fault.replace(&*prompts.to_string_lossy(), "prompts"))
        .collect()
}

#[test]
fn menus_are_checked_before_a_caller_finds_their_faults() {
    let found = menu_faults("\"9\" = \"menu:spanish\"", "\"9\" = \"queue:sales\"");
    assert_eq!(found, ["menu: \"spanish\": no number, menu or queue leads to it"]);
    let found = menu_faults("default = \"queue:support\"      #", "default = \"menu:main\" #");
    let round = "a caller who presses no key goes round for ever: menu:main -> menu:main";
    assert_eq!(found, [format!("menu: \"main\": {round}")]);
    let found = menu_faults("prompts = [\"welcome\", \"menu\"]", "prompts = [\"welcome\", \"greeting\"]");
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("menu[0].prompts: there is no prompt \"greeting\" in en, es nor in prompts"),
        "{found:?}"
    );
    assert_eq!(
        menu_faults("\"1\" = \"queue:sales\"", "\"1\" = \"queue:none\""),
        ["menu[0].keys.1: there is no queue \"none\""]
    );
    let found = menu_faults("target = \"menu:main\"", "target = \"menu:none\"");
    assert_eq!(found, ["number[0].target: there is no menu \"none\""]);
    let found = menu_faults("schedule = \"office\"", "schedule = \"summer\"");
    assert_eq!(found, ["menu[0].schedule: there is no schedule \"summer\""]);
    let found = menu_faults("\"3\" = \"message:closed\"", "\"1a\" = \"dance\"");
    assert!(found.len() == 2 && found[1].contains("leads nowhere"), "{found:?}");
    let found = menu_faults("mon-fri 09:00-17:30", "mon-fri 9 to 5");
    assert!(found[0].starts_with("schedule[0].open: \"mon-fri 9 to 5\""), "{found:?}");
    let found = menu_faults("closed = \"voicemail:support\"", "colour = \"red\"");
    assert!(found.iter().any(|fault| fault.starts_with("menu[0].closed: is missing")), "{found:?}");
}

#[test]
fn a_queue_that_would_never_do_what_it_says_is_refused() {
    let sales = "[[queue]]\nname = \"sales\"";
    let told = [
        ("skills = [\"welsh:2\"]", "queue[1].skills: ask in the end for welsh:2"),
        ("[[queue.step]]\nafter_s = 5\nlevel_max = 1\nskills = [\"welsh\"]", "queue[1].skills: "),
        ("keys = { \"1\" = \"voicemail:sales\" }", "queue[1].keys: "),
        ("callback_cancel_key = \"1\"", "queue[1].callback_cancel_key: "),
        ("callback_agent_prompt = \"nowhere\"", "queue[1].callback_agent_prompt: "),
        ("overflow_full = \"queue:sales\"", "queue[1].overflow_full: "),
        ("overflow_closed = \"hang_up\"", "queue[1].overflow_closed: "),
        ("announce_wait = true", "queue[1].announce_every_s: "),
        ("comfort = [\"comfort\"]", "queue[1].announce_every_s: "),
        ("wrap_up = \"strict\"\nwrap_up_s = 0", "queue[1].wrap_up_s: "),
        ("strategy = \"progressive_ring\"\njoin_every_s = 20", "queue[1].join_every_s: "),
        ("missed_pause_after = 1", "queue[1].own_offer_rules: "),
    ];
    for (line, expected) in told {
        let text = demo().replace(sales, &format!("{sales}\n@"));
        let end = text.find("@").expect("the queue");
        // A key that the queue has already gives way; a table goes behind the others.
        let (before, rest) = (&text[..end], &text[end + 1..]);
        let keys: Vec<&str> = line.lines().filter_map(|line| line.split(" = ").next()).collect();
        let next = rest.find("\n[").unwrap_or(rest.len());
        let kept =
            rest[..next].lines().filter(|old| !keys.contains(&old.split(" = ").next().unwrap_or_default().trim()));
        let kept = kept.collect::<Vec<_>>().join("\n");
        let faults = faults(&format!("{before}{kept}\n{line}\n{}", &rest[next..]));
        assert!(faults.iter().any(|fault| fault.starts_with(expected)), "{line}: {faults:#?}");
        assert_eq!(faults.len(), 1, "{line}: {faults:#?}");
    }
}

#[test]
fn hotkeys_kinds_of_work_and_skills_of_numbers_must_have_a_use() {
    let twice = "[[disposition]]\ncode = \"sold\"\nhotkey = 1\n[[disposition]]\ncode = \"no\"\nhotkey = 1\n";
    assert!(faults(&format!("{}\n{twice}", demo()))[0].starts_with("disposition[1].hotkey: is that of \"sold\""));
    let idle = "[[agents]]\nextensions = \"1900\"\npassword = \"secret-1900\"\nwork = []\n";
    assert!(faults(&format!("{}\n{idle}", demo()))[0].starts_with("agents[1].work: is empty"));
    let echo = demo().replace("target = \"echo\"", "target = \"echo\"\npriority = 3");
    assert!(faults(&echo)[0].starts_with("number[2].target: has skills or a priority"), "{:?}", faults(&echo));
}

/// One file with a mistake of every kind: each is named, none hides another.
#[test]
fn all_mistakes_of_the_rules_are_named_at_once() {
    let prompts = repository().join("config/prompts");
    let text = std::fs::read_to_string(repository().join("config/menus.toml")).expect("the example");
    let mut text = text.replace("config/prompts", &prompts.to_string_lossy());
    for (from, to) in [
        ("mon-fri 09:00-17:30", "mon-fri 9 to 5"),
        ("12-25 Christmas Day", "25-12 Christmas Day"),
        ("Europe/London", "Europe/Atlantis"),
        (
            "\"1\" = \"queue:sales\", \"2\" = \"queue:support\", \"3\"",
            "\"1\" = \"queue:none\", \"2x\" = \"queue:support\", \"3\"",
        ),
        ("timeout_s = 5", "timeout_s = 0"),
        ("retries = 2 ", "retries = 10 "),
        ("prompts = [\"callback-offer\"]", "prompts = [\"unspoken\"]"),
        ("overflow_full = \"queue:support\"", "overflow_full = \"queue:nowhere\""),
        ("comfort = [\"comfort\", \"comfort-thanks\"]", "comfort = [\"unheard\"]"),
        ("leave_empty = \"paused\"", "leave_empty = \"bored\""),
        ("rejoin_s = 60", "rejoin_s = -1"),
        ("name = \"sales\"", "name = \"sales\"\nleave_closed = true"),
        ("default = \"voicemail:support\"", "default = \"menu:offer\""),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let found = faults(&text);
    for key in [
        "schedule[0].open",
        "schedule[0].holidays",
        "schedule[0].time_zone",
        "menu[0].keys.1",
        "menu[0].keys",
        "menu[0].timeout_s",
        "menu[0].retries",
        "menu[2].prompts",
        "queue[0].overflow (full)",
        "queue[0].comfort",
        "queue[1].leave_empty",
        "queue[1].rejoin_s",
        "queue[0].leave_closed",
        "menu: \"offer\": a caller who presses no key goes round for ever",
    ] {
        assert!(found.iter().any(|fault| fault.starts_with(key)), "{key} in {found:#?}");
    }
    assert_eq!(found.len(), 14, "{found:#?}");
}

#[test]
fn owners_and_the_steps_of_numbers_are_read_and_checked() {
    let lines = "skills = [\"german:3\"]\nstep = [{ after_s = 20, skills_preferred = [\"german\"], level_max = 2 }]\n\
                 [[owner]]\nagent = \"1002\"\nnumbers = [\"+447700900123\"]\n";
    let sales = "target = \"queue:sales\"";
    let support = "agents = [\"1001-1030\"]";
    let demo = demo().replacen(support, &format!("{support}\npreferred_agent_s = 20"), 1);
    let with = |lines: &str| demo.replacen(sales, &format!("{sales}\n{lines}"), 1);
    let config = Config::from_table(&with(lines).parse().expect("TOML")).expect("no faults");
    let steps = &config.numbers[1].steps;
    assert_eq!((steps[0].after, steps[0].required[0].level), (Duration::ZERO, 3));
    assert_eq!((steps[1].after, steps[1].level_max), (Duration::from_secs(20), Some(2)));
    let resolved = crate::ids::resolve(&config, Vec::new(), &mut journal_core::Names::default());
    assert_eq!(resolved.owners.len(), 1);
    let needs = &resolved.plan.needs["+442071830002"];
    assert_eq!((needs.steps.len(), needs.steps[1].preferred.len()), (2, 1), "{needs:?}");
    for (wrong, key) in [
        ("[[owner]]\nagent = \"9999\"", "owner[0].agent"),
        ("[[owner]]\nagent = \"1002\"\nnumbers = [\"12\"]", "owner[0].numbers"),
        ("[[owner]]\nagent = \"1002\"\nnumbers = [\"+447700900123\", \"+447700900123\"]", "owner[0].numbers"),
        ("step = [{ after_s = 0 }]", "step[0].after_s"),
        ("step = [{ after_s = 9, level_max = 2 }, { after_s = 9, level_max = 3 }]", "number[1].step"),
        ("skills = [\"klingon:3\"]", "number[1].skills"),
        ("skills = [\"german:3\"]\nstep = [{ after_s = 9, skills = [\"klingon\"] }]", "number[1].skills"),
        ("[[owner]]\nagent = \"1040\"\nnumbers = [\"+447700900123\"]", "owner[0].agent"),
    ] {
        let found = faults(&with(wrong));
        assert!(found.len() == 1 && found[0].contains(key), "{wrong}: {found:?}");
    }
}
