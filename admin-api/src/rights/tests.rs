use std::fmt::Write;

use serde_json::Value;

use super::*;

#[test]
fn an_admin_may_all_and_each_word_is_one() {
    let admin = Rights::of_words(["admin"]);
    for permission in Permission::ALL {
        assert_eq!(admin.reach(*permission), Some(All), "{permission:?}");
        assert_eq!(Permission::of_word(permission.word()), Some(*permission));
        assert!(Role::of_word(permission.word()).is_none());
    }
    assert!(Permission::ALL.len() <= 64, "a bit each");
}

#[test]
fn roles_add_up_and_the_wider_reach_counts() {
    let both = Rights::of_words(["operator", "viewer"]);
    assert_eq!(both.reach(P::CallsView), Some(All));
    assert_eq!(both.reach(P::CallsDial), Some(Own));
    assert_eq!(both.reach(P::UsersView), None);
    let leads = Rights::of_words(["operator", "manager"]);
    assert_eq!((leads.reach(P::CallsView), leads.reach(P::CallsDial)), (Some(Team), Some(Own)));
    assert_eq!(Rights::of_words(["unheard of"]), Rights::default());
}

#[test]
fn nobody_gives_more_than_he_has() {
    let of = |words: &[&str]| Rights::of_words(words.iter().copied());
    assert!(of(&["admin"]).cover(of(&["operator", "viewer"])));
    assert!(of(&["supervisor"]).cover(of(&["operator"])));
    assert!(!of(&["operator"]).cover(of(&["supervisor"])));
    assert!(!of(&["operator"]).cover(of(&["calls.view"])));
    assert!(of(&["viewer"]).cover(of(&["calls.view"])));
    assert!(!of(&["keys.manage"]).cover(of(&["calls.view"])));
    assert!(of(&["supervisor"]).cover(of(&["manager"])));
    assert!(!of(&["manager"]).cover(of(&["viewer"])) && !of(&["operator"]).cover(of(&["manager"])));
}

#[test]
fn the_tables_of_the_documents_are_these() {
    let checked_in = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/rights.md");
    let kept = std::fs::read_to_string(checked_in).unwrap();
    let (before, rest) = kept.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let now = format!("{before}{BEGIN}\n{}\n{}{END}{after}", permissions(), routes());
    if std::env::var_os("TRUNKLINE_WRITE_OPENAPI").is_some() {
        std::fs::write(checked_in, &now).unwrap();
        return;
    }
    assert!(kept == now, "docs/rights.md is old: run the tests with TRUNKLINE_WRITE_OPENAPI=1");
}

fn permissions() -> String {
    let mut text = String::from("| permission | to |");
    ROLES.iter().for_each(|role| write!(text, " {} |", role.word).unwrap());
    text += "\n|---|---|";
    ROLES.iter().for_each(|_| text += "---|");
    for permission in Permission::ALL {
        write!(text, "\n| `{}` | {} |", permission.word(), permission.says()).unwrap();
        for role in &ROLES {
            let reach = match role.reach(*permission) {
                Some(All) => "all",
                Some(Team) => "team",
                Some(Own) => "own",
                None => "–",
            };
            write!(text, " {reach} |").unwrap();
        }
    }
    text + "\n"
}

fn routes() -> String {
    let description: Value = serde_json::from_str(&crate::Api::openapi_json()).unwrap();
    let mut text = String::from("| route | needs |\n|---|---|\n");
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let sentence = operation["description"].as_str().unwrap().rsplit("\n\n").next().unwrap();
            writeln!(text, "| `{} {path}` | {sentence} |", method.to_uppercase()).unwrap();
        }
    }
    text
}

const BEGIN: &str = "<!-- made from admin-api/src/rights.rs and the routes; a test compares -->";
const END: &str = "<!-- end -->";
