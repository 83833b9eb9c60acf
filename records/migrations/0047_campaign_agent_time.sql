-- Spans in which agents were at work for a campaign: idle, talking or in wrap-up, with their standing leg up.
CREATE TABLE campaign_agent_time (
    campaign_id BYTEA NOT NULL,
    account TEXT NOT NULL,
    agent TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, agent, since)
);
