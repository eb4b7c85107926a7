package clients_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

const strophe = "testdata/strophe" // Strophe.js, and what drives it

var strophePackages = sync.OnceValue(npmCI(strophe))

// startStrophe runs talker.mjs, whose lines it explains, and returns when it is
// online with stream management.
func startStrophe(t *testing.T, p *parley, addr, jid string) *lineProcess {
	t.Helper()
	needPackages(t, strophePackages)
	cmd := exec.Command("node", filepath.Join(strophe, "talker.mjs"), "ws://"+addr+"/xmpp-websocket", jid, p.passwords[jid])
	c := startLines(t, cmd, "Strophe.js of "+jid, "install Node.js 20.19 or newer")
	entersManaged(t, c, jid)
	return c
}

func entersManaged(t *testing.T, c *lineProcess, jid string) {
	t.Helper()
	c.reportsLike(t, "online "+jid+"/")
	c.reports(t, "managed true")
}

// confirm has c and the server acknowledge all that they have said to each other.
func (p *lineProcess) confirm(t *testing.T) {
	t.Helper()
	p.tell(t, "confirm")
	p.reports(t, "confirmed")
}

// TestStrophe: a stream is resumed after the connection was cut (XEP-0198 §5).
func TestStrophe(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		r := newRelay(t, p.http)
		alice := startStrophe(t, p, r.addr, "alice@localhost")
		bob := startStrophe(t, p, p.http, "bob@localhost")
		talk(t, alice, bob, "well met")
		alice.confirm(t)
		resumes(t, r, alice, bob)
		repeats(t, r, alice, bob)
		alice.confirm(t)
	})
}

// TestStropheAfterKill: SIGKILL loses nothing. The stream cannot be resumed, the
// client binds anew, is told how much was stored (XEP-0198 §5), acknowledged or
// not, and says the rest again; what neither side had acknowledged comes. What bob has acknowledged may come to his new session, under
// the same stanza-id, if the server died before it had that on disk.
func TestStropheAfterKill(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		r := newRelay(t, p.http)
		alice := startStrophe(t, p, r.addr, "alice@localhost")
		bob := startStrophe(t, p, p.http, "bob@localhost")
		talk(t, alice, bob, "well met")
		alice.confirm(t)
		r.deafen()
		alice.tell(t, "say bob@localhost stored and not acknowledged")
		bob.gets(t, "heard alice@localhost stored and not acknowledged")
		bob.tell(t, "say alice@localhost to deaf ears")
		bob.confirm(t)
		r.swallow()
		alice.tell(t, "say bob@localhost into the void")
		alice.reports(t, "sent into the void")

		p.kill(t)
		r.cut()
		p.start(t)
		alice.failsToResume(t)
		if line := alice.reportsLike(t, "sent "); line != "sent into the void" {
			t.Errorf("said again what was stored: %s", line)
		}
		alice.gets(t, "heard bob@localhost to deaf ears")
		bob.failsToResume(t)
		bob.gets(t, "heard alice@localhost into the void")
		alice.confirm(t)
		talk(t, alice, bob, "nothing more")
	})
}

// failsToResume waits for a new session. The server says how many stanzas of the
// old one it has handled: not fewer than it had acknowledged, and not more than
// there were (XEP-0198 §5).
func (p *lineProcess) failsToResume(t *testing.T) {
	t.Helper()
	line := p.reportsLike(t, "failed ")
	var h, acked, sent int
	if _, err := fmt.Sscanf(line, "failed %d %d %d", &h, &acked, &sent); err != nil || h < acked || h > sent || acked == 0 {
		t.Errorf("%s: %q (%v)", p.name, line, err)
	}
	p.reportsLike(t, "online ")
}

// TestStropheAcknowledged: what the server has acknowledged when it is killed is
// there afterwards, once and in order, and is not said again.
func TestStropheAcknowledged(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		alice := startStrophe(t, p, p.http, "alice@localhost")
		const rounds, each = 3, 10
		for round := range rounds {
			for i := range each {
				alice.tell(t, "say bob@localhost %d", round*each+i)
			}
			alice.confirm(t)
			p.kill(t)
			p.start(t)
			alice.failsToResume(t)
			alice.reports(t, "managed true")
		}
		alice.tell(t, "say bob@localhost that was all")
		alice.confirm(t)
		bob := startStrophe(t, p, p.http, "bob@localhost")
		for i := range rounds * each {
			bob.gets(t, fmt.Sprintf("heard alice@localhost %d", i))
		}
		bob.gets(t, "heard alice@localhost that was all")
	})
}

// TestStropheAfterRestart: a server that was stopped in order resumes the streams
// that it had, with what was not acknowledged (XEP-0198 §5).
func TestStropheAfterRestart(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		r := newRelay(t, p.http)
		alice := startStrophe(t, p, r.addr, "alice@localhost")
		bob := startStrophe(t, p, p.http, "bob@localhost")
		restarts(t, p, r, alice, bob)
	})
}
