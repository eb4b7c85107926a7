package clients_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const xmppjs = "testdata/xmppjs" // xmpp.js, and what drives it

var xmppjsPackages = sync.OnceValue(npmCI(xmppjs))

// startXMPPJS runs talker.mjs, whose lines it explains, for alice.
func startXMPPJS(t *testing.T, p *parley, service string) *lineProcess {
	t.Helper()
	needPackages(t, xmppjsPackages)
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
