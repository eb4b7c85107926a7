-- The server's own random secrets, the same on every node.
CREATE TABLE secrets (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE invites (
    token   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    creator TEXT COLLATE "C" NOT NULL, -- empty for the operator
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL -- 0 never
);
CREATE INDEX invites_by_creator ON invites (creator);
CREATE INDEX invites_by_expiry ON invites (expires);
