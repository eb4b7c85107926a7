-- Sessions whose clients may resume them over a restart of the server: written
-- when it stops, read and removed when it starts.
CREATE TABLE suspended_streams (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account TEXT COLLATE "C" NOT NULL REFERENCES accounts (jid) ON DELETE CASCADE,
    state   BYTEA NOT NULL
);
