-- Accounts besides that of the configuration file. A deleted one stays: rows bear its name, which is not given again.
CREATE TABLE accounts (
    id BYTEA NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    deleted_at BIGINT
);

-- Lists of words are separated by commas, which no word has.
CREATE TABLE users (
    id BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    username TEXT NOT NULL UNIQUE,
    email TEXT UNIQUE,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    extension TEXT,
    disabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (account, extension)
);

-- Hashes of passwords (argon2id, PHC strings) apart from the users, so that nothing that reads users reads them.
CREATE TABLE user_passwords (
    user_id BYTEA NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL
);

-- Extensions that were ever given to a user: their phones work while a user may have them.
CREATE TABLE user_extensions (
    account TEXT NOT NULL,
    extension TEXT NOT NULL,
    PRIMARY KEY (account, extension)
);

-- SHA-256 of each secret; revoked keys stay.
CREATE TABLE api_keys (
    id BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash BYTEA NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    address_ranges TEXT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

-- SHA-256 of each token.
CREATE TABLE sessions (
    id BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    user_id BYTEA NOT NULL,
    hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL
);

-- Written in the transaction of each change of the tables above, and only added to. `before` and `after` are JSON.
CREATE TABLE audit_log (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    account TEXT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'api_key', 'system')),
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    request_id TEXT NOT NULL,
    action TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    hash BYTEA NOT NULL
);
CREATE INDEX audit_log_by_account ON audit_log (account, seq);
CREATE INDEX audit_log_by_resource ON audit_log (account, resource_id, seq);
