package budget_test

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"parley/bench/client"
	"parley/bench/wire"
	"parley/internal/config"
	"parley/internal/xmpptest"
)

// patience is how long an answer may take.
const patience = time.Minute

// budget is how many allocations one chat message may cost the whole server, from
// the sender's connection to the recipient's, neither of them under stream
// management and nothing of it stored. The clients allocate nothing.
//
// It takes eight: the stanza, its id and the event that passes the hooks; what
// the router's answer is booked with; the copy of the payload that outlives the
// reader's buffer, and its list of children; and the tracker that stores the
// message if nobody turns out to have read it. The rest is for what happens now and
// then, and for the race detector, which throws pooled buffers away.
const budget = 12

// TestMessageAllocations: a message that one client sends to another. It counts
// what the whole process allocates, so it runs beside no other.
func TestMessageAllocations(t *testing.T) {
	s := xmpptest.Start(t, xmpptest.Options{Log: io.Discard, Change: func(c *config.Config) {
		c.Limits, c.Archive.Default = c.Limits.Off(), "never"
	}})
	s.AddUser(t, "alice")
	s.AddUser(t, "bob")
	for name, address := range map[string]string{"websocket": s.URL(), "TCP": s.Addr("c2s")} {
		t.Run(name, func(t *testing.T) {
			alice, bob := login(t, address, "alice"), login(t, address, "bob")
			message := []byte("<message" + alice.Conn.Namespace() + " type='chat' to='" + bob.JID + "' id='7a2c9b0e-5b1f'><body>Wherefore art thou?</body><request xmlns='urn:xmpp:receipts'/></message>")
			got := testing.AllocsPerRun(500, func() {
				if err := exchange(alice, bob, message); err != nil {
					t.Fatal(err)
				}
			})
			t.Logf("%v allocations", got)
			if got > budget {
				t.Errorf("%v allocations a message, %v are allowed", got, budget)
			}
		})
	}
}

func exchange(from, to *client.Session, message []byte) error {
	if err := from.Conn.Send(message); err != nil {
		return err
	}
	for {
		if st, err := to.Next(); err != nil || st.Kind == client.Message {
			return err
		}
	}
}

// login returns an available client.
func login(t *testing.T, address, user string) *client.Session {
	t.Helper()
	a, err := wire.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := a.Dial(context.Background(), 0, time.Now().Add(patience))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	s, err := client.Login(conn, client.Account{
		User: user, Domain: "localhost", Password: xmpptest.Password, Mechanism: client.Plain,
	}, new(client.Keys))
	if err == nil {
		err = s.SendPresence("")
	}
	if err == nil {
		err = s.Fence(nil)
	}
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", user, err))
	}
	return s
}
