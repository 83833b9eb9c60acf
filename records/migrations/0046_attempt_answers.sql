-- What was answered to a campaign's form: a JSON object, by the names of its fields.
CREATE TABLE attempt_answers (
    attempt_id BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    campaign_id BYTEA NOT NULL,
    agent TEXT NOT NULL,
    answers TEXT NOT NULL,
    given_by TEXT NOT NULL,
    given_at BIGINT NOT NULL
);

-- Counters of agents and figures of days.
CREATE INDEX attempts_by_time ON attempts (account, campaign_id, ordered_at);
