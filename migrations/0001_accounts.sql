-- An account and its counters. The row is the lock of all the account owns.
CREATE TABLE accounts (
    jid            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    domain         TEXT COLLATE "C" NOT NULL,
    disabled       BOOLEAN NOT NULL,
    created        BIGINT NOT NULL, -- microseconds since 1970, as all times
    roster_version BIGINT NOT NULL,
    roster_floor   BIGINT NOT NULL, -- oldest version RosterSince can answer
    offline_count  BIGINT NOT NULL,
    offline_prior  BIGINT NOT NULL, -- offline_count before the last append
    offline_last   BIGINT NOT NULL  -- last offline message id given out
);
CREATE INDEX accounts_by_domain ON accounts (domain, jid);

CREATE TABLE credentials (
    account    TEXT COLLATE "C" NOT NULL REFERENCES accounts (jid) ON DELETE CASCADE,
    mechanism  TEXT COLLATE "C" NOT NULL,
    salt       BYTEA NOT NULL,
    iterations BIGINT NOT NULL,
    stored_key BYTEA NOT NULL,
    server_key BYTEA NOT NULL,
    PRIMARY KEY (account, mechanism)
);
