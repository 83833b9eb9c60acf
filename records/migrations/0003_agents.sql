-- What was true of each agent, from when to when; the open interval is the present.
CREATE TABLE agent_state_intervals (
    account TEXT NOT NULL,
    agent TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('offline', 'ready', 'reserved', 'on_call', 'wrap_up', 'paused')),
    reason TEXT,
    call_id BYTEA,
    since BIGINT NOT NULL,
    until BIGINT
);
CREATE INDEX agent_state_intervals_by_agent ON agent_state_intervals (account, agent, since);
CREATE UNIQUE INDEX agent_state_intervals_open ON agent_state_intervals (account, agent) WHERE until IS NULL;
