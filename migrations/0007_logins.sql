-- Streams that can be resumed, or could lately. What changes with every count
-- stands in no index.
CREATE TABLE streams (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account TEXT COLLATE "C" NOT NULL REFERENCES accounts (jid) ON DELETE CASCADE,
    handled BIGINT NOT NULL,
    seen    BIGINT NOT NULL
);
CREATE INDEX streams_by_account ON streams (account);

-- What clients log in with instead of a password.
CREATE TABLE tokens (
    account   TEXT COLLATE "C" NOT NULL REFERENCES accounts (jid) ON DELETE CASCADE,
    client    TEXT COLLATE "C" NOT NULL,
    fresh     BOOLEAN NOT NULL, -- given out and not used yet
    mechanism TEXT NOT NULL,
    salt      BYTEA NOT NULL,
    created   BIGINT NOT NULL,
    expires   BIGINT NOT NULL,
    used      BIGINT NOT NULL,
    address   TEXT NOT NULL,
    software  TEXT NOT NULL,
    device    TEXT NOT NULL,
    PRIMARY KEY (account, client, fresh)
);
