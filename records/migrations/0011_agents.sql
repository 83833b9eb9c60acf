-- Why a state began, and the sequence of its entry in the journal: the order of intervals that begin in one moment.
ALTER TABLE agent_state_intervals ADD COLUMN cause TEXT NOT NULL DEFAULT 'unknown';
ALTER TABLE agent_state_intervals ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;

-- An agent's part in a call, written when the call ends: what his figures count, and the list behind them.
CREATE TABLE agent_calls (
    account TEXT NOT NULL,
    agent TEXT NOT NULL,
    call_id BYTEA NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound_dial', 'outbound_auto')),
    internal BOOLEAN NOT NULL,
    queue TEXT,
    -- His part: he called, or was called.
    dialed BOOLEAN NOT NULL,
    began_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    -- When he first talked with the other side, and how long in all.
    talked_at BIGINT,
    talk_ms BIGINT NOT NULL,
    PRIMARY KEY (account, agent, call_id)
);
CREATE INDEX agent_calls_by_time ON agent_calls (account, agent, began_at, call_id);

-- What an agent said came of a call.
CREATE TABLE call_dispositions (
    call_id BYTEA NOT NULL,
    account TEXT NOT NULL,
    agent TEXT NOT NULL,
    code TEXT NOT NULL,
    label TEXT NOT NULL,
    is_success BOOLEAN NOT NULL,
    note TEXT,
    callback_number TEXT,
    callback_due_at BIGINT,
    given_at BIGINT NOT NULL,
    given_by TEXT NOT NULL,
    PRIMARY KEY (call_id, agent)
);
CREATE INDEX call_dispositions_by_agent ON call_dispositions (account, agent, given_at);
