package c2s_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"parley/internal/admin"
	"parley/internal/config"
	"parley/internal/sasl"
	"parley/internal/xmpptest"
	"parley/stanza"
)

const (
	nsSASL2 = "urn:xmpp:sasl:2"

	phone  = "d4565fa7-4d72-4749-b3d3-740edbf87770"
	laptop = "0f5b1c4e-9d1c-4f57-8c0f-4a5a4f0e3a11"

	bind2Request = "<bind xmlns='urn:xmpp:bind:0'/>"
)

// authenticate2 is <authenticate/> (XEP-0388 §2.3) with PLAIN.
func authenticate2(user, password string, more ...string) string {
	return request2("PLAIN", []byte("\x00"+user+"\x00"+password), more...)
}

func request2(mechanism string, initial []byte, more ...string) string {
	return "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='" + mechanism + "'><initial-response>" +
		base64.StdEncoding.EncodeToString(initial) + "</initial-response>" + strings.Join(more, "") + "</authenticate>"
}

func agent(id string) string { return "<user-agent id='" + id + "'/>" }

// expectSuccess reads <success/> and the features that follow at once.
func expectSuccess(t *testing.T, c *xmpptest.Client) (success, features *stanza.Element) {
	t.Helper()
	success = c.NextElement()
	if !success.Is(nsSASL2, "success") {
		t.Fatalf("got %s, want success", success)
	}
	if features = c.NextElement(); !features.Is(stanza.NSStream, "features") {
		t.Fatalf("got %s, want features", features)
	}
	return success, features
}

func expectFailure2(t *testing.T, c *xmpptest.Client, condition string) {
	t.Helper()
	got := c.NextElement()
	if !got.Is(nsSASL2, "failure") || got.Child(stanza.NSSASL, condition) == nil {
		t.Fatalf("got %s, want failure %s", got, condition)
	}
}

// opened is a client that has the features.
func opened2(t *testing.T, s *xmpptest.Server, transport xmpptest.Transport) *xmpptest.Client {
	t.Helper()
	c := s.Open(t, transport)
	c.Open()
	return c
}

// bound2 is a client that has logged in and bound in one step.
func bound2(t *testing.T, s *xmpptest.Server, transport xmpptest.Transport, user, id string) *xmpptest.Client {
	t.Helper()
	c := opened2(t, s, transport)
	c.Send(authenticate2(user, xmpptest.Password, agent(id), bind2Request))
	success, _ := expectSuccess(t, c)
	c.JID = success.Child(nsSASL2, "authorization-identifier").Text()
	return c
}

// TestSASL2Scram: XEP-0388 §2.5: a challenge and its response, then the server's
// proof with the success (§2.6.1). White space in the data does no harm (§2.2).
func TestSASL2Scram(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, mechanism := range []string{"SCRAM-SHA-1", "SCRAM-SHA-256"} {
		onEach(t, func(t *testing.T, transport xmpptest.Transport) {
			client := scramClient(t, mechanism, "alice", xmpptest.Password)
			c := opened2(t, s, transport)
			first, _ := client.Step("")
			c.Send(request2(mechanism, []byte(first)))
			challenge := c.NextElement()
			final, err := client.Step(decode(t, challenge.Text()))
			if err != nil || !challenge.Is(nsSASL2, "challenge") {
				t.Fatalf("%s: %v", challenge, err)
			}
			b64 := base64.StdEncoding.EncodeToString([]byte(final))
			c.Send("<response xmlns='urn:xmpp:sasl:2'>\n  " + b64[:20] + "\n  " + b64[20:] + "\n</response>")
			success, features := expectSuccess(t, c)
			if _, err := client.Step(decode(t, success.Child(nsSASL2, "additional-data").Text())); err != nil || !client.Valid() {
				t.Errorf("the server does not prove that it knows the keys: %v, %s", err, success)
			}
			if features.Child(stanza.NSBind, "bind") == nil {
				t.Errorf("nothing to bind with in %s", features)
			}
		})
	}
}

func decode(t *testing.T, text string) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSASL2Features: what may follow is not offered again once it was done
// (clients act on it), and the limits are those that hold now (XEP-0478 §3.1).
func TestSASL2Features(t *testing.T) {
	t.Parallel()
	s := start(t, small, func(c *config.Config) {
		c.Limits.AuthTimeout, c.Limits.PingInterval = 17e9, 19e9
	})
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		for name, tt := range map[string]struct {
			more         string
			want, absent []string
		}{
			"bare":    {"", []string{"<bind ", "<sm ", "<csi "}, nil},
			"bound":   {bind2Request, []string{"<sm ", "<csi "}, []string{"<bind "}},
			"managed": {"<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:sm:3'/></bind>", []string{"<csi "}, []string{"<bind ", "<sm "}},
		} {
			c := s.Open(t, transport)
			check(t, c.Open().String(), []string{"<max-bytes>1024</max-bytes><idle-seconds>17</idle-seconds>"}, nil)
			c.Send(authenticate2("alice", xmpptest.Password, tt.more))
			_, features := expectSuccess(t, c)
			t.Log(name)
			check(t, features.String(), append(tt.want, "<max-bytes>4096</max-bytes><idle-seconds>19</idle-seconds>"),
				append(tt.absent, "<authentication ", "<mechanism"))
		}
	})
}

// TestSASL2NotOnClassic: pages of 2013 are offered nothing that is newer.
func TestSASL2NotOnClassic(t *testing.T) {
	t.Parallel()
	p := dialPage(t, start(t), "/", "xmpp")
	p.send(classicOpen)
	p.expect(classicOpened)
	check(t, p.receive(), []string{"<mechanisms "}, []string{nsSASL2})
	p.send(authenticate2("alice", xmpptest.Password))
	check(t, p.receive(), []string{"unsupported-stanza-type"}, nil)
}

// TestSASL2WhiteSpace: XEP-0388 §2.4: not even that may be sent in between; it
// may before and after.
func TestSASL2WhiteSpace(t *testing.T) {
	t.Parallel()
	s := start(t)
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		c := opened2(t, s, transport)
		c.Send("\n")
		c.Send(authenticate2("alice", xmpptest.Password))
		expectSuccess(t, c)
		c.Send("\n")
		c.Bind("x")

		c = opened2(t, s, transport)
		c.Send("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'/>")
		c.Expect("<challenge xmlns='urn:xmpp:sasl:2'/>")
		c.Send("\n")
		expectEnd(t, c, stanza.StreamPolicyViolation)
	})
}

// TestSASL2TLSRequired: nothing of it before the connection is encrypted.
func TestSASL2TLSRequired(t *testing.T) {
	t.Parallel()
	c := start(t, requireTLS).Open(t, xmpptest.TCP)
	check(t, c.Open().String(), []string{"<required/>"}, []string{nsSASL2, "urn:xmpp:fast:0"})
	c.Send(authenticate2("alice", xmpptest.Password))
	expectFailure2(t, c, "encryption-required")
}

// TestSASL2Failures: five failures of a stream are allowed in either profile
// together, the sixth ends it.
func TestSASL2Failures(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) {
		c.Limits = c.Limits.Off()
	})
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		five := func() *xmpptest.Client {
			c := opened2(t, s, transport)
			for range 4 {
				c.Send(authenticate2("alice", "wrong"))
				expectFailure2(t, c, "not-authorized")
			}
			c.Send(auth("X-UNKNOWN", ""))
			expectFailure(t, c, "invalid-mechanism")
			return c
		}
		good := five()
		good.Send(authenticate2("alice", xmpptest.Password))
		expectSuccess(t, good)
		bad := five()
		bad.Send(authenticate2("alice", "wrong"))
		expectFailure2(t, bad, "not-authorized")
		expectEnd(t, bad, stanza.StreamPolicyViolation)
	})
}

// TestSASL2FailuresOfAnAddress: they count with those of the other profile.
func TestSASL2FailuresOfAnAddress(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) {
		c.Limits.AuthFailuresPerAddress, c.Limits.AuthFailuresPerAccount = 2, 0
	})
	c := opened2(t, s, xmpptest.WebSocket)
	c.Send(plain("", "bob", "wrong"))
	expectFailure(t, c, "not-authorized")
	c.Send(authenticate2("bob", "wrong"))
	expectFailure2(t, c, "not-authorized")
	c.Send(authenticate2("alice", xmpptest.Password))
	expectFailure2(t, c, "temporary-auth-failure")
	expectEnd(t, c, stanza.StreamPolicyViolation)
}

// TestSASL2Size: the limit of an element before authentication.
func TestSASL2Size(t *testing.T) {
	t.Parallel()
	s := start(t, small)
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		whole := authenticate2("alice", xmpptest.Password, "<user-agent><software>", "</software></user-agent>")
		before, after, _ := strings.Cut(whole, "</software>")
		fits := opened2(t, s, transport)
		fits.Send(sized(before, "</software>"+after, 1<<10))
		expectSuccess(t, fits)
		over := opened2(t, s, transport)
		over.Send(sized(before, "</software>"+after, 1<<10+1))
		expectEnd(t, over, stanza.StreamPolicyViolation)
	})
}

// TestBind2TooMany: an account with all the sessions that it may have is not let
// in, and then again when there is room. XEP-0386 names no error for that.
func TestBind2TooMany(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config.Config) { c.Limits.ResourcesPerAccount = 2 })
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		user := map[xmpptest.Transport]string{xmpptest.WebSocket: "alice", xmpptest.TCP: "bob"}[transport]
		first, second := bound2(t, s, transport, user, phone), s.Dial(t, transport, user, "x")
		third := opened2(t, s, transport)
		third.Send(authenticate2(user, xmpptest.Password, bind2Request))
		expectFailure2(t, third, "temporary-auth-failure")
		first.Disconnect()
		third.Send(authenticate2(user, xmpptest.Password, bind2Request))
		expectSuccess(t, third)
		second.ExpectNothing()
	})
}

// TestBind2Resource: XEP-0386 §3.2.1: the tag as it is, a part that is the same
// for the same client, and nothing that shows the client's id.
func TestBind2Resource(t *testing.T) {
	t.Parallel()
	s := start(t)
	resource := func(user, id, tag string) string {
		c := opened2(t, s, xmpptest.WebSocket)
		c.Send(authenticate2(user, xmpptest.Password, agent(id), "<bind xmlns='urn:xmpp:bind:0'><tag>"+tag+"</tag></bind>"))
		success, _ := expectSuccess(t, c)
		_, resource, _ := strings.Cut(success.Child(nsSASL2, "authorization-identifier").Text(), "/")
		c.Disconnect()
		return resource
	}
	mine := resource("alice", phone, "Looking Glass")
	own, found := strings.CutPrefix(mine, "Looking Glass/")
	if !found || len(own) != 16 || strings.Contains(phone, own[:4]) {
		t.Errorf("got %q", mine)
	}
	for name, tt := range map[string]struct {
		user, id, tag string
		same          bool
		prefix        string
	}{
		"again":                 {"alice", phone, "Looking Glass", true, "Looking Glass/"},
		"in upper case":         {"alice", strings.ToUpper(phone), "Looking Glass", true, "Looking Glass/"},
		"without a tag":         {"alice", phone, "", true, ""},
		"another tag":           {"alice", phone, "Hatter", true, "Hatter/"},
		"a tag with a slash":    {"alice", phone, "a/b", true, "a/b/"},
		"the longest tag":       {"alice", phone, strings.Repeat("t", 1023-17), true, strings.Repeat("t", 1023-17) + "/"},
		"a tag too long":        {"alice", phone, strings.Repeat("t", 1023-16), true, ""},
		"no tag for an address": {"alice", phone, "a\u0007b"[:1] + "\u200e", true, ""},
		"another client":        {"alice", laptop, "Looking Glass", false, "Looking Glass/"},
		"another account":       {"bob", phone, "Looking Glass", false, "Looking Glass/"},
		"no client":             {"alice", "", "Looking Glass", false, "Looking Glass/"},
		"no UUID":               {"alice", "phone", "Looking Glass", false, "Looking Glass/"},
		"UUID of version 1":     {"alice", "d4565fa7-4d72-1749-b3d3-740edbf87770", "Looking Glass", false, "Looking Glass/"},
	} {
		got := resource(tt.user, tt.id, tt.tag)
		rest, ok := strings.CutPrefix(got, tt.prefix)
		if !ok || (rest == own) != tt.same || len(rest) != 16 {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// TestBind2EndsEarlier: XEP-0386 §3.2, and only those of the same client.
func TestBind2EndsEarlier(t *testing.T) {
	t.Parallel()
	s := start(t)
	onEach(t, func(t *testing.T, transport xmpptest.Transport) {
		user := map[xmpptest.Transport]string{xmpptest.WebSocket: "alice", xmpptest.TCP: "bob"}[transport]
		old, other, unnamed := bound2(t, s, transport, user, phone), bound2(t, s, transport, user, laptop), s.Dial(t, transport, user, "")
		again := opened2(t, s, transport)
		again.Send(authenticate2(user, xmpptest.Password, agent(phone), "<bind xmlns='urn:xmpp:bind:0'><tag>other</tag></bind>"))
		expectSuccess(t, again)
		expectEnd(t, old, stanza.StreamConflict)
		other.ExpectNothing()
		unnamed.ExpectNothing()
		again.ExpectNothing()
	})
}

// TestClientStateFromTheBeginning: XEP-0386 §3.2, XEP-0352: of what a contact shows
// an inactive client sees the last, and an active one all.
func TestClientStateFromTheBeginning(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]int{"active": 2, "inactive": 1} {
		onEach(t, func(t *testing.T, transport xmpptest.Transport) {
			s := start(t)
			s.AddContact(t, "alice", "bob", "both")
			alice := opened2(t, s, transport)
			alice.Send(authenticate2("alice", xmpptest.Password, "<bind xmlns='urn:xmpp:bind:0'><"+state+" xmlns='urn:xmpp:csi:0'/></bind>"))
			expectSuccess(t, alice)
			alice.Send("<presence xmlns='jabber:client'/>")
			alice.Drain()
			bob := s.Dial(t, transport, "bob", "")
			bob.Send("<presence><show>away</show></presence>")
			bob.Send("<presence><show>dnd</show></presence>")
			bob.Drain()
			seen := 0
			for _, it := range alice.Drain() {
				if strings.HasPrefix(it.Tree.Attr("from"), "bob@") {
					seen++
				}
			}
			if seen != want {
				t.Errorf("%s: saw %d presences, want %d", state, seen, want)
			}
		})
	}
}

// TestChangedWhileLoggingIn: a password that was changed, or an account that was
// disabled, after the password was checked and before there was a session to
// end: binding ends the stream instead.
func TestChangedWhileLoggingIn(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*xmpptest.Server) error{
		"password": func(s *xmpptest.Server) error {
			keys, err := sasl.NewKeys("new", sasl.MinIterations)
			if err != nil {
				return err
			}
			return s.Store.SetCredentials(t.Context(), "alice@localhost", keys)
		},
		"disabled": func(s *xmpptest.Server) error { return s.Store.SetDisabled(t.Context(), "alice@localhost", true) },
		"removed":  func(s *xmpptest.Server) error { return s.Store.DeleteAccount(t.Context(), "alice@localhost") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, transport xmpptest.Transport) {
				s := start(t)
				one, two := opened2(t, s, transport), s.Open(t, transport)
				one.Send(authenticate2("alice", xmpptest.Password))
				expectSuccess(t, one)
				two.Authenticate("alice", xmpptest.Password)
				if err := change(s); err != nil {
					t.Fatal(err)
				}
				for _, c := range []*xmpptest.Client{one, two} {
					c.Send("<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
					expectEnd(t, c, stanza.StreamNotAuthorized)
				}
			})
		})
	}
}

// TestToldWhileLoggingIn is the same for a server that hears of every change, by
// the operator or by the account's owner, and only then looks again.
func TestToldWhileLoggingIn(t *testing.T) {
	t.Parallel()
	const alice = "alice@localhost"
	register := func(s *xmpptest.Server, inside string) error {
		c := s.Dial(t, xmpptest.TCP, "alice", "")
		c.Send("<iq type='set' id='1' to='localhost'><query xmlns='jabber:iq:register'>" + inside + "</query></iq>")
		c.Next()
		return nil
	}
	tell := func(s *xmpptest.Server, what admin.What, err error) error {
		return errors.Join(err, admin.Notify(t.Context(), s.Config.DataDir, admin.Change{JID: alice, What: what}))
	}
	for name, change := range map[string]func(*xmpptest.Server) error{
		"password": func(s *xmpptest.Server) error {
			keys, err := sasl.NewKeys("new", sasl.MinIterations)
			return tell(s, admin.PasswordChanged, errors.Join(err, s.Store.SetCredentials(t.Context(), alice, keys)))
		},
		"disabled": func(s *xmpptest.Server) error {
			return tell(s, admin.Disabled, s.Store.SetDisabled(t.Context(), alice, true))
		},
		"removed": func(s *xmpptest.Server) error {
			return tell(s, admin.Removed, s.Store.DeleteAccount(t.Context(), alice))
		},
		"removing": func(s *xmpptest.Server) error { return tell(s, admin.Removing, nil) },
		"own password": func(s *xmpptest.Server) error {
			return register(s, "<username>alice</username><password>new</password>")
		},
		"leaves": func(s *xmpptest.Server) error { return register(s, "<remove/>") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, transport xmpptest.Transport) {
				s := start(t, func(c *config.Config) { c.Admin.Addr = "127.0.0.1:0" })
				one, two := opened2(t, s, transport), s.Open(t, transport)
				one.Send(authenticate2("alice", xmpptest.Password))
				expectSuccess(t, one)
				two.Authenticate("alice", xmpptest.Password)
				if err := change(s); err != nil {
					t.Fatal(err)
				}
				for _, c := range []*xmpptest.Client{one, two} {
					c.Send("<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
					expectEnd(t, c, stanza.StreamNotAuthorized)
				}
			})
		})
	}
}

// TestClientNames: what clients call themselves is kept up to 128 bytes, in
// whole characters.
func TestClientNames(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, want := range map[string]string{
		strings.Repeat("n", 128):      strings.Repeat("n", 128),
		strings.Repeat("n", 129):      strings.Repeat("n", 128),
		"n" + strings.Repeat("ü", 64): "n" + strings.Repeat("ü", 63),
		strings.Repeat("ü", 64) + "ü": strings.Repeat("ü", 64),
		"":                            "",
	} {
		c := opened2(t, s, xmpptest.TCP)
		c.Send(authenticate2("alice", xmpptest.Password, fmt.Sprintf("<user-agent id='%s'><software>%s</software><device>%s</device></user-agent>", phone, name, name), requestToken("HT-SHA-256-NONE")))
		expectSuccess(t, c)
		rows, err := s.Store.Tokens(t.Context(), "alice@localhost", phone)
		if err != nil || len(rows) != 1 || rows[0].Software != want || rows[0].Device != want {
			t.Errorf("%q: got %+v, %v", name, rows, err)
		}
	}
}
