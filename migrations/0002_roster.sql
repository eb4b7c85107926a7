-- Contacts, and as tombstones (removed) those that were removed lately.
CREATE TABLE roster_items (
    account        TEXT COLLATE "C" NOT NULL REFERENCES accounts (jid) ON DELETE CASCADE,
    contact        TEXT COLLATE "C" NOT NULL,
    name           TEXT NOT NULL,
    group_names    TEXT NOT NULL, -- each name after a U+001F
    subscription   BIGINT NOT NULL, -- bits: 1 to, 2 from
    ask            BOOLEAN NOT NULL,
    approved       BOOLEAN NOT NULL,
    in_roster      BOOLEAN NOT NULL,
    pending_in     BOOLEAN NOT NULL,
    pending_stanza BYTEA NOT NULL,
    version        BIGINT NOT NULL,
    removed        BOOLEAN NOT NULL,
    PRIMARY KEY (account, contact)
);
CREATE INDEX roster_items_by_version ON roster_items (account, version);
