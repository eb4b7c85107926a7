-- With whom an account does not communicate (XEP-0191).
CREATE TABLE blocks (
    account TEXT COLLATE "C" NOT NULL REFERENCES accounts (jid) ON DELETE CASCADE,
    jid     TEXT COLLATE "C" NOT NULL, -- of any form
    PRIMARY KEY (account, jid)
);

-- What users have told the operator of others (XEP-0377). They are the
-- operator's: they stay when either account goes.
CREATE TABLE reports (
    received    BIGINT NOT NULL,
    reporter    TEXT COLLATE "C" NOT NULL,
    jid         TEXT COLLATE "C" NOT NULL,
    reason      TEXT NOT NULL,
    texts       TEXT NOT NULL, -- language and text in turn, each after a U+001F
    messages    TEXT NOT NULL, -- by and id of each in turn, likewise
    to_origin   BOOLEAN NOT NULL, -- may be passed on to the server of the one reported
    third_party BOOLEAN NOT NULL, -- and to others
    PRIMARY KEY (received, reporter, jid)
);
CREATE INDEX reports_by_reporter ON reports (reporter);
