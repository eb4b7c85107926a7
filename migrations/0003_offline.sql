CREATE TABLE offline_messages (
    account   TEXT COLLATE "C" NOT NULL REFERENCES accounts (jid) ON DELETE CASCADE,
    id        BIGINT NOT NULL, -- from accounts.offline_last
    received  BIGINT NOT NULL,
    sender    TEXT NOT NULL,
    recipient TEXT NOT NULL,
    stanza_id TEXT NOT NULL,
    type      TEXT NOT NULL,
    lang      TEXT NOT NULL,
    payload   BYTEA NOT NULL,
    PRIMARY KEY (account, id)
);

CREATE TABLE last_activity (
    account TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES accounts (jid) ON DELETE CASCADE,
    seen    BIGINT NOT NULL,
    status  TEXT NOT NULL
);
