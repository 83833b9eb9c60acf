//! How many requests a key may send: a bucket of tokens each (rest.md section 2).
//!
//! Calls have a bucket of their own, so that a program that dials too fast does not
//! stop the wallboard that came with the same key.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;

use crate::api::Shared;
use crate::key::Principal;
use crate::problem::{Code, Problem};

/// What may be sent within [`WINDOW`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Policy {
    /// Any request.
    Requests,
    /// `POST /v1/calls`.
    Dialing,
}

/// The buckets of all who asked of late.
#[derive(Debug, Default)]
pub(crate) struct RateLimits(Mutex<BTreeMap<(String, Policy), Bucket>>);

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// When it would be full if nothing more came: it says how many tokens are missing.
    full_at: Instant,
}

/// What is left after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Left {
    policy: Policy,
    requests: u32,
    /// Until the bucket is full again.
    full_in: Duration,
}

/// Takes a token for each request that came with a key, and tells what is left.
///
/// # Errors
/// 429 with `Retry-After` where there is none.
pub(crate) async fn limit(State(shared): State<Shared>, request: Request, next: Next) -> Result<Response, Problem> {
    let Some(principal) = request.extensions().get::<Principal>() else { return Ok(next.run(request).await) };
    let dials = request.method() == Method::POST && request.uri().path() == "/v1/calls";
    let policy = if dials { Policy::Dialing } else { Policy::Requests };
    let left = shared.rates.take(&principal.id, policy, Instant::now()).inspect_err(|_| {
        shared.services.metrics.dropped("rate_limited");
    })?;
    let mut response = next.run(request).await;
    for (name, value) in left.headers() {
        response.headers_mut().extend(HeaderValue::from_str(&value).ok().map(|value| (name, value)));
    }
    Ok(response)
}

impl RateLimits {
    fn take(&self, who: &str, policy: Policy, now: Instant) -> Result<Left, Problem> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_BUCKETS {
            // A full bucket is as good as none.
            buckets.retain(|_, bucket| bucket.full_at > now);
        }
        let key = (who.to_owned(), policy);
        let full_at = buckets.get(&key).map_or(now, |bucket| bucket.full_at.max(now)) + policy.token();
        let full_in = full_at.saturating_duration_since(now);
        if full_in > WINDOW {
            return Err(refusal(policy, full_in.saturating_sub(WINDOW)));
        }
        if buckets.len() < MAX_BUCKETS || buckets.contains_key(&key) {
            buckets.insert(key, Bucket { full_at });
        }
        let taken = full_in.as_micros().div_ceil(policy.token().as_micros().max(1));
        let requests = policy.quota().saturating_sub(u32::try_from(taken).unwrap_or(u32::MAX));
        Ok(Left { policy, requests, full_in })
    }
}

impl Policy {
    /// Requests within [`WINDOW`].
    const fn quota(self) -> u32 {
        match self {
            Self::Requests => REQUESTS,
            Self::Dialing => DIALINGS,
        }
    }

    /// For one token to come back.
    fn token(self) -> Duration {
        WINDOW / self.quota()
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Dialing => "dialing",
        }
    }
}

impl Left {
    /// As draft-ietf-httpapi-ratelimit-headers-11 has them.
    fn headers(self) -> [(axum::http::HeaderName, String); 2] {
        let Self { policy, requests, full_in } = self;
        let (word, quota, window) = (policy.word(), policy.quota(), WINDOW.as_secs());
        let name = axum::http::HeaderName::from_static;
        [
            (name("ratelimit-policy"), format!("\"{word}\";q={quota};w={window}")),
            (name("ratelimit"), format!("\"{word}\";r={requests};t={}", full_in.as_millis().div_ceil(1000))),
        ]
    }
}

fn refusal(policy: Policy, wait: Duration) -> Problem {
    let (quota, window) = (policy.quota(), WINDOW.as_secs());
    Problem::new(Code::RateLimited, format!("A key may send {quota} such requests in {window} s.")).retry_after(wait)
}

/// How long a bucket takes to fill.
const WINDOW: Duration = Duration::from_secs(60);
/// 300 a second on end: fifty wallboards that ask six times a second, and a tenth of what one core answers.
const REQUESTS: u32 = 18_000;
/// Ten a second on end: more than fifty agents can talk to, so what comes faster is a fault.
const DIALINGS: u32 = 600;
/// Buckets that are not full: above the connections, so that keys are what bounds them. One more is not counted.
const MAX_BUCKETS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let (limits, now) = (RateLimits::default(), Instant::now());
        let first = limits.take("key", Policy::Dialing, now).unwrap();
        assert_eq!(first.requests, DIALINGS - 1);
        assert_eq!(first.headers()[0].1, "\"dialing\";q=600;w=60");
        assert_eq!(first.headers()[1].1, "\"dialing\";r=599;t=1");
        for _ in 1..DIALINGS {
            limits.take("key", Policy::Dialing, now).unwrap();
        }
        assert_eq!(limits.take("key", Policy::Dialing, now).unwrap_err().code(), Code::RateLimited);
        assert!(limits.take("other", Policy::Dialing, now).is_ok());
        assert!(limits.take("key", Policy::Requests, now).is_ok());
        let later = now + Policy::Dialing.token();
        assert!(limits.take("key", Policy::Dialing, later).is_ok());
        assert!(limits.take("key", Policy::Dialing, later).is_err());
    }

    #[test]
    fn there_are_only_so_many_buckets() {
        let (limits, now) = (RateLimits::default(), Instant::now());
        for number in 0..2 * MAX_BUCKETS {
            limits.take(&number.to_string(), Policy::Requests, now).unwrap();
        }
        assert_eq!(limits.0.lock().unwrap().len(), MAX_BUCKETS);
        limits.take("late", Policy::Requests, now + WINDOW).unwrap();
        assert_eq!(limits.0.lock().unwrap().len(), 1);
    }
}
