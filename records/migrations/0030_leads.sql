-- Lists of leads: the job that reads a file, and how far it is. Written in the transaction of the rows that were read.
CREATE TABLE lead_lists (
    id BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('uploaded', 'mapped', 'validated', 'importing', 'done', 'done_with_errors', 'failed', 'cancelled')),
    -- What is being done with it now.
    task TEXT CHECK (task IN ('validate', 'import', 'purge')),
    country TEXT NOT NULL,
    duplicates TEXT NOT NULL CHECK (duplicates IN ('keep', 'in_list', 'in_account')),
    -- JSON: separator, header, encoding, what each column holds.
    layout TEXT NOT NULL,
    -- Of the file, as it lies on the disk.
    file_bytes BIGINT NOT NULL,
    -- JSON: the place in the file behind the last row that was read.
    place TEXT NOT NULL,
    read_bytes BIGINT NOT NULL,
    rows_read BIGINT NOT NULL,
    leads BIGINT NOT NULL,
    numbers BIGINT NOT NULL,
    rows_invalid BIGINT NOT NULL,
    rows_duplicate BIGINT NOT NULL,
    rows_forbidden BIGINT NOT NULL,
    issues BIGINT NOT NULL,
    failure TEXT,
    deleted BOOLEAN NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    version BIGINT NOT NULL
);
CREATE INDEX lead_lists_by_account ON lead_lists (account, id);
CREATE INDEX lead_lists_at_work ON lead_lists (updated_at) WHERE task IS NOT NULL;

-- The id is the list's, with the number of the row in its last 4 bytes: a list's leads are a range of ids, in order.
CREATE TABLE leads (
    id BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT,
    -- JSON: what else is known.
    details TEXT NOT NULL
);

-- Numbers of leads in the order in which they are tried. A number is the digits of its E.164, without the plus.
CREATE TABLE lead_numbers (
    lead_id BYTEA NOT NULL,
    position BIGINT NOT NULL,
    account TEXT NOT NULL,
    number BIGINT NOT NULL,
    typed TEXT NOT NULL,
    PRIMARY KEY (lead_id, position)
);
CREATE INDEX lead_numbers_by_number ON lead_numbers (account, number);

-- What was wrong with rows. The row as it stood in the file is kept once, at position 0.
CREATE TABLE lead_issues (
    list_id BYTEA NOT NULL,
    row_number BIGINT NOT NULL,
    position BIGINT NOT NULL,
    line BIGINT NOT NULL,
    -- The row is a lead all the same.
    kept BOOLEAN NOT NULL,
    column_name TEXT,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    row_text TEXT,
    PRIMARY KEY (list_id, row_number, position)
);
