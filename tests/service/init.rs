//! `trunkline init`, and the examples of configurations.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use crate::support::{binary, root};

fn init(config: &Path, more: &[&str]) -> Output {
    let prompts = root().join("config/prompts");
    let mut command = binary();
    command.args(["init", "--address", "127.0.0.1", "--config"]).arg(config).arg("--prompts-dir").arg(prompts);
    command.args(more).output().expect("the binary runs")
}

fn check(config: &Path) -> Output {
    binary().current_dir(root()).args(["check", "--config"]).arg(config).output().expect("the binary runs")
}

#[test]
fn it_writes_what_passes_check_keeps_it_secret_and_never_overwrites() {
    let dir = tempfile::tempdir().expect("a folder");
    let (first, second) = (dir.path().join("a.toml"), dir.path().join("b.toml"));
    let written = init(&first, &["--extensions", "3", "--country", "DE", "--public-address", "203.0.113.1"]);
    assert!(written.status.success(), "{written:?}");
    let next = String::from_utf8_lossy(&written.stdout).into_owned();
    assert!(next.contains("trunkline run --config") && next.contains("601"), "{next}");
    assert!(check(&first).status.success(), "{:?}", check(&first));
    let mode = std::fs::metadata(&first).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&first).expect("the file");
    assert_eq!(text.matches("[[agents]]").count(), 3);
    assert!(text.contains("home_country = \"DE\"") && text.contains("public_address = \"203.0.113.1\""), "{text}");

    let again = init(&first, &[]);
    assert!(
        !again.status.success() && String::from_utf8_lossy(&again.stderr).contains("never overwrites"),
        "{again:?}"
    );
    assert_eq!(std::fs::read_to_string(&first).expect("the file"), text, "nothing was touched");
    assert!(init(&second, &[]).status.success());
    let secrets = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with("password") || line.starts_with("secret"));
        lines.filter_map(|line| Some(line.split('"').nth(1)?.to_owned())).collect()
    };
    let other = secrets(&std::fs::read_to_string(&second).expect("the file"));
    let own = secrets(&text);
    assert!(own.iter().all(|secret| secret.len() >= 32 && !other.contains(secret)), "128 bits, and others each time");

    let wrong = init(&dir.path().join("c.toml"), &["--country", "XX"]);
    assert!(!wrong.status.success() && !dir.path().join("c.toml").exists(), "{wrong:?}");
}

#[test]
fn the_examples_pass_check() {
    for name in ["demo", "trunks", "bench"] {
        let checked = check(&root().join(format!("config/{name}.toml")));
        assert!(checked.status.success(), "{name}: {checked:?}");
    }
}
