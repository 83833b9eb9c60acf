-- Callbacks: one row each, replaced as it goes on. Of queues and agents (owner acd) and of leads (owner dialer).
CREATE TABLE callbacks (
    id BYTEA PRIMARY KEY,
    account TEXT NOT NULL,
    owner TEXT NOT NULL CHECK (owner IN ('acd', 'dialer')),
    state TEXT NOT NULL CHECK (state IN
        ('requested', 'queued', 'reserved', 'dialing', 'connected', 'no_answer', 'exhausted', 'cancelled', 'expired', 'superseded')),
    number TEXT NOT NULL,
    queue TEXT,
    agent TEXT,
    source TEXT NOT NULL CHECK (source IN ('key', 'api', 'agent')),
    related_call_id BYTEA,
    call_id BYTEA,
    served_by TEXT,
    requested_at BIGINT NOT NULL,
    arrived_at BIGINT NOT NULL,
    due_at BIGINT,
    next_at BIGINT,
    expires_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    verified BOOLEAN NOT NULL,
    why TEXT,
    updated_at BIGINT NOT NULL
);
CREATE INDEX callbacks_by_time ON callbacks (account, requested_at, id);
CREATE INDEX callbacks_by_number ON callbacks (account, number, requested_at);
CREATE INDEX callbacks_by_related ON callbacks (related_call_id);
CREATE INDEX callbacks_by_call ON callbacks (call_id);

-- A caller who is called back is an outcome of its own.
ALTER TABLE calls RENAME COLUMN outcome TO outcome_before;
ALTER TABLE calls ADD COLUMN outcome TEXT NOT NULL DEFAULT 'initiated' CHECK (outcome IN
    ('initiated', 'in_progress', 'successful', 'no_answer', 'voicemail', 'error', 'callback'));
UPDATE calls SET outcome = outcome_before;
ALTER TABLE calls DROP COLUMN outcome_before;
