package main_test

import (
	"strings"
	"syscall"
	"testing"
)

// The operator clears the archive of one account while the server runs; the
// other side keeps its own.
func TestArchiveClear(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *site) {
		r := s.start("--no-demo")
		defer r.stop(syscall.SIGINT)
		for _, user := range []string{"carol", "dave"} {
			s.ok("secret", "user", "add", user, "--password-file", "-")
		}
		w := dial(t, r)
		w.login2("carol", "secret", phone)
		for range 3 {
			w.send(`<message xmlns='jabber:client' to='dave@localhost' type='chat'><body>hello</body></message>`)
		}
		w.send(`<iq xmlns='jabber:client' type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>`)
		w.until(` id='p1'`)
		for _, step := range []struct{ args, want string }{
			{"carol --older-than 1h", "carol@localhost: 0 messages removed from the archive\n"},
			{"carol", "carol@localhost: 3 messages removed from the archive\n"},
			{"carol", "carol@localhost: 0 messages removed from the archive\n"},
			{"dave", "dave@localhost: 0 messages removed from the archive\n"}, // they wait for him
		} {
			if out := s.ok("", append([]string{"archive", "clear"}, strings.Fields(step.args)...)...); out != step.want {
				t.Errorf("clear %s: %q, want %q", step.args, out, step.want)
			}
		}
		s.fails("there is no account erin@localhost", "", "archive", "clear", "erin")
		s.fails("not negative", "", "archive", "clear", "carol", "--older-than=-1h")
		s.fails("write `parley archive clear JID`", "", "archive", "clear")
	})
}
