-- The log has commands to owners too, which are no rows and are carried out while the database is away: they come from
-- the journal. `entry` is the journal's id and the entry's place in it, so that each is in the log once; changes of rows
-- have none. `outcome` is what became of it.
ALTER TABLE audit_log ADD COLUMN outcome TEXT NOT NULL DEFAULT 'done';
ALTER TABLE audit_log ADD COLUMN entry BYTEA;
CREATE UNIQUE INDEX audit_log_by_entry ON audit_log (entry);

-- To the minute and a little late; no change of people.
ALTER TABLE api_keys ADD COLUMN last_used_at BIGINT;
