package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A full disk is said to the sender, message by message, and is over when there
// is room again; what was accepted is there.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if c := inside(t); c != nil {
		runFullDisk(t, c)
		return
	}
	c := newContainer(t, imageFiles(t))
	c.Env = append(c.Env, "PARLEY_LOCAL_NETWORKS="+hostIP, "PARLEY_LIMITS_RATE_BYTES=0", "PARLEY_LIMITS_RATE_BYTES_BURST=0",
		"PARLEY_LIMITS_RATE_STANZAS=0", "PARLEY_LIMITS_RATE_STANZAS_BURST=0", "PARLEY_LIMITS_OFFLINE_MESSAGES=10000")
	c.enter(t)
}

func runFullDisk(t *testing.T, c *container) {
	t.Helper()
	mount(t, "tmpfs", c.Volumes["/data"], "tmpfs", 0, "mode=0700,size=8m")
	if !oneUser() {
		c.own(t, c.Volumes["/data"])
	}
	c.mounts(t)
	addAddresses(t, hostIP, parleyIP)
	s := c.start(t)
	for _, user := range []string{"alice", "bob"} {
		c.exec(t, "open sesame\n", "user", "add", user+"@localhost", "--password-file", "-")
	}
	alice := dialWebSocket(t, hostIP)
	alice.login(t, open, "alice", "open sesame")
	n := 0
	accepted := alice.write100(t, &n, false)
	junk := fill(t, c.Volumes["/data"])
	more := alice.write100(t, &n, true)
	accepted = append(accepted, more...)
	if err := os.Remove(junk); err != nil {
		t.Fatal(err)
	}
	again := alice.write100(t, &n, false)
	if len(again) != 100 {
		t.Errorf("with room again %d of 100 messages are accepted", len(again))
	}
	accepted = append(accepted, again...)

	bob := dialWebSocket(t, hostIP)
	bob.login(t, open, "bob", "open sesame")
	got := bob.tell(t, "<presence xmlns='jabber:client'/>", fmt.Sprintf("number %d.", again[len(again)-1]))
	var numbers []string
	for _, m := range regexp.MustCompile(`number (\d+)\.`).FindAllStringSubmatch(got, -1) {
		numbers = append(numbers, m[1])
	}
	if want := strings.Trim(fmt.Sprint(accepted), "[]"); strings.Join(numbers, " ") != want {
		t.Errorf("got %s\nwant %s", numbers, want)
	}
	s.stop(t)
}

// write100 writes messages for Bob, who is away, each followed by a ping, and
// returns the numbers of the accepted ones. With untilRefused it goes on until
// one is refused.
func (w *wire) write100(t *testing.T, n *int, untilRefused bool) (accepted []int) {
	t.Helper()
	for i := 0; untilRefused || i < 100; i++ {
		*n++
		w.send(t, fmt.Sprintf("<message xmlns='jabber:client' type='chat' to='bob@localhost'><body>number %d. %s</body></message>",
			*n, strings.Repeat("x", 4000)))
		id := fmt.Sprintf("ping-%d-", *n)
		answer := w.tell(t, "<iq xmlns='jabber:client' type='get' id='"+id+"'><ping xmlns='urn:xmpp:ping'/></iq>", id)
		switch refused := strings.Contains(answer, "<message"); {
		case refused && untilRefused:
			t.Logf("refused after %d: %.600s", i, answer)
			return accepted
		case refused:
			t.Fatalf("refused: %s", answer)
		}
		accepted = append(accepted, *n)
	}
	return accepted
}

// fill leaves no room in a folder.
func fill(t *testing.T, dir string) (path string) {
	t.Helper()
	path = filepath.Join(dir, "junk")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	return path
}
