package storagetest

import (
	"testing"

	"parley/storage"
	"parley/storage/sqlstore"
)

// beforeMessages is the last schema that kept offline messages in a table of
// their own.
const beforeMessages = 5

// What waited in a database of an older program waits still, in its order, before
// anything new.
func testUpgradeMessages(t *testing.T, h *harness) {
	s := h.raw(t)
	must(t, sqlstore.MigrateTo(h.ctx, s, beforeMessages))
	must(t, sqlstore.Execute(h.ctx, s, `INSERT INTO accounts (jid, domain, disabled, created,
		roster_version, roster_floor, offline_count, offline_prior, offline_last)
		VALUES ($1, 'localhost', FALSE, 1, 1, 1, 3, 0, 7)`, alice))
	var want []storage.Message
	for i, from := range []string{bob + "/a/b", "localhost", bob} {
		m := received(s, alice, i)
		m.ID, m.From, m.Peer, m.PeerResource, m.OriginID, m.Listed = int64(7-i), from, bob, "", "", false
		if i == 1 {
			m.Peer = from
		}
		must(t, sqlstore.Execute(h.ctx, s, `INSERT INTO offline_messages
			(account, id, received, sender, recipient, stanza_id, type, lang, payload)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			m.Account, m.ID, m.Received.UnixMicro(), m.From, m.To, m.StanzaID, m.Type, m.Lang, m.Payload))
		want = append([]storage.Message{m}, want...)
	}
	_, err := s.Migrate(h.ctx)
	must(t, err)
	fresh := received(s, alice, 9)
	h.append(t, s, waits, fresh)
	wantMessages(t, "waiting", h.undelivered(t, s, alice), append(want, fresh)...)
	equal(t, "archived", h.archiveCount(t, s, alice, storage.ArchiveFilter{}), 1)
	var refs []storage.MessageRef
	for _, m := range want {
		refs = append(refs, storage.MessageRef{Account: alice, ID: m.ID})
	}
	h.wait(t, s.SettleMessages(refs))
	wantMessages(t, "waiting", h.undelivered(t, s, alice), fresh)
	must(t, s.CreateAccount(h.ctx, bob, nil))
	_, _, _, err = s.UpdateRoster(h.ctx, alice, bob, 0, listed)
	must(t, err)
}
