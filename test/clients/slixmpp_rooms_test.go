package clients_test

import (
	"net"
	"os/exec"
	"testing"
)

// startWitch runs testdata/witch.py, whose lines it explains.
func startWitch(t *testing.T, p *parley, jid string) *lineProcess {
	t.Helper()
	host, port, err := net.SplitHostPort(p.c2s)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/usr/bin/python3", "testdata/witch.py", jid, p.passwords[jid], host, port)
	return startLines(t, cmd, "slixmpp", "make tools installs python3-slixmpp")
}

// XEP-0045 with a client that we have not written: a room is made, configured,
// talked in, moderated, read from its archive and found again.
func TestSlixmppRooms(t *testing.T) {
	t.Parallel()
	const room = "coven@conference.localhost"
	onBoth(t, func(t *testing.T, p *parley) {
		alice, bob := startWitch(t, p, "alice@localhost"), startWitch(t, p, "bob@localhost")
		alice.reports(t, "online")
		bob.reports(t, "online")
		alice.tell(t, "join %s firstwitch", room)
		alice.reports(t, "joined firstwitch")
		bob.tell(t, "join %s secondwitch", room)
		bob.reports(t, "failed item-not-found") // it waits for its configuration
		alice.tell(t, "make %s A Dark Cave", room)
		alice.reports(t, "done")
		bob.tell(t, "join %s secondwitch", room)
		bob.reports(t, "joined firstwitch secondwitch")
		alice.reports(t, "came secondwitch participant")
		bob.tell(t, "tell %s When shall we three meet again?", room)
		alice.reports(t, "said secondwitch When shall we three meet again?")
		alice.tell(t, "subject %s Spells", room)
		bob.reports(t, "subject Spells")
		alice.tell(t, "affiliation %s bob@localhost member", room)
		alice.reports(t, "done")
		alice.tell(t, "list %s member", room)
		alice.reports(t, "listed bob@localhost")
		alice.tell(t, "role %s secondwitch moderator", room)
		bob.reports(t, "came secondwitch moderator")
		bob.tell(t, "role %s firstwitch none", room)
		bob.reports(t, "failed not-allowed")
		alice.tell(t, "role %s secondwitch none", room)
		bob.reports(t, "left secondwitch 110 307")
		alice.reports(t, "left secondwitch 307")
		alice.tell(t, "leave %s firstwitch", room)
		bob.tell(t, "archive %s", room)
		bob.reports(t, "archived When shall we three meet again?")
		bob.tell(t, "join %s secondwitch", room)
		bob.reports(t, "said secondwitch When shall we three meet again?")
		alice.tell(t, "quit")
		bob.tell(t, "quit")
	})
}
