package clients_test

import (
	"net"
	"os/exec"
	"strings"
	"testing"
)

// startResumer runs testdata/resumer.py, whose lines it explains, and returns
// when it is online with stream management and carbons.
func startResumer(t *testing.T, p *parley, addr, jid string) *lineProcess {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	bare, resource, _ := strings.Cut(jid, "/")
	cmd := exec.Command("/usr/bin/python3", "testdata/resumer.py", jid, p.passwords[bare], host, port)
	c := startLines(t, cmd, "slixmpp at "+resource, "make tools installs python3-slixmpp")
	c.reportsAll(t, "managed", "online "+jid)
	return c
}

// TestSlixmppResume: slixmpp resumes its stream over TCP with TLS, and nothing
// comes twice (XEP-0198 §5). Nothing that it said is lost on the way here: when
// it resumes, slixmpp 1.8 forgets what it would have to say again.
func TestSlixmppResume(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		r := newRelay(t, p.c2s)
		alice := startResumer(t, p, r.addr, "alice@localhost/desk")
		bob := startResumer(t, p, p.c2s, "bob@localhost/home")
		alice.tell(t, "say bob@localhost well met")
		bob.gets(t, "heard alice@localhost well met")
		alice.tell(t, "ask")
		alice.reports(t, "acked well met") // XEP-0198 §4
		resumes(t, r, alice, bob)
		resumes(t, r, alice, bob) // the one that was resumed
	})
}

// TestSlixmppAfterRestart: as TestStropheAfterRestart.
func TestSlixmppAfterRestart(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		r := newRelay(t, p.c2s)
		alice := startResumer(t, p, r.addr, "alice@localhost/desk")
		bob := startResumer(t, p, p.c2s, "bob@localhost/home")
		restarts(t, p, r, alice, bob)
	})
}

// TestSlixmppCarbons: as TestStanzaJSCarbons (XEP-0280 §7, §8).
func TestSlixmppCarbons(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		desk := startResumer(t, p, p.c2s, "alice@localhost/desk")
		phone := startResumer(t, p, p.c2s, "alice@localhost/phone")
		bob := startResumer(t, p, p.c2s, "bob@localhost/home")
		carbons(t, desk, phone, bob)
	})
}
