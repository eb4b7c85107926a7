package sqlstore

// bulk holds the statements that a batch makes once for all its ops of a kind.
// Each exists in two forms: over a table of values, for engines that have one
// (Engine.Table), and for a single row, which is run for every one of them.
type bulk struct {
	insertMessages    string
	insertUndelivered string
	settle            []string // one after the other
	saveStreams       string
	// idSlot is where the highest message id is kept.
	idSlot int64
}

func newBulk(e Engine, idSlot int64) bulk {
	b := rowByRow
	if e.Table(refColumns) != "" {
		b = allRows(e)
	}
	b.idSlot = idSlot
	return b
}

func allRows(e Engine) bulk {
	return bulk{
		insertMessages: `INSERT INTO messages (` + messageNames + `)
			SELECT r.account, r.id, r.outgoing, r.peer, r.peer_resource, r.received, r.sender, r.recipient,
				r.stanza_id, r.origin_id, r.type, r.lang, r.payload, r.listed
			FROM ` + e.Table(messageColumns) + ` WHERE ` + ofOwner,
		insertUndelivered: `INSERT INTO undelivered (account, id, listed)
			SELECT r.account, r.id, r.listed FROM ` + e.Table(markColumns) + ` WHERE ` + ofAccount,
		settle: []string{`WITH settled AS (
			DELETE FROM undelivered WHERE ctid = ANY (ARRAY (
				SELECT (SELECT u.ctid FROM undelivered u WHERE u.account = r.account AND u.id = r.id)
				FROM ` + e.Table(refColumns) + `))
			RETURNING account, id, listed)
			DELETE FROM messages WHERE ctid = ANY (ARRAY (
				SELECT (SELECT m.ctid FROM messages m WHERE m.account = s.account AND m.id = s.id)
				FROM settled s WHERE NOT s.listed))`},
		saveStreams: `INSERT INTO streams (id, account, handled, seen)
			SELECT r.id, r.account, r.handled, r.seen FROM ` + e.Table(streamColumns) + ` WHERE ` + ofAccount + `
			ON CONFLICT (id) DO UPDATE SET handled = excluded.handled, seen = excluded.seen`,
	}
}

// Subqueries that yield one value are looked up for each row, by the index. A
// join leaves it to the planner to read all of a table instead, or all values
// for each row of it, if it believes the table to be as small as it once was.
const (
	ofAccount = `(SELECT TRUE FROM accounts a WHERE a.jid = r.account)`
	// ofOwner: an archive is an account's or a room's, which are looked for in
	// this order.
	ofOwner = `COALESCE(` + ofAccount + `, (SELECT TRUE FROM rooms o WHERE o.jid = r.account))`
)

// rowByRow is for SQLite. A row of an owner that does not exist has no account
// and is left out by OR IGNORE. INSERT … SELECT and a subquery for several rows
// would make SQLite keep a journal and a table for each statement.
var rowByRow = bulk{
	insertMessages: `INSERT OR IGNORE INTO messages (` + messageNames + `)
		VALUES (COALESCE((SELECT jid FROM accounts WHERE jid = $1), (SELECT jid FROM rooms WHERE jid = $1)),
			$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
	insertUndelivered: `INSERT OR IGNORE INTO undelivered (account, id, listed)
		VALUES ((SELECT jid FROM accounts WHERE jid = $1), $2, $3)`,
	settle: []string{
		`DELETE FROM messages WHERE account = $1 AND id =
			(SELECT id FROM undelivered WHERE account = $1 AND id = $2 AND NOT listed)`,
		`DELETE FROM undelivered WHERE account = $1 AND id = $2`,
	},
	saveStreams: `INSERT INTO streams (id, account, handled, seen)
		SELECT $1, jid, $3, $4 FROM accounts WHERE jid = $2
		ON CONFLICT (id) DO UPDATE SET handled = excluded.handled, seen = excluded.seen`,
}
