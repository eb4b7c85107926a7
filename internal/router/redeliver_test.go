package router_test

import (
	"testing"

	"parley/internal/jid"
)

// TestOwnMessagesEndWithTheirSession: what the server has sent a client on
// behalf of its account, such as a result from the archive (XEP-0313 §4.2), goes
// to nobody else when the client has not read it, and nobody is told.
func TestOwnMessagesEndWithTheirSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.bind("juliet@localhost/balcony", 0), w.bind("juliet@localhost/chamber", 0)
	st := parse(t, `<message id='result'><result xmlns='urn:xmpp:mam:2'/></message>`)
	st.From, st.To = jid.MustParse("juliet@localhost"), a.JID()
	a.Session.Send(st)
	a.received()
	a.leave(false)
	if got := b.received(); len(got) != 0 {
		t.Errorf("the other client got %s", got)
	}
}
