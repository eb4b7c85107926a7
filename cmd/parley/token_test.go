package main_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

const (
	phone  = "d4565fa7-4d72-4749-b3d3-740edbf87770"
	laptop = "0f5b1c4e-9d1c-4f57-8c0f-4a5a4f0e3a11"
)

// login2 logs in and binds in one step (XEP-0388, XEP-0386), and returns the
// token that comes with it (XEP-0484).
func (w *wire) login2(user, password, client string) string {
	w.t.Helper()
	w.open()
	w.send(`<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>` +
		base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+password)) + `</initial-response><user-agent id='` + client +
		`'><software>Looking Glass</software><device>` + "\u0085" + ` phone</device></user-agent><bind xmlns='urn:xmpp:bind:0'/>` +
		`<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/></authenticate>`)
	found := regexp.MustCompile(` token='([^']+)'`).FindStringSubmatch(w.until("<success"))
	if found == nil {
		w.t.Fatal("no token")
	}
	return found[1]
}

func (w *wire) tokenLogin(user, token, client, want string) {
	w.t.Helper()
	w.open()
	m := hmac.New(sha256.New, []byte(token))
	m.Write([]byte("Initiator"))
	w.send(`<authenticate xmlns='urn:xmpp:sasl:2' mechanism='HT-SHA-256-NONE'><initial-response>` +
		base64.StdEncoding.EncodeToString(m.Sum([]byte(user+"\x00"))) + `</initial-response><user-agent id='` + client +
		`'/><bind xmlns='urn:xmpp:bind:0'/><fast xmlns='urn:xmpp:fast:0'/></authenticate>`)
	w.until(want)
}

// The operator sees which clients can log in without the password, and takes
// that away, which ends their sessions on a running server.
func TestTokens(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *site) {
		r := s.start("--no-demo")
		defer r.stop(syscall.SIGINT)
		s.ok("one", "user", "add", "carol", "--password-file", "-")
		if out := s.ok("", "token", "list", "carol"); out != "" {
			t.Errorf("list of nothing: %q", out)
		}

		onPhone, onLaptop := dial(t, r), dial(t, r)
		mine, other := onPhone.login2("carol", "one", phone), onLaptop.login2("carol", "one", laptop)
		list := s.ok("", "token", "list", "Carol@localhost")
		if !regexp.MustCompile(`\A`+laptop+`  Looking Glass phone  never used  expires \d{4}-\d\d-\d\d\n`+phone+`  .*\n\z`).MatchString(list) || strings.Contains(list, mine) {
			t.Errorf("list:\n%s", list)
		}
		if out := s.ok("", "token", "revoke", "carol", phone); out != "carol@localhost: one client has no token any more\n" {
			t.Errorf("revoke: %q", out)
		}
		onPhone.ends("not-authorized")
		dial(t, r).tokenRefused("carol", mine, phone)

		again := dial(t, r)
		again.tokenLogin("carol", other, laptop, "<success") // and ends the client's other session
		onLaptop.ends("conflict")
		if list := s.ok("", "token", "list", "carol"); !regexp.MustCompile(`\A` + laptop + ` .*  used \d{4}-\d\d-\d\d [\d:]+ from 127.0.0.1  expires .*\n\z`).MatchString(list) {
			t.Errorf("list:\n%s", list)
		}
		if out := s.ok("", "token", "revoke", "carol", "--all"); out != "carol@localhost: one client has no token any more\n" {
			t.Errorf("revoke: %q", out)
		}
		again.ends("not-authorized")
		dial(t, r).tokenRefused("carol", other, laptop)

		w := dial(t, r)
		mine = w.login2("carol", "one", phone)
		s.ok("two", "user", "passwd", "carol", "--password-file", "-")
		w.ends("not-authorized")
		dial(t, r).tokenRefused("carol", mine, phone)

		s.fails("there is no account dave@localhost", "", "token", "list", "dave")
		s.fails("no token of a client x", "", "token", "revoke", "carol", "x")
		s.fails("name one client of `parley token list carol`, or write --all", "", "token", "revoke", "carol")
		s.fails("name one client of `parley token list carol`, or write --all", "", "token", "revoke", "carol", phone, "--all")
		s.fails("write `parley token revoke JID CLIENT`", "", "token", "revoke")
		s.fails("write `parley token list JID`", "", "token", "list")
	})
}

func (w *wire) tokenRefused(user, token, client string) {
	w.t.Helper()
	w.tokenLogin(user, token, client, "not-authorized")
	_ = w.conn.CloseNow() // else the server, when it stops, gives it time to leave
}
