//! Session timers (RFC 4028): a session that nobody refreshes in time is over.

use core::time::Duration;

use clock::Instant;

use super::Stage;
use crate::{
    Message, Method, Name, Reason,
    transaction::TxId,
    ua::{ClientUser, Event, Headers, SessionEnd, SessionId, SessionTimer, SessionTimers, TimerKey, Ua},
};

/// What is agreed on how long a session lives without a refresh.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lifetime {
    /// The session interval; none: it lives until it is ended.
    interval: Option<Duration>,
    /// We send the refreshes.
    is_ours: bool,
    /// The least interval that somebody on the way asked us for by 422.
    asked_min: Duration,
    /// Requests of ours that were refused with 422.
    refusals: u8,
    /// The peer takes UPDATE.
    peer_updates: bool,
    /// An UPDATE of ours is under way.
    is_updating: bool,
}

impl Lifetime {
    /// Of a session whose peer sent this INVITE or response.
    pub(crate) fn note_allow(&mut self, message: &Message) {
        if message.has(Name::Allow) {
            self.peer_updates = message.allow().is_ok_and(|methods| methods.contains(&Method::Update.as_str()));
        }
    }

    /// Session-Expires and Min-SE of a request of ours (RFC 4028 7.1, 7.4).
    fn proposal(&self, timers: &SessionTimers) -> Headers {
        let (interval, refresher) = match self.interval {
            Some(interval) => (interval, if self.is_ours { ";refresher=uac" } else { ";refresher=uas" }),
            None => match timers.interval {
                Some(interval) => (interval.max(self.asked_min), ""),
                None => return Headers::new(),
            },
        };
        let mut headers = vec![("Session-Expires", format!("{}{refresher}", interval.as_secs()))];
        if !self.asked_min.is_zero() {
            headers.push(("Min-SE", self.asked_min.as_secs().to_string()));
        }
        headers
    }
}

impl Ua {
    /// What an INVITE or UPDATE of ours says about the session's lifetime; of a new session without `id`.
    pub(crate) fn lifetime_headers(&self, id: Option<SessionId>) -> Headers {
        let lifetime = id.and_then(|id| self.sessions.get(&id)).map(|session| session.lifetime);
        lifetime.unwrap_or_default().proposal(&self.config.session_timers)
    }

    /// The Min-SE of a 422 that a request has to get, whose interval is below ours (RFC 4028 9). Whoever does not
    /// know session timers cannot act on a 422: the interval came from a proxy, and is made longer in the answer.
    pub(crate) fn interval_refusal(&self, request: &Message) -> Option<String> {
        let asked = request.session_expires().ok()??.interval;
        let min = self.config.session_timers.min;
        (asked < min && request.supports(TIMER)).then(|| min.as_secs().to_string())
    }

    /// Agrees on the lifetime that a request asks for, and gives the headers of the 2xx that say so (RFC 4028 9,
    /// table 2). Without Session-Expires in it nothing is agreed on, unless the refreshes are ours anyway.
    pub(crate) fn agree_lifetime(&mut self, now: Instant, id: SessionId, request: &Message) -> Headers {
        let min = self.config.session_timers.min;
        let Some(session) = self.sessions.get_mut(&id) else { return Headers::new() };
        let lifetime = &mut session.lifetime;
        lifetime.note_allow(request);
        let knows_timers = request.supports(TIMER);
        let (interval, is_ours) = match request.session_expires() {
            Ok(Some(asked)) => {
                let is_ours = !knows_timers || asked.refresher().is_some_and(|who| who.eq_ignore_ascii_case("uas"));
                (Some(asked.interval.clamp(min, MAX_INTERVAL)), is_ours)
            }
            _ => (lifetime.interval.filter(|_| lifetime.is_ours), true),
        };
        lifetime.interval = interval;
        lifetime.is_ours = is_ours;
        self.arm_lifetime(now, id);
        let Some(interval) = interval else { return Headers::new() };
        let refresher = if is_ours { "uas" } else { "uac" };
        let mut headers = vec![("Session-Expires", format!("{};refresher={refresher}", interval.as_secs()))];
        if knows_timers {
            headers.push(("Require", TIMER.to_owned()));
        }
        headers
    }

    /// Takes what the 2xx to our INVITE or UPDATE says about the lifetime (RFC 4028 7.2): without Session-Expires
    /// there is no limit.
    pub(crate) fn learn_lifetime(&mut self, now: Instant, id: SessionId, response: &Message) {
        let min = self.config.session_timers.min;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let lifetime = &mut session.lifetime;
        lifetime.note_allow(response);
        lifetime.refusals = 0;
        let told = response.session_expires().ok().flatten();
        lifetime.interval = told.as_ref().map(|told| told.interval.clamp(min, MAX_INTERVAL));
        lifetime.is_ours =
            !told.is_some_and(|told| told.refresher().is_some_and(|who| who.eq_ignore_ascii_case("uas")));
        self.arm_lifetime(now, id);
    }

    /// The session was refreshed: the next refresh, if ours, is due after half of the interval; at its end, less a
    /// third or 32 s, nobody has refreshed it (RFC 4028 10).
    fn arm_lifetime(&mut self, now: Instant, id: SessionId) {
        let keys = [TimerKey::Session(id, SessionTimer::Refresh), TimerKey::Session(id, SessionTimer::Expiry)];
        for key in &keys {
            self.timers.cancel(key);
        }
        let Some(lifetime) = self.sessions.get(&id).map(|session| session.lifetime) else { return };
        let Some(interval) = lifetime.interval else { return };
        let [refresh, expiry] = keys;
        if lifetime.is_ours {
            self.timers.set(refresh, now + interval / 2);
        }
        self.timers.set(expiry, now + interval.saturating_sub((interval / 3).min(EXPIRY_MARGIN)));
    }

    /// Refreshes the session: by UPDATE without a description, or, where the peer takes none, by the owner's
    /// re-INVITE. One that fails is tried again until the session expires.
    pub(crate) fn on_refresh_due(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let Some(interval) = session.lifetime.interval else { return };
        self.timers.set(TimerKey::Session(id, SessionTimer::Refresh), now + interval / 8);
        let is_free = session.is_at_rest() && !session.lifetime.is_updating;
        match session.lifetime.peer_updates {
            _ if !is_free => {}
            true => self.send_update(now, id),
            false => self.event(Event::RefreshDue { session: id }),
        }
    }

    fn send_update(&mut self, now: Instant, id: SessionId) {
        let mut headers = vec![("Supported", TIMER.to_owned())];
        headers.extend(self.lifetime_headers(Some(id)));
        let sent = self.send_inside(now, id, &Method::Update, &headers, None, ClientUser::Update(id));
        if let Some(session) = self.sessions.get_mut(&id) {
            session.lifetime.is_updating = sent.is_some();
        }
    }

    /// The final response to our UPDATE, or none (RFC 4028 10, RFC 3311 5.1).
    pub(crate) fn on_update_done(&mut self, now: Instant, id: SessionId, tx: TxId, response: Option<&Message>) {
        let again = response.and_then(|response| self.answer_refusal(now, tx, response));
        let Some(session) = self.sessions.get_mut(&id).filter(|_| again.is_none()) else { return };
        session.lifetime.is_updating = false;
        let is_confirmed = matches!(session.stage, Stage::Confirmed);
        match response.map(Message::status) {
            Some(200..=299) => {
                if let (Some(dialog), Some(response)) = (&mut session.dialog, response) {
                    dialog.refresh_target(response);
                    session.peer = crate::ua::next_peer(dialog, session.peer, session.translated);
                    self.learn_lifetime(now, id, response);
                }
            }
            Some(405 | 501) => {
                session.lifetime.peer_updates = false;
                self.on_refresh_due(now, id);
            }
            None | Some(408 | 481) if is_confirmed => self.abandon_session(now, id, None, SessionEnd::Gone),
            _ => {}
        }
    }

    /// A refusal that the same request with other headers gets by: 401 and 407 with credentials, 422 with a longer
    /// interval (RFC 4028 7.3). None when it is final.
    pub(crate) fn answer_refusal(&mut self, now: Instant, tx: TxId, response: &Message) -> Option<TxId> {
        if response.status() != 422 {
            return self.answer_challenge(now, tx, response);
        }
        let client = self.transactions.peek_client(tx)?;
        let (request, peer, user) = (client.request.clone(), client.peer, client.user);
        let id = user.session()?;
        let min = response.min_se().ok().flatten()?;
        let lifetime = &mut self.sessions.get_mut(&id)?.lifetime;
        if min > MAX_INTERVAL || lifetime.refusals >= MAX_REFUSALS || !request.has(Name::SessionExpires) {
            return None;
        }
        lifetime.refusals += 1;
        lifetime.asked_min = lifetime.asked_min.max(min);
        lifetime.interval = lifetime.interval.map(|interval| interval.max(min));
        let headers = self.lifetime_headers(Some(id));
        self.reissue(now, &request, (peer, user), &headers)
    }

    /// Nobody refreshed the session: BYE (RFC 4028 10).
    pub(crate) fn on_expiry(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        if matches!(session.stage, Stage::Confirmed | Stage::Accepted { .. }) {
            let reason = Reason::sip(408, "Session expired");
            self.abandon_session(now, id, Some(&reason), SessionEnd::Gone);
        }
    }
}

/// The option tag of session timers.
pub(crate) const TIMER: &str = "timer";
/// The sooner of this and a third of the interval before its end, BYE is sent (RFC 4028 10).
const EXPIRY_MARGIN: Duration = Duration::from_secs(32);
/// A day: an interval beyond it limits nothing.
const MAX_INTERVAL: Duration = Duration::from_secs(86_400);
/// Every proxy on the way may have a larger minimum (RFC 4028 7.3); more than three are no path but a loop.
const MAX_REFUSALS: u8 = 3;
