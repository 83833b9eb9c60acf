-- When it was told that a call out won it back. What was won back before this column was is not told of any more.
ALTER TABLE lost_calls ADD COLUMN recovery_told_at BIGINT;
UPDATE lost_calls SET recovery_told_at = resolved_at WHERE resolved_at IS NOT NULL;
CREATE INDEX lost_calls_untold ON lost_calls (account, resolved_at)
    WHERE resolved_at IS NOT NULL AND NOT self_resolved AND recovery_told_at IS NULL;
