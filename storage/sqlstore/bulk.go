package sqlstore

// bulk holds the statements that a batch makes once for all its ops of a kind,
// in the words of the engine.
type bulk struct {
	insertMessages    string
	insertUndelivered string
	settleUnlisted    string
	settle            string
	saveStreams       string
}

func newBulk(e Engine) bulk {
	messages, marks, refs := e.Table(messageColumns), e.Table(markColumns), e.Table(refColumns)
	return bulk{
		insertMessages: `INSERT INTO messages (` + messageNames + `)
			SELECT r.account, r.id, r.outgoing, r.peer, r.peer_resource, r.received, r.sender, r.recipient,
				r.stanza_id, r.origin_id, r.type, r.lang, r.payload, r.listed
			FROM ` + messages + `, accounts a WHERE a.jid = r.account`,
		insertUndelivered: `INSERT INTO undelivered (account, id, listed)
			SELECT r.account, r.id, r.listed FROM ` + marks + `, accounts a WHERE a.jid = r.account`,
		settleUnlisted: `DELETE FROM messages WHERE (account, id) IN
			(SELECT u.account, u.id FROM ` + refs + `, undelivered u
			WHERE u.account = r.account AND u.id = r.id AND NOT u.listed)`,
		settle: `DELETE FROM undelivered WHERE (account, id) IN (SELECT r.account, r.id FROM ` + refs + `)`,
		saveStreams: `INSERT INTO streams (id, account, handled, seen)
			SELECT r.id, r.account, r.handled, r.seen FROM ` + e.Table(streamColumns) + `, accounts a
			WHERE a.jid = r.account
			ON CONFLICT (id) DO UPDATE SET handled = excluded.handled, seen = excluded.seen`,
	}
}
