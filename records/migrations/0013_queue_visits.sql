-- Each stay of a call in a queue, written when the call ends: what reports of queues count, and list.
CREATE TABLE queue_visits (
    call_id BYTEA NOT NULL,
    ordinal BIGINT NOT NULL,
    account TEXT NOT NULL,
    queue TEXT NOT NULL,
    entered_at BIGINT NOT NULL,
    left_at BIGINT NOT NULL,
    how TEXT NOT NULL,
    PRIMARY KEY (call_id, ordinal)
);
CREATE INDEX queue_visits_by_time ON queue_visits (account, entered_at, call_id, ordinal);
CREATE INDEX queue_visits_by_queue ON queue_visits (account, queue, entered_at, call_id, ordinal);
