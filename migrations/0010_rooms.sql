-- Rooms (XEP-0045). A room owns an archive as an account does: the messages that
-- have its address in the place of an account's.
CREATE TABLE rooms (
    jid         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    creator     TEXT COLLATE "C" NOT NULL,
    created     BIGINT NOT NULL,
    locked      BOOLEAN NOT NULL, -- waits for its first configuration
    persistent  BOOLEAN NOT NULL,
    public      BOOLEAN NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    lang        TEXT NOT NULL,
    config      BYTEA NOT NULL, -- the rest of what its owners have set
    subject     BYTEA NOT NULL, -- payload of the message that set it
    subject_by  TEXT NOT NULL, -- nickname
    subject_id  BIGINT NOT NULL, -- id of that message; 0 never set
    vcard       BYTEA NOT NULL
);
CREATE INDEX rooms_by_creator ON rooms (creator);

-- Who is more than nobody to a room, or less. Nicknames are reserved.
CREATE TABLE room_affiliations (
    room        TEXT COLLATE "C" NOT NULL REFERENCES rooms (jid) ON DELETE CASCADE,
    jid         TEXT COLLATE "C" NOT NULL, -- bare, or a domain
    affiliation TEXT NOT NULL,
    nick        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    PRIMARY KEY (room, jid)
);
CREATE INDEX room_affiliations_by_jid ON room_affiliations (jid);
