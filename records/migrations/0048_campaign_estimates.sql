-- What a campaign was estimated to take when it was submitted: JSON, as the API wrote it. And who put it away.
ALTER TABLE campaigns ADD COLUMN estimate TEXT;
ALTER TABLE campaigns ADD COLUMN archived_by TEXT;
ALTER TABLE campaigns ADD COLUMN archived_at BIGINT;
