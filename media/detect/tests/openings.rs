//! The short version of `make detect`: 240 openings spoken now (tools/make-openings.py), none of which the card was fitted to.

#[allow(dead_code, reason = "`make detect` prints the rest of it")]
#[path = "../examples/openings/opening.rs"]
mod opening;
#[allow(dead_code, reason = "`make detect` prints the rest of it")]
#[path = "../examples/openings/outcome.rs"]
mod outcome;
#[path = "../examples/openings/sound.rs"]
mod sound;

use std::path::Path;
use std::process::Command;

use opening::Opening;
use outcome::Outcome;

#[test]
fn hardly_any_person_is_a_machine_and_few_machines_are_persons() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("openings-{}", std::process::id()));
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/make-openings.py");
    let spoken = Command::new(tool).arg(&folder).args(["test", "160", "80"]).status();
    assert!(spoken.is_ok_and(|status| status.success()), "needs espeak-ng, flite and sox: tools/needs openings");
    let openings = Opening::all(&folder);
    let outcomes: Vec<Outcome> = openings.iter().map(|opening| Outcome::of(opening, &folder)).collect();
    let told = |outcome: &&Outcome<'_>| format!("{} {}", outcome.opening.text("text"), outcome.heard());
    let mistaken = |people: bool| {
        let of = outcomes.iter().filter(|outcome| outcome.opening.is_person() == people && outcome.is_mistaken());
        of.map(|outcome| told(&outcome)).collect::<Vec<_>>()
    };
    assert!(mistaken(true).len() <= 1, "{:?}", mistaken(true));
    assert!(mistaken(false).len() <= 9, "{:?}", mistaken(false));
    let late: Vec<_> = outcomes.iter().filter(|outcome| outcome.late_s > 1.2).map(|outcome| told(&outcome)).collect();
    assert!(late.is_empty(), "{late:?}");
    let [right, wrong, missed] =
        outcomes.iter().fold([0; 3], |sum: [u32; 3], outcome| core::array::from_fn(|n| sum[n] + outcome.beeps[n]));
    std::fs::remove_dir_all(&folder).expect("it was made above");
    assert!(right >= 20 && wrong + missed <= 3, "{right} beeps found, {wrong} wrong, {missed} missed");
}
