-- It rang for the agent and he did not take it: what his figures count as missed.
ALTER TABLE agent_calls ADD COLUMN missed BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE agent_calls SET missed = TRUE WHERE NOT dialed AND talked_at IS NULL;
