//! What holds for every request: an id, a deadline, a fence against panics, and problems written out.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio::time::timeout;

use crate::page;
use crate::problem::{self, Code, Problem};
use crate::time::wall_now;

/// The id of a request, for those who carry it out.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// Runs a request and finishes its response.
pub(crate) async fn envelope(mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    request.extensions_mut().insert(RequestId(id.clone()));
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let run = AssertUnwindSafe(next.run(request)).catch_unwind();
    let response = match timeout(deadline(&method, uri.path()), run).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!(request_id = %id, %method, path = uri.path(), "a route panicked");
            Problem::new(Code::InternalError, "The fault is ours; it was logged under the request id.").into_response()
        }
        Err(_) => Problem::new(Code::Unavailable, "The request took too long.").into_response(),
    };
    tracing::debug!(request_id = %id, %method, path = uri.path(), status = response.status().as_u16(), "request");
    let mut response = problem::render(response, &id);
    page::link_next(&mut response, &uri);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let headers = response.headers_mut();
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    // What callers said and who they are is kept by no cache; a stream says so in its own words.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The client's id if it is a plain short word, else one of ours.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let plain = |id: &&str| {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte);
        (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(word)
    };
    given.filter(plain).map_or_else(fresh_id, str::to_owned)
}

/// A file takes as long as its client's line; a campaign is estimated, also before it is submitted, by all of its leads.
fn deadline(method: &Method, path: &str) -> Duration {
    let counts = path.starts_with("/v1/campaigns/") && (path.ends_with("/estimate") || path.ends_with("/submit"));
    if takes_file(method, path) {
        LONGEST_UPLOAD
    } else if counts && *method == Method::POST {
        COUNTING_DEADLINE
    } else {
        REQUEST_DEADLINE
    }
}

/// It takes a file; with a body that is none it is over at once.
pub(crate) fn takes_file(method: &Method, path: &str) -> bool {
    *method == Method::POST && UPLOADS.contains(&path)
}

/// Unique on this node: the wall clock, and a count within the process.
fn fresh_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("req_{:014x}{count:08x}", wall_now().as_micros())
}

const REQUEST_ID: &str = "x-request-id";
/// Longest request id taken over from a client: a UUID with a prefix, and room.
const MAX_REQUEST_ID: usize = 128;
/// For a request from its head to the head of its answer: above every deadline inside.
const REQUEST_DEADLINE: Duration = Duration::from_secs(30);
/// For one that counts leads: five million take a minute of one core (docs/benchmarks.md).
const COUNTING_DEADLINE: Duration = Duration::from_secs(120);
/// Routes that take files.
const UPLOADS: [&str; 1] = ["/v1/lead-lists"];
/// The longest file over a slow line.
pub(crate) const LONGEST_UPLOAD: Duration = Duration::from_secs(3_600);

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::middleware::from_fn;
    use axum::routing::{get, post};
    use tower_service::Service;

    async fn ask(path: &str) -> (u16, serde_json::Value) {
        ask_by(Method::GET, path).await
    }

    async fn ask_by(method: Method, path: &str) -> (u16, serde_json::Value) {
        let minute = async || {
            tokio::time::sleep(Duration::from_secs(60)).await;
            "{}"
        };
        let router = Router::new()
            .route("/panic", get(async || -> &'static str { panic!("planted") }))
            .route("/hang", get(std::future::pending::<&'static str>))
            .route("/v1/lead-lists", get(minute).post(minute))
            .route("/v1/campaigns/{id}/{verb}", post(minute));
        let mut router = router.layer(from_fn(envelope));
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = router.call(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_of_ours() {
        let (status, problem) = ask("/panic").await;
        assert_eq!((status, &problem["code"]), (500, &"internal_error".into()));
        assert!(!problem.to_string().contains("planted"));
    }

    #[tokio::test(start_paused = true)]
    async fn no_request_hangs() {
        let (status, problem) = ask("/hang").await;
        assert_eq!((status, &problem["code"]), (503, &"unavailable".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_over_a_slow_line_and_the_estimate_of_a_long_list_have_their_time() {
        for path in ["/v1/lead-lists", "/v1/campaigns/campaign_1/estimate", "/v1/campaigns/campaign_1/submit"] {
            assert_eq!(ask_by(Method::POST, path).await.0, 200, "{path}");
        }
        assert_eq!(ask("/v1/lead-lists").await.0, 503, "a list of lists");
        assert_eq!(ask_by(Method::POST, "/v1/campaigns/campaign_1/start").await.0, 503);
    }
}
