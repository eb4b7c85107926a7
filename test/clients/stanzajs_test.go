package clients_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const stanzajs = "testdata/stanzajs" // stanza.js, and what drives it

var stanzajsPackages = sync.OnceValue(npmCI(stanzajs))

// startStanzaJS runs talker.mjs, whose lines it explains, and returns when it is
// online with stream management and carbons.
func startStanzaJS(t *testing.T, p *parley, addr, jid string) *lineProcess {
	t.Helper()
	needPackages(t, stanzajsPackages)
	bare, resource, _ := strings.Cut(jid, "/")
	cmd := exec.Command("node", filepath.Join(stanzajs, "talker.mjs"), "ws://"+addr+"/xmpp-websocket", jid, p.passwords[bare])
	c := startLines(t, cmd, "stanza.js at "+resource, "install Node.js 20.19 or newer")
	c.reportsAll(t, "managed true", "online "+jid)
	return c
}

// TestStanzaJSCarbons: each session of alice's gets a copy of what the other
// hears and says, in the right direction, and none of its own (XEP-0280 §7, §8).
func TestStanzaJSCarbons(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		desk := startStanzaJS(t, p, p.http, "alice@localhost/desk")
		phone := startStanzaJS(t, p, p.http, "alice@localhost/phone")
		bob := startStanzaJS(t, p, p.http, "bob@localhost/home")
		carbons(t, desk, phone, bob)
		desk.tell(t, "say bob@localhost acknowledged")
		desk.reports(t, "acked acknowledged") // XEP-0198 §4
		phone.gets(t, "copied sent bob@localhost acknowledged")
		bob.gets(t, "heard alice@localhost acknowledged")
	})
}

// carbons has bob and two sessions of alice's talk.
func carbons(t *testing.T, desk, phone, bob *lineProcess) {
	t.Helper()
	desk.tell(t, "say bob@localhost from the desk")
	bob.gets(t, "heard alice@localhost from the desk")
	phone.gets(t, "copied sent bob@localhost from the desk")
	bob.tell(t, "say alice@localhost/desk to the desk")
	desk.gets(t, "heard bob@localhost to the desk")
	phone.gets(t, "copied received bob@localhost to the desk")
	phone.tell(t, "say bob@localhost from the phone")
	bob.gets(t, "heard alice@localhost from the phone")
	desk.gets(t, "copied sent bob@localhost from the phone")
	bob.tell(t, "say alice@localhost to both")
	desk.gets(t, "heard bob@localhost to both")
	phone.gets(t, "heard bob@localhost to both")
}

// TestStanzaJSResume: stanza.js connects again by itself and resumes its stream;
// nothing is lost or comes twice, and carbons stay on.
func TestStanzaJSResume(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		r := newRelay(t, p.http)
		alice := startStanzaJS(t, p, r.addr, "alice@localhost/desk")
		bob := startStanzaJS(t, p, p.http, "bob@localhost/home")
		resumes(t, r, alice, bob)
		repeats(t, r, alice, bob)
		carbons(t, alice, startStanzaJS(t, p, p.http, "alice@localhost/phone"), bob)
	})
}

// TestStanzaJSAfterRestart: as TestStropheAfterRestart.
func TestStanzaJSAfterRestart(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		r := newRelay(t, p.http)
		alice := startStanzaJS(t, p, r.addr, "alice@localhost/desk")
		bob := startStanzaJS(t, p, p.http, "bob@localhost/home")
		restarts(t, p, r, alice, bob)
	})
}

// TestStanzaJSArchive: stanza.js pages through its archive both ways and finds
// each message once (XEP-0313 §4.3, XEP-0059 §2).
func TestStanzaJSArchive(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		const n = 30
		alice := startStanzaJS(t, p, p.http, "alice@localhost/desk")
		for i := range n {
			alice.tell(t, "say bob@localhost %d", i)
		}
		for _, size := range []int{1, 7, 10, n, n + 1} {
			alice.tell(t, "pages forward %d", size)
			alice.reports(t, fmt.Sprintf("forward %d %s", n, numbers(0, n)))
			alice.tell(t, "pages backward %d", size)
			alice.reports(t, fmt.Sprintf("backward %d %s", n, backwards(numbers(0, n))))
		}
	})
}
