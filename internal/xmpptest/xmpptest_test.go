package xmpptest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/xmpptest"
)

// Two clients over every pair of transports.
func TestClients(t *testing.T) {
	t.Parallel()
	srv := xmpptest.Start(t, xmpptest.Options{})
	for _, user := range []string{"romeo", "juliet"} {
		srv.AddUser(t, user)
	}
	transports := []xmpptest.Transport{xmpptest.WebSocket, xmpptest.TCP, xmpptest.DirectTLS}
	for _, from := range transports {
		for _, to := range transports {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				romeo := srv.Dial(t, from, "romeo@localhost", "")
				juliet := srv.Dial(t, to, "juliet", "balcony")
				romeo.Send("<message xmlns='jabber:client' to='juliet@localhost/balcony' type='chat'><body>O!</body></message>")
				juliet.Expect("<message from='" + romeo.JID + "' to='juliet@localhost/balcony' type='chat'><body>O!</body>{more}</message>")
				romeo.Sync()
				juliet.ExpectNothing()
				romeo.Disconnect()
				juliet.Disconnect()
			})
		}
	}
}

// A pool gives the same server again, without the accounts of before.
func TestPool(t *testing.T) {
	t.Parallel()
	pool := xmpptest.NewPool(t, xmpptest.Options{})
	seen := map[*xmpptest.Server]bool{}
	for range 3 {
		t.Run("borrow", func(t *testing.T) {
			srv := pool.Get(t)
			seen[srv] = true
			srv.AddUser(t, "romeo")
			srv.Dial(t, xmpptest.TCP, "romeo", "").Disconnect()
			srv.Reusable()
		})
	}
	if len(seen) != 1 {
		t.Errorf("got %d servers, want 1", len(seen))
	}
}

// What a transcript must say right.
func TestLoad(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"fine":             {"What it shows.\n\nclient: romeo romeo@localhost/x\n-- romeo connects --\n", ""},
		"half a client":    {"client: romeo\n", "want 2 words"},
		"half a contact":   {"contact: romeo@localhost juliet@localhost\n", "want 3 words"},
		"two words stream": {"stream: anna ben\n", "want 1 words"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "x.txtar")
			if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := xmpptest.Load(file)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// -update writes what the server said into the file, and only where it differs.
func TestUpdate(t *testing.T) {
	t.Parallel()
	const before = `What it shows.

client: romeo romeo@localhost/x
-- romeo connects --
-- romeo sends --
<iq type='get' id='1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>
<iq type='get' id='2' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>
-- romeo receives --
<iq type='{any}' id='1' from='localhost' to='romeo@localhost/x'/>
-- romeo receives --
<iq type='error' id='2'/>
`
	file := filepath.Join(t.TempDir(), "x.txtar")
	if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	pool := xmpptest.NewPool(t, xmpptest.Options{})
	for _, update := range []bool{true, false} {
		tr, err := xmpptest.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run("play", func(t *testing.T) { tr.Run(t, pool, xmpptest.WebSocket, update) })
	}
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	kept, _, _ := strings.Cut(before, "<iq type='error'")
	rest, ok := strings.CutPrefix(string(after), kept)
	if !ok || !strings.Contains(rest, "type='result'") {
		t.Errorf("got\n%s", after)
	}
}
