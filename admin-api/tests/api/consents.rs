//! `/v1/consents`: what may be written down, and how it is listed.

use centre::{Answer, Command, CommandError};
use clock::WallTime;
use journal_core::{ConsentEntry, Entry};
use serde_json::{Value, json};

use crate::client::{Reply, get, send_json};
use crate::node::Node;

const NUMBER: &str = "+442079460123";

/// A consent as it is sent.
pub(crate) fn given(number: &str) -> Value {
    json!({"number": number, "purpose": "artificial_voice", "channel": "web", "source": "form on example.com/quote",
        "evidence": "I agree to be called by a recorded voice."})
}

/// What the journal has of one, said so many seconds after 1970.
pub(crate) fn entry(id: u128, number: &str, given: bool, second: i64) -> ConsentEntry {
    let at = WallTime::from_micros(second * 1_000_000);
    ConsentEntry {
        id,
        account: "demo".to_owned(),
        number: number.to_owned(),
        purpose: "artificial_voice".to_owned(),
        given,
        channel: "web".to_owned(),
        source: "form".to_owned(),
        evidence: given.then(|| "I agree".to_owned()),
        at,
        by: "user_1".to_owned(),
        recorded_at: at,
    }
}

async fn post(node: &Node, path: &str, body: &Value) -> Reply {
    send_json(node.at, "POST", path, &[], &body.to_string()).await
}

#[tokio::test]
async fn consents_and_revocations_are_listed_and_a_consent_says_whether_it_stands() {
    let node = Node::start().await;
    let other = "+442079460124";
    let told =
        [entry(1, NUMBER, true, 10), entry(2, NUMBER, false, 20), entry(3, NUMBER, true, 30), entry(4, other, true, 5)];
    node.append(told.into_iter().map(|told| Entry::Consent(Box::new(told))).collect()).await;
    // An entry that is read twice is one row.
    node.append(vec![Entry::Consent(Box::new(entry(1, NUMBER, true, 10)))]).await;
    node.stored().await;
    let ids = |page: &Value| -> Vec<u64> {
        let all = page["data"].as_array().unwrap_or_else(|| panic!("{page}")).iter();
        all.map(|one| one["id"].as_str().unwrap().trim_start_matches("consent_").parse().unwrap()).collect()
    };
    for (query, expected) in [
        ("", vec![4, 3, 2, 1]),
        ("number=%2B442079460123", vec![3, 2, 1]),
        ("kind=revoked", vec![2]),
        ("purpose=claims_management", vec![]),
        ("number=%2B442079460123&kind=given&purpose=artificial_voice", vec![3, 1]),
    ] {
        let page = get(node.at, &format!("/v1/consents?{query}")).await.json();
        assert_eq!(ids(&page), expected, "{query}");
    }
    let first = get(node.at, "/v1/consents?limit=3").await.json();
    let cursor = first["next_cursor"].as_str().expect("more follow");
    assert_eq!(ids(&get(node.at, &format!("/v1/consents?limit=3&cursor={cursor}")).await.json()), [1]);
    for (id, stands, revoked_at) in [
        (1, false, json!("1970-01-01T00:00:20.000000Z")),
        (2, false, Value::Null),
        (3, true, Value::Null),
        (4, true, Value::Null),
    ] {
        let one = get(node.at, &format!("/v1/consents/consent_{id:032x}")).await.json();
        assert_eq!((&one["stands"], &one["revoked_at"]), (&json!(stands), &revoked_at), "{one}");
    }
    get(node.at, &format!("/v1/consents/consent_{:032x}", 77)).await.problem(404, "consent_not_found");
    get(node.at, "/v1/consents/42").await.problem(404, "consent_not_found");
}

#[tokio::test]
async fn what_is_written_down_is_of_a_number_can_be_shown_and_is_over() {
    let mut node = Node::start().await;
    node.play(|command| match command {
        Command::Consent(entry) if entry.number.ends_with('0') => Err(CommandError::ListFull),
        Command::Consent(entry) => Ok(Answer::Consent(entry)),
        _ => Err(CommandError::UnknownCall),
    });
    let made = post(&node, "/v1/consents", &given(NUMBER)).await;
    let told = made.json();
    assert_eq!((made.status, &told["kind"], &told["stands"]), (201, &json!("given"), &json!(true)), "{told}");
    assert!(told["recorded_by"].as_str().is_some_and(|who| who.starts_with("key_")), "{told}");
    let revoked = json!({"number": NUMBER, "purpose": "artificial_voice", "kind": "revoked", "channel": "phone",
        "source": "said so", "evidence": "in call 7", "at": "2026-01-02T03:04:05Z"});
    let told = post(&node, "/v1/consents", &revoked).await.json();
    let expected = (&json!("revoked"), &json!("2026-01-02T03:04:05.000000Z"), &json!(false));
    assert_eq!((&told["kind"], &told["at"], &told["stands"]), expected, "{told}");
    for (change, at) in [
        (json!({"number": "0207"}), "#/number"),
        (json!({"evidence": " "}), "#/evidence"),
        (json!({"source": ""}), "#/source"),
        (json!({"source": "\u{202e}form"}), "#/source"),
        (json!({"at": "2999-01-01T00:00:00Z"}), "#/at"),
    ] {
        let mut body = given(NUMBER);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let problem = post(&node, "/v1/consents", &body).await.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], at, "{problem}");
    }
    post(&node, "/v1/consents", &given("+442079460120")).await.problem(409, "limit_reached");
}
