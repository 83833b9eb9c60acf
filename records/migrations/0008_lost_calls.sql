-- Calls of customers whom nobody served. Written in the transaction of the call's row.
CREATE TABLE lost_calls (
    call_id BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    -- Who called.
    number TEXT NOT NULL,
    -- The queue entered last, and the agent it was offered to last.
    queue TEXT,
    agent TEXT,
    status TEXT NOT NULL CHECK (status IN ('canceled', 'no_answer', 'failed')),
    ended_at BIGINT NOT NULL,
    -- The call that won it back, and when; it is open without.
    resolved_at BIGINT,
    resolved_by BYTEA,
    -- The caller got through alone.
    self_resolved BOOLEAN NOT NULL,
    overdue_at BIGINT
);
CREATE INDEX lost_calls_by_time ON lost_calls (account, ended_at, call_id);
CREATE INDEX lost_calls_by_number ON lost_calls (account, number, ended_at, call_id);
CREATE INDEX lost_calls_open ON lost_calls (account, number, ended_at, call_id) WHERE resolved_at IS NULL;
CREATE INDEX lost_calls_awaiting ON lost_calls (ended_at) WHERE resolved_at IS NULL AND overdue_at IS NULL;
CREATE INDEX lost_calls_by_resolver ON lost_calls (resolved_by) WHERE resolved_by IS NOT NULL;

-- Calls that may win lost ones back: out to the number, or in from it and answered.
CREATE TABLE follow_ups (
    call_id BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    number TEXT NOT NULL,
    outbound BOOLEAN NOT NULL,
    -- Start of a call out, answer of a call in.
    at BIGINT NOT NULL,
    -- By the rules in force when the customer's phone was called: the attempt counts, or the answer does.
    counts BOOLEAN NOT NULL,
    counts_answered BOOLEAN NOT NULL,
    answered BOOLEAN NOT NULL,
    recovers TEXT NOT NULL CHECK (recovers IN ('newest', 'oldest', 'all')),
    window_us BIGINT NOT NULL
);
CREATE INDEX follow_ups_by_number ON follow_ups (account, number, at, call_id);

-- The rules in force where the projector stands, in one row.
CREATE TABLE lost_call_rules (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    recovers TEXT NOT NULL CHECK (recovers IN ('newest', 'oldest', 'all')),
    only_answered BOOLEAN NOT NULL,
    outbound_auto BOOLEAN NOT NULL,
    window_s BIGINT NOT NULL
);

CREATE INDEX calls_by_parent ON calls (parent_call_id) WHERE parent_call_id IS NOT NULL;

-- Calls that were stored before this table was; what followed them then is not looked for.
INSERT INTO lost_calls (call_id, account, number, queue, agent, status, ended_at, self_resolved)
    SELECT id, account, from_number, queue, agent, status, ended_at, FALSE
    FROM calls WHERE is_lost AND ended_at IS NOT NULL;

-- Lists of ids and words are separated by commas, which none of them has.
CREATE TABLE teams (
    id BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    managers TEXT NOT NULL,
    agents TEXT NOT NULL,
    queues TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (account, name)
);
