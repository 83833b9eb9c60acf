//! What pacing has to reach, and the scenarios on which it is measured: made here, other than those it was tuned on.

use sim::pacing::{AnswerRate, Day, Law, Report, Scenario};

/// What has to be reached with so many agents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bar {
    /// Agents at the start.
    pub(crate) agents: u32,
    /// Least occupancy, where the answer rate and the talks are like those of `tests/scenarios`.
    pub(crate) occupancy: f64,
    /// Most abandoned in the worst day.
    pub(crate) worst_day: f64,
    /// Most abandoned in the worst hour, on average of the days.
    pub(crate) worst_hour: f64,
}

/// All of them.
pub(crate) const BARS: [Bar; 6] = [
    Bar { agents: 5, occupancy: 0.807, worst_day: 0.034, worst_hour: 0.050 },
    Bar { agents: 12, occupancy: 0.83, worst_day: 0.034, worst_hour: 0.050 },
    Bar { agents: 30, occupancy: 0.89, worst_day: 0.032, worst_hour: 0.047 },
    Bar { agents: 40, occupancy: 0.91, worst_day: 0.032, worst_hour: 0.047 },
    Bar { agents: 60, occupancy: 0.925, worst_day: 0.032, worst_hour: 0.047 },
    Bar { agents: 160, occupancy: 0.955, worst_day: 0.031, worst_hour: 0.040 },
];

/// One of the scenarios.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    /// What is simulated.
    pub(crate) scenario: Scenario,
    /// The bar of occupancy is for days like this.
    pub(crate) usual: bool,
}

/// Days with so many agents: other answer rates, talks, staff, detection and lines; the first ones are the usual ones.
pub(crate) fn trials(agents: u32, seeds: &[u64]) -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut trial = |name: &str, usual: bool, change: &dyn Fn(&mut Scenario)| {
        let mut scenario = usual_day(agents, seeds);
        change(&mut scenario);
        scenario.id = format!("a{agents}-{name}");
        trials.push(Trial { scenario, usual });
    };
    trial("const25", true, &|_| {});
    trial("steps", true, &|day| {
        day.answer_rate = steps(&[
            (0.0, 0.24),
            (4_000.0, 0.37),
            (9_500.0, 0.15),
            (15_000.0, 0.33),
            (20_500.0, 0.17),
            (25_500.0, 0.28),
        ]);
    });
    trial("sin", true, &|day| day.answer_rate = AnswerRate::Sin { mean: 0.26, amp: 0.13, period_s: 6_400.0 });
    trial("blocks", true, &|day| day.answer_rate = AnswerRate::Blocks { block_s: 1_100.0, lo: 0.12, hi: 0.42 });
    trial("staff", true, &|day| day.agent_plan = staff(agents));
    trial("noamd", true, &|day| {
        day.amd.enabled = false;
        day.machine_rate = 0.25;
    });
    trial("amdfp1", agents >= 12, &|day| {
        day.amd.human_as_machine = 0.01;
        day.amd.machine_as_human = 0.05;
    });
    trial("walk", agents >= 12, &|day| {
        day.answer_rate = AnswerRate::Walk { start: 0.25, lo: 0.1, hi: 0.4, step_s: 60.0, sd_rel: 0.08 };
    });
    trial("exp", true, &|day| day.talk = Law::Exp { mean_s: 180.0 });
    trial("talksteps", false, &|day| day.talk_scale = vec![(0.0, 1.0), (8_000.0, 0.6), (17_000.0, 1.4)]);
    trial("lines", false, &|day| day.max_lines = agents * 2 + agents / 5);
    trial("rare", false, &|day| day.answer_rate = steps(&[(0.0, 0.12)]));
    trial("often", false, &|day| day.answer_rate = steps(&[(0.0, 0.4)]));
    trial("short", false, &|day| day.talk = Law::Lognormal { mean_s: 90.0, cv: 0.8 });
    trial("long", false, &|day| {
        day.talk = Law::Lognormal { mean_s: 260.0, cv: 1.0 };
        day.wrap = Law::Exp { mean_s: 30.0 };
    });
    trials
}

/// What a report misses of its bar, in words; nothing: it is reached.
pub(crate) fn missed(bar: &Bar, trial: &Trial, report: &Report) -> Vec<String> {
    let mut missed = Vec::new();
    let mut at_most = |what: &str, found: f64, limit: f64| {
        if found > limit {
            missed.push(format!("{what} {:.2} % above {:.2} %", found * 100.0, limit * 100.0));
        }
    };
    at_most("abandoned", report.abandon_pooled, trial.scenario.target_abandon);
    at_most("worst day", report.abandon_worst_day, bar.worst_day);
    at_most("worst hour", report.abandon_worst_hour, bar.worst_hour);
    at_most("connected too late", report.late_connects as f64, 0.0);
    at_most("rung too short", report.short_rings as f64, 0.0);
    at_most("lines exceeded", report.lines_exceeded as f64, 0.0);
    if trial.usual && report.occupancy < bar.occupancy {
        missed.push(format!("occupancy {:.2} % below {:.2} %", report.occupancy * 100.0, bar.occupancy * 100.0));
    }
    missed
}

/// Share of live answers abandoned in the ten minutes after the answer rate doubled, with 50 agents.
pub(crate) fn abandoned_after_doubling(seeds: &[u64]) -> f64 {
    let mut scenario = usual_day(50, seeds);
    scenario.answer_rate = steps(&[(0.0, 0.17), (DOUBLED_AT_S, 0.34)]);
    let (mut answers, mut abandoned) = (0, 0);
    for seed in seeds {
        // The same seed is the same day up to then.
        scenario.duration_s = DOUBLED_AT_S;
        let before = Day::new(&scenario, *seed).run();
        scenario.duration_s = DOUBLED_AT_S + 600.0;
        let after = Day::new(&scenario, *seed).run();
        answers += after.live_answers - before.live_answers;
        abandoned += after.abandoned - before.abandoned;
    }
    abandoned as f64 / answers.max(1) as f64
}

/// A day like those of `tests/scenarios`: a quarter answers, talks of three minutes.
fn usual_day(agents: u32, seeds: &[u64]) -> Scenario {
    let mut day: Scenario = serde_json::from_str(include_str!("../../tests/scenarios/dev-a10-const25.json"))
        .expect("a scenario of this crate");
    day.seeds = seeds.to_vec();
    day.agent_plan = vec![(0.0, agents)];
    day
}

fn steps(points: &[(f64, f64)]) -> AnswerRate {
    AnswerRate::Steps { points: points.to_vec() }
}

fn staff(agents: u32) -> Vec<(f64, u32)> {
    let (fewer, some) = ((agents * 3 / 5).max(1), (agents * 7 / 10).max(1));
    vec![(0.0, agents), (8_000.0, fewer), (12_000.0, agents), (19_000.0, some), (24_000.0, agents)]
}

const DOUBLED_AT_S: f64 = 7_200.0;
