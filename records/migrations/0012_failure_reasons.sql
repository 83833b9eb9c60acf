-- Why a call failed, as a person says. Of a row of its own: it may be said before the call's row is written.
CREATE TABLE call_failure_reasons (
    call_id BYTEA PRIMARY KEY,
    reason TEXT NOT NULL,
    given_by TEXT NOT NULL,
    given_at BIGINT NOT NULL
);
