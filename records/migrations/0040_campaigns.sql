-- Campaigns as they are now. What they are is JSON, as the API wrote it.
CREATE TABLE campaigns (
    id BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    method TEXT NOT NULL CHECK (method IN ('manual', 'preview', 'progressive', 'ratio', 'predictive', 'bot')),
    definition TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN
        ('pending', 'approved', 'processing', 'running', 'paused', 'completed', 'rejected', 'cancelled')),
    edited_by TEXT,
    submitted_by TEXT,
    submitted_at BIGINT,
    approved_by TEXT,
    approved_at BIGINT,
    reason TEXT,
    started_at BIGINT,
    ended_at BIGINT,
    updated_at BIGINT NOT NULL
);
CREATE INDEX campaigns_by_account ON campaigns (account, id);

-- Leads that a campaign has tried; one that it has not has no row.
CREATE TABLE campaign_leads (
    campaign_id BYTEA NOT NULL,
    lead_id BYTEA NOT NULL,
    list_id BYTEA NOT NULL,
    account TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('retry', 'callback', 'done')),
    -- When it comes again; by whom alone.
    due_at BIGINT,
    agent TEXT,
    agent_id BIGINT,
    -- Why it is done.
    why TEXT,
    attempts BIGINT NOT NULL,
    -- JSON: what was tried.
    tries TEXT NOT NULL,
    last_outcome TEXT,
    last_at BIGINT,
    disposition TEXT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, lead_id)
);
CREATE INDEX campaign_leads_by_list ON campaign_leads (campaign_id, list_id, state, lead_id);

-- Attempts of campaigns with every time stamp. A number is the digits of its E.164, without the plus.
CREATE TABLE attempts (
    id BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    campaign_id BYTEA NOT NULL,
    lead_id BYTEA,
    list_id BYTEA,
    number BIGINT NOT NULL,
    caller_id TEXT,
    waits TEXT,
    call_id BYTEA,
    agent TEXT,
    ordered_at BIGINT NOT NULL,
    rang_at BIGINT,
    answered_at BIGINT,
    detected_at BIGINT,
    greeting_ended_at BIGINT,
    connected_at BIGINT,
    abandoned_at BIGINT,
    played_at BIGINT,
    ended_at BIGINT,
    waited_ms BIGINT,
    early TEXT,
    detected TEXT,
    confidence BIGINT,
    detected_why TEXT,
    class TEXT,
    code TEXT,
    q850 BIGINT,
    sip BIGINT,
    -- None: it has not ended.
    outcome TEXT
);
CREATE INDEX attempts_by_campaign ON attempts (account, campaign_id, id);
CREATE INDEX attempts_by_lead ON attempts (campaign_id, lead_id, id);
CREATE INDEX attempts_by_number ON attempts (account, number, ordered_at);
