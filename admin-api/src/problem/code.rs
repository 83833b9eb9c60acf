//! The stable words of problems: one table, also served as pages under `/problems/`.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:literal, $word:literal, $title:literal;)*) => {
        /// Stable word of a problem; each has one HTTP status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// All of them.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The HTTP status.
            #[must_use]
            pub(crate) const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The stable word.
            #[must_use]
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The word as a short sentence.
            #[must_use]
            pub(crate) const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    BadRequest = 400, "bad_request", "The request could not be read";
    MalformedJson = 400, "malformed_json", "The body is not JSON";
    UnknownParameter = 400, "unknown_parameter", "A query parameter is not known to this route";
    InvalidParameter = 400, "invalid_parameter", "A parameter or header has a value that is not allowed";
    IdempotencyKeyRequired = 400, "idempotency_key_required", "This route needs the header Idempotency-Key";
    InvalidIdempotencyKey = 400, "invalid_idempotency_key", "The header Idempotency-Key has a value that is not allowed";
    LoginFailed = 401, "login_failed", "No such user, or another password";
    Unauthorized = 401, "unauthorized", "A key is needed: Authorization: Bearer <key>";
    Forbidden = 403, "forbidden", "The key may not do this";
    AddressNotAllowed = 403, "address_not_allowed", "The key may not be used from this address";
    SamePerson = 403, "same_person", "Another person must approve it";
    DestinationDenied = 403, "destination_denied", "The destination may not be dialed";
    RouteNotFound = 404, "route_not_found", "No such route";
    AgentNotFound = 404, "agent_not_found", "No such agent";
    QueueNotFound = 404, "queue_not_found", "No such queue";
    TrunkNotFound = 404, "trunk_not_found", "No such trunk";
    CallNotFound = 404, "call_not_found", "No such call";
    NoRecording = 404, "no_recording", "The call has no recording";
    QuarantineNotFound = 404, "quarantine_not_found", "No such quarantine";
    BanNotFound = 404, "ban_not_found", "No such ban";
    CallbackNotFound = 404, "callback_not_found", "No such callback";
    DncEntryNotFound = 404, "dnc_entry_not_found", "The number is not on the do-not-call list";
    ConsentNotFound = 404, "consent_not_found", "No such consent";
    LeadListNotFound = 404, "lead_list_not_found", "No such list of leads";
    CampaignNotFound = 404, "campaign_not_found", "No such campaign";
    LeadNotFound = 404, "lead_not_found", "No such lead";
    VoicemailNotFound = 404, "voicemail_not_found", "No such voicemail";
    AccountNotFound = 404, "account_not_found", "No such account";
    UserNotFound = 404, "user_not_found", "No such user";
    TeamNotFound = 404, "team_not_found", "No such team";
    TransactionNotFound = 404, "transaction_not_found", "No such transaction";
    KeyNotFound = 404, "key_not_found", "No such API key";
    SessionNotFound = 404, "session_not_found", "No such session";
    CursorNotFound = 404, "cursor_not_found", "The cursor is of another list, or what it stood for is gone";
    MethodNotAllowed = 405, "method_not_allowed", "The route does not take this method";
    CallbackLimit = 409, "callback_limit", "As many callbacks as are allowed wait or are being dialed";
    CallerWaiting = 409, "caller_waiting", "The caller waits on the line in that queue";
    QueueClosed = 409, "queue_closed", "The queue is closed";
    LeadListInUse = 409, "lead_list_in_use", "A campaign calls from the list of leads";
    LeadListState = 409, "lead_list_state", "The list of leads is in another state";
    CallEnded = 409, "call_ended", "The call is over";
    CallNotFailed = 409, "call_not_failed", "The call did not fail, or is not over";
    CallNotWaiting = 409, "call_not_waiting", "The call does not wait in a queue, or no more";
    QueueFull = 409, "queue_full", "The queue has no room";
    AgentNotReady = 409, "agent_not_ready", "The agent cannot be offered a call now";
    CampaignStatus = 409, "campaign_status", "Not from where the campaign stands";
    QueueTaken = 409, "queue_taken", "Another campaign dials for agents of this queue";
    NoLead = 409, "no_lead", "No lead can be called now";
    LineBusy = 409, "line_busy", "The number is being called, or every line is in use";
    RecordingNotReady = 409, "recording_not_ready", "The recording is not ready yet";
    NoWrapUp = 409, "no_wrap_up", "The agent wraps nothing up";
    NoActiveDevice = 409, "no_active_device", "The agent has no registered phone";
    IdempotencyRequestRunning = 409, "idempotency_request_running", "A request with this Idempotency-Key is still running";
    ManagedByConfig = 409, "managed_by_config", "It is declared in the configuration file";
    NameTaken = 409, "name_taken", "The name is taken";
    SelfModification = 409, "self_modification", "Nobody takes away his own rights";
    LastAdmin = 409, "last_admin", "The account would have no admin any more";
    LimitReached = 409, "limit_reached", "There are as many as there may be";
    Gone = 409, "gone", "It was deleted meanwhile";
    PreconditionFailed = 412, "precondition_failed", "It was changed meanwhile";
    PayloadTooLarge = 413, "payload_too_large", "The request body is too large";
    UnsupportedMediaType = 415, "unsupported_media_type", "The body has a media type that this route does not take";
    RangeNotSatisfiable = 416, "range_not_satisfiable", "The range lies outside the file";
    InvalidBody = 422, "invalid_body", "A field of the body is not allowed";
    UnreadableFile = 422, "unreadable_file", "The file is no list that can be read";
    BadDestination = 422, "bad_destination", "The destination is no number and no extension";
    IdempotencyKeyReused = 422, "idempotency_key_reused", "The Idempotency-Key was used with another body";
    PreconditionRequired = 428, "precondition_required", "This route needs the header If-Match";
    TooManyAttempts = 429, "too_many_attempts", "Too many failed attempts";
    RateLimited = 429, "rate_limited", "Too many requests";
    InternalError = 500, "internal_error", "A fault of ours";
    NotReady = 503, "not_ready", "The node is not ready for calls";
    Unavailable = 503, "unavailable", "Not now: try again";
    DatabaseUnavailable = 503, "database_unavailable", "The database is away";
    TooManyStreams = 503, "too_many_streams", "Too many clients follow the events";
}

impl Code {
    /// The code with this word.
    #[must_use]
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.word() == word)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl utoipa::PartialSchema for Code {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(Self::ALL.iter().map(|code| code.word())))
            .into()
    }
}

impl utoipa::ToSchema for Code {}
