use crate::client::{KEY, get, parse, send, send_json};
use crate::node::Node;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn only_a_good_key_opens() {
    let node = Node::start().await;
    let wrong: [&[(&str, &str)]; 7] = [
        &[],
        &[("Authorization", "Bearer demo-admin-ke")],
        &[("Authorization", "Bearer ")],
        &[("Authorization", "Basic demo-admin-key")],
        &[("Authorization", "demo-admin-key")],
        &[("Authorization", "Bearer d\u{e9}mo")],
        &[KEY, KEY],
    ];
    for headers in wrong {
        let reply = send(node.at, "GET", "/v1/agents", headers, "").await;
        reply.problem(401, "unauthorized");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer realm=\"trunkline\""));
    }
    assert_eq!(send(node.at, "GET", "/v1/agents", &[("authorization", "bearer demo-admin-key")], "").await.status, 200);
    let useless = [("Authorization", "Bearer key-without-scopes")];
    send(node.at, "GET", "/v1/agents", &useless, "").await.problem(403, "forbidden");
}

#[tokio::test]
async fn routes_that_do_not_exist_are_told_to_key_holders_only() {
    let node = Node::start().await;
    for path in ["/", "/v1", "/v1/nothing", "/v1/agents/", "/v2/agents", "/v1//agents", "/v1/agents/1001/state/x"] {
        get(node.at, path).await.problem(404, "route_not_found");
        send(node.at, "GET", path, &[], "").await.problem(401, "unauthorized");
    }
    get(node.at, "/v1/agents/%ff").await.problem(400, "bad_request");
}

#[tokio::test]
async fn a_wrong_method_names_the_right_ones() {
    let node = Node::start().await;
    let reply = send_json(node.at, "DELETE", "/v1/agents", &[], "").await;
    reply.problem(405, "method_not_allowed");
    assert_eq!(reply.header("allow"), Some("GET,HEAD"));
    let head = send(node.at, "HEAD", "/v1/agents", &[KEY], "").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[tokio::test]
async fn request_ids_are_echoed_when_plain() {
    let node = Node::start().await;
    let ask = |id: String| async move { send(node.at, "GET", "/v1/x", &[KEY, ("X-Request-Id", &id)], "").await };
    let reply = ask("abc-1:2/3".into()).await;
    assert_eq!(reply.problem(404, "route_not_found")["instance"], "abc-1:2/3");
    for odd in ["", "two words", "<script>", &"x".repeat(129)] {
        let reply = ask(odd.to_owned()).await;
        assert!(reply.header("x-request-id").unwrap().starts_with("req_"), "{reply:?}");
    }
}

#[tokio::test]
async fn a_problem_type_leads_to_a_page() {
    let node = Node::start().await;
    let problem = send(node.at, "GET", "/v1/agents", &[], "").await.json();
    let page = send(node.at, "GET", problem["type"].as_str().unwrap(), &[], "").await;
    assert!(page.text().starts_with("unauthorized\n"));
    send(node.at, "GET", "/problems/unheard_of", &[], "").await.problem(404, "route_not_found");
}

#[tokio::test]
async fn bytes_that_are_no_http_end_the_connection_only() {
    let node = Node::start().await;
    let long = format!("GET /v1/agents HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    let many = format!("GET /v1/agents HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(100));
    for (bytes, statuses) in [
        ("\0\u{1}\u{2} hello\r\n\r\n", [400, 400]),
        ("GET /v1/agents HTTP/9.9\r\n\r\n", [400, 505]),
        (long.as_str(), [431, 400]),
        (many.as_str(), [431, 400]),
    ] {
        let mut stream = tokio::net::TcpStream::connect(node.at).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        // A reset after the answer is as good as an end.
        let _ = stream.read_to_end(&mut reply).await;
        if !reply.is_empty() {
            assert!(statuses.contains(&parse(&reply).status), "{bytes:.30}");
        }
    }
    assert_eq!(get(node.at, "/v1/agents").await.status, 200);
}
