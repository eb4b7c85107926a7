package mam_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/internal/xep/mam"
)

func retraction(to, id, of string) string {
	return fmt.Sprintf(`<message type='chat' to='%s' id='%s'><retract id='%s' xmlns='urn:xmpp:message-retract:1'/><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:message-retract:1'/><body>/me retracted</body><store xmlns='urn:xmpp:hints'/></message>`, to, id, of)
}

// TestTombstone: in both archives the retracted message makes way for a
// tombstone at its place, and the retraction is there, too (XEP-0424 §4).
func TestTombstone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	a := w.Bind(t, romeo)
	a.Send(`<message type='chat' to='juliet@localhost' id='wrong'><body>secret</body><x xmlns='urn:x'>secret</x><origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>`)
	a.Send(`<message type='chat' to='juliet@localhost' id='other'><body>public</body></message>`)
	before := w.archive(t, "juliet@localhost")
	a.Send(retraction(juliet, "r1", "wrong"))
	for _, account := range []string{"romeo@localhost", "juliet@localhost"} {
		rows := w.archive(t, account)
		if len(rows) != 3 || rows[0].ID != before[0].ID || rows[0].StanzaID != "wrong" || string(rows[1].Payload) != "<body>public</body>" {
			t.Fatalf("%s: got %+v", account, rows)
		}
		want := fmt.Sprintf("<retracted xmlns='urn:xmpp:message-retract:1' id='r1' stamp='%s'/>", rows[2].Received.UTC().Format("2006-01-02T15:04:05.000000Z"))
		if got := string(rows[0].Payload); got != want {
			t.Errorf("%s: got %s, want %s", account, got, want)
		}
	}
	if rows := w.waiting(t, "juliet@localhost"); len(rows) != 3 || rows[0].Payload[1] != 'r' {
		t.Errorf("what waits for delivery is not retracted: %s", rows[0].Payload)
	}
	a.Send(retraction("juliet@localhost", "r2", "wrong")) // once is enough
	if got := w.archive(t, "romeo@localhost")[0]; !strings.Contains(string(got.Payload), "id='r1'") {
		t.Errorf("got %s", got.Payload)
	}
}

// TestTombstoneOfNote: XEP-0424 §4 in the one archive of a message to oneself,
// found by its origin-id.
func TestTombstoneOfNote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	a := w.Bind(t, romeo)
	a.Send(`<message type='chat' to='romeo@localhost' id='1'><body>secret</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>`)
	w.Bind(t, "romeo@localhost/phone").Send(retraction("romeo@localhost", "r1", "o1"))
	if rows := w.archive(t, "romeo@localhost"); len(rows) != 2 || strings.Contains(string(rows[0].Payload), "secret") {
		t.Errorf("got %+v", rows)
	}
}

// TestNotRetracted: nobody takes back what another has said, and what cannot be
// a retraction does nothing (XEP-0424 §5).
func TestNotRetracted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mam.Options{})
	w.account(t, "tybalt@localhost")
	a, b, c := w.Bind(t, romeo), w.Bind(t, juliet), w.Bind(t, "tybalt@localhost/x")
	a.Send(`<message type='chat' to='juliet@localhost' id='m1'><body>x</body></message>`)
	b.Send(retraction("romeo@localhost", "r1", "m1"))
	c.Send(retraction("romeo@localhost", "r2", "m1"))
	c.Send(retraction("juliet@localhost", "r3", "m1"))
	a.Send(retraction("tybalt@localhost", "r4", "m1"))
	a.Send(retraction("juliet@localhost", "r5", "r5")) // itself
	a.Send(retraction("juliet@localhost", "r6", "unknown"))
	a.Send(retraction("juliet@localhost", "r7", ""))
	a.Send(retraction("juliet@localhost", "", "m1"))
	for account, n := range map[string]int{"romeo@localhost": 8, "juliet@localhost": 7} {
		rows := w.archive(t, account)
		if len(rows) != n {
			t.Errorf("%s has %d rows, want %d", account, len(rows), n)
		}
		for _, r := range rows {
			if strings.Contains(string(r.Payload), "<retracted") {
				t.Errorf("%s: %s retracted: %s", account, r.StanzaID, r.Payload)
			}
		}
	}
}
