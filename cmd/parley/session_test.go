package main_test

import (
	"context"
	"encoding/base64"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// wire is a client that writes and reads WebSocket messages (RFC 7395).
type wire struct {
	t    *testing.T
	ctx  context.Context
	conn *websocket.Conn
}

func dial(t *testing.T, r *running) *wire {
	t.Helper()
	page := regexp.MustCompile(`http://localhost:(\d+)/`).FindStringSubmatch(r.greets)
	if page == nil {
		t.Fatalf("no address in\n%s", r.greets)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, "ws://127.0.0.1:"+page[1]+"/xmpp-websocket", &websocket.DialOptions{Subprotocols: []string{"xmpp"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &wire{t, ctx, conn}
}

func (w *wire) send(text string) {
	w.t.Helper()
	if err := w.conn.Write(w.ctx, websocket.MessageText, []byte(text)); err != nil {
		w.t.Fatal(err)
	}
}

// until reads up to the message that has want in it, and returns that.
func (w *wire) until(want string) string {
	w.t.Helper()
	var seen strings.Builder
	for {
		_, text, err := w.conn.Read(w.ctx)
		if err != nil {
			w.t.Fatalf("%v before %q, after\n%s", err, want, seen.String())
		}
		seen.Write(text)
		if strings.Contains(string(text), want) {
			return string(text)
		}
	}
}

// ends reads up to want and then, answering the server's <close/> (RFC 7395
// §3.6), to the end of the connection.
func (w *wire) ends(want string) {
	w.t.Helper()
	w.until(want)
	w.until("<close")
	w.send(`<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>`)
	if _, _, err := w.conn.Read(w.ctx); websocket.CloseStatus(err) == -1 {
		w.t.Fatalf("the connection stays open: %v", err)
	}
}

func (w *wire) open() {
	w.t.Helper()
	w.send(`<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>`)
	w.until("features")
}

func (w *wire) authenticate(user, password, want string) {
	w.t.Helper()
	w.open()
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
	w.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>` + plain + `</auth>`)
	w.until(want)
}

func (w *wire) refused(user, password, want string) {
	w.t.Helper()
	w.authenticate(user, password, want)
	_ = w.conn.CloseNow() // else the server, when it stops, gives it time to leave
}

func (w *wire) login(user, password string) {
	w.t.Helper()
	w.authenticate(user, password, "<success")
	w.open()
	w.send(`<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`)
	w.until("<jid>")
}

// What the operator does to an account holds for who is logged in with it, too.
func TestOperatorEndsSessions(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *site) {
		r := s.start("--no-demo")
		defer r.stop(syscall.SIGINT)
		s.ok("one", "user", "add", "carol", "--password-file", "-")

		w := dial(t, r)
		w.login("carol", "one")
		s.ok("two", "user", "passwd", "carol", "--password-file", "-")
		w.ends("not-authorized")
		dial(t, r).refused("carol", "one", "not-authorized")

		w = dial(t, r)
		w.login("carol", "two")
		s.ok("", "user", "disable", "carol")
		w.ends("not-authorized")
		dial(t, r).refused("carol", "two", "account-disabled")

		s.ok("", "user", "enable", "carol")
		w = dial(t, r)
		w.login("carol", "two")
		s.ok("", "user", "remove", "carol")
		w.ends("not-authorized")
		dial(t, r).refused("carol", "two", "not-authorized")
	})
}
