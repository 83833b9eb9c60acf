-- Who made a key, where a key made it, who made that: the id of a user, or of a key of the configuration file. Keys from
-- before have none.
ALTER TABLE api_keys ADD COLUMN made_by TEXT;
