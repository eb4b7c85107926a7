package clients_test

import (
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestSlixmppArchive: slixmpp pages through its archive both ways, by contact and
// by time, and finds what it sent (XEP-0313).
func TestSlixmppArchive(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *parley) {
		host, port, err := net.SplitHostPort(p.c2s)
		if err != nil {
			t.Fatal(err)
		}
		const jid, n = "alice@localhost", 30
		alice := startLines(t, exec.Command("/usr/bin/python3", "testdata/archivist.py", jid, p.passwords[jid], host, port, "bob@localhost", strconv.Itoa(n)),
			"slixmpp", "make tools installs python3-slixmpp")
		alice.reports(t, "fields FORM_TYPE with start end before-id after-id ids include-groupchat")
		ends := strings.TrimPrefix(alice.reportsLike(t, "metadata "), "metadata ")
		alice.reports(t, "forward "+numbers(0, n))
		alice.reports(t, "ids "+ends)
		alice.reports(t, "backward "+backwards(numbers(0, n)))
		alice.reports(t, "with "+numbers(0, n))
		alice.reports(t, "span "+numbers(3, 10))
		alice.reports(t, "nobody")
		alice.reports(t, "ends")
	})
}

// numbers are those from first up to before end.
func numbers(first, end int) string {
	var list []string
	for i := first; i < end; i++ {
		list = append(list, strconv.Itoa(i))
	}
	return strings.Join(list, " ")
}

func backwards(words string) string {
	list := strings.Fields(words)
	slices.Reverse(list)
	return strings.Join(list, " ")
}
