-- How far the projector is, in one row, changed in the transaction of the rows it wrote.
-- BYTEA is PostgreSQL's word; SQLite keeps what it is given. Times are microseconds since 1970, UTC.
CREATE TABLE projection (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    journal_id BYTEA NOT NULL,
    -- Key of the last entry applied, and of the entry behind which to read again at a start:
    -- calls still open at `applied` began after `resume`.
    applied BYTEA NOT NULL,
    resume BYTEA NOT NULL
);

-- Entries that could not be applied: each raised an alarm, the rest went on.
CREATE TABLE projection_poison (
    position BYTEA NOT NULL PRIMARY KEY,
    journal_id BYTEA NOT NULL,
    written_at BIGINT NOT NULL,
    why TEXT NOT NULL,
    entry BYTEA NOT NULL
);
