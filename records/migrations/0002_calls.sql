-- One row a call, written when it ends.
CREATE TABLE calls (
    id BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound_dial', 'outbound_auto')),
    internal BOOLEAN NOT NULL,
    parent_call_id BYTEA,
    status TEXT NOT NULL CHECK (status IN
        ('queued', 'ringing', 'answered', 'completed', 'canceled', 'no_answer', 'failed')),
    outcome TEXT NOT NULL CHECK (outcome IN
        ('successful', 'no_answer', 'voicemail', 'in_progress', 'initiated', 'error')),
    from_number TEXT NOT NULL,
    to_number TEXT NOT NULL,
    queue TEXT,
    agent TEXT,
    trunk TEXT,
    started_at BIGINT NOT NULL,
    queued_at BIGINT,
    ringing_at BIGINT,
    answered_at BIGINT,
    ended_at BIGINT,
    queue_wait_ms BIGINT,
    talk_ms BIGINT,
    cause_who TEXT CHECK (cause_who IN ('caller', 'agent', 'callee', 'system')),
    cause_q850 BIGINT,
    cause_sip BIGINT,
    cause_code TEXT,
    is_lost BOOLEAN NOT NULL
);
CREATE INDEX calls_by_time ON calls (account, started_at, id);
CREATE INDEX calls_by_agent ON calls (account, agent, started_at);
CREATE INDEX calls_by_from ON calls (account, from_number, started_at);
CREATE INDEX calls_by_to ON calls (account, to_number, started_at);
CREATE INDEX calls_lost ON calls (account, ended_at) WHERE is_lost;

-- Call-ID headers of a call's legs, in order of creation.
CREATE TABLE call_sip_ids (
    call_id BYTEA NOT NULL,
    ordinal BIGINT NOT NULL,
    sip_call_id TEXT NOT NULL,
    PRIMARY KEY (call_id, ordinal)
);
CREATE INDEX call_sip_ids_by_value ON call_sip_ids (sip_call_id);

-- The journey.
CREATE TABLE call_events (
    call_id BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    type TEXT NOT NULL,
    leg BIGINT,
    data TEXT NOT NULL,
    PRIMARY KEY (call_id, seq)
);

CREATE TABLE recordings (
    call_id BYTEA NOT NULL PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('recording', 'ready', 'failed')),
    path TEXT NOT NULL,
    duration_ms BIGINT NOT NULL,
    sha256 BYTEA NOT NULL
);

CREATE TABLE voicemails (
    id BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    call_id BYTEA NOT NULL,
    queue TEXT NOT NULL,
    from_number TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    path TEXT NOT NULL
);
CREATE INDEX voicemails_by_time ON voicemails (account, received_at, id);
