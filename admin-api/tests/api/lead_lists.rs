//! `/v1/lead-lists`: from a file to leads, with what was wrong in it.

use serde_json::{Value, json};

use crate::client::{Follow, KEY, Reply, get, send, send_bytes};
use crate::node::Node;

const FILE: &str = "Nombre;Teléfono;Móvil;Notas\r\n\
    \"Pérez; Ana\";020 7183 0001;07700 900123;\"two\r\nlines\"\r\n\
    Jo;020 7183 0002;;\r\n\
    \r\n\
    Al;n/a;;=1+1\r\n\
    Bo;02071830001;;\r\n\
    Cy;020 7183 0666;;\r\n\
    Di;4.42072E+11;07700900124;\r\n\
    Ed;020 7183 0003;;a;b\r\n\
    \"Flo;020 7183 0004;;\r\n\
    Gus;020 7183 0005;;x";

#[tokio::test]
async fn a_file_becomes_leads_and_a_report() {
    let node = Node::start().await;
    node.forbid("+442071830666");
    let mut events = Follow::open(node.at, "/v1/events?topics=lead-lists", &[]).await;
    let list = uploaded(&node, "?name=leads.csv", FILE.as_bytes()).await;
    assert_eq!(
        (&list["name"], &list["state"], &list["country"]),
        (&json!("leads.csv"), &json!("mapped"), &json!("GB"))
    );
    let path = format!("/v1/lead-lists/{}", list["id"].as_str().unwrap());

    let preview = get(node.at, &format!("{path}/preview?rows=3")).await.json();
    let columns: Vec<_> = preview["columns"].as_array().unwrap().iter().map(|column| &column["field"]).collect();
    assert_eq!(columns, ["name", "phone", "phone", "extra"]);
    assert_eq!((&preview["separator"], &preview["has_header"]), (&json!(";"), &json!(true)));
    assert_eq!(preview["rows"][0]["numbers"], json!(["+442071830001", "+447700900123"]));
    assert_eq!(preview["rows"][0]["cells"][0], "Pérez; Ana");
    assert_eq!(
        (&preview["rows"][2]["row"], &preview["rows"][2]["issues"][0]["code"]),
        (&json!(5), &json!("invalid_number"))
    );

    let counted = post(&node, &format!("{path}/validate")).await;
    assert_eq!(counted.status, 202, "{counted:?}");
    let validated = node.until(&path, |list| list["state"] == "validated").await;
    let figures = |list: &Value| {
        ["rows_read", "leads", "numbers", "rows_invalid", "rows_duplicate", "rows_forbidden", "issues"]
            .map(|field| list[field].as_u64().unwrap())
    };
    assert_eq!(figures(&validated), [9, 4, 5, 3, 1, 1, 6], "{validated}");
    assert_eq!(get(node.at, &format!("{path}/entries")).await.json()["data"], json!([]), "nothing is imported");

    assert_eq!(post(&node, &format!("{path}/start")).await.status, 202);
    let done = node.until(&path, |list| list["state"] == "done_with_errors").await;
    assert_eq!(figures(&done), figures(&validated));
    assert_eq!((&done["task"], &done["read_bytes"]), (&Value::Null, &done["file_bytes"]));
    post(&node, &format!("{path}/start")).await.problem(409, "lead_list_state");
    assert!(std::fs::read_dir(node.path("lead-lists")).unwrap().next().is_none(), "the file is gone");

    check_entries(&node, &path).await;
    check_report(&node, &path).await;
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "lead_list.done_with_errors") {
        let frame = events.next().await.unwrap();
        assert_eq!(frame.json()["data"]["lead_list_id"], list["id"], "{frame:?}");
        kinds.push(frame.event);
    }
    assert_eq!(kinds[..2], ["lead_list.mapped", "lead_list.mapped"], "uploaded, then asked to be validated");
    assert!(kinds.contains(&"lead_list.validated".to_owned()) && kinds.contains(&"lead_list.importing".to_owned()));
    let metrics = get(node.at, "/metrics").await;
    assert!(metrics.text().contains("trunkline_lead_list_rows_total{outcome=\"lead\"} 4"));
}

async fn check_entries(node: &Node, path: &str) {
    let first = get(node.at, &format!("{path}/entries?limit=3")).await.json();
    let next = format!("{path}/entries?limit=3&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = get(node.at, &next).await.json();
    assert!(second["next_cursor"].is_null());
    let all: Vec<&Value> = [&first, &second].iter().flat_map(|page| page["data"].as_array().unwrap()).collect();
    assert_eq!(all.iter().map(|lead| lead["row"].as_u64().unwrap()).collect::<Vec<_>>(), [2, 3, 8, 11]);
    assert_eq!(all[0]["name"], "Pérez; Ana");
    assert_eq!(all[0]["numbers"][0], json!({"number": "+442071830001", "typed": "020 7183 0001"}));
    assert_eq!(all[0]["extra"]["Notas"], "two\r\nlines");
}

async fn check_report(node: &Node, path: &str) {
    let report = get(node.at, &format!("{path}/errors.csv")).await;
    assert_eq!(report.header("content-type"), Some("text/csv; charset=utf-8"));
    let lines: Vec<&str> = report.text().lines().collect();
    assert_eq!(lines[0], "row,line,imported,issue_column,issue,issue_says,issue_detail,Nombre,Teléfono,Móvil,Notas");
    for (line, wanted) in [
        (1, "5,6,no,Teléfono,invalid_number,"),
        (2, "6,7,no,Teléfono,duplicate_in_list,"),
        (3, "7,8,no,Teléfono,forbidden,"),
        (4, "8,9,yes,Teléfono,rounded_number,"),
        (5, "9,10,no,,too_many_cells,"),
        (6, "10,11,no,,unclosed_quote,"),
    ] {
        assert!(lines[line].starts_with(wanted), "{}", lines[line]);
    }
    assert!(lines[1].ends_with(",Al,n/a,,'=1+1"), "nothing runs in a spreadsheet: {}", lines[1]);
    assert!(lines[3].contains("do_not_call: +442071830666"), "{}", lines[3]);
    assert_eq!(lines.len(), 7);
}

#[tokio::test]
async fn files_that_cannot_be_read_are_refused_with_a_word() {
    let node = Node::start().await;
    let latin = b"Name,Phone\nGarc\xEDa,020 7183 0001\n";
    let problem = upload(&node, "", latin).await.problem(422, "unreadable_file");
    assert!(problem["detail"].as_str().unwrap().contains("line 2 is not UTF-8"), "{problem}");
    let read = uploaded(&node, "?encoding=windows-1252", latin).await;
    let preview = get(node.at, &format!("/v1/lead-lists/{}/preview", read["id"].as_str().unwrap())).await.json();
    assert_eq!((&preview["rows"][0]["cells"][0], &preview["encoding"]), (&json!("García"), &json!("windows-1252")));
    let utf16: Vec<u8> = "\u{feff}Phone\n02071830001\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(uploaded(&node, "", &utf16).await["state"], "mapped");

    for (body, code) in [
        (&b"PK\x03\x04 a spreadsheet"[..], "spreadsheet"),
        (b"P\0h\0o\0n\0e\0", "zero_byte"),
        (b"", "empty"),
        (b"\n\r\n  \n", "empty"),
    ] {
        let problem = upload(&node, "", body).await.problem(422, "unreadable_file");
        assert_eq!(problem["errors"][0]["code"], code, "{problem}");
    }
    for query in ["?country=XX", "?country=England", "?encoding=ebcdic", "?name=", "?colour=red", "?duplicates=maybe"] {
        let status = upload(&node, query, b"Phone\n02071830001\n").await;
        assert_eq!(status.status, 400, "{query}: {status:?}");
    }
    let xml = send(node.at, "POST", "/v1/lead-lists", &[KEY, ("Content-Type", "text/xml")], "<a/>").await;
    xml.problem(415, "unsupported_media_type");
    let files = std::fs::read_dir(node.path("lead-lists")).unwrap().count();
    assert_eq!(files, 2, "what was refused is not kept");
}

#[tokio::test]
async fn columns_are_mapped_as_a_person_says() {
    let node = Node::start().await;
    let list = uploaded(&node, "", b"a,b\nJo,x\nAl,y\n").await;
    assert_eq!(list["state"], "uploaded", "no column looks like a number");
    let path = format!("/v1/lead-lists/{}", list["id"].as_str().unwrap());
    let refused = post(&node, &format!("{path}/start")).await.problem(409, "lead_list_state");
    assert_eq!(refused["errors"][0]["pointer"], "#/mapping/phone");
    let map = async |body: Value| {
        let headers = [KEY, ("Content-Type", "application/json")];
        send(node.at, "PUT", &format!("{path}/mapping"), &headers, &body.to_string()).await
    };
    for (body, pointer) in [
        (json!({"columns": ["name", "ignore"]}), "#/mapping/phone"),
        (json!({"columns": ["phone"]}), "#/columns"),
        (json!({"columns": ["phone", "colour"]}), "#/columns/1"),
        (json!({"columns": ["phone", "phone"], "separator": "x"}), "#/separator"),
        (json!({"columns": ["name", "phone"], "country": "Mars"}), "#/country"),
        (json!({}), "#/mapping/phone"),
    ] {
        let problem = map(body.clone()).await.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    let mapped = map(json!({"columns": ["name", "phone"], "duplicates": "keep"})).await.json();
    assert_eq!((&mapped["state"], &mapped["duplicates"]), (&json!("mapped"), &json!("keep")));
    assert_eq!(post(&node, &format!("{path}/start")).await.status, 202);
    let done = node.until(&path, |list| list["state"] == "done_with_errors").await;
    assert_eq!((&done["rows_invalid"], &done["leads"]), (&json!(2), &json!(0)));
    map(json!({"columns": ["name", "phone"]})).await.problem(409, "lead_list_state");
    get(node.at, &format!("{path}/preview")).await.problem(409, "lead_list_state");
}

#[tokio::test]
async fn duplicates_are_found_in_the_list_or_the_account_as_asked() {
    let node = Node::start().await;
    let file = b"Phone,Name\n02071830001,Jo\n02071830001,Al\n02071830002,Bo\n";
    let mut counts = Vec::new();
    for duplicates in ["keep", "in_list", "in_account"] {
        let list = imported(&node, &format!("?duplicates={duplicates}"), file).await;
        counts.push((list["leads"].as_u64().unwrap(), list["rows_duplicate"].as_u64().unwrap()));
    }
    assert_eq!(counts, [(3, 0), (2, 1), (0, 3)]);
    let lists = get(node.at, "/v1/lead-lists").await.json();
    for list in lists["data"].as_array().unwrap() {
        let path = format!("/v1/lead-lists/{}", list["id"].as_str().unwrap());
        let gone = send(node.at, "DELETE", &path, &[KEY], "").await;
        assert_eq!(gone.status, 204, "{gone:?}");
        get(node.at, &path).await.problem(404, "lead_list_not_found");
    }
    let again = imported(&node, "?duplicates=in_account", file).await;
    assert_eq!(again["leads"], 2, "numbers of deleted lists are nobody's");
}

#[tokio::test]
async fn an_upload_that_is_repeated_makes_one_list() {
    let node = Node::start().await;
    let headers = [KEY, ("Content-Type", "text/csv"), ("Idempotency-Key", "list-1")];
    let file = "Phone\n02071830001\n";
    let first = send(node.at, "POST", "/v1/lead-lists?name=a.csv", &headers, file).await;
    let second = send(node.at, "POST", "/v1/lead-lists?name=a.csv", &headers, file).await;
    assert_eq!(
        (first.json()["id"].clone(), second.header("idempotent-replayed")),
        (second.json()["id"].clone(), Some("true"))
    );
    let other = send(node.at, "POST", "/v1/lead-lists?name=a.csv", &headers, "Phone\n02071830002\n").await;
    other.problem(422, "idempotency_key_reused");
    assert_eq!(get(node.at, "/v1/lead-lists").await.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn leads_are_added_one_by_one() {
    let node = Node::start().await;
    node.forbid("+442071830666");
    let headers = [KEY, ("Content-Type", "application/json")];
    let list = send(node.at, "POST", "/v1/lead-lists", &headers, "{\"name\": \"web form\"}").await;
    assert_eq!((list.status, &list.json()["state"]), (201, &json!("done")));
    let path = format!("/v1/lead-lists/{}", list.json()["id"].as_str().unwrap());
    let add = async |body: Value| send(node.at, "POST", &format!("{path}/leads"), &headers, &body.to_string()).await;
    let leads = json!({"leads": [
        {"numbers": ["020 7183 0001", "+447700900123"], "first_name": "Jo", "extra": {"colour": "blue"}},
        {"numbers": ["+442071830666"]},
        {"numbers": ["+442071830001"]},
        {"numbers": ["12"], "time_zone": "Mars/Base"},
    ]});
    let added = add(leads.clone()).await.json();
    assert_eq!(added["added"], 1, "{added}");
    let codes: Vec<_> = added["leads"].as_array().unwrap().iter().map(|lead| &lead["issues"][0]["code"]).collect();
    assert_eq!(codes, [&Value::Null, &json!("forbidden"), &json!("duplicate_in_list"), &json!("unknown_time_zone")]);
    assert_eq!(add(leads).await.json()["added"], 0, "all are there already");
    let stands = get(node.at, &path).await.json();
    assert_eq!((&stands["rows_read"], &stands["leads"], &stands["numbers"]), (&json!(8), &json!(1), &json!(2)));
    let entries = get(node.at, &format!("{path}/entries")).await.json();
    assert_eq!((&entries["data"][0]["name"], &entries["data"][0]["id"]), (&json!("Jo"), &added["leads"][0]["id"]));
    for body in [
        json!({"leads": []}),
        json!({"leads": [{"numbers": []}]}),
        json!({"leads": [{"numbers": ["+442071830001"], "name": "x".repeat(1_001)}]}),
        json!({"leads": [{"numbers": ["+442071830001"], "consent_artificial_voice_at": "yesterday"}]}),
    ] {
        add(body).await.problem(422, "invalid_body");
    }
    let report = get(node.at, &format!("{path}/errors.csv")).await;
    assert_eq!(report.text().lines().count(), 1 + 4 + 6, "two lines of the last lead: {report:?}");
}

#[tokio::test]
async fn as_many_leads_come_at_once_as_a_body_holds() {
    let node = Node::start().await;
    let headers = [KEY, ("Content-Type", "application/json")];
    let list = send(node.at, "POST", "/v1/lead-lists", &headers, "{\"name\": \"web form\"}").await.json();
    let path = format!("/v1/lead-lists/{}/leads", list["id"].as_str().unwrap());
    let body = |leads: usize, bytes: usize| {
        let lead = |at: usize| json!({"numbers": [format!("+44207183{at:04}")], "extra": {"said": "x".repeat(1_000)}});
        let body = json!({ "leads": (0..leads).map(lead).collect::<Vec<_>>() }).to_string();
        body.clone() + &" ".repeat(bytes - body.len())
    };
    let most = send(node.at, "POST", &path, &headers, &body(200, 1024 * 1024)).await;
    assert_eq!((most.status, &most.json()["added"]), (200, &json!(200)), "{most:?}");
    send(node.at, "POST", &path, &headers, &body(200, 1024 * 1024 + 1)).await.problem(413, "payload_too_large");
    let keyed = [headers[0], headers[1], ("Idempotency-Key", "leads-1")];
    for issues in [1, 0] {
        let again = send(node.at, "POST", &path, &keyed, &body(200, 300_000)).await;
        assert_eq!((again.status, &again.json()["added"]), (200, &json!(0)), "all are there already: {again:?}");
        assert_eq!(again.json()["leads"][0]["issues"].as_array().unwrap().len(), issues, "given again without them");
    }
    let more = send(node.at, "POST", &path, &headers, &body(201, 300_000)).await.problem(422, "invalid_body");
    assert_eq!(more["errors"][0]["pointer"], "#/leads");
    let extra = |fields: usize| {
        let fields: serde_json::Map<_, _> = (0..fields).map(|at| (format!("field {at}"), json!("x"))).collect();
        json!({"leads": [{"numbers": ["+442071840000"], "extra": fields}]}).to_string()
    };
    assert_eq!(send(node.at, "POST", &path, &headers, &extra(100)).await.json()["added"], 1);
    let more = send(node.at, "POST", &path, &headers, &extra(101)).await.problem(422, "invalid_body");
    assert_eq!(more["errors"][0]["pointer"], "#/leads/0/extra");
}

#[tokio::test]
async fn a_list_without_a_file_says_so() {
    let node = Node::start().await;
    let headers = [KEY, ("Content-Type", "application/json")];
    let list = send(node.at, "POST", "/v1/lead-lists", &headers, "{\"name\": \"web form\"}").await.json();
    let path = format!("/v1/lead-lists/{}", list["id"].as_str().unwrap());
    get(node.at, &format!("{path}/preview")).await.problem(409, "lead_list_state");
    let mapped = send(node.at, "PUT", &format!("{path}/mapping"), &headers, "{\"columns\": [\"phone\"]}").await;
    mapped.problem(409, "lead_list_state");
    for verb in ["validate", "start"] {
        post(&node, &format!("{path}/{verb}")).await.problem(409, "lead_list_state");
    }
    let report = get(node.at, &format!("{path}/errors.csv")).await;
    assert_eq!(report.text(), "row,line,imported,issue_column,issue,issue_says,issue_detail\r\n", "nothing was wrong");
}

#[tokio::test]
async fn a_list_that_is_called_off_has_no_leads() {
    let node = Node::start().await;
    let rows: String = (0..20_000).map(|row| format!("020718{row:05},x\n")).collect();
    let list = uploaded(&node, "", format!("Phone,Name\n{rows}").as_bytes()).await;
    let path = format!("/v1/lead-lists/{}", list["id"].as_str().unwrap());
    assert_eq!(post(&node, &format!("{path}/start")).await.status, 202);
    node.until(&path, |list| list["leads"].as_u64() > Some(0)).await;
    assert_eq!(post(&node, &format!("{path}/cancel")).await.json()["state"], "cancelled");
    let over = node.until(&path, |list| list["task"].is_null()).await;
    assert_eq!((&over["state"], &over["leads"]), (&json!("cancelled"), &json!(0)));
    assert_eq!(get(node.at, &format!("{path}/entries")).await.json()["data"], json!([]));
    post(&node, &format!("{path}/cancel")).await.problem(409, "lead_list_state");
    let headers = [KEY, ("Content-Type", "application/json")];
    let leads = "{\"leads\": [{\"numbers\": [\"+442071830001\"]}]}";
    send(node.at, "POST", &format!("{path}/leads"), &headers, leads).await.problem(409, "lead_list_state");
}

#[tokio::test]
async fn an_import_goes_on_after_a_restart() {
    let node = Node::start().await;
    let rows: String = (0..20_000).map(|row| format!("020718{row:05},x\n")).collect();
    let list = uploaded(&node, "", format!("Phone,Name\n{rows}").as_bytes()).await;
    let path = format!("/v1/lead-lists/{}", list["id"].as_str().unwrap());
    post(&node, &format!("{path}/start")).await;
    let before = node.until(&path, |list| list["leads"].as_u64() > Some(0)).await;
    assert_eq!(before["state"], "importing");
    node.write_file("lead-lists/list_0.part", "of an upload that a crash cut");
    let node = node.restart().await;
    let done = node.until(&path, |list| list["state"] == "done").await;
    assert_eq!((&done["leads"], &done["numbers"]), (&json!(20_000), &json!(20_000)));
    // The file goes when the list is known to be done.
    for _ in 0..1_000 {
        if std::fs::read_dir(node.path("lead-lists")).unwrap().next().is_none() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("a file is left lying about");
}

async fn upload(node: &Node, query: &str, body: &[u8]) -> Reply {
    let headers = [KEY, ("Content-Type", "text/csv")];
    send_bytes(node.at, "POST", &format!("/v1/lead-lists{query}"), &headers, body).await
}

async fn uploaded(node: &Node, query: &str, body: &[u8]) -> Value {
    let reply = upload(node, query, body).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()
}

/// A list that was uploaded and imported to its end.
async fn imported(node: &Node, query: &str, body: &[u8]) -> Value {
    let list = uploaded(node, query, body).await;
    let path = format!("/v1/lead-lists/{}", list["id"].as_str().unwrap());
    assert_eq!(post(node, &format!("{path}/start")).await.status, 202);
    node.until(&path, |list| list["task"].is_null()).await
}

async fn post(node: &Node, path: &str) -> Reply {
    send(node.at, "POST", path, &[KEY], "").await
}
