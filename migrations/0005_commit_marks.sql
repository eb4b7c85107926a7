-- The last transaction of each running program, written within it: when the
-- answer to a COMMIT was lost, this tells whether it happened. SQLite commits
-- in the program itself and leaves the table empty.
CREATE TABLE commit_marks (
    node    TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- random, one for each start of a program
    batch   BIGINT NOT NULL,
    written BIGINT NOT NULL
);
