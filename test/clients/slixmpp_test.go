package clients_test

import (
	"net"
	"os/exec"
	"testing"
)

// startSlixmpp runs testdata/talker.py, whose lines it explains.
func startSlixmpp(t *testing.T, p *parley, jid string) *lineProcess {
	t.Helper()
	host, port, err := net.SplitHostPort(p.c2s)
	if err != nil {
		t.Fatal(err)
	}
	// Debian's Python, which has Debian's slixmpp.
	cmd := exec.Command("/usr/bin/python3", "testdata/talker.py", jid, p.passwords[jid], host, port)
	return startLines(t, cmd, "slixmpp", "make tools installs python3-slixmpp")
}

func TestSlixmpp(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		alice := startSlixmpp(t, p, "alice@localhost")
		alice.reports(t, "contact bob@localhost both")
		alice.reports(t, "online")
		bob := dialWebSocket(t, p, "bob@localhost", p.passwords["bob@localhost"])
		bob.online(t)
		alice.reports(t, "sees bob@localhost available")
		alice.tell(t, "say bob@localhost from Python")
		bob.hears(t, "alice@localhost from Python")
		bob.say(t, "alice@localhost", "from Go")
		alice.reports(t, "heard bob@localhost from Go")
		bob.close(t)
		alice.reports(t, "sees bob@localhost unavailable")
		alice.tell(t, "quit")
	})
}
