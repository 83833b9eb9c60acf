-- Each allow and deny of the dial gate, with its evidence: rows are only added, and laws want them kept for years.
CREATE TABLE compliance_decisions (
    id BYTEA PRIMARY KEY,
    account TEXT NOT NULL,
    at BIGINT NOT NULL,
    number TEXT NOT NULL,
    occasion TEXT NOT NULL CHECK (occasion IN ('click_to_call', 'callback_asked', 'callback_dialed', 'campaign')),
    allowed BOOLEAN NOT NULL,
    rule TEXT,
    clause TEXT,
    because TEXT,
    rule_set TEXT,
    queue TEXT,
    agent TEXT,
    call_id BYTEA,
    callback TEXT,
    campaign TEXT,
    lead TEXT,
    attempt TEXT,
    evidence TEXT NOT NULL
);
CREATE INDEX compliance_decisions_by_time ON compliance_decisions (account, id);
CREATE INDEX compliance_decisions_by_number ON compliance_decisions (account, number, id);
CREATE INDEX compliance_decisions_by_call ON compliance_decisions (call_id) WHERE call_id IS NOT NULL;
CREATE INDEX compliance_decisions_by_callback ON compliance_decisions (callback) WHERE callback IS NOT NULL;
CREATE INDEX compliance_decisions_by_campaign ON compliance_decisions (campaign, id) WHERE campaign IS NOT NULL;
CREATE INDEX compliance_decisions_by_lead ON compliance_decisions (lead, id) WHERE lead IS NOT NULL;
