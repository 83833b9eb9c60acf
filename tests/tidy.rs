//! The repository's manners: what a reviewer would otherwise say again and again.
//!
//! Every rule lists all its faults at once, with file and line.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn what_is_built_without_tests_does_not_break_on_demand() {
    let cargo = env!("CARGO");
    let tree = std::process::Command::new(cargo)
        .args(["tree", "--locked", "--offline", "--package", "trunkline", "--edges", "features,no-dev"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let features = String::from_utf8_lossy(&tree.stdout);
    assert!(tree.status.success() && features.contains("centre"), "{}", String::from_utf8_lossy(&tree.stderr));
    assert!(!features.contains("fault-injection"), "{features}");
    assert!(!features.contains("planted-faults"), "{features}");
}

#[test]
fn no_reminders_and_nothing_ignored() {
    let words = [
        ["to", "do!("].concat(),
        ["unimplement", "ed!("].concat(),
        ["FIX", "ME"].concat(),
        ["X", "XX"].concat(),
        ["#[ig", "nore"].concat(),
        ["not yet ", "implemented"].concat(),
        ["place", "holder\n"].concat(),
    ];
    report("reminders", lines_with(&rust_files(), |line| words.iter().any(|word| line.contains(word.as_str()))));
}

#[test]
fn no_file_is_half_merged() {
    let marks = ["<", ">"].map(|mark| mark.repeat(7));
    let half = |line: &str| marks.iter().any(|mark| line.starts_with(mark.as_str()));
    report("half merged", lines_with(&files(), half));
}

#[test]
fn no_paths_and_hosts_of_one_machine() {
    let mut words: Vec<String> = ["work", "farm", "root", "tmp", "home"].iter().map(|top| format!("/{top}/")).collect();
    words.extend([["crates", ".io"].concat(), ["deb.", "debian"].concat(), ["py", "pi.org"].concat()]);
    let at_path_start = |line: &str, word: &str| {
        line.match_indices(word).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + word.len()..].chars().next();
            !before.is_some_and(|c| c.is_alphanumeric() || ".-_}/".contains(c))
                && after.is_some_and(|c| c.is_ascii_lowercase())
        })
    };
    let is_fault = |line: &str| {
        words.iter().any(|word| if word.starts_with('/') { at_path_start(line, word) } else { line.contains(word) })
    };
    let files: Vec<_> = files().into_iter().filter(|file| !file.ends_with("Cargo.lock")).collect();
    report("paths and hosts of one machine", lines_with(&files, is_fault));
}

#[test]
fn files_are_short_and_lines_fit() {
    let mut faults = Vec::new();
    for file in rust_files() {
        let text = read(&file);
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            faults.push(format!("{} has {lines} lines, more than {FILE_LINES_MAX}", shown(&file)));
        }
        for (number, line) in text.lines().enumerate() {
            // A text cannot be broken.
            if line.chars().count() > LINE_CHARS_MAX && !line.contains('"') {
                faults.push(format!("{}:{} is longer than {LINE_CHARS_MAX}", shown(&file), number + 1));
            }
        }
    }
    report("lengths", faults);
}

#[test]
fn names_are_the_fields_terms() {
    let vague = ["manager", "handler", "helper", "helpers", "util", "utils", "common", "misc"];
    let mut faults: Vec<String> = rust_files()
        .iter()
        .filter(|file| file.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| vague.contains(&stem)))
        .map(|file| format!("{}: a module's name says what it is about", shown(file)))
        .collect();
    let getter = ["fn ", "get_"].concat();
    // Rows of a table have the standard library's name for them.
    let of_table = [&getter, "mut("].concat();
    faults.extend(lines_with(&rust_files(), |line| line.contains(&getter) && !line.contains(&of_table)));
    report("names", faults);
}

#[test]
fn every_crate_says_what_it_is() {
    let roots = rust_files().into_iter().filter(|file| file.ends_with("src/lib.rs") || file.ends_with("src/main.rs"));
    let silent = roots.filter(|file| !read(file).starts_with("//! ")).map(|file| shown(&file));
    report("crates without a doc", silent.collect());
}

#[test]
fn every_limit_has_its_reason() {
    let mut faults = Vec::new();
    for file in rust_files() {
        let text = read(&file);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| is_limit(line)) {
            // A comment over a group of constants is about all of them.
            let beside = |line: &&&str| line.starts_with("#[") || line.contains("const ");
            let above = lines[..at].iter().rev().find(|line| !beside(line));
            if !above.is_some_and(|line| line.starts_with("//")) && !line.contains("//") {
                faults.push(format!("{}:{}: {line}", shown(&file), at + 1));
            }
        }
    }
    report("limits without a reason", faults);
}

#[test]
fn every_source_file_belongs_to_a_crate() {
    let mut faults = Vec::new();
    for file in rust_files().iter().filter(|file| file.components().any(|part| part.as_os_str() == "src")) {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let folder = file.parent().expect("a file has a folder");
        let (stem, parents) = match stem {
            "lib" | "main" => continue,
            _ if folder.ends_with("src/bin") => continue,
            "mod" => (folder.file_name().and_then(|name| name.to_str()).unwrap_or_default(), folder.parent()),
            _ => (stem, Some(folder)),
        };
        let Some(folder) = parents else { continue };
        let candidates =
            [folder.join("mod.rs"), folder.join("lib.rs"), folder.join("main.rs"), folder.with_extension("rs")];
        let declared = candidates.iter().filter(|parent| parent.is_file()).any(|parent| {
            let declaration = format!("mod {stem};");
            read(parent).lines().any(|line| line.trim_start().trim_start_matches("pub(crate) ").ends_with(&declaration))
        });
        if !declared {
            faults.push(shown(file));
        }
    }
    report("files that no module declares", faults);
}

/// Documents outlive what they name unless someone looks: paths of this repository, and in
/// `docs/sip-conformance.md` tests.
#[test]
fn documents_name_what_is_there() {
    let tests: BTreeSet<String> = rust_files().iter().flat_map(|file| function_names(&read(file))).collect();
    let is_page =
        |file: &&PathBuf| file.extension().is_some_and(|end| end == "md") && !file.ends_with("docs/design.md");
    let mut faults = Vec::new();
    for page in files().iter().filter(is_page) {
        let folder = page.parent().expect("a file has a folder");
        let text = read(page);
        let missing = |path: &&str| !root().join(path).exists();
        faults.extend(quoted(&text).filter(is_path).filter(missing).map(|path| format!("{}: {path}", shown(page))));
        let away = |link: &&str| !folder.join(link).exists();
        faults.extend(links(&text).filter(away).map(|link| format!("{}: link to {link}", shown(page))));
        if page.ends_with("docs/sip-conformance.md") {
            let unknown = |name: &&str| is_name(name) && !tests.contains(*name);
            faults.extend(quoted(&text).filter(unknown).map(|name| format!("{}: no test {name}", shown(page))));
        }
    }
    report("documents that name what is not there", faults);
}

/// What stands between single backticks, code blocks left out.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|part| part.lines()).flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Targets of links within the repository.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .map(|link| link.split('#').next().unwrap_or_default())
        .filter(|link| !link.is_empty() && !link.contains("://"))
}

/// A path from the root of the repository: its first part is a folder there.
fn is_path(text: &&str) -> bool {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    let top = text.split('/').next().unwrap_or_default();
    plain && text.contains('/') && !top.is_empty() && top != ".." && root().join(top).is_dir()
}

/// The name of a function, as far as one can tell: snake case of several words.
fn is_name(text: &&str) -> bool {
    text.matches('_').count() > 1 && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn function_names(text: &str) -> Vec<String> {
    let words = text.split("fn ").skip(1);
    words.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}

/// Fails with every fault on its line.
fn report(what: &str, faults: Vec<String>) {
    assert!(faults.is_empty(), "{what}:\n  {}", faults.join("\n  "));
}

/// A constant that bounds something.
fn is_limit(line: &str) -> bool {
    let Some(name) = line.strip_prefix("pub const ").or_else(|| line.strip_prefix("const ")) else { return false };
    let name = name.split(':').next().unwrap_or_default();
    name.starts_with("MAX_") || ["_MAX", "_LIMIT", "_CAPACITY"].iter().any(|end| name.ends_with(end))
}

fn lines_with(files: &[PathBuf], is_fault: impl Fn(&str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let Ok(text) = fs::read_to_string(file) else { continue };
        for (number, line) in text.split_inclusive('\n').enumerate().filter(|(_, line)| is_fault(line)) {
            faults.push(format!("{}:{}: {}", shown(file), number + 1, line.trim()));
        }
    }
    faults
}

fn rust_files() -> Vec<PathBuf> {
    files().into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs")).collect()
}

/// Every file of the repository, without what builds and runs leave behind.
fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder").map(|entry| entry.expect("a readable entry")) {
            let path = entry.path();
            if path.is_dir() {
                let left_behind = [".git", "target", "var", "__pycache__"].iter().any(|name| path.ends_with(name));
                if !left_behind {
                    folders.push(path);
                }
            } else if !path.ends_with(".git") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", shown(file)))
}

fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One concept a file; a longer one is two.
const FILE_LINES_MAX: usize = 600;
/// rustfmt's 120, with room where it does not reach: inside macros, and in comments.
const LINE_CHARS_MAX: usize = 140;
