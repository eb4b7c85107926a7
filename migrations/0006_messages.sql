-- An account's archive (listed) and what else waits to be delivered to it. No
-- row refers to accounts: the check would lock the owner's row for every
-- message. Who deletes an account deletes these too.
CREATE TABLE messages (
    account       TEXT COLLATE "C" NOT NULL,
    id            BIGINT NOT NULL, -- made of the time, grows over all accounts
    outgoing      BOOLEAN NOT NULL,
    peer          TEXT COLLATE "C" NOT NULL,
    peer_resource TEXT COLLATE "C" NOT NULL,
    received      BIGINT NOT NULL,
    sender        TEXT NOT NULL,
    recipient     TEXT NOT NULL,
    stanza_id     TEXT NOT NULL,
    origin_id     TEXT NOT NULL,
    type          TEXT NOT NULL,
    lang          TEXT NOT NULL,
    payload       BYTEA NOT NULL,
    listed        BOOLEAN NOT NULL,
    PRIMARY KEY (account, id)
);
-- One value, so that nobody takes the primary key for it. JIDs have no spaces
-- before the resource.
CREATE INDEX messages_by_peer ON messages ((account || ' ' || peer), id);

-- Which messages nobody has acknowledged yet.
CREATE TABLE undelivered (
    account TEXT COLLATE "C" NOT NULL,
    id      BIGINT NOT NULL,
    listed  BOOLEAN NOT NULL, -- as in messages; the others go when they are delivered
    PRIMARY KEY (account, id)
);

-- The highest message ids that were stored, so that ids grow even when the clock
-- was set back while the server was down. Programs take a slot at random: in the
-- same one they would wait for each other's commits.
CREATE TABLE message_ids (
    slot BIGINT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

-- Archiving preferences.
CREATE TABLE archive_rules (
    account  TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES accounts (jid) ON DELETE CASCADE,
    fallback TEXT NOT NULL,
    always   TEXT NOT NULL, -- each JID after a U+001F
    never    TEXT NOT NULL
);
