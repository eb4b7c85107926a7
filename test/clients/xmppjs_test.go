package clients_test

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const xmppjs = "testdata/xmppjs" // xmpp.js, and what drives it

// xmppjsPackages installs it, once and where it is missing.
var xmppjsPackages = sync.OnceValue(func() error {
	if _, err := os.Stat(filepath.Join(xmppjs, "node_modules", ".package-lock.json")); err == nil {
		return nil
	}
	cmd := exec.Command("npm", "ci")
	cmd.Dir, cmd.Stdout, cmd.Stderr = xmppjs, os.Stderr, os.Stderr
	return cmd.Run()
})

// startXMPPJS runs talker.mjs, whose lines it explains, for alice.
func startXMPPJS(t *testing.T, p *parley, service string) *lineProcess {
	t.Helper()
	if err := xmppjsPackages(); err != nil {
		t.Fatalf("npm ci: %v; Node.js 20.19 or newer must be installed", err)
	}
	cmd := exec.Command("node", "--no-warnings", "--experimental-websocket", filepath.Join(xmppjs, "talker.mjs"),
		service, "alice", p.passwords["alice@localhost"])
	cmd.Env = append(os.Environ(), "NODE_TLS_REJECT_UNAUTHORIZED=0") // self-signed
	return startLines(t, cmd, "xmpp.js", "install Node.js 20.19 or newer")
}

// TestXMPPJS: xmpp.js logs in and binds with SASL2 and Bind 2, comes back with a
// token in one step, and resumes in one step when its connection was cut
// (XEP-0388, XEP-0386, XEP-0484, XEP-0198).
func TestXMPPJS(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		for name, service := range map[string]func(addr string) string{
			"websocket": func(addr string) string { return "ws://" + addr + "/xmpp-websocket" },
			"tcp":       func(addr string) string { return "xmpp://" + addr },
		} {
			r := newRelay(t, map[string]string{"websocket": p.http, "tcp": p.c2s}[name])
			alice := startXMPPJS(t, p, service(r.addr))
			alice.reports(t, "authenticates SCRAM-SHA-1 bind request-token")
			jid := strings.Fields(alice.reportsLike(t, "online alice@localhost/talker/"))[1]
			bob := dialWebSocket(t, p, "bob@localhost", p.passwords["bob@localhost"])
			bob.online(t)
			alice.tell(t, "say bob@localhost with a password")
			bob.hears(t, "alice@localhost with a password")

			alice.tell(t, "again")
			alice.reports(t, "authenticates HT-SHA-256-NONE bind fast")
			alice.reports(t, "online "+jid+" 1")
			alice.tell(t, "say bob@localhost with a token")
			bob.hears(t, "alice@localhost with a token")

			r.cut()
			bob.say(t, "alice@localhost", "while you were away")
			alice.reports(t, "authenticates HT-SHA-256-NONE bind fast resume")
			alice.reportsAll(t, "resumed 1", "heard bob@localhost while you were away")
			alice.tell(t, "say bob@localhost with the old stream")
			bob.hears(t, "alice@localhost with the old stream")
			alice.tell(t, "quit")
			bob.close(t)
		}
	})
}

// relay stands between a client and the server, and can cut their connections.
type relay struct {
	addr string

	mu    sync.Mutex
	conns []net.Conn // guarded by mu
}

func newRelay(t *testing.T, target string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{addr: l.Addr().String()}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				client.Close()
				continue
			}
			r.keep(client, server)
			running.Go(func() { pass(client, server) })
			running.Go(func() { pass(server, client) })
		}
	})
	t.Cleanup(func() { l.Close(); r.cut(); running.Wait() })
	return r
}

func (r *relay) keep(conns ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns = append(r.conns, conns...)
}

// cut ends what there is; the client may connect anew.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.Close()
	}
	r.conns = nil
}

func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from) // ends when either is closed
	to.Close()
}
