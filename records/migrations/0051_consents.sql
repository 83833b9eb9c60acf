-- Consents of numbers, and their revocations: rows are only added.
CREATE TABLE consents (
    id BYTEA PRIMARY KEY,
    account TEXT NOT NULL,
    number TEXT NOT NULL,
    purpose TEXT NOT NULL,
    given BOOLEAN NOT NULL,
    channel TEXT NOT NULL,
    source TEXT NOT NULL,
    evidence TEXT,
    at BIGINT NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at BIGINT NOT NULL
);
CREATE INDEX consents_by_time ON consents (account, id);
CREATE INDEX consents_by_number ON consents (account, number, purpose, at);
