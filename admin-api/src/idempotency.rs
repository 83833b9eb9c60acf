//! Requests that may be sent twice: the answer to an `Idempotency-Key`, kept and given again.
//!
//! How long an answer is kept is said by [`journal_core::Answers`]. What was
//! refused is not kept: it changed nothing, so the same request may try again.
//! A crash between a call's start and its answer leaves no answer behind; the
//! call then ended with the node, and a repeated request rightly makes a new one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use clock::WallTime;
use journal_core::{Answer, Answers, Entry};
use sha2::{Digest, Sha256};

use crate::key::Principal;
use crate::problem::{Code, Problem};

/// The answers given so far and the requests under way, shared by all requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdempotencyTable(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    answers: Answers,
    /// Requests under way: key hash to body hash.
    running: BTreeMap<[u8; 32], [u8; 32]>,
}

/// What one request is known by: principal, method, path and key; and the body it must have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestKey {
    key_hash: [u8; 32],
    body_hash: [u8; 32],
}

/// What a request with a key is.
#[derive(Debug)]
pub(crate) enum Begun {
    /// The first of its kind: do it.
    Fresh(Turn),
    /// It was done: this was the answer.
    Replay(Answer),
}

/// The right to carry out a request; given back when dropped, unless an answer was kept.
#[derive(Debug)]
pub(crate) struct Turn {
    table: IdempotencyTable,
    key: RequestKey,
}

impl RequestKey {
    /// The key that the headers give, if any.
    ///
    /// # Errors
    /// 400 for one that is empty, too long, given twice or not printable.
    pub(crate) fn read(
        headers: &HeaderMap,
        principal: &Principal,
        route: &str,
        body: &[u8],
    ) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all(HEADER).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let plain = |key: &&str| (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        let key = value.to_str().ok().filter(plain).filter(|_| values.next().is_none()).ok_or_else(|| {
            let expected = format!("expected one value of 1 to {MAX_KEY} printable characters without spaces");
            Problem::new(Code::InvalidIdempotencyKey, "The key is not valid.").at(HEADER, "invalid", expected)
        })?;
        let parts = [principal.account.as_str(), principal.id.as_str(), route, key];
        let hash = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part).chain_update([0]));
        Ok(Some(Self { key_hash: hash.finalize().into(), body_hash: Sha256::digest(body).into() }))
    }
}

/// The refusal of a request that needs a key and has none.
pub(crate) fn key_required() -> Problem {
    Problem::new(Code::IdempotencyKeyRequired, "A repeated request must not dial twice: send a key of your own.").at(
        HEADER,
        "required",
        "expected a header Idempotency-Key",
    )
}

impl IdempotencyTable {
    /// A table with the answers that the journal gave back.
    pub(crate) fn new(answers: Answers) -> Self {
        Self(Arc::new(Mutex::new(Table { answers, running: BTreeMap::new() })))
    }

    /// Begins a request.
    ///
    /// # Errors
    /// 422 for a key used with another body, 409 while the first request runs, 503 when too many run.
    pub(crate) fn begin(&self, key: RequestKey, now: WallTime) -> Result<Begun, Problem> {
        let mut table = self.lock();
        table.answers.expire(now);
        if let Some(answer) = table.answers.find(&key.key_hash) {
            return if answer.body_hash == key.body_hash { Ok(Begun::Replay(answer.clone())) } else { Err(reused()) };
        }
        match table.running.get(&key.key_hash) {
            Some(body_hash) if *body_hash != key.body_hash => return Err(reused()),
            Some(_) => {
                let running = Problem::new(Code::IdempotencyRequestRunning, "The first request is still running.");
                return Err(running.in_state("running"));
            }
            None if table.running.len() >= MAX_RUNNING => {
                return Err(Problem::new(Code::Unavailable, "Too many requests with a key are running."));
            }
            None => table.running.insert(key.key_hash, key.body_hash),
        };
        Ok(Begun::Fresh(Turn { table: self.clone(), key }))
    }

    /// No code panics while it holds this lock, and the table is whole between any two statements.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reused() -> Problem {
    Problem::new(Code::IdempotencyKeyReused, "The key was used with another body.").at(
        HEADER,
        "invalid",
        "expected a key that was not used, or the same body",
    )
}

impl Turn {
    /// The journal entry that makes the answer outlive a restart.
    pub(crate) fn entry(&self, status: u16, body: &str, at: WallTime) -> Entry {
        let RequestKey { key_hash, body_hash } = self.key;
        Entry::Idempotency { key_hash, body_hash, status, body: body.to_owned(), at }
    }

    /// Keeps the answer for those who ask again.
    pub(crate) fn keep(self, status: u16, body: String, at: WallTime) {
        let RequestKey { key_hash, body_hash } = self.key;
        self.table.lock().answers.insert(key_hash, Answer { body_hash, status, body, at });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.table.lock().running.remove(&self.key.key_hash);
    }
}

/// The header.
pub(crate) const HEADER: &str = "Idempotency-Key";
/// Longest key: as the field's other APIs.
const MAX_KEY: usize = 255;
/// Requests with a key under way at once: as many as there may be connections.
const MAX_RUNNING: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn principal() -> Principal {
        Principal::for_test("demo")
    }

    fn key(name: &str, body: &str) -> RequestKey {
        let headers = HeaderMap::from_iter([(HEADER.parse().unwrap(), name.parse().unwrap())]);
        RequestKey::read(&headers, &principal(), "POST /v1/calls", body.as_bytes()).unwrap().unwrap()
    }

    fn fresh(table: &IdempotencyTable, key: RequestKey) -> Turn {
        match table.begin(key, WallTime::default()) {
            Ok(Begun::Fresh(turn)) => turn,
            other => panic!("not fresh: {other:?}"),
        }
    }

    fn refusal(table: &IdempotencyTable, key: RequestKey) -> Code {
        table.begin(key, WallTime::default()).unwrap_err().code()
    }

    #[test]
    fn an_answer_is_given_again() {
        let table = IdempotencyTable::default();
        let at = WallTime::default();
        let turn = fresh(&table, key("a", "1"));
        assert_eq!(refusal(&table, key("a", "1")), Code::IdempotencyRequestRunning);
        assert_eq!(refusal(&table, key("a", "2")), Code::IdempotencyKeyReused);
        turn.keep(201, "{}".into(), at);
        assert!(matches!(table.begin(key("a", "1"), at), Ok(Begun::Replay(kept)) if kept.status == 201));
        assert_eq!(refusal(&table, key("a", "2")), Code::IdempotencyKeyReused);
    }

    #[test]
    fn a_refused_request_may_try_again() {
        let table = IdempotencyTable::default();
        drop(fresh(&table, key("a", "1")));
        drop(fresh(&table, key("a", "2")));
    }

    #[test]
    fn an_answer_outlives_a_restart() {
        let table = IdempotencyTable::default();
        let at = WallTime::from_micros(5);
        let entry = fresh(&table, key("a", "1")).entry(201, "{}", at);
        let mut replay = journal_core::Replay::default();
        replay.apply(&entry).unwrap();
        let restarted = IdempotencyTable::new(replay.answers);
        assert!(matches!(restarted.begin(key("a", "1"), at), Ok(Begun::Replay(kept)) if kept.body == "{}"));
    }

    #[test]
    fn only_so_many_run_at_once() {
        let table = IdempotencyTable::default();
        let turns: Vec<_> = (0..MAX_RUNNING).map(|number| fresh(&table, key(&number.to_string(), "1"))).collect();
        assert_eq!(refusal(&table, key("more", "1")), Code::Unavailable);
        drop(turns);
        drop(fresh(&table, key("more", "1")));
    }

    #[test]
    fn keys_are_plain_words() {
        for value in ["", "two words", "\u{e9}"] {
            let value = axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
            let headers = HeaderMap::from_iter([(HEADER.parse().unwrap(), value)]);
            let problem = RequestKey::read(&headers, &principal(), "POST /v1/calls", b"").unwrap_err();
            assert_eq!(problem.code(), Code::InvalidIdempotencyKey);
        }
        assert!(RequestKey::read(&HeaderMap::new(), &principal(), "POST /v1/calls", b"").unwrap().is_none());
    }
}
