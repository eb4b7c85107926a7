package main_test

import (
	"regexp"
	"syscall"
	"testing"
)

// What a user reports with a block (XEP-0377 §6) the operator sees, without what
// would do something to his terminal, until he removes it.
func TestReports(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *site) {
		r := s.start("--no-demo")
		defer r.stop(syscall.SIGINT)
		s.ok("one", "user", "add", "carol", "--password-file", "-")
		if out := s.ok("", "report", "list"); out != "" {
			t.Errorf("list of nothing: %q", out)
		}
		w := dial(t, r)
		w.login("carol", "one")
		block := func(item string) {
			w.send(`<iq xmlns='jabber:client' type='set' id='block'><block xmlns='urn:xmpp:blocking'>` + item + `</block></iq>`)
			w.until("id='block'")
		}
		block(`<item jid='romeo@example.net'><report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'>` +
			`<stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.net' id='28482'/><text xml:lang='en'>
				Never came trouble` + "\u0085" + `
				to my house &#x202e;like this</text><report-origin/></report></item>`)
		block(`<item jid='example.org'><report xmlns='urn:xmpp:reporting:1' reason='urn:x'><third-party/></report></item>`)
		block(`<item jid='example.com'/>`)
		_ = w.conn.CloseNow()

		want := regexp.MustCompile(`\A\d{4}-\d\d-\d\d [\d:]+  carol@localhost reports romeo@example\.net: spam
    Never came trouble to my house \?like this
    message 28482 by romeo@example\.net
    may be passed on to the other's server
\d{4}-\d\d-\d\d [\d:]+  carol@localhost reports example\.org: urn:x
    may be passed on to others
\z`)
		if list := s.ok("", "report", "list"); !want.MatchString(list) {
			t.Errorf("list:\n%s", list)
		}
		if out := s.ok("", "report", "clear", "--older-than", "1h"); out != "reports: 0 removed\n" {
			t.Errorf("clear: %q", out)
		}
		if out := s.ok("", "report", "clear"); out != "reports: 2 removed\n" {
			t.Errorf("clear: %q", out)
		}
		s.fails("--older-than is a time such as 720h, and not negative", "", "report", "clear", "--older-than", "-1h")
	})
}
