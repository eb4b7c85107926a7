package clients_test

import (
	"strings"
	"syscall"
	"testing"
)

// gets wants these as the next that it hears or gets copies of, and no other
// between them: nothing lost, doubled, or out of order. What it has from an
// earlier session does not count.
func (p *lineProcess) gets(t *testing.T, wants ...string) {
	t.Helper()
	for _, want := range wants {
		got := p.waits(t, want, func(line string) bool {
			what, _, _ := strings.Cut(line, " ")
			return what == "heard" || what == "copied" || what == "again"
		})
		if got != want {
			t.Fatalf("%s: %q, want %q", p.name, got, want)
		}
	}
}

// talk has alice and bob each say something and hear the other: whatever else
// was on its way to them has come before.
func talk(t *testing.T, alice, bob *lineProcess, text string) {
	t.Helper()
	alice.tell(t, "say bob@localhost %s", text)
	bob.gets(t, "heard alice@localhost "+text)
	bob.tell(t, "say alice@localhost %s", text)
	alice.gets(t, "heard bob@localhost "+text)
}

// resumes cuts off alice, who is behind r, after the server's words to her were
// lost for a while: what she said meanwhile is not said again, and what she was
// told is (XEP-0198 §5).
func resumes(t *testing.T, r *relay, alice, bob *lineProcess) {
	t.Helper()
	r.deafen()
	alice.tell(t, "say bob@localhost heard and not acknowledged")
	bob.gets(t, "heard alice@localhost heard and not acknowledged")
	bob.tell(t, "say alice@localhost to deaf ears")
	bob.tell(t, "say bob@localhost that was handled")
	bob.gets(t, "heard bob@localhost that was handled")
	r.cut()
	alice.reportsLike(t, "resumed")
	alice.gets(t, "heard bob@localhost to deaf ears")
	talk(t, alice, bob, "all ears")
}

// repeats cuts alice off after neither side was heard: both say it again.
func repeats(t *testing.T, r *relay, alice, bob *lineProcess) {
	t.Helper()
	r.swallow()
	alice.tell(t, "say bob@localhost into the void")
	bob.tell(t, "say alice@localhost out of the void")
	bob.tell(t, "say bob@localhost that was handled")
	bob.gets(t, "heard bob@localhost that was handled")
	r.cut()
	alice.reportsLike(t, "resumed")
	alice.gets(t, "heard bob@localhost out of the void")
	bob.gets(t, "heard alice@localhost into the void")
	talk(t, alice, bob, "nothing more")
}

// restarts stops the server in order and starts it again, after its words to
// alice, who is behind r, were lost for a while. Both resume; she is told.
func restarts(t *testing.T, p *parley, r *relay, alice, bob *lineProcess) {
	t.Helper()
	talk(t, alice, bob, "well met")
	r.deafen()
	alice.tell(t, "say bob@localhost handled and not acknowledged")
	bob.gets(t, "heard alice@localhost handled and not acknowledged")
	bob.tell(t, "say alice@localhost to deaf ears")
	bob.tell(t, "say bob@localhost that was handled")
	bob.gets(t, "heard bob@localhost that was handled")
	p.ask(t, syscall.SIGTERM)
	r.cut()
	p.start(t)
	alice.reportsLike(t, "resumed")
	alice.gets(t, "heard bob@localhost to deaf ears")
	bob.reportsLike(t, "resumed")
	talk(t, alice, bob, "nothing more")
}
